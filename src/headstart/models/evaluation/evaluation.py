"""External validation: all figures of a finished model on labelled data, beside what was promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from headstart.contract.arguments import check_arguments
from headstart.data.base.address import address_of
from headstart.data.base.plain import plain
from headstart.data.reading.options import Reading
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import describe, sentences, tell
from headstart.errors import DataError, unknown_options
from headstart.guard.candidates.material import Material
from headstart.guard.choosing import measures
from headstart.guard.choosing.verdict import FEWEST_GROUPS
from headstart.guard.evidence.evidence import data_evidence, prediction_evidence, versions
from headstart.guard.evidence.guessing import trivial_evidence
from headstart.guard.evidence.use import Asked, check_stated, decision, stated, use_evidence
from headstart.math.statistics.intervals import score_interval
from headstart.math.statistics.named_metrics import METRICS, metrics_of
from headstart.models.evaluation.labelled import codes_of, read_like, screened_like
from headstart.models.evaluation.learned import learned_rows, refuse_learned
from headstart.models.evaluation.promise import BROKEN, CANNOT_TELL, kept_promise
from headstart.progress import Progress, reporter


@dataclass(frozen=True)
class Evaluation:
    """What a model does on labelled data, and whether it does as was promised.

    Attributes
    ----------
    verdict : {"held", "better than promised", "did not hold", "cannot tell"}
    sentence : str
    words : tuple of str
        What else to know: rows that were left out, classes that are not there.
    evidence : dict
        Every figure, in the form of a model's evidence; `headstart.report.write.write_evidence` makes a page of it.
    tasks : dict of str to Evaluation
        Of a model of several tasks, each of them.
    """

    verdict: str
    sentence: str
    words: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Evaluation] = field(default_factory=dict)


@dataclass(frozen=True)
class How:
    """How a model is evaluated.

    Parameters
    ----------
    reading : Reading
        What was said of the data.
    asked : Asked
        How to decide between two classes, and which is looked for.
    prevalence : float, optional
        Share of the class looked for where the model is used. Default: that of the data.
    skip_bad : bool, default=False
        Leave out what cannot be read.
    """

    reading: Reading = field(default_factory=Reading)
    asked: Asked = field(default_factory=Asked)
    prevalence: float | None = None
    skip_bad: bool = False


def how_of(options: Mapping[str, Any]) -> tuple[How, Progress | None]:
    """What `headstart.evaluate` was told, as an object, and who is told of its progress.

    Raises
    ------
    ParameterError
        For an option that there is not.

    Examples
    --------
    >>> how, progress = how_of({"label": "ill", "sensitivity": 0.9})
    >>> how.reading.label, how.asked.sensitivity, progress
    ('ill', 0.9, None)
    >>> how_of({"labels": "ill"})
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected options of evaluate, found labels. Did you mean 'label'? Known ...
    """
    parts: dict[type, set[str]] = {kind: {one.name for one in fields(kind)} for kind in (Reading, Asked)}
    known = set().union(*parts.values(), ("prevalence", "skip_bad", "progress")) - {"target", "split_column"}
    unknown = [name for name in options if name not in known]
    if unknown:
        raise unknown_options("evaluate", unknown, list(known))
    check_arguments(options, dict.fromkeys(options))
    given = {kind: {name: options[name] for name in options if name in names} for kind, names in parts.items()}
    how = Reading(**given[Reading]), Asked(**given[Asked]), options.get("prevalence"), bool(options.get("skip_bad"))
    return How(*how), options.get("progress")


def evaluated(model: Any, data: Any, how: How, progress: Progress | None = None) -> Evaluation:
    """Measure a model of classes, labels or numbers on labelled data; see `headstart.evaluate`.

    Parameters
    ----------
    model : headstart.Model
    data : path, frame, Dataset, (X, y) or (X, y, groups)
    how : How
    progress : callable, optional
    """
    _check_asked(model, how)
    with reporter(progress) as told:
        dataset, _ = read_like(model, data, how.reading)
        codes_of(dataset, model)  # what it cannot answer is refused before each input is looked at
        known = list(sentences(dataset))
        tell(known)
        dataset = screened_like(model, dataset, skip_bad=how.skip_bad, progress=told)
        dataset, overlap = without_learned(model, dataset)
        material, prediction, notes = _asked(model, dataset)
    tell(line for line in sentences(dataset) if line not in known)
    names = None if model.classes_ is None else model.classes_.tolist()
    evidence = _measured(model, material, prediction, names)
    words = [line for line in (overlap["words"], *notes, _few_groups(dataset)) if line]
    metric = material.measured.name
    value, interval = evidence["intervals"][metric]["value"], evidence["intervals"][metric]["interval"]
    promise = kept_promise(model.evidence, metric, value, interval, len(dataset), _called(dataset))
    _stated(model, evidence, how)
    operating = _operating(model, how.asked, material, prediction, names)
    words += [] if operating is None else [operating["words"]]
    evidence["data"] |= _read(dataset, data, words)
    evidence["evaluation"] = {
        "metric": metric,
        "value": value,
        "interval": interval,
        "n": len(dataset),
        **{key: getattr(promise, key) for key in ("word", "sentence", "promised", "difference", "low", "high")},
        "scores": _beside(model, evidence),
        "operating": operating,
        "overlap": overlap,
        "model": str((model.evidence.get("data") or {}).get("name") or "a model"),
    }
    return Evaluation(promise.word, promise.sentence, tuple(words), plain(evidence))


def _check_asked(model: Any, how: How) -> None:
    """Refuse, before anything is read, what the model cannot be asked."""
    names = model.classes_.tolist() if model.task == "classification" else None
    check_stated(names, how.asked.positive, how.prevalence)
    if how.asked.said:
        decision(model.evidence, how.asked)


def _called(dataset: Dataset) -> str:
    """What the examples are, and of how many groups where they have some."""
    if dataset.groups is None:
        return dataset.kind.many
    n = len(np.unique(dataset.groups))
    return dataset.kind.many if n == len(dataset) else f"{dataset.kind.many} of {n:,} group{'s' if n != 1 else ''}"


def _few_groups(dataset: Dataset) -> str:
    """What is to be said where groups are so few that they tell little."""
    n = len(dataset) if dataset.groups is None else len(np.unique(dataset.groups))
    if n >= FEWEST_GROUPS or dataset.groups is None:
        return ""
    return (
        f"The {dataset.kind.count(len(dataset))} are of {n} group{'s' if n != 1 else ''}, as few pieces of evidence: "
        "the intervals are as wide as that."
    )


def _stated(model: Any, evidence: dict[str, Any], how: How) -> None:
    """Which class is looked for and how common it is: as was said, else as the model has it, else as the data have."""
    use = model.evidence.get("use") or {}
    positive = how.asked.positive or (use.get("positive") if evidence["use"] else None)
    own = use.get("prevalence") if positive == use.get("positive") else None
    stated(evidence, positive, own if how.prevalence is None and evidence["use"] else how.prevalence)


def without_learned(model: Any, dataset: Dataset) -> tuple[Dataset, dict[str, Any]]:
    """The examples that the model did not learn from.

    Raises
    ------
    DataError
        If none is left.
    """
    rows = model.encoder.transform(dataset.inputs.frame) if model.kind.values else dataset.inputs
    found, words = learned_rows(model, dataset.inputs, rows)
    overlap = {"n": len(found), "names": [str(dataset.names[i]) for i in found[:50]], "words": words}
    if not len(found):
        return dataset, overlap
    rest = np.setdiff1d(np.arange(len(dataset)), found)
    if not len(rest):
        refuse_learned(model.kind, len(dataset))
    return dataset.select(rest), overlap


def _asked(model: Any, dataset: Dataset) -> tuple[Material, np.ndarray, list[str]]:
    """The examples with their labels, what the model says of them, and what is to be said."""
    codes, notes = codes_of(dataset, model)
    inputs: Any = dataset.inputs.frame if model.kind.values else dataset.inputs
    if model.task == "regression":
        prediction = np.asarray(model.predict(inputs), dtype=np.float64)
        if prediction.reshape(len(codes), -1).shape != codes.reshape(len(codes), -1).shape:
            wanted, here = (side.reshape(len(codes), -1).shape[1] for side in (prediction, codes))
            raise DataError(
                f"Expected {wanted} columns of numbers, as the model answers, found {here}.",
                "Name them (--label).",
            )
        prediction = prediction.reshape(codes.shape)
    else:
        prediction = model.predict_proba(inputs)
    metric = (model.evidence.get("estimate") or {}).get("metric")
    material = Material(
        dataset.inputs,
        codes,
        model.task,
        dataset.groups,
        metric=metric if metric in metrics_of(model.task) else None,
        shown=dataset.inputs if model.kind.values else None,
        known=np.arange(len(model.classes_)) if model.task == "classification" else None,
    )
    return material, prediction, [*notes, *(model.encoder.unknown(inputs) if model.kind.values else ())]


def _measured(model: Any, material: Material, prediction: np.ndarray, names: list[Any] | None) -> dict[str, Any]:
    """Every figure, in the form that a model's evidence has."""
    found: dict[str, Any] = {"data": data_evidence(material, names), "trivial": trivial_evidence(material, names)}
    found |= prediction_evidence(material, [prediction], prediction, names, 0)
    found["use"] = use_evidence(material, prediction, names)  # the model itself answered
    found["intervals"] = {
        name: {
            "value": METRICS[name].value(material.target, prediction),
            "interval": list(METRICS[name].interval(material.target, [prediction], groups=material.groups)),
        }
        for name in metrics_of(model.task)
    }
    if model.task != "regression":
        error = measures.calibration_error(model.task, material.target, prediction)
        found["metrics"] |= {"ece_before": error, "ece_after": error, "temperature": 1.0}
    found |= {"reproduce": {"command": "", "code": "", "versions": versions()}}
    return found


