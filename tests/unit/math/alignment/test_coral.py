"""CORAL against the paper's three lines, and where there are more columns than rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import fractional_matrix_power

from headstart.math.alignment.coral import coral, covariance_spectrum


def papers(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Algorithm 1 of the paper, word for word, on centred data."""
    d = source.shape[1]
    first = np.cov(source.T) + np.eye(d)
    second = np.cov(target.T) + np.eye(d)
    return source @ fractional_matrix_power(first, -0.5) @ fractional_matrix_power(second, 0.5)


def two(n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mix, other = rng.normal(size=(d, d)), rng.normal(size=(d, d))
    return rng.normal(size=(n, d)) @ mix + 2.0, rng.normal(size=(m, d)) @ other - 1.0


def test_standardised_columns_give_the_papers_answer() -> None:
    source, target = two(200, 150, 6)
    source = (source - source.mean(axis=0)) / source.std(axis=0, ddof=1)
    target = (target - target.mean(axis=0)) / target.std(axis=0, ddof=1)
    assert np.allclose(coral(source, target)(source), papers(source, target))


def test_without_regularisation_covariance_and_mean_match() -> None:
    source, target = two(200, 150, 6)
    moved = coral(source, target, regularisation=0.0)(source)
    assert np.allclose(np.cov(moved.T), np.cov(target.T)) and np.allclose(moved.mean(axis=0), target.mean(axis=0))


@pytest.mark.parametrize("regularisation", [0.5, 2.0])
def test_more_columns_than_rows_is_the_same_map(regularisation: float) -> None:
    source, target = two(12, 9, 40)
    first = np.cov(source.T) + regularisation * np.trace(np.cov(source.T)) / 40 * np.eye(40)
    second = np.cov(target.T) + regularisation * np.trace(np.cov(target.T)) / 40 * np.eye(40)
    linear = fractional_matrix_power(first, -0.5).real @ fractional_matrix_power(second, 0.5).real
    expected = (source - source.mean(axis=0)) @ linear + target.mean(axis=0)
    mapping = coral(source, target, regularisation=regularisation)
    assert np.allclose(mapping(source), expected) and np.allclose(mapping.matrix(), linear)


def test_fewer_directions_than_columns_without_regularisation() -> None:
    source, target = two(200, 150, 4)
    source = np.hstack([source, source[:, :1] * 2, np.full((200, 1), 3.0)])
    target = np.hstack([target, target[:, :1], np.full((150, 1), 5.0)])
    moved = coral(source, target, regularisation=0.0)(source)
    assert np.isfinite(moved).all() and np.allclose(moved[:, -1], 5.0)


def test_units_do_not_matter() -> None:
    source, target = two(50, 60, 3)
    once = coral(source, target)(source)
    assert np.allclose(coral(1000 * source, 1e-3 * target)(1000 * source), 1e-3 * once)


def test_blocks_sparse_rows_and_float32_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = two(100, 80, 5)
    source[source < 1] = 0
    expected = coral(source, target)(source)
    assert np.allclose(coral(sparse.csr_matrix(source), target)(sparse.csr_matrix(source)), expected)
    single = coral(source.astype(np.float32), target.astype(np.float32))(source.astype(np.float32))
    assert single.dtype == np.float32 and np.allclose(single, expected, atol=1e-3)
    monkeypatch.setattr("headstart.math.alignment.coral._BLOCK", 35)
    assert np.allclose(coral(source, target)(source), expected)


def test_the_spectrum_is_the_covariances() -> None:
    for shape in ((30, 4), (4, 30), (1, 3)):
        X = np.random.default_rng(0).normal(5, 1, shape)
        mean, values, vectors = covariance_spectrum(X)
        expected = np.zeros((shape[1], shape[1])) if shape[0] == 1 else np.cov(X.T)
        assert np.allclose(mean, X.mean(axis=0)) and np.allclose(vectors * values @ vectors.T, expected)
        assert np.allclose(vectors.T @ vectors, np.eye(len(values)))
