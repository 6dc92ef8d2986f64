"""Whether a model handed on says what the model itself says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from headstart.errors import MissingExtra, OutputError

#: Largest difference of a probability; of numbers, as a share of the largest of them where that is above 1.
TOLERANCE = 1e-4


def run(file: str | Path, parts: Iterable[dict[str, np.ndarray]]) -> np.ndarray:
    """What onnxruntime says of inputs that are given in parts, (n, ...)."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "onnx", "Checking a model in ONNX's form") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        return np.concatenate([session.run(None, part)[0] for part in parts])
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
