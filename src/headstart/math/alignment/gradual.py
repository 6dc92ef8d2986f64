"""Pieces of gradual self-training: how sure a classifier is, whom to believe, and domains in between."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import diags_array, issparse

from headstart.math.transport.exact_plan import exact_plan
from headstart.math.transport.squared_distances import squared_distances


def margins(scores: np.ndarray) -> np.ndarray:
    """Distance between the two best scores of each row, shape (n,); of one column (n,) its size.

    Examples
    --------
    >>> margins(np.array([[1.0, 5.0, 3.0]])).tolist(), margins(np.array([-2.0])).tolist()
    ([2.0], [2.0])
    """
    scores = np.asarray(scores)
    if scores.ndim == 1 or scores.shape[1] == 1:
        return np.abs(scores.reshape(len(scores)))
    best = np.partition(scores, scores.shape[1] - 2, axis=1)[:, -2:]
    return best[:, 1] - best[:, 0]


def surest_rows(margin: np.ndarray, predicted: np.ndarray, share: float) -> np.ndarray:
    """The surest share of the rows of each predicted class, in ascending order; at least one row a class.

    Taking them class by class keeps an easy class from crowding out the others.

    Parameters
    ----------
    margin : ndarray of shape (n,)
    predicted : ndarray of shape (n,)
    share : float
        Above 0, up to 1.

    Examples
    --------
    >>> surest_rows(np.array([0.1, 0.9, 0.5, 0.2]), np.array([0, 0, 1, 1]), 0.5).tolist()
    [1, 2]
    """
    kept = []
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        count = max(1, int(np.ceil(share * len(rows) - 1e-9)))
        kept.append(rows[np.argsort(-margin[rows], kind="stable")[:count]])
    return np.sort(np.concatenate(kept))


def domains_between(source: Any, target: Any, n_domains: int, a: np.ndarray | None = None) -> list[Any]:
    r"""Rows on the way from source to target: :math:`(1 - t)\, x_i + t\, x'_j` for the pairs of an exact transport.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n, d)
    target : ndarray or CSR matrix of shape (m, d)
    n_domains : int
        How many, at t = 1 / (n_domains + 1), ...
    a : ndarray of shape (n,), optional
        Weights of the source rows with sum 1.

    Returns
    -------
    list of ndarray or CSR matrix of shape (pairs, d)

    References
    ----------
    He, Wang, Li and Zhao (2023), Gradual domain adaptation: theory and algorithms (GOAT), Algorithm 1: the geodesic of
    Wasserstein space between the two. Pairs are those of the plan; their masses, which differ little, are not used.

    Examples
    --------
    >>> [rows.tolist() for rows in domains_between(np.array([[0.0], [2.0]]), np.array([[4.0], [6.0]]), 1)]
    [[[2.0], [4.0]]]
    """
    n, m = source.shape[0], target.shape[0]
    a = np.full(n, 1 / n) if a is None else a
    plan = exact_plan(squared_distances(source, target), a, np.full(m, 1 / m)).plan
    rows, columns = plan.nonzero()
    start, end = source[rows], target[columns]
    steps = [(k + 1) / (n_domains + 1) for k in range(n_domains)]
    if issparse(start) or issparse(end):
        return [(_scaled(start, 1 - t) + _scaled(end, t)).tocsr() for t in steps]
    return [start.dtype.type(1 - t) * start + start.dtype.type(t) * end for t in steps]


def _scaled(X: Any, factor: float) -> Any:
    return diags_array(np.full(X.shape[0], factor, dtype=X.dtype)) @ X
