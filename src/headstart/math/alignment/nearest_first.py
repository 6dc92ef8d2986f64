"""Labelling the nearest row first, so that labels travel along a chain of close rows."""

from __future__ import annotations

import numpy as np


def label_nearest_first(X: np.ndarray, y: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Give each target row the label of its nearest labelled row, always going on with the row that is closest.

    A row that has just got its label counts as labelled for the rest. So one nearest neighbour is used gradually:
    where the target is a chain of views that leads away from the source (an object that turns), labels walk along it,
    where plain nearest neighbours jump over. It is Prim's algorithm on the rows, grown from the labelled ones; each
    step is one product with the target's rows, O(n_t (n_s + n_t) d) in all and no n x n matrix. A mistake is carried
    on along the chain, too.

    Parameters
    ----------
    X : ndarray of shape (n_s, d)
        Labelled rows.
    y : ndarray of shape (n_s,)
        Codes.
    target : ndarray of shape (n_t, d)

    Returns
    -------
    ndarray of shape (n_t,)
        Codes of the target rows.

    Examples
    --------
    >>> chain = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> label_nearest_first(np.array([[0.0], [7.0]]), np.array([0, 1]), chain).tolist()
    [0, 0, 0, 0, 0]
    """
    n = len(target)
    square_t, square_x = np.einsum("ij,ij->i", target, target), np.einsum("ij,ij->i", X, X)
    distance, labels = np.empty(n), np.empty(n, dtype=y.dtype)
    step = max(1, 2**21 // max(1, len(X)))
    for begin in range(0, n, step):
        away = square_x[None, :] - 2.0 * (target[begin : begin + step] @ X.T)
        nearest = away.argmin(axis=1)
        labels[begin : begin + step] = y[nearest]
        distance[begin : begin + step] = np.take_along_axis(away, nearest[:, None], axis=1)[:, 0]
    distance += square_t
    waiting = np.ones(n, dtype=bool)
    for _ in range(n):
        row = int(np.where(waiting, distance, np.inf).argmin())
        waiting[row] = False
        away = square_t - 2.0 * (target @ target[row]) + square_t[row]
        closer = waiting & (away < distance)
        distance[closer] = away[closer]
        labels[closer] = labels[row]
    return labels
