"""Transfer joint matching against the paper's n x n form, and that it iterates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import eigh

from headstart.math.alignment.components import Components
from headstart.math.alignment.tjm import fit_tjm


def sides(d: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, d)), rng.normal(size=(30, d)) * 1.2 + 0.6


def slow_tjm(K: np.ndarray, n_s: int, k: int, penalty: float, rounds: int) -> tuple[np.ndarray, list[float]]:
    """Algorithm 1 with matrices: (K L K + lambda G) W = K H K W Phi, then G from the rows of W."""
    n = len(K)
    e = np.r_[np.full(n_s, 1 / n_s), np.full(n - n_s, -1 / (n - n_s))]
    L, H, G, objective = np.outer(e, e), np.eye(n) - 1 / n, np.ones(n), []
    L /= np.linalg.norm(L)
    for _ in range(rounds + 1):
        values, W = eigh(K @ H @ K, K @ L @ K + penalty * np.diag(G))
        W, values = W[:, ::-1][:, :k], values[::-1][:k]
        W = W / np.sqrt(values)  # W' K H K W = I
        lengths = np.linalg.norm(W, axis=1)
        fit = np.trace(W.T @ K @ L @ K @ W)
        objective.append(fit + penalty * (lengths[:n_s].sum() + (lengths[n_s:] ** 2).sum()))
        G = np.r_[0.5 / np.maximum(lengths[:n_s], 1e-8 * lengths.max()), np.ones(n - n_s)]
    return K @ W, objective


@pytest.mark.parametrize("kernel", ["linear", "rbf", "wide"])
def test_the_low_rank_form_is_the_published_one(kernel: str) -> None:
    Xs, Xt = sides(90 if kernel == "wide" else 5)
    X = np.vstack([Xs, Xt])
    K = X @ X.T if kernel != "rbf" else np.exp(-0.1 * ((X[:, None] - X[None]) ** 2).sum(axis=2))
    found = fit_tjm(
        Xs,
        Xt,
        Components(2, "rbf" if kernel == "rbf" else "linear", 0.1, 0.7),
        rounds=4,
        tolerance=0.0,
    )
    Z, objective = slow_tjm(K, 40, 2, 0.7, 4)
    assert np.allclose(found.objective, objective, rtol=1e-5)
    assert np.abs(np.abs(Z) - np.abs(found.projection(X))).max() < 1e-4 * np.abs(Z).max()


def test_it_goes_on_after_the_first_round_and_the_objective_never_rises() -> None:
    found = fit_tjm(*sides(), Components(2), rounds=50)
    falls = -np.diff(found.objective)
    assert len(found.objective) > 5
    assert np.all(falls >= -1e-12) and falls[1] > 1e-3 * found.objective[1]
    assert falls[-1] <= 1e-6 * found.objective[-1] or len(found.objective) == 51


def test_components_have_the_constraints_spread() -> None:
    Xs, Xt = sides()
    Z = fit_tjm(Xs, Xt, Components(3)).projection(np.vstack([Xs, Xt]))
    Z = Z - Z.mean(axis=0)
    assert np.allclose(Z.T @ Z, np.eye(3), atol=1e-8)


def test_source_rows_without_part_are_left_out() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    fits = rng.normal(size=(60, 2)) * 0.1 @ basis[:2]
    beside = rng.normal(size=(60, 3)) * 0.05 @ basis[5:8]
    target = rng.normal(size=(60, 2)) * 0.1 @ basis[:2]
    found = fit_tjm(np.vstack([fits, beside]), target, Components(2), rounds=50)
    assert found.relevance[60:].max() < 1e-3 * found.relevance[:60].max()
