"""What the lines of a table's model read: its cells, by headstart's own functions, quoted into a file of their own."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.tables.cells import CATEGORY, DATE, Column
from headstart.data.tables.column_plan import new_values, no_numbers
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.lines import SEPARATORS
from headstart.data.texts.decode import UTF8
from headstart.errors import DataError, OutputError
from headstart.models.exporting.lines.quoted import quoted

NUMBERS, CATEGORIES = "numbers", "categories"
#: What encoders read that write no plain table.
_READ = {
    "ViewEncoder": "one whose rows are seen in several views",
    "GroupedEncoder": "one whose rows lie in groups (partial pooling)",
}


@dataclass(frozen=True)
class TableForm:
    """What a graph takes of a row.

    Parameters
    ----------
    numbers : tuple of str
        Columns of the input ``numbers``, (n, p) in float64, NaN where a cell is missing. Of a date three.
    categories : tuple of str
        Columns of the input ``categories``, (n, q) of texts, "" where a cell is missing.
    columns : tuple of Column
        As they are written in a file.
    known : dict of str to list of str
        The values of each column of categories, as they are spelt.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    columns: tuple[Column, ...]
    known: dict[str, list[str]]


def form_of(encoder: Any) -> TableForm:
    """What an encoder takes.

    Raises
    ------
    OutputError
        If it is not the plain one of tables.
    """
    if type(encoder) is not TableEncoder:
        raise OutputError(
            f"Expected a table of plain columns, found {_READ.get(type(encoder).__name__, 'another')}.",
            "Hand the model's folder on as it is.",
        )
    columns = tuple(Column(**described) for described in encoder.columns_)
    wide: dict[bool, list[str]] = {False: [], True: []}
    for column in columns:
        if column.kind == DATE:
            wide[column.gaps] += column.parts
        elif column.kind != CATEGORY:
            wide[column.gaps].append(column.name)
    named = tuple(column.name for column in columns if column.kind == CATEGORY)
    return TableForm((*wide[False], *wide[True]), named, columns, encoder.known())


def fed(frame: Any, form: TableForm, n: int) -> dict[str, np.ndarray]:
    """What the graph takes of ``n`` rows: of a frame, or of lists of cells by name.

    Raises
    ------
    DataError
        If they are no rows like those that were learned from.
    """
    values, given = new_values(frame, form.columns, form.known, n), {}
    if form.numbers:
        given[NUMBERS] = np.stack([np.asarray(values[name], np.float64) for name in form.numbers], axis=1)
    if form.categories:
        texts = zip(*(values[name] for name in form.categories), strict=True)
        given[CATEGORIES] = np.array([["" if text is None else text for text in row] for row in texts], dtype=object)
    return given


def read(rows: Sequence[Sequence[str]], form: TableForm) -> dict[str, np.ndarray]:
    """What the graph takes of the lines of a table, of which the first names its columns.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells.
    form : TableForm

    Raises
    ------
    SystemExit
        If headstart would not answer for such a table; the message says why.
    """
    names, *lines = [list(row) for row in rows if len(row) == 1 or any(cell.strip() for cell in row)] or [[]]
    for number, line in enumerate(lines, start=1):
        if len(line) < len(names) or any(cell.strip() for cell in line[len(names) :]):
            raise SystemExit(f"Expected {len(names)} cells in each row, found {len(line)} in row {number}.")
    frame = {name.strip(): [line[i] for line in lines] for i, name in enumerate(names)}
    try:
        given = fed(frame, form, len(lines))
    except DataError as error:
        raise SystemExit(str(error)) from None
    for words in no_numbers(form.columns, frame):
        print(words, file=sys.stderr)
    return given


def cells_file(form: TableForm) -> str:
    """The file that the lines read a table by: `read` with all that it uses, and the columns that were learned from."""
    head = '"""Cells of a table as headstart reads them, quoted from it (Apache-2.0)."""'
    return f"{head}\n\n{quoted(read, TableForm, Column)}\n\nFORM = {form!r}\n"


def opened_table(form: dict[str, str]) -> str:
    """What opens a file that is written as the table that was learned from, and parts it into cells."""
    encoding = form.get("encoding", UTF8)
    try:
        encoding = "utf-8-sig" if encoding == UTF8 else codecs.lookup(encoding).name
    except LookupError:  # "UTF-8 with 2 damaged characters"
        encoding = "utf-8-sig"
    mark = next((sign for sign, name in SEPARATORS.items() if name == form.get("separator")), ",")
    parted = "" if mark == "," else f", delimiter={mark!r}"
    return f'csv.reader(open(sys.argv[1], encoding="{encoding}", newline=""){parted})'
