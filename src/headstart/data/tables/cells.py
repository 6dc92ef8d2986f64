"""Cells of a column as numbers, categories and dates, in the form that was decided for it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.tables.dates import date_of, dates_in, days_since_1970
from headstart.data.tables.gaps import absent, as_one_and_zero, name_in
from headstart.data.tables.numbers import NumberForm, number_of, numbers_in, plain_floats

if TYPE_CHECKING:  # an exported model reads its cells by these lines without pandas
    import pandas as pd

NUMBER, CATEGORY, DATE = "number", "category", "date"
DURATION = "duration"
DATE_PARTS = ("days", "month", "weekday")
#: Share of the values of a column beyond all that were learned from, from which that is said.
BEYOND = 0.5
#: Numbers from here on have no sum of squares.
_MOST = 1e140
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")
_DAYS = re.compile(r"(-?\d+) days?(?:,? \+?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?))?")


@dataclass(frozen=True)
class Column:
    """A column that is learned from.

    Parameters
    ----------
    kind : {"number", "category", "date"}
    gaps : bool
        Whether cells of the target are missing.
    decimal, thousands, before, after : str
        How its numbers are written, see `headstart.data.tables.numbers.NumberForm`.
    order : str
        How its dates are written, see `headstart.data.tables.dates.FoundDates`; "duration" of numbers that are times.
    distinct : int
        Number of its categories.
    span : tuple of (float, float)
        Least and greatest of each part of its dates where something was learned from them; others count as the nearest.

    Examples
    --------
    >>> str(Column("price", "number", decimal=",")), str(Column("seen", "date", order="day first"))
    ('numbers with a decimal comma', 'dates, day first')
    """

    name: str
    kind: str
    gaps: bool = False
    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""
    order: str = ""
    distinct: int = 0
    span: tuple[tuple[float, float], ...] = ()

    @property
    def parts(self) -> list[str]:
        """Names of the numbers that its dates become."""
        return [f"{self.name} ({part})" for part in DATE_PARTS]

    @property
    def form(self) -> NumberForm:
        """How its numbers are written."""
        return NumberForm(self.decimal, self.thousands, self.before, self.after)

    def __str__(self) -> str:
        if self.kind == CATEGORY:
            return "1 category" if self.distinct == 1 else f"{self.distinct} categories"
        if self.kind == DATE:
            return f"dates, {self.order}" if self.order else "dates"
        return "times in seconds" if self.order == DURATION else str(self.form)


def listed(column: Any) -> list[Any]:
    """The cells of a column of a frame, or of a list."""
    return column.tolist() if hasattr(column, "tolist") else list(column)


def present(column: Any) -> list[Any]:
    """The cells that hold something."""
    cells = listed(column)
    if plain_floats(cells) is not None:
        return cells
    return [value for value in cells if not absent(value)]


def kind_of_value(value: Any) -> str:
    """What a cell holds: "text", "number", "date", "duration", "category", or its type where that is no value.

    Examples
    --------
    >>> [kind_of_value(value) for value in ("a", 1, True, Decimal(2), datetime.time(1), [1], b"x")]
    ['text', 'number', 'category', 'number', 'duration', 'lists', 'bytes']
    """
    if isinstance(value, str):
        return "text"
    for kind, types in _TYPES:
        if isinstance(value, types):
            return kind
    return _NAMED.get(type(value).__name__) or f"values of type {type(value).__name__}"


_TYPES: tuple[tuple[str, tuple[type, ...]], ...] = (
    (CATEGORY, (bool, np.bool_)),
    (DURATION, (datetime.timedelta, np.timedelta64, datetime.time)),
    (NUMBER, (int, float, np.integer, np.floating, Decimal, Fraction)),
    (DATE, (datetime.date, np.datetime64)),
    ("lists", (list, tuple, set, frozenset, np.ndarray)),
    ("objects with names and values", (dict,)),
    ("bytes", (bytes, bytearray, memoryview)),
    ("complex numbers", (complex, np.complexfloating)),
)
#: Types of pandas, named so that they are known without loading it.
_NAMED = {"Interval": CATEGORY, "Period": DATE}


def fits(value: Any, column: Column) -> bool:
    """Whether a present cell is what a column of numbers or dates holds."""
    found = _date(value, column) if column.kind == DATE else _number(value, column)
    return found is not None


def typed(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The planned columns of a table: numbers as floats, categories as text, dates as three numbers.

    What is missing, or is no number in a column of numbers, or one whose square is none (infinity, 1e200), becomes NaN;
    in categories None. Columns that the frame lacks are missing everywhere.

    Parameters
    ----------
    frame : DataFrame
    columns : sequence of Column

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": ["31", "?"], "sex": ["f", "m"]})
    >>> typed(frame, [Column("age", "number"), Column("sex", "category"), Column("w", "number")]).values.tolist()
    [[31.0, 'f', nan], [nan, 'm', nan]]
    """
    return framed(values_of(frame, columns, len(frame)), len(frame))


def framed(values: dict[str, Any], n: int) -> pd.DataFrame:
    """What `values_of` gives of ``n`` rows, as a frame."""
    import pandas as pd

    found = {name: pd.Series(v, dtype=object) if isinstance(v, list) else v for name, v in values.items()}
    return pd.DataFrame(found, index=pd.RangeIndex(n))


