"""A paired test and its interval are one: 0 is left out exactly when the test rejects."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.math.statistics.comparison import mcnemar_exact
from headstart.math.statistics.paired import paired


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60), st.sampled_from([0.05, 0.15]))
def test_mcnemar_and_its_interval_agree(only_a: int, only_b: int, same: int, level: float) -> None:
    n = only_a + only_b + same + 1
    a, b = np.zeros(n), np.zeros(n)
    a[:only_a] = 1.0
    b[only_a : only_a + only_b] = 1.0
    found = paired(a, b, level=level)
    assert found.p_value == mcnemar_exact(a > 0.5, b > 0.5)
    assert (found.p_value < level) == (not found.low <= 0 <= found.high)
    assert -1 <= found.low <= found.difference <= found.high <= 1 and found.low < found.high


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.sampled_from([0.05, 0.15]), st.integers(1, 4))
def test_sign_flips_and_their_interval_agree(values: list[float], level: float, size: int) -> None:
    d = np.array(values)
    found = paired(d, np.zeros(len(d)), np.arange(len(d)) // size, level=level)
    assert (found.p_value < level) == (not found.low <= 0 <= found.high)
    assert found.low <= found.difference + 1e-9 and found.difference <= found.high + 1e-9 and found.low < found.high


def test_the_p_value_is_that_of_all_patterns() -> None:
    d = np.random.default_rng(0).normal(0.4, 1.0, 12)
    sums = np.array([abs(np.dot(signs, d)) for signs in itertools.product([-1, 1], repeat=12)])
    exact = np.mean(sums >= abs(d.sum()) - 1e-12)
    assert paired(d, np.zeros(12)).p_value == pytest.approx(exact, abs=0.015)


def test_the_interval_is_what_shifted_tests_do_not_reject() -> None:
    d = np.random.default_rng(1).normal(0.3, 1.0, 40)
    found = paired(d, np.zeros(40))
    for end, outwards in ((found.low, -1.0), (found.high, 1.0)):
        assert paired(d - end - 0.02 * outwards, np.zeros(40)).p_value < 0.05
        assert paired(d - end + 0.02 * outwards, np.zeros(40)).p_value >= 0.05


def test_exchanging_the_two_turns_everything_round() -> None:
    rng = np.random.default_rng(2)
    for a, b in ((rng.normal(size=50), rng.normal(size=50)), (rng.integers(0, 2, 50), rng.integers(0, 2, 50))):
        one, other = paired(a, b), paired(b, a)
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
        assert one.p_value == pytest.approx(other.p_value)


def test_few_groups_reject_nothing() -> None:
    found = paired(np.ones(20) + np.arange(20) / 100, np.zeros(20), np.arange(20) // 5)
    assert found.p_value >= 0.05 and found.low == -np.inf and found.high == np.inf
    assert found.test == "paired sign-flip test over groups"


def test_thousands_of_rows_flip_in_bundles() -> None:
    rng = np.random.default_rng(3)
    found = paired(rng.normal(0.05, 1.0, 30_000), np.zeros(30_000))
    assert found.p_value < 0.001
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(30_000), rel=0.15)