def _beside(model: Any, evidence: dict[str, Any]) -> list[dict[str, Any]]:
    """Every score here, and the one that was measured out of fold where the model was fitted."""
    before = model.evidence.get("metrics") or {}
    return [{"name": name, **found, "promised": before.get(name)} for name, found in evidence["intervals"].items()]


def _operating(
    model: Any, asked: Asked, material: Material, prediction: np.ndarray, names: list[Any] | None
) -> dict[str, Any] | None:
    """What a threshold that was chosen where the model was fitted finds and spares here.

    Raises
    ------
    DataError, ParameterError
        For a threshold that the model cannot have.
    """
    if not asked.said and (not model.evidence.get("use") or model.task != "classification"):
        return None
    if not asked.said:
        asked = Asked(threshold=0.5, positive=asked.positive)
    chosen = decision(model.evidence, asked)
    k = [str(name) for name in names or []].index(chosen.positive)
    of, taken = material.target == k, prediction[:, k] >= chosen.threshold
    sides: dict[str, dict[str, Any]] = {}
    for name, rows, right in (("sensitivity", of, taken), ("specificity", ~of, ~taken)):
        groups = None if material.groups is None else material.groups[rows]
        here = None
        if rows.any():
            here = [float(right[rows].mean()), *score_interval(right[rows].astype(np.float64), groups)]
        sides[name] = {"promised": list(getattr(chosen, name)), "measured": here, "n": int(rows.sum())}
    told = ", ".join(
        f"{name} {_share(side['measured'])} of {side['n']:,} (promised {_share(side['promised'])})"
        for name, side in sides.items()
    )
    words = f"With {chosen.positive} answered from a probability of {chosen.threshold:.3g} on: {told}."
    return {"positive": chosen.positive, "threshold": chosen.threshold, "words": words, **sides}


