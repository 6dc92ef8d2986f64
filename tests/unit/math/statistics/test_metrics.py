"""Scores of single examples against scikit-learn's means."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from headstart.math.statistics.metrics import example_f1, example_log_loss, example_r2


def test_log_loss_has_scikit_learns_mean() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet(np.ones(4), 50), rng.integers(0, 4, 50)
    assert example_log_loss(p, y).mean() == pytest.approx(sk.log_loss(y, p, labels=range(4)))


def test_multilabel_log_loss_has_scikit_learns_mean() -> None:
    rng = np.random.default_rng(1)
    p, y = rng.random((50, 3)), rng.integers(0, 2, (50, 3))
    expected = np.mean([sk.log_loss(y[:, k], p[:, k]) for k in range(3)])
    assert example_log_loss(p, y).mean() == pytest.approx(expected)


def test_log_loss_of_a_sure_mistake_is_finite() -> None:
    assert np.isfinite(example_log_loss([[1.0, 0.0]], [1])).all()
    assert np.isfinite(example_log_loss([[1.0]], [[0]])).all()


def test_example_f1_has_scikit_learns_mean() -> None:
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, (80, 4)), rng.integers(0, 2, (80, 4))
    assert example_f1(y, p).mean() == pytest.approx(sk.f1_score(y, p, average="samples", zero_division=1.0))


@pytest.mark.parametrize("shape", [(60,), (60, 3)])
def test_example_r2_has_scikit_learns_mean(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=shape)
    p = y + rng.normal(size=shape)
    assert example_r2(y, p).mean() == pytest.approx(sk.r2_score(y, p))
