"""Whether tasks beside a target help it where one body is trained: measured on rows of the target out of fold."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.sets.labels import ReadLabels
from headstart.data.sets.splits import folds
from headstart.math.linear.source_worth import clearly

_SPLITS = 3


@dataclass(frozen=True)
class Gain:
    """By how much the target's loss out of fold is lower with the other tasks than without.

    Attributes
    ----------
    gain, error : float
        Mean and standard error over rows, in nats, or in parts of the variance of numbers.
    helps : bool
        Whether the gain is above what chance gives in 19 of 20 cases.
    """

    gain: float
    error: float
    helps: bool

    def told(self, target: str) -> str:
        """The finding in a sentence.

        Examples
        --------
        >>> Gain(-0.02, 0.01, False).told("digit")
        "The other tasks are refused: the loss of 'digit' out of fold rises by 0.02 (standard error 0.01)."
        """
        if not self.gain and not self.error:
            return f"The other tasks are refused: none of them can be of use to {target!r}."
        changed = f"falls by {self.gain:.3g}" if self.gain > 0 else f"rises by {-self.gain:.3g}"
        did = "are learned with" if self.helps else "are refused"
        return f"The other tasks {did}: the loss of {target!r} out of fold {changed} (standard error {self.error:.2g})."


def gain_of_others(
    learn: Callable[[Inputs, Mapping[str, ReadLabels]], Mapping[str, Any]],
    inputs: Inputs,
    read: Mapping[str, ReadLabels],
    target: str,
) -> Gain:
    """Learn the target with the other tasks and alone, on the same folds of its rows, and compare its losses.

    Rows that are judged are left out of every task: a label beside the target may tell it.

    Parameters
    ----------
    learn : callable
        Inputs and labels of tasks to a fitted model of each.
    inputs : pictures, clips or texts, n of them
    read : mapping of str to ReadLabels
    target : str
        One of ``read``, of classes or numbers.
    """
    own = read[target]
    labelled = np.flatnonzero(own.kept)
    lost = np.zeros((2, len(labelled)))
    for _, test in folds(own.y, own.task, n_splits=_SPLITS):
        rows = np.setdiff1d(np.arange(len(inputs)), labelled[test])
        for i, names in enumerate(([target], list(read))):
            parts = {name: of_rows(read[name], rows) for name in names}
            able = np.flatnonzero(np.any([part.kept for part in parts.values()], axis=0))
            model = learn(inputs[rows[able]], {name: of_rows(part, able) for name, part in parts.items()})[target]
            lost[i, test] = _losses(model, inputs[labelled[test]], own, test)
    return Gain(*clearly(lost[0] - lost[1]))


def of_rows(read: ReadLabels, rows: np.ndarray) -> ReadLabels:
    """Labels of some rows, in their order."""
    place = np.cumsum(read.kept) - 1
    return dataclasses.replace(read, y=read.y[place[rows[read.kept[rows]]]], kept=read.kept[rows])


def _losses(model: Any, inputs: Inputs, read: ReadLabels, test: np.ndarray) -> np.ndarray:
    """Loss of each row: minus the log of its class's probability, or its squared error by the variance of all."""
    y = read.y[test]
    if read.task == "regression":
        return np.asarray((model.predict(inputs) - y) ** 2 / max(float(np.var(read.y)), 1e-12))
    shares = np.column_stack([model.predict_proba(inputs), np.zeros(len(y))])  # the last: of a class that was not seen
    place = np.searchsorted(model.classes_, y)
    known = model.classes_[np.minimum(place, len(model.classes_) - 1)] == y
    return np.asarray(-np.log(np.maximum(shares[np.arange(len(y)), np.where(known, place, -1)], 1e-6)))
