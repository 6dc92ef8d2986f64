"""Lessons on disk are gone on from only as far as they are what was written; other files are left alone."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from headstart.data.base.sealed import read_sealed, write_note, write_sealed
from headstart.errors import ParameterError
from headstart.pretraining.distillation import lessons as teaching
from headstart.pretraining.distillation.lessons import Lessons


class Sets:
    """Views of a few made-up examples, the third of which cannot be read."""

    n, n_views, shape, dtype, key = 12, 2, (4,), "float32", "sets"

    def made(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[tuple[int, str]]]:
        shown = [np.full(4, row + 0.5 * view, np.float32) for row in rows for view in range(2)]
        return shown, np.stack(shown), [(2, "no picture")] if 2 in rows else []


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of lessons that are done, in six parts."""
    monkeypatch.setattr(teaching, "AT_ONCE", 4)
    monkeypatch.setattr(teaching, "pooled", lambda teacher, shown, device, n: 10 * np.stack(shown)[:, :3])
    learned(tmp_path / "kept")
    return tmp_path / "kept"


class Teacher:
    digest = "teacher"

    class preprocessing:
        @staticmethod
        def key() -> str:
            return ""

    class chain:
        n_features = 3


def learned(folder: Path) -> tuple[Lessons, list[int]]:
    """Lessons, and after how many views each part that was shown ended."""
    told: list[int] = []
    lessons = Lessons([Sets()], [Teacher()], folder)  # type: ignore[list-item]
    lessons.learn("cpu", lambda what, done, total: told.append(done))
    return lessons, told


def right(lessons: Lessons) -> bool:
    rows = (np.arange(24) // 2 + 0.5 * (np.arange(24) % 2))[:, None]
    same = np.array_equal(lessons.x, np.tile(rows, 4)) and np.array_equal(lessons.features[0], np.tile(10 * rows, 3))
    return same and lessons.bad == [(2, "no picture")]


def test_what_is_whole_is_not_shown_again(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    lessons, told = learned(kept)
    assert right(lessons) and told == [] and not caplog.messages
    assert sorted(file.name for file in kept.iterdir()) == ["done.json", "teacher0.bin", "x.bin"]


def test_damage_anywhere_is_said_and_shown_again(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    for case in range(60):
        folder = shutil.copytree(kept, kept.parent / str(case))
        file = folder / rng.choice(["done.json", "teacher0.bin", "x.bin"])
        damaged = bytearray(file.read_bytes())
        damaged[rng.integers(8, len(damaged))] ^= 1 << int(rng.integers(8))
        file.write_bytes(bytes(damaged[: rng.integers(len(damaged))] if case % 3 == 0 else damaged))
        caplog.clear()
        with caplog.at_level(logging.WARNING, "headstart"):
            lessons, told = learned(folder)
        assert right(lessons) and told and "shown anew" in caplog.text and " is damaged" in caplog.text
        caplog.clear()
        assert right(learned(folder)[0]) and not caplog.messages


def test_only_what_comes_after_the_damage_is_shown_again(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    damaged = bytearray((kept / "x.bin").read_bytes())
    damaged[16 * 9] ^= 1  # of the tenth view, in the third part
    (kept / "x.bin").write_bytes(bytes(damaged))
    lessons, told = learned(kept)
    assert right(lessons) and told == [12, 16, 20, 24] and "views from number 9 on are shown anew" in caplog.text


def test_a_file_that_is_gone_begins_anew(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    (kept / "teacher0.bin").unlink()
    lessons, told = learned(kept)
    assert right(lessons) and told[0] == 4 and "is damaged" in caplog.text and "No such file" in caplog.text


def test_a_note_of_other_lessons_is_said(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    note = json.loads(read_sealed(kept / "done.json") or b"")
    write_note(kept / "done.json", note | {"key": "other"})
    lessons, told = learned(kept)
    assert right(lessons) and told[0] == 4 and "is of other examples or teachers" in caplog.text


@pytest.mark.parametrize("what", ["old", "thesis", "list", "numbers"])
def test_a_note_of_another_form_is_refused_and_left_alone(what: str, kept: Path) -> None:
    note = kept / "done.json"
    if what == "old":
        note.write_text(json.dumps({"key": "k", "done": 8, "bad": []}))
    elif what == "thesis":
        note.write_text("my thesis")
    else:
        held = {"key": "k", "seals": [{"stop": -1, "sha256": "x"}], "bad": []}
        write_sealed(note, b"[1]" if what == "list" else json.dumps(held).encode())
    before = note.read_bytes()
    with pytest.raises(ParameterError, match=r"Expected a note of this version of headstart .*Remove it, or give"):
        learned(kept)
    assert note.read_bytes() == before and (kept / "x.bin").is_file()


def test_files_of_others_are_never_removed(kept: Path) -> None:
    for place, name in ((kept, "thesis.txt"), (kept.parent / "file", "file")):
        (place / name if place is kept else place).write_text("my thesis")
        with pytest.raises(ParameterError, match=rf"Expected nothing but what headstart keeps .*found '{name}'\. Move"):
            teaching.remove(place)
    assert (kept / "x.bin").is_file() and (kept / "thesis.txt").is_file() and (kept.parent / "file").is_file()
    (kept / "thesis.txt").unlink()
    (kept / "x.npy").write_bytes(b"of an earlier version")
    teaching.remove(kept)
    assert not kept.exists()
