"""Rows left out of a logistic regression in closed form, against fits without each of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headstart.math.linear.left_out import left_out_scores


def problem(n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(n, d)), rng.normal(0.3, 0.8, size=(m, d))])
    return X - X.mean(axis=0), np.repeat([0, 1], [n, m])


def fitted(X: np.ndarray, y: np.ndarray, penalty: float) -> LogisticRegression:
    return LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=10_000).fit(X, y)


@pytest.mark.parametrize(("d", "penalty", "share"), [(2, 1.0, 0.02), (20, 5.0, 0.1), (200, 5.0, 0.1)])
def test_each_row_is_judged_nearly_as_by_a_fit_without_it(d: int, penalty: float, share: float) -> None:
    X, y = problem(50, 40, d)
    every = np.arange(len(X))
    seen = fitted(X, y, penalty).decision_function(X)
    slow = np.array([fitted(X[every != i], y[every != i], penalty).decision_function(X[[i]])[0] for i in every])
    found = left_out_scores(X, y, seen, penalty)
    assert np.abs(found - slow).mean() < share * np.abs(seen - slow).mean()
    assert np.abs(found - slow).max() < 0.5 * np.abs(seen - slow).max()


def test_single_precision_and_columns_without_rank_are_taken() -> None:
    X, y = problem(60, 50, 5)
    seen = fitted(X, y, 1.0).decision_function(X)
    found = left_out_scores(X, y, seen)
    assert np.allclose(left_out_scores(X.astype(np.float32), y, seen), found, atol=1e-3)
    padded = np.column_stack([X, np.zeros((len(X), 300))])
    assert np.allclose(left_out_scores(padded, y, seen), found, atol=1e-6)


def test_rows_told_apart_without_doubt_stay_finite() -> None:
    X, y = np.linspace(-1, 1, 40)[:, None], np.repeat([0, 1], 20)
    found = left_out_scores(X, y, 500.0 * X[:, 0])
    assert np.isfinite(found).all()
    assert ((found > 0) == (y == 1)).all()
