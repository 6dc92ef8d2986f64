"""Tables of values: the target with its labels, sources with theirs, rows without."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.data.base.files import printable
from headstart.data.reading.options import Reading
from headstart.data.reading.roles import Roles, cells, matching, without_left_out
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.labels import ReadLabels, read_label_columns
from headstart.data.tables.cells import CATEGORY, adapted
from headstart.data.tables.column_plan import ColumnPlan, plan_columns, proven_decimal, refuse_misfits
from headstart.data.tables.frame import frame_notes, read_frame
from headstart.data.tables.records import Records, row_names
from headstart.data.tables.rows import as_frame
from headstart.data.tables.telltale import telltales
from headstart.errors import DataError, SourceError, about
from headstart.source import Source

#: Rows of a source that are borrowed from at most.
MOST_LENT = 100_000


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
        Those of the target whose label is blank are among them, but none of its parts for validation and test.
    """

    target: Dataset
    sources: tuple[Source, ...] = ()
    unlabelled: pd.DataFrame | None = None


def read_values(
    target: Any, reading: Reading | None = None, *, sources: Sequence[Any] = (), unlabelled: Sequence[Any] = ()
) -> Tables:
    """Read tables of values: files (see `headstart.data.tables.frame.read_frame`) or frames.

    The labels of all tables are read together, so that 1 is the same class in each of them.

    Parameters
    ----------
    target : path-like or DataFrame
    reading : Reading, optional
        What the user said: ``label``, ``group_by`` (a column), ``task``, ``split_column``, ``encoding``, ``decimal``,
        ``sheet``, as for `headstart.data.reading.read.read_dataset`.
    sources : sequence of path-like, DataFrame or Source
        With the same column of labels; a `Source` holds them in its ``y``.
    unlabelled : sequence of path-like or DataFrame
        Rows like the target's; a column of labels in them is passed over.

    Raises
    ------
    DataError
        For what cannot be read, or a column that is missing.
    SourceError
        For a source without the column of labels.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [31, 45, 28], "sex": ["f", "m", "f"], "y": ["ill", "well", "ill"]})
    >>> found = read_values(frame, Reading(label="y"), sources=[frame])
    >>> found.target, found.target.classes, found.sources[0].y.tolist()
    (Dataset(3 rows, classification), ('ill', 'well'), ['ill', 'well', 'ill'])
    >>> [str(column) for column in found.target.columns]
    ["feature 'age': numbers", "feature 'sex': 2 categories", "label 'y': 2 classes"]
    """
    how = reading or Reading()
    frame, root = _frame(target, how)
    own_name = root if sources or unlabelled else ""
    with about(own_name):
        roles = Roles.of(frame, how)
    labels = roles.labels
    drawn, borrowed, everyone = [], [], [f"{_called(own_name, '')} {row}".strip() for row in roles.names]
    for k, item in enumerate(sources):
        with about(item):
            name, part, answers = _source(item, k, labels, how)
        called, some = row_names(part), rows_drawn(answers)
        if some is not None:
            drawn.append(f"Of {len(part):,} rows of {name} {len(some):,} were drawn by chance to borrow from.")
            part, answers = (each.iloc[some].reset_index(drop=True) for each in (part, answers))
            called = [called[i] for i in some]
        borrowed.append((name, part, answers))
        everyone += [f"{name} {row}" for row in called]
    without = [(_called(place, "unlabelled"), _features(some, labels)) for some, place in _frames(unlabelled, how)]
    own, offered = _labelled(roles, everyone, borrowed)
    features = frame.drop(columns=[name for name in (*labels, roles.part, roles.group) if name is not None])
    if not features.shape[1]:
        with about(own_name):
            raise DataError("Expected columns to learn from beside the labels, found none.", "Add some.")
    others = [*((name, part) for name, part, _ in borrowed), *without]
    lean, separator = proven_decimal(frame), frame.attrs.get("separator", "")
    plan = plan_columns(features, others, how.decimal, separator, lean)
    _refuse_others(plan, without)
    became = {name: plan.became(name) for name in features.columns}
    rows = Records(features, roles.names, plan)
    dataset = roles.dataset(rows, own, became, root=root, layout="a table of values")
    told = telltales(dataset.inputs.frame, plan.columns, dataset.y, dataset.task)
    notes = (
        *dataset.notes,
        *frame_notes(frame),
        *drawn,
        *plan.doubts,
        *_of_texts(dataset),
        *_repeated(features),
        *told,
    )
    dataset = dataclasses.replace(dataset, notes=notes)
    rest = [part for _, part in without]
    rest += [] if dataset.without_label is None else [dataset.without_label.frame]
    return Tables(dataset, tuple(offered), pd.concat(rest, ignore_index=True) if rest else None)


