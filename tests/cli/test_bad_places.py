"""Every command refuses a place that it cannot write to before it reads anything, and leaves all as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import headstart
from headstart.cli.main import exit_code
from headstart.errors import OutputError

#: Commands with what they would read, which is not there, so that who reads it first says so; the last word is the
#: option, and what its place ends in.
FOLDERS: dict[str, list[str]] = {
    "fit": ["fit", "absent", "--out"],
    "fit --ask": ["fit", "absent", "--ask", "5", "--out"],
    "check": ["check", "absent", "absent", "--adapt"],
    "export": ["export", "absent", "--out"],
    "export --to": ["export", "absent", "--to", "transformers", "--out"],
    "pretrain": ["pretrain", "absent", "--out"],
    "demo": ["demo", "--out"],
}
INTO: dict[str, list[str]] = {
    "predict --explain": ["predict", "absent", "absent", "--explain"],
    "predict --draw": ["predict", "absent", "absent", "--draw"],
    "serve": ["serve", "absent", "--corrections"],
}
FILES: dict[str, tuple[list[str], str]] = {
    "predict": (["predict", "absent", "absent", "--out"], ".csv"),
    "evaluate": (["evaluate", "absent", "absent", "--out"], ".html"),
    "label-next": (["label-next", "absent", "--out"], ".csv"),
    "export onnx": (["export", "absent", "--out"], ".onnx"),
    "pretrain --preview": (["pretrain", "formula:leaves", "--preview"], ".png"),
    "look": (["look", "absent", "--out"], ".html"),
    "report": (["report", "absent", "--out"], ".html"),
}
ALL = {name: (words, "") for name, words in (FOLDERS | INTO).items()} | FILES


def below_nothing(_: Path) -> str:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    return "/proc/x"


def below_a_file(room: Path) -> str:
    (room / "file").write_text("mine")
    return str(room / "file" / "x")


def below_folders_that_lack(room: Path) -> str:
    return str(room / "new" / "newer" / ("n" * 300) / "x")


def too_long(room: Path) -> str:
    return str(room / ("n" * 300))


def too_long_for_what_is_beside(room: Path) -> str:
    return str(room / ("n" * 240))


def a_link_to_itself(room: Path) -> str:
    (room / "loop").symlink_to(room / "loop")
    return str(room / "loop" / "x")


def a_link_into_a_file(room: Path) -> str:
    (room / "file").write_text("mine")
    (room / "link").symlink_to(room / "file" / "below")
    return str(room / "link" / "x")


def an_address(_: Path) -> str:
    return "nosuch://bucket/x"


PLACES: dict[str, tuple[Callable[[Path], str], str]] = {
    "nothing can be made": (below_nothing, "found: a place where nothing can be made"),
    "below a file": (below_a_file, "found: a file in the place of one of its folders"),
    "below new folders": (below_folders_that_lack, "found: a name that is too long for the disk"),
    "too long": (too_long, "found: a name that is too long for the disk"),
    "too long beside": (too_long_for_what_is_beside, "found: a name that is too long for the disk"),
    "loop": (a_link_to_itself, "found: a symbolic link that leads back to itself"),
    "link": (a_link_into_a_file, "found: a file in the place of one of its folders"),
    "address": (an_address, "Expected a place to write to, found 'nosuch://bucket/x"),
}


def everything(room: Path) -> dict[str, str]:
    """All that is there: a link by where it leads, a file by what it holds."""
    found = {}
    for path in sorted(room.rglob("*")):
        plain = path.is_file() and not path.is_symlink()
        found[str(path)] = os.readlink(path) if path.is_symlink() else path.read_text() if plain else "folder"
    return found


def refused(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    """What a command says that ends with this code."""
    before = everything(Path.cwd())
    assert exit_code(words) == code
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err and "fault in headstart" not in err
    assert everything(Path.cwd()) == before
    return err


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", ALL)
def test_it_is_refused_before_anything_is_read(
    command: str, place: str, room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, ending = ALL[command]
    made, said = PLACES[place]
    if command == "fit" and place == "address":
        pytest.skip("a model may be written to an address")
    told = refused([*words, made(room) + ending], capsys)
    option = "--out" if "--ask" in words else words[-1]
    assert ("Expected" in told and said in told and f"({option})" in told) or "--ask" in told


@pytest.mark.parametrize("name", ["", "a\0b"])
@pytest.mark.parametrize("command", ALL)
def test_what_is_no_name_is_wrong_usage(command: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, _ = ALL[command]
    assert "Expected the name of a file or a folder, found " in refused([*words, name], capsys, code=2)


def test_what_is_no_name_is_refused_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    for place, said in {"": "found ''", "-": "found '-'", "a\0b": "a name that no file can have"}.items():
        with pytest.raises(OutputError, match=f"Expected .*{said}"):
            headstart.fit("absent", out=place)


@pytest.mark.parametrize("command", ALL)
def test_a_disk_that_can_only_be_read(
    command: str, room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", refuse)
    words, ending = ALL[command]
    assert "found: a disk that can only be read" in refused([*words, str(room / f"x{ending}")], capsys)


@pytest.mark.parametrize("command", FOLDERS | INTO)
def test_a_file_in_the_place_of_a_folder(command: str, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (room / "taken").write_text("mine")
    told = refused([*(FOLDERS | INTO)[command], str(room / "taken")], capsys)
    assert "found a file" in told or "found: a file in the place of one of its folders" in told


@pytest.mark.parametrize("command", FOLDERS)
def test_a_folder_of_others_and_a_disk_are_not_replaced(
    command: str, room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (room / "thesis").mkdir()
    (room / "thesis" / "text").write_text("mine")
    assert "found text. Choose another folder" in refused([*FOLDERS[command], str(room / "thesis")], capsys)
    (room / "disk").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda place: Path(place).name == "disk")
    told = refused([*FOLDERS[command], str(room / "disk")], capsys)
    assert "found where a disk is mounted. Choose a folder inside it" in told


@pytest.mark.parametrize("command", FILES)
def test_what_is_no_file_in_the_place_of_one(command: str, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, ending = FILES[command]
    os.mkfifo(room / f"pipe{ending}")
    told = refused([*words, str(room / f"pipe{ending}")], capsys)
    assert "Expected a file to write" in told and "not a plain file but a pipe" in told
    folder = room / f"folder{ending}"
    (folder / f"page{ending}").mkdir(parents=True)
    if ending == ".html":  # a page is written into a folder that is there
        for name in ("evaluation", "look", "report"):
            (folder / f"{name}.html").mkdir()
    assert "Expected a file to write, found the folder" in refused([*words, str(folder)], capsys)


def test_a_sheet_is_never_written_over(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (room / "model-to-label.csv").write_text("path,label\na.png,ant\n")
    for words in (["fit", "absent", "--ask", "5", "--out", "model"], ["label-next", "absent", "--out"]):
        given = words if words[0] == "fit" else [*words, "model-to-label.csv"]
        assert "found a file there. Move it away: it may hold labels." in refused(given, capsys)
    assert "Expected a file that ends in .csv" in refused(["label-next", "absent", "--out", "next.xlsx"], capsys)


def test_a_sheet_is_not_written_to_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(["fit", "absent", "--ask", "5", "--out", "memory://models/m"], capsys)
    assert "Expected a folder of this machine with --ask, found memory://models/m" in told
