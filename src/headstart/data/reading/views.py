"""Which columns of a table or an array each view of its rows has, and what the cells of a view hold."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.kinds import NUMBERS, ROWS, Kind, kind_named, kind_of_suffix, network_kinds
from headstart.data.inputs.inputs import inputs_in, inputs_of
from headstart.data.reading.text_columns import is_free_text, joined_texts
from headstart.data.tables.gaps import absent
from headstart.data.tables.rows import as_frame, is_frame
from headstart.errors import DataError, ParameterError, did_you_mean

#: What a view cannot be called: ways of joining views.
RESERVED = ("auto", "product", "joint", "discriminant", "best view")
Columns = list[Any]
#: Whether rows without any view are taken too, as where a row's only cell is hidden to see what it adds.
BARE: ContextVar[bool] = ContextVar("bare rows are taken", default=False)


def view_table(X: Any) -> Any:
    """What views are taken from: a frame with columns named by text, or an array (n, d) of numbers.

    An array that holds other things than numbers becomes a frame with columns x0, x1, ...

    Raises
    ------
    DataError
        For anything else.
    """
    if is_frame(X):
        frame = as_frame(X)
        assert frame is not None
        return frame
    values = np.asarray(X)
    if values.ndim != 2:
        raise DataError(
            f"Expected a table or an array of two dimensions, found {type(X).__name__} of {values.ndim}.",
            "Put the views side by side: a DataFrame with a column of paths, or one array. Reshape your data.",
        )
    if values.dtype.kind in "OUS":
        try:
            return values.astype(np.float64)
        except (TypeError, ValueError):
            return pd.DataFrame(values.astype(object), columns=[f"x{i}" for i in range(values.shape[1])])
    return values


def view_columns(table: Any, views: Mapping[str, Any] | None) -> dict[str, Columns]:
    """The columns of each view: names of a frame's, positions of an array's.

    Parameters
    ----------
    table : DataFrame or ndarray of shape (n, d)
    views : dict of str to columns, optional
        A name, a position, a slice of positions, or a list of names or positions. None: one view, of all columns.

    Raises
    ------
    ParameterError
        For views that are no dict, without columns, with one that is not there, or with one that another view has.

    Examples
    --------
    >>> frame = pd.DataFrame({"photo": ["a.png"], "age": [31], "sex": ["f"]})
    >>> view_columns(frame, {"picture": "photo", "lab": ["age", "sex"]})
    {'picture': ['photo'], 'lab': ['age', 'sex']}
    >>> view_columns(np.zeros((1, 5)), {"left": slice(0, 2), "right": [3, 4]})
    {'left': [0, 1], 'right': [3, 4]}
    """
    known = list(table.columns) if hasattr(table, "columns") else list(range(table.shape[1]))
    if views is None:
        return {"all": known}
    if not isinstance(views, Mapping) or not views or not all(isinstance(name, str) and name for name in views):
        raise ParameterError(
            f"Expected views as a dict of names to columns, found {views!r}.",
            'For instance {"picture": "photo", "lab": ["age", "sex"]}.',
        )
    taken = sorted(set(views) & set(RESERVED))
    if taken:
        raise ParameterError(
            f"Expected another name for the view {taken[0]!r}, which is a way to join views.", "Rename it."
        )
    found = {name: _of_view(name, given, known) for name, given in views.items()}
    owner: dict[Any, str] = {}
    for name, columns in found.items():
        for column in columns:
            if column in owner:
                raise ParameterError(
                    f"Expected each column in one view, found {column!r} in {owner[column]!r} and {name!r}."
                    if owner[column] != name
                    else f"Expected each column once in the view {name!r}, found {column!r} twice.",
                    "Leave it out of one of them: what stands in two views would count twice.",
                )
            owner[column] = name
    return found


def _of_view(name: str, given: Any, known: Columns) -> Columns:
    """The columns of one view."""
    if isinstance(given, slice):
        columns = known[given]
    else:
        wanted = list(given) if isinstance(given, list | tuple | np.ndarray | range | pd.Index) else [given]
        columns = [_column(name, one, known) for one in wanted]
    if not columns:
        raise ParameterError(f"Expected a column or more in the view {name!r}, found none in {given!r}.", "Name some.")
    return columns


def _column(view: str, wanted: Any, known: Columns) -> Any:
    place = isinstance(wanted, int | np.integer) and not isinstance(wanted, bool)
    if place and wanted not in known and -len(known) <= wanted < len(known):
        return known[int(wanted)]
    if place and wanted in known:
        return int(wanted)
    if isinstance(wanted, str) and wanted in known:
        return wanted
    alike = [c for c in known if isinstance(c, str) and c.strip().casefold() == str(wanted).strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    words = [one for one in known if isinstance(one, str)]
    shown = ", ".join(map(repr, known[:12])) + (", ..." if len(known) > 12 else "")
    raise ParameterError(
        f"Expected the column {wanted!r} of the view {view!r} in the table, found the columns {shown}.",
        did_you_mean(str(wanted), words) or "Name columns that are there, or add this one: its cells may be empty.",
    )


def view_rows(table: Any, columns: Columns) -> np.ndarray:
    """In which rows a view is there, (n,): those with a value in any of its columns.

    Examples
    --------
    >>> view_rows(pd.DataFrame({"a": [1.0, None], "b": ["", "x"], "c": [None, ""]}), ["a", "c"]).tolist()
    [True, False]
    """
    if not hasattr(table, "columns"):
        return np.asarray(~np.isnan(np.asarray(table[:, columns], dtype=np.float64)).all(axis=1))
    gone = np.column_stack([[absent(value) for value in table[name].tolist()] for name in columns])
    return np.asarray(~gone.all(axis=1))


def view_kind(table: Any, columns: Columns, name: str) -> Kind:
    """What the cells of a view hold: pictures, clips or texts, or values (`ROWS`; of an array of numbers `NUMBERS`).

    Raises
    ------
    DataError
        For a column in which some cells name files and others do not, or files of two kinds; for several columns of
        which one names files; for a view without any cell.

    Examples
    --------
    >>> frame = pd.DataFrame({"photo": ["a.png", None], "said": ["see you at eight", "a free prize"], "n": [1, 2]})
    >>> [view_kind(frame, [one], "v").many for one in frame]
    ['pictures', 'texts', 'rows']
    """
    if not hasattr(table, "columns"):
        return NUMBERS
    kinds = [_kind_of(table[column].tolist(), column, name) for column in columns]
    files = [column for column, kind in zip(columns, kinds, strict=True) if not kind.values and not kind.typed]
    if files and len(columns) > 1:
        raise DataError(
            f"Expected one column of files in the view {name!r}, found {files[0]!r} beside "
            f"{', '.join(repr(column) for column in columns if column != files[0])}.",
            "Make two views of them: each column of files is a view of its own.",
        )
    return kinds[0] if len(set(kinds)) == 1 else ROWS


def _kind_of(cells: Sequence[Any], column: Any, view: str) -> Kind:
    some = [cell for cell in cells if not absent(cell)]
    if not some:
        raise DataError(
            f"Expected values in the column {column!r} of the view {view!r}, found none in {len(cells)} rows.",
            "Leave the view out, or fill it in.",
        )
    if all(isinstance(cell, str | os.PathLike) for cell in some):
        found = {kind_of_suffix(os.path.splitext(os.fspath(cell).strip())[1]) for cell in some}
        if found == {None}:
            typed = next(kind for kind in network_kinds() if kind.typed)
            return typed if is_free_text(some) else ROWS
        if len(found) == 1:
            return next(kind for kind in found if kind is not None)
        shown = " and ".join(sorted("other texts" if kind is None else kind.many for kind in found))
        raise DataError(
            f"Expected files of one kind in the column {column!r} of the view {view!r}, found {shown}.",
            "Give each kind a column, and a view, of its own.",
        )
    if all(isinstance(cell, int | float | np.number | bool | str) for cell in some):
        return ROWS
    inputs = inputs_in(some)
    return ROWS if inputs is None else inputs.kind


def refuse_other_cells(table: Any, columns: Columns, name: str, kind: Kind) -> None:
    """Refuse new cells of a view none of which holds what was learned from; single ones are for those who read them.

    Of a view of values its encoder says what does not fit.

    Parameters
    ----------
    table : DataFrame or ndarray
    columns : list
    name : str
        The view.
    kind : Kind
        What it held where it was learned from.

    Raises
    ------
    DataError

    Examples
    --------
    >>> from headstart.data.base.kinds import PICTURES
    >>> refuse_other_cells(pd.DataFrame({"photo": ["a.wav", None]}), ["photo"], "picture", PICTURES)
    Traceback (most recent call last):
    headstart.errors.DataError: Expected pictures in the column 'photo' of the view 'picture', as it was learned ...
    """
    if kind.values:
        return
    for column in columns:
        cells = [cell for cell in table[column].tolist() if not absent(cell)]
        if not cells or any(_may_hold(cell, kind) for cell in cells):
            continue
        first = _held(cells[0])
        what = "words" if first is None else "values" if first.values else first.many
        raise DataError(
            f"Expected {kind.many} in the column {column!r} of the view {name!r}, as it was learned from, found {what} "
            f"in all {len(cells)} rows that have it, as {str(cells[0])!r}.",
            "Give a table like the one that was learned from; leave cells empty where a view is missing.",
        )


def _may_hold(cell: Any, kind: Kind) -> bool:
    """Whether a cell holds a kind, or only who reads it can tell: words of texts, a file whose name does not tell."""
    found = _held(cell)
    return found is kind or (found is None and (kind.typed or os.path.isfile(cell)))


def _held(cell: Any) -> Kind | None:
    """What a cell holds or names: a number is a value; None of words, and of a file whose name does not tell."""
    if isinstance(cell, str | os.PathLike):
        try:
            cell = float(os.fspath(cell))
        except ValueError:
            return kind_of_suffix(os.path.splitext(os.fspath(cell).strip())[1])
    if isinstance(cell, int | float | np.number):
        return ROWS
    inputs = inputs_in([cell])
    return ROWS if inputs is None else inputs.kind


def view_inputs(table: Any, columns: Columns, input_type: str, rows: np.ndarray) -> Any:
    """The pictures, clips or texts of a view in some of the rows, by position.

    Paths are absolute, or relative to the folder of the table that was read, or else to the current one.

    Parameters
    ----------
    table : DataFrame
        Its ``attrs`` say where it was read from.
    columns : list of str
    input_type : str
        Name of the kind.
    rows : ndarray of int
    """
    kind = kind_named(input_type)
    if kind.typed and not _names_files(table[columns[0]].iloc[rows].tolist(), kind):
        return inputs_of(kind, joined_texts(table.iloc[rows], columns))
    base = Path(str(table.attrs.get("path", ""))).expanduser().resolve().parent if table.attrs.get("path") else None
    cells = table[columns[0]].iloc[rows].tolist()
    named = [
        str(cell) if isinstance(cell, str | os.PathLike) else f"{kind.one} {row}"
        for cell, row in zip(cells, rows, strict=True)
    ]
    return inputs_of(kind, [located(cell, base) for cell in cells], named)


def _names_files(cells: Sequence[Any], kind: Kind) -> bool:
    return all(isinstance(cell, str) and kind_of_suffix(os.path.splitext(cell)[1]) is kind for cell in cells)


def located(cell: Any, base: Path | None) -> Any:
    """Where a file of a cell lies; what is no path as it is."""
    if not isinstance(cell, str | os.PathLike):
        return cell
    path = Path(os.fspath(cell).strip().replace("\\", "/") if os.sep == "/" else cell)
    if base is None or path.is_absolute() or not (base / path).exists():
        return path
    return base / path
