"""A table with the path of a picture, a clip of sound or a text file and its label in each row."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from headstart.data.base.files import kind_of_file, printable
from headstart.data.base.kinds import PICTURES, TEXTS, Kind, kind_of_suffix
from headstart.data.inputs.inputs import inputs_of
from headstart.data.pictures.pictures import Pictures
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_by_regex, groups_from
from headstart.data.sets.labels import labels_from, labels_from_text
from headstart.data.tables.frame import (
    as_list,
    cells,
    encoding_notes,
    label_columns,
    listed,
    matching,
    named_column,
    parts_of,
    read_frame,
    split_column_of,
)
from headstart.errors import DataError

_PATH_NAMES = (
    "path",
    "file",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "image",
    "image_path",
    "img",
    "picture",
    "audio",
    "audio_path",
    "clip",
    "sound",
    "recording",
    "wav",
)


def read_table(
    path: Path,
    *,
    label: str | Sequence[str] | None = None,
    path_column: str | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
) -> Dataset:
    """Read a table of pictures or clips; arguments as in :func:`headstart.data.reading.read.read_dataset`.

    Raises
    ------
    DataError
        If it is no table, or a column is missing; the words name the columns that were found.
    """
    frame = read_frame(path)
    paths = _path_column(frame, path_column, path)
    split = split_column_of(frame, split_column, taken=[paths, *as_list(label)])
    grouped = None if group_by is None else matching(frame, group_by)
    labels = label_columns(frame, label, taken=[paths, split, grouped])
    names = _names(frame[paths], path, paths)
    kind = _kind(names, path)
    notes: list[str] = []
    if len(labels) == 1:
        y, found_task, classes = labels_from_text(cells(frame[labels[0]]), names, task)
        if task is None and found_task == "multilabel":
            notes.append(f"The column {labels[0]} was read as several labels a row.")
    else:
        y, found_task, classes = labels_from(_matrix(frame[labels], names), names, task, labels)
    if label is None:
        notes.append(f"Labels were taken from the column {labels[0]}.")
    return Dataset(
        inputs=inputs_of(kind, _locate(names, path, kind), [printable(name) for name in names]),
        y=y,
        task=found_task,
        classes=classes,
        groups=_groups(frame, group_by, grouped, names),
        parts=None if split is None else parts_of(frame[split], split, names),
        notes=(*notes, *encoding_notes(frame)),
        root=str(path),
    )


def holds_paths(frame: pd.DataFrame, path: Path) -> bool:
    """Whether a table names files of pictures or clips, and does not hold values.

    It does where all cells (of the first hundred) of a column end like pictures or clips, or where a column of a usual
    name ("path", "image", ...) holds text that looks like paths or names files that are there.
    """
    for name in frame.columns:
        sample = frame[name].head(100).tolist()
        if not all(isinstance(value, str) for value in sample):
            continue
        if all(kind_of_suffix(Path(value).suffix) for value in sample):
            return True
        if name.strip().casefold() in _PATH_NAMES:
            if any(set(value) & set("/\\") or kind_of_suffix(Path(value).suffix) for value in sample):
                return True
            if any(value.strip() and _exists(path.resolve().parent / value) for value in sample[:20]):
                return True
    return False


def read_paths(path: Path, path_column: str | None = None) -> Pictures:
    """The pictures of a table; whatever else is in it is passed over.

    Raises
    ------
    DataError
        As `read_table`.
    """
    frame = read_frame(path)
    column = _path_column(frame, path_column, path)
    names = _names(frame[column], path, column)
    return Pictures(_locate(names, path), [printable(name) for name in names])


def _path_column(frame: pd.DataFrame, name: str | None, path: Path) -> str:
    if name is not None:
        return named_column(frame, name, "paths")
    for usual in _PATH_NAMES:
        found = matching(frame, usual)
        if found is not None:
            return found
    for column in frame.columns:
        sample = frame[column].head(100)
        if all(isinstance(v, str) and kind_of_suffix(Path(v).suffix) for v in sample):
            return column
    raise DataError(
        f"Expected a column with paths of pictures or clips in {printable(str(path))}, found the columns "
        f"{listed(frame)}.",
        "Name it (--path-column, path_column=...); the first line of a CSV file holds the columns' names.",
    )


def _names(column: pd.Series, path: Path, name: str) -> list[str]:
    values = column.tolist()
    missing = [i + 1 for i, value in enumerate(values) if not isinstance(value, str) or not value.strip()]
    if missing:
        raise DataError(
            f"Expected a path in every row of column {name!r} in {printable(str(path))}, found none in "
            f"{len(missing)} rows, the first of them row {missing[0]}."
        )
    return [value.strip() for value in values]


def _kind(names: Sequence[str], table: Path) -> Kind:
    """What the rows' files are: pictures or clips, by their suffixes, or else by how the first one starts."""
    first: dict[Kind, str] = {}
    for name in names:
        kind = kind_of_suffix(Path(name).suffix)
        if kind is not None:
            first.setdefault(kind, name)
    if len(first) > 1:
        shown = " and ".join(f"the {kind.one} {printable(name)}" for kind, name in first.items())
        wanted = "pictures, clips of sound or texts" if TEXTS in first else "pictures or clips of sound"
        raise DataError(
            f"Expected {wanted} in {printable(str(table))}, found both: {shown}.",
            "Give each a table of its own.",
        )
    return next(iter(first), None) or kind_of_file(table.resolve().parent / names[0]) or PICTURES


def _locate(names: Sequence[str], table: Path, kind: Kind = PICTURES) -> list[Path]:
    """Files of the rows: absolute, or relative to the table's folder, or else to the current one."""
    folder = table.resolve().parent
    if os.sep == "/" and all("\\" in name for name in names[:10]) and not _exists(folder / names[0]):
        names = [name.replace("\\", "/") for name in names]
    bases = [folder, Path.cwd()]
    first = next((base for base in bases if any(_exists(base / name) for name in names[:20])), None)
    if first is None and not any(_exists(folder / name) for name in names):
        raise DataError(
            f"Expected {kind.many} at the paths of {printable(str(table))}, found none of the {len(names)} there; "
            f"the first one was looked for at {printable(str(folder / names[0]))}.",
            "Paths are absolute, or relative to the table's folder.",
        )
    return [(first or folder) / name for name in names]


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def _matrix(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Several label columns as numbers; what is no number is named."""
    columns = []
    for name in frame.columns:
        values = cells(frame[name])
        y, _, _ = labels_from_text([str(int(c)) if isinstance(c, bool) else c for c in values], names, None)
        if y.ndim != 1 or y.dtype.kind not in "iuf":
            raise DataError(
                f"Expected numbers in each of several label columns, found {str(values[0])!r} in {name!r}.",
                "Use 0 and 1 for several labels, numbers for several targets.",
            )
        columns.append(y)
    matrix = np.column_stack(columns)
    return matrix if np.isin(matrix, (0, 1)).all() else matrix.astype(np.float64)


def _groups(frame: pd.DataFrame, group_by: str | None, column: str | None, names: Sequence[str]) -> np.ndarray | None:
    if group_by is None:
        return None
    if column is not None:
        return groups_from(cells(frame[column]), names)
    if re.fullmatch(r"[\w ]+", group_by) and not any(group_by in name for name in names):
        raise DataError(
            f"Expected group_by={group_by!r} to be a column or a regular expression over the paths, found the columns "
            f"{listed(frame)} and no path that it matches."
        )
    return groups_by_regex(group_by, names)
