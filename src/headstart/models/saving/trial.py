"""The parts of a model, read from its folder and tried on one input before anybody relies on them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from headstart.contract.answers import predicted
from headstart.data.base.kinds import kind_named
from headstart.data.inputs.registry import entry_of
from headstart.errors import SourceError
from headstart.uncollected import uncollected

_TODO = "It is damaged, or was not written by headstart: copy the folder anew, or fit again."


def try_out(estimator: Any, encoder: Any, manifest: dict[str, Any], folder: Path) -> None:
    """Ask a loaded model about one input of no meaning.

    Parameters
    ----------
    estimator : fitted estimator
    encoder : TableEncoder or None
    manifest : dict
        Checked.
    folder : Path
        For the words.

    Raises
    ------
    SourceError
        If its answer is not finite, or not one number for each class, label or number.
    """
    task, classes = manifest["task"], manifest["classes"]
    known = np.asarray(classes) if task == "classification" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind_named(manifest["input_type"]).values:
            answer = _of_rows(estimator, encoder, task, known, folder)
        else:
            entry = entry_of(kind_named(manifest["input_type"]))
            if entry.trial is None:
                return
            answer = _of_inputs(estimator, entry.trial(), task)
    wide = answer.reshape(len(answer), -1).shape[1]
    if len(answer) != 1 or not np.isfinite(answer).all() or (classes is not None and wide != len(classes)):
        said = "a number" if classes is None else f"{len(classes)} finite scores"
        raise SourceError(
            f"Expected {said} for one input of the model in {folder}, found an array {answer.shape} "
            f"with {int((~np.isfinite(answer)).sum())} that are not finite.",
            _TODO,
        )


def _of_inputs(estimator: Any, inputs: Any, task: str) -> np.ndarray:
    fitted = getattr(estimator, "fitted_", None)
    if fitted is not None:
        from headstart.networks.running.cache import memory_cache
        from headstart.networks.running.embed import embed
        from headstart.training.device import pick_device

        network, device = fitted.network, str(pick_device(estimator.device))
        return np.asarray(fitted.scores(embed(network, inputs, device=device, exact=True, cache=memory_cache())))
    return np.asarray(estimator.predict(inputs) if task == "regression" else estimator.predict_proba(inputs))


def _of_rows(estimator: Any, encoder: Any, task: str, classes: np.ndarray | None, folder: Path) -> np.ndarray:
    """What it says of a row without any value."""
    if encoder is None:
        raise SourceError(f"Expected what makes numbers of rows beside the model in {folder}, found none.", _TODO)
    own = getattr(estimator, "classes_", None)
    if classes is not None and not set(np.asarray(own).tolist()) <= set(classes.tolist()):
        raise SourceError(f"Expected a model of {classes.tolist()[:8]} in {folder}, found one of other classes.", _TODO)
    if classes is not None and (np.sort(classes) != classes).any():
        raise SourceError(f"Expected the classes of a table in order in {folder}, found {classes.tolist()[:8]}.", _TODO)
    import pandas as pd

    row = encoder.encode(pd.DataFrame({_first_column(encoder): [None]}))
    return predicted(estimator, row, task, classes)


def _first_column(encoder: Any) -> str:
    """Name of a column that it reads."""
    if isinstance(encoder.columns_, dict):  # of several views
        return str(next(iter(encoder.columns_.values()))[0])
    return str(encoder.columns_[0]["name"])


@uncollected()
def read_parts(path: Path, manifest: dict[str, Any], module: Any) -> tuple[Any, Any]:
    """Estimator and encoder of a folder whose words have been checked, tried out on one input."""
    estimator: Any = None
    encoder: Any = None
    if manifest["kind"] == "transfer":  # what only some models need is loaded with them: rows of a table need no torch
        from headstart.parameters.loading import read_learned

        learned = read_learned(path, manifest, module)
        estimator = learned if learned.fitted_.network is not None else learned.estimator()
    elif manifest["kind"] == "baseline":
        from headstart.models.saving.baselines import load_baseline

        estimator = load_baseline(path, manifest["baseline"])
    if kind_named(manifest["input_type"]).values:
        from headstart.models.saving.tables import load_table_model

        whole, encoder = load_table_model(path)
        estimator = whole if estimator is None else estimator
        if hasattr(encoder, "input_types_"):  # of several views
            from headstart.models.saving.views import load_view_networks

            load_view_networks(encoder, path)
    try_out(estimator, encoder, manifest, path)
    return estimator, encoder


def read_detector(heard: dict[str, Any]) -> Any:
    """How a model for words listens; what only such models need is loaded with them."""
    from headstart.keywords.listener import Detector

    return Detector.from_dict(heard)
