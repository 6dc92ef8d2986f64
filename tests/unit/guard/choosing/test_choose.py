"""Choosing among candidates, by predictions made up for the purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headstart.guard.choosing.choose import (
    Table,
    best,
    choose,
    clear_gain,
    example_losses,
    example_scores,
    lead,
    paired_p_value,
    tabulate,
)
from headstart.guard.choosing.verdict import cross_fitted
from headstart.math.statistics.calibration import calibrated
from headstart.math.statistics.comparison import mcnemar_exact


def made_up(right: np.ndarray, y: np.ndarray, confidence: float = 0.8) -> np.ndarray:
    """Probabilities (n, 2) whose largest entry is right where asked."""
    p = np.full((len(y), 2), 1 - confidence)
    p[np.arange(len(y)), np.where(right, y, 1 - y)] = confidence
    return p


Y = np.arange(40) % 2
FOLD = np.arange(40) // 2 % 5


def table_of(
    *rights: np.ndarray, transfer: tuple[bool, ...], confidence: float = 0.8, groups: np.ndarray | None = None
):
    predictions = [[made_up(right, Y, confidence)] for right in rights]
    return tabulate("classification", Y, predictions, [FOLD], transfer, groups)


def test_scores_of_each_task() -> None:
    assert example_scores("multilabel", np.array([[1, 0]]), np.array([[0.9, 0.8]])).tolist() == [pytest.approx(2 / 3)]
    assert example_scores("regression", np.array([0.0, 2.0]), np.array([0.0, 2.0])).tolist() == [1.0, 1.0]


def test_the_most_often_right_wins_and_repeats_are_averaged() -> None:
    good, bad = np.arange(40) < 36, np.arange(40) < 20
    assert best(table_of(bad, good, transfer=(False, True)), np.array([True, True])) == 1
    mixed = tabulate(
        "classification", Y, [[made_up(good, Y), made_up(bad, Y)], [made_up(good, Y)]], [FOLD, FOLD], (False, True)
    )
    assert mixed.scores[:, 0].mean() == pytest.approx(0.7)
    assert mixed.first[:, 0].mean() == pytest.approx(0.9)


def test_equal_accuracy_is_decided_by_log_loss() -> None:
    right = np.arange(40) < 36
    vague = np.where(made_up(right, Y) > 0.5, 0.5001, 0.4999)
    sure = made_up(right, Y, 0.9)
    table = tabulate("classification", Y, [[vague], [sure]], [FOLD], (True, True))
    assert best(table, np.array([True, True])) == 1


def test_within_a_standard_error_the_log_loss_decides_and_beyond_it_the_accuracy() -> None:
    vague = made_up(np.arange(40) < 32, Y, 0.55)
    sharp = made_up(~np.isin(np.arange(40), [29, 30, *range(32, 39)]), Y, 0.9)
    vague[np.arange(20), Y[:20]], sharp[np.arange(20), Y[:20]] = 0.51, 0.95
    vague[np.arange(20), 1 - Y[:20]], sharp[np.arange(20), 1 - Y[:20]] = 0.49, 0.05
    table = tabulate("classification", Y, [[vague], [sharp]], [FOLD], (True, True))
    both = np.array([True, True])
    assert table.losses.mean(axis=0)[1] < table.losses.mean(axis=0)[0]
    assert best(table, both) == 1
    assert choose(tabulate("classification", Y, [[vague], [sharp]], [FOLD], (True, False))) == 1
    assert (
        choose(tabulate("classification", Y, [[vague], [sharp]], [FOLD], (False, True))) == 1
    )  # surer, which outweighs one answer
    far = tabulate("classification", Y, [[vague], [made_up(np.arange(40) < 20, Y, 0.9)]], [FOLD], (True, True))
    assert best(far, both) == 0


@pytest.mark.parametrize(("gain", "chosen"), [(0.02, 0), (0.2, 1)])
def test_a_dear_candidate_has_to_be_ahead_by_a_standard_error(gain: float, chosen: int) -> None:
    rng = np.random.default_rng(0)
    right = np.tile((np.arange(40) < 34).astype(float)[:, None], (1, 2))
    noise = rng.normal(0, 0.3, 40)
    losses = np.column_stack([np.full(40, 0.5), 0.5 - gain + noise - noise.mean()])  # one standard error: 0.05
    table = Table(right, losses, right, np.array([True, True]), FOLD, None, "classification")
    both = np.array([True, True])
    assert best(table, both) == 1
    assert best(replace(table, handicap=np.array([0.0, 1.0])), both) == chosen
    assert best(replace(table, handicap=np.array([0.0, 0.3])), both) == 1  # ahead by 0.4 or 4 standard errors
    assert best(replace(table, handicap=np.array([1.0, 1.0])), both) == 1
    assert best(replace(table, handicap=np.array([1.0, 0.0])), both) == 1
    ahead = np.column_stack([right[:, 0], np.ones(40)])  # by accuracy, more than a standard error
    assert best(replace(table, scores=ahead, handicap=np.array([0.0, 1.0])), both) == 1


def test_overconfidence_alone_costs_nothing() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(400, 1)) * [1.0, -1.0]
    p = 1 / (1 + np.exp(-2 * z))
    y = (rng.random(400) > p[:, 0]).astype(int)
    wild = 1 / (1 + np.exp(-8 * z))
    fold = np.arange(400) % 5
    mild_loss, wild_loss = (example_losses("classification", y, q, fold).mean() for q in (p, wild))
    assert wild_loss == pytest.approx(mild_loss, rel=0.02)
    assert calibrated(y, wild, fold) == pytest.approx(p, abs=0.1)


def test_transfer_is_taken_if_not_worse_and_left_if_worse() -> None:
    good, bad = np.arange(40) < 30, np.arange(40) < 27
    assert choose(table_of(bad, good, transfer=(False, True))) == 1
    assert choose(table_of(good, bad, transfer=(False, True))) == 0


def test_where_no_gain_is_to_be_expected_transfer_must_be_significantly_better() -> None:
    slightly = table_of(np.arange(40) < 25, np.arange(40) < 28, transfer=(False, True))
    assert choose(slightly) == 1
    assert choose(slightly, expected=False) == 0
    clearly = table_of(np.arange(40) < 20, np.arange(40) < 36, transfer=(False, True))
    assert choose(clearly, expected=False) == 1


def test_without_two_sides_the_best_is_taken() -> None:
    table = table_of(np.arange(40) < 20, np.arange(40) < 30, transfer=(False, False))
    assert choose(table, expected=False) == 1


def test_the_choice_of_a_fold_is_made_on_the_others() -> None:
    in_first = FOLD == 0
    lucky = np.where(in_first, True, np.arange(40) % 2 == 0)  # right in fold 0, a coin elsewhere
    steady = np.where(in_first, False, np.arange(40) % 4 != 0)
    table = table_of(lucky, steady, transfer=(True, True))
    scores, chosen = cross_fitted(table, np.array([True, True]))
    assert chosen[0] == 1
    assert scores[in_first].mean() == 0.0


def test_the_test_follows_the_task_and_the_groups() -> None:
    a, b = (np.arange(30) < 25).astype(float), (np.arange(30) < 15).astype(float)
    assert paired_p_value("classification", a, b, None) == (mcnemar_exact(a, b), "exact McNemar test")
    assert paired_p_value("classification", a, b, np.arange(30))[1] == "exact McNemar test"
    p, name = paired_p_value("classification", a, b, np.arange(30) // 5)
    assert name == "paired sign-flip test over groups" and p > mcnemar_exact(a, b)
    assert paired_p_value("regression", a, b, None)[1] == "paired sign-flip test"


def test_the_lead_is_a_sum_of_paired_differences_in_standard_errors() -> None:
    rng = np.random.default_rng(0)
    scores, losses, squares = rng.random((3, 60, 2))
    table = Table(scores, losses, scores, np.array([False, True]), np.arange(60) % 5, None, "regression")
    for each, given in ((losses, table), (squares, replace(table, squares=squares))):
        by_score, by_loss = (
            d.mean() / (d.std() / np.sqrt(60)) for d in (scores[:, 1] - scores[:, 0], each[:, 0] - each[:, 1])
        )
        assert lead(given, 1, 0) == pytest.approx((by_score + by_loss) / np.sqrt(2 + 2 * 0.6))
        assert lead(given, 0, 1) == pytest.approx(-lead(given, 1, 0))


def test_one_sure_mistake_does_not_decide() -> None:
    """40 answers, each a little surer with transfer; then one of them is wrong, at 98%."""
    right = np.arange(40) < 30
    alone = made_up(right, Y, 0.6)
    other = made_up(right, Y, 0.8)
    other[~right] = made_up(right, Y, 0.6)[~right]
    other[39] = np.where(np.arange(2) == Y[39], 0.001, 0.999)
    table = tabulate("classification", Y, [[alone], [other]], [FOLD], (False, True))
    assert table.losses[39, 1] - table.losses[39, 0] > 5 * (table.squares[39, 1] - table.squares[39, 0]) > 0
    assert choose(table) == 1


@pytest.mark.parametrize(("n", "least"), [(20, 0.29), (150, 0.75), (5000, 0.99)])
def test_more_examples_ask_for_a_clearer_lead(n: int, least: float) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=n)
    noise = (noise - noise.mean()) / noise.std()
    for ahead, chosen in ((least - 0.05, 0), (least + 0.05, 1)):
        gain = noise + ahead * np.sqrt(0.8) / np.sqrt(n)  # by score and loss alike: twice that over sqrt(3.2)
        scores = np.column_stack([np.zeros(n), gain])
        table = Table(scores, -scores, scores, np.array([False, True]), np.arange(n) % 5, None, "regression")
        assert choose(table) == chosen


@pytest.mark.parametrize(("gain", "least", "most"), [(-0.1, 0.0, 0.1), (0.0, 0.2, 0.5), (0.1, 0.85, 1.0)])
def test_harm_is_seldom_and_gains_are_kept(gain: float, least: float, most: float) -> None:
    rng = np.random.default_rng(1)
    y, taken = np.arange(100) % 2, []
    for _ in range(150):
        hard = rng.random(100)
        pair = [
            made_up(hard < 0.7, y, 0.8),
            made_up(np.where(rng.random(100) < 0.7, hard, rng.random(100)) < 0.7 + gain, y, 0.8),
        ]
        taken.append(
            choose(tabulate("classification", y, [[p] for p in pair], [np.arange(100) // 2 % 5], (False, True)))
        )
    assert least <= np.mean(taken) <= most


def adding(lower: float, over: int | None, groups: np.ndarray | None = None) -> Table:
    """Losses of simple features, a head, blocks, and blocks with something added, which is ahead of all by far."""
    noise = np.random.default_rng(0).normal(0, 0.3, 40)
    losses = np.column_stack([np.full(40, 2.0), np.full(40, 1.0), 0.4 + noise, np.full(40, 0.4 - lower)])
    transfer = np.array([False, True, True, True])
    table = Table(-losses, losses, -losses, transfer, FOLD, groups, "regression", np.array([0.0, 0.0, 1.0, 1.0]))
    return table.beating({3: over})


def test_what_adds_to_another_way_has_to_beat_that_one_clearly() -> None:
    for lower, taken in ((0.05, 2), (0.2, 3)):
        table = adding(lower, 2)
        assert choose(replace(table, over=None)) == 3 and choose(table) == taken
        gain, error, clear = clear_gain(table, 3)
        assert clear == (taken == 3) and gain > 0 and (gain > 1.645 * error) == clear


def test_where_that_one_was_not_run_it_has_to_beat_the_least_loss_of_the_others() -> None:
    assert adding(0.05, None).over == {3: 2} and choose(adding(0.05, None)) == 2
    assert choose(adding(0.6, 1)) == choose(adding(0.2, 1)) == 3


def test_the_gain_counts_groups_as_one_and_what_is_left_alone_is_taken() -> None:
    table = adding(0.2, 2, groups=np.arange(40) // 10)
    assert clear_gain(table, 3)[1] != pytest.approx(clear_gain(adding(0.2, 2), 3)[1])
    assert best(adding(0.05, 2), np.array([False, False, False, True])) == 3
