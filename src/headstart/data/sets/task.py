"""Which task a set of labels makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from headstart.errors import DataError

FEW = 20
TASKS = ("classification", "multilabel", "regression")
#: Of pictures: where things stand in them. Its labels are boxes, not classes of whole pictures.
DETECTION = "detection"


def task_of(y: Any) -> str:
    """Tell the task from the labels.

    Strings, booleans and whole numbers are classes. Floats are targets, unless all are whole and take at most 20
    values, as whole numbers do in a table with gaps. A matrix of 0 and 1, or a list of labels a row, is multilabel;
    any other matrix of floats holds several targets.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, L)

    Returns
    -------
    {"classification", "multilabel", "regression"}

    Raises
    ------
    DataError
        For an empty y, a mixture of strings and numbers, or a matrix that is neither.

    Examples
    --------
    >>> task_of(["ant", "bee"]), task_of([0, 3, 7]), task_of([0.5, 1.25]), task_of([[0, 1], [1, 1]])
    ('classification', 'classification', 'regression', 'multilabel')
    >>> task_of([["red", "round"], ["red"]])
    'multilabel'
    """
    values = as_label_array(y)
    if len(values) == 0:
        raise DataError("Expected labels, found none.")
    if values.dtype == object:
        if all(isinstance(value, list | tuple | set | frozenset | np.ndarray) for value in values):
            return "multilabel"
        kinds = sorted({type(value).__name__ for value in values})
        raise DataError(
            f"Expected labels of one kind, found a mixture of {', '.join(kinds)}.",
            "Make them all strings or all numbers; a missing label is no label.",
        )
    if values.ndim == 2 and values.shape[1] > 1:
        if values.dtype.kind in "biuf" and np.isin(values, (0, 1)).all():
            return "multilabel"
        if values.dtype.kind == "f":
            return "regression"
        raise DataError(
            f"Expected one label a row or a matrix of 0 and 1, found a matrix of shape {values.shape} "
            f"and type {values.dtype}.",
            "For several targets give floats.",
        )
    if values.ndim > 2:
        raise DataError(f"Expected labels of shape (n,) or (n, L), found shape {values.shape}.")
    if values.dtype.kind in "biuUSO":
        return "classification"
    if values.dtype.kind != "f":
        raise DataError(f"Expected labels that are strings or numbers, found {values.dtype}.")
    whole = np.isfinite(values).all() and (values == np.round(values)).all()
    return "classification" if whole and len(np.unique(values)) <= FEW else "regression"


def as_label_array(y: Any) -> np.ndarray:
    """Labels as an array: strings as ``str``, ragged lists as objects, never a silent mixture.

    Raises
    ------
    DataError
        For a single value.

    Examples
    --------
    >>> as_label_array([1, "a"]).dtype, as_label_array(["b", "a"]).dtype.kind
    (dtype('O'), 'U')
    """
    if hasattr(y, "to_numpy"):
        y = y.to_numpy()
    if isinstance(y, str | bytes) or not isinstance(y, Iterable) or getattr(y, "ndim", 1) == 0:
        raise DataError(f"Expected a label for each example, found {y!r}.", "Give a list or an array of labels.")
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y
    rows = list(y)
    if rows and all(isinstance(row, str) for row in rows):
        return np.array(rows, dtype=str)
    if rows and all(isinstance(row, bool | np.bool_ | int | float | np.number) for row in rows):
        return np.array(rows)
    if rows and all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        widths = {len(row) for row in rows}
        if len(widths) == 1 and all(
            isinstance(v, bool | int | float | np.number | np.bool_) for row in rows for v in row
        ):
            return np.array(rows)
    values = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        values[i] = row
    return values
