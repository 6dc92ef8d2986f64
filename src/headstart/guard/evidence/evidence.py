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
from headstart.guard.choosing.choose import Table, pick
from headstart.guard.comparing.comparison import Comparison
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.guard.evidence.guessing import against_guessing, never_answered, trivial_evidence
from headstart.guard.evidence.label_errors import held_out, label_errors
from headstart.guard.evidence.lead import lead
from headstart.guard.evidence.mistakes import surest_mistakes, unsure_and_right
from headstart.guard.evidence.use import OUT_OF_FOLD, use_evidence
from headstart.math.statistics.bbc import bbc_cv
from headstart.math.statistics.calibration import calibrated, temperature
from headstart.math.statistics.metrics import example_log_loss
from headstart.math.statistics.probability import logits

_LIBRARIES = ("headstart", "torch", "transformers", "scikit-learn", "numpy", "pillow")
_METHOD = "bootstrap bias-corrected cross-validation, {samples} samples{grouped}; interval by Wilson's formula"
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


def source_evidence(material: Material) -> dict[str, Any] | None:
    """What was offered: a network, and perhaps labelled sets beside it."""
    found = network_evidence(material.network)
    sets = [{"name": one.name or f"set {i}", "n": len(one.y)} for i, one in enumerate(material.lent, 1)]
    return found if found is None or not sets else found | {"sets": sets}


def network_evidence(network: Any) -> dict[str, Any] | None:
    """What is known of a network (or a detector with a card) that was borrowed from; None of none."""
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
    """What rows were offered to borrow from, with labels or without."""
    if not material.sources and (material.unlabelled is None or not material.numbers):
        return None
    each: list[dict[str, Any]] = [
        {"name": source.name or f"source {i + 1}", "n": len(source.X)} for i, source in enumerate(material.sources)
    ]
    if material.worth is not None:
        for entry, *found in zip(each, *vars(material.worth).values(), strict=True):
            entry |= dict(zip(vars(material.worth), found, strict=True))
    return {
        "name": ", ".join(str(entry["name"]) for entry in each) or "rows without labels",
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
                "score": table.measured.sign * float(table.scores[:, c].mean()),
                "interval": table.interval(c),
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
    each = [measures.measure(material.task, material.target, prediction, material.weight) for prediction in predictions]
    return {name: float(np.mean([found[name] for found in each])) for name in each[0]}


def estimate_evidence(
    table: Table, chosen: int, *, expected: bool, random_state: int, samples: int = _SAMPLES
) -> dict[str, Any]:
    """The score to expect on new data, corrected for the choosing, with its interval."""
    measured = table.measured
    value = measured.sign * bbc_cv(
        table.scores,
        groups=table.groups,
        select=lambda rows: pick(table, expected=expected, rows=rows, n_flips=199),
        n_boot=samples,
        random_state=random_state,
    )
    naive = measured.sign * float(table.scores[:, chosen].mean())
    grouped = "" if table.groups is None else " of whole groups"
    return {
        "metric": measured.name,
        "value": value,
        "interval": _interval(table, chosen, value, naive),
        "naive": naive,
        "method": _METHOD.format(samples=f"{samples:,}", grouped=grouped),
    }


def _interval(table: Table, chosen: int, value: float, naive: float) -> list[float]:
    """The interval around the corrected score; its better end around the middle of the corrected and the naive score.

    The correction is the mean over choices that might have been made. Where the choice that was made is a good one, it
    is too large; in simulation most truths that the interval missed lay above it.
    """
    better = table.interval(chosen, (value + max(naive, value, key=lambda one: table.measured.sign * one)) / 2.0)
    around = table.interval(chosen, value)
    return [around[0], better[1]] if table.measured.larger_is_better else [better[0], around[1]]


def calibration(material: Material, outcome: Outcome, fold: np.ndarray) -> tuple[float, np.ndarray, dict[str, Any]]:
    """Temperature of the chosen candidate, its out-of-fold probabilities under it, and what that changed.

    Each fold is scaled with what fits the other folds. Where that lowers neither the log-loss nor the calibration error
    out of fold, or only one of them, nothing is scaled.

    Returns
    -------
    temperature : float
        Fitted on all out-of-fold predictions of the first repeat; 1.0 for numbers, and where scaling does not help.
    prediction : array
        Out of fold, scaled as the model's will be.
    changed : dict
        ``ece_before``, ``ece_after`` (out of fold too) and ``temperature``; empty for numbers.
    """
    raw = outcome.predictions[0]
    if material.task == "regression":
        return 1.0, raw, {}
    scaled = calibrated(material.target, raw, fold)
    error = [measures.calibration_error(material.task, material.target, p) for p in (raw, scaled)]
    loss = [float(example_log_loss(p, material.target).mean()) for p in (raw, scaled)]
    if not (loss[1] < loss[0] and error[1] <= error[0]):
        return 1.0, raw, {"ece_before": error[0], "ece_after": error[0], "temperature": 1.0}
    found = temperature(logits(raw, multilabel=material.task == "multilabel"), material.target)
    return found, scaled, {"ece_before": error[0], "ece_after": error[1], "temperature": found}


def prediction_evidence(
    material: Material,
    predictions: Sequence[np.ndarray],
    calibrated_prediction: np.ndarray,
    names: Sequence[Any] | None,
    random_state: int,
) -> dict[str, Any]:
    """Metrics, confusion, classes, thresholds, mistakes and doubtful labels, of examples that were not learned from.

    Parameters
    ----------
    material : Material
    predictions : sequence of array
        Of all examples, once or several times: probabilities (n, K) or (n, L), or numbers.
    calibrated_prediction : array
        The first of them, scaled as the model's are.
    names : sequence or None
        Of classes, labels or targets.
    random_state : int
    """
    labels = None if names is None else [plain(label) for label in names]
    first = predictions[0]
    found: dict[str, Any] = {
        "metrics": mean_measures(material, predictions),
        "confusion": None,
        "per_class": [],
        "reliability": [],
    }
    if material.task == "classification" and labels is not None:
        found["confusion"] = measures.confusion(material.target, first, labels)
    if material.task != "regression" and labels is not None:
        found["per_class"] = measures.per_class(material.task, material.target, first, labels, material.groups)
        found["reliability"] = measures.reliability(material.task, material.target, calibrated_prediction)
    found["mistakes"] = surest_mistakes(material, calibrated_prediction, labels)
    found |= unsure_and_right(material, calibrated_prediction, labels, random_state)
    found["use"] = use_evidence(material, calibrated_prediction, labels, OUT_OF_FOLD)
    found["label_errors"] = label_errors(material, calibrated_prediction, labels)
    found["held_out"] = held_out(material, calibrated_prediction, random_state)
    return found


def guessing_evidence(
    material: Material, outcome: Outcome, estimate: dict[str, Any], names: Sequence[Any] | None
) -> dict[str, Any]:
    """What guessing gives, whether the estimate is shown to be better, the warnings, and the first words of all."""
    trivial = trivial_evidence(material, names)
    better, words = against_guessing(trivial, estimate, material.measured)
    found = [words, never_answered(material, outcome.predictions[0], names)]
    return {
        "lead": lead(estimate, trivial, material.kind.many),
        "trivial": trivial | {"better": better},
        "warnings": [line for line in found if line],
    }


def versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
