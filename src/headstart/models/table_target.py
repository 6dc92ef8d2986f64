"""From tables of values to a model with proof."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.inputs.inputs import inputs_in
from headstart.data.reading.options import Reading
from headstart.data.reading.table import holds_paths
from headstart.data.reading.values import Tables, read_values
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.records import Records
from headstart.data.tables.rows import as_frame, is_frame, rows_of
from headstart.errors import ParameterError, SourceError
from headstart.source import Source

_NOTHING = (None, "auto", "none")


def is_table(data: Any, path_column: str | None = None) -> bool:
    """Whether what a user gave is a table of values, and not pictures, clips or a table of their paths.

    Parameters
    ----------
    data : path, frame, Dataset, (X, y) or (X, y, groups)
    path_column : str, optional
        Column of paths, if it was named.

    Returns
    -------
    bool
    """
    if as_frame(data) is not None:
        return True
    if isinstance(data, tuple):
        return len(data) in (2, 3) and _is_rows(data[0])
    if isinstance(data, str | Path) and path_column is None:
        place = Path(data).expanduser()
        if table_suffix(place) in TABLES and place.is_file():
            return not holds_paths(read_frame(place), place)
    return isinstance(getattr(data, "inputs", None), Records)


def tables_of(
    data: Any,
    source: Any,
    unlabelled: Any,
    *,
    label: str | Sequence[str] | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
) -> Tables:
    """Read the target, its sources and rows without labels in whatever form they were given.

    Parameters
    ----------
    data : path, frame, Dataset, (X, y) or (X, y, groups)
        The target.
    source : path, frame, Source, (X, y), a list of such, or None
        "auto" and "none" are None.
    unlabelled : path, frame, array, a list of such, or None
    label, group_by, task, split_column
        See `headstart.data.reading.values.read_values`.

    Returns
    -------
    Tables

    Raises
    ------
    SourceError
        For a source that holds no table.
    """
    reading: dict[str, Any] = {"label": label, "group_by": group_by, "task": task, "split_column": split_column}
    target = data
    if isinstance(data, tuple):
        target, reading = _joined(data, reading)
    elif isinstance(getattr(data, "inputs", None), Records):
        target = data.inputs.frame.assign(**{_label_name(data.inputs.frame): data.y})
        reading |= {"label": _label_name(data.inputs.frame)}
    sources = [_offered(one) for one in _listed(source)]
    more = [_rows(one) if not isinstance(one, str | Path) else one for one in _listed(unlabelled)]
    for one in (*(s for s in sources if isinstance(s, str | Path)), *(m for m in more if isinstance(m, str | Path))):
        _check_file(Path(one).expanduser())
    return read_values(target, Reading(**reading), sources=sources, unlabelled=more)


def _listed(given: Any) -> list[Any]:
    if given is None or (isinstance(given, str) and given.lower() in _NOTHING):
        return []
    return list(given) if isinstance(given, list) else [given]


def _offered(source: Any) -> Any:
    """A source as a path, a frame or a `Source` with a frame."""
    if isinstance(source, str | Path) or as_frame(source) is not None:
        return source
    if isinstance(source, tuple) and len(source) == 2:
        source = Source(*source)
    if not isinstance(source, Source):
        raise SourceError(
            f"Expected a table to borrow rows from, found {source!r}.",
            "For a table give paths of tables, frames or Source(X, y); networks take pictures and sounds.",
        )
    return Source(_rows(source.X), source.y, source.name, source.sample_weight)


def _is_rows(X: Any) -> bool:
    return is_frame(X) or (inputs_in(X) is None and np.ndim(X) == 2)


def _rows(X: Any) -> pd.DataFrame:
    """Rows with named columns: those of a frame, or x0, x1, ... of an array."""
    return rows_of(X.X if isinstance(X, Source) else X)


def _label_name(frame: pd.DataFrame) -> str:
    return next(name for name in ("label", "label of the row", "label_") if name not in frame.columns)


def _joined(data: tuple[Any, ...], reading: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows, labels and groups as one frame, and how to read it."""
    frame, y = _rows(data[0]), np.asarray(data[1])
    if reading["label"] is not None or reading["group_by"] is not None:
        raise ParameterError(
            "Expected label= and group_by= with a table that holds them, found them beside (X, y).", "Leave them out."
        )
    if len(y) != len(frame):
        raise ParameterError(f"Expected a label for each of {len(frame)} rows, found {len(y)}.")
    several = y.reshape(len(y), -1).shape[1]
    names = [_label_name(frame)] if several == 1 else [f"label {i + 1}" for i in range(several)]
    whole = frame.reset_index(drop=True).assign(**dict(zip(names, y.reshape(len(y), -1).T, strict=True)))
    reading = reading | {"label": names[0] if several == 1 else names}
    if len(data) == 3:
        whole["group of the row"] = np.asarray(data[2])
        reading["group_by"] = "group of the row"
    return whole, reading


def _check_file(place: Path) -> None:
    if not place.is_file() or table_suffix(place) not in TABLES:
        found = "nothing" if not place.exists() else "a folder" if place.is_dir() else "another kind of file"
        raise SourceError(
            f"Expected a table ({', '.join(TABLES)}) to go with the target's, found {found} at {place}.",
            "Check the path; networks are for pictures and sounds.",
        )
