"""Two classes: against scikit-learn's curve, closed forms, and what is promised of new examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from headstart.errors import ParameterError
from headstart.math.statistics.comparison import holm, wilson_interval
from headstart.math.statistics.intervals import unpaired_difference
from headstart.math.statistics.two_classes import POINTS, operating_points, predictive_values


def drawn(n_positive: int, n_negative: int, seed: int = 0, apart: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = np.repeat([True, False], [n_positive, n_negative])
    return 1 / (1 + np.exp(-rng.normal(apart * positive, 1.0))), positive


@pytest.mark.parametrize("n", [6, 40, 90])
def test_sensitivity_and_specificity_are_those_of_scikit_learn(n: int) -> None:
    score, positive = drawn(n, n)
    points = operating_points(score, positive)
    alarms, found, thresholds = roc_curve(positive, score, drop_intermediate=False)
    for threshold, false, true in zip(thresholds[1:], alarms[1:], found[1:], strict=True):
        k = points.at(np.floor(threshold / 1e-6) * 1e-6)
        assert points.sensitivity[k, 0] == pytest.approx(true) and points.specificity[k, 0] == pytest.approx(1 - false)


def test_ties_and_both_ends() -> None:
    points = operating_points(np.array([0.3, 0.3, 0.3, 0.8]), np.array([True, False, False, True]))
    assert points.sensitivity[0, 0] == 1 and points.specificity[0, 0] == 0
    assert points.sensitivity[-1, 0] == 0 and points.specificity[-1, 0] == 1
    k = points.at(0.3)
    assert (points.sensitivity[k, 0], points.specificity[k, 0]) == (1, 0)
    assert points.sensitivity[points.at(0.31), 0] == 0.5


def test_a_long_curve_is_kept_short_and_stays_near() -> None:
    score, positive = drawn(4000, 9000)
    points = operating_points(score, positive)
    assert len(points.threshold) <= POINTS + 1 and (np.diff(points.threshold) > 0).all()
    for threshold in np.linspace(0.05, 0.95, 40):
        k = points.at(threshold)
        assert points.sensitivity[k, 0] == pytest.approx((score[positive] >= threshold).mean(), abs=0.02)
        assert points.specificity[k, 0] == pytest.approx((score[~positive] < threshold).mean(), abs=0.02)


def test_intervals_are_those_of_the_house_and_wider_for_groups() -> None:
    score, positive = drawn(60, 60)
    alone = operating_points(score, positive)
    k = alone.at(0.5)
    low, high = wilson_interval(60 * alone.sensitivity[k, 0], 60)
    assert alone.sensitivity[k, 1:] == pytest.approx([low, high], abs=0.01)
    right = (score >= 0.5) == positive
    groups = np.where(right, "a", "b")  # a group is right or wrong as a whole
    grouped = operating_points(score, positive, np.char.add(groups, (np.arange(120) // 10).astype(str)))
    assert np.ptp(grouped.sensitivity[k, 1:]) > 1.3 * np.ptp(alone.sensitivity[k, 1:])


def test_the_other_class_is_the_same_curve_turned() -> None:
    score, positive = drawn(30, 50)
    points, other = operating_points(score, positive), operating_points(1 - score, ~positive)
    turned = points.turned()
    for threshold in np.linspace(0.02, 0.98, 33):
        a, b = turned.at(threshold), other.at(threshold)
        assert turned.sensitivity[a] == pytest.approx(other.sensitivity[b])
        assert turned.specificity[a] == pytest.approx(other.specificity[b])
    assert np.allclose(turned.turned().threshold, points.threshold)
    assert np.allclose(turned.turned().sensitivity, points.sensitivity)


def test_a_threshold_finds_as_much_of_new_ones_as_was_asked_for() -> None:
    found, stated = [], []
    for seed in range(200):
        score, positive = drawn(40, 40, seed)
        points = operating_points(score, positive)
        k = points.finding(0.9)
        new, of = drawn(2000, 1, 1000 + seed)
        found.append((new[of] >= points.threshold[k]).mean())
        stated.append(points.sensitivity[k, 1] <= found[-1] <= points.sensitivity[k, 2])
    assert 0.895 < np.mean(found) < 0.93  # what was asked for, on average
    assert np.mean(stated) >= 0.9  # and the interval that stands beside it holds the truth


def test_what_so_few_cannot_promise_is_said() -> None:
    points = operating_points(*drawn(18, 30))
    with pytest.raises(ParameterError, match=r"Expected 19 or more examples to promise a sensitivity of 0.95"):
        points.finding(0.95)
    with pytest.raises(ParameterError, match=r"Expected a specificity between 0 and 1, found 95. 0.95 is 95 of 100"):
        points.sparing(95)
    assert points.specificity[points.sparing(0.9), 0] >= 0.9


@given(st.floats(0.05, 1), st.floats(0.05, 1), st.floats(0.01, 0.99))
def test_predictive_values_are_bayes_rule(sensitivity: float, specificity: float, prevalence: float) -> None:
    ends = [(share, *wilson_interval(50 * share, 50)) for share in (sensitivity, specificity)]
    ppv, npv = predictive_values(ends[0], ends[1], prevalence)
    right, alarm = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    spared, missed = (1 - prevalence) * specificity, prevalence * (1 - sensitivity)
    for found, value in ((ppv, right / (right + alarm)), (npv, spared / (spared + missed))):
        assert found is not None and found[0] == pytest.approx(value)
        assert 0 <= found[1] <= found[0] <= found[2] <= 1


def test_intervals_of_predictive_values_hold_the_truth() -> None:
    rng, prevalence, truth = np.random.default_rng(0), 0.05, (0.85, 0.97)
    held = []
    for _ in range(400):
        hits = [rng.binomial(n, share) for n, share in zip((40, 200), truth, strict=True)]
        sides = [(h / n, *wilson_interval(h, n)) for h, n in zip(hits, (40, 200), strict=True)]
        ppv, _ = predictive_values(sides[0], sides[1], prevalence)
        value = prevalence * truth[0] / (prevalence * truth[0] + (1 - prevalence) * (1 - truth[1]))
        held.append(ppv is not None and ppv[1] <= value <= ppv[2])
    assert 0.92 <= np.mean(held) <= 0.99


def test_an_answer_that_is_never_given_has_no_value() -> None:
    never, always = (0.0, 0.0, 0.07), (1.0, 0.93, 1.0)
    assert predictive_values(never, always, 0.1)[0] is None
    with pytest.raises(ParameterError, match=r"Expected a prevalence between 0 and 1, found 5. 0.05: of 100 examples"):
        predictive_values(always, always, 5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_p_values_are_the_procedure_written_out(values: list[float]) -> None:
    found = holm(np.array(values))
    for level in (0.01, 0.05, 0.3):
        rejected, left = set(), len(values)
        for i in sorted(range(len(values)), key=lambda i: values[i]):
            if values[i] * left >= level:
                break
            rejected.add(i)
            left -= 1
        assert {i for i, p in enumerate(found) if p < level} == rejected


def test_the_difference_of_other_examples_is_newcombes() -> None:
    # Newcombe (1998), table II, method 10: 56/70 and 48/80
    one, other = ((56 / 70, wilson_interval(56, 70)), (48 / 80, wilson_interval(48, 80)))
    low, high = unpaired_difference(one[0], one[1], other[0], other[1])
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
