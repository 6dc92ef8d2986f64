"""A CSV or Parquet table with the path of a picture or a clip of sound and its label in each row."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.dataset import Dataset
from headstart.data.files import kind_of_file, printable
from headstart.data.groups import groups_by_regex, groups_from
from headstart.data.inputs import inputs_of
from headstart.data.kinds import PICTURES, Kind, kind_of_suffix
from headstart.data.labels import labels_from, labels_from_text
from headstart.data.parts import part_of
from headstart.data.pictures import Pictures
from headstart.errors import DataError

TABLES = (".csv", ".tsv", ".parquet", ".pq")
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
_LABEL_NAMES = ("label", "labels", "class", "target", "y", "category")
_SPLIT_NAMES = ("split", "part", "partition", "subset", "set")


def read_table(
    path: Path,
    *,
    label: str | Sequence[str] | None = None,
    path_column: str | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
) -> Dataset:
    """Read a table of pictures or clips; :func:`headstart.data.read.read_dataset` tells what each argument means.

    Raises
    ------
    DataError
        If it is no table, or a column is missing; the words name the columns that were found.
    """
    frame = _frame(path)
    paths = _path_column(frame, path_column, path)
    split = _split_column(frame, split_column, taken=[paths, *_as_list(label)])
    grouped = None if group_by is None else _match(frame, group_by)
    labels = _label_columns(frame, label, taken=[paths, split, grouped])
    names = _names(frame[paths], path, paths)
    kind = _kind(names, path)
    notes: list[str] = []
    if len(labels) == 1:
        y, found_task, classes = labels_from_text(_cells(frame[labels[0]]), names, task)
        if task is None and found_task == "multilabel":
            notes.append(f"The column {labels[0]} was read as several labels a row.")
    else:
        y, found_task, classes = labels_from(_matrix(frame[labels], names), names, task, labels)
    if label is None:
        notes.append(f"Labels were taken from the column {labels[0]}.")
    return Dataset(
        pictures=inputs_of(kind, _locate(names, path, kind), [printable(name) for name in names]),
        y=y,
        task=found_task,
        classes=classes,
        groups=_groups(frame, group_by, grouped, names),
        parts=None if split is None else _parts(frame[split], split, names),
        notes=tuple(notes),
        root=str(path),
    )


def read_paths(path: Path, path_column: str | None = None) -> Pictures:
    """The pictures of a table; whatever else is in it is passed over.

    Raises
    ------
    DataError
        As `read_table`.
    """
    frame = _frame(path)
    column = _path_column(frame, path_column, path)
    names = _names(frame[column], path, column)
    return Pictures(_locate(names, path), [printable(name) for name in names])


def _frame(path: Path) -> pd.DataFrame:
    where = printable(str(path))
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pd.read_parquet(path).astype(object)
        else:
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, sep=_separator(path), encoding="utf-8-sig")
    except pd.errors.EmptyDataError as error:
        raise DataError(f"Expected a table in {where}, found an empty file.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"Expected text in UTF-8 in {where}, found other bytes.", "Save it as UTF-8.") from error
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"Expected a CSV or Parquet table in {where}, found one that cannot be read: {reason}."
        ) from error
    frame.columns = [str(column) for column in frame.columns]
    if not len(frame):
        raise DataError(f"Expected rows in {where}, found a table without any; its columns are {_listed(frame)}.")
    return frame


def _separator(path: Path) -> str:
    """The character between the columns of the first line: comma, semicolon or tab."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline()
    counts = {separator: first.count(separator) for separator in (",", ";", "\t")}
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] else ","


def _listed(frame: pd.DataFrame) -> str:
    return ", ".join(repr(column) for column in frame.columns)


