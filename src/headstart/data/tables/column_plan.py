"""What the columns of a table hold: numbers, categories, dates, or nothing to learn from."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.tables.frame import is_missing
from headstart.errors import DataError

NUMBER, CATEGORY, DATE = "number", "category", "date"
MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "?", "-", "missing"})
DATE_PARTS = ("days", "month", "weekday")
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(0|[1-9]\d*),\d+")
_WHOLE = re.compile(r"[+-]?\d+")
_ISO_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}.*)?")
_OTHER_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( .*)?")
_ID_NAME = re.compile(
    r"(.*[_\s.-])?(id|ids|index|idx|uuid|guid|key|nr|no|rownames?)|unnamed: ?\d+|.*[a-z]ID", re.IGNORECASE
)
_MOST_TEXTS = 100
_SENTENCE = 4
_TEXTS_ALONE = "With --text-column (text_column=...) it would be learned from, alone."
_EPOCH = np.datetime64("1970-01-01")


@dataclass(frozen=True)
class Column:
    """A column that is learned from.

    Parameters
    ----------
    name : str
    kind : {"number", "category", "date"}
    comma : bool
        Whether its numbers are written with a decimal comma.
    gaps : bool
        Whether cells of the target are missing.
    """

    name: str
    kind: str
    comma: bool = False
    gaps: bool = False


def plan_columns(
    target: pd.DataFrame, others: Sequence[tuple[str, pd.DataFrame]] = ()
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Decide by the target's cells what each of its columns holds, and say what is left out or differs elsewhere.

    Numbers and dates are told from text by how all present cells are written; numbers with leading zeros are
    categories. Left out are columns without values, columns with one value everywhere, numbers of rows and other
    identifiers, texts, and dates whose day and month cannot be told apart.

    Parameters
    ----------
    target : DataFrame
        Features alone.
    others : sequence of (name, DataFrame)
        Sources and unlabelled rows, by what to call them.

    Returns
    -------
    columns : tuple of Column
    notes : tuple of str

    Raises
    ------
    DataError
        If no column is left, or if another table lacks them all or holds text where the target holds numbers.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["a1", "a2", "a3"], "age": ["31", "", "45"], "sex": ["f", "m", "f"]})
    >>> columns, notes = plan_columns(frame)
    >>> [(column.name, column.kind) for column in columns], notes
    ([('age', 'number'), ('sex', 'category')], ("The column 'id' names its rows; it was left out.",))
    """
    columns: list[Column] = []
    notes: list[str] = []
    for name in target.columns:
        elsewhere = [frame[name] for _, frame in others if name in frame.columns]
        found = _column(name, present(target[name]), [present(column) for column in elsewhere], len(target))
        if isinstance(found, str):
            notes.append(found)
            continue
        columns.append(found)
        if found.kind == DATE:
            notes.append(f"The column {name!r} holds dates; they were read as days since 1970, month and weekday.")
    if not columns:
        raise DataError(
            f"Expected a column to learn from, found none among {', '.join(map(repr, target.columns))}.",
            " ".join(notes),
        )
    for other, frame in others:
        notes += _differences(columns, target, other, frame)
    return tuple(columns), tuple(notes)


