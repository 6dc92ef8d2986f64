"""Labelled pictures, clips or texts of other sets: which may be learned from, and what is said."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.contract.raw_sources import named
from headstart.errors import ParameterError
from headstart.parameters.heads.lent import examples_of
from headstart.source import Source


def lent_for(rows: Any, y: np.ndarray, given: Any, task: str) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """Sets of the kind of the target, without the examples that are the target's or of other classes; what is said.

    An example of the target is held out in some fold, and must not be learned from there.

    Parameters
    ----------
    rows : Inputs of n examples
    y : array of shape (n,)
        Their labels.
    given : Source, list of Source or None
    task : str

    Returns
    -------
    sets : tuple of Source
    notes : tuple of str

    Raises
    ------
    ParameterError
        For something else than a `Source`, or several labels an example.
    SourceError
        For a set without labels.
    DataError
        For another kind of input.

    Examples
    --------
    >>> from headstart import Texts
    >>> more = Source(["two", "three"], ["a", "b"], "more")
    >>> kept, notes = lent_for(Texts(["one", "two"]), np.array(["a", "b"]), more, "classification")
    >>> list(kept[0].X), kept[0].y.tolist(), notes
    (['three'], ['b'], ("1 of 2 texts of the source 'more' is among the target's and was left out.",))
    """
    sets = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
    wrong = [one for one in sets if not isinstance(one, Source)]
    if wrong or (sets and task == "multilabel"):
        found = type(wrong[0]).__name__ if wrong else "several labels an example"
        raise ParameterError(
            f"Expected a network, and labelled sets with one class or number an example, found {found}.",
            "For instance source=['starter:pictures', Source(pictures, labels)].",
        )
    own = {rows.digest(i) for i in range(len(rows))} if sets else set()
    kept, notes = [], []
    for one, who in zip(sets, named(sets), strict=True):
        inputs = examples_of(one, who, rows)
        left = np.flatnonzero([inputs.digest(i) not in own for i in range(len(inputs))])
        gone = len(inputs) - len(left)
        if gone:
            verb = "is among the target's and was" if gone == 1 else "are among the target's and were"
            notes.append(f"{gone:,} of {len(inputs):,} {rows.kind.many} of {who} {verb} left out.")
        other = np.zeros(0, dtype=int)
        if task == "classification":
            known = np.isin(np.asarray(one.y)[left], y)
            left, other = left[known], left[~known]
        if len(other):
            notes.append(
                f"{len(other):,} of {len(inputs):,} {rows.kind.many} of {who} are of classes that are not here."
            )
        if len(left):
            weight = None if one.sample_weight is None else np.asarray(one.sample_weight)[left]
            kept.append(Source(inputs[left], np.asarray(one.y)[left], one.name, weight))
    return tuple(kept), tuple(notes)
