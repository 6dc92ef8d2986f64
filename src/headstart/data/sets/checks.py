"""What labels must be like before anything is learned from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.sets.dataset import Dataset
from headstart.data.sets.label_notes import APART, alike
from headstart.data.sets.task import DETECTION
from headstart.data.sets.written import looks_like
from headstart.data.tables.gaps import same_answers
from headstart.errors import DataError, NoLabels


def check_labels(dataset: Dataset, min_per_class: int = 2, fewest_classes: int = 2) -> None:
    """Refuse labels that cannot be learned from, with an answer of its own for each case.

    Parameters
    ----------
    dataset : Dataset
    min_per_class : int, default=2
        Fewest examples of a class outside the held-out part; rows of one group count as one.
    fewest_classes : int, default=2
        1 where examples of another class come from elsewhere.

    Raises
    ------
    DataError
        For no rows, NaN targets, a constant target, a single class, classes that differ only by case or spaces, classes
        with too few examples or of one group only, labels that no row or every row carries, and classes that occur in
        the held-out part alone.
    """
    if len(dataset) == 0:
        raise NoLabels(f"Expected labelled {dataset.kind.many}, found none.", "Fill in their labels.")
    if dataset.task == "regression":
        _check_targets(dataset)
        return
    _refuse_lookalikes([str(label) for label in dataset.classes or ()])
    if dataset.task == DETECTION:
        return
    counts = dataset.n_per_class()
    if dataset.task == "classification":
        present = [label for label, count in counts.items() if count]
        if len(present) < fewest_classes:
            raise DataError(
                f"Expected at least two classes, found one: {present[0]!r} ({dataset.kind.count(len(dataset))}).",
                f"Add {dataset.kind.many} of another class; with one class there is nothing to tell apart.",
            )
    _check_counts(dataset, min_per_class)


def pool(dataset: Dataset) -> np.ndarray:
    """Positions of the rows that may be learned from: all but those of the held-out part."""
    if dataset.held_out is None or dataset.parts is None:
        return np.arange(len(dataset))
    return np.flatnonzero(dataset.parts != dataset.held_out)


def _check_targets(dataset: Dataset) -> None:
    finite = np.isfinite(dataset.y.reshape(len(dataset), -1)).all(axis=1)
    if not finite.all():
        rows = np.flatnonzero(~finite)
        shown = ", ".join(dataset.names[i] for i in rows[:5])
        raise DataError(
            f"Expected finite numbers as targets, found {len(rows)} rows with NaN or infinity: {shown}.",
            "Fill them in or remove these rows.",
        )
    learned = dataset.y[pool(dataset)].reshape(-1, 1 if dataset.y.ndim == 1 else dataset.y.shape[1])
    constant = np.flatnonzero(np.ptp(learned, axis=0) == 0)
    if len(constant):
        name = f" {dataset.classes[constant[0]]!r}" if dataset.classes else ""
        raise DataError(
            f"Expected a target that varies, found{name} the same value in "
            f"{'all ' if len(learned) > 1 else ''}{dataset.kind.count(len(learned))}: {learned[0, constant[0]]:g}.",
            f"Add {dataset.kind.many} with other values; there is nothing to tell apart.",
        )


def _refuse_lookalikes(labels: list[str]) -> None:
    """Refuse classes that a reader would take for one."""
    pairs = alike(labels)
    if pairs:
        shown = "; ".join(" and ".join(repr(label) for label in group) for group in pairs[:5])
        raise DataError(
            f"Expected classes with different names, found some that differ only by {APART}: {shown}.",
            "Give them one spelling, or clearly different names.",
        )
    same = same_answers(labels)
    if same:
        shown = "; ".join(" and ".join(map(repr, group)) for group in same)
        raise DataError(
            f"Expected classes with different names, found some that say the same: {shown}.", "Write yes one way."
        )


def _check_counts(dataset: Dataset, min_per_class: int) -> None:
    rows, kind = pool(dataset), dataset.kind
    few: list[str] = []
    single: list[str] = []
    for column, label in enumerate(dataset.classes or ()):
        carries = dataset.y[:, column] == 1 if dataset.task == "multilabel" else dataset.y == label
        inside = rows[carries[rows]]
        if not carries.any() and dataset.task == "multilabel":
            raise DataError(f"Expected every label to be set somewhere, found {label!r} on no {kind.one}.", _LEAVE_OUT)
        if dataset.task == "multilabel" and len(inside) == len(rows):
            raise DataError(
                f"Expected every label to be absent somewhere, found {label!r} on all {kind.many}.", _LEAVE_OUT
            )
        if len(inside) == 0 and carries.any():
            raise DataError(
                f"Expected every class in the part that is learned from, found {label!r} in {dataset.held_out} alone.",
                f"Add {kind.many} of it to the training part, or remove the class.",
            )
        if len(inside) < min_per_class:
            few.append(f"{label!r} ({kind.count(len(inside))})")
        elif dataset.groups is not None and len(np.unique(dataset.groups[inside])) < min_per_class:
            single.append(f"{label!r} ({kind.count(len(inside))}, {_groups_in(dataset.groups[inside])})")
    if few:
        amounts = dataset.y.dtype.kind in "iu" and dataset.y.ndim == 1 and len(few) > 5
        told = dataset.task == "classification" and not amounts and 2 * len(few) > len(dataset.classes or ())
        said = looks_like(list(map(str, dataset.classes or ()))) if told else ""
        raise DataError(
            f"Expected at least {min_per_class} examples of every class, found {_some(few)}.",
            f"Add {kind.many}, join classes or remove the class: what is learned could not be tested."
            + (" If these numbers are amounts, say so (--task regression, task='regression')." if amounts else "")
            + (f" {said}" if said else ""),
        )
    if single:
        raise DataError(
            f"Expected examples from at least {min_per_class} groups in every class, found {_some(single)}.",
            f"{kind.many.capitalize()} of one group, and exact duplicates, never stand on both sides of a split; add "
            "others or remove the class.",
        )


def _some(named: list[str]) -> str:
    return ", ".join(named[:_MOST_NAMED]) + (f" and {len(named) - _MOST_NAMED} more" if named[_MOST_NAMED:] else "")


_MOST_NAMED = 10
_LEAVE_OUT = "Leave this label out."


def _groups_in(groups: np.ndarray) -> Any:
    n = len(np.unique(groups))
    return "all of one group" if n == 1 else f"of {n} groups"
