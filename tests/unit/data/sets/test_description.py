"""What is said of a data set before anything is learned from it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from headstart.data.clips.clips import Clips
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import describe, sentences
from headstart.errors import ParameterError


def test_classes_parts_groups_and_sizes_are_counted() -> None:
    clips = Clips([(np.zeros(8000 + 800 * i, np.float32), 8000) for i in range(4)])
    dataset = Dataset(
        clips,
        np.array(["no", "yes", "yes", "no"]),
        "classification",
        ("no", "yes"),
        groups=np.array(["a", "a", "b", "b"]),
        parts=np.array(["train", "train", "test", "test"]),
        dropped=(("x.wav", "it is empty"),),
        unlabelled=3,
    )
    found = describe(dataset)
    assert found["classes"] == {"no": 2, "yes": 2} and found["parts"] == {"test": 2, "train": 2}
    assert (found["groups"], found["unlabelled"], found["held_out"]) == (2, 3, "test")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    lines = sentences(dataset)
    assert lines[:3] == [
        "4 clips, in memory",
        "Task: classification, 2 classes: no (2), yes (2)",
        "Sizes: 1.00 to 1.30 s",
    ]
    assert "Parts: test 2, train 2; test is kept for the final score" in lines
    assert "Without a label: 3, which take no part" in lines and "Left out: 1 (x.wav: it is empty)" in lines


def test_targets_have_their_ranges() -> None:
    pictures = Pictures([np.zeros((8, 8), dtype=np.uint8)] * 2)
    one = Dataset(pictures, np.array([0.5, 2.0]), "regression")
    assert describe(one)["targets"] == {"": (0.5, 2.0)} and "Task: regression, from 0.5 to 2" in sentences(one)
    two = Dataset(pictures, np.array([[0.5, 7.0], [2.0, 9.0]]), "regression", ("x", "y"))
    assert describe(two)["targets"] == {"x": (0.5, 2.0), "y": (7.0, 9.0)}


@pytest.mark.parametrize(
    ("data", "reading", "kind", "layout"),
    [
        (pd.DataFrame({"a": [1.5, 2.5, 3.0], "y": ["p", "q", "p"]}), Reading(label="y"), "rows", "a table of values"),
        (
            pd.DataFrame({"a": ["so it goes", "on and on"], "y": [0, 1]}),
            Reading(label="y"),
            "texts",
            "a table of texts",
        ),
        ((["good film", "bad film"], [1, 0]), Reading(), "texts", ""),
        ((np.zeros((3, 8, 8)), [0, 1, 0]), Reading(), "pictures", ""),
        ((np.zeros((3, 8)), [0, 1, 0]), Reading(), "rows", "a table of values"),
        ((pd.DataFrame({"a": [1, 2]}), [[0.5, 1], [2, 3]]), Reading(), "rows", "a table of values"),
        ((np.zeros((4, 2)), [0, 1, 0, 1], ["a", "a", "b", "b"]), Reading(), "rows", "a table of values"),
    ],
)
def test_what_is_in_memory_is_recognised_by_its_type(data: object, reading: Reading, kind: str, layout: str) -> None:
    found = recognise(data, reading)
    dataset = found.dataset()
    assert (found.kind is not None and found.kind.many, dataset.kind.many, dataset.layout) == (kind, kind, layout)


def test_labels_beside_rows_leave_no_room_for_columns_of_labels() -> None:
    with pytest.raises(ParameterError, match="found them beside"):
        recognise((pd.DataFrame({"a": [1]}), [0]), Reading(label="a"))
    with pytest.raises(ParameterError, match="Expected a label for each of 2 rows, found 1"):
        recognise((np.zeros((2, 2)), [0]))
    with pytest.raises(ParameterError, match="Expected page only with pictures, found texts"):
        recognise((["good", "bad"], [0, 1]), Reading(page=2)).dataset()


def test_lists_of_labels_beside_a_frame_are_several_labels() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2, 1, 2, 1]})
    dataset = recognise((frame, [["x"], ["x", "y"], ["y"], ["x"]])).dataset()
    assert dataset.task == "multilabel" and dataset.y.tolist() == [[1, 0], [1, 1], [0, 1], [1, 0]]
