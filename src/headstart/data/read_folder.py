"""A folder with a folder of pictures for each class."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from headstart.data.dataset import Dataset
from headstart.data.files import is_picture_file, list_folder, list_pictures, printable
from headstart.data.groups import groups_by_regex
from headstart.data.labels import as_numbers_if_whole
from headstart.data.parts import part_of
from headstart.data.pictures import Pictures
from headstart.errors import DataError


@dataclass
class _Found:
    """What has been seen so far in a folder."""

    paths: list[Path] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    loose: list[Path] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)


def read_folder(root: Path, group_by: str | None = None) -> Dataset:
    """Read ``root/class/picture``, or ``root/part/class/picture`` where the parts are train, val and test.

    Pictures may lie in folders below their class's folder. Files that are no pictures are named in the notes;
    pictures outside any class's folder are dropped by name.

    Parameters
    ----------
    root : Path
    group_by : str, optional
        Regular expression over the path relative to ``root``.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If there are no folders of pictures.
    """
    found = _Found()
    files, folders = list_folder(root)
    divided = {part_of(folder.name) for folder in folders} - {None}
    if "train" in divided and _all_divided(folders):
        _read_parts(folders, found)
    else:
        _read_classes(root, "", found)
    if not found.paths:
        raise _nothing(root, files, folders, found)
    _refuse_wrapped(root, folders, found)
    names = [_relative(path, root) for path in found.paths]
    parts = np.array(found.parts, dtype=str) if any(found.parts) else None
    y = as_numbers_if_whole(found.labels)
    return Dataset(
        pictures=Pictures(found.paths, names),
        y=y,
        task="classification",
        classes=tuple(np.unique(y).tolist()),
        groups=None if group_by is None else groups_by_regex(group_by, names),
        parts=parts,
        dropped=tuple((_relative(path, root), "it lies in no class's folder") for path in found.loose),
        notes=_notes(found, root),
        root=str(root),
    )


def _all_divided(folders: list[Path]) -> bool:
    """Whether the folders named after parts hold folders, and not pictures themselves."""
    return all(list_folder(folder)[1] for folder in folders if part_of(folder.name) == "train")


def _read_parts(folders: list[Path], found: _Found) -> None:
    seen: dict[str, Path] = {}
    for folder in folders:
        part = part_of(folder.name)
        if part is None:
            inside, others = list_pictures(folder)
            found.loose += inside
            found.others += others
            continue
        if part in seen:
            raise DataError(
                f"Expected one folder for the part {part!r}, found {seen[part].name!r} and {folder.name!r}.",
                "Join or rename them.",
            )
        seen[part] = folder
        _read_classes(folder, part, found)


def _read_classes(root: Path, part: str, found: _Found) -> None:
    files, folders = list_folder(root)
    for path in files:
        (found.loose if is_picture_file(path) else found.others).append(path)
    for folder in folders:
        pictures, others = list_pictures(folder)
        found.others += others
        if not pictures:
            found.empty.append(folder)
        found.paths += pictures
        found.labels += [printable(folder.name)] * len(pictures)
        found.parts += [part] * len(pictures)


def _refuse_wrapped(root: Path, folders: list[Path], found: _Found) -> None:
    """Refuse a folder whose only class is a folder of folders: the classes are one level down."""
    if any(found.parts) or len(folders) != 1:
        return
    files, inside = list_folder(folders[0])
    if len(inside) > 1 and not any(is_picture_file(path) for path in files):
        raise DataError(
            f"Expected a folder for each class in {printable(str(root))}, found only {printable(folders[0].name)}, "
            f"which holds the folders {', '.join(printable(path.name) for path in inside[:5])}.",
            f"Give {printable(str(folders[0]))}.",
        )


def _relative(path: Path, root: Path) -> str:
    return printable(Path(os.path.relpath(path, root)).as_posix())


def _notes(found: _Found, root: Path) -> tuple[str, ...]:
    notes = []
    if found.others:
        shown = ", ".join(_relative(path, root) for path in found.others[:3])
        more = ", ..." if len(found.others) > 3 else ""
        count = "1 file is no picture" if len(found.others) == 1 else f"{len(found.others)} files are no pictures"
        notes.append(f"{count} and took no part: {shown}{more}.")
    if found.loose:
        notes.append(f"{len(found.loose)} pictures lie in no class's folder and took no part.")
    notes += [f"The folder {_relative(folder, root)} holds no pictures and took no part." for folder in found.empty]
    return tuple(notes)


def _nothing(root: Path, files: list[Path], folders: list[Path], found: _Found) -> DataError:
    """The error for a folder without labelled pictures, with what was found instead."""
    where = printable(str(root))
    tables = [path.name for path in files if path.suffix.lower() in (".csv", ".tsv", ".parquet")]
    if tables:
        return DataError(
            f"Expected a folder of pictures for each class in {where}, found the table {tables[0]}.",
            f"Give the table itself: {printable(str(root / tables[0]))}.",
        )
    if found.loose:
        return DataError(
            f"Expected a folder for each class in {where}, found {len(found.loose)} pictures in no such folder.",
            "Put them into folders named after their classes, or give a table with a path and a label in each row.",
        )
    if not files and not folders:
        return DataError(f"Expected a folder of pictures for each class in {where}, found an empty folder.")
    return DataError(
        f"Expected a folder of pictures for each class in {where}, found {len(folders)} folders and {len(files)} files "
        "without any picture.",
        "Pictures are JPEG, PNG, WebP, BMP, TIFF or GIF files.",
    )
