"""Inputs of whichever kind, taken from whatever form they have in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any, NoReturn

import numpy as np

from headstart.data.base.kinds import PICTURES, Kind, kind_named, kind_of_suffix
from headstart.data.base.reasons import BadInput
from headstart.data.base.rows import Inputs, held
from headstart.data.inputs.registry import Entry, entries, entry_of
from headstart.errors import DataError


def inputs_in(X: Any, input_type: str | None = None) -> Inputs | None:
    """The pictures, clips, texts, ... that ``X`` holds; None for rows of values and for ready-made features.

    Parameters
    ----------
    X : container, path, list, array, Series, ...
        Told apart by type, and files by their suffix; a string without the suffix of a known file is a text. A bare
        array (n, d) holds features. Clips in arrays come with their rate, as ``Clips(arrays, sampling_rate=16000)``.
    input_type : str, optional
        What is expected. "text": every string is a text, even one that ends like the name of a picture.

    Returns
    -------
    Inputs or None

    Raises
    ------
    DataError
        For a mixture of kinds, or things that begin like inputs and are none.

    Examples
    --------
    >>> inputs_in(["a.wav", "b.flac"]), inputs_in(["a.jpg"]), inputs_in(["good", "bad"]), inputs_in([[1.0, 2.0]])
    (Clips(2), Pictures(1), Texts(2), None)
    """
    X = without_torch(held(X))
    entry = _entry_for(X, None if input_type is None else kind_named(input_type))
    return None if entry is None or entry.kind.values else _converted(entry, X)


def as_inputs(X: Any, input_type: str | None = None) -> Inputs:
    """Take pictures, clips or texts in any of the usual forms; as :func:`inputs_in`, but there must be some.

    Raises
    ------
    DataError
        If it holds none, or a mixture.

    Examples
    --------
    >>> as_inputs(["a.wav", "b.flac"]), as_inputs(["a.jpg"])
    (Clips(2), Pictures(1))
    """
    X = without_torch(held(X))
    try:
        found = inputs_in(X, input_type)
        return _converted(entry_of(PICTURES), X) if found is None else found  # they say best what was expected
    except DataError:
        _refuse_rows(X)
        raise


def _refuse_rows(X: Any) -> None:
    """Refuse rows of a table that are no frame: dicts, tuples, numbers, records."""
    whole = isinstance(X, Mapping) or getattr(getattr(X, "dtype", None), "names", None) is not None
    listed = isinstance(X, list | tuple) or (hasattr(X, "to_numpy") and getattr(X, "ndim", 1) == 1)
    first = next(iter(X), None) if listed and not whole and isinstance(X, Iterable) else None
    rows = isinstance(first, Mapping | tuple | Number) or (hasattr(first, "to_numpy") and not hasattr(first, "detach"))
    if whole or rows:
        of = "" if whole else f" of {type(first).__name__}"
        raise DataError(
            f"Expected pictures, clips, texts or rows of a table, found {type(X).__name__}{of}.",
            "Give rows of a table as one DataFrame, other things as a list.",
        )


def without_torch(X: Any) -> Any:
    """Tensors of torch as arrays; of pictures with the channels first (N, C, H, W) these come last.

    Examples
    --------
    >>> import torch
    >>> without_torch(torch.zeros(2, 3, 8, 9)).shape, without_torch([torch.zeros(1, 8, 9)])[0].shape
    ((2, 8, 9, 3), (8, 9, 1))
    """
    if isinstance(X, list | tuple) and X and _is_tensor(X[0]):
        return [without_torch(one) if _is_tensor(one) else one for one in X]
    if not _is_tensor(X):
        return X
    array = X.detach().cpu().numpy()
    first = array.ndim in (3, 4) and array.shape[-3] in (1, 3) and array.shape[-1] not in (1, 3)
    return np.moveaxis(array, -3, -1) if first else array


def _is_tensor(X: Any) -> bool:
    return type(X).__module__.split(".")[0] == "torch" and hasattr(X, "detach")


def inputs_of(kind: Kind, items: Sequence[Any], names: Sequence[str] | None = None) -> Any:
    """Inputs of a kind that is known.

    Examples
    --------
    >>> from headstart.data.base.kinds import CLIPS, TEXTS
    >>> inputs_of(CLIPS, ["a.wav"]), inputs_of(TEXTS, ["good"])
    (Clips(1), Texts(1))
    """
    return entry_of(kind).container(items, names)


def joined(parts: Sequence[Inputs]) -> Any:
    """Inputs of one kind, one part after the other.

    Examples
    --------
    >>> joined([as_inputs(["a.wav"]), as_inputs(["b.wav", "c.wav"])])
    Clips(3)
    """
    items = [item for part in parts for item in part.items]
    return inputs_of(parts[0].kind, items, [name for part in parts for name in part.names])


def joined_once(parts: Sequence[Inputs]) -> Any:
    """Inputs of one kind, one part after the other, without those that equal one of an earlier part.

    Examples
    --------
    >>> joined_once([as_inputs(["a film", "a play", "a play"]), as_inputs(["a play", "a book"])])
    Texts(4)
    """
    if len(parts) < 2:
        return joined(parts)
    seen: set[str] = set()
    kept = []
    for part in parts:
        marks = [_mark(part, i) for i in range(len(part))]
        kept.append(part[np.array([i for i, mark in enumerate(marks) if mark not in seen], dtype=np.int64)])
        seen.update(mark for mark in marks if mark is not None)
    return joined(kept)


def _mark(inputs: Inputs, i: int) -> str | None:
    """The hash of an input's content; None where it cannot be read, which is said later."""
    try:
        return inputs.digest(i)
    except BadInput:
        return None


def refuse_other_kind(found: Kind, wanted: Kind, why: str) -> NoReturn:
    """Raise for inputs of another kind than something takes.

    Parameters
    ----------
    found, wanted : Kind
    why : str
        Why, as in "as in fit".
    """
    raise DataError(f"Expected {wanted.many}, {why}, found {found.many}.", f"Give {wanted.many}.")


def _entry_for(X: Any, expected: Kind | None) -> Entry | None:
    if isinstance(X, Inputs):
        return entry_of(X.kind)
    if expected is not None and expected.typed and _is_strings(X):
        return entry_of(expected)
    return next((entry for entry in entries() if entry.takes(X)), None)


def _converted(entry: Entry, X: Any) -> Any:
    inputs = entry.convert(X)
    _refuse_others(inputs)
    return inputs


def _is_strings(X: Any) -> bool:
    if isinstance(X, str):
        return True
    listed = isinstance(X, Sequence | np.ndarray) or hasattr(X, "iloc")
    return listed and not isinstance(X, bytes) and all(isinstance(item, str) for item in X)


def _refuse_others(inputs: Inputs) -> None:
    """Refuse inputs of another kind among these."""
    if inputs.kind.typed or inputs.one_kind:
        return
    kinds = [entry for entry in entries() if not entry.kind.typed and not entry.kind.values]
    others = [entry for entry in kinds if entry.kind is not inputs.kind]
    for name, item in zip(inputs.names, inputs.items, strict=True):
        if isinstance(item, str | os.PathLike):
            kind = kind_of_suffix(os.path.splitext(os.fspath(item))[1])
        else:
            kind = next((entry.kind for entry in others if entry.takes([item])), None)
        if kind is not None and kind is not inputs.kind:
            raise DataError(
                f"Expected {inputs.kind.many}, found {kind.many} among them; {name} is a {kind.one}.",
                f"Give {inputs.kind.many} and {kind.many} apart.",
            )
    inputs.one_kind = True
