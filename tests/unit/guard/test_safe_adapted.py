"""The safe choice of an adaptation: gate, choice without labels, test with labels, and its words."""

from __future__ import annotations

import numpy as np
import pytest

from headstart import AdaptedClassifier, SafeAdaptedClassifier, Source
from headstart.errors import ParameterError
from headstart.guard.choosing.without_labels import domain_auc, group_agreement
from headstart.guard.safe_adapted import CANDIDATES

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def domains(move: float, n: int = 120, seed: int = 3) -> Rows:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 2.0, (3, 10))
    y, t = np.arange(n) % 3, np.arange(n) % 3
    X, T = centres[y] + rng.normal(0, 0.7, (n, 10)), centres[t] + rng.normal(0, 0.7, (n, 10))
    return X, y, T + move * 0.5 * (centres[1] - centres[0]), t


def test_where_nothing_differs_nothing_is_adapted() -> None:
    X, y, T, _ = domains(0.0)
    safe = SafeAdaptedClassifier(source=Source(X, y)).fit(T)
    alone = AdaptedClassifier("source only", source=Source(X, y)).fit(T)
    assert safe.domain_auc_ < 0.7 and safe.chosen_ == "source only" and safe.verdict_ == "nothing to adapt"
    assert np.array_equal(safe.predict_proba(T), alone.predict_proba(T)) and safe.evidence_ == []
    assert "The domains can hardly be told apart (area under the curve 0." in " ".join(safe.notes_)


def test_without_labels_it_is_better_than_the_source_and_says_that_this_is_not_proven() -> None:
    X, y, T, t = domains(1.0)
    safe = SafeAdaptedClassifier(source=Source(X, y)).fit(T)
    alone = AdaptedClassifier("source only", source=Source(X, y)).fit(T).score(T, t)
    assert safe.domain_auc_ > 0.7 and safe.verdict_ == "not proven" and safe.score(T, t) > alone + 0.1
    words = " ".join(safe.notes_)
    assert "cannot be told without labels" in words and "the target has no labels" in words and "20 labels" in words
    rows = {row["name"]: row for row in safe.evidence_}
    assert set(rows) == {"source only", *CANDIDATES}
    assert rows[safe.chosen_]["weight"] == 1 == sum(row["weight"] for row in safe.evidence_)
    assert safe.chosen_ == "joined" and "joined was chosen because it joins the strong candidates" in words
    assert all(0 <= row["score"] <= 1 for row in safe.evidence_)


def test_without_the_joined_heads_the_candidates_say_together_which_is_taken() -> None:
    X, y, T, _ = domains(1.0)
    safe = SafeAdaptedClassifier(candidates=["z-score", "linear monge"], source=Source(X, y)).fit(T)
    rows = {row["name"]: row for row in safe.evidence_}
    assert safe.chosen_ == max(rows, key=lambda name: (rows[name]["consensus"], rows[name]["agreement"]))
    assert "because its answers agree most with what all candidates say together" in " ".join(safe.notes_)


def test_where_the_source_is_sure_of_the_target_nothing_is_adapted() -> None:
    """A shift that hurts no class: the domains are told apart, and the head of the source is as sure as at home."""
    X, y, T, t = domains(0.0)
    aside = np.full(len(T), 2.0)
    X, T = np.column_stack([3 * X, 0 * aside]), np.column_stack([3 * T, aside])
    safe = SafeAdaptedClassifier(source=Source(X, y)).fit(T)
    assert safe.domain_auc_ > 0.7 and safe.chosen_ == "source only" and safe.verdict_ == "nothing to adapt"
    assert "The source's model is sure of its answers on the target (mean probability" in " ".join(safe.notes_)
    assert safe.evidence_ == [] and safe.score(T, t) > 0.98
    always = SafeAdaptedClassifier(candidates=["z-score"], source=Source(X, y), gate=0.0).fit(T)
    assert always.verdict_ == "not proven"


