"""Kernel mean matching and its quadratic program against SciPy's solvers, closed forms and stated bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog, minimize
from scipy.spatial.distance import cdist
from scipy.stats import norm

from headstart.errors import DataError, ParameterError
from headstart.math.ratios.box_program import (
    DenseMatrix,
    LowRankMatrix,
    duality_gap,
    least_linear,
    solve_box_program,
)
from headstart.math.ratios.gaussian import median_width
from headstart.math.ratios.kernel_mean_matching import kernel_mean_matching
from headstart.math.ratios.working_set import match_on_working_set


def samples(n_source: int, n_target: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_source, d)), rng.normal(0.6, 0.7, size=(n_target, d))


def problem(source: np.ndarray, target: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    K = np.exp(-cdist(source, source, "sqeuclidean") / (2 * width**2))
    kappa = np.exp(-cdist(source, target, "sqeuclidean") / (2 * width**2)).sum(axis=1) * len(source) / len(target)
    return K, kappa


def by_slsqp(K: np.ndarray, kappa: np.ndarray, bound: float, low: float, high: float) -> float:
    """Least objective, by a general solver."""
    limits = [
        {"type": "ineq", "fun": lambda b: b.sum() - low, "jac": lambda b: np.ones_like(b)},
        {"type": "ineq", "fun": lambda b: high - b.sum(), "jac": lambda b: -np.ones_like(b)},
    ]
    found = minimize(
        lambda b: (0.5 * b @ K @ b - kappa @ b) / len(b),
        np.full(len(kappa), min(1.0, bound)),
        jac=lambda b: (K @ b - kappa) / len(b),
        bounds=[(0, bound)] * len(kappa),
        constraints=limits,
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )
    return float(found.fun) * len(kappa)


@pytest.mark.parametrize(("bound", "epsilon"), [(1000.0, None), (2.0, 0.05), (1.2, 0.5)], ids=["free", "tight", "low"])
def test_exact_solution_is_that_of_a_general_solver(bound: float, epsilon: float | None) -> None:
    source, target = samples(60, 50, 3, seed=0)
    found = kernel_mean_matching(source, target, width=1.5, bound=bound, epsilon=epsilon, rng=np.random.default_rng(0))
    spread = (np.sqrt(60) - 1) / np.sqrt(60) if epsilon is None else epsilon
    K, kappa = problem(source, target, 1.5)
    best = by_slsqp(K, kappa, bound, 60 * (1 - spread), 60 * (1 + spread))
    b = found.weights
    assert found.objective == pytest.approx(0.5 * b @ K @ b - kappa @ b, rel=1e-9)
    assert found.objective <= best + 1e-7 * abs(best)
    assert found.gap < 1e-6 and found.certified
    assert b.min() >= 0 and b.max() <= bound * (1 + 1e-9) and abs(b.mean() - 1) <= spread + 1e-6


def test_low_rank_solution_keeps_the_gap_it_states() -> None:
    source, target = samples(700, 600, 8, seed=1)
    exact = kernel_mean_matching(source, target, solver="exact", rng=np.random.default_rng(0))
    K, kappa = problem(source, target, exact.width)
    for tolerance, landmarks in ((0.05, 30), (1e-3, 300), (5e-4, 300)):
        found = kernel_mean_matching(
            source, target, solver="nystroem", n_landmarks=landmarks, tolerance=tolerance, rng=np.random.default_rng(0)
        )
        value = 0.5 * found.weights @ K @ found.weights - kappa @ found.weights
        assert found.objective == pytest.approx(value, rel=1e-4)
        assert found.gap <= tolerance
        assert -1e-5 <= (found.objective - exact.objective) / abs(exact.objective) <= found.gap


@pytest.mark.parametrize("bound", [1000.0, 1.5], ids=["free", "bound"])
def test_working_set_finds_the_exact_optimum(bound: float) -> None:
    source, target = samples(500, 400, 20, seed=8)
    common = {"width": 2.5, "bound": bound, "rng": np.random.default_rng(0)}
    exact = kernel_mean_matching(source, target, solver="exact", **common)
    K, kappa = problem(source, target, 2.5)
    limits = {"upper": bound, "low": 0.0, "high": 1000.0}
    found = match_on_working_set(source, kappa, 2.5, limits, 1e-6)
    assert found is not None
    weights, gradient = found
    assert gradient == pytest.approx(K @ weights - kappa, abs=1e-8)
    assert 0.5 * weights @ K @ weights - kappa @ weights == pytest.approx(exact.objective, rel=1e-5)
    assert weights.min() >= 0 and weights.max() <= bound
    assert kernel_mean_matching(source, target, tolerance=0.01, **common).objective == pytest.approx(
        exact.objective, rel=0.005
    )


def test_working_set_steps_back_where_it_is_not_the_way() -> None:
    source, target = samples(500, 400, 20, seed=8)
    kappa, limits = problem(source, target, 2.5)[1], {"upper": 1000.0, "low": 0.0, "high": 1000.0}
    assert match_on_working_set(source, kappa, 2.5, limits | {"high": 10.0}, 0.01) is None  # the sum's limit binds
    twice = np.vstack([source, source])  # any split of a weight between equal rows is as good
    assert match_on_working_set(twice, problem(twice, target, 2.5)[1], 2.5, limits, 0.01) is None
    found = kernel_mean_matching(twice, target, width=2.5, rng=np.random.default_rng(0)).weights
    assert np.abs(found[:500] - found[500:]).max() < 1e-3 * found.max()
    tight = kernel_mean_matching(source, target, width=2.5, epsilon=0.01, rng=np.random.default_rng(0))
    assert abs(tight.weights.mean() - 1) <= 0.0101


def test_beyond_the_true_kernel_the_approximation_is_still_close(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.math.ratios import kernel_mean_matching as module

    source, target = samples(900, 800, 4, seed=2)
    exact = kernel_mean_matching(source, target, solver="exact", rng=np.random.default_rng(0))
    monkeypatch.setattr(module, "TRUE_KERNEL", 0)
    found = kernel_mean_matching(source, target, rng=np.random.default_rng(0))
    assert not found.certified
    K, kappa = problem(source, target, exact.width)
    value = 0.5 * found.weights @ K @ found.weights - kappa @ found.weights
    assert value <= exact.objective + 0.02 * abs(exact.objective)


def test_no_row_is_left_over() -> None:
    """A peer gives the rows that fill no batch weight 0; here equal rows have equal weights wherever they stand."""
    rng = np.random.default_rng(3)
    half, target = rng.normal(size=(503, 2)), rng.normal(0.3, 0.8, (600, 2))
    found = kernel_mean_matching(np.vstack([half, half]), target, tolerance=1e-4, rng=np.random.default_rng(0))
    first, second = found.weights[:503], found.weights[503:]
    assert np.allclose(first + second, 2 * first, atol=0.05 * first.max())
    assert (found.weights[-100:] > 0).any()


@pytest.mark.parametrize(("n", "least"), [(300, 0.85), (2000, 0.9)], ids=["exact", "low rank"])
def test_known_ratio_of_two_normals(n: int, least: float) -> None:
    rng = np.random.default_rng(4)
    source, target = rng.normal(0, 1, (n, 1)), rng.normal(0.5, 0.6, (n, 1))
    truth = norm.pdf(source, 0.5, 0.6).ravel() / norm.pdf(source).ravel()
    found = kernel_mean_matching(source, target, width=0.3, bound=5.0, rng=rng).weights
    near = np.argsort(source.ravel())
    smooth = np.convolve(found[near], np.ones(n // 10) / (n // 10), mode="same")
    assert np.corrcoef(smooth, truth[near])[0, 1] > least
    moments = [found @ source.ravel() / found.sum(), found @ source.ravel() ** 2 / found.sum()]
    assert moments == pytest.approx([target.mean(), (target**2).mean()], abs=0.1)


@settings(max_examples=25)
@given(n=st.integers(1, 30), m=st.integers(1, 30), d=st.integers(1, 4), seed=st.integers(0, 99))
def test_order_place_and_scale_change_nothing(n: int, m: int, d: int, seed: int) -> None:
    source, target = samples(n, m, d, seed)
    order = np.random.default_rng(seed).permutation(n)
    first = kernel_mean_matching(source, target, rng=np.random.default_rng(0))
    moved = kernel_mean_matching(4 * source[order] - 9, 4 * target - 9, rng=np.random.default_rng(0))
    assert moved.objective == pytest.approx(first.objective, rel=1e-6)
    assert moved.width == pytest.approx(4 * first.width)
    assert (first.weights >= 0).all() and np.isfinite(first.weights).all()


def test_sparse_and_single_precision_agree() -> None:
    source, target = (np.where(np.abs(X) < 0.5, 0, X) for X in samples(500, 450, 5, seed=5))
    dense, thin, short = (
        kernel_mean_matching(kind(source), kind(target), width=1.5, tolerance=1e-3, rng=np.random.default_rng(0))
        for kind in (np.asarray, sparse.csr_matrix, np.float32)
    )
    assert thin.objective == pytest.approx(dense.objective, rel=2e-3)
    assert short.objective == pytest.approx(dense.objective, rel=2e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bound": 0.5, "epsilon": 0.1}, "bound of at least 1 - epsilon"),
        ({"bound": -1.0}, "bound above 0"),
        ({"epsilon": -0.1}, "epsilon from 0"),
        ({"solver": "frankwolfe"}, "auto, exact, nystroem, found 'frankwolfe'"),
        ({"n_landmarks": 0}, "n_landmarks from 1"),
        ({"width": "mean"}, '"median" or a number'),
    ],
    ids=["infeasible", "bound", "epsilon", "solver", "landmarks", "width"],
)
def test_what_cannot_be_is_refused(options: dict, words: str) -> None:
    source, target = samples(20, 20, 2, seed=0)
    with pytest.raises(ParameterError, match=words):
        kernel_mean_matching(source, target, rng=np.random.default_rng(0), **options)


def test_samples_without_rows_or_with_other_columns_are_refused() -> None:
    with pytest.raises(DataError, match="same columns"):
        kernel_mean_matching(np.ones((3, 2)), np.ones((3, 1)), rng=np.random.default_rng(0))
    with pytest.raises(DataError, match="rows of the source and of the target"):
        kernel_mean_matching(np.ones((3, 2)), np.ones((0, 2)), rng=np.random.default_rng(0))


def test_the_only_feasible_point_is_returned() -> None:
    source, target = samples(30, 30, 2, seed=6)
    found = kernel_mean_matching(source, target, bound=0.8, epsilon=0.2, rng=np.random.default_rng(0))
    assert np.allclose(found.weights, 0.8, atol=1e-6)
    even = kernel_mean_matching(source, target, bound=5, epsilon=0.0, rng=np.random.default_rng(0))
    assert even.weights.mean() == pytest.approx(1, abs=1e-5)


@settings(max_examples=40)
@given(
    n=st.integers(1, 12), seed=st.integers(0, 999), upper=st.floats(0.2, 4), low=st.floats(0, 1), more=st.floats(0, 2)
)
def test_least_linear_value_is_that_of_a_linear_program(
    n: int, seed: int, upper: float, low: float, more: float
) -> None:
    gradient = np.random.default_rng(seed).normal(size=n)
    low = low * n * upper
    high = low + more
    ones = np.ones((1, n))
    best = linprog(gradient, A_ub=np.vstack([ones, -ones]), b_ub=[high, -low], bounds=[(0, upper)] * n)
    assert least_linear(gradient, upper, low, high) == pytest.approx(best.fun, abs=1e-7)


@settings(max_examples=25)
@given(n=st.integers(2, 25), rank=st.integers(1, 5), seed=st.integers(0, 999))
def test_low_rank_and_dense_programs_agree(n: int, rank: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    factor, rest, linear = rng.normal(size=(n, rank)), rng.uniform(0.05, 1, n), rng.normal(size=n)
    dense = factor @ factor.T + np.diag(rest)
    limits = {"upper": 1.5, "low": 0.3 * n, "high": 0.9 * n}
    x = solve_box_program(LowRankMatrix(factor, rest), linear, tolerance=1e-10, **limits)
    y = solve_box_program(DenseMatrix(dense), linear, tolerance=1e-10, **limits)
    assert np.allclose(x, y, atol=1e-5)
    value = 0.5 * x @ dense @ x - linear @ x
    assert duality_gap(dense @ x - linear, x, **limits) <= 1e-6 * max(1, abs(value))


def test_median_width_is_the_median_distance_and_keeps_the_global_generator() -> None:
    source, target = samples(40, 30, 3, seed=7)
    pooled = np.vstack([source, target])
    before = np.random.get_state()[1].copy()
    found = median_width(source, target, rng=np.random.default_rng(0))
    assert found == pytest.approx(np.median(cdist(pooled, pooled)[np.triu_indices(70, 1)]))
    assert median_width(np.ones((9, 2)), rng=np.random.default_rng(0)) == 1.0
    assert np.array_equal(before, np.random.get_state()[1])
    thin = sparse.csr_matrix(np.hstack([source, np.zeros((40, 300))]))
    assert median_width(thin, rng=np.random.default_rng(0)) == pytest.approx(
        median_width(source, rng=np.random.default_rng(0))
    )
