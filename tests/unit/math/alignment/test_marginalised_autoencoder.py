"""mSDA against many corrupted copies, and its parts against the whole."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from headstart.math.alignment.domain_copies import domain_copies
from headstart.math.alignment.marginalised_autoencoder import denoising_map, frequent_columns, part_maps, rebuild


def rows(n: int = 40, d: int = 5) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 2)) @ rng.normal(size=(2, d)) + 0.3 * rng.normal(size=(n, d)) + 0.5


def test_map_is_least_squares_over_many_corruptions() -> None:
    X, p, rng = rows(), 0.4, np.random.default_rng(1)
    many = 4000
    left, right = np.zeros((6, 6)), np.zeros((6, 5))
    for _ in range(many):
        corrupted = np.hstack([X * (rng.random(X.shape) > p), np.ones((len(X), 1))])
        left += corrupted.T @ corrupted / many
        right += corrupted.T @ X / many
    wanted = np.linalg.solve(left, right)
    assert np.abs(denoising_map(X, p, regularisation=1e-12) - wanted).max() < 0.02


def test_map_is_the_papers_formula() -> None:
    X, p = rows(), 0.3
    ones = np.hstack([X, np.ones((len(X), 1))])
    S, q = ones.T @ ones, np.r_[np.full(5, 1 - p), 1.0]
    Q = S * np.outer(q, q)
    np.fill_diagonal(Q, np.diag(S) * q)
    P = (S * q[None, :])[:5]
    assert np.allclose(denoising_map(X, p, regularisation=1e-12).T, P @ np.linalg.inv(Q), atol=1e-7)


def test_without_corruption_rows_are_rebuilt() -> None:
    X = 0.1 * rows()
    assert np.allclose(rebuild(X, denoising_map(X, 0.0)), np.tanh(X), atol=1e-3)


@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
def test_sparse_rows_give_the_dense_answer(single: bool) -> None:
    X = (np.random.default_rng(2).random((60, 8)) < 0.3).astype(np.float32 if single else np.float64)
    W = denoising_map(X, 0.5)
    assert np.allclose(W, denoising_map(csr_matrix(X), 0.5), atol=1e-10)
    layer = rebuild(csr_matrix(X), W)
    assert layer.dtype == X.dtype and np.allclose(layer, rebuild(X, W), atol=1e-5)


def test_parts_are_the_mean_of_their_own_repairs() -> None:
    X, pivots = rows(50, 6), np.array([1, 4])
    parts = [np.array([0, 2, 5]), np.array([1, 3, 4])]
    W = part_maps(X, pivots, parts, 0.5)
    outputs = []
    for part in parts:
        own = denoising_map(X[:, part], 0.5, outputs=X[:, pivots])
        outputs.append(X[:, part] @ own[:-1] + own[-1])
    assert np.allclose(X @ W[:-1] + W[-1], np.mean(outputs, axis=0))
    whole = part_maps(X, np.arange(6), [np.arange(6)], 0.5)
    assert np.allclose(whole, denoising_map(X, 0.5))
    assert np.allclose(part_maps(csr_matrix(X), pivots, parts, 0.5), W)


def test_frequent_columns_count_cells() -> None:
    X = np.array([[1, 0, 2, 0], [1, 0, 0, 3], [9, 0, 0, 1]])
    assert frequent_columns(X, 2).tolist() == [0, 3]
    assert frequent_columns(csr_matrix(X), 3).tolist() == [0, 2, 3]


def test_domain_copies_are_daumes() -> None:
    X = np.array([[1.0, 2.0], [0.0, 3.0]])
    zeros = np.zeros_like(X)
    for domain, wanted in enumerate(([X, X, zeros, zeros], [X, zeros, X, zeros], [X, zeros, zeros, X])):
        assert np.array_equal(domain_copies(X, domain, 3), np.hstack(wanted))
        sparse = domain_copies(csr_matrix(X), domain, 3)
        assert np.array_equal(sparse.toarray(), np.hstack(wanted)) and sparse.nnz == 6
