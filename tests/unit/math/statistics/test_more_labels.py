"""The score with more labels follows the power law, and is not said farther out than four times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import ParameterError
from headstart.math.statistics.more_labels import SLOPE, SPREAD, slope_of, with_more_labels


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 0.3), st.floats(1, 5))
def test_the_interval_holds_the_value_and_more_labels_never_lower_it(
    score: float, below: float, above: float, ratio: float
) -> None:
    ends = (max(0.0, score - below), min(1.0, score + above))
    found = with_more_labels(score, ends, ratio)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value >= with_more_labels(score, ends, 1.0).value - 1e-9


def test_the_interval_widens_with_the_distance() -> None:
    near, far = (with_more_labels(0.7, (0.65, 0.75), ratio) for ratio in (1.5, 4.0))
    assert np.log(1 - near.low) - np.log(1 - near.high) < np.log(1 - far.low) - np.log(1 - far.high)


@pytest.mark.parametrize("b", [0.1, 0.8])
def test_a_long_exact_curve_overrules_the_prior(b: float) -> None:
    n = np.array([10.0, 100.0, 1000.0, 10_000.0])
    error = 0.5 * (n / 10) ** -b
    found, spread = slope_of(n, 1 - error, 1 - 1.02 * error, 1 - 0.98 * error)
    assert abs(found - b) < abs(SLOPE - b) / 3 and spread < SPREAD / 2


def test_one_size_says_nothing_of_the_slope() -> None:
    once = np.full(2, 50.0)
    assert slope_of(once, np.full(2, 0.8), np.full(2, 0.7), np.full(2, 0.9)) == (SLOPE, SPREAD)


@pytest.mark.parametrize("ratio", [0.5, 5.1, 16.0])
def test_farther_than_four_times_the_labels_is_refused(ratio: float) -> None:
    with pytest.raises(ParameterError, match="Beyond 4 times as many nothing is said"):
        with_more_labels(0.8, (0.7, 0.9), ratio)
