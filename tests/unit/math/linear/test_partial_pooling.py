"""Shared coefficients and shrunk deviations: against the marginal covariance written out, and known answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from headstart.math.linear.partial_pooling import (
    Pooling,
    best_variances,
    likelier,
    partial_pooling,
    partial_pooling_logistic,
    solved,
    sums_of,
)

VARIANCES = np.array([0.7, 0.2, 0.5])


def at(variances: Any, covariance: Any = None) -> Pooling:
    """What was found before, of which variances and covariance alone are taken."""
    return Pooling(np.zeros(0), np.zeros((0, 0)), np.asarray(variances), covariance)


def drawn(seed: int = 0, n: int = 40, d: int = 3, groups: int = 5) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    Z, codes = rng.normal(size=(n, d)), rng.integers(-1, groups, n)
    return Z, rng.normal(size=n), codes, groups


def slow(Z: Any, y: Any, codes: Any, groups: int, variances: Any, D: Any = None) -> tuple[float, Any, Any]:
    """The same from the n x n covariance of the targets."""
    rows = np.column_stack([np.ones(len(Z)), Z])
    D = np.diag(np.r_[variances[0], np.full(Z.shape[1], variances[1])]) if D is None else D
    same = (codes[:, None] == codes[None, :]) & (codes[:, None] >= 0)
    V = np.eye(len(y)) + same * (rows @ D @ rows.T)
    P = np.diag(np.r_[1e-8, np.full(Z.shape[1], 1 / variances[2])])
    inverse = np.linalg.inv(V)
    H = rows.T @ inverse @ rows + P
    coef = np.linalg.solve(H, rows.T @ inverse @ y)
    rest = y @ inverse @ y - coef @ rows.T @ inverse @ y
    m = len(y) - 1
    deviance = m * np.log(rest / m) + np.linalg.slogdet(V)[1] + np.linalg.slogdet(H)[1]
    deviance += Z.shape[1] * np.log(variances[2])
    off = [D @ rows[codes == g].T @ inverse[codes == g] @ (y - rows @ coef) for g in range(groups)]
    return deviance, coef, np.array(off)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("correlated", [False, True])
def test_it_is_the_model_of_the_whole_covariance(seed: int, correlated: bool) -> None:
    Z, y, codes, groups = drawn(seed)
    root = np.random.default_rng(seed).normal(size=(4, 4))
    D = root @ root.T + 0.1 * np.eye(4) if correlated else None
    deviance, coef, deviations = slow(Z, y, codes, groups, VARIANCES, D)
    found_deviance, found = solved(sums_of(Z, y, codes, groups), VARIANCES, covariance=D)
    assert found_deviance == pytest.approx(deviance, abs=1e-8)
    assert np.allclose(found.coef, coef) and np.allclose(found.deviations, deviations)


def test_no_other_variances_are_likelier() -> None:
    Z, y, codes, groups = drawn(4, n=200)
    y = y + np.random.default_rng(1).normal(size=groups + 1)[codes]
    sums = sums_of(Z, y, codes, groups)
    best = best_variances(sums, shared=True, noise=None)
    least = solved(sums, best)[0]
    for factor in (0.7, 1.4):
        for k in range(3):
            other = best.copy()
            other[k] *= factor
            assert solved(sums, other)[0] >= least - 1e-4


def grouped(kind: str, seed: int, groups: int = 30, each: int = 12, d: int = 6) -> tuple[Any, ...]:
    """Groups whose deviations have one direction, or all of them alike, and what each row is without noise."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(groups), each)
    Z, along = rng.normal(size=(len(codes), d)), rng.normal(size=d + 1)
    own = rng.normal(size=(groups, 1)) * along / np.linalg.norm(along)
    own = own if kind == "one direction" else rng.normal(size=(groups, d + 1)) / np.sqrt(d + 1)
    truth = Z[:, 0] + own[codes, 0] + (Z * own[codes, 1:]).sum(axis=1)
    return Z, truth + rng.normal(size=len(codes)), codes, groups, truth


