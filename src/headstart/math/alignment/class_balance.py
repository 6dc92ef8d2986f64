"""The surest rows of each class when it is known how many rows each class should have."""

from __future__ import annotations

import numpy as np


def surest_by_shares(scores: np.ndarray, shares: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and the classes they are believed to be: of each class its share of rows, the surest first.

    Each class takes, in turn from the surest on, the rows where its score leads the best other one by most; a row
    that two classes would take goes to the one that leads by more. Plain self-training takes rows by the class that is
    predicted, so a classifier that leans to one class on the target leans further each round; here it cannot.

    Parameters
    ----------
    scores : ndarray of shape (n,) or (n, K)
        Of a decision function (one column for two classes) or probabilities.
    shares : ndarray of shape (K,)
        Wanted share of each class; they sum to 1.
    share : float
        Share of the rows that is believed, in (0, 1].

    Returns
    -------
    rows : ndarray of shape (m,)
        Sorted.
    codes : ndarray of shape (m,)
        Class of each.

    Examples
    --------
    >>> rows, codes = surest_by_shares(np.array([5.0, 4.0, 3.0, 1.0]), np.array([0.5, 0.5]), 1.0)
    >>> rows.tolist(), codes.tolist()
    ([0, 1, 2, 3], [1, 1, 0, 0])
    """
    table = np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores
    n, K = table.shape
    lead = np.empty((n, K))
    for c in range(K):
        lead[:, c] = table[:, c] - np.delete(table, c, axis=1).max(axis=1)
    room = np.round(shares * share * n).astype(int)
    codes = np.full(n, -1)
    for entry in np.argsort(-lead, axis=None, kind="stable"):
        row, c = divmod(int(entry), K)
        if room[c] > 0 and codes[row] < 0:
            codes[row] = c
            room[c] -= 1
            if not room.any():
                break
    rows = np.flatnonzero(codes >= 0)
    return rows, codes[rows]