def typed(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The planned columns of a table: numbers as floats, categories as text, dates as three numbers.

    What is missing, or is no number in a column of numbers, becomes NaN; in categories None. Columns that the frame
    lacks are missing everywhere.

    Parameters
    ----------
    frame : DataFrame
    columns : sequence of Column

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> frame = pd.DataFrame({"age": ["31", "?"], "sex": ["f", "m"]})
    >>> typed(frame, [Column("age", "number"), Column("sex", "category"), Column("w", "number")]).values.tolist()
    [[31.0, 'f', nan], [nan, 'm', nan]]
    """
    found: dict[str, Any] = {}
    for column in columns:
        values = frame[column.name].tolist() if column.name in frame.columns else [None] * len(frame)
        if column.kind == NUMBER:
            found[column.name] = np.array([_number(value, column.comma) for value in values], dtype=np.float64)
        elif column.kind == DATE:
            parts = _date_parts(values)
            found |= {f"{column.name} ({part})": parts[:, i] for i, part in enumerate(DATE_PARTS)}
        else:
            found[column.name] = pd.Series([_text(value) for value in values], dtype=object)
    return pd.DataFrame(found)


def present(column: pd.Series) -> list[Any]:
    """The cells that hold something."""
    return [value for value in column.tolist() if not absent(value)]


def absent(value: Any) -> bool:
    """Whether a cell holds nothing: NaN, None, or a text that says so ("", "NA", "?", ...)."""
    return is_missing(value) or (isinstance(value, str) and value.strip().casefold() in MISSING)


def _column(name: str, values: list[Any], elsewhere: list[list[Any]], n: int) -> Column | str:
    """What a column holds, or why it is left out."""
    if not values:
        return f"The column {name!r} is empty; it was left out."
    if len({str(value) for part in [values, *elsewhere] for value in part}) == 1:
        return f"The column {name!r} holds one value ({values[0]}) everywhere; it was left out."
    gaps = len(values) < n
    distinct = len({str(value) for value in values})
    if all(_is_number(value) for value in values):
        named = bool(_ID_NAME.fullmatch(name.strip()))
        if distinct == n and n > 2 and _all_whole(values) and (named or _counts_rows(values)):
            return f"The column {name!r} numbers its rows; it was left out."
        return Column(name, NUMBER, gaps=gaps)
    if all(isinstance(value, str) and _fits_number(value) for value in values):
        return Column(name, NUMBER, comma=True, gaps=gaps)
    if all(_is_date(value) for value in values):
        return Column(name, DATE, gaps=gaps)
    return _of_texts(name, values, distinct, n, gaps)


def _of_texts(name: str, values: list[Any], distinct: int, n: int, gaps: bool) -> Column | str:
    """What a column that holds neither numbers nor plain dates is."""
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values) and all(_OTHER_DATE.fullmatch(text.strip()) for text in texts):
        return (
            f"The column {name!r} holds dates such as {texts[0]!r}, whose day and month cannot be told apart; it was "
            "left out. Written as 2024-12-31 they can be used."
        )
    many = f"({distinct:,} different ones in {len(values):,})"
    if 2 * distinct > len(values) and sum(len(str(value).split()) for value in values) >= _SENTENCE * len(values):
        return f"The column {name!r} holds texts {many}; it was left out. {_TEXTS_ALONE}"
    if distinct == n and n > 2 and (_ID_NAME.fullmatch(name.strip()) or n >= 20):
        return f"The column {name!r} names its rows; it was left out."
    if distinct > _MOST_TEXTS and distinct > len(values) / 2:
        return f"The column {name!r} holds texts {many}; it was left out."
    return Column(name, CATEGORY, gaps=gaps)


def _differences(columns: Sequence[Column], target: pd.DataFrame, other: str, frame: pd.DataFrame) -> list[str]:
    """What another table lacks, has beyond the target, or writes otherwise."""
    lacking = [column.name for column in columns if column.name not in frame.columns]
    if len(lacking) == len(columns):
        raise DataError(
            f"Expected columns of the target in {other}, found none of {_names([c.name for c in columns])} among "
            f"{_names([str(name) for name in frame.columns])}.",
            "Give both the same names.",
        )
    notes = []
    if lacking:
        many = "columns" if len(lacking) > 1 else "column"
        notes.append(f"{other} lacks the {many} {_names(lacking)}; its cells there count as missing.")
    beyond = [str(name) for name in frame.columns if name not in target.columns]
    if beyond:
        many, left = ("columns", "they were") if len(beyond) > 1 else ("column", "it was")
        notes.append(f"The target lacks the {many} {_names(beyond)} of {other}; {left} left out.")
    for column in columns:
        if column.kind != CATEGORY and column.name in frame.columns:
            notes += _misfits(column, present(frame[column.name]), other)
    return notes


def _misfits(column: Column, values: list[Any], other: str) -> list[str]:
    """Cells of another table that are not what the target's column holds."""
    fits = _is_date if column.kind == DATE else _fits_number
    wrong = [value for value in values if not fits(value)]
    if not wrong:
        return []
    if 2 * len(wrong) > len(values):
        raise DataError(
            f"Expected {column.kind}s in the column {column.name!r} of {other}, as in the target, found "
            f"{str(wrong[0])!r}.",
            "Give both tables the same meaning, or leave the column out.",
        )
    return [
        f"{len(wrong)} cells of the column {column.name!r} of {other} are no {column.kind}s, such as "
        f"{str(wrong[0])!r}; they count as missing."
    ]


def _names(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value.strip()))
    return isinstance(value, int | float | np.integer | np.floating | Decimal)


def _fits_number(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and bool(_COMMA.fullmatch(value.strip())))


def _is_date(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_ISO_DATE.fullmatch(value.strip()))
    return isinstance(value, datetime.date | np.datetime64)


def _all_whole(values: list[Any]) -> bool:
    return all(
        bool(_WHOLE.fullmatch(value.strip())) if isinstance(value, str) else float(value).is_integer()
        for value in values
    )


def _counts_rows(values: list[Any]) -> bool:
    """Whether the values are 0, 1, 2, ... or 1, 2, 3, ... in order."""
    first = float(values[0])
    return first in (0.0, 1.0) and all(float(value) == first + i for i, value in enumerate(values))


def _number(value: Any, comma: bool) -> float:
    if absent(value):
        return np.nan
    try:
        number = float(value.strip().replace(",", ".") if isinstance(value, str) and comma else value)
    except (TypeError, ValueError):
        return np.nan
    return number if np.isfinite(number) else np.nan


def _text(value: Any) -> str | None:
    if absent(value):
        return None
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value).strip()


def _date_parts(values: Sequence[Any]) -> np.ndarray:
    """Days since 1970, month and weekday (0 is Monday) of each cell, (n, 3)."""
    cleaned = [None if absent(value) or not _is_date(value) else str(value).strip() for value in values]
    stamps = pd.to_datetime(pd.Series(cleaned, dtype=object), errors="coerce", format="ISO8601", utc=True)
    parts = np.full((len(values), 3), np.nan)
    known = stamps.notna().to_numpy()
    days = stamps[known].dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    parts[known, 0] = (days - _EPOCH) / np.timedelta64(1, "D")
    parts[known, 1] = stamps[known].dt.month
    parts[known, 2] = stamps[known].dt.weekday
    return parts
