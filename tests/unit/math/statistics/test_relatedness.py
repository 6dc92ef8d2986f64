"""Leave-one-out scores in closed form against leaving out one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from headstart.math.statistics.relatedness import knn_score, ridge_loo_score, standardised


def _blobs(n: int = 60, d: int = 5, gap: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    return rng.normal(size=(n, d)) + gap * np.eye(3, d)[y], y


def test_knn_equals_scikit_learn_one_by_one() -> None:
    x, y = _blobs()
    unit = standardised(x)
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    right = [
        KNeighborsClassifier(1).fit(np.delete(unit, i, 0), np.delete(y, i)).predict(unit[i : i + 1])[0] == y[i]
        for i in range(len(y))
    ]
    assert knn_score(x, np.eye(3)[y], k=1) == pytest.approx(np.mean(right))


def test_knn_is_the_same_in_blocks() -> None:
    x, y = _blobs()
    assert knn_score(x, np.eye(3)[y], block=7) == knn_score(x, np.eye(3)[y])


def test_knn_does_not_ask_the_own_group() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat(rng.normal(size=(30, 4)), 2, axis=0)
    y = np.repeat(rng.integers(0, 2, 30), 2)
    assert knn_score(x, np.eye(2)[y], k=1) == 1.0
    assert knn_score(x, np.eye(2)[y], k=1, groups=np.repeat(np.arange(30), 2)) < 0.8


def test_knn_of_numbers_is_r2() -> None:
    x = np.linspace(0, 1, 200)[:, None] * np.array([[1.0, -1.0]]) + 0.001
    x = np.column_stack([np.cos(3 * x[:, 0]), np.sin(3 * x[:, 0])])
    assert knn_score(x, np.linspace(0, 5, 200)) > 0.98


@pytest.mark.parametrize("d", [4, 40])
def test_ridge_equals_leaving_out_one_by_one(d: int) -> None:
    rng = np.random.default_rng(2)
    x = standardised(rng.normal(size=(25, d))).astype(float)
    y = x[:, 0] + rng.normal(size=25)
    losses = []
    for penalty in np.logspace(-4, 4, 17) * 25:
        left = [
            y[i] - Ridge(penalty).fit(np.delete(x, i, 0), np.delete(y, i)).predict(x[i : i + 1])[0] for i in range(25)
        ]
        losses.append(np.mean(np.square(left)))
    # The intercept of the refit is not penalised, and neither is ours; its leverage 1/n is exact for centred columns.
    assert ridge_loo_score(x, y) == pytest.approx(1 - min(losses) / y.var(), abs=2e-3)


def test_ridge_with_groups_equals_leaving_out_whole_groups() -> None:
    rng = np.random.default_rng(3)
    x = standardised(rng.normal(size=(24, 5))).astype(float)
    groups = np.arange(24) // 4
    y = x[:, 0] + np.repeat(rng.normal(size=6), 4)
    losses = []
    for penalty in np.logspace(-4, 4, 17) * 24:
        error = np.empty(24)
        for g in range(6):
            out = groups == g
            error[out] = y[out] - Ridge(penalty).fit(x[~out], y[~out]).predict(x[out])
        losses.append(np.mean(error**2))
    assert ridge_loo_score(x, y, groups=groups) == pytest.approx(1 - min(losses) / y.var(), abs=2e-3)
    singles = ridge_loo_score(x, y, groups=np.arange(24))
    assert singles == pytest.approx(ridge_loo_score(x, y), abs=1e-6)


def test_scores_of_shuffled_labels_are_near_chance() -> None:
    x, y = _blobs(300, 20)
    shuffled = np.random.default_rng(4).permutation(y)
    for score in (knn_score, ridge_loo_score):
        assert score(x, np.eye(3)[y]) > 0.6
        assert score(x, np.eye(3)[shuffled]) < 0.45


def test_inputs_are_not_written_to() -> None:
    x, y = _blobs()
    before = x.copy()
    knn_score(x, np.eye(3)[y])
    ridge_loo_score(x, np.eye(3)[y])
    assert np.array_equal(x, before)
