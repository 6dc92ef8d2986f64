"""External validation of a model that finds things: average precision, counting, and the pictures where it errs."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import sentences, tell
from headstart.errors import DataError, ParameterError
from headstart.guard.detecting.evidence import certain, class_evidence, pictures_read, right_and_found, wrong_pictures
from headstart.guard.detecting.tried import RIGHT, scores_of
from headstart.guard.detecting.verdict import METRIC, interval_of
from headstart.guard.evidence.evidence import versions
from headstart.math.boxes.average_precision import picture_values
from headstart.models.evaluation.evaluation import Evaluation, How, without_learned
from headstart.models.evaluation.labelled import read_like, screened_like
from headstart.models.evaluation.promise import kept_promise
from headstart.progress import Progress, reporter


def evaluated_boxes(model: Any, data: Any, how: How, progress: Progress | None = None) -> Evaluation:
    """Measure a model that finds things on pictures with boxes; see `headstart.evaluate`.

    Parameters
    ----------
    model : headstart.models.detection_model.DetectionModel
    data : path, Dataset or (pictures, boxes)
    how : How
    progress : callable, optional

    Raises
    ------
    ParameterError
        For what is asked of classes.
    DataError
        For boxes of which the model knows no class.
    """
    if how.asked.said or how.asked.positive is not None or how.prevalence is not None:
        raise ParameterError(
            "Expected thresholds, a positive class and a prevalence with a model of two classes, found one that finds "
            "things.",
            "Leave them out.",
        )
    with reporter(progress) as told:
        dataset, _ = read_like(model, data, how.reading)
        known = list(sentences(dataset))
        tell(known)
        dataset, notes = _of_known_classes(model, dataset)
        dataset = screened_like(model, dataset, skip_bad=how.skip_bad, progress=told)
        dataset, overlap = without_learned(model, dataset)
        found = model.predict(dataset.inputs)
    tell(line for line in sentences(dataset) if line not in known)
    drawn, classes = list(dataset.y), [str(name) for name in dataset.classes or ()]
    values = picture_values(drawn, found, classes, thresholds=RIGHT)
    scores = scores_of(drawn, found, classes)
    value, interval = scores[METRIC], interval_of(values, dataset.groups)
    promise = kept_promise(model.evidence, METRIC, value, interval, len(dataset), model.kind.many)
    sure = [certain(one, model.thresholds) for one in found]
    rows = class_evidence(drawn, found, classes, thresholds=model.thresholds)
    rates = right_and_found(drawn, sure)
    words = [*([overlap["words"]] if overlap["words"] else []), *notes, _counted(rates)]
    before = model.evidence.get("metrics") or {}
    ends = {METRIC: interval}
    evidence = {
        "data": pictures_read(dataset, dataset) | {"notes": [*dataset.notes, *words]},
        "metrics": scores,
        "intervals": {METRIC: {"value": value, "interval": interval}},
        "detection": {"classes": rows, "mistakes": wrong_pictures(dataset, sure)},
        "reproduce": {"command": "", "code": "", "versions": versions()},
        "evaluation": {
            "metric": METRIC,
            "value": value,
            "interval": interval,
            "n": len(dataset),
            **{key: getattr(promise, key) for key in ("word", "sentence", "promised", "difference", "low", "high")},
            "scores": [
                {"name": name, "value": score, "interval": ends.get(name), "promised": before.get(name)}
                for name, score in scores.items()
            ],
            "operating": None,
            "overlap": overlap,
            "model": str((model.evidence.get("data") or {}).get("name") or "a model"),
        },
    }
    return Evaluation(promise.word, promise.sentence, tuple(words), plain(evidence))


def _of_known_classes(model: Any, dataset: Dataset) -> tuple[Dataset, list[str]]:
    """The pictures with the boxes of the classes that a model finds, and what is to be said of others."""
    known = [str(name) for name in model.classes_]
    counts = dataset.n_per_class()
    here = [name for name in known if counts.get(name)]
    if not here:
        raise DataError(
            f"Expected boxes of what the model finds ({', '.join(known)}), found {', '.join(counts) or 'none'}.",
            "Give pictures with boxes of these classes, under these names.",
        )
    other = {name: n for name, n in counts.items() if name not in known and n}
    notes = []
    if other:
        said = ", ".join(f"{name} ({n:,})" for name, n in other.items())
        notes.append(f"Boxes of classes that the model does not find took no part: {said}.")
    lacking = [name for name in known if name not in here]
    if lacking:
        notes.append(f"There is no box of {', '.join(lacking)}: nothing is said of it.")
    kept = np.empty(len(dataset), dtype=object)
    kept[:] = [one.of_classes(here) for one in dataset.y]
    return dataclasses.replace(dataset, y=kept, classes=tuple(here)), notes


def _counted(rates: dict[str, Any]) -> str:
    if rates["precision"] is None or rates["recall"] is None:
        return "Nothing was found that is worth a box."
    return (
        f"Finds {100 * rates['recall']:.0f} of 100 things ({rates['things']:,} there); of 100 boxes "
        f"{100 * rates['precision']:.0f} are right ({rates['answers']:,} given)."
    )
