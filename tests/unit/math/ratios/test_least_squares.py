"""uLSIF and RuLSIF against explicit leave-one-out, a direct solve and a known ratio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.stats import norm

from headstart.errors import ParameterError
from headstart.math.ratios.least_squares import least_squares_ratio, left_out_pairs


def samples(n_source: int, n_target: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_source, d)), rng.normal(0.5, 0.7, size=(n_target, d))


def basis(X: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    return np.exp(-cdist(X, centres, "sqeuclidean") / (2 * width**2))


def fitted(x: np.ndarray, z: np.ndarray, alpha: float, penalty: float) -> np.ndarray:
    H = alpha * z.T @ z / len(z) + (1 - alpha) * x.T @ x / len(x)
    return np.maximum(0, np.linalg.solve(H + penalty * np.eye(H.shape[0]), z.mean(axis=0)))


def explicit_leave_one_out(
    x: np.ndarray, z: np.ndarray, pairs: list[tuple[int, int]], alpha: float, penalty: float
) -> float:
    """Solve anew without each pair, as Kanamori et al. 2009 define it."""
    losses = []
    for i, j in pairs:
        theta = fitted(np.delete(x, i, axis=0), np.delete(z, j, axis=0), alpha, penalty)
        losses.append(alpha / 2 * (z[j] @ theta) ** 2 + (1 - alpha) / 2 * (x[i] @ theta) ** 2 - z[j] @ theta)
    return float(np.mean(losses))


@pytest.mark.parametrize("sizes", [(25, 25), (40, 15), (12, 33)], ids=["even", "more source", "more target"])
@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.5])
def test_leave_one_out_is_that_of_solving_anew(alpha: float, sizes: tuple[int, int]) -> None:
    """Also with other numbers of rows on each side, where source and target swapped would change every score."""
    source, target = samples(*sizes, 3, seed=0)
    widths, penalties = [0.8, 2.0], [0.01, 0.3]
    found = least_squares_ratio(
        source, target, alpha=alpha, widths=widths, penalties=penalties, rng=np.random.default_rng(0)
    )
    shift = np.vstack([source, target]).mean(axis=0)
    first, second = left_out_pairs(source - shift, target - shift, np.random.default_rng(0))
    pairs = list(zip(first, second, strict=True))
    assert len(set(first)) == len(set(second)) == min(sizes)
    for a, width in enumerate(widths):
        x, z = basis(source - shift, found.centres, width), basis(target - shift, found.centres, width)
        for b, penalty in enumerate(penalties):
            assert found.scores[a, b] == pytest.approx(explicit_leave_one_out(x, z, pairs, alpha, penalty), rel=1e-8)


@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_solution_is_the_closed_form_at_the_best_point(alpha: float) -> None:
    source, target = samples(60, 80, 2, seed=2)
    found = least_squares_ratio(source, target, alpha=alpha, rng=np.random.default_rng(0))
    best = np.unravel_index(np.argmin(found.scores), found.scores.shape)
    assert found.penalty == [1e-3, 1e-2, 1e-1, 1.0][best[1]]
    shift = np.vstack([source, target]).mean(axis=0)
    x, z = basis(source - shift, found.centres, found.width), basis(target - shift, found.centres, found.width)
    theta = fitted(x, z, alpha, found.penalty)
    assert np.allclose(found.coef, theta, atol=1e-8)
    assert np.allclose(found.weights, x @ theta, atol=1e-8)


def test_ratio_of_two_normals_is_found() -> None:
    rng = np.random.default_rng(3)
    source, target = rng.normal(0, 1, (2000, 1)), rng.normal(0.5, 0.6, (2000, 1))
    truth = norm.pdf(source, 0.5, 0.6).ravel() / norm.pdf(source).ravel()
    plain = least_squares_ratio(source, target, rng=rng).weights
    assert np.corrcoef(plain, truth)[0, 1] > 0.97
    assert np.mean((plain - truth) ** 2) < 0.1 * truth.var()
    relative = least_squares_ratio(source, target, alpha=0.3, rng=rng).weights
    assert np.corrcoef(relative, truth / (0.3 * truth + 0.7))[0, 1] > 0.97
    assert relative.max() < 1 / 0.3 * 1.2


@settings(max_examples=20)
@given(n=st.integers(1, 30), m=st.integers(1, 30), d=st.integers(1, 5), seed=st.integers(0, 50))
def test_order_of_rows_scale_and_place_change_nothing(n: int, m: int, d: int, seed: int) -> None:
    source, target = samples(n, m, d, seed)
    rng = np.random.default_rng(seed)
    order, other = rng.permutation(n), rng.permutation(m)
    first = least_squares_ratio(source, target, widths=[1.0], penalties=[0.1, 1.0], rng=np.random.default_rng(0))
    moved = least_squares_ratio(
        3 * source[order] + 7, 3 * target[other] + 7, widths=[3.0], penalties=[0.1, 1.0], rng=np.random.default_rng(0)
    )
    assert np.allclose(moved.weights, first.weights[order], atol=1e-7)
    assert (first.weights >= 0).all() and np.isfinite(first.weights).all()


def test_sparse_and_single_precision_agree() -> None:
    source, target = (np.where(np.abs(X) < 0.5, 0, X) for X in samples(150, 140, 6, seed=4))
    dense, thin, short = (
        least_squares_ratio(a(source), a(target), n_centres=50, rng=np.random.default_rng(0)).weights
        for a in (np.asarray, sparse.csr_matrix, np.float32)
    )
    assert np.allclose(dense, thin, atol=1e-6)
    assert np.allclose(dense, short, atol=5e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": 1.0}, "alpha from 0 to below 1"),
        ({"widths": [0.0]}, "widths above 0"),
        ({"penalties": [-1.0]}, "penalties above 0"),
        ({"n_centres": 0}, "n_centres from 1"),
    ],
    ids=["alpha", "widths", "penalties", "centres"],
)
def test_options_outside_their_range_are_refused(options: dict, words: str) -> None:
    source, target = samples(5, 5, 2, seed=0)
    with pytest.raises(ParameterError, match=words):
        least_squares_ratio(source, target, rng=np.random.default_rng(0), **options)
