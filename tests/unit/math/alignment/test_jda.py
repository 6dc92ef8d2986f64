"""Joint and balanced adaptation against the papers' n x n form, written out."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.linalg import eigh

from headstart.math.alignment.components import Components
from headstart.math.alignment.jda import fit_jda
from headstart.math.alignment.kernels import unit_rows
from headstart.math.alignment.nearest_first import label_nearest_first
from headstart.math.samples.distance import proxy_a_distance, proxy_distances


def nearest(X: np.ndarray, y: np.ndarray, T: np.ndarray) -> np.ndarray:
    return y[((T[:, None] - X[None]) ** 2).sum(axis=2).argmin(axis=1)]


def task(seed: int = 0, n: int = 45, d: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, d)) * 2
    ys, yt = np.arange(n) % 3, np.arange(n - 6) % 3
    Xs = centres[ys] + rng.normal(size=(n, d))
    Xt = (centres[yt] + rng.normal(size=(n - 6, d))) @ (np.eye(d) + 0.25 * rng.normal(size=(d, d))) + 0.7
    return Xs, ys, Xt, yt


def slow_joint(
    Xs: np.ndarray,
    ys: np.ndarray,
    Xt: np.ndarray,
    k: int,
    penalty: float,
    rounds: int,
    mu: float | None = None,
    weighted: bool = False,
    dual: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The published algorithm with M as a matrix; components of the last round and its pseudo-labels."""
    X, n_s, n = np.vstack([Xs, Xt]), len(Xs), len(Xs) + len(Xt)
    A = X @ X.T if dual else X
    H, labels, classes = np.eye(n) - 1 / n, np.full(len(Xt), -1), np.unique(ys)
    for turn in range(rounds + 1):
        e = np.r_[np.full(n_s, 1 / n_s), np.full(n - n_s, -1 / (n - n_s))]
        M = (1.0 if mu is None else 1 - mu) * len(classes) * np.outer(e, e)
        for c in classes:
            if not (labels == c).any():
                continue
            e = np.zeros(n)
            share_s = np.sqrt(np.mean(ys == c)) if weighted else 1.0
            share_t = np.sqrt(np.mean(labels == c)) if weighted else 1.0
            e[:n_s][ys == c] = share_s / (ys == c).sum()
            e[n_s:][labels == c] = -share_t / (labels == c).sum()
            M += (1.0 if mu is None else mu) * np.outer(e, e)
        M /= np.linalg.norm(M)
        _, B = eigh(A.T @ H @ A, A.T @ M @ A + penalty * np.eye(A.shape[1]))
        Z = A @ B[:, ::-1][:, :k]
        if turn < rounds:
            labels = nearest(Z[:n_s], ys, Z[n_s:])
    return Z, labels


@pytest.mark.parametrize("dual", [False, True], ids=["primal", "linear"])
@pytest.mark.parametrize(
    "options",
    [{}, {"mu": 0.3}, {"mu": 0.8, "weighted": True}],
    ids=["joint", "balanced", "weighted"],
)
def test_the_low_rank_form_is_the_published_one(dual: bool, options: dict) -> None:
    Xs, ys, Xt, _ = task()
    Z, labels = slow_joint(Xs, ys, Xt, 3, 0.5, 4, dual=dual, **options)
    found = fit_jda(
        Xs,
        ys,
        Xt,
        nearest,
        Components(3, "linear" if dual else "primal", penalty=0.5),
        rounds=4,
        balance=options.get("mu"),
        weighted=options.get("weighted", False),
    )
    assert np.array_equal(labels, found.pseudo_labels)
    ours = found.projection(np.vstack([Xs, Xt]))
    assert np.abs(np.abs(Z) - np.abs(ours)).max() < 1e-6 * np.abs(Z).max()


def test_a_kernel_is_the_primal_form_on_kernel_values() -> None:
    Xs, ys, Xt, _ = task()
    found = fit_jda(Xs, ys, Xt, nearest, Components(3, "rbf", 0.05, 0.1), rounds=3)
    X = np.vstack([Xs, Xt])
    K = np.exp(-0.05 * ((X[:, None] - X[None]) ** 2).sum(axis=2))
    Z, labels = slow_joint(K[: len(Xs)], ys, K[len(Xs) :], 3, 0.1, 3)
    assert np.array_equal(labels, found.pseudo_labels)
    assert np.abs(np.abs(Z) - np.abs(found.projection(X))).max() < 1e-6 * np.abs(Z).max()


