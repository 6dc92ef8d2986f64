"""Paired tests and intervals against brute force, scipy and simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from headstart.math.statistics.comparison import (
    bootstrap_mean,
    mcnemar_exact,
    newcombe_paired,
    sign_flip,
    wilson_interval,
)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (1, 9), (5, 5), (30, 12)])
def test_mcnemar_is_the_binomial_test_on_the_examples_where_one_is_right(only_a: int, only_b: int) -> None:
    a = np.array([1] * only_a + [0] * only_b + [1, 1, 0])
    b = np.array([0] * only_a + [1] * only_b + [1, 1, 0])
    expected = stats.binomtest(only_a, only_a + only_b, 0.5).pvalue
    assert mcnemar_exact(a, b) == pytest.approx(expected)
    assert mcnemar_exact(b, a) == pytest.approx(expected)


def test_mcnemar_of_equal_classifiers_is_one() -> None:
    assert mcnemar_exact(np.ones(5), np.ones(5)) == 1.0


def test_sign_flip_counts_every_pattern_when_there_are_few() -> None:
    d = np.random.default_rng(0).normal(0.4, 1, 9)
    patterns = np.array(list(product([-1, 1], repeat=9)))
    brute = np.mean(np.abs(patterns @ d) >= abs(d.sum()) - 1e-12)
    assert sign_flip(d) == pytest.approx(brute)


def test_sign_flip_with_many_rows_agrees_with_scipy_and_zeros_do_not_matter() -> None:
    d = np.random.default_rng(1).normal(0.15, 1, 150)
    expected = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=20_000, rng=0).pvalue
    assert sign_flip(d) == pytest.approx(expected, abs=0.02)
    assert sign_flip(np.concatenate([d, np.zeros(40)])) == pytest.approx(sign_flip(d), abs=0.02)


def test_sign_flip_of_groups_is_the_test_on_group_sums() -> None:
    d = np.array([1.0, 2.0, 0.5, -0.2, 3.0, 1.0])
    groups = np.array(["a", "a", "b", "b", "c", "c"])
    assert sign_flip(d, groups) == pytest.approx(sign_flip(np.array([3.0, 0.3, 4.0])))
    assert sign_flip(d, groups) > sign_flip(d)


def test_sign_flip_keeps_its_level() -> None:
    rng = np.random.default_rng(2)
    p = np.array([sign_flip(rng.normal(size=40), n_flips=400, random_state=i) for i in range(400)])
    assert np.mean(p < 0.05) < 0.085


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (180, 244)])
def test_wilson_agrees_with_scipy(k: int, n: int) -> None:
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_newcombe_is_the_square_and_add_interval_when_margins_are_degenerate() -> None:
    a, b = np.ones(20, dtype=bool), np.arange(20) < 12
    low_b, high_b = wilson_interval(12, 20)
    low_a, _ = wilson_interval(20, 20)
    low, high = newcombe_paired(a, b)
    assert low == pytest.approx(0.4 - np.hypot(1 - low_a, high_b - 0.6))
    assert high == pytest.approx(0.4 + (0.6 - low_b))


def test_newcombe_swaps_with_its_arguments_and_stays_wide_without_differences() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.random(50) < 0.8, rng.random(50) < 0.6
    low, high = newcombe_paired(a, b)
    assert newcombe_paired(b, a) == pytest.approx((-high, -low))
    low, high = newcombe_paired(a, a)
    assert low < 0 < high


def test_newcombe_covers() -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(1500):
        shared = rng.random(40)
        a, b = shared < 0.8, np.where(rng.random(40) < 0.5, shared, rng.random(40)) < 0.65
        low, high = newcombe_paired(a, b)
        hits += low <= 0.15 <= high
    assert 0.935 < hits / 1500 < 0.985


def test_bootstrap_interval_has_the_width_of_theory_and_grows_with_groups() -> None:
    rng = np.random.default_rng(5)
    v = rng.normal(size=400)
    low, high = bootstrap_mean(v)
    assert high - low == pytest.approx(2 * 1.96 * v.std() / 20, rel=0.1)
    groups = np.arange(400) // 10
    shared = np.repeat(rng.normal(size=40), 10)
    alone, together = bootstrap_mean(shared), bootstrap_mean(shared, groups)
    assert together[1] - together[0] > 2.5 * (alone[1] - alone[0])
