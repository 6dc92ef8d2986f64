"""A path that leads to nothing is said in the same words, with the nearest path that is there, wherever it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headstart.cli.main import exit_code
from headstart.data.base.files import check_there
from headstart.data.clips.recordings import recordings_in
from headstart.data.reading.box_forms import sheets_in
from headstart.data.reading.options import Reading
from headstart.data.reading.read import read_dataset
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.tables.frame import read_frame
from headstart.errors import DataError, HeadstartError, ParameterError
from headstart.models.advice import sources_in
from headstart.models.offered import rows_offered, tables_offered
from headstart.models.saving.evidence_file import read_evidence
from headstart.networks.folder import read_manifest
from headstart.networks.reading.loading import load_network
from headstart.pretraining.architectures import new_picture_network

#: Whatever reads from a path that a user gives.
READERS: dict[str, Callable[[Path], Any]] = {
    "data": read_dataset,
    "boxes": lambda place: sheets_in(place, Reading(), set()),
    "unlabelled": read_unlabelled,
    "table": read_frame,
    "recordings": recordings_in,
    "sources": sources_in,
    "tables to borrow from": lambda place: tables_offered(str(place)),
    "tables without labels": lambda place: rows_offered(str(place)),
    "model": read_manifest,
    "evidence": read_evidence,
    "network": lambda place: load_network(str(place)),
    "function": lambda place: load_network(f"{place}.py:make"),
    "configuration": lambda place: new_picture_network(f"{place}.json", ["a", "b"], 0, 32),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_every_reader_names_the_nearest_path(reader: Callable[[Path], Any], tmp_path: Path) -> None:
    for name in ("flowers", "flowers.py", "flowers.json"):
        (tmp_path / name).touch()
    with pytest.raises(HeadstartError, match=r"^Expected ") as caught:
        reader(tmp_path / "flowrs")
    assert f"found nothing at {tmp_path / 'flowrs'}" in str(caught.value)
    assert f" Did you mean '{tmp_path / 'flowers'}" in str(caught.value)


@pytest.mark.parametrize(
    "args", [["sources"], ["advise"], ["inspect"], ["report"], ["look"], ["push", "--yes"], ["predict"], ["check"]]
)
def test_every_command_names_the_nearest_path(
    args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers").mkdir()
    more = {"push": ["ann/ants"], "predict": ["new"], "check": ["new"]}.get(args[0], [])
    assert exit_code([args[0], "flowrs", *more]) == 1
    said = " ".join("".join(capsys.readouterr()).split())
    assert "found nothing at flowrs. Did you mean 'flowers'?" in said


def test_the_name_that_is_wrong_may_stand_anywhere(tmp_path: Path) -> None:
    (tmp_path / "Data" / "old").mkdir(parents=True)
    (tmp_path / "Data" / "old" / "rows.csv").touch()
    for wrong in ("Dta/old/rows.csv", "DATA/old/rows.csv", "Data/odl/rows.csv", "Data/old/rows.cvs", "Data/old/rows"):
        with pytest.raises(DataError) as caught:
            check_there(tmp_path / wrong, "a table")
        assert caught.value.todo == f"Did you mean '{tmp_path / 'Data' / 'old' / 'rows.csv'}'?"
    for far in ("elsewhere/rows.csv", "Dta/new/rows.csv", "Data/old/rows.csv/more"):
        with pytest.raises(DataError, match="Check the path"):
            check_there(tmp_path / far, "a table")


def test_a_path_that_the_system_refuses_is_said(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"Expected a table, found .*: .*too long"):
        check_there(tmp_path / ("a" * 300), "a table", ParameterError)
