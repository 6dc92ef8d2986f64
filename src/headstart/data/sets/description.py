"""What was read, before anything is learned from it: as plain values, and in sentences."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np

from headstart.data.boxes.inspection import box_sentences, described_boxes
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.task import DETECTION

_LOG = logging.getLogger("headstart")
_MOST_CLASSES, _MOST_COLUMNS, _MOST_NAMES = 12, 30, 3


def describe(dataset: Dataset) -> dict[str, Any]:
    """What a data set was taken for, in plain JSON types.

    Returns
    -------
    dict
        ``place``, ``kind``, ``input_type``, ``layout``, ``n``, ``task``, ``classes`` with their counts or ``targets``
        with their ranges, ``boxes`` (see `headstart.data.boxes.inspection.described_boxes`), ``unlabelled``,
        ``parts``, ``groups``, ``sizes``, ``form`` (encoding, separator, ...),
        ``columns`` (name, role, became), ``left_out`` (name, reason), ``duplicates``,
        ``near_duplicates`` and ``notes``.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> pictures = Pictures([np.zeros((8, 8), dtype=np.uint8)] * 3)
    >>> found = describe(Dataset(pictures, np.array(["ant", "bee", "bee"]), "classification", ("ant", "bee")))
    >>> found["kind"], found["n"], found["classes"], found["sizes"]
    ('pictures', 3, {'ant': 1, 'bee': 2}, '8 x 8 pixels')
    """
    return {
        "place": dataset.root,
        "kind": dataset.kind.many,
        "input_type": dataset.input_type,
        "layout": dataset.layout or "in memory",
        "n": len(dataset),
        "task": dataset.task,
        "classes": dataset.n_per_class() or None,
        "targets": _targets(dataset),
        "boxes": described_boxes(list(dataset.y), dataset.classes or ()) if dataset.task == DETECTION else None,
        "unlabelled": dataset.unlabelled,
        "parts": _counts(dataset.parts),
        "held_out": dataset.held_out,
        "groups": None if dataset.groups is None else len(np.unique(dataset.groups)),
        "sizes": dataset.inputs.sizes(),
        "form": dict(dataset.form),
        "columns": [vars(column) for column in dataset.columns],
        "left_out": [{"name": name, "reason": reason} for name, reason in dataset.dropped],
        "duplicates": [list(names) for names in dataset.duplicates],
        "near_duplicates": [list(names) for names in dataset.near],
        "notes": list(dataset.notes),
    }


def sentences(dataset: Dataset) -> list[str]:
    """The same in lines to be printed.

    Examples
    --------
    >>> from headstart.data.texts.texts import Texts
    >>> dataset = Dataset(Texts(["good", "bad", "so so"]), np.array([1, 0, 1]), "classification", (0, 1))
    >>> print("\\n".join(sentences(dataset)))
    3 texts, in memory
    Task: classification, 2 classes: 0 (1), 1 (2)
    Sizes: 3 to 5 characters
    """
    found = describe(dataset)
    where = f" ({found['place']})" if found["place"] else ""
    lines = [f"{dataset.kind.count(len(dataset))}, {found['layout']}{where}", f"Task: {_task(found)}"]
    if found["sizes"]:
        lines.append(f"Sizes: {found['sizes']}")
    if found["boxes"]:
        lines += box_sentences(found["boxes"])
    if found["form"]:
        lines.append("Read as: " + ", ".join(f"{name} {value}" for name, value in found["form"].items()))
    lines += [f"Column {column}" for column in dataset.columns[:_MOST_COLUMNS]]
    if len(dataset.columns) > _MOST_COLUMNS:
        lines.append(f"and {len(dataset.columns) - _MOST_COLUMNS} more columns")
    if found["parts"]:
        kept = f"; {found['held_out']} is kept for the final score" if found["held_out"] else ""
        lines.append("Parts: " + ", ".join(f"{name} {n}" for name, n in found["parts"].items()) + kept)
    if found["groups"] is not None:
        lines.append(f"Groups: {found['groups']}, each kept on one side of every split")
    if found["unlabelled"]:
        use = "take no part" if dataset.without_label is None else "only learning without labels may use"
        lines.append(f"Without a label: {found['unlabelled']}, which {use}")
    if dataset.dropped:
        shown = "; ".join(f"{name}: {reason}" for name, reason in dataset.dropped[:_MOST_NAMES])
        more = "; ..." if len(dataset.dropped) > _MOST_NAMES else ""
        lines.append(f"Left out: {len(dataset.dropped)} ({shown}{more})")
    for words, sets in (("Equal", dataset.duplicates), ("Nearly equal", dataset.near)):
        if sets:
            lines.append(f"{words}: {len(sets)} sets, each kept on one side of every split ({', '.join(sets[0][:3])})")
    return lines + [f"Note: {words}" for words in dataset.notes]


def _task(found: dict[str, Any]) -> str:
    if found["targets"]:
        shown = ", ".join(
            f"{name} from {low:g} to {high:g}" if name else f"from {low:g} to {high:g}"
            for name, (low, high) in found["targets"].items()
        )
        return f"{found['task']}, {shown}"
    classes = found["classes"] or {}
    shown = ", ".join(f"{name} ({n})" for name, n in list(classes.items())[:_MOST_CLASSES])
    more = ", ..." if len(classes) > _MOST_CLASSES else ""
    what = "labels" if found["task"] == "multilabel" else "classes"
    return f"{found['task']}, {len(classes)} {what}: {shown}{more}"


def _targets(dataset: Dataset) -> dict[str, tuple[float, float]] | None:
    """Least and greatest value of each target of a regression."""
    if dataset.task != "regression" or not len(dataset):
        return None
    values = dataset.y.reshape(len(dataset), -1)
    names = [str(name) for name in dataset.classes or ()] or [""] * values.shape[1]
    if len(names) > 1 and not any(names):
        names = [f"target {i + 1}" for i in range(len(names))]
    ends = zip(names, values.min(axis=0), values.max(axis=0), strict=True)
    return {name: (float(low), float(high)) for name, low, high in ends}


def _counts(parts: np.ndarray | None) -> dict[str, int] | None:
    if parts is None:
        return None
    names, counts = np.unique(parts, return_counts=True)
    return {str(name): int(n) for name, n in zip(names, counts, strict=True)}


def tell(lines: Iterable[str]) -> None:
    """Say something about the data to whoever listens to the logger "headstart"; the commands print it."""
    for line in lines:
        _LOG.info(line)
