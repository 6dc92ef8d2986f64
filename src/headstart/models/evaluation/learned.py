"""Which of some examples a model learned from: they tell nothing of what it does with new ones."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from scipy.spatial import cKDTree

from headstart.data.base.kinds import Kind
from headstart.errors import DataError
from headstart.guard.evidence.reference import content_marks

#: Share of equal rows among those learned from, from which equal rows are no copies.
_BY_NATURE = 0.05
#: Part of the usual distance to the nearest other within which two are one thing: many re-encoded pictures lie within,
#: and hardly any others.
_NEAR = 0.4
#: With fewer kept rows there is no usual distance.
_FEWEST = 10


def adapted_blind(model: Any) -> bool:
    """Whether a model was adapted to examples without labels, so that how often it is right was never measured."""
    return (model.evidence.get("data") or {}).get("labelled") is False


def learned_rows(model: Any, inputs: Any, rows: Any) -> tuple[np.ndarray, str]:
    """Positions of the examples that a model learned from, and what is to be said.

    An example is one of them where its content is equal (a mark of every example is kept), or where it is much nearer
    to one of those whose features are kept than these are to one another, as a re-encoded picture often is. Where one
    row in twenty of those learned from had an equal, as in tables of a few categories, equal rows are no copies.

    Parameters
    ----------
    model : headstart.Model
    inputs : Pictures, Clips, Texts or Records
        n examples.
    rows : Pictures, Clips, Texts or array of shape (n, d)
        The same as the model takes them.

    Returns
    -------
    rows : ndarray of int
    words : str
        Where nothing can be told, that.
    """
    reference, kind = model.reference, model.kind
    if reference is None:
        words = "The model keeps nothing of its data, so whether it learned from some of these cannot be told."
        return np.zeros(0, dtype=int), words
    marks = content_marks(rows)
    equal = np.isin(marks, reference.marks)
    counted = np.unique(reference.marks, return_counts=True)[1]
    twins = float(counted[counted > 1].sum()) / max(len(reference.marks), 1)
    if kind.values and twins > _BY_NATURE:
        n = int(equal.sum())
        words = (
            f"{kind.count(n)} equal some that it learned from, as {100 * twins:.0f}% of those equal one another: such "
            "rows are no copies, and count."
        )
        return np.zeros(0, dtype=int), words if n else ""
    near = np.zeros(0, dtype=int)
    if not kind.values:
        network, device = model.network
        projected = reference.projected(reference.seen(rows, network, str(device)))
        near = near_ones(projected, reference.rows.astype(np.float64))
    found = np.union1d(np.flatnonzero(equal), near).astype(int)
    if not len(found):
        return found, ""
    shown = ", ".join(str(inputs.names[i]) for i in found[:3]) + (", ..." if len(found) > 3 else "")
    verb = "is" if len(found) == 1 else "are"
    nearly = len(np.setdiff1d(near, np.flatnonzero(equal)))
    of_these = f", {nearly} of them nearly" if nearly else ""
    if adapted_blind(model):
        words = f"{kind.count(len(found))} {verb} among what the model was adapted to{of_these} ({shown})"
        return np.zeros(0, dtype=int), f"{words}: it knew no labels of these, so they count."
    told = f"{kind.count(len(found))} {verb} among what the model learned from{of_these} ({shown})"
    return found, f"{told}: left out of the figures."


def refuse_learned(kind: Kind, n: int) -> NoReturn:
    """Refuse examples of which a model learned from every one."""
    raise DataError(
        f"Expected {kind.many} that the model did not learn from, found all {n:,} among what it learned from.",
        "Give others: what it does with these says nothing of new ones.",
    )


def near_ones(new: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Positions of new rows (n, d) that are much nearer to a kept row (m, d) than kept rows are to one another.

    Examples
    --------
    >>> kept = np.arange(10.0)[:, None]
    >>> near_ones(np.array([[3.1], [4.5], [20.0]]), kept).tolist()
    [0]
    """
    if len(kept) < _FEWEST:
        return np.zeros(0, dtype=int)
    tree = cKDTree(kept)
    usual = float(np.median(tree.query(kept, k=2)[0][:, 1]))
    return np.flatnonzero(tree.query(new)[0] <= _NEAR * usual)
