"""Principal components that two sets of rows have in common, each set counting the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh

from headstart.math.alignment.monge import moments

#: A direction of less than this share of the strongest one's variance is none.
_NOTHING = 1e-9


def common_components(
    sides: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]], n_components: int
) -> np.ndarray:
    r"""Axes of the largest variance of rows of several sides, each moved and scaled by its own numbers.

    They are eigenvectors of :math:`\sum_s \frac{1}{|w_s|} \sum_i w_{si}\, z_{si} z_{si}^\top` with
    :math:`z_{si} = (x_{si} - m_s) / a_s`, from the smaller of the two matrices, rows or columns.

    Parameters
    ----------
    sides : sequence of (rows (n, d), shift m (d,), scale a (d,), weights (n,) or None)
    n_components : int
        At most so many; directions without variance are left out.

    Returns
    -------
    ndarray of shape (d, r)
        Orthonormal columns, the strongest first; of each the entry of largest size is positive.

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    >>> common_components([(X, X.mean(axis=0), np.ones(2), None)], 2).tolist()
    [[1.0], [0.0]]
    """
    d, n = sides[0][0].shape[1], sum(len(rows) for rows, *_ in sides)
    if n <= d:
        parts = []
        for rows, shift, scale, weight in sides:
            share = np.ones(len(rows)) if weight is None else weight
            parts.append(np.sqrt(share / share.sum())[:, None] * ((rows - shift) / scale))
        stacked = np.concatenate(parts)
        values, left = _largest(stacked @ stacked.T, n_components)
        axes = stacked.T @ left / np.sqrt(values)
    else:
        total = np.zeros((d, d))
        for rows, shift, scale, weight in sides:
            mean, covariance = moments(rows, weight)
            gap = mean - shift
            total += (covariance + np.outer(gap, gap)) / np.outer(scale, scale)
        axes = _largest(total, n_components)[1]
    largest = np.abs(axes).argmax(axis=0)
    return np.asarray(axes * np.sign(axes[largest, np.arange(axes.shape[1])]))


def _largest(symmetric: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues that are not nothing, downwards, and their vectors."""
    n = len(symmetric)
    values, vectors = eigh(symmetric, subset_by_index=[max(0, n - count), n - 1])
    kept = np.flatnonzero(values > _NOTHING * max(float(values[-1]), 1e-300))[::-1]
    return values[kept], vectors[:, kept]
