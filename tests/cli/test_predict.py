"""``headstart predict``: every picture is answered or named, in the form that was asked for."""

from __future__ import annotations

import csv
import importlib
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.cli.main import exit_code
from headstart.cli.predictions import gather
from headstart.data.base.kinds import PICTURES
from headstart.data.base.reasons import BadPicture
from headstart.data.pictures.decode import decode
from headstart.drift.answering import say
from headstart.errors import BadPictures, DataError


class Brightness:
    """Stands in for a saved model: says how bright a picture is."""

    def __init__(self, task: str = "classification") -> None:
        self.task, self.input_type = task, "image"
        self.classes_ = None if task == "regression" else np.array(["dark", "light"])
        self.kind = PICTURES
        self.reference: Any = None
        self.evidence: dict[str, Any] = {}

    def _share(self, pictures: Any) -> np.ndarray:
        bad, share = [], []
        for i, name in enumerate(pictures.names):
            try:
                share.append(float(decode(pictures[i]).mean()) / 255)
            except BadPicture as error:
                bad.append((name, error.reason))
        if bad:
            raise BadPictures(bad)
        return np.array(share)

    def predict_proba(self, pictures: Any) -> np.ndarray:
        share = self._share(pictures)
        return np.stack([1 - share, share], axis=1)

    def predict(self, pictures: Any) -> np.ndarray:
        return self._share(pictures)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good pictures, one of them deeper down, a broken one, a text, and a loop of links."""
    room = tmp_path / "new"
    (room / "more").mkdir(parents=True)
    Image.new("RGB", (20, 20), (250, 250, 250)).save(room / "b.png")
    Image.new("RGB", (20, 20), (5, 5, 5)).save(room / "more" / "ä.jpg")
    (room / "a.jpg").write_bytes((room / "more" / "ä.jpg").read_bytes()[:200])
    (room / "notes.txt").write_text("nothing to see")
    (room / "more" / "loop").symlink_to(room)
    return room


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> list[Brightness]:
    """Put a model in place of the one that ``load`` would read; the list's entry can be replaced."""
    place = [Brightness()]
    try:
        module = importlib.import_module("headstart.models.model")
    except ImportError:
        module = ModuleType("headstart.models.model")
        monkeypatch.setitem(sys.modules, "headstart.models.model", module)
    monkeypatch.setattr(module, "load", lambda *_, **__: place[0], raising=False)
    return place


def test_folders_are_searched_to_their_bottom_and_files_taken_as_they_are(folder: Path) -> None:
    assert [path.name for path in gather(Brightness(), [folder])] == ["a.jpg", "b.png", "ä.jpg"]
    assert gather(Brightness(), [folder / "notes.txt"]) == [folder / "notes.txt"]


def test_no_picture_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Expected pictures in .*found none\. Pictures are JPEG"):
        gather(Brightness(), [tmp_path])


def test_broken_pictures_are_set_aside_and_the_rest_is_answered(folder: Path) -> None:
    files = gather(Brightness(), [folder, folder / "notes.txt", folder / "absent.png"])
    rows, failed = say(Brightness(), files)
    assert [(Path(row["file"]).name, row["label"]) for row in rows] == [("b.png", "light"), ("ä.jpg", "dark")]
    assert [Path(entry["file"]).name for entry in failed] == ["a.jpg", "notes.txt", "absent.png"]
    assert all(entry["reason"] for entry in failed)


def test_nothing_but_broken_pictures_is_no_crash(folder: Path) -> None:
    rows, failed = say(Brightness(), [folder / "a.jpg"])
    assert rows == [] and len(failed) == 1


def test_many_pictures_are_asked_about_in_turns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headstart.drift.answering.CHUNK", 2)
    seen: list[tuple[int, int]] = []
    rows, failed = say(
        Brightness(), gather(Brightness(), [folder] * 2), lambda what, done, total: seen.append((done, total))
    )
    assert len(rows) == 4 and len(failed) == 2 and seen == [(2, 6), (4, 6), (6, 6)]


