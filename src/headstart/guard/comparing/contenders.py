"""Which candidates are worth measuring again after the first cross-validation: those that could still be taken."""

from __future__ import annotations

import numpy as np

from headstart.guard.choosing.choose import Table, best

#: Standard errors of the paired loss within which a candidate could still be the better one.
_ERRORS = 2.0


def contenders(table: Table, weights: np.ndarray | None = None, least: float = 0.0) -> np.ndarray:
    """Candidates that more repeats could make the choice, or that the mixture holds.

    Out is who is behind the best of the same side, with transfer or without, by more than two standard errors of the
    paired difference of calibrated losses, and not ahead of it by score; unless the mixture of all gives it a weight.
    The best of each side are in.

    Parameters
    ----------
    table : Table
        Of the first repeat.
    weights : array of shape (C,), optional
        Of the mixture.
    least : float, default=0.0
        Weight from which a candidate is part of the mixture.

    Returns
    -------
    array of bool, shape (C,)

    References
    ----------
    Maron and Moore (1994), Hoeffding races, with the standard error of the paired difference as the bound.

    Examples
    --------
    >>> good, bad = np.tile([0.1, 0.2], 10), np.tile([2.0, 3.0], 10)
    >>> losses, scores = np.column_stack([good, bad, good]), np.column_stack([[1.0] * 20, [0.0] * 20, [1.0] * 20])
    >>> transfer, fold = np.array([False, False, True]), np.arange(20) % 5
    >>> table = Table(scores, losses, scores, transfer, fold, None, "classification")
    >>> contenders(table).tolist(), contenders(table, np.array([0.4, 0.1, 0.5]), 0.03).tolist()
    ([True, False, True], [True, True, True])
    """
    kept = np.zeros(len(table.transfer), dtype=bool) if weights is None else weights >= least
    score = table.scores.mean(axis=0)
    for side in np.unique(table.transfer):
        here = table.transfer == side
        lead = best(table, here)
        gap = table.losses - table.losses[:, [lead]]
        behind = gap.mean(axis=0) > _ERRORS * gap.std(axis=0) / np.sqrt(len(gap))
        kept |= here & ~(behind & (score <= score[lead]))
    return kept


def near_best(table: Table, allowed: np.ndarray) -> np.ndarray:
    """Which of these are, by score and by loss, within one standard error of the best of their side.

    Parameters
    ----------
    table : Table
    allowed : array of bool, shape (C,)

    Returns
    -------
    array of bool, shape (C,)
    """
    near = np.zeros(len(allowed), dtype=bool)
    for side in np.unique(table.transfer[allowed]):
        here = allowed & (table.transfer == side)
        lead = best(table, here)
        gaps = table.losses - table.losses[:, [lead]], table.scores[:, [lead]] - table.scores
        behind = [gap.mean(axis=0) > gap.std(axis=0) / np.sqrt(len(gap)) for gap in gaps]
        near |= here & ~behind[0] & ~behind[1]
    return near
