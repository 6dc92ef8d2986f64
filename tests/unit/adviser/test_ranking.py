"""The order of everything that is offered, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.adviser.advised import more_lines, sentence
from headstart.adviser.measuring import Measure, gain_of, measure_features
from headstart.adviser.ranking import NONE, Offer, ranked

CODES = np.arange(60) % 3
COLUMNS = np.eye(3)[CODES]


def features(signal: float, n: int = 60, seed: int = 0) -> np.ndarray:
    """Noise, with the class in it as strongly as is said."""
    return np.random.default_rng(seed).normal(size=(n, 12)) + signal * np.eye(3, 12)[np.arange(n) % 3]


def offers(*signals: float, n: int = 60) -> list[Offer]:
    none = Offer(NONE, "-", "-", measure_features(features(1.0, n, 9), COLUMNS[:n]))
    made = [
        Offer(
            f"s{i}",
            "parameters",
            "a new output layer",
            measure_features(features(s, n, i), COLUMNS[:n]),
            "seen",
            False,
            i,
        )
        for i, s in enumerate(signals)
    ]
    return [none, *made]


def test_what_tells_the_classes_apart_comes_first_and_what_hurts_after_none() -> None:
    rows = ranked(offers(0.0, 5.0, 2.5))
    assert [row["source"] for row in rows] == ["s1", "s2", NONE, "s0"]
    assert [row["verdict"] for row in rows] == ["help", "help", "none", "hurt"]
    best = rows[0]
    assert best["basis"] == "measured" and best["gain_interval"][0] < best["gain"] < best["gain_interval"][1]
    assert best["interval"][0] <= best["expected"] <= best["interval"][1]


def test_few_labels_let_what_a_source_has_seen_break_what_they_cannot_tell() -> None:
    same = measure_features(features(2.0, 21), COLUMNS[:21])
    pair = [Offer("small", "parameters", "h", same, strength=8), Offer("large", "parameters", "h", same, strength=12)]
    assert ranked([offers(n=21)[0], *pair])[0]["source"] == "large"


def test_what_was_not_measured_or_is_refused_comes_last_without_figures() -> None:
    more = [
        Offer("later", "parameters", "h", why="the time was up"),
        Offer("bad", "instances", "h", None, "Chance.", True),
    ]
    rows = ranked([*offers(5.0), *more])
    assert [(row["source"], row["basis"]) for row in rows[-2:]] == [("later", "prior"), ("bad", "refused")]
    assert rows[-1]["expected"] is None and rows[-1]["gain"] is None
    assert "Not borrowed: bad: chance." in more_lines(rows, 60)


def test_the_sentence_says_what_to_do() -> None:
    assert sentence(ranked(offers(5.0)), 60, 9.0).startswith("Borrow s0 by a new output layer: expected ")
    assert "measured on 60 labels in 9 s." in sentence(ranked(offers(5.0)), 60, 9.0)
    assert sentence(ranked(offers(0.0)), 60, 9.0).startswith("Borrow nothing: ")
    refused = Offer("bad", "instances", "h", None, "Its weights are random.", True)
    said = sentence(ranked([*offers(), refused]), 60, 1.0)
    assert said == "No gain is to be expected from this source: its weights are random."


def test_a_gain_counts_groups_not_rows() -> None:
    ours, theirs = np.repeat([1.0, 0.0, 1.0, 1.0], 20), np.repeat([0.0, 1.0, 0.0, 1.0], 20)
    alone, grouped = gain_of(ours, theirs), gain_of(ours, theirs, np.repeat(np.arange(4), 20))
    assert alone.value == grouped.value == pytest.approx(0.25)
    assert alone.word == "help" and grouped.word == "open"
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_examples_of_a_set_help_to_judge_and_are_not_judged() -> None:
    own, more = features(2.0, 12), features(2.0, 60, 5)
    among = measure_features(np.concatenate([own, more]), np.concatenate([COLUMNS[:12], COLUMNS]), judged=12)
    alone = measure_features(own, COLUMNS[:12])
    assert len(among.right) == len(alone.right) == 12 and among.error < alone.error


def test_ranking_numbers_has_no_lower_bound() -> None:
    shares = np.linspace(-1.8, 1.0, 40)
    row = ranked([Offer(NONE, "-", "-", Measure(shares, shares))], numbers=True)[0]
    assert row["expected"] == pytest.approx(-0.4) and row["interval"][0] < -0.5


def test_a_gain_that_may_be_the_luckiest_of_several_stays_open() -> None:
    weak, good = (Measure(np.full(40, right), np.full(40, right), error=1 - right) for right in (0.0, 1.0))
    none = Offer(NONE, "-", "-", weak)
    for sure, word in ((True, "help"), (False, "open")):
        first = ranked([none, Offer("a", "instances", "pooled", good, sure=sure)])[0]
        assert (first["source"], first["verdict"]) == ("a", word)


def test_where_the_first_is_open_and_another_helps_both_are_named() -> None:
    none = {
        "source": "none",
        "verdict": "none",
        "expected": 0.7,
        "interval": [0.6, 0.8],
        "basis": "measured",
        "gain": None,
    }
    one = none | {"what": "parameters", "how": "a head", "gain": 0.1, "why": "", "gain_interval": [-0.1, 0.3]}
    first = one | {"source": "a", "verdict": "open"}
    sure = one | {"source": "b", "verdict": "help", "gain_interval": [0.05, 0.15]}
    said = sentence([first, sure, none], 50, 2.0)
    assert said.startswith(
        "Borrow: b by a head gains +10 [+5, +15]; likeliest the best, though its own gain is open, is a"
    )
    assert more_lines([first, sure, none], 50)[-1].startswith("Next: headstart fit with a and b as --source")
    assert sentence([first, none], 50, 2.0).startswith(
        "It is open whether borrowing helps: the likeliest is a by a head"
    )
