"""Choosing without target labels: closed forms and slow rewrites."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headstart.errors import DataError, ParameterError
from headstart.math.statistics import validation
from headstart.math.statistics.validation import (
    circular_validation,
    deep_embedded_risk,
    importance_weighted_risk,
    mean_entropy,
    soft_neighbourhood_density,
)


def gaussian_weights(x: np.ndarray, shift: float) -> np.ndarray:
    """True density ratio of N(shift, 1) to N(0, 1)."""
    return np.exp(shift * x - shift**2 / 2)


def test_importance_weights_give_the_targets_risk_without_bias() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400_000)
    loss = (x - 1.0) ** 2
    risk = importance_weighted_risk(loss, gaussian_weights(x, 0.7))
    assert abs(risk - (1.0 + 0.3**2)) < 0.02
    assert abs(loss.mean() - 2.0) < 0.02
    assert abs(importance_weighted_risk(loss, gaussian_weights(x, 0.7), normalised=True) - 1.09) < 0.02


def test_the_control_variate_takes_variance_away_and_keeps_the_mean() -> None:
    rng = np.random.default_rng(1)
    plain, controlled = [], []
    for _ in range(400):
        x = rng.normal(size=200)
        weight, loss = gaussian_weights(x, 0.5), 1.0 + 0.1 * x**2
        plain.append(importance_weighted_risk(loss, weight))
        controlled.append(deep_embedded_risk(loss, weight))
    truth = 1.0 + 0.1 * 1.25
    assert abs(np.mean(controlled) - truth) < 0.01
    assert np.std(controlled) < 0.4 * np.std(plain)


def test_deep_embedded_risk_is_algorithm_1_step_by_step() -> None:
    rng = np.random.default_rng(2)
    loss, weight = rng.random(30), rng.exponential(size=30)
    weighted = [w * one for w, one in zip(weight, loss, strict=True)]
    mean_l, mean_w = sum(weighted) / 30, sum(weight) / 30
    covariance = sum((a - mean_l) * (b - mean_w) for a, b in zip(weighted, weight, strict=True)) / 29
    variance = sum((b - mean_w) ** 2 for b in weight) / 29
    eta = -covariance / variance
    assert np.isclose(deep_embedded_risk(loss, weight), mean_l + eta * mean_w - eta)
    assert np.isclose(deep_embedded_risk(loss, np.ones(30)), loss.mean())


def test_entropy_is_scipys() -> None:
    p = np.random.default_rng(3).dirichlet(np.ones(5), 40)
    assert np.isclose(mean_entropy(p), stats.entropy(p, axis=1).mean())
    assert mean_entropy(np.eye(3)) == 0.0


def slow_density(f: np.ndarray, temperature: float) -> float:
    f = f / np.linalg.norm(f, axis=1, keepdims=True)
    entropies = []
    for i in range(len(f)):
        others = [np.exp(f[i] @ f[j] / temperature) for j in range(len(f)) if j != i]
        p = np.array(others) / sum(others)
        entropies.append(-(p * np.log(p)).sum())
    return float(np.mean(entropies))


@pytest.mark.parametrize("block", [7, 10**6], ids=["blocks", "whole"])
def test_density_is_the_papers_formula_row_by_row(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_BLOCK", block * 23)
    f = np.random.default_rng(4).dirichlet(np.ones(4), 23)
    for temperature in (0.05, 0.5):
        assert np.isclose(soft_neighbourhood_density(f, temperature), slow_density(f, temperature))


def test_density_prefers_bundles_to_scattered_answers() -> None:
    rng = np.random.default_rng(5)
    tight = np.eye(4)[np.arange(80) % 4] + 0.01
    loose = rng.dirichlet(np.ones(4), 80)
    assert soft_neighbourhood_density(tight) > soft_neighbourhood_density(loose)


def nearest_mean(X: np.ndarray, y: np.ndarray, Z: np.ndarray) -> np.ndarray:
    labels = np.unique(y)
    means = np.array([X[y == k].mean(axis=0) for k in labels])
    return labels[((Z[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)]


def test_circular_validation_brings_labels_back_where_classes_keep_their_places() -> None:
    rng = np.random.default_rng(6)
    y = np.array(["a", "b", "c"])[np.arange(90) % 3]
    X = rng.normal(size=(90, 2)) * 0.3 + np.array([[0, 0], [4, 0], [0, 4]])[np.arange(90) % 3]
    good, forward = circular_validation(nearest_mean, X, y, X + 0.5)
    assert (good == y).mean() > 0.95 and (forward == y).mean() > 0.95
    far, forward = circular_validation(nearest_mean, X, y, X + 100.0)
    assert (far == y).mean() < 0.7
    one, forward = circular_validation(lambda X, y, Z: np.full(len(Z), "a"), X, y, X)
    assert set(forward) == {"a"} and (one == y).mean() == pytest.approx(1 / 3)


@pytest.mark.parametrize("bad", [[1.0, -1.0], [np.nan, 1.0], [0.0, 0.0], [1.0]], ids=["below 0", "nan", "zeros", "few"])
def test_weights_that_are_none_are_refused(bad: list[float]) -> None:
    with pytest.raises(DataError, match="weight"):
        importance_weighted_risk(np.ones(2), np.array(bad))


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(DataError, match="probabilities of sum 1"):
        mean_entropy(np.ones((3, 2)))
    with pytest.raises(ParameterError, match="temperature above 0"):
        soft_neighbourhood_density(np.eye(3), 0.0)
    with pytest.raises(DataError, match="n at least 2"):
        soft_neighbourhood_density(np.ones((1, 3)))
    with pytest.raises(DataError, match="2 held-out rows"):
        deep_embedded_risk(np.ones(1), np.ones(1))
