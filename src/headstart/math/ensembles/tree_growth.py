"""Full decision trees of many groups of rows, all of them grown together, one level at a time."""

from __future__ import annotations

import numpy as np

from headstart.math.ensembles.groups import Places, children, first_best, places_between, summarise
from headstart.math.ensembles.trees import PackedTrees, joined

#: Values, rows times columns, that are looked at at a time.
BLOCK = 1 << 21


def grow_trees(
    group: np.ndarray,
    X: np.ndarray,
    Y: np.ndarray,
    weight: np.ndarray,
    max_features: int,
    rng: np.random.Generator,
) -> PackedTrees:
    """One tree a group, grown until its leaves have one class or number, or rows that no column tells apart.

    The best of ``max_features`` columns, drawn anew for each node, parts it: by Gini's index, or by squared error.
    Where all of those are constant more are drawn until one is not, as scikit-learn does.

    Parameters
    ----------
    group : ndarray of int, shape (p,)
        Group of each row: 0..n-1, none of them empty.
    X : ndarray of float32, shape (p, d)
    Y : ndarray of shape (p, K) or (p, 1)
        One-hot classes, or numbers.
    weight : ndarray of shape (p,)
        Positive.
    max_features : int
        1 to d.
    rng : numpy.random.Generator

    Returns
    -------
    PackedTrees
        With n roots.

    Notes
    -----
    Breiman, Friedman, Olshen and Stone (1984), Classification and regression trees; columns drawn a node: Breiman
    (2001), Random forests.

    Examples
    --------
    >>> from headstart.math.ensembles.trees import predict_trees
    >>> X, Y = np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32), np.array([[1.0], [2.0], [7.0], [8.0]])
    >>> trees = grow_trees(np.array([0, 0, 1, 1]), X, Y, np.ones(4), 1, np.random.default_rng(0))
    >>> trees.roots.tolist(), predict_trees(trees, X).ravel().tolist()
    ([0, 1], [4.0, 4.5, 4.5, 5.0])
    """
    order = np.argsort(group, kind="stable")
    group = group[order]
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    block = starts * X.shape[1] // BLOCK
    firsts = starts[np.append(True, block[1:] != block[:-1])]
    parts = [
        _grown(group[own] - group[own[0]], X[order[own]], Y[order[own]], weight[order[own]], max_features, rng)
        for own in np.split(np.arange(len(group)), firsts[1:])
    ]
    return joined(parts)


def _grown(
    group: np.ndarray, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, max_features: int, rng: np.random.Generator
) -> PackedTrees:
    """Trees of the groups of one block, whose rows stand together."""
    roots = np.arange(group[-1] + 1)
    row, n, made = np.arange(len(group)), len(roots), 0
    levels: list[tuple[np.ndarray, ...]] = []
    while n:
        here = summarise(group, Y[row], weight[row], n)
        feature, threshold = np.full(n, -1), np.zeros(n)
        open_ = here.mixed[group]
        group, row = group[open_], row[open_]
        centre = here.mean[group] if Y.shape[1] == 1 else 0.0
        parted, column, where = _splits(group, X[row], Y[row] - centre, weight[row], max_features, rng)
        feature[parted], threshold[parted] = column, where
        made += n
        left, right, place = children(parted, n, made)
        levels.append((feature, threshold, left, right, here.mean))
        kept = place[group] >= 0
        group, row = group[kept], row[kept]
        child = 2 * place[group] + (X[row, feature[group]] > threshold[group])
        order = np.argsort(child, kind="stable")
        group, row, n = child[order], row[order], 2 * len(parted)
    feature, threshold, left, right, value = (np.concatenate(column) for column in zip(*levels, strict=True))
    return PackedTrees(feature, threshold, left, right, value, roots)


def _splits(
    group: np.ndarray, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, max_features: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups that can be parted, with the column and the threshold of each; rows of a group stand together."""
    if not len(group):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    sizes = np.diff(np.append(starts, len(group)))
    varies = np.minimum.reduceat(X, starts) < np.maximum.reduceat(X, starts)
    order = np.argsort(rng.random(varies.shape), axis=1)
    varies = np.take_along_axis(varies, order, axis=1)
    limit = np.maximum(max_features, varies.argmax(axis=1) + 1)
    which, rank = np.nonzero(varies & (np.arange(X.shape[1]) < limit[:, None]))
    column, each = order[which, rank], sizes[which]
    candidate = np.repeat(np.arange(len(which)), each)
    row = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each - starts[which], each)
    places = places_between(candidate, X[row, column[candidate]], Y[row], weight[row])
    best = first_best(which[places.of], _proxy(places))
    chosen = places.of[best]
    return group[starts[which[chosen]]], column[chosen], places.threshold[best]


def _proxy(places: Places) -> np.ndarray:
    """What grows as Gini's index, or the squared error, falls."""
    return sum((total**2).sum(axis=1) / mass for mass, total in zip(places.mass, places.total, strict=True))