def values_of(frame: Any, columns: Sequence[Column], n: int) -> dict[str, Any]:
    """As `typed`, of a frame or of lists of cells by name, each of length ``n``; categories are lists.

    Examples
    --------
    >>> values_of({"sex": ["f", "?"]}, [Column("sex", "category")], 2)
    {'sex': ['f', None]}
    """
    found: dict[str, Any] = {}
    for column in columns:
        known = floats_of(frame[column.name], column) if column.name in frame else None
        if known is not None:
            found[column.name] = _bounded(known)
            continue
        values = listed(frame[column.name]) if column.name in frame else [None] * n
        if column.kind == NUMBER:
            values = as_one_and_zero(values)
            numbers = np.array([_or_nan(None if absent(v) else _number(v, column)) for v in values], dtype=np.float64)
            found[column.name] = _bounded(numbers)
        elif column.kind == DATE:
            parts = _date_parts([None if absent(value) else _date(value, column) for value in values])
            found |= dict(zip(column.parts, parts.T, strict=True))
        else:
            found[column.name] = [_text(value) for value in values]
    return found


def _bounded(numbers: np.ndarray) -> np.ndarray:
    """Numbers that can be squared and summed; NaN for others."""
    return np.where(np.abs(numbers) < _MOST, numbers, np.nan)


def floats_of(cells: Any, column: Column) -> np.ndarray | None:
    """The cells of a column of numbers, where all are written as programs write them; None where one is not.

    Examples
    --------
    >>> column = Column("age", "number")
    >>> floats_of(["31", "4.5"], column).tolist(), floats_of(["31", "?"], column)
    ([31.0, 4.5], None)
    """
    if column.kind != NUMBER or column.order == DURATION or column.form != NumberForm():
        return None
    dtype = getattr(cells, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return np.asarray(cells, np.float64)
    return plain_floats(listed(cells))


def adapted(columns: Sequence[Column], frame: Any) -> tuple[Column, ...]:
    """The same columns, as another table (a frame, or lists by name) proves that it writes them: 1,5 may be 1.5 here.

    Where cells of one column leave it open (1,275), what the others prove decides.

    Examples
    --------
    >>> frame = {"a": ["1,275", "2,300"], "b": ["1,5", "2"]}
    >>> [column.decimal for column in adapted([Column("a", "number"), Column("b", "number")], frame)]
    [',', ',']
    """
    found, numbers = {column.name: column for column in columns}, {}
    held = [column for column in columns if column.name in frame and column.kind in (NUMBER, DATE)]
    held = [column for column in held if column.order != DURATION]
    if all(floats_of(frame[column.name], column) is not None for column in held):
        return tuple(columns)
    for column in held:
        texts = [value for value in present(frame[column.name]) if isinstance(value, str)]
        if column.kind == NUMBER:
            numbers[column.name] = texts, numbers_in(texts)
        elif (dates := dates_in(texts)).order and not dates.assumed:
            found[column.name] = replace(column, order=dates.order)
    proven = {number.proves for _, number in numbers.values()} - {""}
    for name, (texts, number) in numbers.items():
        column, told = found[name], number.proves or (min(proven) if len(proven) == 1 else "")
        form = (number if number.proves else numbers_in(texts, lean=told)).form if told else None
        if form and (form.before, form.after) == (column.before, column.after):
            found[name] = replace(column, decimal=form.decimal, thousands=form.thousands)
    return tuple(found.values())


def seconds_of(value: Any) -> float | None:
    """A duration or a time of day in seconds; None for anything else.

    Examples
    --------
    >>> seconds_of(datetime.timedelta(minutes=2)), seconds_of("1 days 00:00:05"), seconds_of("12:30"), seconds_of("12")
    (120.0, 86405.0, 45000.0, None)
    """
    if isinstance(value, str):
        days, clock = _DAYS.fullmatch(value.strip()), _CLOCK.fullmatch(value.strip())
        if days is not None:
            rest = [float(part or 0) for part in days.groups()[1:]]
            return int(days[1]) * 86400.0 + rest[0] * 3600 + rest[1] * 60 + rest[2]
        return None if clock is None else int(clock[1]) * 3600.0 + int(clock[2]) * 60 + float(clock[3] or 0)
    if isinstance(value, np.timedelta64):
        import pandas as pd

        value = pd.Timedelta(value)
    if isinstance(value, datetime.time):
        return value.hour * 3600.0 + value.minute * 60 + value.second + value.microsecond / 1e6
    return value.total_seconds() if isinstance(value, datetime.timedelta) else None


def _number(value: Any, column: Column) -> float | None:
    if column.order == DURATION:
        return seconds_of(value)
    if isinstance(value, str):
        return number_of(value, column.form)
    return float(value) if kind_of_value(value) == NUMBER and column.after != "%" else None


def _or_nan(number: float | None) -> float:
    return np.nan if number is None else number


def _date(value: Any, column: Column) -> datetime.datetime | datetime.date | None:
    if isinstance(value, str):
        return date_of(value, column.order or "year first")
    if type(value).__name__ == "Period":
        value = value.start_time
    elif isinstance(value, np.datetime64):
        import pandas as pd

        value = pd.Timestamp(value)
    return value if isinstance(value, datetime.date) else None


def _text(value: Any) -> str | None:
    return None if absent(value) else name_in(value)


def _date_parts(dates: Sequence[datetime.datetime | datetime.date | None]) -> np.ndarray:
    """Days since 1970, month and weekday (0 is Monday) of each date, (n, 3)."""
    parts = np.full((len(dates), 3), np.nan)
    for i, when in enumerate(dates):
        if when is not None:
            parts[i] = days_since_1970(when), *_month_and_weekday(when)
    return parts


def _month_and_weekday(when: datetime.datetime | datetime.date) -> tuple[int, int]:
    if isinstance(when, datetime.datetime) and when.tzinfo is not None:
        when = when.astimezone(datetime.UTC)
    return when.month, when.weekday()
