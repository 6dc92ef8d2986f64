"""The state of a run on disk: written whole or not at all, with a checksum, and nothing in it that could run."""

from __future__ import annotations

import itertools
import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.data.base.sealed import BEFORE, NotSealed, mapped_sealed, write_sealed
from headstart.errors import ParameterError
from headstart.nn.processes import rank, told_by_first
from headstart.nn.sharding import is_share, whole

_LOG = logging.getLogger("headstart")
_PLAIN = (type(None), bool, int, float, str)
#: Where a tensor begins in the file, in multiples of so many bytes; the bytes before what is said.
_ALIGNED, _BEFORE = 64, BEFORE + 8
_Placed = list[tuple[int, Tensor]]
_TYPES = {str(form).removeprefix("torch."): form for form in vars(torch).values() if isinstance(form, torch.dtype)}


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace ``path`` by ``state`` in one step; a kill leaves the old file or the new one.

    The first of several processes writes, and all must call: what lies in shares is made whole, one tensor at a time.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors, numbers, strings, and lists, tuples and dicts of them.
    """
    tensors: _Placed = []
    said = json.dumps(_packed(state, tensors)).encode()
    said += b" " * (-(_BEFORE + len(said)) % _ALIGNED)
    values = (_bytes_of(tensor) for _, tensor in tensors if rank() == 0 or is_share(tensor))
    failed: OSError | None = None
    try:
        if rank() == 0:
            write_sealed(path, itertools.chain([len(said).to_bytes(8, "little") + said], values))
    except OSError as error:
        failed = error
    for _ in values:  # the others' part, and what a full disk has left of the first's
        pass
    failed = told_by_first(failed)
    if failed is not None:
        raise failed


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
        content = mapped_sealed(path)
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


def told_forms(state: dict[str, Any] | None) -> dict[str, Any] | None:
    """The first process's state in all of them, but of its tensors their shapes and types alone in the others.

    See `headstart.nn.sharding.spread` for the rest.
    """
    said = told_by_first(_packed(state, []))
    return (
        state if rank() == 0 else _unpacked(said, lambda form, shape, _: torch.empty(shape, dtype=form, device="meta"))
    )


def _state(content: memoryview) -> dict[str, Any]:
    """What was packed; its checksum is right, so that anything else was not written by headstart."""

    def tensor(form: torch.dtype, shape: list[int], start: int) -> Tensor:
        if start < 0:
            raise ValueError("a place before the first")
        if (count := math.prod(shape)) == 0:
            return torch.empty(shape, dtype=form)
        return torch.frombuffer(content, dtype=form, count=count, offset=8 + length + start).reshape(shape)

    try:
        length = int.from_bytes(content[:8], "little")
        found = _unpacked(json.loads(bytes(content[8 : 8 + length])), tensor)
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, OverflowError) as error:
        raise NotSealed("a file of another form", False) from error
    if not isinstance(found, dict):
        raise NotSealed("a file of another form", False)
    return found


def _bytes_of(tensor: Tensor) -> memoryview:
    """The whole values, up to where the next tensor begins."""
    plain = whole(tensor).contiguous().reshape(-1).view(torch.uint8)
    return nn.functional.pad(plain, (0, -len(plain) % _ALIGNED)).numpy().data


def _packed(value: Any, tensors: _Placed) -> Any:
    """A value as JSON; tensors are appended to ``tensors``, and their type, shape and place are said."""
    if isinstance(value, Tensor):
        place = tensors[-1][0] + -(-tensors[-1][1].nbytes // _ALIGNED) * _ALIGNED if tensors else 0
        tensors.append((place, value))
        return {"tensor": [str(value.dtype).removeprefix("torch."), list(value.shape), place]}
    if isinstance(value, dict):
        return {"dict": [[_packed(key, tensors), _packed(part, tensors)] for key, part in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_packed(part, tensors) for part in value]}
    if not isinstance(value, _PLAIN):
        raise TypeError(f"a checkpoint cannot hold {type(value).__name__}")
    return value


def _unpacked(value: Any, tensor: Callable[[torch.dtype, list[int], int], Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tensor":
        form, shape, place = held
        return tensor(_TYPES[form], shape, place)
    if kind == "dict":
        return {_unpacked(key, tensor): _unpacked(part, tensor) for key, part in held}
    parts = (_unpacked(part, tensor) for part in held)
    return {"list": list, "tuple": tuple}[kind](parts)
