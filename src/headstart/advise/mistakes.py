"""The predictions that were wrong and sure, with small pictures of them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from headstart.advise.material import Material
from headstart.data.pictures import Pictures

_MOST = 12
_SIDE = 128


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
        ``name``, ``true``, ``predicted``, ``probability`` and ``thumbnail`` (JPEG, base64; None for numbers as data),
        surest first, at most 12.
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
        _entry(material, i, labels[material.target[i]], labels[hard[i]], float(sure[i]))
        for i in wrong[np.argsort(-sure[wrong], kind="stable")][:_MOST]
    ]


def _wrong_labels(material: Material, prediction: np.ndarray, labels: list[Any]) -> list[dict[str, Any]]:
    hard = prediction > 0.5
    gap = np.abs(prediction - material.target)
    worst = gap.max(axis=1)
    wrong = np.flatnonzero((hard != (material.target == 1)).any(axis=1))
    return [
        _entry(
            material,
            i,
            [labels[k] for k in np.flatnonzero(material.target[i])],
            [labels[k] for k in np.flatnonzero(hard[i])],
            float(worst[i]),
        )
        for i in wrong[np.argsort(-worst[wrong], kind="stable")][:_MOST]
    ]


def _largest_errors(material: Material, prediction: np.ndarray) -> list[dict[str, Any]]:
    true, said = material.target.reshape(len(material), -1), prediction.reshape(len(material), -1)
    error = np.abs(true - said).max(axis=1)

    def plain(values: np.ndarray) -> Any:
        return float(values[0]) if len(values) == 1 else values.tolist()

    order = np.argsort(-error, kind="stable")[:_MOST]
    return [_entry(material, i, plain(true[i]), plain(said[i]), None) for i in order if error[i] > 0]


def _entry(material: Material, i: int, true: Any, predicted: Any, probability: float | None) -> dict[str, Any]:
    pictures = material.rows if isinstance(material.rows, Pictures) else None
    name = f"row {i}" if pictures is None else pictures.names[i]
    shown = None if pictures is None else thumbnail_base64(pictures.decode(i, min_side=_SIDE))
    return {"name": name, "true": true, "predicted": predicted, "probability": probability, "thumbnail": shown}


def thumbnail_base64(rgb: np.ndarray, side: int = _SIDE) -> str:
    """A picture as a small JPEG in base64.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
    side : int, default=128
        Longest side in pixels; smaller pictures keep their size.

    Returns
    -------
    str
    """
    small = Image.fromarray(rgb)
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode("ascii")
