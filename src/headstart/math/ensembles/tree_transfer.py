"""Refining a source's decision tree on target rows: structure expansion and reduction, structure transfer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from headstart.math.ensembles.trees import Tree, TreeBuilder

#: Grows a full tree on some of the target's rows, given by number.
Grow = Callable[[np.ndarray], Tree]

UNREACHED = ("keep", "prune")
_LEAST_VARIANCE = 1e-6


def expand_and_reduce(
    tree: Tree, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, grow: Grow, unreached: str = "keep"
) -> Tree:
    """SER: grow each leaf further on the target rows that reach it, then cut what the target does not need.

    Expansion: a leaf with target rows becomes a full tree of theirs. Reduction, from the leaves up: a node becomes a
    leaf where that errs on its target rows no more than its subtree does (misclassified weight; for numbers squared
    error).

    Parameters
    ----------
    tree : Tree
        Of the source.
    X : ndarray of float32, shape (m, d)
    Y : ndarray of shape (m, K) or (m, 1)
        One-hot classes, or numbers.
    weight : ndarray of shape (m,)
        Positive.
    grow : callable
        Row numbers -> tree of these rows.
    unreached : {"keep", "prune"}
        What to do with parts of the tree that no target row reaches: keep the source's, and cut no node above them; or
        let their parent's source distribution answer, as the authors' program does.

    Notes
    -----
    Segev, Harel, Mannor, Crammer and El-Yaniv (2017), Learn on source, refine on target, IEEE TPAMI 39:1811, SER.
    """
    build = TreeBuilder()

    def refine(node: int, rows: np.ndarray, parent: np.ndarray) -> float:
        if not len(rows):
            if unreached == "keep":
                build.graft(tree, node)
                return -np.inf  # nothing above it is cut
            build.add(parent)
            return 0.0
        y, w = Y[rows], weight[rows]
        if tree.feature[node] < 0:
            if _alike(y):
                build.add(y[0])
                return 0.0
            grown = grow(rows)
            root = build.graft(grown)
            return _subtree_error(build, root, X[rows], y, w)
        own = build.add(tree.value[node], int(tree.feature[node]), float(tree.threshold[node]))
        goes_left = X[rows, tree.feature[node]] <= tree.threshold[node]
        left = len(build.feature)
        error = refine(int(tree.left[node]), rows[goes_left], tree.value[node])
        right = len(build.feature)
        error += refine(int(tree.right[node]), rows[~goes_left], tree.value[node])
        build.join(own, left, right)
        as_leaf = leaf_error(y, w)
        if as_leaf <= error + 1e-12 * w.sum():
            build.cut(own, w @ y / w.sum())
            return as_leaf
        return error

    refine(0, np.arange(len(X)), tree.value[0])
    return build.tree()


def transfer_structure(tree: Tree, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, *, numbers: bool = False) -> Tree:
    r"""STRUT: keep which column each node asks about, find its threshold anew on the target.

    Among the thresholds at which the information gain of the target's rows has a local maximum, take the one with the
    greatest divergence gain

    .. math:: DG = 1 - \sum_{side} \frac{|S_{side}|}{|S|}\, JSD(Q_{side}, Q^{source}_{side})

    also with the source's sides exchanged, where the children change places. Nodes with fewer than two target rows,
    with rows of one class, or with no threshold to choose become leaves; leaves answer with the target's distribution.

    Parameters
    ----------
    tree : Tree
        Of the source; for numbers with ``spread``.
    X : ndarray of float32, shape (m, d)
    Y : ndarray of shape (m, K) or (m, 1)
    weight : ndarray of shape (m,)
        Positive.
    numbers : bool, default=False
        The target is a number: variance takes the place of entropy, and of the Jensen-Shannon divergence the squared
        Hellinger distance of normal distributions with the sides' means and variances, each domain in its own root's
        mean and standard deviation. The paper knows classes only.

    Notes
    -----
    Segev et al. (2017), as above, STRUT. Local maxima are sought among the places between distinct values.
    """
    build = TreeBuilder()
    mean, scale = 0.0, 1.0
    if numbers:
        mean = float(weight @ Y[:, 0] / weight.sum())
        scale = float(np.sqrt(weight @ (Y[:, 0] - mean) ** 2 / weight.sum())) or 1.0

    def refine(node: int, rows: np.ndarray) -> int:
        y, w = Y[rows], weight[rows]
        here = w @ y / w.sum()
        found = None
        if tree.feature[node] >= 0 and len(rows) >= 2 and not _alike(y):
            column = X[rows, tree.feature[node]].astype(np.float64)
            source = _sides(tree, node, numbers)
            found = best_threshold(column, (y - mean) / scale if numbers else y, w, source, numbers=numbers)
        if found is None:
            return build.add(here)
        threshold, turned = found
        own = build.add(here, int(tree.feature[node]), threshold)
        goes_left = column <= threshold
        first, second = int(tree.left[node]), int(tree.right[node])
        if turned:
            first, second = second, first
        left = refine(first, rows[goes_left])
        build.join(own, left, refine(second, rows[~goes_left]))
        return own

    refine(0, np.arange(len(X)))
    return build.tree()


def best_threshold(
    column: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    source: tuple[np.ndarray, np.ndarray],
    *,
    numbers: bool = False,
) -> tuple[float, bool] | None:
    """Threshold with the greatest divergence gain among local maxima of the information gain.

    Parameters
    ----------
    column : ndarray of shape (m,)
    y : ndarray of shape (m, K) or (m, 1)
    weight : ndarray of shape (m,)
    source : pair of ndarray
        What the source had left and right: class shares (K,), or mean and variance (2,).
    numbers : bool

    Returns
    -------
    (threshold, turned) or None
        ``turned``: the source's sides fit better exchanged. None where all values are the same.
    """
    order = np.argsort(column, kind="stable")
    x, sums = column[order], np.cumsum(weight[order, None] * y[order], axis=0)
    masses, squares = np.cumsum(weight[order]), np.cumsum(weight[order] * (y[order, 0] ** 2 if numbers else 0.0))
    places = np.flatnonzero(x[:-1] < x[1:])
    if not len(places):
        return None
    sides = []
    for mass, total, square in (
        (masses[places], sums[places], squares[places]),
        (masses[-1] - masses[places], sums[-1] - sums[places], squares[-1] - squares[places]),
    ):
        share = total / mass[:, None]
        if numbers:
            share = np.column_stack([share[:, 0], np.maximum(square / mass - share[:, 0] ** 2, 0.0)])
        sides.append((mass / masses[-1], share))
    disorder = [size * (share[:, 1] if numbers else _entropy(share)) for size, share in sides]
    gain = -(disorder[0] + disorder[1])
    padded = np.concatenate([[-np.inf], gain, [-np.inf]])
    peaks = np.flatnonzero((padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:]))
    distance = hellinger if numbers else jensen_shannon
    straight, turned = (
        1.0 - sum(size[peaks] * distance(share[peaks], other) for (size, share), other in zip(sides, pair, strict=True))
        for pair in (source, source[::-1])
    )
    either = np.maximum(straight, turned)
    k = int(np.argmax(either))
    i = places[peaks[k]]
    return float(0.5 * (x[i] + x[i + 1])), bool(turned[k] > straight[k])


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence in bits of rows p (c, K) from q (K,); in [0, 1].

    Examples
    --------
    >>> jensen_shannon(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.0, 1.0])).round(3).tolist()
    [1.0, 0.311]
    """
    return np.maximum(_entropy(0.5 * (p + q)) - 0.5 * (_entropy(p) + _entropy(q[None])), 0.0)


