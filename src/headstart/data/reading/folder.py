"""A folder with a folder of pictures, clips or texts for each class, or with the classes in the names of the files."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path

import numpy as np

from headstart.data.base.files import kind_of_file, list_folder, list_inputs, printable, what_they_are
from headstart.data.base.kinds import PICTURES, Kind, file_kinds
from headstart.data.inputs.inputs import inputs_of
from headstart.data.reading.layout import CLASSES, NAMED, NAMED_PARTS, PARTS, PARTS_INSIDE, class_of, layout_of
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import by_regex, groups_of_files
from headstart.data.sets.labels import as_numbers_if_whole
from headstart.data.tables.frame import TABLES, table_suffix
from headstart.errors import DataError, NoLabels

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
        texts = [kind for kind in self.count if kind.typed]
        n = sum(self.count[kind] for kind in texts)
        rest = sum(self.count.values()) - n
        if not rest or not n or n > _FAR_MORE * rest:
            return
        stay = [not self.kinds[path].typed for path in self.paths]
        self.others = sorted([*self.others, *(path for path, kind in self.kinds.items() if kind.typed)])
        if self.labels:
            self.labels = list(compress(self.labels, stay))
        self.parts = list(compress(self.parts, stay))
        self.paths = list(compress(self.paths, stay))
        self.loose = [path for path in self.loose if not self.kinds[path].typed]
        for kind in texts:
            del self.first[kind], self.count[kind]
        self.empty = sorted({*self.empty, *(folder for folder in self.searched if not self._holds(folder))})

    def _holds(self, folder: Path) -> bool:
        return any(path.is_relative_to(folder) for path in self.paths)

    @property
    def kind(self) -> Kind:
        """What the folder holds."""
        return next((kind for kind in file_kinds() if self.count[kind]), PICTURES)


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

    Raises
    ------
    DataError
        If there are no folders of pictures, clips or texts, or of several kinds.
    """
    layout = layout_of(root, label)
    found = _Found()
    for folder in layout.loose:
        found.loose += found.search(folder)
    for folder, part in layout.folders.items():
        _READERS[layout.name](folder, part, found)
    if layout.name in (CLASSES, PARTS_INSIDE):
        _note_files(root, found)
    found.set_notes_aside()
    _refuse_mixture(root, found)
    if not found.paths:
        raise _nothing(root, found)
    _refuse_foreign(root, found)
    names = [_relative(path, root) for path in found.paths]
    inputs = inputs_of(found.kind, found.paths, names)
    y = as_numbers_if_whole(found.labels if label is None else by_regex(label, names, "label").tolist())
    return Dataset(
        inputs=inputs,
        y=y,
        task="classification",
        classes=tuple(np.unique(y).tolist()),
        groups=None if group_by is None else groups_of_files(group_by, inputs),
        parts=np.array(found.parts, dtype=str) if any(found.parts) else None,
        dropped=tuple((_relative(path, root), "it lies in no class's folder") for path in found.loose),
        notes=(*layout.notes, *_notes(found, root)),
        root=str(root),
        layout=layout.name,
    )


def _read_all(folder: Path, part: str, found: _Found) -> None:
    """Files whose names say their class."""
    paths = found.search(folder)
    found.paths += paths
    found.parts += [part] * len(paths)


def _read_part(folder: Path, part: str, found: _Found) -> None:
    """A folder of folders of classes."""
    _note_files(folder, found)
    for inner in list_folder(folder)[1]:
        _read_class(inner, part, found)


def _read_class(folder: Path, part: str, found: _Found, name: str | None = None) -> None:
    """A folder of one class."""
    paths = found.search(folder)
    found.searched.append(folder)
    if not paths:
        found.empty.append(folder)
    found.paths += paths
    found.labels += [printable(class_of(folder.name if name is None else name))] * len(paths)
    found.parts += [part] * len(paths)


def _read_part_of_class(folder: Path, part: str, found: _Found) -> None:
    """A folder of one part of a class."""
    _read_class(folder, part, found, folder.parent.name)


_READERS = {
    CLASSES: _read_class,
    PARTS: _read_part,
    PARTS_INSIDE: _read_part_of_class,
    NAMED: _read_all,
    NAMED_PARTS: _read_all,
}


def _note_files(folder: Path, found: _Found) -> None:
    """Files that lie beside the folders of classes."""
    for path in list_folder(folder)[0]:
        kind = kind_of_file(path)
        (found.others if kind is None else found.loose).append(path)
        if kind is not None:
            found.count_in(kind, [path])


def _refuse_foreign(root: Path, found: _Found) -> None:
    """Refuse a folder that holds nothing but files of a kind that cannot be read."""
    if all(path.suffix.lower() in found.kind.foreign for path in found.paths):
        raise DataError(
            f"Expected {found.kind.many} that can be read in {printable(str(root))}, found "
            f"{what_they_are(found.paths)}.",
            f"{found.kind.formats} Convert them first.",
        )


def _refuse_mixture(root: Path, found: _Found) -> None:
    if len(found.first) > 1:
        shown = " and ".join(
            f"{kind.count(found.count[kind])} ({_relative(path, root)}{', ...' if found.count[kind] > 1 else ''})"
            for kind, path in found.first.items()
        )
        raise DataError(
            f"Expected files of one kind in {printable(str(root))}, found both: {shown}.",
            "Put them into folders of their own.",
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
        known = what_they_are(found.others)
        notes.append(f"{count} and took no part: {shown}{more}" + (f" ({known})." if known else "."))
    if found.loose:
        verb = "lies" if len(found.loose) == 1 else "lie"
        notes.append(f"{found.kind.count(len(found.loose))} {verb} in no class's folder and took no part.")
    notes += [
        f"The folder {_relative(folder, root)} holds no {found.kind.many} and took no part." for folder in found.empty
    ]
    return tuple(notes)


def _nothing(root: Path, found: _Found) -> DataError:
    """The error for a folder without labelled pictures, clips or texts, with what was found instead."""
    files, folders = list_folder(root)
    where = printable(str(root))
    wanted = f"Expected a folder of pictures, clips or texts for each class in {where}"
    tables = [path.name for path in files if table_suffix(path) in TABLES]
    if tables:
        return DataError(
            f"{wanted}, found the table {tables[0]}.",
            f"Give the table itself: {printable(str(root / tables[0]))}.",
        )
    arrays = [path.name for path in files if path.suffix.lower() == ".npz"]
    if arrays:
        return DataError(
            f"{wanted}, found the file of arrays {arrays[0]}.",
            f"Give the file itself: {printable(str(root / arrays[0]))}.",
        )
    if found.loose:
        return NoLabels(
            f"Expected a folder for each class in {where}, found {found.kind.count(len(found.loose))} in no such "
            "folder.",
            "Put them into folders named after their classes, or give a table with a path and a label in each row, or "
            "say where the class stands in their names (--label 're:^([^_]+)_', label='re:^([^_]+)_').",
        )
    if not files and not folders:
        return DataError(f"{wanted}, found an empty folder.")
    others = what_they_are(found.others)
    return DataError(
        f"{wanted}, found {len(folders)} folders and {len(files)} files without any picture, clip or text"
        + (f": {others}." if others else "."),
        " ".join(kind.formats for kind in file_kinds()),
    )
