"""What is to be said of labels before anything is learned from them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.tables.gaps import PERHAPS, without_zeros
from headstart.errors import NoLabels

_REPEATS = 5
#: What names that are `alike` differ by.
APART = "case, spaces or zeros in front"
_SHOWN = 5


def unlabelled_note(labels: np.ndarray, kept: np.ndarray, many: str) -> str:
    """A line on the rows that have no label; empty where all have one.

    Raises
    ------
    DataError
        If none has.

    Examples
    --------
    >>> unlabelled_note(np.array(["a", "?", ""]), np.array([True, False, False]), "rows")
    "2 of 3 rows have no label ('?')."
    """
    if kept.all():
        return ""
    if not kept.any():
        raise NoLabels(f"Expected labels, found none: all {len(kept)} {many} are without one.", "Fill them in.")
    left = labels[~kept] if labels.ndim == 1 else np.array([])
    words = sorted({label.strip() for label in left.tolist() if isinstance(label, str)} - {""})
    shown = f" ({', '.join(map(repr, words[:_SHOWN]))})" if words else ""
    return f"{int((~kept).sum())} of {len(kept)} {many} have no label{shown}."


def class_notes(y: np.ndarray, many: str) -> list[str]:
    """What may be wrong with classes: numbers that look like amounts, names that look alike, words for nothing.

    Examples
    --------
    >>> print(*class_notes(np.array(["cat", "Cat", "none"]), "rows")[:2], sep="\\n")
    The classes 'Cat' and 'cat' differ only by case, spaces or zeros in front.
    'none' is a class here, not a missing label.
    """
    classes, counts = np.unique(y, return_counts=True)
    notes = [
        f"The classes {' and '.join(map(repr, group))} differ only by {APART}." for group in alike(classes.tolist())
    ]
    if y.dtype.kind in "iu" and len(classes) > _REPEATS and len(y) < _REPEATS * len(classes):
        notes.append(
            f"The labels are {len(classes)} different whole numbers in {len(y)} {many} and were read as classes; if "
            "they are amounts, say so (--task regression, task='regression')."
        )
    for label in classes.tolist():
        if isinstance(label, str) and label.strip().casefold() in PERHAPS:
            notes.append(f"{label!r} is a class here, not a missing label.")
    single = classes[counts == 1].tolist()
    if single and len(single) < len(classes):
        shown = ", ".join(map(repr, single[:_SHOWN])) + (", ..." if len(single) > _SHOWN else "")
        who = f"The class {shown} has" if len(single) == 1 else f"The classes {shown} have"
        notes.append(f"{who} a single example.")
    return notes


def one_hot_note(y: np.ndarray, given: np.ndarray) -> list[str]:
    """A note on a matrix of 0 and 1 that has exactly one 1 in every row, as classes have."""
    if given.ndim != 2 or y.shape[1] < 2 or not (y.sum(axis=1) == 1).all():
        return []
    return [
        f"Every row has exactly one of the {y.shape[1]} labels; they were read as several labels a row. If they are "
        "classes, say so (--task classification, task='classification')."
    ]


def alike(labels: Sequence[Any]) -> list[list[str]]:
    """Names of classes that a reader would take for one, as they differ only by `APART`.

    Examples
    --------
    >>> alike(["cat", "Cat ", "dog", "07", 7])
    [['cat', 'Cat '], ['07', '7']]
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for label in map(str, labels):
        bare = "".join(unicodedata.normalize("NFKC", label).casefold().split())
        groups[without_zeros(bare)].append(label)
    return [group for group in groups.values() if len(group) > 1]