def test_json_holds_everything_and_nothing_else(
    folder: Path, model: list[Brightness], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["predict", "m", str(folder), "--json"]) == 1
    streams = capsys.readouterr()
    printed = json.loads(streams.out)
    assert [row["label"] for row in printed["predictions"]] == ["light", "dark"]
    first = printed["predictions"][0]
    assert first["probability"] == first["probabilities"]["light"] > 0.9
    assert printed["failed"][0]["file"].endswith("a.jpg") and printed["failed"][0]["reason"]
    assert "Cannot read" in streams.err


def test_csv_has_a_column_for_each_class(
    folder: Path, model: list[Brightness], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["predict", "m", str(folder), "--csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["file", "label", "p(dark)", "p(light)", "error"]
    assert [row["label"] for row in rows] == ["light", "dark", ""] and rows[2]["error"]
    assert float(rows[0]["p(light)"]) == pytest.approx(250 / 255)


def test_good_pictures_alone_end_with_0(
    folder: Path, model: list[Brightness], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["predict", "m", str(folder / "b.png")]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[1:] == ["light", "98.0%"]


@pytest.mark.parametrize(("task", "key"), [("regression", "value"), ("multilabel", "labels")])
@pytest.mark.parametrize("form", ["--json", "--csv", ""])
def test_other_tasks_have_their_own_columns(
    task: str, key: str, form: str, folder: Path, model: list[Brightness], capsys: pytest.CaptureFixture[str]
) -> None:
    model[0] = Brightness(task)
    assert exit_code(["predict", "m", str(folder / "b.png"), *([form] if form else [])]) == 0
    said = capsys.readouterr().out
    if form == "--json":
        assert json.loads(said)["predictions"][0][key] in (["light"], pytest.approx(250 / 255))
    else:
        assert key in said.splitlines()[0] and ("light" in said or "0.98" in said)


def test_json_and_csv_together_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", "m", "x.png", "--json", "--csv"]) == 2
    assert "Choose one of --csv and --json." in capsys.readouterr().err


def held(n: int, wrong: int) -> dict[str, Any]:
    """Held-out answers of which the least sure are wrong."""
    sure = np.linspace(0.6, 0.99, n)
    of_label = np.where(np.arange(n) < wrong, 1 - sure, sure)
    return {"held_out": {"of_label": of_label.tolist(), "of_answer": sure.tolist()}}


def test_sets_and_referring_keep_to_the_rates_that_were_asked_for(
    folder: Path, model: list[Brightness], capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (20, 20), (140, 140, 140)).save(folder / "grey.png")
    model[0].evidence = held(100, 12)
    assert exit_code(["predict", "m", str(folder), "--json", "--sets", "0.1", "--refer", "0.05"]) == 1
    streams = capsys.readouterr()
    by_name = {Path(row["file"]).name: row for row in json.loads(streams.out)["predictions"]}
    assert by_name["b.png"]["set"] == ["light"] and not by_name["b.png"]["refer"]
    assert by_name["grey.png"]["set"] == ["dark", "light"] and by_name["grey.png"]["refer"]
    assert "Sets hold the truth in 90% of cases like the 100 held out." in streams.err
    assert "wrong in at most 5% of cases like the 100 held out" in streams.err
    assert exit_code(["predict", "m", str(folder), "--refer", "0.05"]) == 1
    assert "refer" in next(line for line in capsys.readouterr().out.splitlines() if "grey.png" in line)
    assert exit_code(["predict", "m", str(folder), "--csv", "--sets", "0.1"]) == 1
    rows = {Path(row["file"]).name: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows["grey.png"]["set"] == "dark;light" and rows["a.jpg"]["error"]


@pytest.mark.parametrize(
    ("evidence", "task", "words"),
    [
        (held(18, 1), "classification", "19 or more labelled examples that were held out"),
        ({}, "classification", "keeps what it answered where it had not learned"),
        (held(50, 1), "regression", "Expected a model of classes for --sets and --refer"),
    ],
)
def test_what_cannot_be_promised_is_refused(
    evidence: dict[str, Any],
    task: str,
    words: str,
    folder: Path,
    model: list[Brightness],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model[0] = Brightness(task)
    model[0].evidence = evidence
    assert exit_code(["predict", "m", str(folder), "--sets", "0.1"]) == 1
    streams = capsys.readouterr()
    assert words in " ".join(streams.err.split()) and not streams.out
