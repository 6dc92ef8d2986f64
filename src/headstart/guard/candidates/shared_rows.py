"""Rows of a table that stand in more than one of its parts, its sources and its unlabelled rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from headstart.data.base.near import Prints
from headstart.data.reading.roles import cells
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import if_numbered
from headstart.data.sets.overlap import connected, with_near_copies
from headstart.data.tables.copies import copies, twins
from headstart.guard.candidates.kept_apart import side_by_side, taken, without_target
from headstart.math.statistics.coincidence import TELLING, dealt_in_order, in_order, pairs_agree
from headstart.source import Source


def kept_apart(dataset: Dataset, sources: list[Source], unlabelled: Any = None) -> tuple[Dataset, list[Source], Any]:
    """Keep the rows of a target, all its parts, out of what is borrowed, and copies of one row in one group.

    Rows of a source that are in a group of the target (the same patient) are left out of it too, and unlabelled rows
    that are rows of the part kept for the test.

    Parameters
    ----------
    dataset : Dataset
        Its inputs are `Records` with their plan.
    sources : list of Source
        Of frames, with labels.
    unlabelled : DataFrame, optional

    Returns
    -------
    dataset : Dataset
        With groups, and with notes on all that was found.
    sources : list of Source
    unlabelled : DataFrame or None
    """
    rows, columns = dataset.inputs, dataset.inputs.plan.columns
    notes: list[str] = []
    left = []
    for source in sources:
        same, theirs, others = _of_its_groups(dataset, source, columns)
        notes += others
        if same.any():
            words = f"{int(same.sum()):,} rows of the source {source.name!r} are of groups that the target has"
            notes.append(f"{words}; they were not borrowed.{if_numbered(theirs[same])}")
        left += [taken(source, np.flatnonzero(~same))] if not same.all() else []
    dataset = _grouped(dataset, columns)
    if dataset.y.ndim == 1 and left:
        left, said = without_target(rows, dataset.y, left, columns)
        notes += said
    if unlabelled is not None and dataset.held_out is not None and dataset.parts is not None:
        aside = rows[np.flatnonzero(dataset.parts == dataset.held_out)]
        met = copies(*side_by_side(aside, unlabelled, columns))[:, 1]
        if len(met):
            notes.append(f"{len(met):,} unlabelled rows are rows of the {dataset.held_out} part; they were left out.")
            rest = np.setdiff1d(np.arange(len(unlabelled)), met)
            unlabelled = unlabelled.iloc[rest] if len(rest) else None
    return dataclasses.replace(dataset, notes=(*dataset.notes, *notes)), left, unlabelled


def _grouped(dataset: Dataset, columns: Any) -> Dataset:
    """Copies of one row in one group; those on both sides of the part kept for the test are told."""
    rows = dataset.inputs
    pairs = twins(side_by_side(rows, rows, columns)[0])
    if dataset.held_out is not None and dataset.parts is not None:
        aside, rest = (np.flatnonzero((dataset.parts == dataset.held_out) == side) for side in (True, False))
        found = copies(*side_by_side(rows[aside], rows[rest], columns))
        pairs += zip(aside[found[:, 0]].tolist(), rest[found[:, 1]].tolist(), strict=True)
    keys = [b""] * len(rows)
    for number, same in enumerate(connected(pairs)):
        for row in same:
            keys[row] = f"{number}".encode()
    return with_near_copies(dataset, Prints(tuple(keys)), [])


def _of_its_groups(dataset: Dataset, source: Source, columns: Any) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Which rows of a source are of a group of the target, where both have the column of groups, their groups, a note.

    Groups that are numbered in order (patient 1, 2, 3) have the same names elsewhere: they are others where it can be
    seen that what rows of one name hold, and their labels, do not agree.
    """
    name = next((column.name for column in dataset.columns if column.role == "group"), None)
    if name is None or dataset.groups is None or name not in source.X.columns:
        return np.zeros(len(source.y), dtype=bool), np.empty(0, dtype=str), []
    mine, theirs = (np.array([str(v).strip() for v in each]) for each in (dataset.groups, cells(source.X[name])))
    same = np.isin(theirs, mine)
    shared, here, there = np.intersect1d(mine, theirs, return_indices=True)
    if len(shared) < TELLING or not dealt_in_order(shared):
        return same, theirs, []
    rows = in_order(shared)
    one, other = (side.columns() for side in side_by_side(dataset.inputs, source.X, columns))
    pairs = [(x[here[rows]], z[there[rows]]) for x, z in zip(one, other, strict=True)]
    if dataset.y.ndim == 1:
        pairs.append((dataset.y[here[rows]], np.asarray(source.y)[there[rows]]))
    if pairs_agree([pair for pair in pairs if not dealt_in_order(pair[0])]):
        return same, theirs, []
    first = ", ".join(shared[rows[:3]].tolist())
    words = (
        f"The source {source.name!r} has groups of the same names as the target ({first}, ...), but what rows of one"
    )
    return np.zeros_like(same), theirs, [f"{words} name hold does not agree: they count as other groups."]
