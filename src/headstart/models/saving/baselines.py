"""A fitted baseline as JSON and safetensors, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from headstart.data.inputs.registry import preprocessing_of, simple_named
from headstart.errors import SourceError
from headstart.guard.baselines.classical import BaselineClassifier, BaselineRegressor
from headstart.guard.baselines.texts import TextBaselineClassifier, TextBaselineRegressor
from headstart.models.saving.answers import ARRAYS, described_answers, read_answers, save_arrays
from headstart.models.saving.text_baselines import KINDS, TextBaseline, load_text_baseline, save_text_baseline

Baseline = BaselineClassifier | BaselineRegressor | TextBaseline
BASELINES = (BaselineClassifier, BaselineRegressor, TextBaselineClassifier, TextBaselineRegressor)


def save_baseline(estimator: Baseline, folder: str | Path) -> dict[str, Any]:
    """Write a fitted baseline into an existing folder.

    Parameters
    ----------
    estimator : fitted BaselineClassifier or BaselineRegressor, or one of texts
    folder : path-like

    Returns
    -------
    dict
        Plain JSON types for the manifest.
    """
    if isinstance(estimator, TextBaselineClassifier | TextBaselineRegressor):
        return save_text_baseline(estimator, folder)
    arrays = {"coef": estimator.coef_, "intercept": estimator.intercept_}
    arrays |= {f"centre.{name}": values for name, values in estimator.centre_.items()}
    arrays |= {f"scale.{name}": values for name, values in estimator.scale_.items()}
    save_arrays(arrays, folder)
    seen = estimator.preprocessing_
    return described_answers(estimator) | {"preprocessing": None if seen is None else seen.to_dict()}


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
    if described.get("class") in KINDS:
        return load_text_baseline(folder, described)
    path = Path(folder) / ARRAYS
    kinds: dict[str, type[BaselineClassifier | BaselineRegressor]] = {
        "BaselineClassifier": BaselineClassifier,
        "BaselineRegressor": BaselineRegressor,
    }
    simple = simple_named(str(described.get("input_type")))
    known = described.get("class") in kinds and simple is not None and described.get("features") in simple.choices
    if not known or not path.is_file():
        raise SourceError(f"Expected a baseline in {folder}, found {described.get('class')!r}.", "Fit it again.")
    arrays = load_file(path)
    seen = described["preprocessing"]
    estimator = kinds[described["class"]](None if seen is None else preprocessing_of(described["input_type"], seen))
    estimator.preprocessing_ = estimator.preprocessing
    estimator.coef_, estimator.intercept_ = arrays["coef"], arrays["intercept"]
    estimator.centre_ = _named("centre.", arrays)
    estimator.scale_ = _named("scale.", arrays)
    estimator.input_type_ = described["input_type"]
    read_answers(estimator, described)
    return estimator


def _named(start: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}
