"""Predictions with something to see or hear of each: wrong and sure, hardly sure, and right ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.inputs.registry import specimen
from headstart.guard.candidates.material import Material

SHOWN = 12
#: Of those that were hardly sure, and of right ones.
FEW = 6


def surest_mistakes(material: Material, prediction: np.ndarray, labels: list[Any] | None) -> list[dict[str, Any]]:
    """Out-of-fold predictions that were wrong with the highest probability; for numbers the largest errors.

    Parameters
    ----------
    material : Material
    prediction : array
        Calibrated probabilities (n, K) or (n, L), or numbers.
    labels : list or None
        Class or label names.

    Returns
    -------
    list of dict
        ``name``, ``true``, ``predicted``, ``probability`` and what `specimen` gives, surest first, at most 12.
    """
    if material.task == "regression":
        return _largest_errors(material, prediction)
    labels = [] if labels is None else labels
    if material.task == "multilabel":
        return _wrong_labels(material, prediction, labels)
    hard = prediction.argmax(axis=1)
    sure = prediction.max(axis=1)
    wrong = np.flatnonzero(hard != material.target)
    return [
        entry(material, i, labels[material.target[i]], labels[hard[i]], float(sure[i]))
        for i in wrong[np.argsort(-sure[wrong], kind="stable")][:SHOWN]
    ]


def unsure_and_right(
    material: Material, prediction: np.ndarray, labels: list[Any] | None, random_state: int
) -> dict[str, list[dict[str, Any]]]:
    """Some that no class stands out for, the least sure first, and some right ones, drawn at random.

    Parameters
    ----------
    material : Material
        Of classes; of other tasks nothing is said.
    prediction : array (n, K)
        Calibrated probabilities.
    labels : list or None
        Class names.
    random_state : int
        Of the drawing.

    Returns
    -------
    dict
        ``least_sure`` and ``right``, as `surest_mistakes` has them, at most six each.
    """
    if material.task != "classification" or labels is None:
        return {"least_sure": [], "right": []}
    hard, sure = prediction.argmax(axis=1), prediction.max(axis=1)
    right = np.flatnonzero(hard == material.target)
    drawn = np.sort(np.random.default_rng(random_state).permutation(right)[:FEW])
    chosen = {"least_sure": np.argsort(sure, kind="stable")[:FEW], "right": drawn}
    return {
        name: [entry(material, i, labels[material.target[i]], labels[hard[i]], float(sure[i])) for i in rows]
        for name, rows in chosen.items()
    }


def _wrong_labels(material: Material, prediction: np.ndarray, labels: list[Any]) -> list[dict[str, Any]]:
    hard = prediction > 0.5
    gap = np.abs(prediction - material.target)
    worst = gap.max(axis=1)
    wrong = np.flatnonzero((hard != (material.target == 1)).any(axis=1))
    return [
        entry(
            material,
            i,
            [labels[k] for k in np.flatnonzero(material.target[i])],
            [labels[k] for k in np.flatnonzero(hard[i])],
            float(worst[i]),
        )
        for i in wrong[np.argsort(-worst[wrong], kind="stable")][:SHOWN]
    ]


def _largest_errors(material: Material, prediction: np.ndarray) -> list[dict[str, Any]]:
    true, said = material.target.reshape(len(material), -1), prediction.reshape(len(material), -1)
    error = np.abs(true - said).max(axis=1)

    def plain(values: np.ndarray) -> Any:
        return float(values[0]) if len(values) == 1 else values.tolist()

    order = np.argsort(-error, kind="stable")[:SHOWN]
    return [entry(material, i, plain(true[i]), plain(said[i]), None) for i in order if error[i] > 0]


def entry(
    material: Material, i: int, true: Any, predicted: Any, probability: float | None, *, shown: bool = True
) -> dict[str, Any]:
    """What is said of one example, and unless ``shown`` is false something to see or hear of it."""
    rows = material.rows if material.shown is None else material.shown
    name = rows.names[i] if hasattr(rows, "names") else f"row {i}"
    found = {"name": name, "true": true, "predicted": predicted, "probability": probability}
    return found | specimen(rows, int(i)) if shown else found
