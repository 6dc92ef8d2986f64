"""The interval of a score covers the truth, has a width, and stays inside the score's range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from headstart.math.statistics.comparison import wilson_interval
from headstart.math.statistics.intervals import score_interval


def test_right_or_wrong_answers_have_wilsons_interval() -> None:
    right = np.repeat([1.0, 0.0], [33, 17])
    assert score_interval(right) == pytest.approx(wilson_interval(33, 50), abs=1e-9)
    assert score_interval(np.ones(40)) == pytest.approx(wilson_interval(40, 40), abs=1e-9)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=60),
    st.integers(1, 5),
    st.floats(1, 8),
    st.floats(0, 1),
)
def test_never_of_zero_width_and_inside_the_range(
    values: list[float], size: int, design: float, estimate: float
) -> None:
    groups = np.arange(len(values)) // size
    low, high = score_interval(np.array(values), groups, design=design, estimate=estimate)
    assert 0.0 <= low < high <= 1.0
    assert low - 1e-9 <= estimate <= high + 1e-9


@given(st.lists(st.floats(0, 100), min_size=2, max_size=40), st.floats(0.01, 5))
def test_losses_have_a_width_and_one_bound(values: list[float], floor: float) -> None:
    low, high = score_interval(np.array(values), low=0.0, high=np.inf, floor=floor)
    assert 0.0 <= low < high
    mirrored = score_interval(-np.array(values), low=-np.inf, high=0.0, floor=floor)
    assert mirrored == pytest.approx((-high, -low))


def test_whole_groups_that_agree_count_once() -> None:
    by_group = (np.random.default_rng(0).random(60) < 0.7).astype(float)
    alone, grouped = score_interval(by_group), score_interval(np.repeat(by_group, 10), np.repeat(np.arange(60), 10))
    assert grouped[0] == pytest.approx(alone[0], abs=0.03) and grouped[1] == pytest.approx(alone[1], abs=0.03)


@pytest.mark.parametrize("skill", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("size", [1, 5])
def test_it_covers(skill: float, size: int) -> None:
    """Groups share 30% of what makes an example hard."""
    rng, hits, n, runs = np.random.default_rng(1), 0, 100, 300
    groups = np.arange(n) // size
    for _ in range(runs):
        shared = rng.normal(size=n // size)[groups] * np.sqrt(0.3 * (size > 1))
        hard = shared + np.sqrt(1 - 0.3 * (size > 1)) * rng.normal(size=n)
        low, high = score_interval((hard < stats.norm.ppf(skill)).astype(float), groups)
        hits += low <= skill <= high
    assert 0.91 <= hits / runs <= (0.99 if size == 1 else 1.0)


@pytest.mark.parametrize(("groups", "size"), [(8, 5), (10, 5), (40, 5), (12, 20)])
@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6])
def test_few_groups_are_covered_and_no_wider_than_they_have_to_be(groups: int, size: int, alike: float) -> None:
    rng, hits, runs = np.random.default_rng(2), [], 150
    numbers = np.repeat(np.arange(groups), size)
    for skill in (0.6, 0.8, 0.9):
        for _ in range(runs):
            hard = np.sqrt(alike) * rng.normal(size=groups)[numbers]
            hard = hard + np.sqrt(1.0 - alike) * rng.normal(size=groups * size)
            low, high = score_interval((hard < stats.norm.ppf(skill)).astype(float), numbers)
            hits.append(low <= skill <= high)
    assert 0.93 <= np.mean(hits) <= 0.99
