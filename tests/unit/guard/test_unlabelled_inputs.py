"""The guard with pictures that have no label: the candidate, what is kept out, what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_pictures import pictures, source

from headstart import Pictures, SafeTransferClassifier, SafeTransferRegressor
from headstart.errors import DataError
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.for_inputs import UNLABELLED, standard_for_inputs
from headstart.guard.candidates.unlabelled_inputs import shares_of, unlabelled_for
from headstart.guard.choosing.choose import pick, tabulate
from headstart.networks.reading.loading import load_network

MANY = pictures(120, seed=5)[0]


def guarded(unlabelled: Any, n: int = 16, **settings: Any) -> SafeTransferClassifier:
    X, y = pictures(n)
    return SafeTransferClassifier(source(), unlabelled=unlabelled, budget=40, **settings).fit(X, y)


def test_what_learns_from_them_is_compared_and_none_of_the_target_is_among_them() -> None:
    X, _ = pictures(16)
    model = guarded(np.concatenate([MANY, X[:5], X[3:4]]))
    said = {c["name"]: c["words"] for c in model.evidence_["candidates"]}
    assert said[UNLABELLED] == "one linear layer that learns from 120 examples without labels too"
    assert any(
        note == "6 of 126 pictures without labels are among the labelled ones and were left out."
        for note in model.evidence_["data"]["notes"]
    )
    told = [note for note in model.evidence_["data"]["notes"] if note.startswith("Your labels 50/50, the unlabelled")]
    assert len(told) == (model.best_candidate_.name == UNLABELLED)
    assert (model.predict(pictures(40, seed=9)[0]) == pictures(40, seed=9)[1]).mean() > 0.8


def test_nothing_is_learned_from_where_there_is_no_use_for_it() -> None:
    X, _ = pictures(16)
    kept, notes = unlabelled_for(Pictures(list(X)), X, "classification", source())
    assert kept is None and notes[0].startswith("16 of 16 pictures without labels are among the labelled ones")
    kept, notes = unlabelled_for(Pictures(list(X)), MANY, "classification", None)
    assert kept is None and notes == ("The 120 pictures without labels were not used: no network is borrowed from.",)
    kept, notes = unlabelled_for(Pictures(list(X)), MANY, "regression", source())
    assert kept is None and "they help with classes alone" in notes[0]
    assert shares_of(object(), np.array([0, 1])) == ()


def test_numbers_go_on_without_them_which_is_said_before_anything_is_learned(caplog: pytest.LogCaptureFixture) -> None:
    X, _ = pictures(12)
    with caplog.at_level("INFO", logger="headstart"):
        model = SafeTransferRegressor(source(), unlabelled=MANY, budget=5).fit(X, np.arange(12.0))
    note = "The 120 pictures without labels were not used: they help with classes alone."
    assert note in model.evidence_["data"]["notes"] and note in caplog.messages


def test_another_kind_is_refused() -> None:
    with pytest.raises(DataError, match="Expected pictures, without labels as with them, found texts"):
        guarded(["see you at eight", "a free prize"])


def listed(unlabelled: Any, task: str) -> list[Candidate]:
    return standard_for_inputs(load_network(source()), task, n=16, unlabelled=unlabelled)


def test_it_stands_among_the_standard_candidates_for_classes_alone() -> None:
    more = Pictures(list(MANY))
    found = {c.name: c for c in listed(more, "classification")}
    assert found[UNLABELLED].wary and not found[UNLABELLED].dear and found[UNLABELLED].transfer
    assert found[UNLABELLED].fresh().unlabelled is more
    assert UNLABELLED not in {c.name for c in [*listed(None, "classification"), *listed(more, "multilabel")]}


@pytest.mark.parametrize(("ahead", "taken"), [(0.02, 0), (0.6, 1)])
def test_what_is_wary_has_to_be_ahead_by_half_a_standard_error(ahead: float, taken: int) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    base = rng.normal(0.6, 1.0, 60) * np.where(y == 1, 1, -1)
    other = base + (ahead + np.where(np.arange(60) // 2 % 2, 0.4, -0.4)) * np.where(y == 1, 1, -1)
    p = [np.column_stack([1 / (1 + np.exp(s)), 1 / (1 + np.exp(-s))]) for s in (base, other)]
    fold = np.arange(60) % 5
    table = tabulate("classification", y, [[p[0]], [p[1]]], [fold], [True, True], handicap=[0.0, 0.5])
    assert pick(table) == taken
