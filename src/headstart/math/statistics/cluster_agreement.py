"""Do answers fall into the groups that the rows fall into by themselves?"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array


def adjusted_agreement(first: np.ndarray, second: np.ndarray) -> float:
    r"""Adjusted Rand index of two ways to group n rows: 1 for the same groups, about 0 for unrelated ones.

    .. math:: \frac{\sum_{kl} \binom{n_{kl}}{2} - e}{\tfrac12 (a + b) - e}, \qquad
        a = \sum_k \binom{n_{k\cdot}}{2},\; b = \sum_l \binom{n_{\cdot l}}{2},\; e = ab / \tbinom n2

    Names of the groups do not matter, nor do their numbers have to be the same.

    Parameters
    ----------
    first, second : ndarray of int, shape (n,)
        Group of each row, 0 or more.

    Returns
    -------
    float
        At most 1; 0 where both put all rows into one group, or each row into one of its own.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions.

    Examples
    --------
    >>> adjusted_agreement(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    table = coo_array((np.ones(len(first)), (first, second))).tocsr()
    rows, columns = np.asarray(table.sum(axis=1)).ravel(), np.asarray(table.sum(axis=0)).ravel()
    both, a, b = (float((count * (count - 1) / 2).sum()) for count in (table.data, rows, columns))
    n = len(first)
    expected = a * b / max(n * (n - 1) / 2, 1.0)
    room = 0.5 * (a + b) - expected
    return (both - expected) / room if room > 1e-12 else 0.0


def rows_in_groups(X: np.ndarray, n_groups: int, *, draws: int = 10, rounds: int = 50, seed: int = 0) -> np.ndarray:
    """Groups of rows by k-means, begun several times from rows that lie far apart.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    n_groups : int
        At most n are made.
    draws : int, default=10
        Starts (k-means++); all of them are given, since no single outcome of k-means is to be trusted.
    rounds : int, default=50
        At most.
    seed : int, default=0

    Returns
    -------
    ndarray of int, shape (draws, n)
        The tightest first.

    References
    ----------
    Arthur and Vassilvitskii (2007), k-means++: the advantages of careful seeding.

    Examples
    --------
    >>> rows_in_groups(np.array([[0.0], [0.1], [9.0], [9.1]]), 2, draws=1)[0].tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    rng = np.random.default_rng(seed)
    squares = np.einsum("ij,ij->i", X, X)
    found = [_one_draw(X, squares, min(n_groups, len(X)), rounds, rng) for _ in range(draws)]
    return np.stack([found[i][1] for i in np.argsort([spread for spread, _ in found], kind="stable")])


def _one_draw(
    X: np.ndarray, squares: np.ndarray, k: int, rounds: int, rng: np.random.Generator
) -> tuple[float, np.ndarray]:
    """Sum of squared distances to the centres, and the groups."""
    centres = X[[int(rng.integers(len(X)))]]
    nearest = _distances(X, squares, centres)[:, 0]
    while len(centres) < k:
        total = float(nearest.sum())
        row = int(rng.choice(len(X), p=nearest / total)) if total > 0 else int(rng.integers(len(X)))
        centres = np.concatenate([centres, X[[row]]])
        nearest = np.minimum(nearest, _distances(X, squares, X[[row]])[:, 0])
    groups = np.full(len(X), -1)
    for _ in range(rounds):
        distance = _distances(X, squares, centres)
        before, groups = groups, distance.argmin(axis=1)
        if (before == groups).all():
            break
        counts = np.bincount(groups, minlength=k)
        member = coo_array((np.ones(len(X)), (groups, np.arange(len(X)))), shape=(k, len(X))).tocsr()
        sums = np.asarray(member @ X)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return float(distance.min(axis=1).sum()), groups


def _distances(X: np.ndarray, squares: np.ndarray, centres: np.ndarray) -> np.ndarray:
    found = squares[:, None] - 2 * X @ centres.T + np.einsum("ij,ij->i", centres, centres)
    return np.maximum(found, 0.0)
