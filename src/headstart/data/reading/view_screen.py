"""Look at every file of a table of several views once: what is broken, and what is there twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from headstart.data.base.near import near_pairs
from headstart.data.inputs.canvases import Canvases
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.view_table import ViewRecords
from headstart.data.reading.views import view_inputs, view_kind, view_rows
from headstart.data.sets.checks import check_labels
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import merge
from headstart.data.sets.overlap import connected
from headstart.data.sets.screen import looked_at
from headstart.errors import DataError
from headstart.progress import Progress


def screen_views(
    dataset: Dataset, seen: Mapping[str, Any], *, skip_bad: bool = False, progress: Progress | None = None
) -> Dataset:
    """Decode every file of every view once; what is broken is refused or counts as missing, copies stay in one fold.

    Rows that share a picture, a clip or a text, or one that is nearly equal, are one group, and so are rows that are
    equal in every column. A training row that shares one with the held-out part is left out.

    Parameters
    ----------
    dataset : Dataset
        Its inputs are `ViewRecords`.
    seen : dict of str to preprocessing
        Of the views' networks; of others the form of simple features is taken.
    skip_bad : bool, default=False
        A file that cannot be read is a gap, and listed, instead of an error.
    progress : callable, optional

    Returns
    -------
    Dataset

    Raises
    ------
    BadInputs
        If files are broken and ``skip_bad`` is False; it lists all of them.
    DataError
        For labels that cannot be learned from.
    """
    check_labels(dataset)
    rows, frame = dataset.inputs, dataset.inputs.frame.copy()
    sets: list[list[int]] = []
    near: list[list[int]] = []
    broken: list[tuple[str, str]] = []
    notes: list[str] = []
    for view, columns in rows.views.items():
        kind = view_kind(frame, columns, view)
        if kind.values:
            continue
        places = np.flatnonzero(view_rows(frame, columns))
        inputs, form = view_inputs(frame, columns, kind.input_type, places), seen.get(view)
        form = simple_of(kind).preprocessing if form is None else form
        look, bad = looked_at(inputs, form, progress)
        if bad and not skip_bad:
            raise inputs.bad_inputs([(inputs.names[i], reason) for i, reason in bad])
        for i, reason in bad:
            frame.iloc[places[i], [frame.columns.get_loc(column) for column in columns]] = None
            broken.append((inputs.names[i], f"{reason}; the view {view} counts as missing there"))
        whole = np.setdiff1d(np.arange(len(places)), [i for i, _ in bad])
        own = places[whole]
        sets += [[int(own[i]) for i in some] for some in look.same(whole, Canvases(inputs, form, whole))]
        near += [[int(own[i]) for i in some] for some in connected(near_pairs(look.near(whole)))]
        notes += [f"View {view}: {words}" for words in look.notes(whole, inputs.names)]
    if broken:
        notes.append(f"{len(broken)} broken files count as missing.")
    sets += [some.tolist() for some in frame.astype(str).groupby(list(frame.columns)).indices.values() if len(some) > 1]
    found = dataclasses.replace(
        dataset,
        inputs=ViewRecords(frame, rows.names, views=rows.views),
        dropped=(*dataset.dropped, *broken),
        notes=(*dataset.notes, *notes),
    )
    found = _together(found, connected((some[0], row) for some in sets for row in some[1:]), near)
    each = [view_rows(found.inputs.frame, columns) for columns in rows.views.values()]
    left = np.asarray(np.column_stack(each).any(axis=1))
    if not left.any():
        raise DataError(f"Expected rows with a view that can be read, found none of {len(left)}.")
    check_labels(found.select(left))
    return found.select(left)


def _together(dataset: Dataset, same: list[list[int]], near: list[list[int]]) -> Dataset:
    """Rows that share what they show, in one group each; those of the training part that are held out too left out."""
    if not same and not near:
        return dataset
    held = np.zeros(len(dataset), dtype=bool)
    if dataset.held_out is not None and dataset.parts is not None:
        held = dataset.parts == dataset.held_out
    both = connected((some[0], row) for some in [*same, *near] for row in some[1:])
    sides = [[row for row in some if held[row] == side] for some in both for side in (False, True)]
    leaks = [row for some in same if held[some].any() for row in some if not held[row]]
    names = dataset.names
    first = ", ".join(names[i] for i in both[0][:3])
    notes = [f"{len(both)} sets of rows share a file or are equal, or nearly so, as {first}; each counts as one group."]
    if leaks:
        notes.append(
            f"{len(leaks)} training rows were left out because the {dataset.held_out} part shares their files."
        )
    found = dataclasses.replace(
        dataset,
        groups=merge(dataset.groups, [some for some in sides if len(some) > 1], len(dataset)),
        duplicates=tuple(tuple(names[i] for i in some) for some in same),
        near=tuple(tuple(names[i] for i in some) for some in near),
        dropped=(*dataset.dropped, *((names[row], f"it shares a file with {dataset.held_out}") for row in leaks)),
        notes=(*dataset.notes, *notes),
    )
    return found if not leaks else found.select(np.setdiff1d(np.arange(len(found)), leaks))
