"""Weights of the safe choice's mixture: prior times what held-out rows say."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.guard.mixture import (
    learned_weights,
    mean_log_likelihood,
    prior_weights,
    still_to_come,
    warmed,
)
from headstart.math.statistics.calibration import temperature


def test_the_prior_favours_the_target_for_classes_and_nobody_for_numbers() -> None:
    no_transfer, plain = [True, False, False, False, False], [True, True, True, False, False]
    found = prior_weights("classification", no_transfer, plain)
    assert found == pytest.approx([0.75, 0.1, 0.1, 0.025, 0.025])
    assert prior_weights("regression", no_transfer, plain) == pytest.approx(np.full(5, 0.2))
    assert prior_weights("classification", no_transfer[:3], plain[:3]) == pytest.approx(
        np.array([0.75, 0.1, 0.1]) / 0.95
    )


def test_weights_of_classes_are_the_posterior() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=12)
    said = [rng.dirichlet(np.ones(3), size=12) + sure * np.eye(3)[truth] for sure in (0.6, 0.5, 0.0)]
    said = [p / p.sum(axis=1, keepdims=True) for p in said]
    prior = np.array([0.5, 0.3, 0.2])
    weights, heat = learned_weights([[p] for p in said], truth, "classification", prior, [False] * len(prior))
    product = prior.copy()
    for c, p in enumerate(said):
        even = 0.98 * p + 0.02 / 3
        assert heat[c] == pytest.approx(temperature(np.log(even), truth))
        warm = even ** (1 / heat[c])
        warm /= warm.sum(axis=1, keepdims=True)
        assert np.allclose(warmed([p], [heat[c]])[0], warm)
        product[c] *= np.sqrt(np.prod(warm[np.arange(12), truth]))
    product /= product.sum()
    product[product < 0.01] = 0.0
    assert weights == pytest.approx(product / product.sum())


def test_many_rows_leave_one_class_candidate_and_few_leave_the_prior() -> None:
    truth = np.arange(200) % 2
    good, bad = 0.8 * np.eye(2)[truth] + 0.1, np.full((200, 2), 0.5)
    prior = np.array([0.9, 0.1])
    assert learned_weights([[bad], [good]], truth, "classification", prior, [False] * len(prior))[0].tolist() == [
        0.0,
        1.0,
    ]
    two = learned_weights([[bad[:2]], [bad[:2]]], truth[:2], "classification", prior, [False] * len(prior))[0]
    assert two == pytest.approx(prior)


def test_numbers_that_err_on_opposite_sides_share_the_weight() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=40)
    noise = rng.normal(size=40)
    said = [[truth + noise], [truth - noise], [truth + 9.0]]
    weights, heat = learned_weights(said, truth, "regression", np.full(3, 1 / 3), [True] * 3)
    assert weights[0] == pytest.approx(0.5, abs=0.1) and weights[2] < 0.05 and np.all(heat == 1)


def test_what_borrows_is_made_no_surer_by_a_few_rows() -> None:
    truth = np.arange(6) % 2
    right = 0.6 * np.eye(2)[truth] + 0.2
    prior = np.array([0.5, 0.5])
    weights, heat = learned_weights([[right], [right]], truth, "classification", prior, [False, True])
    assert heat[0] < 0.9 and heat[1] == 1.0 and weights[0] > weights[1]


def test_what_will_still_be_learned_counts_as_likelihood() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=20)
    said = [[rng.dirichlet(np.ones(2), size=20)] for _ in range(2)]
    prior = np.array([0.5, 0.5])
    before = learned_weights(said, truth, "classification", prior, [False, True])[0]
    after = learned_weights(said, truth, "classification", prior, [False, True], np.array([0.1, 0.0]))[0]
    assert after[0] / after[1] == pytest.approx(before[0] / before[1] * np.exp(0.5 * 20 * 0.1))


@pytest.mark.parametrize("k", [3, 4, 5])
def test_the_law_of_the_learning_curve_is_met(k: int) -> None:
    def curve(m: float) -> float:
        return -0.4 - 2.5 / m

    n = 60.0
    assert curve(n * (k - 1) / k) + still_to_come(curve(n * (k - 1) / k), curve(n / k), k) == pytest.approx(curve(n))


def test_the_mean_log_likelihood_is_calibrated_first() -> None:
    truth = np.arange(40) % 2
    said = 0.6 * np.eye(2)[truth] + 0.2
    assert mean_log_likelihood(said, truth) == pytest.approx(mean_log_likelihood(3 * said, truth))
    assert mean_log_likelihood(said, truth) > np.log(0.8)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_weights_of_rows_count_by_their_ratios_and_equal_ones_not_at_all(task: str) -> None:
    rng = np.random.default_rng(4)
    if task == "classification":
        truth = rng.integers(2, size=20)
        said = [[0.5 * rng.dirichlet(np.ones(2), size=20) + 0.5 * np.eye(2)[truth]] for _ in range(3)]
    else:
        truth = rng.normal(size=20)
        said = [[truth + rng.normal(size=20)] for _ in range(3)]
    prior = np.full(3, 1 / 3)
    arguments = (said, truth, task, prior, [False, True, True])
    plain = learned_weights(*arguments)
    for found, expected in zip(learned_weights(*arguments, sample_weight=np.full(20, 7.0)), plain, strict=True):
        assert found == pytest.approx(expected)
    weight = rng.uniform(0.1, 5.0, 20)
    one, other = (learned_weights(*arguments, sample_weight=scale * weight)[0] for scale in (1.0, 10.0))
    assert one == pytest.approx(other) and not np.allclose(one, plain[0], atol=1e-3)


def test_one_heavy_row_counts_as_one_row() -> None:
    truth = np.zeros(30, dtype=int)
    right, wrong = np.tile([0.9, 0.1], (30, 1)), np.tile([0.9, 0.1], (30, 1))
    wrong[0] = [0.1, 0.9]
    heavy = np.r_[1e6, np.ones(29)]
    prior = np.array([0.5, 0.5])
    share = learned_weights([[wrong], [right]], truth, "classification", prior, [True, True], None, heavy)[0][0]
    alone = learned_weights([[wrong[:1]], [right[:1]]], truth[:1], "classification", prior, [True, True])[0][0]
    assert share == pytest.approx(alone, abs=1e-3) and 0.05 < share < 0.5
