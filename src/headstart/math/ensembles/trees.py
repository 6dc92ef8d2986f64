"""Decision trees as arrays: walking through them, many at once, and building them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass
class TreeBuilder:
    """Nodes are added one by one; a node's children may be named later.

    Examples
    --------
    >>> build = TreeBuilder()
    >>> root = build.add(np.array([0.5]), feature=0, threshold=1.0)
    >>> build.join(root, build.add(np.array([0.0])), build.add(np.array([1.0])))
    >>> predict_trees(pack([build.tree()]), np.array([[0.0], [2.0]])).ravel().tolist()
    [0.0, 1.0]
    """

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    value: list[np.ndarray] = field(default_factory=list)

    def add(self, value: np.ndarray, feature: int = -1, threshold: float = 0.0) -> int:
        """A new node; its number."""
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(-1)
        self.right.append(-1)
        self.value.append(value)
        return len(self.feature) - 1

    def join(self, node: int, left: int, right: int) -> None:
        """Name the children of a node."""
        self.left[node], self.right[node] = left, right

    def cut(self, node: int, value: np.ndarray) -> None:
        """Make the newest nodes after ``node`` vanish, and it a leaf."""
        for column in (self.feature, self.threshold, self.left, self.right, self.value):
            del column[node:]
        self.add(value)

    def graft(self, tree: Tree, node: int = 0) -> int:
        """Copy a subtree as it is; the number of its root here."""
        own = self.add(tree.value[node], int(tree.feature[node]), float(tree.threshold[node]))
        if tree.feature[node] >= 0:
            left = self.graft(tree, int(tree.left[node]))
            self.join(own, left, self.graft(tree, int(tree.right[node])))
        return own

    def tree(self) -> Tree:
        """What was built; without spreads."""
        return Tree(
            np.array(self.feature, dtype=np.int64),
            np.array(self.threshold, dtype=np.float64),
            np.array(self.left, dtype=np.int64),
            np.array(self.right, dtype=np.int64),
            np.array(self.value, dtype=np.float64),
            np.zeros(len(self.feature)),
        )


@dataclass(frozen=True)
class PackedTrees:
    """Several trees in one set of arrays, as in `Tree`, with the root of each."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray


def pack(trees: Sequence[Tree]) -> PackedTrees:
    """Put trees one behind another."""
    starts = np.cumsum([0, *(len(tree.feature) for tree in trees[:-1])])

    def children(name: str) -> np.ndarray:
        parts = [getattr(tree, name) for tree in trees]
        return np.concatenate([np.where(part < 0, -1, part + start) for part, start in zip(parts, starts, strict=True)])

    return PackedTrees(
        np.concatenate([tree.feature for tree in trees]),
        np.concatenate([tree.threshold for tree in trees]),
        children("left"),
        children("right"),
        np.concatenate([tree.value for tree in trees]),
        starts,
    )


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
    node = np.tile(roots, n)
    open_ = np.flatnonzero(trees.feature[node] >= 0)
    while len(open_):
        here = node[open_]
        goes_left = rows[open_ // T, trees.feature[here]] <= trees.threshold[here]
        node[open_] = np.where(goes_left, trees.left[here], trees.right[here])
        open_ = open_[trees.feature[node[open_]] >= 0]
    return node.reshape(n, T)
