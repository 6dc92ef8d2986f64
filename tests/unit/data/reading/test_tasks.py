"""When several columns of labels are labels of one task, and when a task each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.reading.tasks import task_columns
from headstart.errors import DataError, ParameterError

FRAME = pd.DataFrame(
    {
        "age": [30, 41, 52, 63],
        "ill": ["1", "0", "", "1"],
        "old": [0, 1, 1, None],
        "kind": ["a", "b", None, "a"],
        "weight": [61.5, 70.2, 66.1, None],
    }
)


def test_all_zero_and_one_are_labels_of_one_task() -> None:
    assert task_columns(FRAME, Reading(label=["ill", "old"])) == ()
    assert task_columns(FRAME, Reading(label="kind")) == ()
    assert task_columns(FRAME, Reading()) == ()


def test_others_are_a_task_each_unless_the_task_is_named() -> None:
    assert task_columns(FRAME, Reading(label=["ill", "kind"])) == ("ill", "kind")
    assert task_columns(FRAME, Reading(label=["ill", "weight"])) == ("ill", "weight")
    assert task_columns(FRAME, Reading(label=["ill", "weight"], task="regression")) == ()


def test_a_target_makes_them_tasks() -> None:
    assert task_columns(FRAME, Reading(label=["ill", "old"], target="old")) == ("ill", "old")
    with pytest.raises(ParameterError, match=r"Expected the target 'age' and other tasks.*found 'ill', 'old'.*--label"):
        task_columns(FRAME, Reading(label=["ill", "old"], target="age"))
    with pytest.raises(ParameterError, match="found none named among 'age', 'ill'"):
        task_columns(FRAME, Reading(target="ill"))
    with pytest.raises(ParameterError, match="Expected no task beside the target 'ill', found 'multilabel'"):
        task_columns(FRAME, Reading(label=["ill", "old"], target="ill", task="multilabel"))
    with pytest.raises(DataError, match="Did you mean 'weight'"):
        task_columns(FRAME, Reading(label=["ill", "wieght"]))


def test_each_task_is_read_without_the_labels_of_the_others(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "people.csv", index=False)
    found = recognise(tmp_path / "people.csv", Reading(label=["ill", "kind", "weight"]))
    assert list(found.tasks) == ["ill", "kind", "weight"] and found.values
    kind, weight = found.tasks["kind"].dataset(), found.tasks["weight"].dataset()
    assert kind.y.tolist() == ["a", "b", "a"] and kind.unlabelled == 1
    assert weight.task == "regression" and weight.y.tolist() == [61.5, 70.2, 66.1]
    assert list(weight.inputs.frame.columns) == ["age", "old"]
    assert recognise(found.tasks["kind"]) is found.tasks["kind"]
