"""Columns with few distinct values, so that boosting finds its bins without work."""

from __future__ import annotations

import numpy as np


def coarse_columns(X: np.ndarray, most: int) -> np.ndarray:
    """Replace each value of a column with more than ``most`` distinct values by the mean of its quantile bin.

    scikit-learn's histogram boosting learns from 255 bins of each column at most. With weights of rows it looks for
    every edge of these bins by itself, weighted and in Python, which takes several times as long as the boosting does;
    distinct values up to that number are taken as they are. The bins here are those of the rows without weights.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Missing values stay.
    most : int
        At least 1.

    Returns
    -------
    ndarray of shape (n, d)

    Examples
    --------
    >>> coarse_columns(np.array([[1.0, 0.0], [2.0, 0.0], [7.0, 1.0], [9.0, 1.0]]), 2).tolist()
    [[1.5, 0.0], [1.5, 0.0], [8.0, 1.0], [8.0, 1.0]]
    """
    found = np.array(X, dtype=np.float64)
    for j in range(found.shape[1]):
        known = np.flatnonzero(~np.isnan(found[:, j]))
        column = found[known, j]
        values, code = np.unique(column, return_inverse=True)
        if len(values) <= most:
            continue
        edges = np.quantile(column, np.arange(1, most) / most, method="midpoint")
        bins = np.searchsorted(edges, values, side="right")
        held = np.bincount(code)
        mass = np.bincount(bins, held, most)
        means = np.bincount(bins, held * values, most) / np.maximum(mass, 1)
        found[known, j] = means[bins[code]]
    return found