def test_rounds_end_when_no_label_changes_and_say_so() -> None:
    Xs, ys, Xt, _ = task()
    found = fit_jda(Xs, ys, Xt, nearest, Components(3, "primal"), rounds=200)
    assert 2 <= len(found.history) < 200
    assert found.history[0]["changed"] == 1.0 and found.history[-1]["changed"] == 0.0
    more = fit_jda(Xs, ys, Xt, nearest, Components(3, "primal"), rounds=len(found.history))
    assert np.allclose(found.projection.coef, more.projection.coef)


def test_known_labels_are_kept_and_learned_from() -> None:
    Xs, ys, Xt, yt = task(3)
    known = np.where(np.arange(len(yt)) < 9, yt, -1)
    seen = []

    def spy(X: np.ndarray, y: np.ndarray, T: np.ndarray) -> np.ndarray:
        seen.append(len(X))
        return nearest(X, y, T)

    found = fit_jda(Xs, ys, Xt, spy, Components(3, "primal"), known=known)
    assert np.array_equal(found.pseudo_labels[:9], yt[:9]) and set(seen) == {len(Xs) + 9}


def test_an_automatic_balance_is_used_and_lies_between_0_and_1() -> None:
    Xs, ys, Xt, _ = task()
    found = fit_jda(Xs, ys, Xt, nearest, Components(3, "primal"), balance="auto", rounds=3)
    assert found.history[0]["balance"] == 0.0, "before the first labels there are no classes"
    assert 0 <= found.balance <= 1 and found.balance == found.history[-1]["balance"]


def test_no_matrix_of_pairs_is_made() -> None:
    rng = np.random.default_rng(0)
    Xs, Xt, ys = rng.normal(size=(6000, 8)), rng.normal(size=(6000, 8)), np.arange(6000) % 4
    tracemalloc.start()
    fit_jda(Xs, ys, Xt, lambda X, y, T: np.arange(len(T)) % 4, Components(4, "primal"), rounds=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


def test_nearest_first_is_prims_algorithm() -> None:
    rng = np.random.default_rng(1)
    X, T = rng.normal(size=(12, 2)), rng.normal(size=(30, 2))
    y = np.arange(12) % 3
    rows, labels, left = list(X), list(y), list(range(30))
    expected = np.empty(30, dtype=int)
    while left:
        away = ((T[left][:, None] - np.array(rows)[None]) ** 2).sum(axis=2)
        i, j = np.unravel_index(away.argmin(), away.shape)
        expected[left[i]] = labels[j]
        rows.append(T[left[i]])
        labels.append(labels[j])
        del left[i]
    assert np.array_equal(label_nearest_first(X, y, T), expected)
    assert label_nearest_first(X, y, T[:0]).shape == (0,)


def test_nearest_first_walks_where_plain_neighbours_jump() -> None:
    turn = np.linspace(0, np.pi, 60)
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    inner, outer = ring[1:], ring[1:] * 1.6
    X, y = np.vstack([ring[:1], ring[:1] * 1.6]), np.array([0, 1])
    T, truth = np.vstack([inner, outer]), np.r_[np.zeros(59), np.ones(59)]
    assert np.mean(label_nearest_first(X, y, T) == truth) == 1.0
    assert np.mean(nearest(X, y, T) == truth) < 0.8


def test_proxy_distance_is_nought_for_one_cloud_and_two_for_clouds_apart() -> None:
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(200, 5)), rng.normal(size=(100, 5))
    assert proxy_a_distance(A, B) < 0.35
    assert proxy_a_distance(A, B + 20) == 2.0
    assert proxy_a_distance(rng.normal(size=(30, 60)), rng.normal(size=(30, 60))) < 1.0, "overfitting is no distance"


def test_balance_follows_what_differs() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    Zs, Zt = rng.normal(size=(2, 200, 3)) + 4 * np.eye(3)[y]
    within = Zt + np.where(y[:, None] == 0, 1.0, -1.0) * [0, 0, 5.0]
    assert proxy_distances(Zs, y, within, y).balance > 0.6
    assert proxy_distances(Zs, y, Zs, y).balance == 0.5


def test_unit_rows_leave_zeros() -> None:
    assert np.allclose(unit_rows(np.array([[0.0, 0.0], [0.0, -2.0]])), [[0, 0], [0, -1]])
