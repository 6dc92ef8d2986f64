"""Trees as one node of a graph: scikit-learn's, boosted ones, and headstart's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import numpy_helper

from headstart.errors import OutputError
from headstart.models.exporting.graph import ML, Graph, Value


@dataclass(frozen=True)
class Nodes:
    """One tree, node 0 its root.

    Attributes
    ----------
    left, right : ndarray of int, (nodes,)
        Children; not looked at in leaves.
    leaf : ndarray of bool, (nodes,)
    feature, threshold : ndarray, (nodes,)
        To the left goes what is at most the threshold.
    missing_left : ndarray of bool, (nodes,)
        Whether NaN goes to the left.
    value : ndarray of float, (nodes, K)
        What a leaf says.
    """

    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray


def sum_of_trees(graph: Graph, rows: Value, trees: Sequence[Nodes]) -> Value:
    """What all trees say, added up, (n, K) in float64; rows (n, d) in float64.

    A tree's answers are added in float32, which is how runtimes add them; the rows are compared in float64.
    """
    sizes = [len(tree.leaf) for tree in trees]
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    node_of = np.concatenate([np.arange(size) for size in sizes])
    leaf = np.concatenate([tree.leaf for tree in trees])
    n_targets = trees[0].value.shape[1]

    def of_inner(name: str, dtype: Any) -> np.ndarray:
        return np.where(leaf, 0, np.concatenate([getattr(tree, name) for tree in trees])).astype(dtype)

    leaves = np.flatnonzero(leaf)
    values = np.concatenate([tree.value for tree in trees])[leaves]
    said = graph.node(
        "TreeEnsembleRegressor",
        rows,
        domain=ML,
        dtype=np.float32,
        nodes_treeids=tree_of.tolist(),
        nodes_nodeids=node_of.tolist(),
        nodes_featureids=of_inner("feature", np.int64).tolist(),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_values_as_tensor=numpy_helper.from_array(of_inner("threshold", np.float64), "thresholds"),
        nodes_truenodeids=of_inner("left", np.int64).tolist(),
        nodes_falsenodeids=of_inner("right", np.int64).tolist(),
        nodes_missing_value_tracks_true=of_inner("missing_left", np.int64).tolist(),
        target_treeids=np.repeat(tree_of[leaves], n_targets).tolist(),
        target_nodeids=np.repeat(node_of[leaves], n_targets).tolist(),
        target_ids=np.tile(np.arange(n_targets), len(leaves)).tolist(),
        target_weights_as_tensor=numpy_helper.from_array(values.astype(np.float64).ravel(), "answers"),
        n_targets=n_targets,
        aggregate_function="SUM",
        post_transform="NONE",
    )
    return said.cast(np.float64)


def single(rows: Value) -> Value:
    """Rows as scikit-learn's trees see them: rounded to single precision."""
    return rows.cast(np.float32).cast(np.float64)


def of_scikit(tree: Any, classes: bool) -> Nodes:
    """The nodes of a fitted tree of scikit-learn; of classes their shares."""
    inner = tree.tree_
    if inner.n_outputs > 1:
        raise OutputError("Expected trees of one answer a row, found trees of several labels.", _ELSE)
    value = inner.value[:, 0, :]
    if classes:
        value = value / value.sum(axis=1, keepdims=True)
    leaf = inner.children_left == -1
    missing = getattr(inner, "missing_go_to_left", np.zeros(len(leaf), bool)).astype(bool)
    left, right = inner.children_left, inner.children_right
    return Nodes(left, right, leaf, inner.feature, inner.threshold, missing, value)


def of_boosted(predictor: Any) -> Nodes:
    """The nodes of a tree of histogram gradient boosting."""
    nodes = predictor.nodes
    return Nodes(
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        nodes["is_leaf"] != 0,
        nodes["feature_idx"].astype(np.int64),
        nodes["num_threshold"],
        nodes["missing_go_to_left"] != 0,
        nodes["value"][:, None],
    )


def of_packed(forest: Any) -> list[Nodes]:
    """The trees of a fitted `TransferForestClassifier` or `TransferForestRegressor`."""
    ends = np.append(np.asarray(forest.roots_)[1:], len(forest.feature_))
    found = []
    for start, end in zip(np.asarray(forest.roots_), ends, strict=True):
        part = slice(int(start), int(end))
        feature = forest.feature_[part]
        left, right = (np.asarray(child)[part] - start for child in (forest.children_left_, forest.children_right_))
        none = np.zeros(len(feature), bool)
        found.append(Nodes(left, right, feature < 0, feature, forest.threshold_[part], none, forest.values_[part]))
    return found


_ELSE = "Hand the model's folder on as it is, or fit each label by itself."
