"""Functions of headstart as text that runs without it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from headstart.data.tables import cells
from headstart.data.tables.cells import Column, values_of
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.numbers import numbers_in
from headstart.models.exporting.lines.quoted import quoted


def test_what_is_quoted_runs_alone_and_says_the_same(tmp_path: Path) -> None:
    text = quoted(values_of, Column)
    assert not any("headstart" in line for line in text.splitlines() if line.startswith(("import", "from")))
    (tmp_path / "cells.py").write_text(text, encoding="utf-8")
    read = runpy.run_path(str(tmp_path / "cells.py"))
    frame = {"seen": ["3. Mai 2024", "?"], "size": ["1,5", "2"]}
    written = ("seen", "date", False, ".", "", "", "", "month named"), ("size", "number", False, ",")
    own, found = (
        source["values_of"](frame, [source["Column"](*column) for column in written], 2)
        for source in (vars(cells), read)
    )
    assert {name: list(map(str, values)) for name, values in found.items()} == {
        name: list(map(str, values)) for name, values in own.items()
    }
    assert found["seen (month)"][0] == 5


def test_two_things_of_one_name_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="Expected one thing of the name '_"):
        quoted(numbers_in, TableEncoder)
