"""Everything that was measured, in plain JSON types."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.guard.candidates.material import Material
from headstart.guard.choosing import measures
from headstart.guard.choosing.choose import METRIC, Table, calibrated, logits, pick
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.guard.comparing.run import Comparison
from headstart.guard.evidence.mistakes import surest_mistakes
from headstart.math.statistics.bbc import bbc_cv
from headstart.math.statistics.calibration import temperature
from headstart.networks.network import Network

_LIBRARIES = ("headstart", "torch", "transformers", "scikit-learn", "numpy", "pillow")
_METHOD = "bootstrap bias-corrected cross-validation, {samples} samples{grouped}"
_SAMPLES = 1000


def data_evidence(material: Material, names: Sequence[Any] | None) -> dict[str, Any]:
    """What was learned from.

    Parameters
    ----------
    material : Material
    names : sequence or None
        Class, label or target names.
    """
    per_class: dict[str, int] = {}
    if names is not None and material.task != "regression":
        counts = material.columns.sum(axis=0)
        per_class = {str(label): int(count) for label, count in zip(names, counts, strict=True)}
    return {
        "name": "",
        "input_type": material.input_type,
        "n": len(material),
        "task": material.task,
        "classes": None if names is None else [plain(label) for label in names],
        "n_per_class": per_class,
        "n_groups": None if material.groups is None else len(np.unique(material.groups)),
        "parts": None,
        "dropped": [],
        "duplicates": [],
        "near_duplicates": [],
        "notes": [],
    }


def source_evidence(network: Network | None) -> dict[str, Any] | None:
    """What was borrowed from."""
    if network is None:
        return None
    card = network.card
    return {
        "name": network.name,
        "kind": network.kind,
        "n_parameters": int(card.n_parameters),
        "n_examples": None if card.n_examples is None else int(card.n_examples),
        "n_classes": card.n_classes,
        "licence": card.licence,
        "origin": card.origin,
    }


def rows_evidence(material: Material) -> dict[str, Any] | None:
    """What rows were offered to borrow from."""
    if not material.sources:
        return None
    each: list[dict[str, Any]] = [
        {"name": source.name or f"source {i + 1}", "n": len(source.X)} for i, source in enumerate(material.sources)
    ]
    if material.worth is not None:
        for entry, *found in zip(each, *vars(material.worth).values(), strict=True):
            entry |= dict(zip(vars(material.worth), found, strict=True))
    return {
        "name": ", ".join(str(entry["name"]) for entry in each),
        "kind": "rows",
        "n_examples": sum(len(source.X) for source in material.sources),
        "n_columns": int(material.rows.shape[1]),
        "n_unlabelled": 0 if material.unlabelled is None else len(material.unlabelled),
        "sources": each,
    }


def rows_used(estimator: Any) -> dict[str, Any] | None:
    """Which rows of its source a fitted method used, where it can say so."""
    if not hasattr(estimator, "explain_source"):
        return None
    use = estimator.explain_source()
    return use if use is None or isinstance(use, dict) else use.to_dict()


def candidate_evidence(comparison: Comparison, table: Table, material: Material, chosen: int) -> list[dict[str, Any]]:
    """One row for each candidate that was run."""
    rows = []
    for c, outcome in enumerate(comparison.outcomes):
        found = mean_measures(material, outcome.predictions)
        rows.append(
            {
                "name": outcome.candidate.name,
                "transfer": outcome.candidate.transfer,
                "words": outcome.candidate.words,
                "score": float(table.scores[:, c].mean()),
                "interval": measures.score_interval(material.task, table.scores[:, c], material.groups),
                "log_loss": found.get("log_loss"),
                "balanced_accuracy": found.get("balanced_accuracy"),
                "macro_f1": found.get("macro_f1"),
                "n_splits": len(comparison.splits[0]),
                "n_repeats": len(outcome.predictions),
                "seconds": outcome.seconds,
                "chosen": c == chosen,
            }
        )
    return rows


def mean_measures(material: Material, predictions: Sequence[np.ndarray]) -> dict[str, float]:
    """Scores of each repeat, averaged."""
    each = [measures.measure(material.task, material.target, prediction) for prediction in predictions]
    return {name: float(np.mean([found[name] for found in each])) for name in each[0]}


def estimate_evidence(table: Table, chosen: int, *, expected: bool, random_state: int) -> dict[str, Any]:
    """The score to expect on new data, corrected for the choosing."""
    value, interval = bbc_cv(
        table.scores,
        groups=table.groups,
        select=lambda rows: pick(table, expected=expected, rows=rows, n_flips=199),
        n_boot=_SAMPLES,
        random_state=random_state,
    )
    grouped = "" if table.groups is None else " of whole groups"
    return {
        "metric": METRIC[table.task],
        "value": value,
        "interval": list(interval),
        "naive": float(table.scores[:, chosen].mean()),
        "method": _METHOD.format(samples=f"{_SAMPLES:,}", grouped=grouped),
    }


def calibration(material: Material, outcome: Outcome, fold: np.ndarray) -> tuple[float, np.ndarray, dict[str, float]]:
    """Temperature of the chosen candidate, its calibrated out-of-fold predictions, and what that changed.

    Returns
    -------
    temperature : float
        Fitted on all out-of-fold predictions of the first repeat; 1.0 for numbers.
    prediction : array
        Each fold calibrated on the other folds.
    changed : dict
        ``ece_before``, ``ece_after`` (out of fold too) and ``temperature``; empty for numbers.
    """
    raw = outcome.predictions[0]
    if material.task == "regression":
        return 1.0, raw, {}
    found = temperature(logits(raw, multilabel=material.task == "multilabel"), material.target)
    scaled = calibrated(material.target, raw, fold)
    changed = {
        "ece_before": measures.calibration_error(material.task, material.target, raw),
        "ece_after": measures.calibration_error(material.task, material.target, scaled),
        "temperature": found,
    }
    return found, scaled, changed


def prediction_evidence(
    material: Material, outcome: Outcome, calibrated_prediction: np.ndarray, names: Sequence[Any] | None
) -> dict[str, Any]:
    """Metrics, confusion, classes and mistakes of the chosen candidate, out of fold."""
    labels = None if names is None else [plain(label) for label in names]
    first = outcome.predictions[0]
    found: dict[str, Any] = {
        "metrics": mean_measures(material, outcome.predictions),
        "confusion": None,
        "per_class": [],
    }
    if material.task == "classification" and labels is not None:
        found["confusion"] = measures.confusion(material.target, first, labels)
    if material.task != "regression" and labels is not None:
        found["per_class"] = measures.per_class(material.task, material.target, first, labels)
    found["mistakes"] = surest_mistakes(material, calibrated_prediction, labels)
    return found


def versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