def _labelled(
    roles: Roles, everyone: Sequence[str], borrowed: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]]
) -> tuple[ReadLabels, list[Source]]:
    """The target's labels, and the rows of sources that have one, with theirs: all are read together."""
    own = roles.frame[roles.labels]
    stacked = pd.concat([own, *(answers for _, _, answers in borrowed)], ignore_index=True)
    columns = [(name, cells(stacked[name])) for name in stacked.columns]
    read = read_label_columns(columns, everyone, roles.how.task, roles.writing)
    ends = np.cumsum([len(own), *(len(part) for _, part, _ in borrowed)])
    known = np.concatenate([[0], np.cumsum(read.kept)])
    for (name, _, _), start, stop in zip(borrowed, ends[:-1], ends[1:], strict=True):
        if known[start] == known[stop]:
            raise SourceError(
                f"Expected rows with labels in {name}, found none.",
                "A table without labels goes in with --unlabelled (unlabelled=), if its rows are like the target's.",
            )
    y = read.y[: known[ends[0]]]
    classes = tuple(np.unique(y).tolist()) if read.task == "classification" else read.classes
    offered = [
        Source(part[read.kept[start:stop]], read.y[known[start] : known[stop]], name=name)
        for (name, part, _), start, stop in zip(borrowed, ends[:-1], ends[1:], strict=True)
    ]
    return dataclasses.replace(read, y=y, kept=read.kept[: ends[0]], classes=classes), offered


def _frame(item: Any, how: Reading) -> tuple[pd.DataFrame, str]:
    frame = as_frame(item)
    if frame is not None:
        return without_left_out(frame.reset_index(drop=True), how, known=False), str(frame.attrs.get("path", ""))
    frame = read_frame(Path(item).expanduser(), how.encoding, how.sheet)
    return without_left_out(frame, how, known=False), str(item)


def _frames(items: Sequence[Any], how: Reading) -> Iterator[tuple[pd.DataFrame, str]]:
    for item in items:
        with about(item):
            found = _frame(item, how)
        yield found


def _refuse_others(plan: ColumnPlan, others: Sequence[tuple[str, pd.DataFrame]]) -> None:
    """Refuse tables whose columns hold something else than the target's, each by its name, before they are joined."""
    for name, part in others:
        for column in adapted(plan.columns, part):
            if column.kind != CATEGORY and column.name in part:
                refuse_misfits(column, part[column.name], name)


def _called(root: str, otherwise: str) -> str:
    """What words call a table: its file's name, where it has one."""
    return printable(Path(root).name) if root else otherwise


def _source(item: Any, k: int, labels: Sequence[str], how: Reading) -> tuple[str, pd.DataFrame, pd.DataFrame]:
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
    frame, root = _frame(item, how)
    name = _called(root, f"source {k + 1}")
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


def rows_drawn(answers: pd.DataFrame, most: int | None = None) -> np.ndarray | None:
    """Positions of as many rows of a source as are compared, ascending; None where all are few enough.

    Rows are drawn by chance, but for those of rare labels, which are all kept.

    Parameters
    ----------
    answers : DataFrame
        The labels of its rows.
    most : int, default=100,000

    Examples
    --------
    >>> answers = pd.DataFrame({"y": ["a"] * 90 + ["b"] * 10})
    >>> some = rows_drawn(answers, 50)
    >>> len(some), int((some >= 90).sum()), rows_drawn(answers, 100)
    (50, 10, None)
    """
    n, most = len(answers), MOST_LENT if most is None else most
    if n <= most:
        return None
    first = answers.iloc[:, 0].astype(str)
    counts = first.map(first.value_counts()).to_numpy()
    rare = np.flatnonzero(counts <= most // 5)
    rare = rare if len(rare) <= most // 2 else rare[:0]
    others = np.setdiff1d(np.arange(n), rare)
    return np.sort(np.r_[rare, np.random.default_rng(0).permutation(others)[: most - len(rare)]])


def _features(frame: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    return frame.drop(columns=[name for name in labels if name in frame.columns])


def _of_texts(dataset: Dataset) -> tuple[str, ...]:
    """A note on columns of texts, which might be what is meant to be learned from."""
    names = [column.name for column in dataset.columns if column.became.startswith("holds texts")]
    if not names:
        return ()
    shown = ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")
    return (
        f"Texts take no part in a table of values ({shown}). To learn from texts: --text-column {names[0]} "
        "(text_column=...).",
    )


def _repeated(features: pd.DataFrame) -> tuple[str, ...]:
    """A note on rows that are equal in every column."""
    try:
        again = int(features.astype(object).duplicated().sum())
    except TypeError:
        return ()
    if not again:
        return ()
    rows = "1 row repeats an earlier one" if again == 1 else f"{again:,} rows repeat earlier ones"
    return (f"{rows} in every column.",)
