"""Rows of numbers that are far nearer to a row of another set than that row's own neighbours are."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.spatial import cKDTree

from headstart.math.statistics.coincidence import beyond_chance

#: Which neighbour's distance is the measure; fewer copies than this of one row hide nothing.
_NEIGHBOUR = 5
#: Shares of the measure that are tried.
_SHARES = (0.35, 0.2, 0.1, 0.05, 0.02)
#: So few near rows prove nothing, with so many looks.
_TOO_FEW = 2
#: Copies that are lost for one row less that is none.
_PRICE = 10.0
_MOST_DIMENSIONS = 6.0
_MOST_COLUMNS, _MOST_BLOCKS, _MOST_PAIRS = 64, 8, 2e7
_SAMPLE = 500
#: Dimensions up to which a tree is faster than products; distances that are held at once.
_TREE, _AT_ONCE = 8, 2_000_000
#: Parts of the rows, by how far is looked from each.
_PARTS = 8
#: Part of the mean variance that is added to each direction's, so that noise in a narrow one is not blown up.
_RIDGE = 0.01


def near_rows(one: np.ndarray, other: np.ndarray, *, ties: bool = True) -> np.ndarray:
    r"""Pairs (row of one, row of other) of near copies: rounded, or with a little noise, or changed in a column or two.

    Directions are brought to one variance. A row s of the other set has its fifth neighbour in that set at a distance
    :math:`\rho`. Where s is no copy, about :math:`5 r^d` rows are expected within :math:`r\rho` of it, for d effective
    dimensions (at most 6 are counted on). Pairs nearer than r are of copies where they are more than by chance and
    more than rows are so near within their own sets; two are never enough. Of r from 0.35 to 0.02 that is taken at
    which they exceed ten times what is expected by most. The same is tried with one column left out after the other,
    and with pairs of few columns, or eighths of many.

    Parameters
    ----------
    one, other : array of shape (n, p), (m, p)
        Numbers without gaps. Of over 20 million pairs a sample of the rows of one is compared first, and all of them
        only where that finds copies; of over 64 columns so many at once.
    ties : bool, default=True
        Whether rows that are equal in the columns compared are pairs; not where numbers are so coarse that such rows
        are common.

    Returns
    -------
    array of int, shape (k, 2)
    """
    m, p = other.shape
    if m <= _NEIGHBOUR + 1 or p < 2 or not len(one):
        return np.empty((0, 2), dtype=int)
    most = max(int(_MOST_PAIRS / m), 50)
    if len(one) > most and not len(near_rows(one[:: -(-len(one) // most)], other, ties=ties)):
        return np.empty((0, 2), dtype=int)
    spread = np.vstack([one, other]).std(axis=0)
    spread[spread == 0] = 1.0
    found = []
    for kept in _subsets(p):
        turn = _whitening(other[:, kept] / spread[kept])
        a, b = (side[:, kept] / spread[kept] @ turn for side in (one, other))
        found.append(_pairs(a, b, ties))
    return np.unique(np.concatenate(found), axis=0)


def _subsets(p: int) -> list[np.ndarray]:
    """Columns that are compared at once: all of them, and all but a few."""
    every = np.arange(p)
    size = 1 if p <= 12 else -(-p // _MOST_BLOCKS)
    blocks = [every[start::size] if size == 1 else every[start::_MOST_BLOCKS] for start in range(_MOST_BLOCKS)]
    blocks = [every[i : i + 1] for i in range(p)] if size == 1 else blocks
    left_out = [np.array([], dtype=int), *blocks]
    if 4 <= p <= 8:
        left_out += [np.array(pair) for pair in combinations(range(p), 2)]
    kept = [np.setdiff1d(every, out) for out in left_out]
    return [c[np.linspace(0, len(c) - 1, min(len(c), _MOST_COLUMNS)).astype(int)] for c in kept if len(c) > 1]


def _pairs(a: np.ndarray, b: np.ndarray, ties: bool) -> np.ndarray:
    dimensions = min(_dimensions(b), _MOST_DIMENSIONS)
    there = _Neighbours(b)
    share, nearest = _shares(there, a, 0, ties)
    best, found = 0.0, np.empty((0, 2), dtype=int)
    for least in _SHARES:
        rows = np.flatnonzero(share <= least)
        by_chance = len(a) * _NEIGHBOUR * least**dimensions
        if (
            len(rows) > _TOO_FEW
            and len(rows) - _PRICE * by_chance > best
            and beyond_chance(len(rows), max(by_chance, _natural(there, a, least, ties)))
        ):
            best, found = len(rows) - _PRICE * by_chance, np.column_stack([rows, nearest[rows]])
    return found


class _Neighbours:
    """The nearest of some rows to others: by a tree; in many dimensions, where a tree looks at all, by products."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows
        self.tree = cKDTree(rows) if rows.shape[1] <= _TREE else None
        self.centre = rows.mean(axis=0)
        centred = rows - self.centre
        squares = np.einsum("ij,ij->i", centred, centred)
        self.products = np.column_stack([-2.0 * centred, squares]).astype(np.float32).T

    def query(self, points: np.ndarray, k: int, within: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
        """Distances of the k nearest and their numbers, (n, k), in order; infinite beyond ``within``."""
        if self.tree is not None:
            found = self.tree.query(points, k=k, distance_upper_bound=within)
            distance, near = (column.reshape(len(points), -1) for column in found)
            return distance, near
        size = max(1, _AT_ONCE // len(self.rows))
        blocks = [self._query(points[i : i + size], k) for i in range(0, len(points), size)]
        return np.concatenate([one for one, _ in blocks]), np.concatenate([one for _, one in blocks])

    def _query(self, points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        turned = np.column_stack([points - self.centre, np.ones(len(points))]).astype(np.float32)
        squares = turned @ self.products  # but for what is the same for each point; single precision finds who is near
        near = squares.argmin(axis=1)[:, None] if k == 1 else squares.argpartition(k - 1, axis=1)[:, :k]
        apart = self.rows[near] - points[:, None]
        distance = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart))  # without what products lose of small ones
        order = np.argsort(distance, axis=1, kind="stable")
        return np.take_along_axis(distance, order, axis=1), np.take_along_axis(near, order, axis=1)


def _shares(there: _Neighbours, rows: np.ndarray, itself: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each row to the nearest of others, as a share of that one's measure, and which it is.

    Shares above those that are tried may be 1, and then the number of the nearest means nothing.

    Parameters
    ----------
    itself : {0, 1}
        Whether the rows are among the others themselves.
    """
    share, nearest = np.ones(len(rows)), np.zeros(len(rows), dtype=np.int64)
    k, reach = min(_NEIGHBOUR + 1 + itself, len(there.rows)), _reach(there.rows, rows, itself)
    for part in np.array_split(np.argsort(reach), _PARTS):
        if not len(part):
            continue
        distance, near = (column[:, -1] for column in there.query(rows[part], 1 + itself, reach[part[-1]]))
        met = distance <= reach[part]
        own, distance, near = part[met], distance[met], near[met]
        measure = there.query(there.rows[near], k)[0][:, -1] if len(own) else distance
        share[own] = np.divide(distance, measure, out=np.ones_like(distance), where=measure > 0)
        share[own[(distance == 0) & (not ties)]] = 1.0
        nearest[own] = near
    return share, nearest


def _reach(there: np.ndarray, rows: np.ndarray, itself: int) -> np.ndarray:
    r"""Distance of each row beyond which no share can be among those that are tried.

    The nearest s of a row x has its measure :math:`\rho` within :math:`|x - s| + q`, where q is how far from x its
    own next neighbours are; so :math:`|x - s| \le r\rho` asks for :math:`|x - s| \le q\,r/(1-r)`. In a part of the
    others q is larger, never smaller.
    """
    n = _NEIGHBOUR + 2 + 2 * itself
    part = there[:: max(1, len(there) // _SAMPLE)]
    if len(part) < n:
        return np.full(len(rows), np.inf)
    near = _Neighbours(part).query(rows, n)[0][:, -1]
    return near * (_SHARES[0] / (1.0 - _SHARES[0]) * (1.0 + 1e-9)) + np.finfo(float).tiny


def _natural(there: _Neighbours, rows: np.ndarray, least: float, ties: bool) -> float:
    """How many rows are so near to another set as rows are within their own set: the lesser of what both sets say."""
    n, m = len(rows), len(there.rows)
    part = there.rows[:: -(-m // _SAMPLE)]
    within = float((_shares(there, part, 1, ties)[0] <= least).mean())
    own = rows[:: -(-n // _SAMPLE)]
    met = 0.0 if n <= 2 else float((_shares(_Neighbours(rows), own, 1, ties)[0] <= least).mean())
    return n * min(within, float(-np.expm1(-m / n * met)))


def _whitening(rows: np.ndarray) -> np.ndarray:
    """What brings all directions of the rows to about one variance, (p, p)."""
    values, directions = np.linalg.eigh(np.atleast_2d(np.cov(rows, rowvar=False)))
    added = _RIDGE * values.mean() if values.mean() > 0 else 1.0
    return np.asarray(directions / np.sqrt(np.maximum(values, 0.0) + added))


def _dimensions(rows: np.ndarray) -> float:
    """Effective number of dimensions: the participation ratio of the eigenvalues of the covariance."""
    covariance = np.atleast_2d(np.cov(rows, rowvar=False))
    square = float((covariance**2).sum())
    return float(np.trace(covariance) ** 2 / square) if square > 0 else 1.0
