"""A table with a text and its label in each row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.data.reading.text_columns import joined_texts, text_columns
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_from
from headstart.data.sets.labels import labels_from, labels_from_text
from headstart.data.tables.frame import (
    cells,
    encoding_notes,
    label_columns,
    named_column,
    parts_of,
    read_frame,
    split_column_of,
)
from headstart.data.texts.texts import Texts


def read_texts(
    table: Path | pd.DataFrame,
    text_column: str | Sequence[str] | None = None,
    *,
    label: str | Sequence[str] | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
    wanted: bool = False,
) -> Dataset | None:
    """Read a table of texts; None where it does not hold texts but values.

    Parameters
    ----------
    table : Path or DataFrame
    text_column : str or list of str, optional
        Columns with the text; several are joined, one below the other. Default: see `text_columns`.
    label, group_by, task, split_column
        See `headstart.data.reading.read.read_dataset`; ``group_by`` is a column.
    wanted : bool, default=False
        Whether texts are known to be meant.

    Returns
    -------
    Dataset or None

    Raises
    ------
    DataError
        If a column is missing or it cannot be told which is meant; the words name the columns.

    Examples
    --------
    >>> frame = pd.DataFrame({"message": ["a free prize", "see you at eight"], "label": ["spam", "ham"]})
    >>> dataset = read_texts(frame)
    >>> dataset, dataset.inputs[0], dataset.names
    (Dataset(2 texts, classification), 'a free prize', ('row 1', 'row 2'))
    """
    frame = table if isinstance(table, pd.DataFrame) else read_frame(table)
    where = "the table" if isinstance(table, pd.DataFrame) else str(table)
    others: dict[str, Any] = {"label": label, "split_column": split_column, "group_by": group_by}
    columns = text_columns(frame, text_column, **others, wanted=wanted, where=where)
    if not columns:
        return None
    split = split_column_of(
        frame, split_column, taken=[*columns, *([label] if isinstance(label, str) else label or [])]
    )
    grouped = None if group_by is None else named_column(frame, group_by, "groups")
    labels = label_columns(frame, label, taken=[*columns, split, grouped])
    names = [f"row {i + 1}" for i in range(len(frame))]
    if len(labels) == 1:
        y, found_task, classes = labels_from_text(cells(frame[labels[0]]), names, task)
    else:
        matrix = frame[labels].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        y, found_task, classes = labels_from(matrix, names, task, labels, "texts")
    notes = [] if label is not None else [f"Labels were taken from the column {labels[0]}."]
    if text_column is None:
        notes.append(f"Texts were taken from the column {columns[0]}.")
    elif len(columns) > 1:
        notes.append(f"A text is the columns {' and '.join(columns)}, one below the other.")
    return Dataset(
        inputs=Texts(joined_texts(frame, columns), names),
        y=y,
        task=found_task,
        classes=classes,
        groups=None if grouped is None else groups_from(cells(frame[grouped]), names),
        parts=None if split is None else parts_of(frame[split], split, names),
        notes=(*notes, *encoding_notes(frame)),
        root="" if isinstance(table, pd.DataFrame) else str(table),
        text_columns=tuple(columns),
    )
