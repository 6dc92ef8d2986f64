"""Scores of predictions in plain numbers: for the report, for the test part, for every candidate."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from headstart.math.statistics.calibration import expected_calibration_error
from headstart.math.statistics.calibration import reliability as reliability_curve
from headstart.math.statistics.comparison import wilson_interval
from headstart.math.statistics.influence import as_columns
from headstart.math.statistics.intervals import score_interval
from headstart.math.statistics.named_metrics import METRICS, metrics_of


def measure(
    task: str, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, float]:
    """All scores of a task.

    Parameters
    ----------
    task, target, prediction, weight
        As in `headstart.guard.choosing.choose.example_scores`.

    Returns
    -------
    dict of str to float
        Every metric of the task, by name.

    Examples
    --------
    >>> found = measure("regression", np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    >>> {name: round(value, 3) for name, value in found.items()}
    {'r2': 0.5, 'mae': 0.5, 'rmse': 0.707}
    """
    return {name: METRICS[name].value(target, prediction, weight) for name in metrics_of(task)}


def calibration_error(task: str, target: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error of the predicted class, or over all labels."""
    return expected_calibration_error(*_sure_and_right(task, target, probability))


def reliability(task: str, target: np.ndarray, probability: np.ndarray) -> list[dict[str, float]]:
    """The reliability curve of the predicted class, or over all labels.

    Each bin has ``sure``, ``right`` with its interval ``low`` to ``high``, and ``n``.
    """
    found = []
    for sure, right, n in reliability_curve(*_sure_and_right(task, target, probability)).tolist():
        low, high = wilson_interval(right * n, n)
        found.append({"sure": sure, "right": right, "low": low, "high": high, "n": int(n)})
    return found


def _sure_and_right(task: str, target: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if task == "multilabel":
        confidence = np.where(probability > 0.5, probability, 1.0 - probability)
        return confidence.ravel(), ((probability > 0.5) == (target == 1)).ravel()
    return probability.max(axis=1), probability.argmax(axis=1) == target


def confusion(target: np.ndarray, prediction: np.ndarray, labels: list[Any]) -> dict[str, Any]:
    """Confusion matrix, rows true and columns predicted, in plain types."""
    matrix = confusion_matrix(target, prediction.argmax(axis=1), labels=range(len(labels)))
    return {"labels": labels, "matrix": matrix.tolist()}


def per_class(
    task: str, target: np.ndarray, prediction: np.ndarray, labels: list[Any], groups: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """Number, precision, recall and F1 of every class or label, precision and recall with their intervals.

    Parameters
    ----------
    task : {"classification", "multilabel"}
    target, prediction : array
        Class numbers (n,) and probabilities (n, K), or 0/1 and probabilities (n, L).
    labels : list
        Names of the classes.
    groups : array of shape (n,), optional
        Examples of one group are not independent.

    Returns
    -------
    list of dict
        ``class``, ``n``, ``precision``, ``recall``, ``f1``; ``recall_interval`` and ``precision_interval`` are None
        where nothing is of the class, or nothing is taken for it.
    """
    true, said = as_columns(target, prediction)
    hits, n, taken = (true * said).sum(axis=0), true.sum(axis=0), said.sum(axis=0)
    return [
        {
            "class": label,
            "n": int(n[k]),
            "precision": float(hits[k] / max(taken[k], 1)),
            "recall": float(hits[k] / max(n[k], 1)),
            "f1": float(2 * hits[k] / max(n[k] + taken[k], 1)),
            "recall_interval": _share_interval(said[:, k], true[:, k] > 0, groups),
            "precision_interval": _share_interval(true[:, k], said[:, k] > 0, groups),
        }
        for k, label in enumerate(labels)
    ]


def _share_interval(right: np.ndarray, among: np.ndarray, groups: np.ndarray | None) -> list[float] | None:
    if not among.any():
        return None
    return list(score_interval(right[among], None if groups is None else groups[among]))
