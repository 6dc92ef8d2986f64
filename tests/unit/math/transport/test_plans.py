"""Transport plans against a linear programme, a slow Sinkhorn, and general solvers of convex problems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.sparse import issparse
from scipy.special import xlogy

from headstart.errors import DataError
from headstart.math.transport import exact_plan as exact_transport
from headstart.math.transport.class_plan import OFFSET, group_lasso_transport, square_root_transport
from headstart.math.transport.exact_plan import exact_plan
from headstart.math.transport.joint_plan import joint_transport, squared_loss
from headstart.math.transport.sinkhorn import sinkhorn
from headstart.math.transport.squared_distances import squared_distances


def problem(n: int, m: int, d: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cost = squared_distances(rng.normal(size=(n, d)), rng.normal(1, 1.5, (m, d)))
    a, b = rng.random(n) + 0.1, rng.random(m) + 0.1
    return cost, a / a.sum(), b / b.sum()


def dense(plan: Any) -> np.ndarray:
    return np.asarray(plan.toarray() if issparse(plan) else plan, dtype=np.float64)


def linear_programme(cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    n, m = cost.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    return linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([a, b])).fun


def soft_minimum(cells: np.ndarray, axis: int) -> np.ndarray:
    top = cells.max(axis=axis, keepdims=True)
    return np.log(np.exp(cells - top).sum(axis=axis)) + top.squeeze(axis)


def slow_sinkhorn(cost: np.ndarray, a: np.ndarray, b: np.ndarray, reg: float, rounds: int = 20_000) -> np.ndarray:
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(rounds):
        before = f
        f = reg * (np.log(a) - soft_minimum((g[None, :] - cost) / reg, 1))
        g = reg * (np.log(b) - soft_minimum((f[:, None] - cost) / reg, 0))
        if np.abs(f - before).max() < 1e-12 * reg:
            break
    return np.exp((f[:, None] + g - cost) / reg)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 1), (6, 9), (12, 12)])
@pytest.mark.parametrize("by_columns", [False, True])
def test_exact_plan_is_the_linear_programmes(
    shape: tuple[int, int], by_columns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_columns:
        monkeypatch.setattr(exact_transport, "SMALL", 0)
        monkeypatch.setattr(exact_transport, "KEPT", 1)
    cost, a, b = problem(*shape)
    found = exact_plan(cost, a, b)
    assert found.value == pytest.approx(linear_programme(cost, a, b), rel=1e-9)
    plan = found.plan.toarray()
    assert np.allclose(plan.sum(1), a) and np.allclose(plan.sum(0), b) and (plan >= 0).all()
    assert (cost - found.f[:, None] - found.g >= -1e-9 * cost.max()).all()
    assert a @ found.f + b @ found.g == pytest.approx(found.value, rel=1e-9)


def test_exact_plan_by_column_generation_has_a_certificate() -> None:
    cost, a, b = problem(700, 600, 10)
    found = exact_plan(cost, a, b)
    assert a @ found.f + b @ found.g == pytest.approx(found.value, rel=1e-9)
    assert (cost - found.f[:, None] - found.g).min() > -1e-9 * cost.max()
    again = exact_plan(cost + 0.01 * problem(700, 600, 2, seed=5)[0], a, b, start=(found.f, found.g))
    assert again.plan.nnz <= 700 + 600 - 1


def test_a_gap_is_kept() -> None:
    cost, a, b = problem(700, 600, 10)
    least = exact_plan(cost, a, b).value
    assert least * (1 - 1e-9) <= exact_plan(cost, a, b, gap=1e-2).value <= 1.01 * least


def test_rows_without_weight_stay_out() -> None:
    cost, a, b = problem(6, 5)
    a[2], b[[0, 3]] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    found = exact_plan(cost, a, b)
    assert found.value == pytest.approx(linear_programme(cost, a, b), rel=1e-9)
    assert (cost - found.f[:, None] - found.g >= -1e-9).all()


def test_weights_of_different_sums_are_refused_in_words() -> None:
    with pytest.raises(DataError, match="same sum"):
        exact_plan(np.zeros((2, 2)), np.ones(2), np.ones(2) / 2)


@pytest.mark.parametrize("reg", [0.1, 0.4, 3.0])
def test_sinkhorn_is_the_slow_one(reg: float) -> None:
    cost, a, b = problem(20, 30)
    found = sinkhorn(cost, a, b, reg, tol=1e-9)
    plan = dense(found.plan)
    assert np.allclose(plan, slow_sinkhorn(cost, a, b, reg), atol=3e-7)
    assert np.allclose(plan.sum(1), a, rtol=1e-5) and np.abs(plan.sum(0) - b).sum() < 1e-6


@pytest.mark.parametrize("kind", [np.float64, np.float32], ids=["double", "single"])
def test_sinkhorn_converges_where_the_regularisation_is_small(kind: Any) -> None:
    cost, a, b = problem(300, 260, 30)
    found = sinkhorn(cost.astype(kind), a, b, 0.003 * float(cost.mean()))
    assert found.error <= 1e-5
    assert np.abs(dense(found.plan).sum(0) - b).sum() < 2e-5
    exact = exact_plan(cost, a, b).value
    assert exact - 1e-3 <= float((dense(found.plan) * cost).sum()) < 1.02 * exact


def test_sinkhorn_from_a_start_gives_the_same_plan() -> None:
    cost, a, b = problem(50, 40)
    cold = sinkhorn(cost, a, b, 0.1, tol=1e-9)
    warm = sinkhorn(cost, a, b, 0.1, tol=1e-9, start=sinkhorn(cost * 1.1, a, b, 0.1).g)
    assert np.allclose(dense(cold.plan), dense(warm.plan), atol=1e-8)


def root_objective(P: np.ndarray, cost: np.ndarray, M: np.ndarray, reg: float, eta: float) -> float:
    return float((P * cost).sum() + reg * xlogy(P, P).sum() + eta * np.sqrt(M @ P + OFFSET).sum())


def lasso_objective(P: np.ndarray, cost: np.ndarray, M: np.ndarray, reg: float, eta: float) -> float:
    return float((P * cost).sum() + reg * xlogy(P, P).sum() + eta * np.sqrt(M @ P**2).sum())


def test_square_root_transport_is_the_slow_majorisation() -> None:
    cost, a, b = problem(12, 8)
    labels = np.arange(12) % 3
    M, reg, eta = np.eye(3)[labels].T, 0.2, 2.0
    P = slow_sinkhorn(cost, a, b, reg, 3000)
    for _ in range(30):
        W = 0.5 / np.sqrt(M @ P + OFFSET)
        P = slow_sinkhorn(cost + eta * W[labels], a, b, reg, 3000)
    found = dense(square_root_transport(cost, a, b, labels, reg, eta, tol=1e-10, max_iter=60).plan)
    wanted = root_objective(P, cost, M, reg, eta)
    assert root_objective(found, cost, M, reg, eta) == pytest.approx(wanted, rel=1e-4)
    assert wanted < root_objective(slow_sinkhorn(cost, a, b, reg, 3000), cost, M, reg, eta) - 1e-3


def test_group_lasso_transport_reaches_the_optimum_of_the_convex_problem() -> None:
    cost, a, b = problem(6, 4)
    labels = np.array([0, 0, 1, 1, 0, 1])
    M, reg, eta = np.eye(2)[labels].T, 0.5, 3.0
    found = dense(group_lasso_transport(cost, a, b, labels, reg, eta, tol=1e-9, max_iter=300).plan)
    rows, columns = np.kron(np.eye(6), np.ones(4)), np.kron(np.ones(6), np.eye(4))
    solved = minimize(
        lambda p: lasso_objective(p.reshape(6, 4), cost, M, reg, eta),
        np.outer(a, b).ravel(),
        bounds=[(1e-9, 1)] * 24,
        constraints={"type": "eq", "fun": lambda p: np.concatenate([rows @ p - a, (columns @ p - b)[1:]])},
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert lasso_objective(found, cost, M, reg, eta) == pytest.approx(solved.fun, rel=2e-4)


def test_class_regularised_plans_are_no_worse_than_pots() -> None:
    import ot.da

    cost, a, b = problem(60, 50, 5)
    a, b = np.full(60, 1 / 60), np.full(50, 1 / 50)
    labels = np.arange(60) % 3
    M, reg, eta = np.eye(3)[labels].T, 0.5, 1.0
    theirs = ot.da.sinkhorn_lpl1_mm(a, labels, b, cost, reg, eta)
    ours = dense(square_root_transport(cost, a, b, labels, reg, eta).plan)
    assert root_objective(ours, cost, M, reg, eta) <= 1.001 * root_objective(theirs, cost, M, reg, eta)
    theirs = ot.da.sinkhorn_l1l2_gl(a, labels, b, cost, reg, eta)
    ours = dense(group_lasso_transport(cost, a, b, labels, reg, eta).plan)
    assert lasso_objective(ours, cost, M, reg, eta) <= 1.001 * lasso_objective(theirs, cost, M, reg, eta)


def test_joint_transport_is_the_slow_alternation() -> None:
    rng = np.random.default_rng(3)
    X, Z = rng.normal(size=(25, 2)), rng.normal(1, 1, (20, 2))
    y = X @ [1.0, -2.0]
    a, b = np.full(25, 1 / 25), np.full(20, 1 / 20)
    distance, seen = squared_distances(X, Z), np.hstack([Z, np.ones((20, 1))])

    def learn(arrived: np.ndarray) -> Any:
        coef = np.linalg.lstsq(seen, arrived[:, 0], rcond=None)[0]
        return lambda: squared_loss(y, seen @ coef)

    found = joint_transport(distance, y[:, None], learn, a=a, b=b, alpha=0.3, max_iter=5, tol=0.0)
    cost = 0.7 * distance / distance.mean()
    base = cost
    for _ in range(5):
        plan = linprog(
            cost.ravel(),
            A_eq=np.vstack([np.kron(np.eye(25), np.ones(20)), np.kron(np.ones(25), np.eye(20))]),
            b_eq=np.concatenate([a, b]),
        )
        arrived = plan.x.reshape(25, 20).T @ y / b
        cost = base + 0.3 * learn(arrived[:, None])()
    assert np.allclose(found.labels[:, 0], arrived, atol=1e-8)
    assert found.objectives[-1] == pytest.approx(plan.fun, rel=1e-9)
    assert np.all(np.diff(found.objectives[1:]) < 1e-9)
