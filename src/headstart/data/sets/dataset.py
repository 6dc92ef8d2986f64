"""Labelled pictures, clips, texts or rows of a table, ready to learn from."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.data.base.columns import ReadColumn
from headstart.data.base.kinds import Kind, OfKind
from headstart.data.sets.task import DETECTION, TASKS
from headstart.errors import DataError


@dataclass(frozen=True, eq=False)
class Dataset(OfKind):
    """Pictures, clips, texts or rows of a table with labels, groups and parts, and what happened to them on the way in.

    Parameters
    ----------
    inputs : Pictures, Clips, Texts or Records
        n inputs.
    y : ndarray
        Labels (n,) of strings or whole numbers for classification; (n, L) of 0 and 1 for multilabel; floats (n,) or
        (n, t) for regression; `Boxes` (n,) for detection.
    task : {"classification", "multilabel", "regression", "detection"}
    classes : tuple or None
        Classes in sorted order; the labels' names for multilabel; for regression the targets' names or None.
    groups : ndarray of shape (n,) or None
        Rows of one group (a patient, a source, exact duplicates) never straddle a split.
    parts : ndarray of shape (n,) or None
        "train", "val" or "test" for each row, where the data came divided.
    drawn : ndarray of bool, shape (n,), or None
        Rows that were drawn at random to be labelled, where the others were chosen: estimates count these.
    dropped : tuple of (str, str)
        Name and reason of every input that was left out.
    duplicates : tuple of tuple of str
        Names of inputs with the same pixels or samples, one tuple for each set of them.
    near : tuple of tuple of str
        Names of inputs that are near copies of one another (re-encoded, resized, mirrored, at another level, in other
        spaces), one tuple for each set of them.
    notes : tuple of str
        What else the reader of a report should know.
    root : str
        Folder or table that the data were read from; empty for arrays.
    text_columns : tuple of str
        Columns of the table that the texts stood in.
    layout : str
        How the data lay, as in "a folder for each class"; empty for arrays.
    columns : tuple of ReadColumn
        What each column of a table was taken for, in the table's order.
    unlabelled : int
        How many rows had no label; they are no part of this.
    without_label : Pictures, Clips, Texts, Records or None
        Those of them that may be learned from as they are: inputs outside the parts for validation and test.
    form : dict of str to str
        How a file was read: "encoding", "separator", "sheet", ..., whichever it has.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> pictures = Pictures([np.zeros((8, 8), dtype=np.uint8), np.ones((8, 8), dtype=np.uint8)])
    >>> dataset = Dataset(pictures, np.array(["ant", "bee"]), "classification", ("ant", "bee"))
    >>> len(dataset), dataset.select([1]).y.tolist(), dataset.n_per_class()
    (2, ['bee'], {'ant': 1, 'bee': 1})
    """

    inputs: Any  # Pictures, Clips, Texts or Records
    y: np.ndarray
    task: str
    classes: tuple[Any, ...] | None = None
    groups: np.ndarray | None = None
    parts: np.ndarray | None = None
    drawn: np.ndarray | None = None
    dropped: tuple[tuple[str, str], ...] = ()
    duplicates: tuple[tuple[str, ...], ...] = ()
    near: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    root: str = ""
    text_columns: tuple[str, ...] = ()
    layout: str = ""
    columns: tuple[ReadColumn, ...] = ()
    unlabelled: int = 0
    without_label: Any = None
    form: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.inputs)
        if self.task not in (*TASKS, DETECTION):
            raise DataError(f"Expected a task of {', '.join((*TASKS, DETECTION))}, found {self.task!r}.")
        for what, values in (("labels", self.y), ("groups", self.groups), ("parts", self.parts), ("marks", self.drawn)):
            if values is not None and len(values) != n:
                raise DataError(f"Expected as many {what} as {self.kind.many} ({n}), found {len(values)}.")

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        return f"Dataset({self.kind.count(len(self))}, {self.task})"

    @property
    def kind(self) -> Kind:
        """What the inputs are, and how they are called."""
        return self.inputs.kind

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every input."""
        return self.inputs.names

    def n_per_class(self) -> dict[str, int]:
        """Number of rows of each class, or that carry each label, or of boxes; empty for regression."""
        if self.task == "regression" or self.classes is None:
            return {}
        if self.task == DETECTION:
            counts = Counter(label for boxes in self.y for label in boxes.labels.tolist())
            return {str(name): counts[name] for name in self.classes}
        if self.task == "multilabel":
            return {str(name): int(count) for name, count in zip(self.classes, self.y.sum(axis=0), strict=True)}
        return {str(label): int(np.sum(self.y == label)) for label in self.classes}

    def select(self, index: Any) -> Dataset:
        """The rows at ``index`` (positions, slice or boolean mask); classes, notes and the rest stay as they are."""
        rows = np.arange(len(self))[np.asarray(index) if not isinstance(index, slice) else index]
        return dataclasses.replace(
            self,
            inputs=self.inputs[rows],
            y=self.y[rows],
            groups=None if self.groups is None else self.groups[rows],
            parts=None if self.parts is None else self.parts[rows],
            drawn=None if self.drawn is None else self.drawn[rows],
        )

    def part(self, *names: str) -> Dataset:
        """The rows of the named parts, as in ``dataset.part("train", "val")``.

        Raises
        ------
        DataError
            If the data have no parts, or none of these.
        """
        if self.parts is None:
            raise DataError(f"Expected data divided into parts, found none; asked for {', '.join(names)}.")
        rows = np.flatnonzero(np.isin(self.parts, names))
        if len(rows) == 0:
            there = ", ".join(sorted(set(self.parts.tolist())))
            raise DataError(f"Expected a part {' or '.join(names)}, found only {there}.")
        return self.select(rows)

    @property
    def held_out(self) -> str | None:
        """The part that is kept for the final score: "test", or "val" without one; None where there is neither."""
        present = set() if self.parts is None else set(self.parts.tolist())
        return next((name for name in ("test", "val") if name in present and len(present) > 1), None)
