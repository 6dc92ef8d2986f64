"""Deciding between two classes: which is looked for, what a threshold finds and spares, what cannot be asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headstart.errors import DataError, ParameterError
from headstart.guard.candidates.material import Material
from headstart.guard.evidence.use import Asked, check_stated, decision, looking_for, points_of, stated, use_evidence


def evidence(n_ill: int = 30, n_well: int = 60, groups: bool = False) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [n_ill, n_well])
    p = 1 / (1 + np.exp(-rng.normal(np.where(y == 1, 1.2, -1.2), 1.0)))
    of = np.arange(len(y)) // 3 if groups else None
    material = Material(np.zeros((len(y), 1)), y, "classification", of)
    use = use_evidence(material, np.column_stack([1 - p, p]), ["ill", "well"])
    return {"use": use, "data": {"task": "classification", "classes": ["ill", "well"]}}


def test_the_rarer_class_is_looked_for_and_of_equal_ones_the_second() -> None:
    found = evidence()["use"]
    assert (found["positive"], found["negative"], found["n"]) == ("ill", "well", [30, 60])
    assert evidence(30, 30)["use"]["positive"] == "well" and evidence(60, 30)["use"]["positive"] == "well"
    assert found["n_groups"] is None and evidence(groups=True)["use"]["n_groups"] == 30


def test_nothing_is_said_of_other_tasks_or_of_one_class() -> None:
    y = np.arange(9) % 3
    assert use_evidence(Material(np.zeros((9, 1)), y, "classification"), np.eye(3)[y], ["a", "b", "c"]) is None
    one = Material(np.zeros((4, 1)), np.zeros(4, int), "classification", known=np.arange(2))
    assert use_evidence(one, np.tile([0.9, 0.1], (4, 1)), ["a", "b"]) is None


def test_a_decision_says_what_it_rests_on() -> None:
    told = evidence()
    found = decision(told, Asked(sensitivity=0.9))
    points = points_of(told["use"])
    k = points.finding(0.9)
    assert found.threshold == points.threshold[k] and found.sensitivity[0] == points.sensitivity[k, 0] >= 0.9
    assert found.words.startswith(f"Answered ill where its probability is {found.threshold:.3g} or more, the highest")
    assert "Among 30 ill and 60 well held out: sensitivity" in found.words
    turned = decision(told, Asked(specificity=0.9, positive="well"))
    assert (turned.positive, turned.negative) == ("well", "ill") and turned.specificity[0] >= 0.9
    assert turned.specificity == pytest.approx(found.sensitivity) and turned.sensitivity == found.specificity


def test_costs_decide_by_their_ratio() -> None:
    assert decision(evidence(), Asked(cost_miss=9)).threshold == pytest.approx(0.1)
    assert decision(evidence(), Asked(cost_miss=2, cost_false=6)).threshold == pytest.approx(0.75)
    assert "a miss costs 9 and a false alarm 1" in decision(evidence(), Asked(cost_miss=9)).words


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(ParameterError, match=r"Expected one way to choose a threshold, found threshold and costs"):
        Asked(threshold=0.2, cost_miss=3)
    with pytest.raises(ParameterError, match=r"Expected a threshold from 0 to 1, found 30. 0.3 is 30% sure"):
        Asked(threshold=30)
    with pytest.raises(ParameterError, match=r"Expected a cost above 0, found 0. --cost-false 10 is ten"):
        Asked(cost_false=0)
    with pytest.raises(ParameterError, match=r"Expected one of the classes ill and well as positive, found 'sick'"):
        decision(evidence(), Asked(threshold=0.3, positive="sick"))
    three = {"data": {"task": "classification", "classes": ["a", "b", "c"]}}
    with pytest.raises(DataError, match=r"Expected a model of two classes for a threshold, found one of 3 classes"):
        decision(three, Asked(threshold=0.3))
    old = {"data": {"task": "classification", "classes": ["a", "b"]}}
    with pytest.raises(DataError, match=r"without thresholds. Fit it again with this version"):
        decision(old, Asked(threshold=0.3))
    use = evidence()["use"]
    with pytest.raises(DataError, match=r"Expected thresholds that rise"):
        points_of(use | {"threshold": use["threshold"][::-1]})


def test_class_and_prevalence_are_stated_and_turned_together() -> None:
    told = evidence()
    stated(told, "well", 0.9)
    assert told["use"]["positive"] == "well" and told["use"]["prevalence"] == 0.9
    assert looking_for(told["use"], "ill")["prevalence"] == pytest.approx(0.1)
    check_stated(["ill", "well"], "ill", 0.1)
    with pytest.raises(ParameterError, match=r"Expected positive and prevalence with two classes, found 3. Leave them"):
        check_stated(["a", "b", "c"], "a", None)
    with pytest.raises(ParameterError, match=r"Expected a prevalence between 0 and 1, found 1"):
        check_stated(["ill", "well"], None, 1.0)
