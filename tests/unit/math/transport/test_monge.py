"""The Gaussian Monge map against its closed form, and moments in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.sparse import csr_matrix

from headstart.math.alignment import monge
from headstart.math.alignment.monge import moments, monge_map


def gaussians(d: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(d, d)), rng.normal(size=(d, d))
    return rng.normal(size=d), A @ A.T + np.eye(d), rng.normal(size=d), B @ B.T + 0.1 * np.eye(d)


def test_map_is_the_closed_form() -> None:
    m, S, k, T = gaussians()
    found = monge_map(m, S, k, T, regularisation=0.0)
    root = np.real(sqrtm(S))
    wanted = np.linalg.inv(root) @ np.real(sqrtm(root @ T @ root)) @ np.linalg.inv(root)
    assert np.allclose(found.matrix, wanted, atol=1e-10)
    assert np.allclose(found.matrix @ S @ found.matrix, T, atol=1e-10)
    assert np.allclose(found(m[None]), k[None])
    assert np.linalg.eigvalsh(found.matrix).min() > 0


def test_map_moves_less_than_any_other_that_matches() -> None:
    m, S, k, T = gaussians()
    A = monge_map(m, S, k, T, regularisation=0.0).matrix
    coral = np.linalg.inv(np.real(sqrtm(S))) @ np.real(sqrtm(T))

    def moved(M: np.ndarray) -> float:
        return float(np.trace((M - np.eye(4)).T @ S @ (M - np.eye(4))))

    bures = np.trace(S) + np.trace(T) - 2 * np.trace(np.real(sqrtm(np.real(sqrtm(S)) @ T @ np.real(sqrtm(S)))))
    assert moved(A) == pytest.approx(bures) and moved(A) < moved(coral)


@pytest.mark.parametrize("kind", [np.float64, np.float32], ids=["double", "single"])
@pytest.mark.parametrize("form", [np.asarray, csr_matrix], ids=["dense", "csr"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_moments_in_blocks(kind: Any, form: Any, weighted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monge, "CELLS", 50)
    rng = np.random.default_rng(1)
    X = (rng.normal(5, 2, (101, 6)) * (rng.random((101, 6)) < 0.7)).astype(kind)
    weight = rng.random(101) if weighted else None
    mean, covariance = moments(form(X), weight)
    assert np.allclose(mean, np.average(X, axis=0, weights=weight), rtol=1e-5)
    assert np.allclose(covariance, np.cov(X.T, aweights=weight, ddof=0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix], ids=["dense", "csr"])
def test_single_precision_stays(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monge, "CELLS", 7)
    X = np.random.default_rng(2).normal(size=(30, 4)).astype(np.float32)
    found = monge_map(*gaussians())
    moved = found(form(X))
    assert moved.dtype == np.float32 and np.allclose(moved, X @ found.matrix + found.offset, atol=1e-4)


def test_constant_and_repeated_columns_do_no_harm() -> None:
    rng = np.random.default_rng(3)
    X, Z = rng.normal(size=(50, 3)), rng.normal(2, 3, (40, 3))
    X[:, 2], Z[:, 2] = X[:, 1], 7.0
    for regularisation in (0.0, 1e-3):
        moved = monge_map(*moments(X), *moments(Z), regularisation)(X)
        assert np.isfinite(moved).all()
        assert np.allclose(moved.mean(0), Z.mean(0), atol=1e-6)
