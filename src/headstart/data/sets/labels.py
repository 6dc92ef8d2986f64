"""Labels as users have them, to the array that fits the task."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.sets.task import TASKS, as_label_array, task_of
from headstart.errors import DataError, ParameterError

Labels = tuple[np.ndarray, str, tuple[Any, ...] | None]

_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none"})
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")


def labels_from(
    y: Any,
    names: Sequence[str],
    task: str | None = None,
    columns: Sequence[Any] | None = None,
    many: str = "pictures",
) -> Labels:
    """Bring labels into the form that :class:`headstart.data.sets.dataset.Dataset` holds.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, L), or list of lists of labels
    names : sequence of str
        Names of the rows, for the words of errors.
    task : {"classification", "multilabel", "regression"}, optional
        Default: told from the labels by :func:`headstart.data.sets.task.task_of`.
    columns : sequence, optional
        Names of the columns of a matrix.
    many : str, default="pictures"
        What the rows are, for the words of errors.

    Returns
    -------
    y : ndarray
    task : str
    classes : tuple or None

    Raises
    ------
    DataError
        For missing labels, targets that are no numbers, NaN, or labels that do not fit the task.

    Examples
    --------
    >>> labels_from([2, 0, 2], ["a", "b", "c"])
    (array([2, 0, 2]), 'classification', (0, 2))
    >>> labels_from([["red"], ["red", "round"]], ["a", "b"])[0].tolist()
    [[1, 0], [1, 1]]
    """
    if task is not None and task not in TASKS:
        raise ParameterError(f"Expected a task of {', '.join(TASKS)}; found {task!r}.")
    values = as_label_array(y)
    if len(values) != len(names):
        raise DataError(f"Expected a label for each of {len(names)} {many}, found {len(values)}.")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    _refuse_missing(values, names)
    task = task_of(values) if task is None else task
    if task == "regression":
        return _targets(values, names), task, None if columns is None or values.ndim == 1 else tuple(columns)
    if task == "multilabel":
        return _multilabel(values, columns)
    return _classes(values)


def labels_from_text(cells: Sequence[Any], names: Sequence[str], task: str | None = None) -> Labels:
    """Read one column of a table.

    Whole numbers become integers, other numbers floats; numbers with leading zeros ("007") stay text. Cells that
    hold lists, JSON lists, or several labels with ";" or "|" between them make the task multilabel.

    Examples
    --------
    >>> labels_from_text(["a;b", "", "b"], ["1", "2", "3"])[0].tolist()
    [[1, 1], [0, 0], [0, 1]]
    >>> labels_from_text(["3", "10"], ["1", "2"])[2], labels_from_text(["03", "10"], ["1", "2"])[2]
    ((3, 10), ('03', '10'))
    """
    if task == "multilabel" or (task is None and any(_holds_several(cell) for cell in cells)):
        return labels_from([_several(cell) for cell in cells], names, "multilabel")
    if not all(isinstance(cell, str) or cell is None for cell in cells):
        return labels_from(_plain(cells), names, task)
    texts = ["" if cell is None else cell for cell in cells]
    present = [text.strip() for text in texts if text.strip().casefold() not in _MISSING]
    if present and len(present) > len(texts) // 2 and all(_NUMBER.fullmatch(text) for text in present):
        absent = [i for i, text in enumerate(texts) if text.strip().casefold() in _MISSING]
        _complain_missing(absent, names)
        whole = task != "regression" and all(_WHOLE.fullmatch(text) for text in present)
        return labels_from(np.array(present, dtype=np.int64 if whole else np.float64), names, task)
    return labels_from(texts, names, task)


def as_numbers_if_whole(texts: Sequence[str]) -> np.ndarray:
    """Names of classes as integers if all of them are plain whole numbers, else as strings.

    Examples
    --------
    >>> as_numbers_if_whole(["0", "10", "2"]).tolist(), as_numbers_if_whole(["0", "b"]).tolist()
    ([0, 10, 2], ['0', 'b'])
    """
    whole = all(_WHOLE.fullmatch(text) for text in texts)
    return np.array([int(text) for text in texts]) if whole and texts else np.array(texts, dtype=str)


def _plain(cells: Sequence[Any]) -> Any:
    if all(isinstance(cell, bool | np.bool_) for cell in cells):
        return np.array([str(bool(cell)) for cell in cells])
    return cells


def _refuse_missing(values: np.ndarray, names: Sequence[str]) -> None:
    if values.dtype == object:
        missing = [i for i, v in enumerate(values) if v is None or (not isinstance(v, np.ndarray) and v != v)]
    elif values.dtype.kind in "fc":
        missing = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1)).tolist()
    elif values.dtype.kind == "U" and values.ndim == 1:
        missing = [i for i, text in enumerate(values.tolist()) if not text.strip()]
    else:
        missing = []
    _complain_missing(missing, names)


def _complain_missing(rows: Sequence[int], names: Sequence[str]) -> None:
    if not rows:
        return
    shown = ", ".join(f"row {i + 1} ({names[i]})" for i in rows[:5]) + (", ..." if len(rows) > 5 else "")
    raise DataError(
        f"Expected a label or a finite target in every row, found {len(rows)} without one (missing, NaN or infinite): "
        f"{shown}.",
        "Fill them in or remove these rows.",
    )


def _targets(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    for i, value in enumerate(values.reshape(-1).tolist()):
        try:
            float(value)
        except (TypeError, ValueError):
            row = i // (values.size // len(values))
            raise DataError(
                f"Expected numbers as targets of a regression, found {value!r} in row {row + 1} ({names[row]}).",
                "Repair it, or give task='classification' if these are classes.",
            ) from None
    numbers = values.astype(np.float64)
    _refuse_missing(numbers, names)
    return numbers


def _classes(values: np.ndarray) -> Labels:
    if values.ndim != 1 or values.dtype == object:
        raise DataError(
            f"Expected one class a row, found labels of shape {values.shape} and type {values.dtype}.",
            "Give task='multilabel' if a row may have several.",
        )
    if values.dtype.kind == "f":
        if not (values == np.round(values)).all():
            raise DataError(
                f"Expected classes, found numbers with fractions such as {values[values != np.round(values)][0]:g}.",
                "Give task='regression' if these are targets.",
            )
        values = values.astype(np.int64)
    if values.dtype.kind == "b":
        values = values.astype(np.int64)
    return values, "classification", tuple(np.unique(values).tolist())


def _multilabel(values: np.ndarray, columns: Sequence[Any] | None) -> Labels:
    if values.dtype != object and values.ndim == 2:
        if not np.isin(values, (0, 1)).all():
            raise DataError("Expected 0 or 1 in every column of a multi-label task, found other numbers.")
        classes = tuple(range(values.shape[1])) if columns is None else tuple(columns)
        return values.astype(np.int64), "multilabel", classes
    rows = [_several(value) for value in values.tolist()]
    classes = tuple(sorted({label for row in rows for label in row}, key=lambda label: (str(type(label)), label)))
    if not classes:
        raise DataError("Expected at least one label in some row of a multi-label task, found none.")
    position = {label: i for i, label in enumerate(classes)}
    matrix = np.zeros((len(rows), len(classes)), dtype=np.int64)
    for i, row in enumerate(rows):
        matrix[i, [position[label] for label in row]] = 1
    return matrix, "multilabel", classes


def _holds_several(cell: Any) -> bool:
    if isinstance(cell, str):
        return ";" in cell or "|" in cell or (cell.lstrip().startswith("[") and cell.rstrip().endswith("]"))
    return isinstance(cell, list | tuple | set | frozenset | np.ndarray)


def _several(cell: Any) -> list[Any]:
    """The labels in one cell."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return []
    if isinstance(cell, np.ndarray):
        return cell.tolist()
    if isinstance(cell, list | tuple | set | frozenset):
        return list(cell)
    text = str(cell).strip()
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = [part.strip().strip("'\"") for part in text.strip("[]").split(",")]
        return [str(label) for label in parsed if str(label)]
    return [part.strip() for part in re.split(r"[;|]", text) if part.strip()]
