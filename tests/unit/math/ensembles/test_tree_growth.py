"""Trees that are grown together, against scikit-learn's, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from headstart.math.ensembles import tree_growth
from headstart.math.ensembles.groups import first_best, places_between, summarise
from headstart.math.ensembles.tree_growth import grow_trees
from headstart.math.ensembles.trees import PackedTrees, predict_trees


def one(trees: PackedTrees, g: int, X: np.ndarray) -> np.ndarray:
    alone = PackedTrees(
        *(getattr(trees, c) for c in ("feature", "threshold", "left", "right", "value")), trees.roots[[g]]
    )
    return predict_trees(alone, X)


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("block", [1 << 21, 60])
def test_each_group_gets_the_tree_of_scikit_learn(numbers: bool, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_growth, "BLOCK", block)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 1)).astype(np.float32)  # of one column no draw and no tie decides
    y = np.sin(3 * X[:, 0]) if numbers else np.digitize(X[:, 0] + rng.normal(size=90), [-0.5, 0.5])
    group, weight = rng.permutation(np.arange(90) % 3), rng.uniform(0.5, 2, 90)
    new = rng.normal(size=(200, 1)).astype(np.float32)
    trees = grow_trees(group, X, y[:, None] if numbers else np.eye(3)[y], weight, 1, np.random.default_rng(0))
    assert len(trees.roots) == 3
    for g in range(3):
        own = group == g
        tree = DecisionTreeRegressor() if numbers else DecisionTreeClassifier()
        tree.fit(X[own], y[own], weight[own])
        wanted = tree.predict(new)[:, None] if numbers else tree.predict_proba(new)
        assert np.allclose(one(trees, g, new), wanted)


def test_columns_are_drawn_and_constant_ones_passed_over() -> None:
    rng = np.random.default_rng(1)
    X = np.zeros((200, 6), dtype=np.float32)
    X[:, 4] = np.arange(200)
    Y = np.eye(2)[(X[:, 4] > 99).astype(int)]
    trees = grow_trees(np.zeros(200, dtype=int), X, Y, np.ones(200), 1, rng)
    assert trees.feature.tolist() == [4, -1, -1] and trees.threshold[0] == 99.5
    both = np.column_stack([np.arange(60), np.arange(60)]).astype(np.float32)
    groups, Z = np.repeat(np.arange(40), 60), np.tile(both, (40, 1))
    found = grow_trees(groups, Z, np.eye(2)[(Z[:, 0] > 29).astype(int)], np.ones(2400), 1, rng)
    assert set(found.feature[found.roots]) == {0, 1}


def test_rows_that_nothing_tells_apart_share_a_leaf() -> None:
    X, Y = np.ones((5, 2), dtype=np.float32), np.eye(2)[[0, 1, 1, 1, 1]]
    trees = grow_trees(np.zeros(5, dtype=int), X, Y, np.ones(5), 2, np.random.default_rng(0))
    assert trees.feature.tolist() == [-1] and np.allclose(trees.value, [[0.2, 0.8]])


def test_groups_are_summed_by_themselves() -> None:
    rng = np.random.default_rng(2)
    group, column, y = rng.integers(0, 4, 50), rng.integers(0, 9, 50).astype(float), np.eye(3)[rng.integers(0, 3, 50)]
    weight = rng.uniform(1, 2, 50)
    here, places = summarise(group, y, weight, 4), places_between(group, column, y, weight)
    for g in range(4):
        own = group == g
        assert here.mean[g] == pytest.approx(weight[own] @ y[own] / weight[own].sum())
        assert here.error[g] == pytest.approx(weight[own].sum() - (weight[own] @ y[own]).max())
        values = np.unique(column[own])
        assert np.allclose(places.threshold[places.of == g], 0.5 * (values[1:] + values[:-1]))
    for c, threshold in enumerate(places.threshold):
        for side, way in enumerate((column <= threshold, column > threshold)):
            own = way & (group == places.of[c])
            assert places.total[side][c] == pytest.approx(weight[own] @ y[own])
            assert places.mass[side][c] == pytest.approx(weight[own].sum())
    assert first_best(np.zeros(0, dtype=int), np.zeros(0)).tolist() == []
