"""What every saved baseline says of itself: its class, what it looks at, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

ARRAYS = "baseline.safetensors"


def save_arrays(arrays: dict[str, np.ndarray], folder: str | Path) -> None:
    """Write the weights of a baseline, in float64."""
    whole = {name: np.ascontiguousarray(values, dtype=np.float64) for name, values in arrays.items()}
    save_file(whole, Path(folder) / ARRAYS)


def described_answers(estimator: Any) -> dict[str, Any]:
    """Name of the class, inputs, features and answers of a fitted baseline, in plain JSON types."""
    found = {
        "class": type(estimator).__name__,
        "input_type": estimator.input_type_,
        "features": estimator.features_,
    }
    if hasattr(estimator, "single_"):
        return found | {"single": estimator.single_}
    return found | {"classes": estimator.classes_.tolist(), "multilabel": estimator.multilabel_}


def read_answers(estimator: Any, described: dict[str, Any]) -> None:
    """Give a baseline that is being loaded what `described_answers` said."""
    estimator.features_ = str(described["features"])
    if "single" in described:
        estimator.single_ = bool(described["single"])
        return
    estimator.classes_ = np.asarray(described["classes"])
    estimator.multilabel_, estimator.temperature_ = bool(described["multilabel"]), 1.0
