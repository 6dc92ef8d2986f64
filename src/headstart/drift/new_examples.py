"""New examples that a model is checked on, as it takes them; what cannot be read is set aside, as in a prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.inputs.canvases import readable
from headstart.data.inputs.inputs import as_inputs
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.reading.view_table import unlabelled_views
from headstart.data.sets.label_notes import alike
from headstart.data.tables.frame import read_frame
from headstart.data.tables.rows import rows_of
from headstart.models.evaluation.labelled import refuse_unknown
from headstart.models.evaluation.learned import learned_rows, refuse_learned
from headstart.models.model import Model

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class NewExamples:
    """Examples, what they are called, and their labels and groups where they are said.

    ``left_out`` are names of those that cannot be read, each with the reason; ``notes`` say that and more in words.
    """

    inputs: Any
    names: list[str]
    y: np.ndarray | None = None
    groups: np.ndarray | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def some(self, rows: np.ndarray) -> NewExamples:
        """Some of them."""
        inputs = self.inputs.iloc[rows] if hasattr(self.inputs, "iloc") else self.inputs[rows]
        y, groups = (None if each is None else each[rows] for each in (self.y, self.groups))
        return replace(self, inputs=inputs, names=[self.names[i] for i in rows], y=y, groups=groups)


def new_examples(known: Model, data: Any, labels: str | None, group_by: str | None) -> NewExamples:
    """Read what a model is checked on.

    Parameters
    ----------
    known : Model
    data, labels, group_by
        As in `headstart.check`.

    Raises
    ------
    DataError
        If the data are none that the model takes, or no label is one that it knows.
    """
    found = _read(known, data, labels, group_by)
    if found.y is not None and known.task == "classification":
        return replace(found, notes=(*found.notes, *_strangers(known, found.y)))
    if found.y is not None:
        said = "The labels were not used: headstart evaluate measures a model of numbers on them."
        return replace(found, notes=(*found.notes, said))
    return found


def _read(known: Model, data: Any, labels: str | None, group_by: str | None) -> NewExamples:
    if labels is not None or group_by is not None:
        told = Reading(label=None if labels in (None, "folders") else labels, group_by=group_by, view=known.views)
        dataset = recognise(data, told, wanted=lambda: known.kind).dataset()
        inputs = dataset.inputs.frame if known.kind.values else dataset.inputs
        return NewExamples(inputs, list(dataset.names), dataset.y if labels is not None else None, dataset.groups)
    if known.views is not None:
        frame = unlabelled_views(data, known.views)
        return NewExamples(frame, [f"row {i + 1}" for i in range(len(frame))])
    if known.kind.values:
        frame = read_frame(Path(data)) if isinstance(data, str | Path) else rows_of(data)
        return NewExamples(frame, [f"row {i + 1}" for i in range(len(frame))])
    path = isinstance(data, str | Path)
    inputs = read_unlabelled(data, kind=known.kind) if path else as_inputs(data, known.input_type)
    return NewExamples(inputs, list(inputs.names))


def without_learned(known: Model, new: NewExamples) -> NewExamples:
    """The examples that the model did not learn from, with a note of the others; all where it learned from each.

    Raises
    ------
    DataError
        If it learned from each, and they have labels: those would tell of nothing else.
    """
    rows = known.encoder.transform(new.inputs) if known.kind.values else new.inputs
    if known.kind.values:
        new = replace(new, notes=(*new.notes, *known.encoder.unknown(new.inputs)))
    found, words = learned_rows(known, new, rows)
    rest = np.setdiff1d(np.arange(len(new.names)), found)
    if not len(found):
        return new
    if len(rest):
        return replace(new.some(rest), notes=(*new.notes, words))
    if new.y is not None:
        refuse_learned(known.kind, len(found))
    words = f"The model learned from all {known.kind.count(len(found))}: that they look valid says nothing of new ones."
    return replace(new, notes=(*new.notes, words))


def without_broken(known: Model, new: NewExamples) -> NewExamples:
    """The examples that can be decoded, with a note of the others.

    Raises
    ------
    DataError
        If none can.
    """
    network, _ = known.network
    seen = simple_of(known.kind).preprocessing if network is None else network.preprocessing
    whole, broken = readable(new.inputs, seen)
    shown = "; ".join(f"{name}: {reason}" for name, reason in broken[:_SHOWN])
    more = f"; and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
    said = f"Left out, since {known.kind.count(len(broken))} cannot be read: {shown}{more}."
    return replace(new.some(whole), left_out=tuple(broken), notes=(*new.notes, said))


def _strangers(known: Model, y: np.ndarray) -> list[str]:
    """Words for labels of classes that the model did not learn; refused where they may be a matter of spelling."""
    names, counts = np.unique(y.astype(str), return_counts=True)
    learned = np.asarray(known.classes_).astype(str).tolist()
    n = dict(zip(names.tolist(), counts.tolist(), strict=True))
    unknown = [name for name in n if name not in learned]
    if len(unknown) == len(n) or any(set(group) & set(unknown) for group in alike([*learned, *unknown])):
        refuse_unknown(unknown, learned, n, known.kind)
    if not unknown:
        return []
    shown = ", ".join(f"{name!r} ({known.kind.count(n[name])})" for name in unknown[:_SHOWN])
    return [f"Of a class that the model did not learn, and therefore always wrong: {shown}."]
