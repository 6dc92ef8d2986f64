"""Columns that alone tell the label, so that there is nothing to learn from the others."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.tables.cells import CATEGORY, DATE, Column, typed

_FEWEST_ROWS, _FEWEST_OF_CLASS, _REPEATS = 20, 5, 5
_SAME = 1 - 1e-8


def telltales(frame: pd.DataFrame, columns: Sequence[Column], y: np.ndarray, task: str) -> tuple[str, ...]:
    """A note on each column that alone tells the label of every row.

    The rule, for 20 rows or more: each value of a column stands beside one class alone, and values are five times fewer
    than rows (so that names of rows tell nothing); or the rows sorted by a column of numbers are sorted by class, and
    every class has five rows; or a column of numbers is the target but for its unit (correlation 1 to eight digits).

    Parameters
    ----------
    frame : DataFrame
        Features.
    columns : sequence of Column
    y : ndarray of shape (n,) or (n, L)
    task : {"classification", "multilabel", "regression"}

    Examples
    --------
    >>> frame = pd.DataFrame({"code": ["C34", "Z00"] * 10, "age": list(range(40, 50)) * 2})
    >>> columns = [Column("code", "category"), Column("age", "number")]
    >>> telltales(frame, columns, np.array(["ill", "well"] * 10), "classification")
    ("The column 'code' alone tells the label of every row; if it is not known beforehand: --leave-out code.",)
    """
    if y.ndim != 1 or len(y) < _FEWEST_ROWS or len(np.unique(y)) < 2:
        return ()
    rows = typed(frame, columns)
    tells = _tells_target if task == "regression" else _tells_class
    found = [column for column in columns if any(tells(rows[name], y, column.kind) for name in _names(column))]
    words = "label" if task != "regression" else "target"
    return tuple(
        f"The column {column.name!r} alone tells the {words} of every row; if it is not known beforehand: --leave-out "
        f"{shlex.quote(column.name)}."
        for column in found
    )


def _names(column: Column) -> list[str]:
    return column.parts if column.kind == DATE else [column.name]


def _tells_class(cells: pd.Series, y: np.ndarray, kind: str) -> bool:
    classes: dict[Any, set[Any]] = defaultdict(set)
    for value, label in zip(cells.tolist(), y.tolist(), strict=True):
        classes[None if value != value else value].add(label)
        if len(classes[None if value != value else value]) > 1:
            return False
    if _REPEATS * len(classes) <= len(y):
        return True
    if kind == CATEGORY or cells.isna().any():
        return False
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    sorted_codes = codes[np.argsort(cells.to_numpy(), kind="stable")]
    return counts.min() >= _FEWEST_OF_CLASS and int((np.diff(sorted_codes) != 0).sum()) == len(counts) - 1


def _tells_target(cells: pd.Series, y: np.ndarray, kind: str) -> bool:
    if kind == CATEGORY:
        return False
    known = cells.notna().to_numpy()
    values, targets = cells.to_numpy(dtype=float)[known], y[known]
    if len(values) < max(_FEWEST_ROWS, 0.9 * len(y)) or np.ptp(values) == 0 or np.ptp(targets) == 0:
        return False
    return bool(abs(np.corrcoef(values, targets)[0, 1]) >= _SAME)
