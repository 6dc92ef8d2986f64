"""Whether a table that a user gave holds texts, and what texts borrow from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.reading.options import Reading
from headstart.data.reading.table import holds_paths
from headstart.data.reading.texts import read_texts
from headstart.data.sets.dataset import Dataset
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.rows import as_frame
from headstart.errors import HeadstartError, ParameterError
from headstart.networks.reading.loading import load_network
from headstart.source import Source

_NO_NETWORK = (None, "auto", "none")


def text_dataset(
    data: Any,
    source: Any,
    *,
    text_column: str | Sequence[str] | None = None,
    path_column: str | None = None,
    label: str | Sequence[str] | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
) -> Dataset | None:
    """The texts of a table, a frame or (frame, y); None where the data are something else, or words to be heard.

    A table holds texts if a column of them is named, or a network for texts is offered, or the only column beside the
    labels holds sentences.

    Parameters
    ----------
    data : path, frame, (frame, y), (frame, y, groups) or anything else
    source : anything
        What is offered to borrow from.
    text_column : str or list of str, optional
    path_column, label, group_by, task, split_column
        See `headstart.data.reading.read.read_dataset`.

    Returns
    -------
    Dataset or None

    Raises
    ------
    DataError
        If it cannot be told which column is meant.
    ParameterError
        If a text column is named for data that are no table.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"said": ["a free prize", "see you at eight"], "y": ["spam", "ham"]})
    >>> text_dataset(frame, None, label="y"), text_dataset(frame.assign(n=[1, 2]), None, label="y")
    (Dataset(2 texts, classification), None)
    """
    table, label, group_by = _table(data, label, group_by) if task != "keyword" else (None, label, group_by)
    if table is None:
        if text_column is not None:
            raise ParameterError(
                "Expected text_column only with a table, found other data.",
                "Of a folder the texts are its .txt files; texts in memory are given as (texts, labels).",
            )
        return None
    if path_column is not None or (text_column is None and isinstance(table, Path) and _names_files(table)):
        return None
    reading = Reading(label, None, text_column, split_column, group_by, task)
    return read_texts(table, reading, wanted=text_column is not None or takes_texts(source))


def takes_texts(source: Any) -> bool:
    """Whether a network for texts is offered.

    Examples
    --------
    >>> takes_texts(None), takes_texts("starter:pictures"), takes_texts("other.csv")
    (False, False, False)
    """
    if source is None or isinstance(source, Source | list | tuple) or as_frame(source) is not None:
        return False
    if isinstance(source, str | Path) and (str(source).lower() in _NO_NETWORK or table_suffix(Path(source)) in TABLES):
        return False
    try:
        return load_network(source).takes.typed
    except (HeadstartError, OSError):
        return False


def _names_files(table: Path) -> bool:
    return holds_paths(read_frame(table), table)


def _table(data: Any, label: Any, group_by: str | None) -> tuple[Any, Any, str | None]:
    """A path of a table or a frame, with its labels and groups as columns; None for anything else."""
    if isinstance(data, str | Path):
        place = Path(data).expanduser()
        return (place if table_suffix(place) in TABLES and place.is_file() else None), label, group_by
    if isinstance(data, tuple) and len(data) in (2, 3) and as_frame(data[0]) is not None and np.ndim(data[1]) == 1:
        frame = as_frame(data[0])
        assert frame is not None
        frame = frame.reset_index(drop=True)
        name = next(name for name in ("label", "label of the row", "label_") if name not in frame.columns)
        if len(data[1]) != len(frame) or label is not None or group_by is not None:
            return None, label, group_by
        frame = frame.assign(**{name: np.asarray(data[1])})
        if len(data) == 3:
            return frame.assign(**{"group of the row": np.asarray(data[2])}), name, "group of the row"
        return frame, name, group_by
    frame = as_frame(data)
    return (None if frame is None else frame.reset_index(drop=True)), label, group_by
