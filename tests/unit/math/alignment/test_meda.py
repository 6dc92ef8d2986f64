"""MEDA against its published n x n form, and the graph that it is smooth on."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.alignment import kernels
from headstart.math.alignment.graph import nearest_neighbour_graph, normalised_laplacian_product
from headstart.math.alignment.kernels import unit_rows
from headstart.math.alignment.meda import fit_meda


def task() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 5)) * 2
    ys, yt = np.arange(42) % 3, np.arange(36) % 3
    Zs, Zt = centres[ys] + rng.normal(size=(42, 5)), centres[yt] + rng.normal(size=(36, 5)) + 0.6
    return unit_rows(Zs), ys, unit_rows(Zt), yt


def slow_graph(X: np.ndarray, k: int) -> np.ndarray:
    similar = unit_rows(X) @ unit_rows(X).T
    np.fill_diagonal(similar, -np.inf)
    W = np.zeros_like(similar)
    for i, row in enumerate(similar):
        for j in np.argsort(-row)[:k]:
            W[i, j] = W[j, i] = max(row[j], 0.0)
    return W


def slow_meda(
    Zs: np.ndarray, ys: np.ndarray, Zt: np.ndarray, start: np.ndarray, mu: float, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """The authors' iteration: beta = ((A + lambda M + rho L) K + eta I)^-1 A Y; eta .1, lambda 10, rho 1."""
    X, n_s, n = np.vstack([Zs, Zt]), len(Zs), len(Zs) + len(Zt)
    W = slow_graph(X, 10)
    root = np.diag(1 / np.sqrt(W.sum(axis=1)))
    L = np.eye(n) - root @ W @ root
    K = np.exp(-0.5 * ((X[:, None] - X[None]) ** 2).sum(axis=2))
    A, Y = np.diag(np.r_[np.ones(n_s), np.zeros(n - n_s)]), np.vstack([np.eye(3)[ys], np.zeros((len(Zt), 3))])
    labels = start
    for _ in range(rounds):
        e = np.r_[np.full(n_s, 1 / n_s), np.full(n - n_s, -1 / (n - n_s))]
        M = (1 - mu) * 3 * np.outer(e, e)
        for c in range(3):
            e = np.zeros(n)
            e[:n_s][ys == c] = 1 / (ys == c).sum()
            e[n_s:][labels == c] = -1 / (labels == c).sum()
            M += mu * np.outer(e, e)
        M /= np.linalg.norm(M)
        beta = np.linalg.solve((A + 10 * M + L) @ K + 0.1 * np.eye(n), A @ Y)
        scores = K @ beta
        labels = scores[n_s:].argmax(axis=1)
    return scores[n_s:], labels


def test_it_is_the_published_iteration() -> None:
    Zs, ys, Zt, yt = task()
    start = yt[::-1].copy()
    scores, labels = slow_meda(Zs, ys, Zt, start, 0.4, 3)
    found = fit_meda(Zs, ys, Zt, start, balance=0.4, rounds=3)
    assert np.array_equal(found.pseudo_labels, labels)
    assert np.allclose(found(Zt), scores, atol=1e-6)


def test_landmarks_come_close() -> None:
    Zs, ys, Zt, yt = task()
    exact = fit_meda(Zs, ys, Zt, yt, balance=0.4)
    close = fit_meda(Zs, ys, Zt, yt, balance=0.4, landmarks=40)
    assert np.mean(exact.pseudo_labels == close.pseudo_labels) > 0.9


def test_known_rows_are_fitted_and_kept() -> None:
    Zs, ys, Zt, yt = task()
    wrong = np.where(np.arange(len(yt)) < 6, (yt + 1) % 3, -1)
    found = fit_meda(Zs, ys, Zt, yt, known=wrong)
    assert np.array_equal(found.pseudo_labels[:6], wrong[:6])
    pulled, free = found(Zt[:6]), fit_meda(Zs, ys, Zt, yt)(Zt[:6])
    rows = np.arange(6)
    assert np.all(pulled[rows, wrong[:6]] > free[rows, wrong[:6]])


def test_rounds_end_and_the_balance_is_recorded() -> None:
    Zs, ys, Zt, yt = task()
    found = fit_meda(Zs, ys, Zt, yt, rounds=50)
    assert len(found.history) < 50 and found.history[-1]["changed"] == 0.0
    assert all(0 <= record["balance"] <= 1 for record in found.history)


def test_the_graph_joins_nearest_rows_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    assert np.allclose(nearest_neighbour_graph(X, 4).toarray(), slow_graph(X, 4))
    monkeypatch.setattr(kernels, "BLOCK", 90)
    assert np.allclose(nearest_neighbour_graph(X, 4).toarray(), slow_graph(X, 4))
    assert nearest_neighbour_graph(X[:1], 4).nnz == 0
    assert nearest_neighbour_graph(X[:3], 9).nnz <= 6


def test_the_laplacian_is_nought_on_its_own_level() -> None:
    X = np.random.default_rng(0).normal(size=(30, 3))
    graph = nearest_neighbour_graph(X, 5)
    level = np.sqrt(graph.sum(axis=1))[:, None]
    assert np.allclose(normalised_laplacian_product(graph, level), 0, atol=1e-12)
