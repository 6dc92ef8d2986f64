"""What the columns of a table hold: numbers, categories, dates, or nothing to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.tables.cells import (
    CATEGORY,
    DATE,
    NUMBER,
    Column,
    adapted,
    fits,
    floats_of,
    listed,
    present,
    values_of,
)
from headstart.data.tables.column_names import otherwise_named
from headstart.data.tables.gaps import absent, as_one_and_zero, spelt_as
from headstart.data.tables.judge import judged, seen
from headstart.data.tables.numbers import FoundNumbers
from headstart.errors import DataError

#: Times by which all numbers of a column are larger or smaller from which they may have another unit, how unlike their
#: relative spreads may then be, the rows that are looked at, and the fewest.
_OTHER_UNIT, _AS_SPREAD, _LOOKED_AT, _FEWEST = 5.0, 2.0, 1000, 10


@dataclass(frozen=True)
class ColumnPlan:
    """What became of every column of a table.

    Parameters
    ----------
    columns : tuple of Column
        Those that are learned from.
    left_out : tuple of (str, str)
        Name and reason of the others.
    notes : tuple of str
        What is said of both.
    doubts : tuple of str
        What was taken for granted, and what is left out because it could not be decided.
    """

    columns: tuple[Column, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def became(self, name: str) -> tuple[str, str]:
        """Role of a column, "feature" or "left out", and what its cells were read as, or why it is left out."""
        column = next((column for column in self.columns if column.name == name), None)
        return ("feature", str(column)) if column is not None else ("left out", dict(self.left_out).get(name, ""))


def plan_columns(
    target: pd.DataFrame,
    others: Sequence[tuple[str, pd.DataFrame]] = (),
    decimal: str | None = None,
    separator: str = "",
    lean: str | None = None,
) -> ColumnPlan:
    """Decide by the target's cells what each of its columns holds, and say what is left out.

    Numbers and dates are told from text by how all present cells are written (`headstart.data.tables.numbers`,
    `headstart.data.tables.dates`); numbers with zeros in front are categories. Where the cells of a column leave open
    whether a comma is decimal, the other columns of the table decide if they prove one form alone, or semicolons
    between its cells do, which stand there because commas are taken; that is said. A column that stays open is left
    out. Left out are also columns without values, columns with one value everywhere, numbers of rows and other
    identifiers, and texts.

    Parameters
    ----------
    target : DataFrame
        Features alone.
    others : sequence of (name, DataFrame)
        Sources and unlabelled rows, by what to call them.
    decimal : {".", ","}, optional
        What the user said stands before fractions.
    separator : str
        What stands between the cells of the file.
    lean : {".", ","}, optional
        What all columns of the file prove to stand before fractions (`proven_decimal`). Default: what these prove.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["a1", "a2", "a3"], "age": ["31", "", "45"], "sex": ["f", "m", "f"]})
    >>> plan = plan_columns(frame)
    >>> [(column.name, column.kind) for column in plan.columns], plan.notes
    ([('age', 'number'), ('sex', 'category')], ("The column 'id' names its rows; it was left out.",))
    >>> plan.became("sex"), plan.became("id")
    (('feature', '2 categories'), ('left out', 'names its rows'))
    """
    cells = {name: seen(present(target[name]), decimal) for name in target.columns}
    lean = lean or _only({column.numbers.proves for column in cells.values()})
    columns: list[Column] = []
    left_out: list[tuple[str, str]] = []
    notes: list[str] = []
    doubts: list[str] = []
    for name in target.columns:
        elsewhere = [present(frame[name]) for _, frame in others if name in frame.columns]
        if lean is not None and not cells[name].numbers.proves and cells[name].numbers != FoundNumbers():
            cells[name] = seen(cells[name].values, decimal, lean)
        found = judged(target[name], cells[name], elsewhere, separator == ";")
        if found.column is None:
            left_out.append((name, found.reason))
            words = f"The column {name!r} {found.reason}; it was left out.{found.todo and ' ' + found.todo}"
            (doubts if found.undecided else notes).append(words)
            continue
        columns.append(found.column)
        doubts += [f"In the column {name!r} {found.assumed}."] if found.assumed else []
        if found.column.kind == DATE:
            notes.append(f"The column {name!r} holds dates; they were read as days since 1970, month and weekday.")
    return ColumnPlan(tuple(columns), tuple(left_out), tuple(notes), tuple(doubts))


def proven_decimal(frame: pd.DataFrame) -> str | None:
    """What stands before the fractions of a table, where its columns prove it and agree.

    Examples
    --------
    >>> proven_decimal(pd.DataFrame({"a": ["1,275"], "b": ["2,5"]})), proven_decimal(pd.DataFrame({"a": ["1,275"]}))
    (',', None)
    """
    return _only({seen(present(frame[name])).numbers.proves for name in frame.columns})


def _only(proven: set[str]) -> str | None:
    return next(iter(proven - {""})) if len(proven - {""}) == 1 else None


def refuse_nothing(plan: ColumnPlan) -> None:
    """Refuse a table of which no column is left.

    Raises
    ------
    DataError
    """
    if not plan.columns:
        names = ", ".join(repr(name) for name, _ in plan.left_out)
        raise DataError(
            f"Expected a column to learn from, found none among {names}.", " ".join((*plan.doubts, *plan.notes))
        )


def differences(plan: ColumnPlan, target: pd.DataFrame, other: str, frame: pd.DataFrame) -> list[str]:
    """What another table lacks, has beyond the target, or writes otherwise.

    Raises
    ------
    DataError
        If it lacks all planned columns, or holds text where the target holds numbers.
    """
    columns = plan.columns
    lacking = [column.name for column in columns if column.name not in frame.columns]
    if len(lacking) == len(columns):
        raise DataError(
            f"Expected columns of the target in {other}, found none of {_names([c.name for c in columns])} among "
            f"{_names([str(name) for name in frame.columns])}.",
            "Give both the same names."
            + otherwise_named([column.name for column in columns], [str(name) for name in frame.columns]),
        )
    notes = []
    beyond = [str(name) for name in frame.columns if name not in target.columns]
    if lacking:
        many, hint = "columns" if len(lacking) > 1 else "column", otherwise_named(lacking, beyond)
        notes.append(f"{other} lacks the {many} {_names(lacking)}; its cells there count as missing.{hint}")
    if beyond:
        many, left = ("columns", "they were") if len(beyond) > 1 else ("column", "it was")
        notes.append(f"The target lacks the {many} {_names(beyond)} of {other}; {left} left out.")
    for column in adapted(columns, frame):
        if column.kind != CATEGORY and column.name in frame.columns:
            wrong = refuse_misfits(column, frame[column.name], other)
            if wrong:
                notes.append(
                    f"{len(wrong)} cells of the column {column.name!r} of {other} are no {column.kind}s, such as "
                    f"{str(wrong[0])!r}; they count as missing."
                )
    return notes


def other_units(columns: Sequence[Column], target: pd.DataFrame, other: str, rows: pd.DataFrame) -> list[str]:
    """What is said of numbers that are all many times the target's, and spread as much for their size.

    Parameters
    ----------
    columns : sequence of Column
    target, rows : DataFrame
        With numbers in the columns of numbers, as `headstart.data.tables.cells.typed` makes them.
    other : str
        What to call the other table.

    Examples
    --------
    >>> weights = pd.DataFrame({"weight": np.linspace(50.0, 90.0, 20)})
    >>> other_units([Column("weight", "number")], weights, "the source", 1000 * weights)[0][:62]
    "In 'weight' the numbers of the source are about 1,000 times th"
    """
    names = [column.name for column in columns if column.kind == NUMBER]
    if not names or min(len(target), len(rows)) < _FEWEST:
        return []
    some = [frame[names].iloc[:: -(-len(frame) // _LOOKED_AT)].to_numpy(np.float64) for frame in (target, rows)]
    held = (np.minimum(*(np.isfinite(part).sum(axis=0) for part in some)) >= _FEWEST).nonzero()[0]
    ours, theirs = (np.nanquantile(part[:, held], (0.05, 0.5, 0.95), axis=0) for part in some)
    found = []
    for name, mine, far in zip([names[i] for i in held], ours.T, theirs.T, strict=True):
        small, large = sorted((mine, far), key=lambda three: float(three[1]))
        if small[0] <= 0 or large[0] <= small[2] or large[1] < _OTHER_UNIT * small[1]:
            continue
        spreads = [(three[2] - three[0]) / three[1] for three in (small, large)]
        if max(spreads) <= _AS_SPREAD * min(spreads):
            found.append(f"In {name!r} the numbers of {other} are about {_times(far[1] / mine[1])} the target's")
    more = f" (and in {len(found) - 4} more columns)" if len(found) > 4 else ""
    return [f"{'. '.join(found[:4])}{more}: another unit? Write both in one."] if found else []


def _times(ratio: float) -> str:
    return f"{float(f'{ratio:.2g}'):,.10g} times"


def refuse_misfits(column: Column, cells: Any, other: str, learned: bool = False) -> list[object]:
    """Cells that are not what the target's column holds; an error where they are more than half.

    Raises
    ------
    DataError
    """
    if floats_of(cells, column) is not None:
        return []
    values = present(cells)
    values = as_one_and_zero(values) if column.kind == NUMBER else values
    wrong = [value for value in values if not fits(value, column)]
    if 2 * len(wrong) > len(values):
        raise DataError(
            f"Expected {column.kind}s in the column {column.name!r} of {other}, as in the target ({column}), found "
            f"{str(wrong[0])!r}.",
            "Give both tables the same meaning"
            + ("." if learned else f", or leave the column out (--leave-out, leave_out={column.name!r})."),
        )
    return wrong


def refuse_lacking(columns: Sequence[Column], names: Sequence[str]) -> None:
    """Refuse new rows without all columns that were learned from.

    Raises
    ------
    DataError
    """
    lacking = [column.name for column in columns if column.name not in names]
    if lacking:
        raise DataError(
            f"Expected the columns that were learned from, found none of the name "
            f"{' or '.join(repr(name) for name in lacking[:8])} among "
            f"{', '.join(repr(name) for name in list(names)[:12]) or 'no columns'}.",
            f"Give a table like the one that was learned from.{otherwise_named(lacking, names)}",
        )


def new_values(frame: Any, columns: Sequence[Column], known: Mapping[str, Sequence[str]], n: int) -> dict[str, Any]:
    """The values of ``n`` new rows, as the columns that were learned from are read.

    Parameters
    ----------
    frame : DataFrame, or dict of lists
        Cells by the names of their columns.
    columns : sequence of Column
    known : dict of str to sequence of str
        The values of each column of categories, as they are spelt.
    n : int

    Returns
    -------
    dict of str to array or list
        As `headstart.data.tables.cells.values_of`.

    Raises
    ------
    DataError
        If a column is not there, or more than half the cells of one are no numbers (or dates) where it holds them.

    Examples
    --------
    >>> new_values({"sex": ["F", "?"], "age": ["31", "4,5"]}, [Column("sex", "category"), Column("age", "number")],
    ...            {"sex": ["f", "m"]}, 2)
    {'sex': ['f', None], 'age': array([31. ,  4.5])}
    """
    refuse_lacking(columns, list(frame))
    held = adapted(columns, frame)
    for column in held:
        if column.kind != CATEGORY:
            refuse_misfits(column, frame[column.name], "the new rows", learned=True)
    return spelt(values_of(frame, held, n), known)


def spelt(values: dict[str, Any], known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Values of which categories are spelt as the known ones."""
    for name, theirs in known.items():
        same = spelt_as({value for value in values[name] if value is not None}, theirs)
        values[name] = [same.get(value, value) for value in values[name]]
    return values


def no_numbers(columns: Iterable[Column], frame: Any) -> list[str]:
    """Words for cells of columns of numbers that hold something else, and count as missing.

    Examples
    --------
    >>> no_numbers([Column("age", "number")], {"age": ["31", "old", "?"]})
    ["No number in 'age': 'old', in 1 of 3 rows; missing there."]
    """
    found = []
    held = [one for one in columns if one.kind == NUMBER and one.name in frame]
    for column in adapted(held, frame):
        if floats_of(frame[column.name], column) is not None:
            continue
        cells = listed(frame[column.name])
        gaps = np.flatnonzero(np.isnan(values_of(frame, [column], len(cells))[column.name]))
        odd = [str(cells[i]) for i in gaps if not absent(cells[i])]
        if odd:
            shown = ", ".join(map(repr, list(dict.fromkeys(odd))[:4])) + (", ..." if len(set(odd)) > 4 else "")
            many = f"{len(odd):,} of {len(cells):,} rows"
            found.append(f"No number in {column.name!r}: {shown}, in {many}; missing there.")
    return found


def _names(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
