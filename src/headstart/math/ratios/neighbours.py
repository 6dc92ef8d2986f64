"""Density ratios by counting the target's rows near each row of the source."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from headstart.errors import ParameterError
from headstart.math.ratios.gaussian import centred, check_samples, exponents

#: Columns up to which a tree finds neighbours faster than distances in blocks.
TREE_COLUMNS = 8


def voronoi_ratio(source: Any, target: Any, *, smoothing: float = 1.0) -> np.ndarray:
    r"""Count the target's rows in the Voronoi cell of each source row, with Laplace smoothing.

    .. math:: w_i = \frac{n_s\,(c_i + s)}{n_t + s\, n_s}

    with :math:`c_i` the number of target rows whose nearest source row is i. Equal source rows share their count, so
    the order of rows is irrelevant. The mean of w is 1.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
    target : ndarray or CSR matrix of shape (n_target, d)
    smoothing : float >= 0, default=1
        The s of the formula. With 0, source rows that are nobody's nearest have weight 0.

    Returns
    -------
    ndarray of shape (n_source,)

    References
    ----------
    Loog 2012, "Nearest neighbor-based importance weighting", section 2.2 (there with s = 1 and without the scale).

    Examples
    --------
    >>> voronoi_ratio(np.array([[0.0], [10.0]]), np.array([[1.0], [2.0]])).tolist()
    [1.5, 0.5]
    """
    check_samples(source, target)
    _check_smoothing(smoothing)
    source, target = centred(source, target)
    first, group = _distinct(source)
    nearest, _ = _nearest(target, source[first], 1)
    counts = np.bincount(nearest[:, 0], minlength=len(first)) / np.bincount(group, minlength=len(first))
    n, m = source.shape[0], target.shape[0]
    return n * (counts[group] + smoothing) / (m + smoothing * n)


def ball_ratio(source: Any, target: Any, *, n_neighbors: int, smoothing: float = 1.0) -> np.ndarray:
    r"""Count the target's rows in the ball that reaches to the k-th neighbour of a source row among the source.

    .. math:: w_i = \frac{c_i + s}{k + s} \cdot \frac{n_s}{n_t}

    with :math:`c_i` the number of target rows within the distance from source row i to its k-th nearest other row of
    the source.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
        With more than ``n_neighbors`` rows; otherwise all other rows count.
    target : ndarray or CSR matrix of shape (n_target, d)
    n_neighbors : int >= 1
        The k of the formula.
    smoothing : float >= 0, default=1

    Returns
    -------
    ndarray of shape (n_source,)
        Not normalised.

    References
    ----------
    Kremer, Gieseke, Steenstrup Pedersen & Igel 2015, "Nearest neighbor density ratio estimation for large-scale
    applications in astronomy", equation 5. They do not smooth.

    Examples
    --------
    >>> source = np.array([[0.0], [1.0], [9.0], [10.0]])
    >>> ball_ratio(source, np.array([[0.5], [0.6]]), n_neighbors=1).tolist()
    [3.0, 3.0, 1.0, 1.0]
    """
    check_samples(source, target)
    _check_smoothing(smoothing)
    if n_neighbors < 1:
        raise ParameterError(f"Expected n_neighbors from 1 on, found {n_neighbors}.")
    source, target = centred(source, target)
    n, m = source.shape[0], target.shape[0]
    k = min(n_neighbors, n - 1)
    if k == 0:
        return np.ones(n)
    _, reach = _nearest(source, source, k + 1)
    # distances come with rounding: a row at the rim counts
    radius = reach[:, -1] * (1 + 1e-6)
    return (_within(source, target, radius) + smoothing) / (k + smoothing) * (n / m)


def _check_smoothing(smoothing: float) -> None:
    if not (np.isfinite(smoothing) and smoothing >= 0):
        raise ParameterError(f"Expected smoothing from 0 on, found {smoothing}.")


def _distinct(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Index of the first of each group of equal rows, and the group of every row."""
    seen: dict[bytes, int] = {}
    if sparse.issparse(X):
        X = X.tocsr(copy=True)
        X.sum_duplicates()
        X.eliminate_zeros()
        keys = [X.indices[a:b].tobytes() + b"|" + X.data[a:b].tobytes() for a, b in pairwise(X.indptr)]
    else:
        keys = [row.tobytes() for row in np.ascontiguousarray(X) + 0.0]
    group = np.array([seen.setdefault(key, len(seen)) for key in keys])
    return np.unique(group, return_index=True)[1], group


def _nearest(X: Any, Y: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices and distances (n, k) of the k rows of Y nearest to each row of X, nearest first."""
    if not sparse.issparse(Y) and Y.shape[1] <= TREE_COLUMNS:
        distance, index = cKDTree(Y).query(X, k=[*range(1, k + 1)])
        return index, distance
    index = np.empty((X.shape[0], k), dtype=np.intp)
    distance = np.empty((X.shape[0], k))
    for rows, block in exponents(X, Y, 1.0):
        found = block.argmax(axis=1)[:, None] if k == 1 else np.argpartition(-block, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(block, found, axis=1)
        order = np.argsort(-value, axis=1, kind="stable")
        index[rows] = np.take_along_axis(found, order, axis=1)
        distance[rows] = np.sqrt(-2.0 * np.take_along_axis(value, order, axis=1))
    return index, distance


def _within(X: Any, Y: Any, radius: np.ndarray) -> np.ndarray:
    """How many rows of Y lie within the radius of each row of X."""
    if not sparse.issparse(Y) and Y.shape[1] <= TREE_COLUMNS:
        return np.asarray(cKDTree(Y).query_ball_point(X, radius, return_length=True))
    counts = np.empty(X.shape[0])
    for rows, block in exponents(X, Y, 1.0):
        counts[rows] = (block >= -0.5 * (radius[rows, None]).astype(block.dtype) ** 2).sum(axis=1)
    return counts
