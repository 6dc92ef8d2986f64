"""A CSV, Parquet, JSON Lines or Excel file as a frame, with a word on how it was read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from headstart.data.base.content import read_bytes
from headstart.data.base.files import check_there, printable
from headstart.data.base.reasons import BadInput
from headstart.data.base.unpacked import check_unpacked, gunzipped
from headstart.data.tables.header import checked_names, framed_grid, said_empty
from headstart.data.tables.json_rows import frame_of_json
from headstart.data.tables.lines import SEPARATORS, grid_of
from headstart.data.tables.workbook import sheet_of
from headstart.data.texts.decode import UTF8, text_from_bytes
from headstart.errors import DataError, HeadstartError

EXCEL = (".xlsx", ".xlsm")
LINES = (".jsonl", ".ndjson", ".json")
_DELIMITED = (".csv", ".tsv")
TABLES = (*_DELIMITED, ".parquet", ".pq", *LINES, *EXCEL)
_PACKED = ".gz"


def read_frame(path: Path, encoding: str | None = None, sheet: str | None = None) -> pd.DataFrame:
    """Read a table whose first line holds the columns' names, or JSON Lines with an object a row.

    Cells of CSV files stay text; those of other files keep their types.

    Parameters
    ----------
    path : Path
        Ends in one of `TABLES`; CSV and JSON Lines perhaps in ``.gz`` after that. How CSV is parted into cells, see
        `headstart.data.tables.lines.grid_of`; what stands around a table, `headstart.data.tables.header.framed_grid`;
        how text is decoded, `headstart.data.texts.decode.text_from_bytes`.
    encoding : str, optional
        Of CSV and JSON Lines, as Python calls it. Default: told from the bytes.
    sheet : str, optional
        Of an Excel file. Default: the first that holds cells.

    Returns
    -------
    DataFrame
        Columns named by text; missing cells of CSV are empty text. ``attrs`` say how it was read: "encoding",
        "separator" and "sheet", whichever it has, and "notes".

    Raises
    ------
    DataError
        For an empty file, bytes that are no text, no rows, names that stand twice, rows of different width, a quote
        that is not closed, or anything that cannot be read.
    MissingExtra
        For an Excel file without openpyxl.
    """
    where, suffix = printable(str(path)), table_suffix(path)
    kind = "an Excel" if suffix in EXCEL else "a JSON Lines" if suffix in LINES else "a CSV or Parquet"
    check_there(path, "a table")
    try:
        check_unpacked(path)
    except BadInput as error:
        raise DataError(f"Expected a table in {where}, found one that is not read: {error.reason}.") from error
    try:
        frame, form, notes = _read(path, suffix, where, encoding, sheet)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"Expected a table in {where}, found an empty file.") from error
    except HeadstartError:
        raise
    except BadInput as error:
        empty = "(0 bytes)" in error.reason
        found = f"Expected a table in {where}, found an empty file." if empty else ""
        raise DataError(found or f"Expected text in {where}, found none: {error.reason}.") from error
    except Exception as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise DataError(f"Expected {kind} table in {where}, found one that cannot be read: {reason}.") from error
    frame.columns = [str(name) for name in frame.columns]
    if not len(frame):
        names = ", ".join(map(repr, frame.columns))
        raise DataError(f"Expected rows in {where}, found a table without any; its columns are {names}.")
    frame, more = checked_names(frame, where)
    frame = frame.reset_index(drop=True)
    frame.attrs.update(form, path=str(path), notes=(*notes, *more))
    return frame


def _read(
    path: Path, suffix: str, where: str, encoding: str | None, sheet: str | None
) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """The frame, how it was read, and notes."""
    if suffix in EXCEL:
        grid, name = sheet_of(read_bytes(path), sheet, where)
        frame, notes = framed_grid(grid, where)
        return frame, {"sheet": name}, notes
    if suffix in (".parquet", ".pq"):
        frame = pd.read_parquet(path)
        plain = {name: object for name, kind in frame.dtypes.items() if not isinstance(kind, pd.CategoricalDtype)}
        named = None if isinstance(frame.index, pd.RangeIndex) or frame.index.names == [None] else frame.index.names
        frame = frame.astype(plain) if frame.columns.is_unique else frame
        return frame.reset_index() if named else frame, {}, []
    decoded = text_from_bytes(_content(path), encoding)
    form = {"encoding": decoded.encoding}
    if suffix in LINES:
        frame = frame_of_json(decoded.text)
        return frame, form, said_empty(frame)
    grid = grid_of(decoded.text)
    frame, notes = framed_grid(grid, where)
    return frame, {**form, "separator": grid.separator}, notes


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


def frame_notes(frame: pd.DataFrame) -> tuple[str, ...]:
    """What is to be said of how a table was read."""
    encoding = frame.attrs.get("encoding", UTF8)
    return (*frame.attrs.get("notes", ()), *((f"The table was read as {encoding}.",) if encoding != UTF8 else ()))


def form_of(frame: pd.DataFrame) -> dict[str, str]:
    """How a table was read, in words: encoding, separator, sheet, whichever it has.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1]})
    >>> frame.attrs.update(separator=";", encoding="UTF-8")
    >>> form_of(frame)
    {'encoding': 'UTF-8', 'separator': 'semicolon'}
    """
    found = {name: frame.attrs[name] for name in ("encoding", "separator", "sheet") if frame.attrs.get(name)}
    return found | ({"separator": SEPARATORS.get(s, s)} if (s := found.get("separator")) else {})


def _content(path: Path) -> bytes:
    content = read_bytes(path)
    if path.suffix.lower() != _PACKED:
        return content
    return gunzipped(content)
