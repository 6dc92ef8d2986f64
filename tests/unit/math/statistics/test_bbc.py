"""The estimate of a chosen candidate is corrected for the choosing."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.statistics.bbc import bbc_cv


def test_one_candidate_has_nothing_to_correct() -> None:
    scores = (np.random.default_rng(0).random((100, 1)) < 0.7).astype(float)
    assert bbc_cv(scores, n_boot=2000) == pytest.approx(scores.mean(), abs=0.01)


def test_the_best_of_many_coins_is_a_coin() -> None:
    rng = np.random.default_rng(1)
    estimates, naive = [], []
    for seed in range(20):
        scores = rng.integers(0, 2, (80, 20)).astype(float)
        estimates.append(bbc_cv(scores, n_boot=200, random_state=seed))
        naive.append(scores.mean(axis=0).max())
    assert np.mean(naive) > 0.59
    assert abs(np.mean(estimates) - 0.5) < 0.02


def test_groups_are_drawn_whole() -> None:
    rng = np.random.default_rng(3)
    scores = np.repeat((rng.random((30, 8)) < 0.7).astype(float), 10, axis=0)
    groups = np.repeat(np.arange(30), 10)
    naive = scores.mean(axis=0).max()
    assert naive - bbc_cv(scores, groups=groups) > 2 * (naive - bbc_cv(scores)) > 0


def test_a_rule_of_choice_is_used() -> None:
    scores = np.column_stack([np.ones(30), np.zeros(30)])
    assert bbc_cv(scores) == 1.0
    assert bbc_cv(scores, select=lambda rows: 1) == 0.0


def test_one_group_alone_gives_the_plain_mean() -> None:
    scores = np.array([[1.0], [0.0]])
    assert bbc_cv(scores, groups=np.zeros(2)) == 0.5
