"""Biased regularisation: closed forms, refitting without each row, optimality conditions, scikit-learn at zero."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from headstart.math.linear.biased_logistic import row_losses, solve_biased_logistic
from headstart.math.linear.biased_ridge import solve_biased_ridge
from headstart.math.linear.row_space import row_space

SHAPES = [(30, 5), (12, 40)]


def numbers(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(n, d)) + 2.0, rng.normal(size=d)
    return X, X @ (w + 0.2 * rng.normal(size=d)) + 3 + 0.1 * rng.normal(size=n), w, rng.uniform(0.5, 2, n)


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_ridge_solves_its_normal_equations_with_lambda_and_not_its_square(n: int, d: int, form: str) -> None:
    X, y, w, s = numbers(n, d)
    lam = 0.7
    found = solve_biased_ridge(X if form == "dense" else sparse.csr_matrix(X), y, w, penalties=[lam], sample_weight=s)
    A = np.c_[X, np.ones(n)]
    left = A.T @ (s[:, None] * A) + np.diag([lam] * d + [0.0])
    exact = np.linalg.solve(left, A.T @ (s * y) + np.r_[lam * w, 0.0])
    assert np.allclose(found.coef, exact[:-1], atol=1e-8) and found.intercept == pytest.approx(exact[-1], abs=1e-7)
    squared = np.linalg.solve(left + np.diag([lam**2 - lam] * d + [0.0]), A.T @ (s * y) + np.r_[lam**2 * w, 0.0])
    assert not np.allclose(found.coef, squared[:-1], atol=1e-3)


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_ridge_leaves_rows_out_as_refitting_does(n: int, d: int) -> None:
    X, y, w, s = numbers(n, d, seed=1)
    found = solve_biased_ridge(X, y, w, penalties=[0.5], sample_weight=s)
    for i in range(n):
        less = s - np.minimum(s, 1.0) * (np.arange(n) == i)
        again = Ridge(alpha=0.5).fit(X, y - X @ w, sample_weight=less)
        assert found.out_of_fold[i] == pytest.approx(float(again.predict(X[i : i + 1])[0] + X[i] @ w), abs=1e-6)
    assert found.loss == pytest.approx(s @ (found.out_of_fold - y) ** 2 / s.sum())


def test_ridge_takes_the_penalty_with_the_least_error() -> None:
    X, y, w, _ = numbers(15, 30)
    penalties = [1e-3, 1.0, 30.0, 1e4]
    losses = [solve_biased_ridge(X, y, w, penalties=[p]).loss for p in penalties]
    chosen = solve_biased_ridge(X, y, w, penalties=penalties)
    assert chosen.penalty == penalties[int(np.argmin(losses))] and chosen.loss == pytest.approx(min(losses))


def test_ridge_keeps_a_perfect_source_and_leaves_a_useless_one() -> None:
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(20, 60)), rng.normal(size=60)
    X = X / np.linalg.norm(X, axis=1)[:, None]
    kept = solve_biased_ridge(X, X @ w + 5 + 0.1 * rng.normal(size=20), w)
    assert np.linalg.norm(kept.coef - w) < 0.1 * np.linalg.norm(w) and kept.intercept == pytest.approx(5, abs=0.2)
    Z = rng.normal(size=(200, 3))
    left = solve_biased_ridge(Z, Z @ [1.0, 2, 3], np.array([-50.0, 0, 50]))
    assert np.allclose(left.coef, [1, 2, 3], atol=1e-2)


def test_a_row_of_weight_zero_is_absent_for_ridge() -> None:
    X, y, w, _ = numbers(12, 30)
    weight = np.ones(12)
    weight[:3] = 0
    assert np.allclose(solve_biased_ridge(X, y, w, sample_weight=weight).coef, solve_biased_ridge(X[3:], y[3:], w).coef)


def classes(n: int, d: int, K: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X, W = rng.normal(size=(n, d)) + 1.0, rng.normal(size=(d, 1 if K == 2 else K))
    scores = X @ W + 0.5 * rng.normal(size=(n, 1 if K == 2 else K))
    scores -= scores.mean(axis=0)
    codes = (scores[:, 0] > 0).astype(int) if K == 2 else scores.argmax(1)
    assert len(np.unique(codes)) == K
    return X, codes, W


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_two_classes_towards_nothing_are_plain_logistic_regression(n: int, d: int, form: str) -> None:
    X, codes, _ = classes(n, d, 2)
    found = solve_biased_logistic(X if form == "dense" else sparse.csr_matrix(X), codes, 2, penalties=[0.3])
    peer = LogisticRegression(C=1 / 0.6, tol=1e-10, max_iter=10_000).fit(X, codes)
    assert np.allclose(found.coef[:, 0], peer.coef_[0], atol=1e-4)
    assert np.allclose(found.intercept, peer.intercept_, atol=1e-4)


@pytest.mark.parametrize("newton", [False, True])
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("K", [2, 4])
def test_the_gradient_vanishes_at_the_solution(
    K: int, large: bool, newton: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not newton:
        monkeypatch.setattr("headstart.math.linear.biased_logistic.NEWTON", 0)
    if large:
        monkeypatch.setattr("headstart.math.linear.biased_logistic.SMALL", 1)
    X, codes, W = classes(40, 6, K)
    s = np.random.default_rng(1).uniform(0.5, 2, 40)
    X_in = sparse.csr_matrix(X) if large else X
    found = solve_biased_logistic(X_in, codes, K, W, penalties=[0.8], sample_weight=s)
    slope = s[:, None] * row_losses(X @ found.coef + found.intercept, codes)[1]
    assert np.abs(X.T @ slope + 2 * 0.8 * (found.coef - W)).max() < 1e-4
    assert np.abs(slope.sum(axis=0)).max() < 1e-4


def test_row_losses_have_the_right_slope() -> None:
    rng = np.random.default_rng(0)
    for K in (1, 3):
        scores, codes = rng.normal(size=(5, K)), np.array([0, 1, 0, 1, 1])
        _, slope = row_losses(scores, codes)
        for k in range(K):
            step = np.zeros((5, K))
            step[:, k] = 1e-6
            change = (row_losses(scores + step, codes)[0] - row_losses(scores - step, codes)[0]) / 2e-6
            assert np.allclose(change, slope[:, k], atol=1e-6)


def test_a_class_without_rows_stays_finite_and_unlikely() -> None:
    X, codes, W = classes(40, 6, 4)
    few = codes != 3
    found = solve_biased_logistic(X[few], codes[few], 4, W, penalties=[1.0])
    assert np.isfinite(found.coef).all() and np.isfinite(found.intercept).all()
    scores = X[few] @ found.coef + found.intercept
    assert (scores.argmax(1) != 3).all()
    one = solve_biased_logistic(X[:9], np.ones(9, dtype=int), 2, penalties=[1.0])
    assert ((X[:9] @ one.coef + one.intercept) > 0).all()


def test_cross_validation_takes_a_near_source_and_leaves_a_far_one() -> None:
    X, codes, W = classes(60, 20, 3, seed=3)
    folds = [(np.flatnonzero(np.arange(60) % 5 != f), np.flatnonzero(np.arange(60) % 5 == f)) for f in range(5)]
    near = solve_biased_logistic(X, codes, 3, 3 * W, folds=folds)
    far = solve_biased_logistic(X, codes, 3, -3 * W, folds=folds)
    plain = solve_biased_logistic(X, codes, 3, folds=folds)
    assert near.loss < plain.loss and near.penalty > far.penalty
    assert np.linalg.norm(near.coef - 3 * W) < np.linalg.norm(far.coef + 3 * W)


@pytest.mark.parametrize(("n", "d"), [(8, 3), (4, 9)])
@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_row_space_is_a_decomposition(n: int, d: int, form: str) -> None:
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(n, d)) + 1, rng.uniform(0.5, 2, n)
    space = row_space(X if form == "dense" else sparse.csr_matrix(X), weight)
    right = space.back(np.eye(len(space.singular)))
    A = np.sqrt(weight)[:, None] * (X - weight @ X / weight.sum())
    assert np.allclose(space.left * space.singular @ right.T, A)
    assert np.allclose(right.T @ right, np.eye(len(space.singular)))
