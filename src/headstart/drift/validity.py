"""Is a saved model still valid on new data? Tests, the accuracy to expect, what differs, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from headstart.adviser.next_labels import next_labels
from headstart.data.inputs.inputs import as_inputs
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.tables.frame import read_frame
from headstart.data.tables.rows import rows_of
from headstart.drift.accuracy import ExpectedAccuracy, expected_accuracy, neighbours_agree, strangeness
from headstart.errors import SourceError
from headstart.guard.choosing.without_labels import domain_auc
from headstart.guard.evidence.reference import MOST, Reference, measured
from headstart.math.statistics.intervals import score_interval
from headstart.math.statistics.prevalence import class_shares
from headstart.math.statistics.two_sample import two_sample_tests
from headstart.models.model import Model, load

VALID, DOUBTFUL, INVALID, CANNOT_TELL = "valid", "doubtful", "invalid", "cannot tell"
#: Fewest new examples that anything is said of, the level of the tests, and falls of the accuracy that count.
FEWEST, LEVEL, SOME, MUCH = 20, 0.05, 0.03, 0.10
#: A measure differs where its mean moves by this many standard deviations, a class where its share moves by so much.
_MOVED, _SHIFT, _OVERTURNED = 0.5, 0.10, 0.3
_SHOWN = 5


@dataclass(frozen=True)
class Check:
    """Whether a model is still valid.

    Attributes
    ----------
    verdict : {"valid", "doubtful", "invalid", "cannot tell"}
    sentence : str
    words : tuple of str
        What differs, and what to do.
    numbers : dict
        All that was measured, in plain JSON types.
    """

    verdict: str
    sentence: str
    words: tuple[str, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)


def check(
    model: Any,
    data: Any,
    *,
    labels: str | None = None,
    group_by: str | None = None,
    random_state: int = 0,
) -> Check:
    """Say whether a model still holds on new data, by the loss of accuracy that is to be expected.

    A test opens the door: where new data cannot be told from those that the model learned from, it is valid. Where they
    differ, the accuracy on them is estimated without labels (`headstart.drift.accuracy.expected_accuracy`), and how
    much is lost decides. With labels the accuracy itself decides.

    Parameters
    ----------
    model : Model or path
        That keeps a reference of its data (``reference=True`` in `headstart.fit`).
    data : path, frame, pictures, clips or texts
        New examples; under 20 nothing is said.
    labels : str, optional
        Column of labels in a table; "folders" where the folders of ``data`` are classes.
    group_by : str, optional
        Column, or expression over paths: rows of one group (a patient) are no independent evidence.
    random_state : int, default=0

    Raises
    ------
    SourceError
        If the model keeps no reference, and there are no labels.
    DataError
        For data that the model does not take.
    """
    known = load(model) if isinstance(model, str | Path) else model
    inputs, names, y, groups = _read(known, data, labels, group_by)
    n = len(inputs)
    if n < FEWEST:
        words = f"Cannot tell: {known.kind.count(n)} are too few, {FEWEST} or more are needed."
        return Check(CANNOT_TELL, words, numbers={"n": n})
    promised = _promised(known)
    exact = None if y is None else _exact(known, inputs, y)
    if known.reference is None:
        if exact is None or promised is None:
            raise SourceError(
                "Expected a model that keeps a reference of its data, found one without.",
                "Give labels (--labels COLUMN), or fit again without --no-reference.",
            )
        return _by_labels(known, n, promised, exact, {"n": n}, ())
    return _compared(known, known.reference, inputs, names, groups, promised, exact, random_state)


def _read(
    known: Model, data: Any, labels: str | None, group_by: str | None
) -> tuple[Any, list[str], np.ndarray | None, np.ndarray | None]:
    """New examples as the model takes them, what they are called, and their labels and groups where they are said."""
    if labels is not None or group_by is not None:
        told = Reading(label=None if labels in (None, "folders") else labels, group_by=group_by)
        dataset = recognise(data, told, wanted=lambda: known.kind).dataset()
        inputs = dataset.inputs.frame if known.kind.values else dataset.inputs
        return inputs, list(dataset.names), dataset.y if labels is not None else None, dataset.groups
    if known.kind.values:
        frame = read_frame(Path(data)) if isinstance(data, str | Path) else rows_of(data)
        return frame, [f"row {i + 1}" for i in range(len(frame))], None, None
    path = isinstance(data, str | Path)
    inputs = read_unlabelled(data, kind=known.kind) if path else as_inputs(data, known.input_type)
    return inputs, list(inputs.names), None, None


def _promised(known: Model) -> float | None:
    """The accuracy that the model was handed over with; None for numbers."""
    estimate = known.evidence.get("estimate") or {}
    if estimate.get("metric") == "accuracy" and estimate.get("value") is not None:
        return float(estimate["value"])
    found = (known.evidence.get("metrics") or {}).get("accuracy")
    return None if found is None else float(found)


def _exact(known: Model, inputs: Any, y: np.ndarray) -> tuple[float, float, float]:
    """Accuracy on labelled new examples, with its interval."""
    right = (np.asarray(known.predict(inputs)).astype(str) == np.asarray(y).astype(str)).astype(np.float64)
    low, high = score_interval(right)
    return float(right.mean()), float(low), float(high)


def _compared(
    known: Model,
    reference: Reference,
    inputs: Any,
    names: list[str],
    groups: np.ndarray | None,
    promised: float | None,
    exact: tuple[float, float, float] | None,
    seed: int,
) -> Check:
    rows = known.encoder.transform(inputs) if known.kind.values else inputs
    network = getattr(known.estimator, "network_", None)
    features = reference.seen(rows, network)
    projected = features @ reference.projection.astype(np.float64)
    old = reference.rows.astype(np.float64)
    few = np.sort(np.random.default_rng(seed).permutation(len(projected))[:MOST])
    new = projected[few]
    each = None if groups is None else np.concatenate([[f"old {i}" for i in range(len(old))], groups[few].astype(str)])
    tests = two_sample_tests(old, new, groups=each, random_state=seed)
    p = min(1.0, 2 * min(test.p_value for test in tests.values()))
    auc = domain_auc(old, new, seed)
    numbers: dict[str, Any] = {"n": len(names), "n_reference": len(old), "p_value": p, "auc": auc, "promised": promised}
    numbers |= {f"p_{name}": test.p_value for name, test in tests.items()}
    differs = p < LEVEL
    words = _what_differs(known, reference, rows, names, old, projected) if differs else []
    numbers["unlike"] = [names[i] for i in np.argsort(-strangeness(old, projected), kind="stable")[:_SHOWN]]
    if exact is not None and promised is not None:
        return _by_labels(known, len(names), promised, exact, numbers, tuple(words))
    if promised is None or not len(reference.heads):
        verdict = DOUBTFUL if differs else VALID
        said = (
            f"differ (p = {p:.3g}, AUC {auc:.2f})"
            if differs
            else f"cannot be told from those learned from (p = {p:.2g})"
        )
        return Check(verdict, f"{verdict.capitalize()}: the {known.kind.many} {said}.", tuple(words), numbers)
    found, shares = _expected(known, reference, inputs, features, projected, old, promised, seed)
    numbers |= {"expected": found.value, "interval": [found.low, found.high]}
    numbers["class_shares"] = {str(label): [a, b] for label, (a, b) in shares.items()}
    if not differs:
        sentence = (
            f"Valid: the {known.kind.many} cannot be told from those learned from (p = {p:.2g}; {len(names)} against "
            f"{len(old)}); expected right {_points(promised)}%, as promised."
        )
        return Check(VALID, sentence, (), numbers)
    moved = [f"{k} {_points(a)}% -> {_points(b)}%" for k, (a, b) in shares.items() if abs(a - b) >= _SHIFT]
    words += [f"Class shares: {', '.join(moved)}."] if moved else []
    fall = promised - found.value
    overturned = max(abs(a - b) for a, b in shares.values()) >= _OVERTURNED  # or the model is wrong in one direction
    verdict = INVALID if fall >= MUCH else DOUBTFUL if fall >= SOME or overturned else VALID
    sentence = (
        f"{verdict.capitalize()}: the {known.kind.many} differ (p = {p:.3g}, AUC {auc:.2f}; {len(names)} against "
        f"{len(old)}); expected right {_points(found.value)}% [{_points(found.low)}-{_points(found.high)}] (promised "
        f"{_points(promised)}%)."
    )
    if verdict != VALID:
        numbers["label"] = _to_label(features, names, seed)
        words.append(f"Do: label {len(numbers['label'])} of them (headstart label-next), then --labels tells exactly.")
    return Check(verdict, sentence, tuple(words), numbers)


def _expected(
    known: Model,
    reference: Reference,
    inputs: Any,
    features: np.ndarray,
    projected: np.ndarray,
    old: np.ndarray,
    promised: float,
    seed: int,
) -> tuple[ExpectedAccuracy, dict[Any, tuple[float, float]]]:
    """Accuracy to expect, and the shares of the classes before and now."""
    held, said = reference.held.astype(np.float64), reference.confidence(features)
    classes = np.asarray(known.classes_)
    answers = np.searchsorted(classes, np.asarray(known.predict(inputs)))
    agreement = neighbours_agree(old, reference.codes, old, held.argmax(axis=1), own=True)
    now = neighbours_agree(old, reference.codes, projected, answers)
    before = np.bincount(reference.codes, minlength=held.shape[1]) / len(reference.codes)
    after = class_shares(said, before)
    usual = np.quantile(strangeness(old, old), 0.99)
    outside = max(0.0, float((strangeness(old, projected) > usual).mean()) - 0.05)
    how: dict[str, Any] = {"outside": outside, "chance": float(before.max()), "random_state": seed}
    found = expected_accuracy(promised, held.max(axis=1), said.max(axis=1), agreement, now, **how)
    return found, dict(zip(classes.tolist(), zip(before.tolist(), after.tolist(), strict=True), strict=True))


def _what_differs(
    known: Model, reference: Reference, rows: Any, names: list[str], old: np.ndarray, new: np.ndarray
) -> list[str]:
    """What anybody can check, and which examples are most unlike."""
    said = []
    values = measured(rows)
    called: tuple[str, ...] = () if known.kind.values else simple_of(known.kind).measures
    if values.shape[1] == reference.measures.shape[1] == len(called) and len(called):
        mean, spread = reference.measures.mean(axis=0), reference.measures.std(axis=0)
        steps = (values.mean(axis=0) - mean) / np.where(spread > 0, spread, 1.0)
        said = [
            f"{name} {'higher' if step > 0 else 'lower'}"
            for name, step in zip(called, steps, strict=True)
            if abs(step) > _MOVED
        ]
    if known.kind.values and len(reference.ranks):
        ranks = reference.seen(rows, None) * np.sqrt(reference.ranks.shape[1])
        middle = np.median(ranks, axis=0)
        columns = list(known.encoder.get_feature_names_out()) if hasattr(known.encoder, "get_feature_names_out") else []
        order = [j for j in np.argsort(-np.abs(middle)) if abs(middle[j]) > _MOVED][:_SHOWN]
        said = [f"{columns[j]} {'higher' if middle[j] > 0 else 'lower'}" for j in order if j < len(columns)]
    unlike = [names[i] for i in np.argsort(-strangeness(old, new), kind="stable")[:_SHOWN]]
    what = f"{', '.join(said)}; most unlike: " if said else "most unlike: "
    return [f"What differs: {what}{', '.join(unlike)}."]


def _to_label(features: np.ndarray, names: list[str], seed: int) -> list[str]:
    """Twenty that are worth a label."""
    found = next_labels(features, min(20, len(names)), random_state=seed)
    return [names[i] for i in found.rows]


def _by_labels(
    known: Model,
    n: int,
    promised: float,
    exact: tuple[float, float, float],
    numbers: dict[str, Any],
    words: tuple[str, ...],
) -> Check:
    """The verdict where labels tell it."""
    value, low, high = exact
    fall = promised - value
    verdict = VALID if fall < SOME or high >= promised else INVALID if fall >= MUCH else DOUBTFUL
    sentence = (
        f"{verdict.capitalize()}: right for {_points(value)}% of {n} labelled {known.kind.many} "
        f"[{_points(low)}-{_points(high)}] (promised {_points(promised)}%)."
    )
    found = {**numbers, "promised": promised, "accuracy": value, "interval": [low, high]}
    return Check(verdict, sentence, words, found)


def _points(share: float) -> str:
    return f"{100 * share:.0f}"
