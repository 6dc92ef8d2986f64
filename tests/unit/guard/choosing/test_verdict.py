"""The verdict keeps its word: few false alarms, true gains found, and it says when it cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.guard.choosing.choose import Table, tabulate
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
    result |= {"metric": "accuracy", "test": "exact McNemar test"}
    assert sentence(result, 0.967, 0.713) == (
        "Transfer helps: 96.7% of 244 held-out predictions are right with it, 71.3% without "
        "(difference +25.4 points, 95% interval +19.5 to +31.2, p < 0.001, exact McNemar test)."
    )
    result |= {"word": "no evidence either way", "difference": -0.001, "interval": [-0.031, 0.029], "p_value": 0.66}
    assert sentence(result, 0.7, 0.701) == (
        "No evidence that transfer helps or hurts: 70.0% of 244 held-out predictions are right with it, 70.1% without "
        "(difference -0.1 points, 95% interval -3.1 to +2.9, p = 0.66, exact McNemar test)."
    )
    result |= {"metric": "log_loss", "interval": None, "test": "paired sign-flip test"}
    assert sentence(result, 0.7, 0.8) == (
        "No evidence that transfer helps or hurts: log-loss on 244 held-out examples is 0.700 with it, 0.800 without "
        "(better by -0.001, p = 0.66, paired sign-flip test)."
    )


@pytest.mark.parametrize("kind", ["classes", "groups", "numbers"])
def test_word_p_value_and_interval_are_one_test(kind: str) -> None:
    """The interval leaves out 0 exactly when p is under 0.05, and then the word says so."""
    rng = np.random.default_rng(7)
    words = set()
    for seed in range(25):
        n, gain = int(rng.integers(20, 90)), float(rng.uniform(-0.55, 0.35))
        groups = np.arange(n) // 3 if kind == "groups" else None
        table = fake(rng, n, [0.6, 0.65, 0.6 + gain, 0.65 + gain], groups=groups)
        if kind == "numbers":
            noisy = table.first + rng.normal(0, 0.3, table.first.shape)
            table = Table(**{**vars(table), "scores": noisy, "first": noisy, "task": "regression"})
        result = verdict(table, transfer_used=True, random_state=seed)
        low, high = result["interval"]
        decided = result["word"] in ("helps", "hurts")
        assert decided == (result["p_value"] < 0.05) == (not low <= 0 <= high)
        assert low <= result["difference"] <= high and low < high
        words.add(result["word"])
    assert len(words) == 3


def test_the_sides_are_what_is_compared() -> None:
    table = fake(np.random.default_rng(8), 60, [0.5, 0.6, 0.7, 0.8])
    result = verdict(table, transfer_used=True)
    with_, without = result["sides"]
    assert with_["score"] - without["score"] == pytest.approx(result["difference"])
    assert (with_["name"], without["name"]) == ("best with transfer", "best without transfer")
    assert set(with_["candidates"]) <= {2, 3} and set(without["candidates"]) <= {0, 1}
    assert all(side["interval"][0] < side["score"] < side["interval"][1] for side in result["sides"])
    assert f"{100 * with_['score']:.1f}% of 60" in result["sentence"]


def test_a_loss_counts_the_other_way_round() -> None:
    rng = np.random.default_rng(9)
    gains = -np.column_stack([rng.exponential(1.0, 80), rng.exponential(0.3, 80)])
    table = Table(gains, -gains, gains, np.array([False, True]), np.arange(80) % 5, None, "classification",
                  metric="log_loss")  # fmt: skip
    result = verdict(table, transfer_used=True)
    assert result["word"] == "helps" and result["difference"] > 0
    assert 0 < result["sides"][0]["score"] < result["sides"][1]["score"]
    assert "log-loss on 80 held-out examples" in result["sentence"] and "better by +" in result["sentence"]


def test_what_is_no_better_than_guessing_helps_nobody() -> None:
    """Labels by chance are learned to worse than chance on held-out folds; a source that says nothing stays at it."""
    rng = np.random.default_rng(10)
    y = rng.permutation(np.arange(100) % 2)
    half, below = (np.eye(2)[np.where(np.arange(100) < right, y, 1 - y)] for right in (52, 30))
    folds = [np.arange(100) % 5]
    table = tabulate("classification", y, [[below], [half]], folds, [False, True])
    assert table.trivial is not None and table.trivial.mean() == 0.5
    result = verdict(table, transfer_used=True)
    assert result["word"] == "no evidence either way" and result["difference"] == pytest.approx(0.22)
    assert result["test"].endswith("also against each single way of the other side and guessing")
    alone = Table(**{**vars(table), "trivial": None})
    assert verdict(alone, transfer_used=True)["word"] == "helps"
