"""The state of a run on disk: written whole or not at all, with a checksum, and nothing in it that could run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from headstart.data.base.sealed import NotSealed, read_sealed, write_sealed
from headstart.errors import ParameterError

_LOG = logging.getLogger("headstart")
_PLAIN = (type(None), bool, int, float, str)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace ``path`` by ``state`` in one step; a kill leaves the old file or the new one.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors, numbers, strings, and lists, tuples and dicts of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    said = json.dumps(_packed(state, tensors)).encode()
    write_sealed(path, len(said).to_bytes(8, "little") + said + save(tensors))


def load_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """The state of an earlier run of the same work, or None where there is none to go on from.

    A checkpoint that is damaged, or of other work, is said on the logger "headstart" (which the commands print), and
    the work begins anew.

    Parameters
    ----------
    path : Path
    key : str
        What the run is (data, settings, weights) as a hash; a checkpoint of other work is not used.

    Raises
    ------
    ParameterError
        If something else stands there: somebody's file, or a checkpoint in the form of an earlier headstart.
    """
    try:
        content = read_sealed(path)
        if content is None:
            return None
        state = _state(content)
    except NotSealed as error:
        if not error.ours:
            raise ParameterError(
                f"Expected a checkpoint of this version of headstart or nothing at {path}, found {error.reason}.",
                "Remove it, or give another place (checkpoint=, --out).",
            ) from error
        _LOG.warning("The checkpoint %s is damaged (%s): the training begins anew.", path, error.reason)
        return None
    if state.get("key") != key:
        _LOG.warning("The checkpoint %s is of other data, settings or weights: the training begins anew.", path)
        return None
    return state


def same_tensors(found: Any, wanted: dict[str, Tensor]) -> bool:
    """Whether there is a tensor of the same shape under each name, and no other.

    Examples
    --------
    >>> import torch
    >>> same_tensors({"a": torch.zeros(2)}, {"a": torch.ones(2)}), same_tensors({"a": 1}, {"a": torch.ones(2)})
    (True, False)
    """
    return (
        isinstance(found, dict)
        and set(found) == set(wanted)
        and all(isinstance(value, Tensor) and value.shape == wanted[name].shape for name, value in found.items())
    )


def same_form(found: Any, wanted: Any) -> bool:
    """Whether a value has the types, keys and lengths of another.

    Examples
    --------
    >>> same_form([{"lr": 0.1}], [{"lr": 0.5}]), same_form([{"lr": "x"}], [{"lr": 0.5}]), same_form([], [1])
    (True, False, False)
    """
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, dict):
        return set(found) == set(wanted) and all(same_form(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(same_form, found, wanted))
    return True


def _state(content: bytes) -> dict[str, Any]:
    """What was packed; its checksum is right, so that anything else was not written by headstart."""
    try:
        length = int.from_bytes(content[:8], "little")
        found = _unpacked(json.loads(content[8 : 8 + length]), load(content[8 + length :]))
    except (ValueError, TypeError, LookupError, SafetensorError, RecursionError) as error:
        raise NotSealed("a file of another form", False) from error
    if not isinstance(found, dict):
        raise NotSealed("a file of another form", False)
    return found


def _packed(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A value as JSON; tensors go to ``tensors``."""
    if isinstance(value, Tensor):
        name = f"t{len(tensors)}"
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_packed(key, tensors), _packed(part, tensors)] for key, part in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_packed(part, tensors) for part in value]}
    if not isinstance(value, _PLAIN):
        raise TypeError(f"a checkpoint cannot hold {type(value).__name__}")
    return value


def _unpacked(value: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "dict":
        return {_unpacked(key, tensors): _unpacked(part, tensors) for key, part in held}
    parts = (_unpacked(part, tensors) for part in held)
    return {"list": list, "tuple": tuple}[kind](parts)
