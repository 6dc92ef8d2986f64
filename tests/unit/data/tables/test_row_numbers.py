"""Rows and lines are called by the numbers that an editor shows, whatever stands between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.data.reading.options import Reading
from headstart.data.reading.read import read_dataset
from headstart.data.reading.values import read_values
from headstart.data.tables.frame import read_frame
from headstart.data.tables.records import row_names
from headstart.errors import DataError


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.jsonl", '{"a": 1}\n\n\n{"a": 4}\n  \n{"a": 6}\n\n', [1, 4, 6]),
        ("bom.jsonl", '\ufeff\r\n{"a": 2}\r\n\r\n{"a": 4}\r\n', [2, 4]),
        ("list.json", '[{"a": 1},\n\n{"a": 2}]', [1, 2]),
        ("a.csv", '\ufeff# said\n\na,b\n1,"x\ny"\n\n# more\n4,z\n,\n6,z\n', [1, 4, 6]),
        ("sep.csv", "sep=;\na;b\n1;x\n\n3;x\n", [1, 3]),
    ],
)
def test_rows_keep_their_numbers(name: str, content: str, rows: list[int], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content.encode())
    frame = read_frame(tmp_path / name)
    assert row_names(frame) == [f"row {i}" for i in rows]
    assert [int(value) for value in frame["a"]] == rows
    assert any("passed over" in note for note in frame.attrs["notes"]) == (name != "list.json")


def test_a_label_in_json_lines_is_named_by_its_line(tmp_path: Path) -> None:
    lines = [f'{{"a": {i}, "y": {i / 2}}}' for i in range(1, 30)]
    lines[3:3] = ["", "", '{"a": 7, "y": "tall"}']
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    with pytest.raises(DataError, match="found 'tall' in row 6"):
        read_dataset(tmp_path / "t.jsonl", label="y", task="regression")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"a": 1}\n\n{"a": }\n', r"line 3 holds no JSON \(Expecting value at column 7\)"),
        ("open.csv", 'sep=;\na;b\n1;"x\n2;"y"\n', "begins in line 3"),
        ("wide.csv", "sep=;\na;b\n1;2\n\n5;6;7\n", "line 5 has 3"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=said):
        read_frame(tmp_path / name)


def test_rows_that_were_drawn_keep_their_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("headstart.data.reading.values.rows_drawn", lambda answers: np.array([5, 17]))
    own = pd.DataFrame({"a": range(20), "y": np.arange(20) / 2})
    own.assign(y=["0.5"] * 17 + ["tall"] + ["1.5"] * 2).to_csv(tmp_path / "old.csv", index=False)
    with pytest.raises(DataError, match=r"found 'tall' in old\.csv row 18\."):
        read_values(own, Reading(label="y", task="regression"), sources=[tmp_path / "old.csv"])
