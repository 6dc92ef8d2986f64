"""KLIEP against gradient ascent, its own optimality conditions and a known ratio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.stats import norm

from headstart.errors import ParameterError
from headstart.math.ratios.kliep import kliep, likelihood_folds, mixture_shares


def samples(n_source: int, n_target: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_source, d)), rng.normal(0.5, 0.7, size=(n_target, d))


def basis(X: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    return np.exp(-cdist(X, centres, "sqeuclidean") / (2 * width**2))


def gradient_ascent(A: np.ndarray, b: np.ndarray, steps: int = 20000) -> np.ndarray:
    """Figure 1 of Sugiyama et al. 2008: ascend, project on the constraint, clip, scale; shorter steps when stuck."""
    alpha, rate = np.ones(A.shape[1]) / b.sum(), 1.0
    value = np.log(A @ alpha).mean()
    for _ in range(steps):
        moved = alpha + rate * A.T @ (1 / (A @ alpha)) / len(A)
        moved = moved + (1 - b @ moved) * b / (b @ b)
        moved = np.maximum(0, moved)
        moved = moved / (b @ moved)
        with np.errstate(divide="ignore"):
            reached = np.log(A @ moved).mean()
        if reached > value:
            alpha, value = moved, reached
        else:
            rate /= 2
            if rate < 1e-14:
                break
    return alpha


def expectation_maximisation(A: np.ndarray, b: np.ndarray, steps: int = 30000) -> np.ndarray:
    """Shares of a mixture, by the update that can be read off the stationarity condition."""
    shares, components = np.full(len(b), 1 / len(b)), A / b
    for _ in range(steps):
        shares = shares * (components / (components @ shares)[:, None]).mean(axis=0)
    return shares / b


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_objective_is_that_of_slow_ascents(width: float) -> None:
    source, target = samples(80, 60, 2, seed=0)
    found = kliep(source, target, widths=[width], tolerance=1e-7, rng=np.random.default_rng(0))
    shift = np.vstack([source, target]).mean(axis=0)
    A, P = (basis(X - shift, found.centres, width) for X in (target, source))
    best = np.log(A @ expectation_maximisation(A, P.mean(axis=0))).mean()
    assert np.log(A @ gradient_ascent(A, P.mean(axis=0))).mean() <= found.objective + 1e-7
    assert np.log(A @ found.coef).mean() == pytest.approx(found.objective, abs=1e-8)
    assert found.objective == pytest.approx(best, abs=1e-4)
    assert found.gap <= 1e-7 and (found.coef >= 0).all()
    assert np.allclose(found.weights, P @ found.coef)
    assert found.weights.mean() == pytest.approx(1.0)


@settings(max_examples=30)
@given(n=st.integers(1, 40), b=st.integers(1, 12), seed=st.integers(0, 999))
def test_shares_meet_the_conditions_of_the_optimum(n: int, b: int, seed: int) -> None:
    A = np.random.default_rng(seed).exponential(size=(n, b)) ** 3 + 1e-6
    shares, gap = mixture_shares(A, tolerance=1e-8)
    gradient = A.T @ (1 / (A @ shares)) / n
    assert gap <= 1e-7 and (shares >= 0).all() and shares.sum() == pytest.approx(1)
    assert gradient.max() <= 1 + 1e-6
    assert gradient[shares > 1e-4] == pytest.approx(np.ones((shares > 1e-4).sum()), abs=1e-3)


def test_width_is_chosen_by_held_out_likelihood() -> None:
    source, target = samples(120, 90, 2, seed=1)
    widths = [0.2, 0.7, 5.0]
    found = kliep(source, target, widths=widths, n_folds=3, tolerance=1e-6, rng=np.random.default_rng(0))
    shift = np.vstack([source, target]).mean(axis=0)
    source, target = source - shift, target - shift
    folds = likelihood_folds(target, 3, np.random.default_rng(0))
    for k, width in enumerate(widths):
        A, b = basis(target, found.centres, width), basis(source, found.centres, width).mean(axis=0)
        total = 0.0
        for test in folds:
            train = np.setdiff1d(np.arange(90), test)
            shares, _ = mixture_shares(A[train] / b, tolerance=1e-9)
            total += np.log(A[test] / b @ shares).sum()
        assert found.scores[k] == pytest.approx(total / 90, abs=5e-3)
    assert found.width == widths[int(np.argmax(found.scores))] == 0.7


def test_it_takes_steps() -> None:
    """A peer's solver never leaves its start; the likelihood must rise above that of equal coefficients."""
    source, target = samples(200, 200, 3, seed=2)
    found = kliep(source, target, widths=[1.0], rng=np.random.default_rng(0))
    shift = np.vstack([source, target]).mean(axis=0)
    A, b = (basis(X - shift, found.centres, 1.0) for X in (target, source))
    even = np.ones(A.shape[1]) / b.mean(axis=0).sum()
    assert found.objective > np.log(A @ even).mean() + 0.05


def test_ratio_of_two_normals_is_found() -> None:
    rng = np.random.default_rng(3)
    source, target = rng.normal(0, 1, (2000, 1)), rng.normal(0.5, 0.6, (2000, 1))
    truth = norm.pdf(source, 0.5, 0.6).ravel() / norm.pdf(source).ravel()
    found = kliep(source, target, rng=rng).weights
    assert np.corrcoef(found, truth)[0, 1] > 0.97
    assert np.mean((found - truth) ** 2) < 0.1 * truth.var()


@settings(max_examples=20)
@given(n=st.integers(1, 30), m=st.integers(1, 30), d=st.integers(1, 5), seed=st.integers(0, 50))
def test_order_scale_and_place_change_nothing(n: int, m: int, d: int, seed: int) -> None:
    source, target = samples(n, m, d, seed)
    rng = np.random.default_rng(seed)
    order, other = rng.permutation(n), rng.permutation(m)
    first = kliep(source, target, widths=[1.0], tolerance=1e-9, rng=np.random.default_rng(0))
    moved = kliep(
        3 * source[order] + 7, 3 * target[other] + 7, widths=[3.0], tolerance=1e-9, rng=np.random.default_rng(0)
    )
    assert moved.objective == pytest.approx(first.objective, abs=1e-6)
    assert np.isfinite(first.weights).all() and (first.weights >= 0).all()


def test_far_apart_in_many_columns_nothing_is_nan() -> None:
    rng = np.random.default_rng(4)
    found = kliep(rng.normal(size=(50, 512)), rng.normal(3, 1, (60, 512)), widths=[0.5], rng=rng)
    assert np.isfinite(found.weights).all() and found.weights.mean() == pytest.approx(1.0)


def test_sparse_and_single_precision_agree() -> None:
    source, target = (np.where(np.abs(X) < 0.5, 0, X) for X in samples(150, 140, 6, seed=5))
    dense, thin, short = (
        kliep(kind(source), kind(target), widths=[2.0], tolerance=1e-6, rng=np.random.default_rng(0))
        for kind in (np.asarray, sparse.csr_matrix, np.float32)
    )
    assert dense.objective == pytest.approx(thin.objective, abs=0.02)
    assert dense.objective == pytest.approx(short.objective, abs=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"widths": []}, "widths above 0"), ({"n_folds": 1}, "n_folds from 2"), ({"tolerance": 0.0}, "tolerance above")],
    ids=["widths", "folds", "tolerance"],
)
def test_options_outside_their_range_are_refused(options: dict, words: str) -> None:
    source, target = samples(5, 5, 2, seed=0)
    with pytest.raises(ParameterError, match=words):
        kliep(source, target, rng=np.random.default_rng(0), **options)
