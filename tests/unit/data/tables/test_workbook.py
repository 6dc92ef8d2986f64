"""Excel files: sheets, merged cells, titles and formulas, each said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from headstart.data.reading.read import read_dataset
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError

BODY = [[i % 5, i * 0.5, "pq"[i % 2]] for i in range(20)]


def book(folder: Path, rows: Sequence[Sequence[Any]], merged: Sequence[str] = (), **sheets: Any) -> Path:
    workbook = openpyxl.Workbook()
    for name, content in {"Data": rows, **sheets}.items():
        page = workbook.active if name == "Data" else workbook.create_sheet(name)
        page.title = name
        for row in content:
            page.append(list(row))
        for area in merged if name == "Data" else ():
            page.merge_cells(area)
    workbook.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def read(place: Path, **more: str) -> tuple[Dataset, str]:
    dataset = read_dataset(place, label="y", **more)
    return dataset, " ".join(dataset.notes)


@pytest.mark.parametrize(
    ("head", "merged", "columns"),
    [
        ([["Blood", None, "y"], ["sugar", "iron", None]], ["A1:B1", "C1:C2"], ["sugar", "iron"]),
        ([["id", "Blood", None], [None, "iron", "y"]], ["B1:C1"], ["id", "iron"]),
        ([["A", "B", None], ["mean", "mean", "y"]], ["B1:C1"], None),
    ],
)
def test_two_rows_of_names_are_one(tmp_path: Path, head: list, merged: list, columns: list | None) -> None:
    place = book(tmp_path, [*head, *BODY], merged)
    if columns is None:
        assert list(read_dataset(place, label="B y").inputs.frame) == ["A mean", "B mean"]
        return
    dataset, notes = read(place)
    assert list(dataset.inputs.frame) == columns and len(dataset) == 20
    assert "The first two rows were read as the names of the columns" in notes


def test_titles_sheets_and_empty_rows(tmp_path: Path) -> None:
    rows = [["A study"], [], ["a", "b", "y"], *BODY[:10], [None] * 3, *BODY[10:], [None, None, None]]
    dataset, notes = read(book(tmp_path, rows, Old=[["x", "y"], [1, "p"], [2, "q"]], Empty=[]))
    assert len(dataset) == 20 and dataset.form == {"sheet": "Data"}
    assert "'A study'" in notes and "The sheet 'Data' was read; there are also 'Old' (--sheet, sheet=...)." in notes
    assert len(read(tmp_path / "t.xlsx", sheet="Old")[0]) == 2
    with pytest.raises(DataError, match=r"Expected a sheet 'New' .* found the sheets 'Data', 'Old', 'Empty'"):
        read(tmp_path / "t.xlsx", sheet="New")


def test_names_that_stand_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found 'a' more than once \(columns 1 and 2\)"):
        read(book(tmp_path, [["a", "a", "y"], *BODY]))


def test_merged_bodies_and_formulas_without_results_are_said(tmp_path: Path) -> None:
    dataset, notes = read(book(tmp_path, [["a", "b", "y"], *BODY], ["C5:C8"]))
    assert dataset.unlabelled == 3 and "Merged cells hold their value in the first of their rows alone: C5:C8." in notes
    rows = [[i % 5, f"=A{i + 2}*2", "pq"[i % 2]] for i in range(20)]
    dataset, notes = read(book(tmp_path, [["a", "b", "y"], *rows]))
    assert "20 cells hold formulas whose results were not saved" in notes
