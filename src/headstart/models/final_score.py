"""The score of a finished model on the part of the data that was kept aside."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.sets.dataset import Dataset
from headstart.guard.choosing import measures
from headstart.math.statistics.named_metrics import Metric
from headstart.models.model import Model


def test_score(model: Model, aside: Dataset, metric: Metric) -> dict[str, Any]:
    """Scores of the finished model on the part that was kept aside, and the interval of what is measured.

    Examples whose class is not in the rest of the data count as wrong.
    """
    part = str(aside.parts[0]) if aside.parts is not None else "test"
    found: dict[str, Any] = {"part": part, "n": len(aside)}

    def scored(target: np.ndarray, prediction: np.ndarray) -> dict[str, Any]:
        interval = metric.interval(target, [prediction], groups=aside.groups)
        return found | measures.measure(model.task, target, prediction) | {"interval": list(interval)}

    if model.task == "regression":
        y = aside.y.astype(np.float64)
        return scored(y, np.asarray(model.predict(aside.inputs)).reshape(y.shape))
    p = model.predict_proba(aside.inputs)
    if model.task == "multilabel":
        return scored(aside.y.astype(int), p)
    assert model.classes_ is not None
    known = model.classes_
    everything = np.union1d(known, np.unique(aside.y))
    wide = np.zeros((len(p), len(everything)))
    wide[:, np.searchsorted(everything, known)] = p
    return scored(np.searchsorted(everything, aside.y), wide)
