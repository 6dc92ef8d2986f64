"""The columns of Y as tasks: what each is, and which of its cells are gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from headstart.data.sets.labels import ReadLabels, read_labels
from headstart.data.sets.task import TASKS
from headstart.data.tables.gaps import unlabelled
from headstart.errors import DataError, ParameterError

_LISTS = (list, tuple, set, frozenset, np.ndarray)


def read_tasks(Y: Any, names: Sequence[str], tasks: Any, *, numbers_alone: bool) -> dict[str, ReadLabels]:
    """The labels of each task.

    Parameters
    ----------
    Y : frame of n rows
        A column a task.
    names : sequence of str, n of them
        Of the inputs.
    tasks : dict of str to str, or None
        What columns are; of the others it is told from their cells.
    numbers_alone : bool
        Whether all have to be numbers; whole ones are numbers then too.

    Raises
    ------
    DataError, ParameterError
    """
    if not hasattr(Y, "columns"):
        raise DataError(
            f"Expected a frame with a column of labels for each task, found {type(Y).__name__}.",
            "Give pandas.DataFrame({'kind': [...], 'weight': [...]}); None is a gap.",
        )
    if len(Y) != len(names):
        raise DataError(f"Expected labels for each of {len(names)} inputs, found {len(Y)} rows.")
    said = {} if tasks is None else tasks
    if not isinstance(said, Mapping) or not set(said.values()) <= set(TASKS) or not set(said) <= set(Y.columns):
        raise ParameterError(
            f"Expected tasks as a dict of columns of Y to {', '.join(TASKS)}, found {tasks!r}.",
            f"The columns are {', '.join(map(str, Y.columns))}.",
        )
    found = {}
    for name in Y.columns:
        cells = cells_of(Y, name)
        if all(cell is None for cell in cells):
            raise DataError(f"Expected labels in the column {name!r}, found gaps alone.", "Leave it out.")
        one = _numbers(cells, names, name) if numbers_alone else read_labels(cells, names, said.get(name))
        if one.task != "regression" and len(one.classes or ()) < 2:
            what = "classes" if one.task == "classification" else "labels"
            raise DataError(
                f"Expected two {what} or more in the column {name!r}, found one: {one.classes}.", "Leave it out."
            )
        found[str(name)] = one
    return found


def cells_of(Y: Any, name: Any) -> list[Any]:
    """The labels in a column; None where there is none."""
    return [cell if isinstance(cell, _LISTS) or not unlabelled(cell) else None for cell in list(Y[name])]


def _numbers(cells: list[Any], names: Sequence[str], name: Any) -> ReadLabels:
    try:
        return read_labels(cells, names, "regression")
    except DataError as error:
        raise DataError(
            f"Expected numbers in every column, found others in {name!r}.",
            "Use MultiTaskClassifier, which takes classes, several labels and numbers.",
        ) from error
