"""Subspace alignment and the geodesic flow kernel against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import null_space
from sklearn.decomposition import PCA

from headstart.math.alignment import subspace
from headstart.math.alignment.geodesic import geodesic_flow
from headstart.math.alignment.subspace import align_subspaces, principal_subspace, subspace_disagreement


def subspaces(d: int = 7, k: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(d, k)))[0], np.linalg.qr(rng.normal(size=(d, k)))[0]


def published_flow(Ps: np.ndarray, Pt: np.ndarray) -> np.ndarray:
    """Eq. 5-8 with the complement R_s, angle by angle."""
    Rs = null_space(Ps.T)
    U1, cosine, Vt = np.linalg.svd(Ps.T @ Pt)
    theta = np.arccos(np.clip(cosine, -1, 1))
    U2 = -(Rs.T @ Pt @ Vt.T) / np.sin(theta)
    ratio = np.sin(2 * theta) / (2 * theta)
    one, three = np.diag(1 + ratio), np.diag(1 - ratio)
    two = np.diag((np.cos(2 * theta) - 1) / (2 * theta))
    outer = np.hstack([Ps @ U1, Rs @ U2])
    return 0.5 * outer @ np.block([[one, two], [two, three]]) @ outer.T


@pytest.mark.parametrize("k", [1, 3, 5])
def test_flow_is_the_published_closed_form(k: int) -> None:
    Ps, Pt = subspaces(12, k)
    root = geodesic_flow(Ps, Pt)
    assert root.shape == (12, 2 * k)
    assert np.allclose(root @ root.T, published_flow(Ps, Pt), atol=1e-10)


def test_flow_is_the_integral_along_the_way() -> None:
    Ps, Pt = subspaces()
    U, cosine, Vt = np.linalg.svd(Ps.T @ Pt)
    theta = np.arccos(cosine)
    away = (Pt @ Vt.T - Ps @ U * cosine) / np.sin(theta)
    steps, weights = np.polynomial.legendre.leggauss(40)
    total = np.zeros((7, 7))
    for t, weight in zip((steps + 1) / 2, weights / 2, strict=True):
        Phi = Ps @ U * np.cos(t * theta) + away * np.sin(t * theta)
        assert np.allclose(Phi.T @ Phi, np.eye(3))
        total += weight * Phi @ Phi.T
    root = geodesic_flow(Ps, Pt)
    assert np.allclose(root @ root.T, total, atol=1e-10)


def test_flow_from_a_subspace_to_itself_is_its_projection() -> None:
    Ps, _ = subspaces()
    turned = Ps @ np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    root = geodesic_flow(Ps, turned)
    assert np.allclose(root @ root.T, Ps @ Ps.T, atol=1e-6)


def test_flow_goes_both_ways_alike_and_through_large_subspaces() -> None:
    Ps, Pt = subspaces(6, 5)
    there, back = geodesic_flow(Ps, Pt), geodesic_flow(Pt, Ps)
    assert np.allclose(there @ there.T, back @ back.T, atol=1e-8)


@pytest.mark.parametrize("shape", [(50, 6), (12, 40), (1300, 1250)], ids=["tall", "wide", "products"])
def test_principal_directions_are_those_of_pca(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(shape[0], 6)) * [9, 7, 5, 3, 2, 1] @ rng.normal(size=(6, shape[1])) + 4
    X += 0.01 * rng.normal(size=shape)
    mean, directions = principal_subspace(X, 3)
    pca = PCA(3, svd_solver="full").fit(X)
    assert np.allclose(mean, pca.mean_)
    assert np.allclose(np.abs(np.einsum("kd,dk->k", pca.components_, directions)), 1, atol=1e-6)
    assert np.allclose(directions.T @ directions, np.eye(3), atol=1e-8)


def test_rows_that_vary_in_fewer_directions_give_fewer() -> None:
    assert principal_subspace(np.outer(np.arange(9.0), np.ones(4)), 3)[1].shape == (4, 1)
    assert principal_subspace(np.ones((5, 3)), 2)[1].shape == (3, 1)


def test_alignment_is_the_best_rotation_of_the_source_onto_the_target() -> None:
    Ps, Pt = subspaces()
    aligned = align_subspaces(Ps, Pt)
    best = np.linalg.lstsq(Ps, Pt, rcond=None)[0]
    assert np.allclose(aligned, Ps @ best)


def test_disagreement_is_the_sine_of_the_largest_angle() -> None:
    E = np.eye(6)
    angle = 0.4
    tilted = np.column_stack([E[:, 0], np.cos(angle) * E[:, 1] + np.sin(angle) * E[:, 4]])
    found = subspace_disagreement(E[:, :2], tilted, E[:, :2])
    assert np.allclose(found, [0.0, 0.5 * np.sin(angle)], atol=1e-7)
    assert subspace.subspace_disagreement(E[:, :1], E[:, 1:2], E[:, 2:3])[0] == pytest.approx(1.0)