def test_far_from_all_it_knows_the_source_is_sure_of_one_class_and_is_adapted() -> None:
    X, y, T, t = domains(0.0)
    safe = SafeAdaptedClassifier(source=Source(3 * X, y)).fit(3 * T + 40.0)
    alone = AdaptedClassifier("source only", source=Source(3 * X, y)).fit(3 * T + 40.0)
    assert alone.predict_proba(3 * T + 40.0).max(axis=1).mean() > 0.98 > 0.8 > alone.score(3 * T + 40.0, t)
    assert safe.chosen_ == "joined" and safe.verdict_ == "not proven" and safe.score(3 * T + 40.0, t) > 0.95


def test_stated_classes_are_not_warned_of() -> None:
    X, y, T, t = domains(1.0)
    kept = t < 2
    safe = SafeAdaptedClassifier(source=Source(X, y), target_classes=[0, 1]).fit(T[kept])
    assert "cannot be told" not in " ".join(safe.notes_) and set(safe.predict(T)) <= {0, 1}


def test_few_labels_choose_as_none_do_and_many_are_a_test() -> None:
    X, y, T, t = domains(1.0)
    few = SafeAdaptedClassifier(source=Source(X, y), unlabelled=T[6:]).fit(T[:6], t[:6])
    assert few.verdict_ == "not proven" and "6 labels of the target are too few" in " ".join(few.notes_)
    wrong = (y + 1) % 3
    many = SafeAdaptedClassifier(candidates=["shot", "z-shot"], source=Source(X, wrong), unlabelled=T[60:])
    many.fit(T[:60], t[:60])
    assert many.chosen_ == "no transfer" and many.verdict_ == "no evidence either way" and many.score(T, t) > 0.9
    assert {row["name"] for row in many.evidence_} == {"no transfer", "source only", "shot", "z-shot"}


def test_a_test_that_is_passed_helps() -> None:
    rng = np.random.default_rng(0)
    X, y, T, t = domains(1.0, n=240)
    hard = T + rng.normal(0, 1.0, T.shape)
    safe = SafeAdaptedClassifier(candidates=["z-score"], source=Source(X, y), unlabelled=hard[24:])
    safe.fit(hard[:24], t[:24])
    taken = {row["name"]: row for row in safe.evidence_}["z-score"]
    assert safe.verdict_ == ("helps" if taken["accepted"] else "no evidence either way")
    assert (safe.chosen_ == "z-score") == taken["accepted"]


def test_the_gate_sees_a_shift_and_groups_see_the_classes() -> None:
    X, _, T, t = domains(0.0)
    assert domain_auc(X, T) < 0.65 < 0.9 < domain_auc(X, T + 2)
    agreement = group_agreement(T, {"right": t, "half": np.where(t == 2, 1, t), "none": np.roll(t, 1) * 0}, 3)
    assert agreement["right"] > agreement["half"] > agreement["none"] == 0.0


def test_candidates_need_names_of_their_own() -> None:
    X, y, T, _ = domains(1.0)
    with pytest.raises(ParameterError, match=r"names of their own, found \['shot', 'shot'\].*dict by name"):
        SafeAdaptedClassifier(candidates=["shot", "shot"], source=Source(X, y)).fit(T)


def test_pictures_behind_a_network_are_adapted_as_its_rows_are() -> None:
    pictures = [np.random.default_rng(i).integers(0, 255, (32, 32, 3), dtype=np.uint8) for i in range(40)]
    y = np.arange(20) % 2
    darker = [picture // 2 for picture in pictures[20:]]
    safe = SafeAdaptedClassifier(candidates=["z-score"], source=["starter:pictures", Source(pictures[:20], y)])
    adapted = AdaptedClassifier(source=["starter:pictures", Source(pictures[:20], y)]).fit(darker)
    assert safe.fit(darker).predict(darker).shape == adapted.predict(darker).shape == (20,)
    assert safe.predict_proba(darker).shape == (20, 2)
