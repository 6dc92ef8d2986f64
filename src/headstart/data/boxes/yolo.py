"""Boxes in the form of YOLO: a text file a picture, a line a box, classes by number."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from headstart.data.base.files import printable
from headstart.data.boxes.sheets import Drawn, Sheet, Sheets, check_names, part_on, text_of
from headstart.errors import DataError

#: How far a share may stand outside 0 to 1, by rounding.
_SLACK = 0.02
#: Files that list classes, and hold no boxes.
LISTS = ("classes.txt", "obj.names", "classes.names", "_darknet.labels", "labels.txt")
_TODO = (
    "YOLO's form is a line a box: the number of its class from 0, then the middle x, y, width and height as shares of "
    "the picture from 0 to 1; or an outline as x, y of its points."
)


@dataclass(frozen=True)
class YoloClasses:
    """What numbers of classes mean.

    Parameters
    ----------
    names : dict of int to str
    parts : dict of str to str
        The part that each folder of pictures or labels is, by its path inside the data set.
    listed : dict of str to dict of str to str
        By the name of a picture without suffix, its paths in lists of files and the part of each.
    points : bool, default=False
        Whether points of a body follow each box.
    place : Path or None
        Where that is written.
    """

    names: dict[int, str]
    parts: dict[str, str] = field(default_factory=dict)
    listed: dict[str, dict[str, str]] = field(default_factory=dict)
    points: bool = False
    place: Path | None = None


def classes_near(root: Path, named: Path | None = None) -> YoloClasses:
    """What the numbers mean, by a ``data.yaml`` in the folder or the two above it, or a ``classes.txt``.

    Parameters
    ----------
    root : Path
        Folder of labels, or one above it.
    named : Path, optional
        The YAML file itself.

    Raises
    ------
    DataError
        If none is there, several are, or it cannot be read.
    """
    folders, silent = [root, *list(root.resolve().parents)[:2]], list[Path]()
    for folder in folders:
        described = [named] if named is not None else files_in(folder, lambda name: name.endswith((".yaml", ".yml")))
        silent += [] if named is not None else [file for file in described if "names:" not in text_of(file)]
        described = [file for file in described if file not in silent]
        if len(described) > 1:
            raise DataError(
                f"Expected one file with the classes' names in {printable(str(folder))}, found "
                f"{' and '.join(printable(file.name) for file in described[:3])}.",
                "Give the one that is meant (--boxes FILE.yaml, boxes=...).",
            )
        if described:
            return _of_yaml(described[0])
        lists = files_in(folder, LISTS.__contains__)
        if lists:
            names = [line.strip() for line in text_of(lists[0]).splitlines()]
            while names and not names[-1]:
                names.pop()
            check_names(names, printable(str(lists[0])))
            return YoloClasses(dict(enumerate(names)), place=lists[0])
    raise DataError(
        f"Expected a data.yaml or classes.txt with the names of the classes in {printable(str(root))} or above it, "
        f"found {', '.join(printable(str(file)) for file in silent[:3]) + ' without names' if silent else 'none'}.",
        "Write classes.txt with a name in each line, that of class 0 first.",
    )


def files_in(folder: Path, meant: Callable[[str], bool]) -> list[Path]:
    """The files of a folder whose names, in small letters, are meant; sorted."""
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in there if meant(file.name.casefold()) and file.is_file())


def looks_like_yolo(text: str) -> bool:
    """Whether a text file may hold boxes: it is empty, or its first line begins with five numbers or more.

    Examples
    --------
    >>> looks_like_yolo("0 0.5 0.5 0.1 0.1"), looks_like_yolo(""), looks_like_yolo("see you at eight, then")
    (True, True, False)
    """
    lines = text.strip().splitlines()
    try:
        return not lines or len([float(word) for word in lines[0].split()]) >= 5
    except ValueError:
        return False


def read_yolo(files: Sequence[Path], root: Path, classes: YoloClasses) -> Sheets:
    """Read label files in YOLO's form.

    An empty file is a picture without things, as is a picture without a file. An outline is taken as the box around it.

    Parameters
    ----------
    files : sequence of Path
    root : Path
        The folder that they were found in.
    classes : YoloClasses

    Raises
    ------
    DataError
        For anything else than YOLO's form, with file and line.
    """
    sheets, outlines = [], 0
    for file in files:
        name = file.relative_to(root).with_suffix("").as_posix()
        drawn, outlined = _boxes(file, classes)
        outlines += outlined
        sheets.append(Sheet((name,), drawn, shares=True, part=_part_of(name, classes), place=printable(str(file))))
    notes = (
        ()
        if not outlines
        else (f"{outlines} {'outline was' if outlines == 1 else 'outlines were'} read as the boxes around them.",)
    )
    return Sheets("YOLO text", tuple(sheets), tuple(classes.names.values()), notes, silent=True)


def _part_of(name: str, classes: YoloClasses) -> str | None:
    plain = _without_images(name)
    for path, part in classes.listed.get(plain.rpartition("/")[2], {}).items():
        if f"/{path}".endswith(f"/{plain}"):
            return part
    named = [folder for folder in classes.parts if folder and f"{plain}/".startswith(f"{folder}/")]
    return classes.parts[max(named, key=len)] if named else part_on(name)


def _without_images(path: str) -> str:
    """A path without what sets pictures and labels apart."""
    return "/".join(word for word in path.split("/") if word.casefold() not in ("images", "labels", ".", ".."))


def _boxes(file: Path, classes: YoloClasses) -> tuple[tuple[Drawn, ...], int]:
    drawn, outlines = [], 0
    for k, line in enumerate(text_of(file).splitlines()):
        if line.strip():
            box, outlined = _box(line.split(), f"line {k + 1} of {printable(str(file))}", k + 1, classes)
            drawn.append(box)
            outlines += outlined
    return tuple(drawn), outlines


def _box(words: list[str], where: str, k: int, classes: YoloClasses) -> tuple[Drawn, bool]:
    try:
        number, *values = (float(word) for word in words)
    except ValueError as error:
        raise DataError(f"Expected numbers in {where}, found {' '.join(words)[:60]!r}.", _TODO) from error
    if classes.points:
        values = values[:4]
    outlined = len(values) >= 6 and len(values) % 2 == 0
    if len(values) != 4 and not outlined:
        more = " A sixth number is the score of a detector's answer, not of a drawn box." if len(values) == 5 else ""
        raise DataError(f"Expected a class and 4 numbers in {where}, found {len(words)} numbers.{more}", _TODO)
    if not all(math.isfinite(value) for value in (number, *values)):
        raise DataError(f"Expected finite numbers in {where}, found {' '.join(words)[:60]!r}.", _TODO)
    if number != int(number) or int(number) not in classes.names:
        there = f"{len(classes.names)} classes" + (f" ({printable(str(classes.place))})" if classes.place else "")
        raise DataError(f"Expected one of {there} in {where}, found the number {words[0][:20]}.", _TODO)
    if outlined:
        low, high = (min(values[::2]), min(values[1::2])), (max(values[::2]), max(values[1::2]))
    else:
        x, y, width, height = values
        low, high = (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)
    if max(values) > 1 + _SLACK or min(values) < -_SLACK:
        what = "pixels" if max(values) > 2 else "numbers outside"
        raise DataError(
            f"Expected shares of the picture from 0 to 1 in {where}, found {what}: {' '.join(words[:7])[:60]}.",
            "Divide x and width by the picture's width, y and height by its height.",
        )
    return Drawn(classes.names[int(number)], (*low, *high), where=f"line {k}"), outlined


def _of_yaml(file: Path) -> YoloClasses:
    where = printable(str(file))
    text = text_of(file)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise DataError(f"Expected plain YAML in {where}, found a reference (*).", "Write it out.")
        found = yaml.load(text, yaml.BaseLoader)  # text alone: "no" and "1" are names too
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        words = " ".join(str(error).split())[:200]
        raise DataError(f"Expected YAML in {where}, found: {words}.", "Save it anew.") from error
    names = found.get("names") if isinstance(found, dict) else None
    if isinstance(names, list):
        names = {str(k): name for k, name in enumerate(names)}
    there = isinstance(names, dict) and all(
        key.isascii() and key.isdigit() and isinstance(name, str) for key, name in names.items()
    )
    if not names or not there:
        raise DataError(
            f"Expected names in {where}, a list or each with its number, found "
            f"{repr(names)[:60] if names else 'none'}.",
            "Write names: and below it 0: person, 1: car and so on.",
        )
    called = {int(key): name.strip() for key, name in names.items()}
    check_names(called.values(), where)
    count = found.get("nc")
    if count is not None and str(count).strip() != str(len(called)):
        raise DataError(
            f"Expected nc: {len(called)} as there are names in {where}, found {str(count)[:20]}.", "Mend it."
        )
    return YoloClasses(called, *_parts(found, file), bool(found.get("kpt_shape")), file)


def _parts(found: dict[str, Any], file: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The part of each folder that the YAML names, and of each picture in the lists of files that it names."""
    folders: dict[str, str] = {}
    pictures: dict[str, dict[str, str]] = defaultdict(dict)
    for part in ("train", "val", "test"):
        places = found.get(part)
        for place in places if isinstance(places, list) else [places]:
            if not isinstance(place, str):
                continue
            plain = place.replace("\\", "/")
            if not plain.endswith(".txt"):
                folders[_without_images(plain)] = part
                continue
            tried = [file.parent / str(found.get("path") or "") / plain, file.parent / plain]
            lists = [one for one in tried if one.is_file()]
            if not lists:
                raise DataError(f"Expected the list {plain[:100]!r} that {printable(str(file))} names, found none.")
            for line in text_of(lists[0]).replace("\\", "/").splitlines():
                if line.strip():
                    path = _without_images(line.strip()).rpartition(".")[0]
                    pictures[path.rpartition("/")[2]][path] = part
    return folders, dict(pictures)
