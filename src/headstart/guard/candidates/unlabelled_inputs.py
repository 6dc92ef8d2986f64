"""Examples without labels beside labelled pictures, clips or texts: which may be learned from, and what is said."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import as_inputs, refuse_other_kind
from headstart.guard.candidates.kept_apart import among_labelled
from headstart.semisupervised.base import shares_told


def unlabelled_for(rows: Inputs, given: Any, task: str, network: Any) -> tuple[Inputs | None, tuple[str, ...]]:
    """Examples without labels of the kind of the target, without those that are the target's, and what is said.

    An example of the target is held out in some fold, and must not be learned from there in any form.

    Parameters
    ----------
    rows : Inputs of n examples
    given : pictures, clips, texts
    task : str
    network : Network or None
        What is borrowed from.

    Returns
    -------
    Inputs or None
    notes : tuple of str

    Raises
    ------
    DataError
        For another kind of input.

    Examples
    --------
    >>> from headstart import Texts
    >>> kept, notes = unlabelled_for(Texts(["one", "two"]), ["two", "three"], "classification", "a network")
    >>> list(kept), notes
    (['three'], ('1 of 2 texts without labels is among the labelled ones and was left out.',))
    """
    more = as_inputs(given, rows.input_type)
    if more.kind is not rows.kind:
        refuse_other_kind(more.kind, rows.kind, "without labels as with them")
    many, n = rows.kind.many, len(more)
    if task != "classification" or network is None:
        why = "no network is borrowed from" if network is None else "they help with classes alone"
        return None, (f"The {n:,} {many} without labels were not used: {why}.",)
    own = {rows.digest(i) for i in range(len(rows))}
    kept = np.array([more.digest(i) not in own for i in range(n)], dtype=bool)
    gone = n - int(kept.sum())
    return more[kept] if gone < n else None, among_labelled(gone, n, many)


def shares_of(estimator: Any, y: np.ndarray) -> tuple[str, ...]:
    """Class shares of labels and of examples without them, in words, where a model learned from these."""
    found = getattr(estimator, "class_shares_", None)
    if found is None:
        return ()
    classes, counts = np.unique(y, return_counts=True)
    return (shares_told(counts / counts.sum(), found, classes),)
