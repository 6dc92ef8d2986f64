"""Transfer of decision trees against a recursive rewrite, and against scikit-learn where nothing is transferred."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from headstart.math.ensembles.tree_transfer import (
    best_threshold,
    expand_and_reduce,
    expand_and_reduce_all,
    jensen_shannon,
    transfer_structure,
    transfer_structure_all,
)
from headstart.math.ensembles.trees import Tree, pack, predict_trees, walk
from headstart.parameters.tables.forest_source import read_tree


def rows(n: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)).astype(np.float32)
    y = np.digitize(X[:, 0] + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=n) + shift, [-0.7, 0.7])
    return X, y


def source_tree(depth: int = 4, numbers: bool = False) -> Tree:
    X, y = rows(300, 0)
    if numbers:
        return read_tree(DecisionTreeRegressor(max_depth=depth, random_state=0).fit(X, y).tree_, None, 1)
    return read_tree(DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y).tree_, np.arange(3), 3)


def grower(X, Y, weight, numbers=False):
    def grow(part):
        if numbers:
            fitted = DecisionTreeRegressor(random_state=0).fit(X[part], Y[part, 0], weight[part])
            return read_tree(fitted.tree_, None, 1)
        fitted = DecisionTreeClassifier(random_state=0).fit(X[part], Y[part].argmax(1), weight[part])
        return read_tree(fitted.tree_, fitted.classes_, Y.shape[1])

    return grow


def test_walking_packed_trees_is_what_scikit_learn_does() -> None:
    X, y = rows(200, 1)
    forest = RandomForestClassifier(7, random_state=0).fit(X, y)
    trees = [read_tree(tree.tree_, np.arange(3), 3) for tree in forest.estimators_]
    assert np.allclose(predict_trees(pack(trees), X), forest.predict_proba(X))
    assert np.array_equal(walk(trees[0], X)[:, 0], forest.estimators_[0].apply(X))


def slow_ser(tree: Tree, node: int, X, y, weight, K: int, unreached: str, parent):
    """SER as nested tuples: ("leaf", shares) or ("node", feature, threshold, left, right); with its error."""
    if len(y) == 0:
        return (copied(tree, node), -np.inf) if unreached == "keep" else (("leaf", parent), 0.0)
    shares = np.bincount(y, weight, minlength=K) / weight.sum()
    if tree.feature[node] < 0:
        if len(set(y)) == 1:
            return ("leaf", shares), 0.0
        grown = grower(X, np.eye(K)[y], weight)(np.arange(len(y)))
        wrong = grown.value[walk(grown, X)[:, 0]].argmax(1) != y
        return copied(grown, 0), float(weight[wrong].sum())
    f, t = int(tree.feature[node]), tree.threshold[node]
    side = X[:, f] <= t
    value = tree.value[node]
    left, e1 = slow_ser(tree, tree.left[node], X[side], y[side], weight[side], K, unreached, value)
    right, e2 = slow_ser(tree, tree.right[node], X[~side], y[~side], weight[~side], K, unreached, value)
    as_leaf = weight.sum() - np.bincount(y, weight).max()
    return (("leaf", shares), as_leaf) if as_leaf <= e1 + e2 + 1e-9 else (("node", f, t, left, right), e1 + e2)


def copied(tree: Tree, node: int):
    if tree.feature[node] < 0:
        return "leaf", tree.value[node]
    left, right = (copied(tree, child[node]) for child in (tree.left, tree.right))
    return "node", int(tree.feature[node]), tree.threshold[node], left, right


def answer(nested, x: np.ndarray) -> np.ndarray:
    while nested[0] == "node":
        nested = nested[3] if x[nested[1]] <= nested[2] else nested[4]
    return nested[1]


@pytest.mark.parametrize("unreached", ["keep", "prune"])
@pytest.mark.parametrize("m", [1, 6, 40])
def test_expansion_and_reduction_follow_a_recursive_rewrite(m: int, unreached: str) -> None:
    X, y = rows(m, 5, shift=0.4)
    weight = np.random.default_rng(0).uniform(0.5, 2, m)
    tree, Y = source_tree(), np.eye(3)[y]
    made = expand_and_reduce(tree, X, Y, weight, grower(X, Y, weight), unreached)
    slow, _ = slow_ser(tree, 0, X, y, weight, 3, unreached, tree.value[0])
    new = rows(300, 9)[0]
    assert np.allclose(predict_trees(pack([made]), new), [answer(slow, x) for x in new])
    assert (predict_trees(pack([made]), X).argmax(1) == y).all()


def slow_jsd(p, q):
    total = 0.0
    for a, b in zip(p, q, strict=True):
        m = (a + b) / 2
        total += (a * np.log2(a / m) if a else 0) / 2 + (b * np.log2(b / m) if b else 0) / 2
    return total


def slow_strut(tree: Tree, node: int, X, y, weight, K: int):
    shares = np.bincount(y, weight, minlength=K) / weight.sum()
    if tree.feature[node] < 0 or len(y) < 2 or len(set(y)) == 1:
        return "leaf", shares
    f, q = int(tree.feature[node]), [tree.value[tree.left[node]], tree.value[tree.right[node]]]
    places = np.unique(X[:, f].astype(float))
    table = []
    for a, b in pairwise(places):
        t = (a + b) / 2
        masks = [X[:, f] <= t, X[:, f] > t]
        size = [weight[m].sum() / weight.sum() for m in masks]
        p = [np.bincount(y[m], weight[m], minlength=K) / weight[m].sum() for m in masks]
        entropy = [-sum(v * np.log2(v) for v in part if v > 0) for part in p]
        gain = -(size[0] * entropy[0] + size[1] * entropy[1])
        straight = 1 - sum(size[i] * slow_jsd(p[i], q[i]) for i in (0, 1))
        turned = 1 - sum(size[i] * slow_jsd(p[i], q[1 - i]) for i in (0, 1))
        table.append((gain, max(straight, turned), t, turned > straight))
    if not table:
        return "leaf", shares
    peaks = [
        row
        for i, row in enumerate(table)
        if (i == 0 or table[i - 1][0] <= row[0]) and (i == len(table) - 1 or table[i + 1][0] <= row[0])
    ]
    _, _, t, turned = max(peaks, key=lambda row: row[1])
    children = (tree.right[node], tree.left[node]) if turned else (tree.left[node], tree.right[node])
    left, right = (
        slow_strut(tree, child, X[m], y[m], weight[m], K)
        for child, m in zip(children, (X[:, f] <= t, X[:, f] > t), strict=True)
    )
    return "node", f, t, left, right


@pytest.mark.parametrize("m", [1, 8, 60])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_structure_transfer_follows_a_recursive_rewrite(seed: int, m: int) -> None:
    X, y = rows(m, seed, shift=0.4)
    X[:, 1] = np.round(X[:, 1], 1)
    weight = np.random.default_rng(0).uniform(0.5, 2, m)
    tree = source_tree()
    made = transfer_structure(tree, X, np.eye(3)[y], weight)
    slow = slow_strut(tree, 0, X, y, weight, 3)
    new = rows(300, 9)[0]
    assert np.allclose(predict_trees(pack([made]), new), [answer(slow, x) for x in new])


def test_structure_transfer_finds_a_shifted_and_a_mirrored_threshold() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(400, 1)).astype(np.float32)
    stump = DecisionTreeClassifier(max_depth=1).fit(X, X[:, 0] > 0.2)
    tree = read_tree(stump.tree_, np.arange(2), 2)
    for mirror in (1, -1):
        Z = mirror * X + 5
        Y = np.eye(2)[(X[:, 0] > 0.2).astype(int)]
        made = transfer_structure(tree, Z, Y, np.ones(400))
        assert (predict_trees(pack([made]), Z).argmax(1) == Y.argmax(1)).all()
        assert abs(made.threshold[0] - (5 + mirror * 0.2)) < 0.02


def test_numbers_are_refined_too() -> None:
    X, _ = rows(80, 2)
    y = np.where(X[:, 0] > 0.5, 3.0, -1.0)
    stump = DecisionTreeRegressor(max_depth=1).fit(X - 2, y * 10 + 100)
    tree = read_tree(stump.tree_, None, 1)
    moved = transfer_structure(tree, X, y[:, None], np.ones(80), numbers=True)
    assert np.allclose(predict_trees(pack([moved]), X)[:, 0], y)
    Y, w = y[:, None], np.ones(80)
    grown = expand_and_reduce(tree, X, Y, w, grower(X, Y, w, numbers=True))
    assert np.allclose(predict_trees(pack([grown]), X)[:, 0], y)


def test_no_threshold_among_equal_values() -> None:
    side = np.array([1.0, 0.0])
    assert best_threshold(np.ones(4), np.eye(2)[[0, 1, 0, 1]], np.ones(4), (side, side)) is None


def test_divergence_is_bounded_and_symmetric() -> None:
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(4) * 0.2, 50)
    for p, q in zip(P[:25], P[25:], strict=True):
        found = float(jensen_shannon(p[None], q)[0])
        assert 0 <= found <= 1 and found == pytest.approx(float(jensen_shannon(q[None], p)[0]))
        assert found == pytest.approx(slow_jsd(p, q), abs=1e-12)


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("unreached", ["keep", "prune"])
def test_trees_refined_together_are_those_refined_one_by_one(numbers: bool, unreached: str) -> None:
    X, y = rows(50, 5, shift=0.4)
    trees = [source_tree(depth, numbers) for depth in (1, 3, 6)]
    Y = y[:, None].astype(float) if numbers else np.eye(3)[y]
    weight = np.random.default_rng(0).integers(0, 3, (len(trees), 50)).astype(float)
    moved = transfer_structure_all(pack(trees), X, Y, weight, numbers=numbers)
    new = rows(300, 9)[0]

    def grow_all(group, row, held):
        each = [
            grower(X[row[group == g]], Y[row[group == g]], held[group == g], numbers) for g in range(group.max() + 1)
        ]
        return pack([grow(np.arange((group == g).sum())) for g, grow in enumerate(each)])

    grown = expand_and_reduce_all(pack(trees), X, Y, weight, grow_all, unreached)
    strut, ser = [], []
    for tree, drawn in zip(trees, weight, strict=True):
        part = X[drawn > 0], Y[drawn > 0], drawn[drawn > 0]
        strut.append(transfer_structure(tree, *part, numbers=numbers))
        ser.append(expand_and_reduce(tree, *part, grower(*part, numbers), unreached))
    assert np.allclose(predict_trees(moved, new), predict_trees(pack(strut), new))
    assert np.allclose(predict_trees(grown, new), predict_trees(pack(ser), new))
    assert len(grown.feature) == sum(len(tree.feature) for tree in ser)  # nothing unreachable is kept
