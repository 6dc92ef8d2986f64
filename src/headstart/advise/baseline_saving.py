"""A fitted picture baseline as JSON and safetensors, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from headstart.advise.classical import BLOCKS, PictureBaselineClassifier, PictureBaselineRegressor
from headstart.data.preprocessing import Preprocessing
from headstart.errors import SourceError

ARRAYS = "baseline.safetensors"
Baseline = PictureBaselineClassifier | PictureBaselineRegressor


def save_baseline(estimator: Baseline, folder: str | Path) -> dict[str, Any]:
    """Write a fitted baseline into an existing folder.

    Parameters
    ----------
    estimator : fitted PictureBaselineClassifier or PictureBaselineRegressor
    folder : path-like

    Returns
    -------
    dict
        Plain JSON types for the manifest.
    """
    arrays = {"coef": estimator.coef_, "intercept": estimator.intercept_}
    arrays |= {f"centre.{name}": values for name, values in estimator.centre_.items()}
    save_file(
        {name: np.ascontiguousarray(values, dtype=np.float64) for name, values in arrays.items()}, Path(folder) / ARRAYS
    )
    described: dict[str, Any] = {
        "class": type(estimator).__name__,
        "features": estimator.features_,
        "scale": estimator.scale_,
        "preprocessing": None if estimator.preprocessing is None else estimator.preprocessing.to_dict(),
    }
    if isinstance(estimator, PictureBaselineClassifier):
        described |= {"classes": estimator.classes_.tolist(), "multilabel": estimator.multilabel_}
    else:
        described["single"] = estimator.single_
    return described


def load_baseline(folder: str | Path, described: dict[str, Any]) -> Baseline:
    """Read what `save_baseline` wrote.

    Parameters
    ----------
    folder : path-like
    described : dict
        What `save_baseline` returned.

    Returns
    -------
    fitted estimator

    Raises
    ------
    SourceError
        If a file is missing or holds something else.
    """
    path = Path(folder) / ARRAYS
    kinds: dict[str, type[Baseline]] = {
        "PictureBaselineClassifier": PictureBaselineClassifier,
        "PictureBaselineRegressor": PictureBaselineRegressor,
    }
    if described.get("class") not in kinds or described.get("features") not in BLOCKS or not path.is_file():
        raise SourceError(
            f"Expected a picture baseline in {folder}, found {described.get('class')!r}.", "Fit it again."
        )
    arrays = load_file(path)
    size = described["preprocessing"]
    estimator = kinds[described["class"]](None if size is None else Preprocessing.from_dict(size))
    estimator.coef_, estimator.intercept_ = arrays["coef"], arrays["intercept"]
    estimator.centre_ = {name[7:]: values for name, values in arrays.items() if name.startswith("centre.")}
    estimator.scale_ = {name: float(value) for name, value in described["scale"].items()}
    estimator.features_ = described["features"]
    if isinstance(estimator, PictureBaselineClassifier):
        estimator.classes_ = np.asarray(described["classes"])
        estimator.multilabel_, estimator.temperature_ = bool(described["multilabel"]), 1.0
    else:
        estimator.single_ = bool(described["single"])
    return estimator
