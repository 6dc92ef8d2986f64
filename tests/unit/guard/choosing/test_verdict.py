"""The verdict keeps its word: few false alarms, true gains found, and it says when it cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.guard.choosing.choose import Table
from headstart.guard.choosing.verdict import sentence, verdict


def fake(
    rng: np.random.Generator, n: int, skills: list[float], *, shared: float = 0.7, groups: np.ndarray | None = None
) -> Table:
    """Candidates right with the given probabilities, correlated over examples; the second half of them borrows."""
    difficulty = rng.random(n)
    right = np.column_stack(
        [np.where(rng.random(n) < shared, difficulty, rng.random(n)) < skill for skill in skills]
    ).astype(float)
    transfer = np.arange(len(skills)) >= len(skills) // 2
    losses = 1.0 - right + rng.normal(0, 0.1, right.shape)
    return Table(right, losses, right, transfer, np.arange(n) % 5, groups, "classification")


def words(skills: list[float], n: int, runs: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [verdict(fake(rng, n, skills), transfer_used=True)["word"] for _ in range(runs)]


@pytest.mark.parametrize("n", [30, 100, 300])
def test_shuffled_labels_rarely_help(n: int) -> None:
    said = words([0.5] * 6, n, 300)
    assert np.mean([word == "helps" for word in said]) <= 0.03
    assert np.mean([word == "hurts" for word in said]) <= 0.03


def test_more_candidates_on_one_side_are_no_advantage() -> None:
    rng = np.random.default_rng(1)
    said = []
    for _ in range(300):
        table = fake(rng, 80, [0.6] * 8)
        said.append(verdict(Table(**{**vars(table), "transfer": np.arange(8) >= 1}), transfer_used=True)["word"])
    assert np.mean([word == "helps" for word in said]) <= 0.05


def test_true_gains_and_losses_are_found() -> None:
    assert np.mean([word == "helps" for word in words([0.6, 0.65, 0.85, 0.9], 200, 60)]) > 0.95
    assert np.mean([word == "hurts" for word in words([0.85, 0.9, 0.6, 0.65], 200, 60)]) > 0.95


def test_fewer_than_twenty_rows_cannot_tell() -> None:
    result = verdict(fake(np.random.default_rng(2), 19, [0.1, 0.9]), transfer_used=True)
    assert result["word"] == "cannot tell"
    assert result["sentence"] == (
        "Cannot tell whether transfer helps: 19 labelled examples are too few to compare on (20 or more are needed)."
    )


def test_few_groups_cannot_tell_and_many_rows_of_one_group_are_no_evidence() -> None:
    rng = np.random.default_rng(3)
    result = verdict(fake(rng, 100, [0.2, 0.9], groups=np.arange(100) // 25), transfer_used=True)
    assert result["word"] == "cannot tell" and "4 groups are too few" in result["sentence"]
    helps = []
    for _ in range(200):
        by_group = rng.random((12, 2)) < 0.5  # a whole group is right or wrong
        right = np.repeat(by_group, 10, axis=0).astype(float)
        groups = np.arange(120) // 10
        table = Table(right, 1 - right, right, np.array([False, True]), groups % 5, groups, "classification")
        helps.append(verdict(table, transfer_used=True)["word"] == "helps")
    assert np.mean(helps) <= 0.05


def test_transfer_must_beat_each_way_of_learning_without() -> None:
    rng = np.random.default_rng(6)
    right = np.ones((60, 3))
    right[:20, 0], right[:2, 1] = 0.0, 0.0  # one poor and one good candidate without transfer
    right[:1, 2] = 0.0
    table = Table(right, 1 - right + rng.normal(0, 0.01, right.shape), right, np.array([False, False, True]),
                  np.arange(60) % 5, None, "classification")  # fmt: skip
    assert verdict(table, transfer_used=True)["word"] == "no evidence either way"


def test_one_side_alone_cannot_tell() -> None:
    table = fake(np.random.default_rng(4), 50, [0.5, 0.5])
    alone = Table(**{**vars(table), "transfer": np.array([False, False])})
    assert "nothing was borrowed" in verdict(alone, transfer_used=False)["sentence"]
    every = Table(**{**vars(table), "transfer": np.array([True, True])})
    assert "nothing to compare with" in verdict(every, transfer_used=True)["sentence"]


def test_numbers_are_compared_by_sign_flips() -> None:
    rng = np.random.default_rng(5)
    with_, without = 1 - rng.normal(0, 0.3, 80) ** 2, 1 - rng.normal(0, 0.9, 80) ** 2
    scores = np.column_stack([without, with_])
    table = Table(scores, 1 - scores, scores, np.array([False, True]), np.arange(80) % 5, None, "regression")
    result = verdict(table, transfer_used=True)
    assert result["word"] == "helps" and result["test"] == "paired sign-flip test"
    low, high = result["interval"]
    assert 0 < low < result["difference"] < high
    assert result["sentence"].startswith("Transfer helps: R² on 80 held-out examples is 0.9")


def test_the_sentence() -> None:
    result = {"word": "helps", "difference": 0.254, "interval": [0.1949, 0.3123], "p_value": 1e-9, "n": 244}
    assert sentence(result, "classification", 0.967, 0.713) == (
        "Transfer helps: 96.7% of 244 held-out predictions are right with it, 71.3% without "
        "(difference +25.4 points, 95% interval +19.5 to +31.2, p < 0.001)."
    )
    result |= {"word": "no evidence either way", "difference": -0.001, "interval": [-0.031, 0.029], "p_value": 0.66}
    assert sentence(result, "classification", 0.7, 0.701) == (
        "No evidence that transfer helps or hurts: 70.0% of 244 held-out predictions are right with it, 70.1% without "
        "(difference -0.1 points, 95% interval -3.1 to +2.9, p = 0.66)."
    )
