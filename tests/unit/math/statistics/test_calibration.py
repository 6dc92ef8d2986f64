"""Temperature scaling finds the temperature that was used, and the calibration error its closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from headstart.math.statistics.calibration import expected_calibration_error, reliability, temperature


@pytest.mark.parametrize("true_t", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_used_is_found(true_t: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 4))
    p = softmax(logits, axis=1)
    y = (p.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    assert temperature(logits * true_t, y) == pytest.approx(true_t, rel=0.08)


def test_multilabel_temperature() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (3000, 3))
    y = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(int)
    assert temperature(2.5 * logits, y) == pytest.approx(2.5, rel=0.08)


def test_temperature_stays_finite_when_all_are_right_or_all_are_wrong() -> None:
    logits = np.tile([6.0, 0.0], (20, 1))
    assert 0.05 <= temperature(logits, np.zeros(20, dtype=int)) < 1
    assert 1 < temperature(logits, np.ones(20, dtype=int)) <= 20


def test_log_probabilities_serve_as_logits() -> None:
    rng = np.random.default_rng(2)
    logits, y = rng.normal(0, 3, (200, 3)), rng.integers(0, 3, 200)
    assert temperature(logits, y) == pytest.approx(temperature(np.log(softmax(logits, axis=1)), y), rel=1e-3)


def test_calibration_error_closed_forms() -> None:
    assert expected_calibration_error(np.full(10, 0.9), np.ones(10)) == pytest.approx(0.1)
    assert expected_calibration_error(np.full(10, 1.0), np.zeros(10)) == pytest.approx(1.0)
    assert expected_calibration_error([0.2, 0.9], [1, 0]) == pytest.approx((0.8 + 0.9) / 2)
    assert expected_calibration_error([], []) == 0.0


def test_the_reliability_curve_holds_every_prediction_once_and_follows_the_truth() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1.0, 4000)
    bins = reliability(sure, rng.random(4000) < sure)
    assert len(bins) == 10 and bins[:, 2].sum() == 4000
    assert (np.diff(bins[:, 0]) > 0).all()
    assert np.abs(bins[:, 0] - bins[:, 1]).max() < 0.06
    assert reliability(np.full(50, 0.8), np.ones(50)).tolist() == [[pytest.approx(0.8), 1.0, 50.0]]
    assert reliability(np.zeros(0), np.zeros(0)).shape == (0, 3)


def test_whole_weights_are_repeated_examples() -> None:
    rng = np.random.default_rng(9)
    logits, y, weight = 3 * rng.normal(size=(40, 3)), rng.integers(3, size=40), rng.integers(1, 4, size=40)
    expected = temperature(logits.repeat(weight, axis=0), y.repeat(weight))
    assert temperature(logits, y, weight) == pytest.approx(expected, rel=1e-4)
    labels = rng.integers(2, size=(40, 3))
    expected = temperature(logits.repeat(weight, axis=0), labels.repeat(weight, axis=0))
    assert temperature(logits, labels, weight) == pytest.approx(expected, rel=1e-4)
