"""Whether several columns of labels are several labels of one task, or several tasks."""

from __future__ import annotations

import pandas as pd

from headstart.data.reading.options import Reading
from headstart.data.reading.roles import as_list, label_columns, listed, refuse_shared
from headstart.data.tables.gaps import unlabelled
from headstart.errors import ParameterError

_FLAGS = ("0", "1", "0.0", "1.0", "true", "false")


def task_columns(frame: pd.DataFrame, how: Reading) -> tuple[str, ...]:
    """The columns of labels that are a task each; none where they are one task together.

    The rule: two columns or more are several tasks, unless all their cells that hold something are 0 or 1, or the task
    was named: then they are several labels (or numbers) of one task. A target among them makes them tasks in any case.

    Parameters
    ----------
    frame : DataFrame
    how : Reading
        Its ``label`` names the columns.

    Raises
    ------
    DataError
        If one of them is not there, or asked for something else too.
    ParameterError
        For a target that is not among them, or with a task.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1, 2], "a": [0, 1], "b": [1, None], "c": ["u", "v"]})
    >>> task_columns(frame, Reading(label=["a", "b"])), task_columns(frame, Reading(label=["a", "b", "c"]))
    ((), ('a', 'b', 'c'))
    >>> task_columns(frame, Reading(label=["a", "b"], target="b"))
    ('a', 'b')
    """
    named = as_list(how.label)
    if how.target is not None:
        if how.task is not None:
            raise ParameterError(
                f"Expected no task beside the target {how.target!r}, found {how.task!r}.", "Leave one of them out."
            )
        columns = label_columns(frame, named, []) if named else []
        if how.target not in columns or len(columns) < 2:
            found = ", ".join(map(repr, columns)) or f"none named among {listed(frame)}"
            raise ParameterError(
                f"Expected the target {how.target!r} and other tasks among the label columns, found {found}.",
                f"Name all of them: --label {how.target} --label OTHER (label=[...]).",
            )
        refuse_shared(frame, how, columns)
        return tuple(columns)
    if len(named) < 2 or how.task is not None:
        return ()
    columns = label_columns(frame, named, [])
    refuse_shared(frame, how, columns)
    return () if all(_flags(frame[name]) for name in columns) else tuple(columns)


def _flags(column: pd.Series) -> bool:
    """Whether all cells that hold something are 0 or 1."""
    return all(unlabelled(cell) or str(cell).strip().lower() in _FLAGS for cell in column.unique().tolist())
