"""Look at every picture, clip or text once, before anything is learned."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from headstart.data.base.inspection import Look
from headstart.data.base.rows import Inputs
from headstart.data.boxes.inspection import class_notes
from headstart.data.inputs.canvases import Canvases, Seen, look_through
from headstart.data.inputs.registry import entry_of
from headstart.data.sets.checks import check_labels, pool
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import merge, owners_note
from headstart.data.sets.groups_hint import group_hint
from headstart.data.sets.overlap import with_near_copies
from headstart.data.sets.task import DETECTION
from headstart.errors import DataError
from headstart.progress import Progress


def screen(
    dataset: Dataset,
    preprocessing: Seen,
    *,
    skip_bad: bool = False,
    min_per_class: int = 2,
    fewest_classes: int = 2,
    progress: Progress | None = None,
) -> Dataset:
    """Decode every picture, clip or text once; refuse, drop or group what would spoil the result.

    The canvases stay in the process's store, so the pass is not lost. Exact duplicates become one group; one that
    stands in the held-out part too is dropped from the training part. Duplicates are told by the pixels or
    samples that the network sees, so a copy in another format without loss counts; of texts by their words, whatever
    the spaces and capitals. Near copies become one group as well, and those on both sides of the held-out part are
    told. Empty texts count as broken. Silent clips (peak below -60 dB of full scale), clipped ones
    and very different loudness are noted.

    Parameters
    ----------
    dataset : Dataset
    preprocessing : Preprocessing or SoundPreprocessing
        Of the network that will be used.
    skip_bad : bool, default=False
        Drop broken inputs and list them, instead of stopping.
    min_per_class : int, default=2
        Fewest examples (or groups) of a class outside the held-out part.
    fewest_classes : int, default=2
        1 where examples of another class come from elsewhere.
    progress : callable, optional
        Called as ``progress("reading pictures", done, n)``, or "reading clips".

    Returns
    -------
    Dataset
        Without what was dropped, with duplicates merged into ``groups`` and everything said in ``dropped``,
        ``duplicates`` and ``notes``.

    Raises
    ------
    BadPictures, BadClips, BadTexts
        If some are broken and ``skip_bad`` is False; it lists all of them.
    DataError
        For labels that cannot be learned from, one input under two labels, or a group on both sides of the
        held-out part.
    """
    check_labels(dataset, min_per_class, fewest_classes)
    inputs = dataset.inputs
    look, bad = looked_at(inputs, preprocessing, progress)
    whole = np.setdiff1d(np.arange(len(dataset)), [i for i, _ in bad])
    names = dataset.names
    if bad:
        broken = [(dataset.names[i], reason) for i, reason in bad]
        if not skip_bad:
            raise dataset.inputs.bad_inputs(broken)
        dataset = _without_broken(dataset, whole, broken)
    sets = look.same(whole, Canvases(inputs, preprocessing, whole))
    told = [*look.notes(whole, names), *look.class_notes(_rows_of_classes(dataset, whole))]
    hint = (owners_note(inputs) or group_hint(dataset.names)) if dataset.groups is None else None
    told += [] if hint is None else [str(hint)]
    if dataset.task == DETECTION:
        told += class_notes(list(dataset.y), dataset.classes or (), np.isin(np.arange(len(dataset)), pool(dataset)))
    dataset = dataclasses.replace(dataset, notes=(*dataset.notes, *told))
    dataset = with_near_copies(dataset, look.near(whole), sets)
    dataset = _with_duplicates(dataset, sets)
    _refuse_straddling_groups(dataset)
    check_labels(dataset, min_per_class, fewest_classes)
    return dataset


def looked_at(
    inputs: Inputs, preprocessing: Seen, progress: Progress | None = None
) -> tuple[Look, list[tuple[int, str]]]:
    """What one pass over all inputs has seen, and position and reason of each that cannot be used, in order."""
    look_at = entry_of(inputs.kind).look
    assert look_at is not None, f"{inputs.kind.many} are not decoded"
    look = look_at(inputs)
    bad = look_through(inputs, preprocessing, look.visit, progress=progress)
    return look, sorted(bad + look.reasons())


def _rows_of_classes(dataset: Dataset, whole: np.ndarray) -> dict[Any, np.ndarray]:
    """Where the inputs of each class stood before broken ones were left out; nothing unless each has one class."""
    if dataset.task != "classification" or dataset.classes is None:
        return {}
    return {label: whole[dataset.y == label] for label in dataset.classes}


def _without_broken(dataset: Dataset, whole: np.ndarray, broken: list[tuple[str, str]]) -> Dataset:
    if len(whole) == 0:
        first = f"{broken[0][0]}: {broken[0][1]}"
        raise DataError(f"Expected readable {dataset.kind.many}, found all {len(broken)} broken; {first}.")
    kind = dataset.kind
    count = f"1 broken {kind.one} was" if len(broken) == 1 else f"{len(broken)} broken {kind.many} were"
    smaller = dataset.select(whole)
    return dataclasses.replace(
        smaller, dropped=(*dataset.dropped, *broken), notes=(*dataset.notes, f"{count} left out.")
    )


def _with_duplicates(dataset: Dataset, sets: list[list[int]]) -> Dataset:
    """Merge sets of equal inputs into groups; drop those from training that are held out too."""
    if not sets:
        return dataset
    _refuse_two_labels(dataset, sets)
    together = tuple(tuple(dataset.names[i] for i in rows) for rows in sets)
    kind, times = dataset.kind, sum(len(rows) for rows in sets)
    count = f"1 {kind.one} occurs" if len(sets) == 1 else f"{len(sets)} {kind.many} occur"
    notes = [f"{count} more than once, {times} times in all; each set of duplicates counts as one group."]
    if dataset.task in ("regression", DETECTION):
        unlike = sum(_differ(dataset.y[rows]) for rows in sets)
        if unlike:
            what = "set of boxes" if dataset.task == DETECTION else "target"
            notes.append(f"{unlike} of these {kind.many} have more than one {what}.")
    groups = merge(dataset.groups, sets, len(dataset))
    dataset = dataclasses.replace(dataset, groups=groups, duplicates=together)
    leaks = _leaks(dataset, sets)
    if leaks:
        reasons = [
            (dataset.names[i], f"the same {kind.one} is in {dataset.held_out}: {dataset.names[j]}") for i, j in leaks
        ]
        notes.append(
            f"{len(leaks)} training {kind.many} were left out because they are in the {dataset.held_out} part as well."
        )
        stay = np.setdiff1d(np.arange(len(dataset)), [i for i, _ in leaks])
        dataset = dataclasses.replace(dataset.select(stay), dropped=(*dataset.dropped, *reasons))
    return dataclasses.replace(dataset, notes=(*dataset.notes, *notes))


def _refuse_two_labels(dataset: Dataset, sets: list[list[int]]) -> None:
    if dataset.task in ("regression", DETECTION):
        return
    clashes = [rows for rows in sets if len(np.unique(dataset.y[rows], axis=0)) > 1]
    if not clashes:
        return
    shown = []
    for rows in clashes[:5]:
        first = rows[0]
        other = next(i for i in rows if np.any(dataset.y[i] != dataset.y[first]))
        shown.append(
            f"{dataset.names[first]} ({_label(dataset, first)}) and {dataset.names[other]} ({_label(dataset, other)})"
        )
    kind = dataset.kind
    count = f"one {kind.one}" if len(clashes) == 1 else f"{len(clashes)} {kind.many}"
    raise DataError(
        f"Expected one label for each {kind.one}, found {count} under two: {'; '.join(shown)}.",
        "Remove the wrong ones.",
    )


def _differ(labels: np.ndarray) -> bool:
    """Whether some of the labels of equal inputs are others."""
    if labels.dtype != object:
        return len(np.unique(labels, axis=0)) > 1
    return len({(*one.labels.tolist(), *one.corners.ravel().tolist()) for one in labels}) > 1


def _label(dataset: Dataset, i: int) -> str:
    if dataset.task == "classification" or dataset.classes is None:
        return str(dataset.y[i])
    labels = [str(label) for label, on in zip(dataset.classes, dataset.y[i], strict=True) if on]
    return " + ".join(labels) or "no label"


def _leaks(dataset: Dataset, sets: list[list[int]]) -> list[tuple[int, int]]:
    """Rows outside the held-out part that are in it too, each with the row it equals."""
    if dataset.held_out is None or dataset.parts is None:
        return []
    leaks = []
    for rows in sets:
        held = [i for i in rows if dataset.parts[i] == dataset.held_out]
        leaks += [(i, held[0]) for i in rows if held and dataset.parts[i] != dataset.held_out]
    return sorted(leaks)


def _refuse_straddling_groups(dataset: Dataset) -> None:
    """Refuse a division of the data that puts a group on both sides of the held-out part."""
    if dataset.held_out is None or dataset.parts is None or dataset.groups is None:
        return
    aside = dataset.parts == dataset.held_out
    both = np.intersect1d(dataset.groups[aside], dataset.groups[~aside])
    if len(both):
        shown = ", ".join(both[:5]) + (", ..." if len(both) > 5 else "")
        raise DataError(
            f"Expected every group on one side of the {dataset.held_out} part, found {len(both)} on both: {shown}.",
            "Divide the data anew by group, or give them undivided.",
        )
