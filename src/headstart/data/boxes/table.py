"""Boxes in a table: a row a box, with the picture's path, four numbers and a label."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import Any

import pandas as pd

from headstart.data.base.parts import part_of
from headstart.data.boxes.sheets import Drawn, Sheet, Sheets
from headstart.data.tables.gaps import absent
from headstart.data.tables.records import row_names
from headstart.errors import DataError

_PATHS = ("path", "file", "filename", "filepath", "imagepath", "imagename", "imageid", "image", "img", "picture")
_LABELS = ("label", "labelname", "class", "classname", "category", "categoryname", "name", "object")
_CROWDS = ("iscrowd", "crowd", "isgroupof", "groupof")
_PARTS = ("split", "set", "part", "partition", "subset")
#: What a cell says of a box that may hold many things.
_NO, _YES = frozenset({"", "0", "-1", "0.0", "-1.0", "false", "no"}), frozenset({"1", "1.0", "true", "yes"})
#: Columns of corners, the middle and sides, or a corner and sides, in the order in which they are looked for.
_CORNERS = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
    ("x0", "y0", "x1", "y1"),
)
_MIDDLE = (("xcenter", "ycenter"), ("xcentre", "ycentre"), ("cx", "cy"), ("centerx", "centery"))
_UPPER = (("x", "y"), ("xmin", "ymin"), ("left", "top"), ("bboxx", "bboxy"))
_SIDES = (("w", "h"), ("width", "height"), ("bboxwidth", "bboxheight"), ("bboxw", "bboxh"))
_SIZES = (("imagewidth", "imageheight"), ("imgwidth", "imgheight"), ("width", "height"))
_TODO = (
    "A table of boxes has columns path, label, and x, y, w, h or xmin, ymin, xmax, ymax; a picture without things is a "
    "row with its path alone."
)


def read_box_table(
    frame: pd.DataFrame, where: str, path: str | None = None, label: str | None = None, part: str | None = None
) -> Sheets:
    """Read a table with a box in each row.

    The columns are found by their usual names, whatever capitals, spaces and ``_``. x, y are the left upper corner
    before w, h; the middle where they are called so (``cx``, ``x_center``). Where corners are given, ``width`` and
    ``height`` are the picture's. Numbers that are all from 0 to 1 are shares of the picture. A row without numbers is a
    picture without things. ``iscrowd`` or ``IsGroupOf`` marks a box that holds many things.

    Parameters
    ----------
    frame : DataFrame
    where : str
        The table, for the words of errors.
    path, label, part : str, optional
        Columns, as the user named them.

    Raises
    ------
    DataError
        If a column is missing, or a cell holds no number.

    Examples
    --------
    >>> frame = pd.DataFrame({"file": ["a.jpg", "b.jpg"], "x": ["1", ""], "y": ["2", ""], "w": ["3", ""],
    ...                       "h": ["4", ""], "class": ["car", ""]})
    >>> [sheet.drawn for sheet in read_box_table(frame, "t.csv").sheets]
    [(Drawn(label='car', corners=(1.0, 2.0, 4.0, 6.0), crowd=False, where='row 1'),), ()]
    """
    known = {re.sub(r"[\s_.-]+", "", str(name)).casefold(): str(name) for name in frame.columns}
    files = _column(frame, known, path, _PATHS, "the paths of pictures", where)
    names = _column(frame, known, label, _LABELS, "labels", where)
    numbers, form = _numbers(known, frame, where)
    sizes = next((pair for pair in _SIZES if set(pair) <= set(known)), None)
    size = None if sizes is None or set(sizes) & set(numbers) else tuple(known[name] for name in sizes)
    split = part or next((known[name] for name in _PARTS if name in known and _parted(frame[known[name]])), None)
    crowds = next((frame[known[name]].tolist() for name in _CROWDS if name in known), [None] * len(frame))
    drawn: dict[str, list[Drawn]] = {}
    parts: dict[str, set[str]] = defaultdict(set)
    measured: dict[str, tuple[int, int]] = {}
    highest = 0.0
    comma, rows = frame.attrs.get("separator") == ";", row_names(frame)
    cells = {name: frame[known[name]].tolist() for name in numbers}
    for k, (file, called) in enumerate(zip(frame[files].tolist(), frame[names].tolist(), strict=True)):
        if absent(file):
            raise DataError(f"Expected a path in {rows[k]} of {where}, found none.", _TODO)
        boxes = drawn.setdefault(str(file).strip(), [])
        if split is not None:
            parts[str(file).strip()].add(_part(frame[split].iloc[k], split, rows[k], where))
        if size is not None:
            width, height = (_number(frame[name].iloc[k], name, rows[k], where, comma) for name in size)
            measured[str(file).strip()] = (round(width), round(height))
        empty = [absent(cells[name][k]) for name in numbers]
        if all(empty) and absent(called):
            continue
        if any(empty) or absent(called):
            lacking = "a label" if absent(called) else known[numbers[empty.index(True)]]
            raise DataError(f"Expected {lacking} in {rows[k]} of {where}, found an empty cell.", _TODO)
        four = [_number(cells[name][k], known[name], rows[k], where, comma) for name in numbers]
        highest = max(highest, *map(abs, four))
        crowd = _crowd(crowds[k], rows[k], where)
        boxes.append(Drawn(str(called).strip(), _corners(four, form), crowd, rows[k]))
    both = [file for file, found in parts.items() if len(found) > 1]
    if both:
        raise DataError(
            f"Expected each picture in one part in {where}, found {both[0]!r} in "
            f"{' and '.join(sorted(parts[both[0]]))}."
        )
    shares = 0 < highest <= 1
    sheets = tuple(
        Sheet((file,), tuple(boxes), measured.get(file), shares, next(iter(parts[file]), None), where)
        for file, boxes in drawn.items()
    )
    used = ", ".join(known[name] for name in numbers)
    meant = "shares of the picture" if shares else "pixels"
    return Sheets("a table of boxes", sheets, notes=(f"The columns {used} were read as {form}, in {meant}.",))


def _column(
    frame: pd.DataFrame, known: dict[str, str], named: str | None, usual: tuple[str, ...], what: str, where: str
) -> str:
    if named is not None and named in frame.columns:
        return named
    found = None if named is not None else next((known[name] for name in usual if name in known), None)
    if found is None:
        asked = f"the column {named!r}" if named is not None else "a column"
        raise DataError(f"Expected {asked} with {what} in {where}, found {', '.join(map(repr, frame.columns))}.", _TODO)
    return found


def _numbers(known: dict[str, str], frame: pd.DataFrame, where: str) -> tuple[tuple[str, ...], str]:
    """The four columns, and what they hold."""
    corners = next((four for four in _CORNERS if set(four) <= set(known)), None)
    if corners is not None:
        return corners, "left, top, right, bottom"
    sides = next((pair for pair in _SIDES if set(pair) <= set(known)), None)
    for pairs, words in ((_MIDDLE, "middle, width, height"), (_UPPER, "left, top, width, height")):
        first = next((pair for pair in pairs if set(pair) <= set(known)), None)
        if first is not None and sides is not None:
            return (*first, *sides), words
    raise DataError(
        f"Expected four columns with the numbers of a box in {where}, found {', '.join(map(repr, frame.columns))}.",
        _TODO,
    )


def _corners(four: list[float], form: str) -> tuple[float, float, float, float]:
    a, b, c, d = four
    if form.startswith("left, top, right"):
        return a, b, c, d
    return (a - c / 2, b - d / 2, a + c / 2, b + d / 2) if form.startswith("middle") else (a, b, a + c, b + d)


def _number(cell: Any, name: str, row: str, where: str, comma: bool) -> float:
    text = str(cell).strip()
    try:
        value = float(text.replace(",", ".") if comma else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e9 or "_" in str(cell):
        raise DataError(f"Expected a number as {name} in {row} of {where}, found {str(cell)[:40]!r}.", _TODO)
    return value


def _crowd(cell: Any, row: str, where: str) -> bool:
    """Whether a cell says that a box holds many things."""
    text = "" if absent(cell) else str(cell).strip().casefold()
    if text not in _NO | _YES:
        raise DataError(f"Expected 0 or 1 for a crowd in {row} of {where}, found {str(cell)[:40]!r}.", _TODO)
    return text in _YES


def _parted(column: pd.Series) -> bool:
    return all(part_of(value) is not None for value in column.unique())


def _part(cell: Any, name: str, row: str, where: str) -> str:
    part = part_of(cell)
    if part is None:
        raise DataError(f"Expected train, val or test as {name} in {row} of {where}, found {str(cell)[:40]!r}.")
    return part
