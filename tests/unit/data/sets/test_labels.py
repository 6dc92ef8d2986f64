"""Labels: which rows have one, whether a cell holds several, and what is said of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.data.reading.read import read_dataset
from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.labels import Writing, read_label_cells, read_labels
from headstart.errors import DataError

X = np.zeros((4, 8, 8), np.uint8)
FOUR = ["row 1", "row 2", "row 3", "row 4"]


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, "", "  ", "NA", "n/a", "NaN", "?", "null", pd.NaT])
def test_rows_without_a_label_are_set_aside_alike_everywhere(tmp_path: Path, nothing: object) -> None:
    dataset = from_arrays(X, ["a", nothing, "b", "a"])
    assert dataset.y.tolist() == ["a", "b", "a"] and dataset.unlabelled == 1
    assert dataset.names == ("picture 0", "picture 2", "picture 3")
    assert "1 of 4 pictures have no label" in dataset.notes[0]
    read = read_label_cells(["1.5", nothing, "2,5".replace(",", "."), "3"], FOUR)
    assert read.y.tolist() == [1.5, 2.5, 3.0] and read.task == "regression"
    frame = pd.DataFrame(
        {"x": [1, 5, 2, 2], "y": ["a", "" if pd.isna(nothing) else nothing, "b", "a"], "g": list("pqrs")}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    table = read_dataset(tmp_path / "t.csv", label="y", group_by="g")
    assert (len(table), table.unlabelled, table.groups.tolist()) == (3, 1, ["p", "r", "s"])
    assert table.inputs.names == ("row 1", "row 3", "row 4")


def test_words_that_may_be_classes_are_classes_and_said() -> None:
    read = read_label_cells(["none", "some", "-", "+"], FOUR)
    assert read.classes == ("+", "-", "none", "some") and "'none' is a class here, not a missing label." in read.notes
    assert read_label_cells(["1", "-", "2", "3"], FOUR).kept.tolist() == [True, False, True, True]


def test_no_label_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="found none: all 4 rows are without one"):
        read_label_cells(["", "NA", None, "?"], FOUR)


def several(cells: list[str], n: int = 1, **more: str) -> tuple[str, str]:
    names = [f"row {i + 1}" for i in range(len(cells) * n)]
    read = read_label_cells(cells * n, names, **more)
    return read.task, " ".join(read.notes)


@pytest.mark.parametrize(
    "cells", [["a;b", "b", "a"], ["a|b", "b|c", "c"], ["x; y", "y;z", "x;z", "z"], ['["a"]', '["a","b"]']]
)
def test_cells_whose_labels_recur_hold_several_and_it_is_said(cells: list[str]) -> None:
    task, notes = several(cells, 5)
    assert task == "multilabel" and "several labels a row" in notes
    assert several(cells, 5, task="classification")[0] == "classification"


@pytest.mark.parametrize(
    "cells",
    [
        ["AC|DC", "Queen", "Abba"],
        ["sports|games", "news"],
        ["Smith; John", "Doe; Jane"],
        ["a", "b"] * 30 + ["a;b"],
        ["[draft]", "done"],
        ["this; that", "other"],
    ],
)
def test_other_cells_are_classes_and_it_is_said(cells: list[str]) -> None:
    task, notes = several(cells, 3)
    assert task == "classification" and ("several labels" in notes or "[draft]" in cells)
    assert several(cells, 3, task="multilabel")[0] == "multilabel"


def test_python_lists_follow_the_same_rule() -> None:
    assert from_arrays(X, ["AC|DC", "Queen", "AC|DC", "Queen"]).task == "classification"
    assert from_arrays(X, ["a;b", "b", "a", "b"]).task == "multilabel"
    many = from_arrays(X, [["a"], None, ["a", "b"], []])
    assert many.y.tolist() == [[1, 0], [1, 1], [0, 0]] and "several labels a row" in " ".join(many.notes)
    with pytest.raises(DataError, match=r"in the list of row 1 \(picture 0\), found a list in it"):
        from_arrays(X, [[["a"]], ["b"], ["a"], ["b"]])
    with pytest.raises(DataError, match="found a missing label in it"):
        from_arrays(X, [["a", None], ["b"], ["a"], ["b"]])


def test_one_hot_columns_are_said_and_may_be_classes() -> None:
    y = pd.DataFrame({"p": [0, 1, 1, 0], "q": [1, 0, 0, 1]})
    assert "Every row has exactly one of the 2 labels" in " ".join(from_arrays(X, y).notes)
    assert from_arrays(X, y, task="classification").y.tolist() == ["q", "p", "p", "q"]
    assert not from_arrays(X, y.assign(q=[1, 1, 0, 1])).notes


def test_numbers_as_labels_are_read_like_those_of_features() -> None:
    assert read_label_cells(["0,25", "1,5", "2", "3"], FOUR).y.tolist() == [0.25, 1.5, 2.0, 3.0]
    assert read_label_cells(["1.234,5", "1", "2", "3"], FOUR).y[0] == 1234.5
    assert read_label_cells(["45%", "50%", "1%", "3%"], FOUR).y.tolist() == [45, 50, 1, 3]
    assert read_label_cells(["$1,200.50", "$3", "$4", "$5"], FOUR).task == "regression"
    assert read_label_cells(["2D", "3D", "2D", "3D"], FOUR).classes == ("2D", "3D")
    assert read_label_cells(["12.5 kg", "3 kg", "4 kg", "5 kg"], FOUR).became == "numbers with 'kg'"
    assert read_label_cells(["007", "12", "7", "007"], FOUR).classes == ("007", "12", "7")
    assert read_label_cells(["9" * 20, "8" * 20] * 2, FOUR).classes == ("8" * 20, "9" * 20)
    assert read_labels([Decimal("0.5"), Decimal(1), None, Decimal(2)], FOUR).y.tolist() == [0.5, 1.0, 2.0]
    with pytest.raises(DataError, match=r"found '1,275', whose comma .* --decimal"):
        read_label_cells(["1,275", "935", "2,100", "3"], FOUR)
    assert read_label_cells(["1,275", "935", "2,100", "3"], FOUR, writing=Writing(decimal=".")).y[0] == 1275
    assert read_label_cells(["1,275", "935", "2,100", "3"], FOUR, writing=Writing(semicolons=True)).y[0] == 1.275


def test_what_looks_wrong_is_said() -> None:
    names = [f"row {i + 1}" for i in range(60)]
    assert (
        "53 different whole numbers in 60 rows"
        in read_label_cells([str(i * 37 % 53) for i in range(60)], names).notes[0]
    )
    assert not read_label_cells([str(i % 10) for i in range(60)], names).notes
    assert "The classes 'Cat' and 'cat' differ only by case" in read_labels(["Cat", "cat"] * 2, FOUR).notes[0]
    assert "'cat ' is 'cat'" in " ".join(read_label_cells(["cat ", "cat", "dog", "dog"], FOUR).notes)
    assert "The class 'x' has a single example." in read_labels(["x", "y", "y", "y"], FOUR).notes
