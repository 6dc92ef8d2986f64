"""The linear model on sparse rows, against solutions that are made dense."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from headstart.math.linear.logistic import solve_logistic
from headstart.math.linear.ridge import solve_ridge
from headstart.math.linear.sparse_linear import solve_many_rows, solve_rows


def random_rows(n: int = 60, d: int = 300, seed: int = 0) -> tuple[sparse.csr_matrix, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = sparse.random(n, d, density=0.05, random_state=rng, format="csr")
    return X, np.eye(3)[rng.integers(0, 3, n)]


def test_solutions_in_the_rows_are_the_dense_ones() -> None:
    X, Y = random_rows()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(Y))
    found = solve_rows(X, Y, "classification", sample_weight=weight, penalties=[0.05])
    dense = solve_logistic(X.toarray(), Y, sample_weight=weight, penalties=[0.05])
    assert np.allclose(found.coef, dense.coef, atol=1e-4) and np.allclose(found.intercept, dense.intercept, atol=1e-4)
    numbers = np.random.default_rng(2).normal(size=(60, 2))
    found = solve_rows(X, numbers, "regression", sample_weight=np.ones(60))
    ridge = solve_ridge(X.toarray(), numbers, penalties=[found.penalty])
    assert np.allclose(X @ found.coef + found.intercept, X @ ridge.coef + ridge.intercept, atol=1e-5)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_many_rows_have_the_same_solution(task: str) -> None:
    X, Y = random_rows()
    Y = np.random.default_rng(3).normal(size=(60, 2)) if task == "regression" else Y
    exact = solve_rows(X, Y, task, sample_weight=np.ones(60), penalties=[0.3])
    found = solve_many_rows(X, Y, task, sample_weight=np.ones(60), penalty=0.3, most=500)
    assert np.abs(X @ found.coef + found.intercept - X @ exact.coef - exact.intercept).max() < 0.02
    start = np.vstack([exact.coef, exact.intercept])
    again = solve_many_rows(X, Y, task, sample_weight=np.ones(60), penalty=0.3, start=start)
    assert np.abs(again.coef - exact.coef).max() < 0.02


def test_the_penalty_with_the_least_held_out_loss_is_taken() -> None:
    X, Y = random_rows(90)
    folds = [(np.setdiff1d(np.arange(90), part), part) for part in np.array_split(np.arange(90), 3)]
    found = solve_rows(X, Y, "classification", sample_weight=np.ones(90), penalties=[1e-4, 100.0], folds=folds)
    assert found.penalty == 100.0 and found.loss < 1.2
