"""Refining a source's decision trees on target rows: structure expansion and reduction, structure transfer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headstart.math.ensembles.groups import Summary, children, first_best, places_between, summarise
from headstart.math.ensembles.trees import PackedTrees, Tree, compact, descend, joined, one_down, only, pack

#: Grows a full tree on some of the target's rows, given by number.
Grow = Callable[[np.ndarray], Tree]
#: Grows full trees on groups of them: group, number and weight of each row -> trees in the order of the groups.
GrowAll = Callable[[np.ndarray, np.ndarray, np.ndarray], PackedTrees]

UNREACHED = ("keep", "prune")
_LEAST_VARIANCE = 1e-6


def expand_and_reduce(
    tree: Tree, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, grow: Grow, unreached: str = "keep"
) -> Tree:
    """SER of one tree, see `expand_and_reduce_all`; ``weight`` (m,) is positive, ``grow`` is called for each leaf."""

    def grow_all(group: np.ndarray, row: np.ndarray, _: np.ndarray) -> PackedTrees:
        return pack([grow(row[group == g]) for g in range(group.max() + 1)])

    return only(expand_and_reduce_all(pack([tree]), X, Y, weight[None], grow_all, unreached))


def expand_and_reduce_all(
    trees: PackedTrees, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, grow: GrowAll, unreached: str = "keep"
) -> PackedTrees:
    """SER: grow each leaf further on the target rows that reach it, then cut what the target does not need.

    Expansion: a leaf with target rows becomes a full tree of theirs. Reduction, from the leaves up: a node becomes a
    leaf where that errs on its target rows no more than its subtree does (misclassified weight; for numbers squared
    error). All trees go through it together, level by level.

    Parameters
    ----------
    trees : PackedTrees
        T of the source.
    X : ndarray of float32, shape (m, d)
    Y : ndarray of shape (m, K) or (m, 1)
        One-hot classes, or numbers.
    weight : ndarray of shape (T, m)
        Of each row in each tree; 0 where the tree does not know it. Every tree knows one.
    grow : callable
        Group, number and weight of rows -> a tree a group.
    unreached : {"keep", "prune"}
        What to do with parts of a tree that no target row reaches: keep the source's, and cut no node above them; or
        let their parent's source distribution answer, as the authors' program does.

    Notes
    -----
    Segev, Harel, Mannor, Crammer and El-Yaniv (2017), Learn on source, refine on target, IEEE TPAMI 39:1811, SER.
    """
    tree, row = np.nonzero(weight)
    y, w = Y[row], weight[tree, row]
    leaf, levels = _routed(trees, X, trees.roots[tree], row, y, w)
    grown, error = _expanded(trees, X, leaf, row, y, w, grow)
    reached = np.zeros(len(error), dtype=bool)
    reached[np.concatenate([nodes for nodes, _ in levels])] = True
    error[~reached] = -np.inf if unreached == "keep" else 0.0
    feature, value = grown.feature.copy(), grown.value.copy()
    for nodes, here in reversed(levels):
        inner = trees.feature[nodes] >= 0
        own, as_leaf, mean = nodes[inner], here.error[inner], here.mean[inner]
        if unreached == "prune":
            for child in (trees.left[own], trees.right[own]):
                feature[child[~reached[child]]] = -1
                value[child[~reached[child]]] = trees.value[own[~reached[child]]]
        below = error[trees.left[own]] + error[trees.right[own]]
        cut = as_leaf <= below + 1e-12 * here.mass[inner]
        error[own] = np.where(cut, as_leaf, below)
        feature[own[cut]], value[own[cut]] = -1, mean[cut]
    return compact(replace(grown, feature=feature, value=value))


def _routed(
    trees: PackedTrees, X: np.ndarray, node: np.ndarray, row: np.ndarray, y: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, list[tuple[np.ndarray, Summary]]]:
    """Leaf of each row, and level by level the nodes that rows reach, with what those are like."""
    node, open_, levels = node.copy(), np.arange(len(row)), []
    while len(open_):
        nodes, group = np.unique(node[open_], return_inverse=True)
        levels.append((nodes, summarise(group, y[open_], w[open_], len(nodes))))
        open_ = open_[trees.feature[node[open_]] >= 0]
        node[open_] = one_down(trees, X, node[open_], row[open_])
    return node, levels


def _expanded(
    trees: PackedTrees, X: np.ndarray, leaf: np.ndarray, row: np.ndarray, y: np.ndarray, w: np.ndarray, grow: GrowAll
) -> tuple[PackedTrees, np.ndarray]:
    """Trees whose reached leaves are full trees of their rows, in the same places; the error of what was grown there.

    Nodes of the grown trees stand behind all others.
    """
    nodes, group = np.unique(leaf, return_inverse=True)
    here = summarise(group, y, w, len(nodes))
    more, value = trees, trees.value.copy()
    value[nodes] = here.mean  # that of one class or number, where nothing is grown
    error = np.zeros(len(trees.feature))
    if here.mixed.any():
        own = np.flatnonzero(here.mixed[group])
        rank = np.cumsum(here.mixed) - 1
        made = grow(rank[group[own]], row[own], w[own])
        more = joined([replace(trees, value=value), made])
        columns = [column.copy() for column in (more.feature, more.threshold, more.left, more.right, more.value)]
        for column in columns:
            column[nodes[here.mixed]] = column[more.roots[len(trees.roots) :]]
        feature, threshold, left, right, known = columns
        more = PackedTrees(feature, threshold, left, right, known, trees.roots)
        said = more.value[descend(more, X, leaf[own], row[own])]
        wrong = (said - y[own])[:, 0] ** 2 if y.shape[1] == 1 else said.argmax(axis=1) != y[own].argmax(axis=1)
        error += np.bincount(leaf[own], w[own] * wrong, len(error))
    return (replace(trees, value=value) if more is trees else more), error


def transfer_structure(tree: Tree, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, *, numbers: bool = False) -> Tree:
    """STRUT of one tree, see `transfer_structure_all`; ``weight`` (m,) is positive."""
    return only(transfer_structure_all(pack([tree]), X, Y, weight[None], numbers=numbers))


def transfer_structure_all(
    trees: PackedTrees, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, *, numbers: bool = False
) -> PackedTrees:
    r"""STRUT: keep which column each node asks about, find its threshold anew on the target.

    Among the thresholds at which the information gain of the target's rows has a local maximum, take the one with the
    greatest divergence gain

    .. math:: DG = 1 - \sum_{side} \frac{|S_{side}|}{|S|}\, JSD(Q_{side}, Q^{source}_{side})

    also with the source's sides exchanged, where the children change places. Nodes with fewer than two target rows,
    with rows of one class, or with no threshold to choose become leaves; leaves answer with the target's distribution.
    All trees go through it together, level by level.

    Parameters
    ----------
    trees : PackedTrees
        T of the source; for numbers with ``spread``.
    X : ndarray of float32, shape (m, d)
    Y : ndarray of shape (m, K) or (m, 1)
    weight : ndarray of shape (T, m)
        Of each row in each tree; 0 where the tree does not know it. Every tree knows one.
    numbers : bool, default=False
        The target is a number: variance takes the place of entropy, and of the Jensen-Shannon divergence the squared
        Hellinger distance of normal distributions with the sides' means and variances, each domain in its own root's
        mean and standard deviation. The paper knows classes only.

    Notes
    -----
    Segev et al. (2017), as above, STRUT. Local maxima are sought among the places between distinct values.
    """
    group, row = np.nonzero(weight)
    w, y = weight[group, row], Y[row]
    known, seen = trees.value, y
    if numbers:
        root = summarise(group, y, w, len(weight))
        scale = np.sqrt(root.error / root.mass)
        seen = (y - root.mean[group]) / np.where(scale > 0, scale, 1.0)[group, None]
        known = _standardised(trees)
    source, made, levels = trees.roots, 0, []
    while len(source):
        n = len(source)
        here = summarise(group, y, w, n)
        feature, threshold = np.full(n, -1), np.zeros(n)
        open_ = (trees.feature[source] >= 0) & here.mixed
        kept = np.flatnonzero(open_[group])
        group, row, y, seen, w = group[kept], row[kept], y[kept], seen[kept], w[kept]
        column = X[row, trees.feature[source[group]]]
        sides = known[trees.left[source]], known[trees.right[source]]
        parted, where, turned = best_thresholds(group, column, seen, w, sides, numbers=numbers)
        feature[parted], threshold[parted] = trees.feature[source[parted]], where
        made += n
        left, right, place = children(parted, n, made)
        levels.append((feature, threshold, left, right, here.mean))
        kept = np.flatnonzero(place[group] >= 0)
        below = 2 * place[group] + (column > threshold[group])
        group, row, y, seen, w = below[kept], row[kept], y[kept], seen[kept], w[kept]
        first, second = trees.left[source[parted]], trees.right[source[parted]]
        source = np.column_stack([np.where(turned, second, first), np.where(turned, first, second)]).ravel()
    roots = np.arange(len(weight))
    feature, threshold, left, right, value = (np.concatenate(column) for column in zip(*levels, strict=True))
    return compact(PackedTrees(feature, threshold, left, right, value, roots))


def best_threshold(
    column: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    source: tuple[np.ndarray, np.ndarray],
    *,
    numbers: bool = False,
) -> tuple[float, bool] | None:
    """Threshold of one group of rows, see `best_thresholds`, and whether it is turned; None where values are the same.

    Parameters
    ----------
    column : ndarray of shape (m,)
    y : ndarray of shape (m, K) or (m, 1)
    weight : ndarray of shape (m,)
    source : pair of ndarray
        What the source had left and right: class shares (K,), or mean and variance (2,).
    numbers : bool
    """
    group = np.zeros(len(column), dtype=np.int64)
    sides = source[0][None], source[1][None]
    found, threshold, turned = best_thresholds(group, column, y, weight, sides, numbers=numbers)
    return (float(threshold[0]), bool(turned[0])) if len(found) else None


def best_thresholds(
    group: np.ndarray,
    column: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    source: tuple[np.ndarray, np.ndarray],
    *,
    numbers: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In each group the threshold with the greatest divergence gain among local maxima of the information gain.

    Parameters
    ----------
    group : ndarray of int, shape (p,)
        Group of each row.
    column : ndarray of shape (p,)
    y : ndarray of shape (p, K) or (p, 1)
    weight : ndarray of shape (p,)
    source : pair of ndarray
        What the source had left and right, by group: class shares (n, K), or mean and variance (n, 2).
    numbers : bool

    Returns
    -------
    groups : ndarray of int, shape (g,)
        Those whose values are not all the same.
    threshold : ndarray of shape (g,)
    turned : ndarray of bool, shape (g,)
        The source's sides fit better exchanged.
    """
    places = places_between(group, column, np.column_stack([y, y**2]) if numbers else y, weight)
    whole = places.mass[0] + places.mass[1]
    sides = []
    for mass, total in zip(places.mass, places.total, strict=True):
        share = total / mass[:, None]
        if numbers:
            share = np.column_stack([share[:, 0], np.maximum(share[:, 1] - share[:, 0] ** 2, 0.0)])
        sides.append((mass / whole, share))
    disorder = [size * (share[:, 1] if numbers else _entropy(share)) for size, share in sides]
    gain = -(disorder[0] + disorder[1])
    same = places.of[:-1] == places.of[1:]
    after = np.append(np.where(same, gain[1:], -np.inf), -np.inf)[: len(gain)]
    before = np.append(-np.inf, np.where(same, gain[:-1], -np.inf))[: len(gain)]
    peaks = np.flatnonzero((gain >= before) & (gain >= after))
    of, distance = places.of[peaks], hellinger if numbers else jensen_shannon
    straight, turned = (
        1.0 - sum(s[peaks] * distance(share[peaks], other[of]) for (s, share), other in zip(sides, pair, strict=True))
        for pair in (source, source[::-1])
    )
    best = first_best(of, np.maximum(straight, turned))
    return of[best], places.threshold[peaks[best]], turned[best] > straight[best]


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence in bits of rows p (c, K) from rows q (c, K) or one q (K,); in [0, 1].

    Examples
    --------
    >>> jensen_shannon(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.0, 1.0])).round(3).tolist()
    [1.0, 0.311]
    """
    return np.maximum(_entropy(0.5 * (p + q)) - 0.5 * (_entropy(p) + _entropy(np.atleast_2d(q))), 0.0)


def hellinger(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Squared Hellinger distance of normal distributions, rows of mean and variance p (c, 2) from q (c, 2); in [0, 1].

    Examples
    --------
    >>> hellinger(np.array([[0.0, 1.0], [9.0, 1.0]]), np.array([0.0, 1.0])).round(3).tolist()
    [0.0, 1.0]
    """
    first, second = np.maximum(p[:, 1], _LEAST_VARIANCE), np.maximum(q[..., 1], _LEAST_VARIANCE)
    both = first + second
    overlap = np.sqrt(2.0 * np.sqrt(first * second) / both) * np.exp(-0.25 * (p[:, 0] - q[..., 0]) ** 2 / both)
    return 1.0 - overlap


def _standardised(trees: PackedTrees) -> np.ndarray:
    """Mean and variance of each node in units of its own root's, (nodes, 2)."""
    root = trees.roots[np.searchsorted(trees.roots, np.arange(len(trees.feature)), side="right") - 1]
    spread = np.broadcast_to(trees.spread, len(trees.feature))
    scale = np.maximum(spread[root], 1e-300)
    return np.column_stack([(trees.value[:, 0] - trees.value[root, 0]) / np.sqrt(scale), spread / scale])


def _entropy(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(p > 0, p * np.log2(p), 0.0).sum(axis=1)
