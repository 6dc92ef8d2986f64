"""A table with a text and its label in each row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from headstart.data.reading.options import Reading
from headstart.data.reading.roles import Roles
from headstart.data.reading.text_columns import joined_texts, text_columns
from headstart.data.sets.dataset import Dataset
from headstart.data.tables.frame import frame_notes, read_frame
from headstart.data.texts.texts import Texts


def read_texts(table: Path | pd.DataFrame, reading: Reading | None = None, *, wanted: bool = False) -> Dataset | None:
    """Read a table of texts; None where it does not hold texts but values.

    Parameters
    ----------
    table : Path or DataFrame
    reading : Reading, optional
        What the user said, as for `headstart.data.reading.read.read_dataset`; ``group_by`` is a column. Several columns
        of texts are joined, one below the other. Default: see `text_columns`.
    wanted : bool, default=False
        Whether texts are known to be meant.

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
    how = reading or Reading()
    told = isinstance(table, pd.DataFrame)
    frame = table if isinstance(table, pd.DataFrame) else read_frame(table, how.encoding, how.sheet)
    columns = text_columns(
        frame,
        how.text_column,
        label=how.label,
        split_column=how.split_column,
        group_by=how.group_by,
        wanted=wanted,
        where="the table" if told else str(table),
    )
    if not columns:
        return None
    roles = Roles.of(frame, how, columns)
    read = roles.read("texts")
    notes = []
    if how.text_column is None:
        notes.append(f"Texts were taken from the column {columns[0]}.")
    elif len(columns) > 1:
        notes.append(f"A text is the columns {' and '.join(columns)}, one below the other.")
    return roles.dataset(
        Texts(joined_texts(frame, columns), roles.names),
        read,
        dict.fromkeys(columns, ("text", "texts")),
        (*notes, *frame_notes(frame)),
        root=str(frame.attrs.get("path", "")),
        layout="a table of texts",
        text_columns=tuple(columns),
    )
