"""A folder is written whole or not at all: errors halfway, kill -9, and what is not ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headstart.errors import OutputError, ParameterError
from headstart.networks import folder as folder_module
from headstart.networks.folder import read_manifest, write_folder, write_manifest

WRITER = """
import sys, time
from pathlib import Path
from headstart.networks.folder import write_folder, write_manifest
def fill(name):
    def write(folder):
        write_manifest(folder, {"name": name})
        for i in range(40):
            (folder / f"part{i}").write_text(name * 1000)
    return write
n = int(sys.argv[2])
print("ready", flush=True)
while True:
    n += 1
    write_folder(sys.argv[1], fill(str(n % 10)))
"""


def fill(name: str, parts: int = 3):
    def write(folder: Path) -> None:
        write_manifest(folder, {"name": name})
        for i in range(parts):
            (folder / f"part{i}").write_text(name)

    return write


def left_overs(folder: Path) -> list[str]:
    return [item.name for item in folder.iterdir() if item.name.startswith(".")]


def test_new_then_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "model"
    assert write_folder(target, fill("one", 5)) == target
    write_folder(target, fill("two", 1))
    assert read_manifest(target)["name"] == "two"
    assert sorted(item.name for item in target.iterdir()) == ["headstart.json", "part0"]
    assert left_overs(target.parent) == []


def test_empty_folder_is_taken_and_rights_are_usual(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write_folder(tmp_path / "m", fill("one"))
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    write_folder(tmp_path / "real", fill("one"))
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_folder(tmp_path / "link", fill("two"))
    assert (tmp_path / "link").is_symlink() and read_manifest(tmp_path / "real")["name"] == "two"


def test_what_is_not_ours_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("cat")
    called: list[Path] = []
    with pytest.raises(OutputError, match=r"empty folder or an earlier result of headstart .*found cat\.jpg.*--out"):
        write_folder(tmp_path / "photos", called.append)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"Expected a folder or nothing at .*found a file"):
        write_folder(tmp_path / "file", called.append)
    assert called == [] and (tmp_path / "photos" / "cat.jpg").read_text() == "cat"


def test_folder_that_becomes_somebody_elses_meanwhile(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        fill("one")(folder)
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "thesis.txt").write_text("mine")

    with pytest.raises(OutputError, match=r"found thesis\.txt"):
        write_folder(tmp_path / "m", write)
    assert (tmp_path / "m" / "thesis.txt").read_text() == "mine" and left_overs(tmp_path) == []


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (OSError(28, "No space left on device"), OutputError),
        (ParameterError("Expected x."), ParameterError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
def test_failure_halfway_leaves_the_old_one(tmp_path: Path, failure: BaseException, raised: type) -> None:
    write_folder(tmp_path / "m", fill("old"))

    def write(folder: Path) -> None:
        write_manifest(folder, {"name": "new"})
        raise failure

    with pytest.raises(raised) as said:
        write_folder(tmp_path / "m", write)
    if raised is OutputError:
        assert "found: No space left on device. What was there before is unchanged." in str(said.value)
    assert read_manifest(tmp_path / "m")["name"] == "old" and (tmp_path / "m" / "part2").is_file()
    assert left_overs(tmp_path) == []
    with pytest.raises(raised):
        write_folder(tmp_path / "none", write)
    assert not (tmp_path / "none").exists()


def test_parent_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"found: a file in the place of one of its folders\. What was there before"):
        write_folder(tmp_path / "file" / "m", fill("one"))


def test_without_exchange_two_renames_do_it_and_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "_exchange", lambda one, other: False)
    write_folder(tmp_path / "m", fill("one"))
    write_folder(tmp_path / "m", fill("two"))
    assert read_manifest(tmp_path / "m")["name"] == "two" and left_overs(tmp_path) == []
    os.rename(tmp_path / "m", tmp_path / ".m.old")
    assert read_manifest(tmp_path / "m")["name"] == "two"
    os.rename(tmp_path / "m", tmp_path / ".m.old")
    write_folder(tmp_path / "m", fill("three"))
    assert read_manifest(tmp_path / "m")["name"] == "three" and left_overs(tmp_path) == []


def test_odd_names(tmp_path: Path) -> None:
    for name in ("mödel [1] *", "a b", ".hidden"):
        write_folder(tmp_path / name, fill("one"))
        write_folder(tmp_path / name, fill("two"))
        assert read_manifest(tmp_path / name)["name"] == "two"


def test_kill_at_any_moment_leaves_old_or_new(tmp_path: Path) -> None:
    target = tmp_path / "m"
    write_folder(target, fill("0", 1))
    for round_ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target), str(round_)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        time.sleep(0.02 + 0.013 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        name = read_manifest(target)["name"]
        parts = [item for item in target.iterdir() if item.name.startswith("part")]
        assert len(parts) in (1, 40)
        assert all(part.read_text() in (name, name * 1000) for part in parts)
    write_folder(target, fill("end"))
    assert left_overs(tmp_path) == []
