"""Scores of predictions in plain numbers: for the report, for the test part, for every candidate."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import (
    confusion_matrix,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
    precision_recall_fscore_support,
    r2_score,
)

from headstart.guard.choosing.choose import example_scores
from headstart.math.statistics.calibration import expected_calibration_error
from headstart.math.statistics.comparison import bootstrap_mean, wilson_interval
from headstart.math.statistics.metrics import example_log_loss, mean_average_precision


def measure(task: str, target: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """All scores of a task.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    target : array
        Class numbers (n,), 0/1 (n, L), or numbers (n,) or (n, t).
    prediction : array
        Probabilities (n, K) or (n, L), or numbers.

    Returns
    -------
    dict of str to float
        accuracy, balanced_accuracy, macro_f1, log_loss; or example_f1, exact_match, macro_f1,
        mean_average_precision, log_loss; or r2, mae, rmse.

    Examples
    --------
    >>> measure("regression", np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    {'r2': 0.5, 'mae': 0.5, 'rmse': 0.7071067811865476}
    """
    if task == "regression":
        flat = prediction.reshape(target.shape)
        return {
            "r2": float(r2_score(target, flat)),
            "mae": float(mean_absolute_error(target, flat)),
            "rmse": float(np.sqrt(mean_squared_error(target, flat))),
        }
    log_loss = float(example_log_loss(prediction, target).mean())
    if task == "multilabel":
        hard = (prediction > 0.5).astype(int)
        return {
            "example_f1": float(example_scores(task, target, prediction).mean()),
            "exact_match": float((hard == target).all(axis=1).mean()),
            "macro_f1": float(f1_score(target, hard, average="macro", zero_division=0)),
            "mean_average_precision": mean_average_precision(target, prediction),
            "log_loss": log_loss,
        }
    hard = prediction.argmax(axis=1)
    present = np.unique(target)
    return {
        "accuracy": float((hard == target).mean()),
        "balanced_accuracy": float(np.mean([(hard[target == k] == k).mean() for k in present])),
        "macro_f1": float(f1_score(target, hard, labels=present, average="macro", zero_division=0)),
        "log_loss": log_loss,
    }


def score_interval(task: str, scores: np.ndarray, groups: np.ndarray | None) -> list[float]:
    """95% interval of a mean score: Wilson's for shares of independent examples, else a (group) bootstrap."""
    grouped = groups is not None and len(np.unique(groups)) < len(groups)
    if task == "classification" and not grouped:
        return list(wilson_interval(float(scores.sum()), len(scores)))
    return list(bootstrap_mean(scores, groups))


def calibration_error(task: str, target: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error of the predicted class, or over all labels."""
    if task == "multilabel":
        confidence = np.where(probability > 0.5, probability, 1.0 - probability)
        return expected_calibration_error(confidence.ravel(), ((probability > 0.5) == (target == 1)).ravel())
    return expected_calibration_error(probability.max(axis=1), probability.argmax(axis=1) == target)


def confusion(target: np.ndarray, prediction: np.ndarray, labels: list[Any]) -> dict[str, Any]:
    """Confusion matrix, rows true and columns predicted, in plain types."""
    matrix = confusion_matrix(target, prediction.argmax(axis=1), labels=range(len(labels)))
    return {"labels": labels, "matrix": matrix.tolist()}


def per_class(task: str, target: np.ndarray, prediction: np.ndarray, labels: list[Any]) -> list[dict[str, Any]]:
    """Number, precision, recall and F1 of every class or label."""
    hard = (prediction > 0.5).astype(int) if task == "multilabel" else prediction.argmax(axis=1)
    precision, recall, f1, n = precision_recall_fscore_support(
        target, hard, labels=list(range(len(labels))), average=None, zero_division=0
    )
    return [
        {
            "class": label,
            "n": int(n[k]),
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
        }
        for k, label in enumerate(labels)
    ]
