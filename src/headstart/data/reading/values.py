"""Tables of values: the target with its labels, sources with theirs, rows without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.files import printable
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import groups_from
from headstart.data.sets.labels import labels_from, labels_from_text
from headstart.data.tables.frame import (
    as_list,
    cells,
    encoding_notes,
    label_columns,
    matching,
    named_column,
    parts_of,
    read_frame,
    split_column_of,
)
from headstart.data.tables.records import Records
from headstart.data.tables.rows import as_frame
from headstart.errors import DataError, SourceError
from headstart.source import Source


@dataclass(frozen=True, eq=False)
class Tables:
    """A target, what may be borrowed from, and rows without labels.

    Parameters
    ----------
    target : Dataset
        Its inputs are `Records`.
    sources : tuple of Source
        Features as frames, labels as the target's.
    unlabelled : DataFrame or None
    """

    target: Dataset
    sources: tuple[Source, ...] = ()
    unlabelled: pd.DataFrame | None = None


def read_values(
    target: Any,
    *,
    sources: Sequence[Any] = (),
    unlabelled: Sequence[Any] = (),
    label: str | Sequence[str] | None = None,
    group_by: str | None = None,
    task: str | None = None,
    split_column: str | None = None,
) -> Tables:
    """Read tables of values: files (see `headstart.data.tables.frame.read_frame`) or frames.

    The labels of all tables are read together, so that 1 is the same class in each of them.

    Parameters
    ----------
    target : path-like or DataFrame
    sources : sequence of path-like, DataFrame or Source
        With the same column of labels; a `Source` holds them in its ``y``.
    unlabelled : sequence of path-like or DataFrame
        Rows like the target's; a column of labels in them is passed over.
    label : str or list of str, optional
        Column with labels; several are several labels of 0 and 1, or several targets. Default: one of a usual name.
    group_by : str, optional
        Column of the target whose equal values stay on one side of a split.
    task : {"classification", "multilabel", "regression"}, optional
        Default: told from the labels.
    split_column : str, optional
        Column of the target with train, val or test. Default: one of a usual name that holds only these.

    Returns
    -------
    Tables

    Raises
    ------
    DataError
        For what cannot be read, or a column that is missing.
    SourceError
        For a source without the column of labels.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [31, 45, 28], "sex": ["f", "m", "f"], "y": ["ill", "well", "ill"]})
    >>> found = read_values(frame, label="y", sources=[frame])
    >>> found.target, found.target.classes, found.sources[0].y.tolist()
    (Dataset(3 rows, classification), ('ill', 'well'), ['ill', 'well', 'ill'])
    """
    frame, root = _frame(target)
    split = split_column_of(frame, split_column, taken=as_list(label))
    grouped = None if group_by is None else named_column(frame, group_by, "groups")
    labels = label_columns(frame, label, taken=[split, grouped])
    names = [f"row {i + 1}" for i in range(len(frame))]
    borrowed = [_source(item, k, labels) for k, item in enumerate(sources)]
    columns = [frame[labels], *(answers for _, _, answers in borrowed)]
    everyone = names + [f"{name}, row {i + 1}" for name, part, _ in borrowed for i in range(len(part))]
    y, found_task, classes = _labels(columns, everyone, task)
    ends = np.cumsum([len(part) for part in columns])
    own = y[: ends[0]]
    if found_task == "classification":
        classes = tuple(np.unique(own).tolist())
    features = frame.drop(columns=[name for name in (*labels, split, grouped) if name is not None])
    if not features.shape[1]:
        raise DataError("Expected columns to learn from beside the labels, found none.", "Add some.")
    notes = () if label is not None else (f"Labels were taken from the column {labels[0]}.",)
    dataset = Dataset(
        inputs=Records(features, names),
        y=own,
        task=found_task,
        classes=classes,
        groups=None if grouped is None else groups_from(cells(frame[grouped]), names),
        parts=None if split is None else parts_of(frame[split], split, names),
        notes=(*notes, *encoding_notes(frame), *_repeated(features)),
        root=root,
    )
    offered = tuple(
        Source(part, y[start:stop], name=name)
        for (name, part, _), start, stop in zip(borrowed, ends[:-1], ends[1:], strict=True)
    )
    without = [_features(_frame(item)[0], labels) for item in unlabelled]
    return Tables(dataset, offered, pd.concat(without, ignore_index=True) if without else None)


def _frame(item: Any) -> tuple[pd.DataFrame, str]:
    frame = as_frame(item)
    if frame is not None:
        return frame.reset_index(drop=True), ""
    return read_frame(Path(item).expanduser()), str(item)


def _source(item: Any, k: int, labels: Sequence[str]) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Name, features and labels of a source."""
    if isinstance(item, Source):
        frame = as_frame(item.X)
        if frame is None:
            frame = pd.DataFrame(np.asarray(item.X)).rename(columns=str)
        if item.y is None:
            raise SourceError(f"Expected labels in {item!r}, found none.", "Rows without labels are unlabelled=.")
        y = np.asarray(item.y)
        answers = pd.DataFrame(y.reshape(len(y), -1), columns=list(labels)[: y.reshape(len(y), -1).shape[1]])
        return item.name or f"source {k + 1}", frame, answers.astype(object)
    frame, root = _frame(item)
    name = printable(Path(root).name) if root else f"source {k + 1}"
    found = [matching(frame, label) for label in labels]
    if None in found:
        missing = labels[found.index(None)]
        columns = ", ".join(map(repr, frame.columns))
        raise SourceError(
            f"Expected the column {missing!r} with labels in {name}, as in the target, found the columns {columns}.",
            "A table without labels goes in with --unlabelled (unlabelled=), if its rows are like the target's.",
        )
    kept = [str(column) for column in found]
    return name, frame.drop(columns=kept), frame[kept].set_axis(list(labels), axis=1)


def _features(frame: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    return frame.drop(columns=[name for name in labels if name in frame.columns])


def _labels(columns: Sequence[pd.DataFrame], names: Sequence[str], task: str | None) -> Any:
    """Labels of all tables, one below the other."""
    stacked = pd.concat(columns, ignore_index=True)
    found = [cells(stacked[name]) for name in stacked.columns]
    if len(found) == 1:
        return labels_from_text(found[0], names, task)
    matrix = []
    for name, values in zip(stacked.columns, found, strict=True):
        y, _, _ = labels_from_text([str(int(v)) if isinstance(v, bool) else v for v in values], names, None)
        if y.ndim != 1 or y.dtype.kind not in "iuf":
            raise DataError(
                f"Expected numbers in each of several label columns, found {str(values[0])!r} in {name!r}.",
                "Use 0 and 1 for several labels, numbers for several targets.",
            )
        matrix.append(y)
    whole = np.column_stack(matrix)
    whole = whole if np.isin(whole, (0, 1)).all() else whole.astype(np.float64)
    return labels_from(whole, names, task, list(stacked.columns), "rows")


def _repeated(features: pd.DataFrame) -> tuple[str, ...]:
    """A note on rows that are equal in every column."""
    try:
        again = int(features.duplicated().sum())
    except TypeError:
        return ()
    if not again:
        return ()
    rows = "1 row repeats an earlier one" if again == 1 else f"{again:,} rows repeat earlier ones"
    return (f"{rows} in every column. Copies of one case should be removed, or kept together with --group-by.",)
