"""The estimate of a chosen candidate is corrected for the choosing."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.statistics.bbc import bbc_cv


def test_one_candidate_has_nothing_to_correct() -> None:
    scores = (np.random.default_rng(0).random((100, 1)) < 0.7).astype(float)
    estimate, (low, high) = bbc_cv(scores, n_boot=2000)
    assert estimate == pytest.approx(scores.mean(), abs=0.01)
    assert low < scores.mean() < high


def test_the_best_of_many_coins_is_a_coin() -> None:
    rng = np.random.default_rng(1)
    estimates, naive = [], []
    for seed in range(20):
        scores = rng.integers(0, 2, (80, 20)).astype(float)
        estimates.append(bbc_cv(scores, n_boot=200, random_state=seed)[0])
        naive.append(scores.mean(axis=0).max())
    assert np.mean(naive) > 0.59
    assert abs(np.mean(estimates) - 0.5) < 0.02


def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for seed in range(150):
        skill = np.array([0.7, 0.7, 0.6])
        scores = (rng.random((60, 3)) < skill).astype(float)
        _, (low, high) = bbc_cv(scores, n_boot=300, random_state=seed)
        hits += low <= 0.69 <= high
    assert hits / 150 >= 0.95


def test_groups_are_drawn_whole_and_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    scores = np.repeat((rng.random((30, 1)) < 0.7).astype(float), 10, axis=0)
    groups = np.repeat(np.arange(30), 10)
    _, (low, high) = bbc_cv(scores)
    _, (low_g, high_g) = bbc_cv(scores, groups=groups)
    assert high_g - low_g > 2 * (high - low)


def test_a_rule_of_choice_is_used() -> None:
    scores = np.column_stack([np.ones(30), np.zeros(30)])
    assert bbc_cv(scores)[0] == 1.0
    assert bbc_cv(scores, select=lambda rows: 1)[0] == 0.0


def test_one_group_alone_gives_the_plain_mean() -> None:
    scores = np.array([[1.0], [0.0]])
    assert bbc_cv(scores, groups=np.zeros(2))[0] == 0.5
