"""Which group each row is of: a column of a frame or of an array, taken out of what is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.tables.column_names import names_of
from headstart.data.tables.gaps import absent, name_in, spelt_as
from headstart.errors import DataError, ParameterError


def parted(X: Any, group: str | int, who: str) -> tuple[Any, np.ndarray]:
    """Rows without the column of groups, and the groups as text; "" where a row has none.

    Parameters
    ----------
    X : frame or array of shape (n, d)
    group : str or int
        Name of a column of a frame, or position of one of an array, from 0; there a number below 0 is no group.
    who : str
        What messages call the rows.

    Raises
    ------
    ParameterError
        If the group is neither.
    DataError
        If there is no such column.

    Examples
    --------
    >>> rows, groups = parted(np.array([[5.0, 0.1], [7.0, 0.2]]), 0, "the target")
    >>> rows.tolist(), groups.tolist()
    ([[0.1], [0.2]], ['5', '7'])
    """
    names = names_of(X)
    if isinstance(group, str):
        if names is None:
            raise DataError(
                f"Expected a frame with a column {group!r} in {who}, found columns without names.",
                "Give a DataFrame, or the position of the column: group=0.",
            )
        if group not in names:
            shown = ", ".join(map(repr, names[:12]))
            todo = "Name one of these; rows of no known group have an empty cell there."
            raise DataError(f"Expected a column {group!r} of groups in {who}, found {shown}.", todo)
        return X[[name for name in names if name != group]], as_groups(X[group].to_list())
    if isinstance(group, bool) or not isinstance(group, int | np.integer):
        raise ParameterError(f"Expected group to be a column's name or position, found {group!r}.")
    if names is not None:
        return parted(X, names[_checked(int(group), len(names), who)], who)
    rows = X if hasattr(X, "shape") else np.asarray(X)
    if len(rows.shape) != 2:
        raise DataError(f"Expected 2D array, got {len(rows.shape)}D array instead: rows and columns are needed.")
    place = _checked(int(group), rows.shape[1], who)
    found = [None if isinstance(value, int | float) and value < 0 else value for value in rows[:, place].tolist()]
    return np.delete(rows, place, axis=1), as_groups(found)


def _checked(group: int, width: int, who: str) -> int:
    if not -width <= group < width:
        raise DataError(f"Expected a column {group} of groups in {who}, found {width} columns.", "Count from 0.")
    return group % width


def as_groups(values: Sequence[Any]) -> np.ndarray:
    """Names of groups as text, whole numbers alike however they are stored; "" for what is missing.

    Examples
    --------
    >>> as_groups([3, 3.0, "3.0", "north", None, " "]).tolist()
    ['3', '3', '3', 'north', '', '']
    """
    return np.array(["" if absent(value) else name_in(value) for value in values], dtype=str)


def codes_in(groups: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Position of each row's group among the known ones, which are sorted, also if spelt otherwise; -1 for any other.

    Examples
    --------
    >>> codes_in(np.array(["b", "", "c"]), np.array(["a", "b"])).tolist()
    [1, -1, -1]
    """
    if not len(known):
        return np.full(len(groups), -1)
    place = np.minimum(np.searchsorted(known, groups), len(known) - 1)
    same = spelt_as(np.unique(groups[known[place] != groups]).tolist(), known.tolist())
    if same:
        groups = np.array([same.get(group, group) for group in groups.tolist()], dtype=str)
        place = np.minimum(np.searchsorted(known, groups), len(known) - 1)
    return np.where(known[place] == groups, place, -1)
