"""New examples that a model is checked on, as it takes them; what cannot be read is set aside, as in a prediction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.data.inputs.canvases import readable
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.sets.spelling import likely_meant
from headstart.errors import DataError
from headstart.models.evaluation.labelled import read_like, refuse_unknown
from headstart.models.evaluation.learned import learned_rows, refuse_learned
from headstart.models.evaluation.unlabelled import read_new
from headstart.models.model import Model

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class NewExamples:
    """Examples, what they are called, and their labels and groups where they are said.

    ``rows`` are the examples as the model takes them: of values in numbers, (n, d), else the examples themselves.
    ``left_out`` are names of those that cannot be read, each with the reason; ``notes`` say that and more in words.
    """

    inputs: Any
    names: list[str]
    y: np.ndarray | None = None
    groups: np.ndarray | None = None
    rows: Any = None
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def some(self, rows: np.ndarray) -> NewExamples:
        """Some of them."""
        inputs = self.inputs.iloc[rows] if hasattr(self.inputs, "iloc") else self.inputs[rows]
        y, groups, taken = (None if each is None else each[rows] for each in (self.y, self.groups, self.rows))
        return replace(self, inputs=inputs, names=[self.names[i] for i in rows], y=y, groups=groups, rows=taken)


def new_examples(known: Model, data: Any, labels: str | None, told: Reading) -> NewExamples:
    """Read what a model is checked on.

    Parameters
    ----------
    known : Model
    data, labels
        As in `headstart.check`.
    told : Reading
        What was said of the data.

    Raises
    ------
    DataError
        If the data are none that the model takes, or no label is one that it knows.
    """
    pair = isinstance(data, tuple) and len(data) in (2, 3)
    if labels is None and not pair:
        inputs, names, groups, notes = read_new(
            known, data, group_by=told.group_by, path_column=told.path_column, text_column=told.text_column
        )
        return NewExamples(inputs, names, groups=groups, notes=notes)
    dataset, words = read_like(known, data, replace(told, label=None) if pair else told)
    inputs = dataset.inputs.frame if known.kind.values else dataset.inputs
    if dataset.y.ndim > 1:
        raise DataError(
            f"Expected one column of labels, found {dataset.y.shape[1]}.", "headstart evaluate measures on several."
        )
    words += [] if known.task == "regression" else _strangers(known, dataset.y)
    words += [_unread(known, dataset.dropped)] if dataset.dropped else []
    return NewExamples(
        inputs, list(dataset.names), dataset.y, dataset.groups, left_out=dataset.dropped, notes=tuple(words)
    )


def without_learned(known: Model, new: NewExamples) -> NewExamples:
    """The examples that the model did not learn from, with a note of the others; all where it learned from each.

    Raises
    ------
    DataError
        If it learned from each, and they have labels: those would tell of nothing else.
    """
    if known.kind.values:
        new = replace(new, notes=(*new.notes, *known.encoder.unknown(new.inputs)))
    found, words = learned_rows(known, new, new.rows)
    rest = np.setdiff1d(np.arange(len(new.names)), found)
    if not len(found):
        return new if known.reference is None or not words else replace(new, notes=(*new.notes, words))
    if len(rest):
        return replace(new.some(rest), notes=(*new.notes, words))
    if new.y is not None:
        refuse_learned(known.kind, len(found))
    words = f"The model learned from all {known.kind.count(len(found))}: that they look valid says nothing of new ones."
    return replace(new, notes=(*new.notes, words))


def as_taken(known: Model, new: NewExamples) -> NewExamples:
    """The examples with what the model takes of them; those of several views that it cannot answer are set aside.

    Raises
    ------
    DataError
        If none can be answered.
    """
    if not known.kind.values:
        return replace(new, rows=new.inputs)
    answerable = getattr(known.encoder, "answerable", None)
    if answerable is None:
        return replace(new, rows=known.encoder.transform(new.inputs))
    rows, broken = answerable(new.inputs)
    new = replace(new, rows=rows)
    named = [(new.names[i], reason) for i, reason in sorted(broken.items())]
    return _without(known, new, named, broken) if broken else new


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
    return _without(known, new, broken, np.setdiff1d(np.arange(len(new.names)), whole))


def _without(known: Model, new: NewExamples, broken: Sequence[tuple[str, str]], rows: Iterable[int]) -> NewExamples:
    """The examples without some that cannot be read, and a note of these."""
    whole = np.setdiff1d(np.arange(len(new.names)), list(rows))
    if not len(whole):
        shown = "; ".join(f"{name}: {reason}" for name, reason in broken[:_SHOWN])
        raise DataError(f"Expected {known.kind.many} that can be read, found none of {len(new.names)}: {shown}.")
    said = _unread(known, broken)
    return replace(new.some(whole), left_out=(*new.left_out, *broken), notes=(*new.notes, said))


def _unread(known: Model, broken: Sequence[tuple[str, str]]) -> str:
    shown = "; ".join(f"{name}: {reason}" for name, reason in broken[:_SHOWN])
    more = f"; and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
    return f"Left out, since {known.kind.count(len(broken))} cannot be read: {shown}{more}."


def _strangers(known: Model, y: np.ndarray) -> list[str]:
    """Words for labels of classes that the model did not learn; refused where they may be a matter of spelling."""
    names, counts = np.unique(y.astype(str), return_counts=True)
    learned = np.asarray(known.classes_).astype(str).tolist()
    n = dict(zip(names.tolist(), counts.tolist(), strict=True))
    unknown = [name for name in n if name not in learned]
    if len(unknown) == len(n) or likely_meant(unknown, learned):
        refuse_unknown(unknown, learned, n, known.kind)
    if not unknown:
        return []
    shown = ", ".join(f"{name!r} ({known.kind.count(n[name])})" for name in unknown[:_SHOWN])
    return [f"Of a class that the model did not learn, and therefore always wrong: {shown}."]
