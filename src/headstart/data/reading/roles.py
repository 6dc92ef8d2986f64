"""Which columns of a table are labels, parts and groups: the named ones, or those of a usual name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.columns import ReadColumn
from headstart.data.base.parts import part_of
from headstart.data.sets.labels import Writing, row_named
from headstart.data.tables.column_plan import proven_decimal
from headstart.data.tables.gaps import is_missing
from headstart.errors import DataError

_LABEL_NAMES = ("label", "labels", "class", "target", "y", "category")
_SPLIT_NAMES = ("split", "part", "partition", "subset", "set")


def listed(frame: pd.DataFrame) -> str:
    """The names of the columns, for the words of errors."""
    return ", ".join(repr(name) for name in frame.columns)


def matching(frame: pd.DataFrame, name: str) -> str | None:
    """The column of this name, or else the only one that differs from it by case and spaces."""
    if name in frame.columns:
        return name
    alike = [column for column in frame.columns if column.strip().casefold() == name.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def named_column(frame: pd.DataFrame, name: str, purpose: str, where: str = "") -> str:
    """The column of this name; an error that lists the columns where there is none.

    Raises
    ------
    DataError
    """
    found = matching(frame, name)
    if found is None:
        near = difflib.get_close_matches(name, frame.columns, 1)
        hint = f"Did you mean {near[0]!r}?" if near else ""
        place = f" in {where}" if where else ""
        raise DataError(
            f"Expected a column {name!r} with the {purpose}{place}, found the columns {listed(frame)}.", hint
        )
    return found


def split_column_of(frame: pd.DataFrame, name: str | None, taken: Sequence[str | None]) -> str | None:
    """The column that says train, val or test: the named one, or one of a usual name that holds only these."""
    if name is not None:
        return named_column(frame, name, "parts")
    for usual in _SPLIT_NAMES:
        found = matching(frame, usual)
        if found is not None and found not in taken and all(part_of(value) for value in frame[found].unique()):
            return found
    return None


def label_columns(frame: pd.DataFrame, label: str | Sequence[str] | None, taken: Sequence[str | None]) -> list[str]:
    """The columns with labels: the named ones, else one of a usual name, else the only one that is not taken.

    Raises
    ------
    DataError
    """
    if label is not None:
        columns = [named_column(frame, name, "labels") for name in as_list(label)]
        if not columns or len(set(columns)) < len(columns):
            raise DataError(f"Expected different columns with labels, found {list(as_list(label))}.")
        return columns
    free = [column for column in frame.columns if column not in taken]
    for usual in _LABEL_NAMES:
        found = matching(frame, usual)
        if found is not None and found in free:
            return [found]
    if len(free) == 1:
        return free
    raise DataError(
        f"Expected a column with labels, found the columns {listed(frame)}.", "Name it (--label, label=...)."
    )


def as_list(label: str | Sequence[str] | None) -> list[str]:
    """None, one or several names as a list."""
    return [] if label is None else [label] if isinstance(label, str) else list(label)


def cells(column: pd.Series) -> list[Any]:
    """The values of a column; missing ones are None."""
    return [None if is_missing(value) else value for value in column.tolist()]


def parts_of(column: pd.Series, name: str, names: Sequence[str]) -> np.ndarray:
    """ "train", "val" or "test" of each row.

    Raises
    ------
    DataError
        For anything else.
    """
    parts = [part_of(value) for value in column]
    wrong = [i for i, part in enumerate(parts) if part is None]
    if wrong:
        raise DataError(
            f"Expected train, val or test in column {name!r}, found {str(column.iloc[wrong[0]])!r} in "
            f"{row_named(wrong[0], names)}."
        )
    return np.array(parts, dtype=str)


def writing_of(frame: pd.DataFrame, decimal: str | None) -> Writing:
    """What is known of how the numbers of a table are written."""
    return Writing(decimal, proven_decimal(frame), frame.attrs.get("separator") == ";")


def read_columns(
    frame: pd.DataFrame,
    found: Mapping[str, tuple[str, str]],
    *,
    label: tuple[Sequence[str], str],
    part: str | None,
    group: str | None,
) -> tuple[ReadColumn, ...]:
    """What each column of a table was taken for, in the table's order.

    Parameters
    ----------
    frame : DataFrame
    found : mapping of str to (str, str)
        Role of columns, and what they became; others took no part.
    label : (sequence of str, str)
        Columns with labels, and what they became.
    part, group : str or None

    Returns
    -------
    tuple of ReadColumn

    Examples
    --------
    >>> frame = pd.DataFrame({"file": ["a.png"], "kind": ["ant"], "note": ["?"]})
    >>> roles = read_columns(frame, {"file": ("path", "paths")}, label=(["kind"], "1 class"), part=None, group=None)
    >>> [str(column) for column in roles]
    ["path 'file': paths", "label 'kind': 1 class", "left out 'note': took no part"]
    """
    roles = dict(found) | dict.fromkeys(label[0], ("label", label[1]))
    roles |= {name: (role, "") for name, role in ((part, "part"), (group, "group")) if name is not None}
    return tuple(ReadColumn(name, *roles.get(name, ("left out", "took no part"))) for name in frame.columns)