def _match(frame: pd.DataFrame, name: str) -> str | None:
    """The column of this name, or else the only one that differs from it by case and spaces."""
    if name in frame.columns:
        return name
    alike = [column for column in frame.columns if column.strip().casefold() == name.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def _column(frame: pd.DataFrame, name: str, purpose: str) -> str:
    found = _match(frame, name)
    if found is None:
        near = difflib.get_close_matches(name, frame.columns, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DataError(f"Expected a column {name!r} with the {purpose}, found the columns {_listed(frame)}.{hint}")
    return found


def _path_column(frame: pd.DataFrame, name: str | None, path: Path) -> str:
    if name is not None:
        return _column(frame, name, "paths")
    for usual in _PATH_NAMES:
        found = _match(frame, usual)
        if found is not None:
            return found
    for column in frame.columns:
        sample = frame[column].head(100)
        if all(isinstance(v, str) and kind_of_suffix(Path(v).suffix) for v in sample):
            return column
    raise DataError(
        f"Expected a column with paths of pictures or clips in {printable(str(path))}, found the columns "
        f"{_listed(frame)}.",
        "Name it (--path-column, path_column=...); the first line of a CSV file holds the columns' names.",
    )


def _split_column(frame: pd.DataFrame, name: str | None, taken: Sequence[str | None]) -> str | None:
    if name is not None:
        return _column(frame, name, "parts")
    for usual in _SPLIT_NAMES:
        found = _match(frame, usual)
        if found is not None and found not in taken and all(part_of(value) for value in frame[found].unique()):
            return found
    return None


def _label_columns(frame: pd.DataFrame, label: str | Sequence[str] | None, taken: Sequence[str | None]) -> list[str]:
    if label is not None:
        columns = [_column(frame, name, "labels") for name in _as_list(label)]
        if not columns or len(set(columns)) < len(columns):
            raise DataError(f"Expected different columns with labels, found {list(_as_list(label))}.")
        return columns
    free = [column for column in frame.columns if column not in taken]
    for usual in _LABEL_NAMES:
        found = _match(frame, usual)
        if found is not None and found in free:
            return [found]
    if len(free) == 1:
        return free
    raise DataError(
        f"Expected a column with labels, found the columns {_listed(frame)}.", "Name it (--label, label=...)."
    )


def _as_list(label: str | Sequence[str] | None) -> list[str]:
    return [] if label is None else [label] if isinstance(label, str) else list(label)


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
        raise DataError(
            f"Expected pictures or clips of sound in {printable(str(table))}, found both: {shown}.",
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


def _cells(column: pd.Series) -> list[Any]:
    return [None if _is_missing(value) else value for value in column.tolist()]


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _matrix(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Several label columns as numbers; what is no number is named."""
    columns = []
    for name in frame.columns:
        cells = _cells(frame[name])
        y, _, _ = labels_from_text([str(int(c)) if isinstance(c, bool) else c for c in cells], names, None)
        if y.ndim != 1 or y.dtype.kind not in "iuf":
            raise DataError(
                f"Expected numbers in each of several label columns, found {str(cells[0])!r} in {name!r}.",
                "Use 0 and 1 for several labels, numbers for several targets.",
            )
        columns.append(y)
    matrix = np.column_stack(columns)
    return matrix if np.isin(matrix, (0, 1)).all() else matrix.astype(np.float64)


def _groups(frame: pd.DataFrame, group_by: str | None, column: str | None, names: Sequence[str]) -> np.ndarray | None:
    if group_by is None:
        return None
    if column is not None:
        return groups_from(_cells(frame[column]), names)
    if re.fullmatch(r"[\w ]+", group_by) and not any(group_by in name for name in names):
        raise DataError(
            f"Expected group_by={group_by!r} to be a column or a regular expression over the paths, found the columns "
            f"{_listed(frame)} and no path that it matches."
        )
    return groups_by_regex(group_by, names)


def _parts(column: pd.Series, name: str, names: Sequence[str]) -> np.ndarray:
    parts = [part_of(value) for value in column]
    wrong = [i for i, part in enumerate(parts) if part is None]
    if wrong:
        raise DataError(
            f"Expected train, val or test in column {name!r}, found {str(column.iloc[wrong[0]])!r} in row "
            f"{wrong[0] + 1} ({names[wrong[0]]})."
        )
    return np.array(parts, dtype=str)
