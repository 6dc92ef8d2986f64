"""How data are to be read: what the user said, and nothing where it is to be told from the data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from headstart.errors import ParameterError

#: What is one of a few words.
_WORDS = {"task": ("classification", "multilabel", "regression", "keyword", "detection"), "decimal": (".", ",")}
_SEVERAL = ("label", "text_column", "leave_out")
_TYPES: dict[str, tuple[str, Any]] = {
    "page": ("a number from 1, or a plane as 'coronal:40'", int | str),
    "view": ("a dict of names to columns", Mapping),
    "boxes": ("the path of a file or folder", str | os.PathLike),
}


@dataclass(frozen=True)
class Reading:
    """What a user said of the data; None where nothing was said.

    Parameters
    ----------
    label : str or tuple of str, optional
        Of a table: columns with labels. Of a folder: ``re:`` and an expression whose first parenthesis is the class.
    path_column, split_column, group_by : str, optional
        Columns with paths, with train, val or test, and with groups; ``group_by`` may be an expression over paths.
    text_column : str or tuple of str, optional
        Columns with texts.
    task : {"classification", "multilabel", "regression"}, optional
    encoding : str, optional
        Of text files and tables, as Python calls it.
    decimal : {".", ","}, optional
        What stands before the fraction of a number in text.
    sheet : str, optional
        Of an Excel file.
    leave_out : str or tuple of str, optional
        Columns of a table that take no part: nothing is learned from them, here or in tables beside it.
    page : int or str, optional
        Of files with several pictures: which one, from 1; of volumes also a plane, as "coronal" or "sagittal:40".
    view : dict of str to list of str, optional
        Of a table whose rows are seen in several ways: the columns of each view.
    boxes : path-like, optional
        Of a folder of pictures: where the boxes of the things in them are written, see
        `headstart.data.reading.boxes.read_boxes`.
    target : str, optional
        Which of several label columns is to be learned; the others are tasks beside it.

    Raises
    ------
    ParameterError
        For what is no name, or none of the words that there are.

    Examples
    --------
    >>> Reading(label=["a", "b"]).said()
    {'label': ('a', 'b')}
    """

    label: str | Sequence[str] | None = None
    path_column: str | None = None
    text_column: str | Sequence[str] | None = None
    split_column: str | None = None
    group_by: str | None = None
    task: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    leave_out: str | Sequence[str] | None = None
    page: int | str | None = None
    view: Mapping[str, Any] | None = None
    boxes: str | os.PathLike[str] | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        for name in _SEVERAL:
            value = getattr(self, name)
            if isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
        for name, value in self.said().items():
            what, kind = _TYPES.get(name, ("a name or a list of names" if name in _SEVERAL else "a name", str))
            right = isinstance(value, kind) and not isinstance(value, bool)
            if name in _SEVERAL and isinstance(value, tuple):
                right = len(value) > 0 and all(isinstance(one, str) for one in value)
            if name in _WORDS:
                what = f"one of {', '.join(map(repr, _WORDS[name]))}"
                right = isinstance(value, str) and value in _WORDS[name]
            if not right:
                raise ParameterError(f"Expected {name} to be {what}, found {value!r}.")

    def said(self) -> dict[str, Any]:
        """What was said, by name."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
