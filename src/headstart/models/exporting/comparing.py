"""Whether a model handed on says what the model itself says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.detection.solved import LEAST
from headstart.errors import MissingExtra, OutputError
from headstart.training.device import pick_device

#: Largest difference of a probability; of numbers, as a share of the largest of them where that is above 1.
TOLERANCE = 1e-4


def run(file: str | Path, parts: Iterable[dict[str, np.ndarray]]) -> np.ndarray:
    """What onnxruntime says of inputs that are given in parts, (n, ...)."""
    return np.concatenate([answer[0] for answer in asked(file, parts)])


def asked(file: str | Path, parts: Iterable[dict[str, np.ndarray]]) -> list[list[np.ndarray]]:
    """All that onnxruntime says of each part.

    Raises
    ------
    MissingExtra, OutputError
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "onnx", "Checking a model in ONNX's form") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        return [session.run(None, part) for part in parts]
    except Exception as error:  # its own classes, of several modules
        raise OutputError(
            f"Expected a file that onnxruntime runs, found: {str(error).strip()[:300]}.",
            "Hand the model's folder on as it is.",
        ) from error


def difference(model: Any, inputs: Any, found: np.ndarray) -> float:
    """Largest difference between a model's own answers and those found."""
    own = model.predict(inputs) if model.task == "regression" else model.predict_proba(inputs)
    own = np.asarray(own, np.float64).reshape(len(found), -1)
    apart = float(np.abs(own - found.reshape(len(found), -1)).max(initial=0.0))
    if not np.isfinite(found).all():
        return float("inf")
    return apart / max(1.0, float(np.abs(own).max(initial=0.0))) if model.task == "regression" else apart


def difference_of_boxes(model: Any, pictures: Any, found: Iterable[Sequence[np.ndarray]]) -> float:
    """Largest difference of a corner, as a share of the picture's square, or of a score.

    Each box is held beside the nearest of its class on the other side. Boxes below the least score are not named: one
    that the other side does not name is off by what it is above that.
    """
    estimator = model.estimator
    maps = estimator.body_.maps(pictures, device=str(pick_device(estimator.device)))
    apart = 0.0
    for seen, theirs in zip(maps, found, strict=True):
        own = estimator.solved_.detect(seen)
        apart = max(apart, _beyond(own, theirs), _beyond(theirs, own))
    return apart


def _beyond(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """Largest difference of the boxes, classes and scores of one side from the nearest of the other."""
    (boxes, codes, scores), (others, their_codes, their_scores) = one, other
    if not len(boxes):
        return 0.0
    corners = np.abs(boxes[:, None] - others[None]).max(axis=2, initial=0.0)
    apart = np.maximum(corners, np.abs(scores[:, None] - their_scores[None]))
    apart = np.where(codes[:, None] == their_codes[None], apart, np.inf)
    return float(np.minimum(apart.min(axis=1, initial=np.inf), scores - LEAST).max())


def refuse_difference(apart: float, count: int, tolerance: float = TOLERANCE) -> None:
    """Refuse what answers otherwise.

    Raises
    ------
    OutputError
    """
    if not apart <= tolerance:
        raise OutputError(
            f"Expected the same answers as the model's on {count} inputs, to {tolerance:g}, found a largest difference "
            f"of {apart:.3g}; nothing was written.",
            "Hand the model's folder on as it is.",
        )
