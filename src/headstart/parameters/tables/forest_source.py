"""scikit-learn's random forests, as something to borrow."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor

from headstart.errors import ParameterError
from headstart.math.ensembles.trees import Tree

KINDS = (RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor, ExtraTreesRegressor)


def check_forest(forest: Any) -> None:
    """Refuse what is no forest of scikit-learn, or none whose nodes know the variance of their numbers.

    Raises
    ------
    ParameterError
        Which names the allowed ones.
    """
    if not isinstance(forest, KINDS):
        raise ParameterError(
            f"Expected a random forest of scikit-learn, found {type(forest).__name__}.",
            f"Give one of {', '.join(kind.__name__ for kind in KINDS)}.",
        )
    if isinstance(forest, KINDS[2:]) and forest.criterion not in ("squared_error", "friedman_mse"):
        raise ParameterError(f"Expected a forest with criterion='squared_error', found {forest.criterion!r}.")


def read_tree(tree: Any, known: np.ndarray | None, width: int) -> Tree:
    """A tree of scikit-learn as plain arrays.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
    known : ndarray of int or None
        Columns, among ``width``, of the classes that it knows; None for numbers.
    width : int
        K, or 1 for numbers.
    """
    value = np.zeros((tree.node_count, width))
    own = np.asarray(tree.value[:, 0, :], dtype=np.float64)
    spread = np.zeros(tree.node_count)
    if known is None:
        value[:], spread = own, np.asarray(tree.impurity, dtype=np.float64)
    else:
        value[:, np.asarray(known, dtype=np.int64)] = own / own.sum(axis=1, keepdims=True)
    leaf = tree.children_left < 0
    return Tree(
        np.where(leaf, -1, tree.feature).astype(np.int64),
        np.where(leaf, 0.0, tree.threshold),
        np.where(leaf, -1, tree.children_left).astype(np.int64),
        np.where(leaf, -1, tree.children_right).astype(np.int64),
        value,
        spread,
    )