def hellinger(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Squared Hellinger distance of normal distributions: rows of mean and variance p (c, 2) from q (2,); in [0, 1].

    Examples
    --------
    >>> hellinger(np.array([[0.0, 1.0], [9.0, 1.0]]), np.array([0.0, 1.0])).round(3).tolist()
    [0.0, 1.0]
    """
    first, second = np.maximum(p[:, 1], _LEAST_VARIANCE), max(float(q[1]), _LEAST_VARIANCE)
    both = first + second
    overlap = np.sqrt(2.0 * np.sqrt(first * second) / both) * np.exp(-0.25 * (p[:, 0] - q[0]) ** 2 / both)
    return 1.0 - overlap


def leaf_error(y: np.ndarray, weight: np.ndarray, said: np.ndarray | None = None) -> float:
    """Misclassified weight of a leaf, or its squared error; it answers with ``said``, or with its own rows' mean.

    Parameters
    ----------
    y : ndarray of shape (m, K) or (m, 1)
    weight : ndarray of shape (m,)
    said : ndarray of shape (K,) or (1,), optional
    """
    said = weight @ y / weight.sum() if said is None else said
    if y.shape[1] == 1:
        return float(weight @ (y[:, 0] - said[0]) ** 2)
    return float(weight.sum() - weight @ y[:, int(np.argmax(said))])


def _sides(tree: Tree, node: int, numbers: bool) -> tuple[np.ndarray, np.ndarray]:
    """Distributions of the source left and right of a node."""
    left, right = int(tree.left[node]), int(tree.right[node])
    if not numbers:
        return tree.value[left], tree.value[right]
    scale = max(float(tree.spread[0]), 1e-300)
    mean, spread = (tree.value[:, 0] - tree.value[0, 0]) / np.sqrt(scale), tree.spread / scale
    return np.array([mean[left], spread[left]]), np.array([mean[right], spread[right]])


def _alike(y: np.ndarray) -> bool:
    return bool((y == y[0]).all())


def _entropy(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(p > 0, p * np.log2(p), 0.0).sum(axis=1)


def _subtree_error(build: TreeBuilder, root: int, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Error of the newest nodes, from ``root``, on their rows."""
    if build.feature[root] < 0:
        return leaf_error(y, weight, build.value[root])
    goes_left = X[:, build.feature[root]] <= build.threshold[root]
    return sum(
        _subtree_error(build, child, X[side], y[side], weight[side])
        for child, side in ((build.left[root], goes_left), (build.right[root], ~goes_left))
        if side.any()
    )
