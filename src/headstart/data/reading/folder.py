"""A folder with a folder of pictures, clips or texts for each class, or with the classes in the names of the files."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path

import numpy as np

from headstart.data.base.files import kind_of_file, list_folder, list_inputs, printable
from headstart.data.base.kinds import KINDS, PICTURES, TEXTS, Kind
from headstart.data.inputs.inputs import inputs_of
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import by_regex, groups_by_regex
from headstart.data.sets.labels import as_numbers_if_whole
from headstart.data.sets.splits import part_of
from headstart.errors import DataError

_FAR_MORE = 2


@dataclass
class _Found:
    """What has been seen so far in a folder."""

    paths: list[Path] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    kinds: dict[Path, Kind] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)
    loose: list[Path] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)
    searched: list[Path] = field(default_factory=list)
    first: dict[Kind, Path] = field(default_factory=dict)
    count: Counter[Kind] = field(default_factory=Counter)

    def search(self, folder: Path) -> list[Path]:
        """All pictures, clips and texts of a folder and below; what is none of these is remembered."""
        inside, others = list_inputs(folder)
        self.others += others
        for kind, paths in inside.items():
            self.count_in(kind, paths)
        return sorted(path for paths in inside.values() for path in paths)

    def count_in(self, kind: Kind, paths: list[Path]) -> None:
        """Remember how many there are of a kind, and one of them."""
        if paths:
            self.first.setdefault(kind, paths[0])
            self.count[kind] += len(paths)
            self.kinds |= dict.fromkeys(paths, kind)

    def set_notes_aside(self) -> None:
        """Texts beside pictures or clips are notes about them, unless they are far more."""
        rest = sum(n for kind, n in self.count.items() if kind is not TEXTS)
        if not rest or not self.count[TEXTS] or self.count[TEXTS] > _FAR_MORE * rest:
            return
        stay = [self.kinds[path] is not TEXTS for path in self.paths]
        self.others = sorted([*self.others, *(path for path, kind in self.kinds.items() if kind is TEXTS)])
        if self.labels:
            self.labels = list(compress(self.labels, stay))
        self.parts = list(compress(self.parts, stay))
        self.paths = list(compress(self.paths, stay))
        self.loose = [path for path in self.loose if self.kinds[path] is not TEXTS]
        del self.first[TEXTS], self.count[TEXTS]
        self.empty = sorted({*self.empty, *(folder for folder in self.searched if not self._holds(folder))})

    def _holds(self, folder: Path) -> bool:
        return any(path.is_relative_to(folder) for path in self.paths)

    @property
    def kind(self) -> Kind:
        """What the folder holds."""
        return next((kind for kind in KINDS if self.count[kind]), PICTURES)


def read_folder(root: Path, group_by: str | None = None, label: str | None = None) -> Dataset:
    """Read ``root/class/picture``, or ``root/part/class/picture`` where the parts are train, val and test.

    Pictures (or clips, or texts) may lie in folders below their class's folder. Files that are none of them are named
    in the notes, as are a few texts beside pictures or clips; pictures outside any class's folder are dropped by name.

    Parameters
    ----------
    root : Path
    group_by : str, optional
        Regular expression over the path relative to ``root``.
    label : str, optional
        Regular expression over the path relative to ``root``, whose first parenthesis is the class; then folders mean
        nothing, but for those of parts.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If there are no folders of pictures, clips or texts, or of several kinds.
    """
    found = _Found()
    files, folders = list_folder(root)
    divided = {part_of(folder.name) for folder in folders} - {None}
    if "train" in divided and (label is not None or _all_divided(folders)):
        _read_parts(folders, found, by_name=label is not None)
    else:
        (_read_classes if label is None else _read_all)(root, "", found)
    found.set_notes_aside()
    _refuse_mixture(root, found)
    if not found.paths:
        raise _nothing(root, files, folders, found)
    if label is None:
        _refuse_wrapped(root, folders, found)
    names = [_relative(path, root) for path in found.paths]
    parts = np.array(found.parts, dtype=str) if any(found.parts) else None
    y = as_numbers_if_whole(found.labels if label is None else by_regex(label, names, "label").tolist())
    return Dataset(
        inputs=inputs_of(found.kind, found.paths, names),
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
    """Whether the folders named after parts hold folders, and not pictures or clips themselves."""
    return all(list_folder(folder)[1] for folder in folders if part_of(folder.name) == "train")


def _read_parts(folders: list[Path], found: _Found, by_name: bool) -> None:
    seen: dict[str, Path] = {}
    for folder in folders:
        part = part_of(folder.name)
        if part is None:
            found.loose += found.search(folder)
            continue
        if part in seen:
            raise DataError(
                f"Expected one folder for the part {part!r}, found {seen[part].name!r} and {folder.name!r}.",
                "Join or rename them.",
            )
        seen[part] = folder
        (_read_all if by_name else _read_classes)(folder, part, found)


def _read_all(root: Path, part: str, found: _Found) -> None:
    paths = found.search(root)
    found.paths += paths
    found.parts += [part] * len(paths)


def _read_classes(root: Path, part: str, found: _Found) -> None:
    files, folders = list_folder(root)
    for path in files:
        kind = kind_of_file(path)
        (found.others if kind is None else found.loose).append(path)
        if kind is not None:
            found.count_in(kind, [path])
    for folder in folders:
        paths = found.search(folder)
        found.searched.append(folder)
        if not paths:
            found.empty.append(folder)
        found.paths += paths
        found.labels += [printable(folder.name)] * len(paths)
        found.parts += [part] * len(paths)


def _refuse_mixture(root: Path, found: _Found) -> None:
    if len(found.first) > 1:
        shown = " and ".join(
            f"{kind.count(found.count[kind])} ({_relative(path, root)}{', ...' if found.count[kind] > 1 else ''})"
            for kind, path in found.first.items()
        )
        wanted = "pictures, clips of sound or texts" if TEXTS in found.first else "pictures or clips of sound"
        raise DataError(
            f"Expected {wanted} in {printable(str(root))}, found both: {shown}.",
            "Put them into folders of their own.",
        )


def _refuse_wrapped(root: Path, folders: list[Path], found: _Found) -> None:
    """Refuse a folder whose only class is a folder of folders: the classes are one level down."""
    if any(found.parts) or len(folders) != 1:
        return
    files, inside = list_folder(folders[0])
    if len(inside) > 1 and not any(kind_of_file(path) for path in files):
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
        kind, n = found.kind, len(found.others)
        count = f"1 file is no {kind.one}" if n == 1 else f"{n} files are no {kind.many}"
        notes.append(f"{count} and took no part: {shown}{more}.")
    if found.loose:
        verb = "lies" if len(found.loose) == 1 else "lie"
        notes.append(f"{found.kind.count(len(found.loose))} {verb} in no class's folder and took no part.")
    notes += [
        f"The folder {_relative(folder, root)} holds no {found.kind.many} and took no part." for folder in found.empty
    ]
    return tuple(notes)


def _nothing(root: Path, files: list[Path], folders: list[Path], found: _Found) -> DataError:
    """The error for a folder without labelled pictures or clips, with what was found instead."""
    where = printable(str(root))
    wanted = f"Expected a folder of pictures, clips or texts for each class in {where}"
    tables = [path.name for path in files if path.suffix.lower() in (".csv", ".tsv", ".parquet")]
    if tables:
        return DataError(
            f"{wanted}, found the table {tables[0]}.",
            f"Give the table itself: {printable(str(root / tables[0]))}.",
        )
    if found.loose:
        return DataError(
            f"Expected a folder for each class in {where}, found {found.kind.count(len(found.loose))} in no such "
            "folder.",
            "Put them into folders named after their classes, or give a table with a path and a label in each row, or "
            "say where the class stands in their names (--label 're:^([^_]+)_', label='re:^([^_]+)_').",
        )
    if not files and not folders:
        return DataError(
            f"Expected a folder of pictures, clips or texts for each class in {where}, found an empty folder."
        )
    return DataError(
        f"Expected a folder of pictures, clips or texts for each class in {where}, found {len(folders)} folders and "
        f"{len(files)} files without any picture, clip or text.",
        " ".join(kind.formats for kind in KINDS),
    )
