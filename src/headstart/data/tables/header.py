"""Rows of cells as a frame: which row names the columns, and what stands above, below and beside the table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from typing import Any

import pandas as pd

from headstart.data.tables.gaps import absent, is_missing
from headstart.data.tables.lines import Grid
from headstart.data.tables.numbers import numbers_in
from headstart.errors import DataError

_COUNTED = re.compile(r"(.+)\.\d+")


def framed_grid(grid: Grid, where: str) -> tuple[pd.DataFrame, list[str]]:
    """A frame of a grid whose first full row names the columns.

    Passed over, and said: comments (``#``) and titles above that row, empty rows, a first column that numbers the rows.
    Two rows of names, of which the upper has gaps where cells were merged, are one.

    Parameters
    ----------
    grid : Grid
    where : str
        What to call the file.

    Returns
    -------
    frame : DataFrame of objects
    notes : list of str

    Raises
    ------
    DataError
        If rows have more or fewer cells than the columns have names, names stand twice, or the first row is one of
        values; the words name the line.

    Examples
    --------
    >>> frame, notes = framed_grid(Grid([["Report", ""], ["a", "b"], ["1", "x"]], [1, 2, 3]), "t.csv")
    >>> frame.to_dict("list"), notes
    ({'a': ['1'], 'b': ['x']}, ["1 line above the names of the columns was passed over: 'Report'."])
    """
    whole, notes = _without_comments(grid)
    kept = [i for i in whole if len(grid.rows[i]) == 1 or not all(map(_empty, grid.rows[i]))]
    rows = _without_mark([grid.rows[i] for i in kept])
    if not rows:
        raise pd.errors.EmptyDataError
    above = _titles(rows)
    if above:
        shown = next(str(cell).strip() for cell in rows[0] if not _empty(cell))
        one = "1 line above the names of the columns was" if above == 1 else f"{above} lines above the names were"
        notes.append(f"{one} passed over: {shown!r}.")
        rows, kept = rows[above:], kept[above:]
    names, body = rows[0], rows[1:]
    names = _with_same_width(names, body, [grid.lines[i] for i in kept[1:]], where)
    body = [row[: len(names)] for row in body]
    joined = _joined_names(names, body)
    if joined:
        names, body, kept = joined, body[1:], kept[1:]
        notes.append("The first two rows were read as the names of the columns, whose upper cells were merged.")
    frame = pd.DataFrame(body, columns=range(len(names)), dtype=object)
    written = ["" if _empty(name) else str(name) for name in names]
    bare = [text.strip() for text in written]
    written = bare if len(set(bare)) == len(set(written)) else written
    frame = frame.set_axis([text or f"Unnamed: {i}" for i, text in enumerate(written)], axis=1)
    hollow = [i for i, text in enumerate(written) if not text and all(_empty(cell) for cell in frame.iloc[:, i])]
    if len(hollow) < len(names):
        frame = frame.iloc[:, [i for i in range(len(names)) if i not in hollow]]
    _refuse_values_as_names(frame, where)
    places = grid.numbers
    numbers = [place - places[kept[0]] for place in places]  # the names of the columns are row 0
    keep_numbers(frame, [numbers[i] for i in kept[1:]])
    return frame, [*notes, *said_empty(frame, set(numbers) - {numbers[i] for i in whole})]


def keep_numbers(frame: pd.DataFrame, numbers: Sequence[int]) -> None:
    """Let rows be called by their numbers in the file: ``attrs`` then hold those that are missing between, in "gone".

    Parameters
    ----------
    frame : DataFrame
    numbers : sequence of int
        Of its rows, from 1, ascending.
    """
    gone = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
    if gone:
        frame.attrs["gone"] = (len(frame), tuple(gone))


def checked_names(frame: pd.DataFrame, where: str) -> tuple[pd.DataFrame, list[str]]:
    """The frame of any file, with columns of different names, and what is to be said of their names.

    Raises
    ------
    DataError
        If a name stands twice.
    """
    names = list(frame.columns)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        places = " and ".join(str(i + 1) for i, name in enumerate(names) if name == twice[0])
        raise DataError(
            f"Expected columns of different names in {where}, found {', '.join(map(repr, twice))} more than once "
            f"(columns {places}).",
            "Rename or remove all but one.",
        )
    notes = []
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike["".join(name.casefold().split())].append(name)
    for group in alike.values():
        if len(group) > 1:
            notes.append(f"The columns {' and '.join(map(repr, group))} differ only by case or spaces.")
    for name in names:
        counted = _COUNTED.fullmatch(name)
        if counted and counted[1] in names:
            notes.append(f"The columns {counted[1]!r} and {name!r} look like two columns of one name.")
    first = names[0] if names else ""
    if len(names) > 1 and (first.startswith("Unnamed: 0") or not first.strip()) and _counts(frame[first].tolist()):
        notes.append("The first column has no name and numbers the rows; it was left out.")
        frame = frame.drop(columns=first)
    return frame, notes


def _empty(cell: Any) -> bool:
    return is_missing(cell) or (isinstance(cell, str) and not cell.strip())


def _without_comments(grid: Grid) -> tuple[list[int], list[str]]:
    """Positions of the rows but for comments: lines that begin with # and have fewer cells than most."""
    notes = list(grid.notes)
    counts = Counter(len(row) for row in grid.rows)
    width = max(counts, key=lambda k: (counts[k], k), default=0)

    def comment(row: list[Any]) -> bool:
        if width < 2 or not str(row[0]).lstrip().startswith("#"):
            return False
        return len(row) < width or sum(not _empty(cell) for cell in row) < 2

    kept = [i for i, row in enumerate(grid.rows) if not comment(row)]
    if len(kept) < len(grid.rows):
        left = len(grid.rows) - len(kept)
        notes.append(f"{left} comment{'s' if left > 1 else ''} (#) between the rows took no part.")
    return kept, notes


def _without_mark(rows: list[list[Any]]) -> list[list[Any]]:
    """The rows, of which the first may be a comment that names the columns."""
    if rows and isinstance(rows[0][0], str) and rows[0][0].lstrip().startswith("#") and len(rows[0]) > 1:
        return [[rows[0][0].lstrip().lstrip("#").strip(), *rows[0][1:]], *rows[1:]]
    return rows


def said_empty(frame: pd.DataFrame, comments: Set[int] = frozenset()) -> list[str]:
    """What is to be said of numbers that no row of a frame has, where they are no comments'."""
    numbers = [number for number in frame.attrs.get("gone", (0, ()))[1] if number not in comments]
    if not numbers:
        return []
    shown = ", ".join(map(str, numbers[:5])) + (", ..." if numbers[5:] else "")
    one = f"Row {shown} is empty and was" if len(numbers) == 1 else f"{len(numbers)} rows are empty ({shown}) and were"
    return [f"{one} passed over; the others keep their numbers."]


def _titles(rows: Sequence[Sequence[Any]]) -> int:
    """How many rows stand above the names of the columns: of one cell, the first, where the others have several."""
    counts = Counter(len(row) for row in rows)
    width = max(counts, key=lambda k: (counts[k], k))
    for i, row in enumerate(rows[:-1]):
        filled = [j for j, cell in enumerate(row) if not _empty(cell)]
        if width < 2 or filled != [0] or i > 20:
            return i
        following = rows[i + 1]
        names = sum(not _empty(cell) for cell in following)
        if len(row) == width and not (names == 1 or (names > 1 and all(map(_is_name, following)))):
            return i
    return 0


def _is_name(cell: Any) -> bool:
    return isinstance(cell, str) and not absent(cell) and numbers_in([cell]).form is None


def _with_same_width(names: list[Any], body: list[list[Any]], lines: list[int], where: str) -> list[Any]:
    """The names, without empty ones at the end that no row has a cell for; rows of other widths are refused."""
    width = len(names)
    most = max((len(row) for row in body), default=width)
    if most < width and all(_empty(name) for name in names[most:]):
        width = most
    for row, line in zip(body, lines, strict=True):
        if len(row) < width or not all(_empty(cell) for cell in row[width:]):
            more = "more" if len(row) > width else "fewer"
            raise DataError(
                f"Expected {width} cells in each row, as in the first line of {where}, found rows with {more}: line "
                f"{line} has {len(row)}.",
                "Name every column in the first line; put cells that hold the separator in quotes.",
            )
    return names[:width]


def _joined_names(names: list[Any], body: list[list[Any]]) -> list[str]:
    """Names of two rows as one; empty where there is one row of names."""
    gaps = [i for i, name in enumerate(names) if _empty(name)]
    if not any(gaps) or len(body) < 2 or not any(_empty(name) is False for name in names):
        return []
    below = body[0]
    if not all(_is_name(below[i]) for i in gaps) or not all(_is_name(cell) or _empty(cell) for cell in below):
        return []
    if not any(not _empty(cell) and not _is_name(cell) and not absent(cell) for row in body[1:6] for cell in row):
        return []
    single = [str(name if _empty(cell) else cell).strip() for name, cell in zip(names, below, strict=True)]
    if len(set(single)) == len(single):
        return single
    upper, found = "", []
    for name, cell in zip(names, below, strict=True):
        upper = upper if _empty(name) else str(name).strip()
        found.append(upper if _empty(cell) else f"{upper} {str(cell).strip()}".strip())
    return found


def _refuse_values_as_names(frame: pd.DataFrame, where: str) -> None:
    """Refuse a first row in which each cell is a value of its column: a number among numbers, or a word that recurs."""
    if len(frame) < 3:
        return
    numbers = []
    for name in frame.columns:
        column = [str(cell) for cell in frame[name].tolist()[:200] if not absent(cell)] if _once(frame, name) else []
        number = numbers_in([name]).form is not None
        if number and column and numbers_in(column).form is not None:
            numbers.append(float(name) if re.fullmatch(r"-?\d+(\.\d+)?", name) else 0.0)
        elif number or name not in column:
            return
    if numbers and (len(numbers) < frame.shape[1] or numbers != sorted(set(numbers))):
        shown = ", ".join(map(repr, list(frame.columns)[:5]))
        raise DataError(
            f"Expected the names of the columns in the first line of {where}, found what looks like a row: {shown}.",
            "Put a line with names above it.",
        )


def _once(frame: pd.DataFrame, name: str) -> bool:
    return int((frame.columns == name).sum()) == 1


def _counts(cells: list[Any]) -> bool:
    """Whether cells are 0, 1, 2, ... or 1, 2, 3, ..."""
    texts = [str(cell) for cell in cells]
    return texts in ([str(i) for i in range(len(texts))], [str(i + 1) for i in range(len(texts))])
