"""What scikit-learn keeps in compiled code: trees as plain arrays, checked before compiled code walks through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree._tree import NODE_DTYPE, Tree

from headstart.errors import OutputError, SourceError


@dataclass(frozen=True)
class Native:
    """How objects of one compiled class are taken apart and put together.

    Parameters
    ----------
    names : tuple of str
        Of its parts.
    parts : callable
        Object -> dict of the parts.
    build : callable
        Dict of the parts -> object; checks them.
    """

    cls: type
    names: tuple[str, ...]
    parts: Callable[[Any], dict[str, Any]]
    build: Callable[[dict[str, Any]], Any]

    def holds(self, value: Any) -> bool:
        """Whether an object is of this very class."""
        return type(value) is self.cls


def check_tree(
    left: np.ndarray, right: np.ndarray, leaf: np.ndarray, feature: np.ndarray, n_features: int, roots: Any = (0,)
) -> int:
    """Refuse nodes that would lead a walk out of their arrays or round in circles.

    Parameters
    ----------
    left, right : array of int, shape (nodes,)
        Children, each behind its parent; not looked at in leaves.
    leaf : array of bool, shape (nodes,)
    feature : array of int, shape (nodes,)
        Column that a node asks about.
    n_features : int
        Columns that rows have.
    roots : sequence of int, default=(0,)

    Returns
    -------
    int
        Depth: edges from a root to its farthest leaf.

    Raises
    ------
    SourceError

    Examples
    --------
    >>> check_tree(np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([0, 1, 1]) > 0, np.array([0, -2, -2]), 3)
    1
    """
    n, inner = len(leaf), np.flatnonzero(~leaf)
    if not n or any(array.shape != (n,) or array.dtype.kind not in "iub" for array in (left, right, leaf, feature)):
        raise _odd("nodes of other lengths or types")
    starts, children = np.asarray(roots, dtype=np.int64), np.concatenate([left[inner], right[inner]]).astype(np.int64)
    ends = np.concatenate([children, starts])
    if len(ends) and (ends.min() < 0 or ends.max() >= n or len(np.unique(ends)) < len(ends)):
        raise _odd("nodes that lead nowhere")
    if (children <= np.tile(inner, 2)).any():
        raise _odd("nodes that lead back")
    asked = feature[inner].astype(np.int64)
    if len(asked) and (asked.min() < 0 or asked.max() >= n_features):
        raise _odd(f"nodes that ask about a column beyond {n_features}")
    depth, here = 0, starts[~leaf[starts]]
    while len(here):
        below = np.concatenate([left[here], right[here]]).astype(np.int64)
        depth, here = depth + 1, below[~leaf[below]]
    return depth


def _tree_parts(tree: Any) -> dict[str, Any]:
    _, (n_features, n_classes, n_outputs), state = tree.__reduce__()
    nodes = {name: np.ascontiguousarray(state["nodes"][name]) for name in NODE_DTYPE.names}
    return {
        "n_features": int(n_features),
        "n_classes": np.asarray(n_classes),
        "n_outputs": int(n_outputs),
        "max_depth": int(state["max_depth"]),
        "values": state["values"],
        "nodes": nodes,
    }


def _tree(parts: dict[str, Any]) -> Any:
    nodes, values, n_classes = _records(parts["nodes"], NODE_DTYPE), parts["values"], parts["n_classes"]
    columns, outputs, depth = (parts[name] for name in ("n_features", "n_outputs", "max_depth"))
    if not all(type(number) is int and 0 <= number < 2**31 for number in (columns, outputs, depth)):
        raise _odd("a tree without its sizes")
    if n_classes.dtype.kind not in "iu" or n_classes.shape != (outputs,) or outputs < 1 or n_classes.min() < 1:
        raise _odd("a tree with other classes")
    if values.dtype != np.float64 or values.shape != (len(nodes), outputs, int(n_classes.max())):
        raise _odd("a tree with values for other nodes")
    leaf = nodes["left_child"] == -1
    if check_tree(nodes["left_child"], nodes["right_child"], leaf, nodes["feature"], columns) != depth:
        raise _odd("a tree of another depth than it says")
    found = Tree(columns, n_classes.astype(np.intp), outputs)
    found.__setstate__({"max_depth": depth, "node_count": len(nodes), "nodes": nodes, "values": values})
    return found


def _boosted_parts(predictor: Any) -> dict[str, Any]:
    return {"nodes": {name: np.ascontiguousarray(predictor.nodes[name]) for name in PREDICTOR_RECORD_DTYPE.names}}


def _boosted(parts: dict[str, Any]) -> Any:
    nodes, none = _records(parts["nodes"], PREDICTOR_RECORD_DTYPE), np.zeros((0, 8), dtype=np.uint32)
    if nodes["is_categorical"].any():
        raise _odd("boosted trees that ask about categories")
    return TreePredictor(nodes, none, none)


def _records(fields: Any, dtype: Any) -> np.ndarray:
    """Columns of nodes as records, where every one is there, of its type and of one length."""
    arrays = isinstance(fields, dict) and all(isinstance(field, np.ndarray) for field in fields.values())
    if not arrays or set(fields) != set(dtype.names):
        raise _odd(f"nodes with {', '.join(map(str, fields)) or 'nothing'}")
    n = len(fields[dtype.names[0]])
    found = np.empty(n, dtype=dtype)
    for name in dtype.names:
        if fields[name].shape != (n,) or fields[name].dtype != dtype[name]:
            raise _odd(f"nodes with another kind of {name}")
        found[name] = fields[name]
    return found


def _neighbour_parts(model: Any) -> dict[str, Any]:
    settings = model.get_params(deep=False)
    if not hasattr(model, "_y"):
        return {"settings": settings}
    if np.ndim(model._y) > 1:
        raise OutputError("Expected neighbours of one label each to save, found several.", "Leave this candidate out.")
    answers = model.classes_[model._y] if hasattr(model, "classes_") else model._y
    return {"settings": settings, "rows": model._fit_X, "answers": answers}


def _neighbours(cls: type) -> Callable[[dict[str, Any]], Any]:
    def build(parts: dict[str, Any]) -> Any:
        found = cls(**parts["settings"])
        return found.fit(parts["rows"], parts["answers"]) if "rows" in parts else found

    return build


_KNN = ("settings", "rows", "answers")
#: Short name -> how such an object is taken apart and built.
NATIVE: dict[str, Native] = {
    "TreeNodes": Native(
        Tree, ("n_features", "n_classes", "n_outputs", "max_depth", "values", "nodes"), _tree_parts, _tree
    ),
    "BoostedTree": Native(TreePredictor, ("nodes",), _boosted_parts, _boosted),
    "KNeighborsClassifier": Native(KNeighborsClassifier, _KNN, _neighbour_parts, _neighbours(KNeighborsClassifier)),
    "KNeighborsRegressor": Native(KNeighborsRegressor, _KNN, _neighbour_parts, _neighbours(KNeighborsRegressor)),
}


def check_object(name: str, made: Any) -> None:
    """What must hold between the parts of an object before it is used; a boosted model gets its loss back.

    Raises
    ------
    SourceError
        If its trees take other rows than it says.
    """
    held = vars(made)
    width = held.get("n_features_in_")
    if name.startswith(("DecisionTree", "ExtraTree", "RandomForest")):
        trees = held.get("estimators_", [made] if "tree_" in held else [])
        if any(vars(tree)["tree_"].n_features != width for tree in trees):
            raise _odd("trees of rows with other columns")
    elif name.startswith("HistGradientBoosting") and "_predictors" in held:
        for predictor in (one for step in held["_predictors"] for one in step):
            nodes, columns = predictor.nodes, width if type(width) is int else 0
            check_tree(nodes["left"], nodes["right"], nodes["is_leaf"] != 0, nodes["feature_idx"], columns)
        held["_loss"] = made._get_loss(sample_weight=None)
    elif name.startswith("TransferForest") and "feature_" in held:
        feature = held["feature_"]
        columns = width if held.get("preprocess_") is None else int(feature.max(initial=0)) + 1
        children = held["children_left_"], held["children_right_"]
        check_tree(*children, feature < 0, feature, columns, held["roots_"])


def _odd(what: str) -> SourceError:
    return SourceError(
        f"Expected trees that headstart saved, found {what}.",
        "The file is damaged, or was not written by headstart; do not trust it.",
    )
