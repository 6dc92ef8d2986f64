"""Decision trees as arrays: walking through them, many at once, and building them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Rows times trees that are walked at a time.
BLOCK = 1 << 21


@dataclass(frozen=True)
class Tree:
    """A binary tree; row x goes left where ``x[feature] <= threshold``.

    Attributes
    ----------
    feature : ndarray of int, shape (nodes,)
        -1 in leaves.
    threshold : ndarray of shape (nodes,)
    left, right : ndarray of int, shape (nodes,)
        Children; -1 in leaves. Node 0 is the root.
    value : ndarray of shape (nodes, K)
        Share of each class, or (nodes, 1) mean of a number.
    spread : ndarray of shape (nodes,)
        Variance of the number; 0 for classes.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class PackedTrees:
    """Several trees in one set of arrays, as in `Tree`, with the root of each; 0 for spreads that are not known."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    spread: np.ndarray | float = 0.0


def pack(trees: Sequence[Tree]) -> PackedTrees:
    """Put trees one behind another."""
    root = np.zeros(1, dtype=np.int64)
    each = (PackedTrees(t.feature, t.threshold, t.left, t.right, t.value, root, t.spread) for t in trees)
    return joined(list(each))


def joined(parts: Sequence[PackedTrees]) -> PackedTrees:
    """Put packed trees one behind another.

    Examples
    --------
    >>> stump = Tree(*map(np.array, ([0, -1, -1], [1.0, 0, 0], [1, -1, -1], [2, -1, -1], [[0.5], [0.0], [1.0]])), 0)
    >>> both = joined([pack([stump]), pack([stump])])
    >>> both.roots.tolist(), predict_trees(both, np.array([[0.0], [2.0]])).ravel().tolist()
    ([0, 3], [0.0, 1.0])
    """
    starts = np.cumsum([0, *(len(part.feature) for part in parts[:-1])])

    def moved(name: str) -> np.ndarray:
        columns = [getattr(part, name) for part in parts]
        return np.concatenate([np.where(c < 0, -1, c + start) for c, start in zip(columns, starts, strict=True)])

    return PackedTrees(
        np.concatenate([part.feature for part in parts]),
        np.concatenate([part.threshold for part in parts]),
        moved("left"),
        moved("right"),
        np.concatenate([part.value for part in parts]),
        moved("roots"),
        np.concatenate([np.broadcast_to(part.spread, len(part.feature)) for part in parts]),
    )


def compact(trees: PackedTrees) -> PackedTrees:
    """The nodes that can be reached alone, one tree behind another; without spreads."""
    found, owner = [trees.roots], [np.arange(len(trees.roots))]
    while len(found[-1]):
        inner = trees.feature[found[-1]] >= 0
        above, tree = found[-1][inner], owner[-1][inner]
        found.append(np.concatenate([trees.left[above], trees.right[above]]))
        owner.append(np.concatenate([tree, tree]))
    nodes, owners = np.concatenate(found), np.concatenate(owner)
    nodes = nodes[np.argsort(owners, kind="stable")]
    place = np.full(len(trees.feature) + 1, -1)  # the last entry stands for -1
    place[nodes] = np.arange(len(nodes))
    left, right, roots = place[trees.left[nodes]], place[trees.right[nodes]], place[trees.roots]
    return PackedTrees(trees.feature[nodes], trees.threshold[nodes], left, right, trees.value[nodes], roots)


def only(trees: PackedTrees) -> Tree:
    """The single tree of a pack."""
    n = len(trees.feature)
    return Tree(trees.feature, trees.threshold, trees.left, trees.right, trees.value, np.zeros(n))


def predict_trees(trees: PackedTrees, X: np.ndarray) -> np.ndarray:
    """Mean of the trees' leaf values.

    Parameters
    ----------
    trees : PackedTrees
    X : ndarray of shape (n, d)
        Compared in single precision, as scikit-learn does.

    Returns
    -------
    ndarray of shape (n, K)
    """
    rows = np.asarray(X, dtype=np.float32)
    said = np.empty((len(rows), trees.value.shape[1]))
    step = max(1, BLOCK // len(trees.roots))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        said[start : start + step] = trees.value[walk(trees, block)].mean(axis=1)
    return said


def walk(trees: PackedTrees | Tree, rows: np.ndarray) -> np.ndarray:
    """Leaf that each row reaches in each tree, (n, T); rows in single precision."""
    roots = trees.roots if isinstance(trees, PackedTrees) else np.zeros(1, dtype=np.int64)
    n, T = len(rows), len(roots)
    return descend(trees, rows, np.tile(roots, n), np.repeat(np.arange(n), T)).reshape(n, T)


def descend(trees: PackedTrees | Tree, rows: np.ndarray, node: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Leaf that is reached from each ``node`` (p,) by the row of that number ``row`` (p,)."""
    node = node.copy()
    open_ = np.flatnonzero(trees.feature[node] >= 0)
    while len(open_):
        node[open_] = one_down(trees, rows, node[open_], row[open_])
        open_ = open_[trees.feature[node[open_]] >= 0]
    return node


def one_down(trees: PackedTrees | Tree, rows: np.ndarray, node: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Child of each inner ``node`` (p,) to which the row of that number goes."""
    goes_left = rows[row, trees.feature[node]] <= trees.threshold[node]
    return np.where(goes_left, trees.left[node], trees.right[node])
