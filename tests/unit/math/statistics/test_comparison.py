"""Paired tests and intervals against brute force, scipy and simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from headstart.math.statistics.comparison import (
    mcnemar_exact,
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