def _share(share: list[float] | None) -> str:
    return "unknown" if share is None else f"{100 * share[0]:.0f}% [{100 * share[1]:.0f}-{100 * share[2]:.0f}]"


def _read(dataset: Dataset, data: Any, words: list[str]) -> dict[str, Any]:
    """What was done to the data."""
    read = describe(dataset)
    place = address_of(data) or (str(data) if isinstance(data, str | Path) else "")
    return {
        "name": Path(dataset.root).name if dataset.root else f"{dataset.kind.many} in memory",
        "place": place,
        "dropped": read["left_out"],
        "duplicates": read["duplicates"],
        "near_duplicates": read["near_duplicates"],
        "unlabelled": dataset.unlabelled,
        "notes": [*dataset.notes, *words],
    }


def of_several(found: Mapping[str, Evaluation], without: Sequence[str] = ()) -> Evaluation:
    """The evaluations of several tasks as one, whose verdict is that of the worst; others are without labels.

    Examples
    --------
    >>> both = of_several({"a": Evaluation("held", "A."), "b": Evaluation("did not hold", "B.")}, ["c"])
    >>> both.verdict, both.sentence, both.words
    ('did not hold', 'a: A. b: B.', ('No label of c is there: nothing is said of it.',))
    """
    verdicts = [one.verdict for one in found.values()]
    worst = next((word for word in (BROKEN, CANNOT_TELL) if word in verdicts), verdicts[0])
    sentence = " ".join(f"{name}: {one.sentence}" for name, one in found.items())
    lacking = [f"No label of {name} is there: nothing is said of it." for name in without]
    tell(lacking)
    words = (*(f"{name}: {line}" for name, one in found.items() for line in one.words), *lacking)
    return Evaluation(worst, sentence, words, {}, dict(found))
