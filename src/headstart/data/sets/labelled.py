"""Inputs and what was read of their labels, as a Dataset of the rows that have one."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.sets.dataset import Dataset
from headstart.data.sets.labels import ReadLabels

#: Parts whose rows are never learned from, with labels or without.
HELD_OUT = ("val", "test")


def labelled(
    inputs: Any,
    labels: ReadLabels,
    *,
    groups: np.ndarray | None = None,
    parts: np.ndarray | None = None,
    notes: tuple[str, ...] = (),
    **more: Any,
) -> Dataset:
    """Put inputs, labels, groups and parts together; rows without a label are counted, and stand beside it.

    Parameters
    ----------
    inputs : Pictures, Clips, Texts or Records
        n of them.
    labels : ReadLabels
    groups, parts : ndarray of shape (n,), optional
    notes : tuple of str
        Of how the data were read; what is to be said of the labels follows.
    **more
        Further fields of the `Dataset`.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> from headstart.data.sets.labels import read_labels
    >>> pictures = Pictures([np.zeros((8, 8), dtype=np.uint8)] * 3)
    >>> dataset = labelled(pictures, read_labels(["ant", None, "bee"], pictures.names))
    >>> len(dataset), dataset.unlabelled, dataset.without_label
    (2, 1, Pictures(1))
    """
    rows, blank = np.flatnonzero(labels.kept), ~np.asarray(labels.kept, dtype=bool)
    if parts is not None:
        blank &= ~np.isin(parts, HELD_OUT)
    whole = len(rows) == len(inputs)
    return Dataset(
        inputs=inputs if whole else inputs[rows],
        y=labels.y,
        task=labels.task,
        classes=labels.classes,
        groups=None if groups is None else groups[rows],
        parts=None if parts is None else parts[rows],
        notes=(*notes, *labels.notes),
        unlabelled=len(inputs) - len(rows),
        without_label=None if whole or not blank.any() else inputs[np.flatnonzero(blank)],
        **more,
    )
