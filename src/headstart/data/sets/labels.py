"""Labels as users have them, to the array that fits the task, with the rows that have none set aside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from headstart.data.sets.label_notes import class_notes, one_hot_note, unlabelled_note
from headstart.data.sets.several import holds_several, several_in
from headstart.data.sets.task import FEW, TASKS, as_label_array, task_of
from headstart.data.sets.written import looks_like
from headstart.data.tables.gaps import absent, unlabelled
from headstart.data.tables.numbers import number_of, settled
from headstart.errors import DataError, ParameterError

_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_BY_ROW = re.compile(r"(.* )?row \d+\b")


@dataclass(frozen=True, eq=False)
class ReadLabels:
    """Labels and what was decided about them.

    Parameters
    ----------
    y : ndarray of shape (m,) or (m, L)
        Of the rows that have one.
    task : {"classification", "multilabel", "regression"}
    classes : tuple or None
    kept : ndarray of shape (n,), bool
        Which rows have one.
    became : str
        What the cells were read as, in words.
    """

    y: np.ndarray
    task: str
    classes: tuple[Any, ...] | None
    kept: np.ndarray
    notes: tuple[str, ...] = ()
    became: str = ""


@dataclass(frozen=True)
class Writing:
    """What is known of how the numbers of a table are written.

    Parameters
    ----------
    decimal : {".", ","}, optional
        What the user said.
    lean : {".", ","}, optional
        What all columns prove.
    semicolons : bool
        Whether semicolons part its cells.
    """

    decimal: str | None = None
    lean: str | None = None
    semicolons: bool = False


def read_labels(
    y: Any,
    names: Sequence[str],
    task: str | None = None,
    columns: Sequence[Any] | None = None,
    many: str = "rows",
) -> ReadLabels:
    """Bring labels in memory into the form that :class:`headstart.data.sets.dataset.Dataset` holds.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, L), or list of lists of labels
        Rows whose label is None, NaN, NA, "" or a word for these are set aside; those of several numbers if one is.
    names : sequence of str
        Names of the rows, for the words of errors.
    task : {"classification", "multilabel", "regression"}, optional
        Default: told from the labels by :func:`headstart.data.sets.task.task_of`.
    columns : sequence, optional
        Names of the columns of a matrix.
    many : str, default="rows"
        What the rows are, for words.

    Raises
    ------
    DataError
        If no row has a label, for targets that are no finite numbers, or labels that do not fit the task.

    Examples
    --------
    >>> read_labels([2, 0, 2], ["a", "b", "c"]).classes, read_labels(["x", None, "y"], ["a", "b", "c"]).notes[0]
    ((0, 2), '1 of 3 rows have no label.')
    >>> read_labels([["red"], ["red", "round"]], ["a", "b"]).y.tolist()
    [[1, 0], [1, 1]]
    """
    if task is not None and task not in TASKS:
        raise ParameterError(f"Expected a task of {', '.join(TASKS)}; found {task!r}.")
    values = as_label_array(y)
    if len(values) != len(names):
        raise DataError(f"Expected a label for each of {len(names)} {many}, found {len(values)}.")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    kept = ~_blank(values)
    said = unlabelled_note(values, kept, many)
    values = as_label_array(_plain(values[kept].tolist())) if values.dtype == object else values[kept]
    names = [name for name, keep in zip(names, kept, strict=True) if keep]
    several = ""
    if task is None and values.ndim == 1 and values.dtype.kind in "OU":
        split, several = holds_several(values.tolist())
        task = "multilabel" if split else task
    task = task_of(values) if task is None else task
    notes = [note for note in (said, several) if note]
    if task == "regression":
        targets = None if columns is None or values.ndim == 1 else tuple(columns)
        return ReadLabels(_targets(values, names), task, targets, kept, tuple(notes), "numbers")
    if task == "multilabel":
        found, classes = _multilabel(values, columns, names)
        notes += one_hot_note(found, values)
        return ReadLabels(found, task, classes, kept, tuple(notes), f"several labels of {len(classes)}")
    found, classes = _classes(values, columns)
    notes += class_notes(found, many)
    return ReadLabels(
        found, task, classes, kept, tuple(notes), "1 class" if len(classes) == 1 else f"{len(classes)} classes"
    )


def read_label_cells(
    cells: Sequence[Any],
    names: Sequence[str],
    task: str | None = None,
    writing: Writing | None = None,
    many: str = "rows",
) -> ReadLabels:
    """Read one column of a table.

    Texts are numbers if all of them are (`headstart.data.tables.numbers.numbers_in`): whole ones become integers,
    others floats. Those with zeros in front ("007") stay text, and few whole ones with a unit ("3D"); amounts of money
    and percents are targets. Cells may hold several labels, see `headstart.data.sets.several.holds_several`.

    Examples
    --------
    >>> found = read_label_cells(["a;b", "", "b"], ["1", "2", "3"])
    >>> found.y.tolist(), found.kept.tolist()
    ([[1, 1], [0, 1]], [True, False, True])
    >>> read_label_cells(["3", "10"], ["1", "2"]).classes, read_label_cells(["0,25", "2"], ["1", "2"]).y.tolist()
    ((3, 10), [0.25, 2.0])
    """
    written = {cell for cell in cells if isinstance(cell, str)}
    cells = [cell.strip() if isinstance(cell, str) else cell for cell in cells]
    found = _read_stripped(cells, names, task, writing or Writing(), many)
    joined = sorted(cell for cell in written if cell != cell.strip() and cell.strip() in written and cell.strip())
    note = f"Spaces around labels were taken off; {joined[0]!r} is {joined[0].strip()!r}." if joined else ""
    return replace(found, notes=(*found.notes, note)) if note else found


def _read_stripped(cells: list[Any], names: Sequence[str], task: str | None, writing: Writing, many: str) -> ReadLabels:
    """Read one column whose texts have no spaces around them."""
    present = [cell for cell in cells if not unlabelled(cell)]
    if present and all(isinstance(cell, bool | np.bool_) for cell in present):
        cells = [cell if unlabelled(cell) else str(bool(cell)) for cell in cells]
    spoken = [cell for cell in present if not absent(cell)]
    if task == "multilabel" or not spoken or not all(isinstance(cell, str) for cell in present):
        return read_labels(cells, names, task, many=many)
    found = settled(spoken, writing.decimal, writing.lean, writing.semicolons)
    if found.unsure and task != "classification":
        raise DataError(
            f"Expected labels or targets that can be read in one way, found {found.unsure!r}, whose comma may stand "
            "before a fraction or between thousands.",
            "Say what it is (--decimal ',' or --decimal '.', decimal=...), or that these are names of classes (--task "
            "classification).",
        )
    form = found.form
    if form is None or 2 * len(spoken) <= len(present):
        return read_labels(cells, names, task, many=many)
    numbers = [None if unlabelled(cell) or absent(cell) else number_of(cell, form) for cell in cells]
    unit = form.before or form.after
    if any(re.fullmatch(r"[+-]?\d{16,}", text) for text in spoken) or (unit and _names_classes(numbers, unit, task)):
        return read_labels(cells, names, task, many=many)
    if task != "regression" and all(_WHOLE.fullmatch(text) for text in spoken):
        numbers = [number if number is None else int(number) for number in numbers]
    labels = read_labels(numbers, names, "regression" if task is None and _amounts(unit) else task, many=many)
    said = [f"In the labels {found.assumed}."] if found.assumed else []
    said += [f"Labels such as {spoken[0]!r} were read as numbers."] if unit else []
    became = str(form) if labels.task == "regression" else labels.became
    return replace(labels, notes=(*labels.notes, *said), became=became)


def _names_classes(numbers: Sequence[float | None], unit: str, task: str | None) -> bool:
    """Whether numbers with a unit are names, as 2D and 3D are."""
    known = {number for number in numbers if number is not None}
    few = all(number.is_integer() for number in known) and len(known) <= FEW
    return task == "classification" or (task is None and few and not _amounts(unit))


def _amounts(unit: str) -> bool:
    """Whether a unit is a percent sign or one of money."""
    return bool(unit) and (unit in "%‰$€£¥₹₽" or bool(re.fullmatch(r"[A-Z]{3}|.*\$", unit)))


def as_numbers_if_whole(texts: Sequence[str]) -> np.ndarray:
    """Names of classes as integers if all of them are plain whole numbers, else as strings.

    Examples
    --------
    >>> as_numbers_if_whole(["0", "10", "2"]).tolist(), as_numbers_if_whole(["0", "b"]).tolist()
    ([0, 10, 2], ['0', 'b'])
    """
    whole = all(_WHOLE.fullmatch(text) for text in texts)
    return np.array([int(text) for text in texts]) if whole and texts else np.array(texts, dtype=str)


def read_label_columns(
    columns: Sequence[tuple[str, Sequence[Any]]],
    names: Sequence[str],
    task: str | None = None,
    writing: Writing | None = None,
    many: str = "rows",
) -> ReadLabels:
    """Read one column of a table (`read_label_cells`), or several: labels of 0 and 1, or numbers as targets.

    A row is set aside if one of its cells is empty.

    Raises
    ------
    DataError
        If one of several columns holds no numbers.
    """
    if len(columns) == 1:
        return read_label_cells(columns[0][1], names, task, writing, many)
    matrix = np.full((len(names), len(columns)), np.nan)
    notes: tuple[str, ...] = ()
    for j, (name, cells) in enumerate(columns):
        texts = [str(int(cell)) if isinstance(cell, bool | np.bool_) else cell for cell in cells]
        found = read_label_cells(texts, names, "regression" if task == "regression" else None, writing, many)
        if found.y.ndim != 1 or found.y.dtype.kind not in "iuf":
            raise DataError(
                f"Expected numbers in each of several label columns, found {str(cells[0])!r} in {name!r}.",
                "Use 0 and 1 for several labels, numbers for several targets.",
            )
        matrix[found.kept, j] = found.y
        notes += tuple(note for note in found.notes if note.startswith("In the labels"))
    labels = read_labels(matrix, names, task, [name for name, _ in columns], many)
    return replace(labels, notes=(*labels.notes, *dict.fromkeys(notes)))


def _plain(labels: list[Any]) -> Any:
    """Decimals and fractions as floats; others as they are."""
    exact = (Decimal, Fraction)
    numbers = all(isinstance(label, (int, float, *exact)) for label in labels)
    return [float(label) for label in labels] if numbers and any(isinstance(v, exact) for v in labels) else labels


def _blank(values: np.ndarray) -> np.ndarray:
    """Which rows have no label."""
    if values.dtype.kind in "fc":
        return np.isnan(values.reshape(len(values), -1)).any(axis=1)
    if values.dtype.kind in "mM" and values.ndim == 1:
        return np.isnat(values)
    if values.ndim == 1 and values.dtype.kind in "OU":
        return np.array([unlabelled(label) for label in values.tolist()], dtype=bool)
    return np.zeros(len(values), dtype=bool)


def row_named(i: int, names: Sequence[str]) -> str:
    """What to call a row in an error: its number, and its name where that says more.

    Examples
    --------
    >>> row_named(0, ["row 1"]), row_named(0, ["a.png"])
    ('row 1', 'row 1 (a.png)')
    """
    return names[i] if _BY_ROW.match(names[i]) else f"row {i + 1} ({names[i]})"


def _targets(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    if values.dtype.kind not in "biuf":
        for i, value in enumerate(values.reshape(-1).tolist()):
            try:
                float(value)
            except (TypeError, ValueError):
                row = i // (values.size // len(values))
                raise DataError(
                    f"Expected numbers as targets of a regression, found {value!r} in {row_named(row, names)}.",
                    looks_like(list(dict.fromkeys(map(str, values.reshape(-1).tolist()))))
                    or "Repair it, or give task='classification' if these are classes.",
                ) from None
    numbers = values.astype(np.float64)
    endless = np.flatnonzero(np.isinf(numbers.reshape(len(numbers), -1)).any(axis=1))
    if len(endless):
        shown = ", ".join(row_named(i, names) for i in endless[:5]) + (", ..." if len(endless) > 5 else "")
        raise DataError(
            f"Expected a finite target in every row, found {len(endless)} that are infinite: {shown}.",
            "Repair or empty them; rows without a target are set aside.",
        )
    return numbers


def _classes(values: np.ndarray, columns: Sequence[Any] | None) -> tuple[np.ndarray, tuple[Any, ...]]:
    if (
        values.ndim == 2
        and values.dtype.kind in "biuf"
        and np.isin(values, (0, 1)).all()
        and (values.sum(1) == 1).all()
    ):
        labels = as_label_array(range(values.shape[1]) if columns is None else list(columns))
        values = labels[values.argmax(axis=1)]
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
    return values, tuple(np.unique(values).tolist())


def _multilabel(
    values: np.ndarray, columns: Sequence[Any] | None, names: Sequence[str]
) -> tuple[np.ndarray, tuple[Any, ...]]:
    if values.dtype != object and values.ndim == 2:
        if not np.isin(values, (0, 1)).all():
            raise DataError("Expected 0 or 1 in every column of a multi-label task, found other numbers.")
        return values.astype(np.int64), tuple(range(values.shape[1])) if columns is None else tuple(columns)
    rows = [several_in(value, row_named(i, names)) for i, value in enumerate(values.tolist())]
    classes = tuple(sorted({label for row in rows for label in row}, key=lambda label: (str(type(label)), label)))
    if not classes:
        raise DataError("Expected at least one label in some row of a multi-label task, found none.")
    position = {label: i for i, label in enumerate(classes)}
    matrix = np.zeros((len(rows), len(classes)), dtype=np.int64)
    for i, row in enumerate(rows):
        matrix[i, [position[label] for label in row]] = 1
    return matrix, classes
