"""Which columns of a table are labels, parts and groups: the named ones, or those of a usual name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.columns import ReadColumn
from headstart.data.base.parts import part_of
from headstart.data.reading.options import Reading
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_from
from headstart.data.sets.labelled import labelled
from headstart.data.sets.labels import ReadLabels, Writing, read_label_columns, row_named
from headstart.data.sets.sheet import drawn_in
from headstart.data.tables.column_plan import proven_decimal
from headstart.data.tables.frame import form_of
from headstart.data.tables.gaps import is_missing
from headstart.data.tables.records import row_names
from headstart.errors import DataError, NoLabels, did_you_mean

_LABEL_NAMES = ("label", "labels", "class", "target", "y", "category")
_SPLIT_NAMES = ("split", "part", "partition", "subset", "set")


def listed(frame: pd.DataFrame) -> str:
    """The names of the columns, for the words of errors."""
    return ", ".join(repr(name) for name in frame.columns)


def matching(frame: pd.DataFrame, name: str) -> str | None:
    """The column of this name, or else the only one that differs from it by case and spaces."""
    if name in frame.columns:
        return name
    alike = [column for column in frame.columns if column.strip().casefold() == name.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def named_column(frame: pd.DataFrame, name: str, purpose: str, where: str = "") -> str:
    """The column of this name; an error that lists the columns where there is none.

    Raises
    ------
    DataError
    """
    found = matching(frame, name)
    if found is None:
        place = f" in {where}" if where else ""
        hint = did_you_mean(name, frame.columns)
        kind = NoLabels if purpose == "labels" else DataError
        raise kind(f"Expected a column {name!r} with the {purpose}{place}, found the columns {listed(frame)}.", hint)
    return found


def without_left_out(frame: pd.DataFrame, how: Reading, known: bool = True) -> pd.DataFrame:
    """A table without the columns that are to be left out.

    Parameters
    ----------
    frame : DataFrame
    how : Reading
    known : bool, default=True
        Whether each of them has to be there.

    Raises
    ------
    DataError
        If one is not there, or is wanted for something else.

    Examples
    --------
    >>> list(without_left_out(pd.DataFrame({"age": [3], "code": ["C34"]}), Reading(leave_out="code")))
    ['age']
    """
    if how.leave_out is None:
        return frame
    given = as_list(how.leave_out)
    found = [named_column(frame, name, "values to leave out") if known else matching(frame, name) for name in given]
    left = [name for name in found if name is not None]
    used = [how.label, how.text_column, how.target, how.path_column, how.split_column, how.group_by]
    wanted = {matching(frame, str(name)) for names in (*used, *(how.view or {}).values()) for name in as_list(names)}
    both = [name for name in left if name in wanted]
    if both:
        raise DataError(f"Expected other columns to leave out than those in use, found {both[0]!r} among both.")
    return frame.drop(columns=left)


def split_column_of(frame: pd.DataFrame, name: str | None, taken: Sequence[str | None]) -> str | None:
    """The column that says train, val or test: the named one, or one of a usual name that holds only these."""
    if name is not None:
        return named_column(frame, name, "parts")
    for usual in _SPLIT_NAMES:
        found = matching(frame, usual)
        if found is not None and found not in taken and all(part_of(value) for value in frame[found].unique()):
            return found
    return None


def label_columns(frame: pd.DataFrame, label: str | Sequence[str] | None, taken: Sequence[str | None]) -> list[str]:
    """The columns with labels: the named ones, else one of a usual name, else the only one that is not taken.

    Raises
    ------
    DataError
    """
    if label is not None:
        columns = [named_column(frame, name, "labels") for name in as_list(label)]
        if not columns or len(set(columns)) < len(columns):
            raise DataError(f"Expected different columns with labels, found {list(as_list(label))}.")
        return columns
    free = [column for column in frame.columns if column not in taken]
    usual = [found for found in usual_labels(frame) if found in free]
    if usual:
        return usual[:1]
    if len(free) == 1:
        return free
    raise NoLabels(
        f"Expected a column with labels, found the columns {listed(frame)}.", "Name it (--label, label=...)."
    )


def refuse_shared(frame: pd.DataFrame, how: Reading, labels: Sequence[str]) -> None:
    """Refuse a column of labels that is asked for something else too.

    Raises
    ------
    DataError
    """
    uses = {"groups": how.group_by, "parts": how.split_column, "paths": how.path_column, "texts": how.text_column}
    for what, named in uses.items():
        for name in as_list(named):
            if matching(frame, name) in labels:
                raise DataError(
                    f"Expected a column of its own for the {what}, found {name!r}, which holds labels too.",
                    "Name another, or leave it out.",
                )


def usual_labels(frame: pd.DataFrame) -> list[str]:
    """The columns that are called as labels usually are, the most usual first.

    Examples
    --------
    >>> usual_labels(pd.DataFrame(columns=["age", "y", "Label"]))
    ['Label', 'y']
    """
    found = [matching(frame, usual) for usual in _LABEL_NAMES]
    return [name for name in found if name is not None]


def as_list(label: str | Sequence[str] | None) -> list[str]:
    """None, one or several names as a list."""
    return [] if label is None else [label] if isinstance(label, str) else list(label)


def cells(column: pd.Series) -> list[Any]:
    """The values of a column; missing ones are None."""
    return [None if is_missing(value) else value for value in column.tolist()]


def parts_of(column: pd.Series, name: str, names: Sequence[str]) -> np.ndarray:
    """ "train", "val" or "test" of each row.

    Raises
    ------
    DataError
        For anything else.
    """
    parts = [part_of(value) for value in column]
    wrong = [i for i, part in enumerate(parts) if part is None]
    if wrong:
        raise DataError(
            f"Expected train, val or test in column {name!r}, found {str(column.iloc[wrong[0]])!r} in "
            f"{row_named(wrong[0], names)}."
        )
    return np.array(parts, dtype=str)


@dataclass(frozen=True, eq=False)
class Roles:
    """What the columns of a table are for that is read into a `Dataset`.

    Parameters
    ----------
    frame : DataFrame
    names : sequence of str
        Of its rows.
    labels : list of str
        Columns with labels.
    part, group : str or None
        Columns with parts and with groups.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["a", "b"], "kind": ["ant", "bee"], "set": ["train", "test"]})
    >>> roles = Roles.of(frame, Reading(label="kind"))
    >>> roles.labels, roles.part, roles.read().classes
    (['kind'], 'set', ('ant', 'bee'))
    """

    frame: pd.DataFrame
    how: Reading
    names: Sequence[str]
    labels: list[str]
    part: str | None
    group: str | None

    @classmethod
    def of(
        cls, frame: pd.DataFrame, how: Reading, taken: Sequence[str] = (), names: Sequence[str] | None = None
    ) -> Roles:
        """Find the columns, beside those that are ``taken``; where rows have ``names``, groups may be an expression.

        Raises
        ------
        DataError
            If one that was named is missing, or there is none with labels.
        """
        part = split_column_of(frame, how.split_column, taken=[*taken, *as_list(how.label)])
        group = None if how.group_by is None else matching(frame, how.group_by)
        if how.group_by is not None and names is None:
            group = named_column(frame, how.group_by, "groups")
        labels = label_columns(frame, how.label, taken=[*taken, part, group])
        refuse_shared(frame, how, labels)
        rows = row_names(frame) if names is None else names
        return cls(frame, how, rows, labels, part, group)

    @property
    def writing(self) -> Writing:
        """What is known of how the numbers of the table are written."""
        return Writing(self.how.decimal, proven_decimal(self.frame), self.frame.attrs.get("separator") == ";")

    def read(self, many: str = "rows") -> ReadLabels:
        """The labels of all rows."""
        columns = [(name, cells(self.frame[name])) for name in self.labels]
        return read_label_columns(columns, self._called, self.how.task, self.writing, many)

    @property
    def _called(self) -> list[str]:
        """What rows are called in errors: the number, and the name where that says more."""
        pairs = zip(row_names(self.frame), self.names, strict=True)
        return [row if row == name else f"{row} ({name})" for row, name in pairs]

    def dataset(
        self,
        inputs: Any,
        read: ReadLabels,
        found: Mapping[str, tuple[str, str]],
        notes: Sequence[str] = (),
        **more: Any,
    ) -> Dataset:
        """Inputs and labels together.

        Parameters
        ----------
        inputs : Pictures, Clips, Texts or Records
        read : ReadLabels
        found : mapping of str to (str, str)
            Role of further columns, and what they became; others took no part.
        notes : sequence of str
        **more
            Further fields of the `Dataset`; ``groups`` if they are in no column.
        """
        first = () if self.how.label is not None else (f"Labels were taken from the column {self.labels[0]}.",)
        if self.group is not None:
            more["groups"] = groups_from(cells(self.frame[self.group]), self.names)
        roles = dict.fromkeys(self.frame.columns, ("left out", "took no part")) | dict(found)
        roles |= dict.fromkeys(self.labels, ("label", read.became))
        roles |= {name: (role, "") for name, role in ((self.part, "part"), (self.group, "group")) if name is not None}
        return labelled(
            inputs,
            read,
            drawn=drawn_in(self.frame),
            parts=None if self.part is None else parts_of(self.frame[self.part], self.part, self._called),
            notes=(*first, *notes),
            columns=tuple(
                ReadColumn(name, *roles.get(name, ("left out", "took no part"))) for name in self.frame.columns
            ),
            form=form_of(self.frame),
            **more,
        )
