"""The solved logistic head against scikit-learn, closed forms and its own optimality conditions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from headstart.math.linear import logistic
from headstart.math.linear.batched_lbfgs import Problems
from headstart.math.linear.logistic import (
    PENALTIES,
    UNTOLD,
    compare_penalties,
    log_losses,
    solve_folds,
    solve_logistic,
)
from headstart.math.linear.row_space import row_space


def problem(n: int, d: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.normal(size=(classes, d))[y] * 0.5 + rng.normal(size=(n, d)), y


def strength(X: np.ndarray) -> float:
    return float(((X - X.mean(axis=0)) ** 2).sum() / len(X))


@settings(max_examples=15)
@given(n=st.integers(12, 60), d=st.integers(1, 80), classes=st.integers(2, 5), seed=st.integers(0, 99))
def test_gradient_vanishes_at_the_solution(n: int, d: int, classes: int, seed: int) -> None:
    X, y = problem(n, d, classes, seed)
    Y, weight = np.eye(classes)[y], np.random.default_rng(seed).uniform(0.2, 2, n)
    s = solve_logistic(X, Y, sample_weight=weight, penalties=[1e-2])
    residual = weight[:, None] * (softmax(X @ s.coef + s.intercept, axis=1) - Y)
    gradient = X.T @ residual + 1e-2 * strength(X) * s.coef
    scale = np.abs(X.T @ (weight[:, None] * (1 / classes - Y))).max()
    assert np.abs(gradient).max() < 1e-3 * scale
    assert np.abs(residual.sum(axis=0)).max() < 1e-3 * n


def test_agrees_with_scikit_learn() -> None:
    X, y = problem(90, 20, 3, seed=1)
    s = solve_logistic(X, np.eye(3)[y], penalties=[0.01])
    peer = LogisticRegression(C=1 / (0.01 * strength(X)), tol=1e-10, max_iter=5000).fit(X, y)
    assert np.allclose(softmax(X @ s.coef + s.intercept, axis=1), peer.predict_proba(X), atol=1e-4)


def test_many_features_agree_with_few_rows() -> None:
    X, y = problem(30, 400, 3, seed=2)
    s = solve_logistic(X, np.eye(3)[y], penalties=[0.1])
    peer = LogisticRegression(C=1 / (0.1 * strength(X)), tol=1e-10, max_iter=5000).fit(X, y)
    assert np.allclose(softmax(X @ s.coef + s.intercept, axis=1), peer.predict_proba(X), atol=1e-4)


def test_several_labels_are_separate_problems() -> None:
    X, y = problem(80, 6, 2, seed=3)
    labels = np.stack([y, (X[:, 0] > 0).astype(int)], axis=1).astype(float)
    both = solve_logistic(X, labels, penalties=[0.02], multilabel=True)
    for k in range(2):
        peer = LogisticRegression(C=1 / (0.02 * strength(X)), tol=1e-10, max_iter=5000).fit(X, labels[:, k])
        assert np.allclose(expit(X @ both.coef[:, k] + both.intercept[k]), peer.predict_proba(X)[:, 1], atol=1e-4)


def test_penalty_is_the_one_with_the_lowest_held_out_loss() -> None:
    X, y = problem(60, 30, 3, seed=4)
    Y, folds = np.eye(3)[y], list(StratifiedKFold(4, shuffle=True, random_state=0).split(X, y))
    penalties = [1e-4, 1e-2, 1.0]
    s = solve_logistic(X, Y, folds=folds, penalties=penalties)
    by_hand = []
    for penalty in penalties:
        losses = []
        for train, test in folds:
            C = 1 / (penalty * strength(X))
            peer = LogisticRegression(C=C, tol=1e-10, max_iter=5000).fit(X[train], y[train])
            losses += list(-np.log(peer.predict_proba(X[test])[np.arange(len(test)), y[test]]))
        by_hand.append(np.mean(losses))
    assert s.penalty == penalties[int(np.argmin(by_hand))]
    assert s.loss == pytest.approx(min(by_hand), rel=1e-3)
    assert s.out_of_fold is not None and s.out_of_fold.shape == (60, 3)


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("noisy", [1, 3])
@pytest.mark.parametrize("seed", range(8))
def test_columns_that_say_nothing_hide_nothing_by_their_size(seed: int, noisy: int, multilabel: bool) -> None:
    """Under strong penalties only the largest columns are seen; what they cost is no reason to look no further."""
    rng = np.random.default_rng(seed)
    y = np.arange(50) % 2
    told = 2.0 * y[:, None] - 1.0 + 0.5 * rng.normal(size=(50, 4))
    X = np.column_stack([told, 40.0 * rng.normal(size=(50, noisy))])
    Y = y[:, None] if multilabel else np.eye(2)[y]
    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y))
    found = compare_penalties(X, Y.astype(float), folds=folds, multilabel=multilabel)
    alone = [
        compare_penalties(X, Y.astype(float), folds=folds, multilabel=multilabel, penalties=[p, p]).loss
        for p in logistic.PENALTIES
    ]
    assert found.loss < 1.02 * min(alone) < 0.3


@settings(max_examples=8)
@given(n=st.integers(50, 90), d=st.integers(2, 120), classes=st.integers(2, 4), seed=st.integers(0, 99))
def test_the_path_finds_what_trying_every_penalty_finds(n: int, d: int, classes: int, seed: int) -> None:
    X, y = problem(n, d, classes, seed)
    y = np.where(np.random.default_rng(seed).random(n) < 0.2, np.roll(y, 1), y)
    Y, folds = np.eye(classes)[y], list(StratifiedKFold(3, shuffle=True, random_state=seed).split(X, y))
    found = compare_penalties(X * np.linspace(2.0, 0.1, d), Y, folds=folds)
    each = [
        compare_penalties(X * np.linspace(2.0, 0.1, d), Y, folds=folds, penalties=[p, p]).loss
        for p in logistic.PENALTIES
    ]
    assert found.loss <= 1.002 * min(each)
    assert found.loss == pytest.approx(each[logistic.PENALTIES.index(found.penalty)], rel=5e-3)


def test_two_classes_are_one_label() -> None:
    X, y = problem(80, 6, 2, seed=3)
    both = solve_logistic(X, np.eye(2)[y], penalties=[0.02])
    label = solve_logistic(X, y[:, None].astype(float), penalties=[0.01], multilabel=True)
    np.testing.assert_allclose(both.coef[:, 1] - both.coef[:, 0], label.coef[:, 0], atol=1e-8)
    np.testing.assert_allclose(both.coef.sum(axis=1), 0.0, atol=1e-8)


def test_a_constant_column_and_a_missing_class_in_a_fold_do_no_harm() -> None:
    X, y = problem(20, 3, 2, seed=5)
    X[:, 1] = 7.0
    folds = [(np.flatnonzero(y == 0), np.flatnonzero(y == 1)), (np.arange(10), np.arange(10, 20))]
    s = solve_logistic(X, np.eye(2)[y], folds=folds)
    assert np.isfinite(s.coef).all() and np.isfinite(s.loss)


def test_rotation_changes_nothing() -> None:
    X, y = problem(40, 8, 2, seed=6)
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0]
    a, b = (solve_logistic(Z, np.eye(2)[y], penalties=[0.05]) for Z in (X, X @ Q))
    assert np.allclose(X @ a.coef + a.intercept, X @ Q @ b.coef + b.intercept, atol=1e-3)


def test_log_losses_of_large_scores_are_finite() -> None:
    scores = np.array([[1000.0, -1000.0], [-1000.0, 1000.0]])
    assert log_losses(scores, np.eye(2)[[0, 0]]).tolist() == [0.0, 2000.0]


def test_many_coordinates_choose_the_same_penalty_as_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.math.linear import logistic

    X, y = problem(420, 500, 3, seed=7)
    Y, folds = np.eye(3)[y], list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    penalties = [1e-3, 1e-1, 10.0]
    quick = solve_logistic(X, Y, folds=folds, penalties=penalties)
    monkeypatch.setattr(logistic, "ENOUGH", 10_000)
    whole = solve_logistic(X, Y, folds=folds, penalties=penalties)
    assert quick.penalty == whole.penalty
    assert np.allclose(quick.coef, whole.coef)
    assert quick.loss == pytest.approx(whole.loss, rel=0.1)


def test_comparing_comes_before_solving(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = problem(60, 10, 3, 0)
    Y, folds = np.eye(3)[y], list(StratifiedKFold(3).split(X, y))
    whole = solve_logistic(X, Y, folds=folds)
    solved: list[int] = []
    original = logistic.minimise

    def counted(problems: Problems, penalties: np.ndarray, **how: Any) -> np.ndarray:
        solved.append(len(penalties))
        return original(problems, penalties, **how)

    monkeypatch.setattr(logistic, "minimise", counted)
    compared = compare_penalties(X, Y, folds=folds)
    assert set(solved) == {3} and compared.penalty == whole.penalty and compared.loss == whole.loss
    found = compared.solution()
    assert solved[-1] == 1 and np.allclose(found.coef, whole.coef) and np.allclose(found.intercept, whole.intercept)


def test_single_precision_finds_the_same_plane() -> None:
    X, y = problem(200, 150, 3, 1)
    Y, single = np.eye(3)[y], X.astype(np.float32)
    fine, coarse = (solve_logistic(rows, Y, penalties=[0.1]) for rows in (X, single))
    scores = [rows @ found.coef + found.intercept for rows, found in ((X, fine), (X, coarse))]
    assert coarse.coef.dtype == np.float64
    assert np.abs(softmax(scores[0], axis=1) - softmax(scores[1], axis=1)).max() < 5e-3


@pytest.mark.parametrize("shape", [(150, 40), (40, 150)])
def test_coordinates_in_single_precision_give_back_the_rows(shape: tuple[int, int]) -> None:
    X = np.random.default_rng(0).normal(size=shape) + 3.0
    space = row_space(X.astype(np.float32), kind=np.float32)
    assert space.left.dtype == space.singular.dtype == np.float32
    gram = (space.left * space.singular**2) @ space.left.T
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(gram, centred @ centred.T, atol=2e-3 * np.abs(centred @ centred.T).max())


@settings(max_examples=10)
@given(n=st.integers(12, 60), d=st.integers(1, 80), classes=st.integers(2, 5), seed=st.integers(0, 99))
def test_folds_solved_together_are_what_each_is_alone(n: int, d: int, classes: int, seed: int) -> None:
    X, y = problem(n, d, classes, seed)
    Y, fold = np.eye(classes)[y], np.random.default_rng(seed).permutation(n) % 3
    trains = [np.flatnonzero(fold != f) for f in range(3)]
    heads = solve_folds(X, Y, trains, 1e-2)
    for train, head in zip(trains, heads, strict=True):
        alone = solve_logistic(X[train], Y[train], penalties=[1e-2 * strength(X) / strength(X[train])])
        np.testing.assert_allclose(X @ head[:-1], X @ alone.coef, atol=2e-2)
        np.testing.assert_allclose(head[-1], alone.intercept, atol=2e-2)


def test_folds_are_solved_in_the_strongest_coordinates_and_rows_may_all_be_equal() -> None:
    X, y = problem(40, 30, 2, 0)
    Y, trains = np.eye(2)[y], [np.arange(20), np.arange(20, 40)]
    few = solve_folds(X, Y, trains, 1e-2, enough=5)
    assert [np.linalg.matrix_rank(head[:-1] - head[:-1].mean(axis=1, keepdims=True)) for head in few] == [1, 1]
    directions = np.linalg.svd(X - X.mean(axis=0))[2][:5]
    np.testing.assert_allclose(few[0][:-1], directions.T @ (directions @ few[0][:-1]), atol=1e-6)
    heads = solve_folds(np.ones((10, 3)), np.eye(2)[np.arange(10) % 2], [np.arange(5), np.arange(5, 10)], 1e-2)
    assert np.abs(heads[:, :-1]).max() == 0.0
    assert softmax(heads[0, -1]).round(3).tolist() == [0.6, 0.4]


def test_few_rows_take_no_penalty_that_leaves_next_to_nothing_of_what_was_learned() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.standard_normal((60, 5)), generator.integers(0, 2, 60)  # nothing to learn: the strongest is best
    parts = [(np.arange(20, 40), np.arange(20)), (np.arange(20), np.arange(20, 40))]
    assert compare_penalties(X, np.eye(2)[y], folds=parts).penalty > 1
    few = compare_penalties(X[:40], np.eye(2)[y[:40]], folds=parts)
    assert few.penalty == max(p for p in PENALTIES if p <= 0.2)
    assert compare_penalties(X[:40], np.eye(2)[y[:40]], folds=parts, penalties=[0.1, 5.0]).penalty == 5.0
    assert compare_penalties(X, np.eye(2)[y]).penalty == UNTOLD


def test_a_solution_in_the_strongest_coordinates_is_that_of_the_principal_components() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 12)) * np.linspace(3, 0.1, 12)
    Y = np.eye(3)[rng.integers(0, 3, 60)]
    few = compare_penalties(X, Y, penalties=[0.05], most=4).solution()
    centred = X - X.mean(axis=0)
    rotation = np.linalg.svd(centred, full_matrices=False)[2][:4].T
    own = solve_logistic(centred @ rotation, Y, penalties=[0.05])
    scores = centred @ rotation @ own.coef + own.intercept
    np.testing.assert_allclose(X @ few.coef + few.intercept, scores, atol=1e-4)
