"""A sheet of an Excel file as rows of cells."""

from __future__ import annotations

import importlib.util
import io
import warnings
from typing import Any

from headstart.data.tables.lines import Grid
from headstart.errors import DataError, MissingExtra


def sheet_of(content: bytes, sheet: str | None, where: str) -> tuple[Grid, str]:
    """The cells of one sheet: the named one, or the first that holds any.

    Said are the other sheets, merged cells below the first rows (their value stands in the first of them alone), and
    formulas whose results were not saved (such cells are empty).

    Parameters
    ----------
    content : bytes
    sheet : str or None
    where : str
        What to call the file.

    Returns
    -------
    grid : Grid
    sheet : str

    Raises
    ------
    DataError
        If there is no such sheet.
    MissingExtra
        Without openpyxl.
    """
    if importlib.util.find_spec("openpyxl") is None:
        raise MissingExtra("openpyxl", "excel", "Reading an Excel file")
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content)) if sheet is None or sheet in book.sheetnames else None
    filled = [one.title for one in book.worksheets if any(not _blank(row) for row in one.iter_rows(values_only=True))]
    if sheet is not None and sheet not in book.sheetnames:
        raise DataError(
            f"Expected a sheet {sheet!r} in {where}, found the sheets {', '.join(map(repr, book.sheetnames))}."
        )
    name = sheet or next(iter(filled), book.sheetnames[0])
    page: Any = book[name]
    rows = [list(row) for row in page.iter_rows(values_only=True)]
    notes = []
    others = [other for other in filled if other != name]
    if others and sheet is None:
        shown = ", ".join(map(repr, others))
        notes.append(f"The sheet {name!r} was read; there are also {shown} (--sheet, sheet=...).")
    merged = [str(area) for area in page.merged_cells.ranges if area.max_row > area.min_row and area.max_row > 3]
    if merged:
        notes.append(f"Merged cells hold their value in the first of their rows alone: {', '.join(merged[:3])}.")
    lost = _without_results(page, formulas[name] if formulas is not None else None)
    if lost:
        notes.append(
            f"{lost} cells hold formulas whose results were not saved; they count as missing. Save the file in Excel."
        )
    first = int(page.min_row or 1)
    return Grid(rows, [first + i for i in range(len(rows))], "", notes), name


def _blank(row: tuple[Any, ...]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)


def _without_results(values: Any, formulas: Any) -> int:
    if formulas is None:
        return 0
    pairs = zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=False)
    return sum(
        value is None and isinstance(formula, str) and formula.startswith("=")
        for row, written in pairs
        for value, formula in zip(row, written, strict=False)
    )
