"""A CSV, Parquet, JSON Lines or Excel file as a frame, and the columns in it that have a meaning of their own."""

from __future__ import annotations

import difflib
import importlib.util
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.content import read_bytes
from headstart.data.base.files import printable
from headstart.data.base.parts import part_of
from headstart.data.base.reasons import BadInput
from headstart.data.base.unpacked import check_unpacked, gunzipped
from headstart.data.texts.decode import UTF8, text_from_bytes
from headstart.errors import DataError, MissingExtra

EXCEL = (".xlsx", ".xlsm")
LINES = (".jsonl", ".ndjson", ".json")
_DELIMITED = (".csv", ".tsv")
TABLES = (*_DELIMITED, ".parquet", ".pq", *LINES, *EXCEL)
_PACKED = ".gz"
_LABEL_NAMES = ("label", "labels", "class", "target", "y", "category")
_SPLIT_NAMES = ("split", "part", "partition", "subset", "set")


def read_frame(path: Path) -> pd.DataFrame:
    """Read a table whose first line holds the columns' names, or JSON Lines with an object a row.

    Cells of CSV files stay text; those of other files keep their types.

    Parameters
    ----------
    path : Path
        Ends in one of `TABLES`; CSV and JSON Lines perhaps in ``.gz`` after that. CSV: comma, semicolon or tab. Text
        is read as `headstart.data.texts.decode.text_from_bytes` does.

    Returns
    -------
    DataFrame
        Columns named by text; missing cells of CSV are empty text. ``attrs["encoding"]`` says how text was read.

    Raises
    ------
    DataError
        For an empty file, bytes that are no text, no rows, or anything that cannot be read.
    MissingExtra
        For an Excel file without openpyxl.
    """
    where = printable(str(path))
    suffix = table_suffix(path)
    excel, encoding = suffix in EXCEL, UTF8
    if excel and importlib.util.find_spec("openpyxl") is None:
        raise MissingExtra("openpyxl", "excel", "Reading an Excel file")
    try:
        check_unpacked(path)
    except BadInput as error:
        raise DataError(f"Expected a table in {where}, found one that is not read: {error.reason}.") from error
    try:
        if excel:
            frame = pd.read_excel(path, dtype=object, engine="openpyxl")
        elif suffix in (".parquet", ".pq"):
            frame = pd.read_parquet(path).astype(object)
        else:
            decoded = text_from_bytes(_content(path))
            encoding = decoded.encoding
            frame = frame_of_lines(decoded.text) if suffix in LINES else _delimited(decoded.text)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"Expected a table in {where}, found an empty file.") from error
    except BadInput as error:
        empty = "(0 bytes)" in error.reason
        found = f"Expected a table in {where}, found an empty file." if empty else ""
        raise DataError(found or f"Expected text in {where}, found none: {error.reason}.") from error
    except Exception as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        kind = "an Excel" if excel else "a JSON Lines" if suffix in LINES else "a CSV or Parquet"
        raise DataError(f"Expected {kind} table in {where}, found one that cannot be read: {reason}.") from error
    frame.columns = [str(name) for name in frame.columns]
    if not isinstance(frame.index, pd.RangeIndex) and suffix in _DELIMITED:
        raise DataError(
            f"Expected {frame.shape[1]} cells in each row, as in the first line of {where}, found rows with more.",
            "Name every column in the first line; put cells that hold the separator in quotes.",
        )
    if not len(frame):
        raise DataError(f"Expected rows in {where}, found a table without any; its columns are {listed(frame)}.")
    frame.attrs["encoding"] = encoding
    return frame


def table_suffix(path: Path) -> str:
    """The suffix that says what a table is written in, in small letters; of a packed one that before ``.gz``.

    Examples
    --------
    >>> table_suffix(Path("a.CSV")), table_suffix(Path("a.csv.gz")), table_suffix(Path("a.tar.gz"))
    ('.csv', '.csv', '.gz')
    """
    suffix = path.suffix.lower()
    inner = Path(path.stem).suffix.lower()
    return inner if suffix == _PACKED and inner in (*_DELIMITED, *LINES) else suffix


def encoding_notes(frame: pd.DataFrame) -> tuple[str, ...]:
    """A note where a table's text was not in UTF-8."""
    encoding = frame.attrs.get("encoding", UTF8)
    return () if encoding == UTF8 else (f"The table was read as {encoding}.",)


def _content(path: Path) -> bytes:
    content = read_bytes(path)
    if path.suffix.lower() != _PACKED:
        return content
    return gunzipped(content)


def _delimited(text: str) -> pd.DataFrame:
    """Rows of cells between commas, semicolons or tabs, whichever the first line has most of."""
    first = text.split("\n", 1)[0]
    counts = {separator: first.count(separator) for separator in (",", ";", "\t")}
    best = max(counts, key=lambda separator: counts[separator])
    separator = best if counts[best] else ","
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, sep=separator)


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


def is_missing(value: Any) -> bool:
    """Whether a cell of a typed table is missing: None, NaN, NaT or NA."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


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
            f"Expected train, val or test in column {name!r}, found {str(column.iloc[wrong[0]])!r} in row "
            f"{wrong[0] + 1} ({names[wrong[0]]})."
        )
    return np.array(parts, dtype=str)


def frame_of_lines(text: str) -> pd.DataFrame:
    """The objects of JSON Lines, or of one JSON list, as rows; their keys are the columns.

    Parameters
    ----------
    text : str

    Returns
    -------
    DataFrame
        Of type object; a value that a row does not have is None.

    Raises
    ------
    ValueError
        If a line holds no object; it names the line.

    Examples
    --------
    >>> frame_of_lines('{"text": "good", "y": 1}\\n{"text": "bad"}').to_dict("list")
    {'text': ['good', 'bad'], 'y': [1, None]}
    """
    rows = _whole(text) if text.lstrip().startswith("[") else _lines(text)
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    data = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    return pd.DataFrame(data, index=pd.RangeIndex(len(rows)))


def _lines(text: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_object(line, f"line {number}"))
    return rows


def _whole(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its JSON is damaged ({error})") from error
    for number, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise ValueError(f"entry {number} is no object with names and values")
    return list(found)


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} holds no JSON ({error})") from error
    if not isinstance(row, dict):
        raise ValueError(f"{where} holds no object with names and values")
    return row