def test_each_step_is_likelier_under_the_prior() -> None:
    Z, y, codes, groups, _ = grouped("one direction", 0)
    sums, p = sums_of(Z, y, codes, groups), Z.shape[1] + 1
    variances = best_variances(sums, shared=True, noise=1.0)
    middle = np.diag(np.r_[variances[0], np.full(p - 1, variances[1])])

    def posterior(D: np.ndarray) -> float:
        prior = 2 * p * (np.linalg.slogdet(D)[1] + np.trace(np.linalg.solve(D, middle)))
        return float(solved(sums, variances, noise=1.0, covariance=D)[0] + prior)

    steps = [middle, *(likelier(sums, variances, noise=1.0, steps=k).covariance for k in (1, 2, 5, 200))]
    values = [posterior(D) for D in steps if D is not None]
    assert len(values) == 5 and (np.diff(values) < 0).all()
    best = steps[-1]
    assert best is not None
    for seed in range(5):
        turn = 0.05 * np.random.default_rng(seed).normal(size=(p, p))
        assert posterior((np.eye(p) + turn) @ best @ (np.eye(p) + turn).T) > values[-1]


@pytest.mark.parametrize(("kind", "most"), [("one direction", 0.8), ("all alike", 1.1)])
def test_deviations_in_one_direction_are_found_and_others_lose_little(kind: str, most: float) -> None:
    lost = np.zeros(2)
    for seed in range(4):
        Z, y, codes, groups, truth = grouped(kind, seed)
        free = partial_pooling(Z, y, codes, groups)
        tied = partial_pooling(Z, y, codes, groups, found=at(free.variances))
        lost += [((one.answers(Z, codes) - truth) ** 2).mean() for one in (free, tied)]
    assert lost[0] < most * lost[1]


def test_weights_are_repetitions() -> None:
    Z, y, codes, groups = drawn()
    weight = np.random.default_rng(2).integers(1, 4, len(y))
    times = np.repeat(np.arange(len(y)), weight)
    once, often = sums_of(Z, y, codes, groups, weight.astype(float)), sums_of(Z[times], y[times], codes[times], groups)
    for one, other in (
        (solved(once, VARIANCES)[1], solved(often, VARIANCES)[1]),
        (likelier(once, VARIANCES, noise=1.0), likelier(often, VARIANCES, noise=1.0)),
    ):
        assert np.allclose(one.coef, other.coef) and np.allclose(one.deviations, other.deviations)


def test_ends_are_the_shared_model_and_each_group_alone() -> None:
    Z, y, codes, groups = drawn(5)
    codes = np.abs(codes)
    rows = np.column_stack([np.ones(len(Z)), Z])
    shared = partial_pooling(Z, y, codes, groups, found=at([1e-12, 1e-12, 1e12]))
    assert np.allclose(shared.coef, np.linalg.lstsq(rows, y)[0], atol=1e-4)
    assert np.allclose(shared.deviations, 0, atol=1e-6)
    alone = partial_pooling(Z, y, codes, groups, found=at([1e9, 1e9, 1.0]), shared=False)
    own = codes == 2
    assert (alone.coef == 0).all()
    assert np.allclose(alone.deviations[2], np.linalg.lstsq(rows[own], y[own])[0], atol=1e-3)


def test_an_unknown_group_gets_the_shared_answer() -> None:
    Z, y, codes, groups = drawn()
    found = partial_pooling(Z, y, codes, groups)
    rows = np.column_stack([np.ones(len(Z)), Z])
    assert np.allclose(found.answers(Z, np.full(len(Z), -1)), rows @ found.coef)


def test_without_differences_nothing_deviates() -> None:
    rng = np.random.default_rng(3)
    Z, codes = rng.normal(size=(300, 2)), np.arange(300) % 15
    found = partial_pooling(Z, Z[:, 0] + 0.1 * rng.normal(size=300), codes, 15)
    assert np.abs(found.deviations).max() < 0.05


def test_logistic_solves_its_own_equations() -> None:
    """At the end the penalised likelihood of 0 and 1 is flat in every coefficient."""
    Z, _, codes, groups = drawn(6, n=120)
    y = (np.random.default_rng(7).random(120) < expit(Z[:, 0])).astype(float)
    offset = 0.3 * Z[:, 1]
    found = partial_pooling_logistic(Z, y, codes, groups, offset=offset, found=at(VARIANCES))
    rows = np.column_stack([np.ones(len(Z)), Z])
    rest = y - expit(offset + found.answers(Z, codes))
    shared = rows.T @ rest - np.r_[1e-8, np.full(3, 1 / VARIANCES[2])] * found.coef
    assert np.allclose(shared, 0, atol=1e-3)
    for g in range(groups):
        own = (
            rows[codes == g].T @ rest[codes == g] - found.deviations[g] / np.r_[VARIANCES[0], np.full(3, VARIANCES[1])]
        )
        assert np.allclose(own, 0, atol=1e-3)
