"""Which columns of a table hold the texts to learn from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from headstart.data.base.files import printable
from headstart.data.reading.file_column import is_file_name
from headstart.data.reading.roles import as_list, label_columns, listed, matching, named_column, split_column_of
from headstart.data.tables.gaps import absent, is_missing
from headstart.data.tables.records import row_names
from headstart.errors import DataError

_SAMPLE = 200
_LETTERS = re.compile(r"[^\W\d_]")
_LONG = 10


def is_free_text(values: Sequence[Any]) -> bool:
    """Whether cells hold sentences: mostly different ones, of two words or more, or of ten letters without a space.

    Examples
    --------
    >>> is_free_text(["see you at eight", "a free prize"]), is_free_text(["red", "blue"]), is_free_text([1.5, 2.0])
    (True, False, False)
    """
    sample = [value for value in list(values)[: 2 * _SAMPLE] if not absent(value)][:_SAMPLE]
    if not sample or not all(isinstance(value, str) for value in sample):
        return False
    written = [value for value in sample if _LETTERS.search(value)]
    sentences = [value for value in written if len(value.split()) > 1 or len(_LETTERS.findall(value)) >= _LONG]
    return 2 * len(sentences) >= len(sample) and 2 * len(set(sample)) > len(sample)


def text_columns(
    frame: pd.DataFrame,
    named: str | Sequence[str] | None,
    *,
    label: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_by: str | None = None,
    wanted: bool = False,
    where: str = "the table",
) -> list[str]:
    """The columns with texts: the named ones, or the only one that can be meant.

    Parameters
    ----------
    frame : DataFrame
    named : str or list of str, optional
        What the user called them.
    label, split_column, group_by
        Other columns, as for `headstart.data.reading.read.read_dataset`.
    wanted : bool, default=False
        Whether texts are known to be meant, because a network for texts is offered. Then a column of sentences may
        stand beside others; otherwise it must be the only one that is left to learn from.
    where : str
        What to call the table.

    Returns
    -------
    list of str
        Empty if the table holds values.

    Raises
    ------
    DataError
        If a named column is missing, or texts are meant and several columns may hold them.
    """
    if named is not None:
        found = [named_column(frame, name, "texts", where) for name in as_list(named)]
        if not found or len(set(found)) < len(found):
            raise DataError(f"Expected different columns with texts, found {list(as_list(named))}.")
        return found
    left = _features(frame, label, split_column, group_by)
    free = free_texts(frame[left])
    if len(free) == 1 and (wanted or len(left) == 1):
        return free
    if len(free) > 1 and (wanted or len(free) == len(left)):
        shown = ", ".join(map(repr, free))
        raise DataError(
            f"Expected one column with texts in {printable(where)}, found {len(free)} that may be meant: {shown}.",
            "Name one, or several to be joined (--text-column, text_column=...).",
        )
    if wanted and not free:
        raise DataError(
            f"Expected a column with texts in {printable(where)}, because the source takes texts, found none among the "
            f"columns {listed(frame)}.",
            "Name it (--text-column, text_column=...), or give another source.",
        )
    return []


def free_texts(frame: pd.DataFrame) -> list[str]:
    """The columns of sentences, but for those that are called as names of files are.

    Examples
    --------
    >>> free_texts(pd.DataFrame({"n": [1, 2], "said": ["see you at eight", "a free prize"]}))
    ['said']
    """
    return [name for name in frame.columns if not is_file_name(name) and is_free_text(frame[name].tolist())]


def _features(
    frame: pd.DataFrame, label: str | Sequence[str] | None, split_column: str | None, group_by: str | None
) -> list[str]:
    """Columns that are neither labels nor parts nor groups."""
    split = split_column_of(frame, split_column, taken=as_list(label))
    grouped = None if group_by is None else matching(frame, group_by)
    try:
        labels = label_columns(frame, label, taken=[split, grouped])
    except DataError:
        if label is not None:
            raise
        labels = []
    return [name for name in frame.columns if name not in (*labels, split, grouped)]


def joined_texts(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The text of every row; cells of several columns one below the other, missing ones left out.

    Raises
    ------
    DataError
        For a cell that is neither text nor a number.

    Examples
    --------
    >>> joined_texts(pd.DataFrame({"a": ["Title", None], "b": ["Body", "Body"]}), ["a", "b"])
    ['Title\\nBody', 'Body']
    """
    parts = [_cells(frame, name) for name in columns]
    return ["\n".join(cell for cell in row if cell) for row in zip(*parts, strict=True)]


def _cells(frame: pd.DataFrame, name: str) -> list[str]:
    found = []
    for i, value in enumerate(frame[name].tolist()):
        if is_missing(value):
            found.append("")
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found.append(str(value))
        else:
            raise DataError(f"Expected text in column {name!r}, found {type(value).__name__} in {row_names(frame)[i]}.")
    return found
