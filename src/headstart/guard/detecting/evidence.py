"""What a detector finds, misses and takes for something else: curves, counts and pictures, for a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.drawing import picture_with_boxes
from headstart.data.pictures.specimen import thumbnail_base64
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import describe
from headstart.guard.detecting.tried import RIGHT
from headstart.math.boxes.average_precision import average_precision, precision_recall
from headstart.math.boxes.counting import counting_error
from headstart.math.boxes.matching import matches_of, partners

_POINTS = 60
_SHOWN = 12
_SIDE = 320


def best_thresholds(drawn: Sequence[Boxes], found: Sequence[Boxes], classes: Sequence[Any]) -> dict[str, float]:
    """Score from which boxes of each class count: the one with the best F1, of those that are right by half or more.

    Examples
    --------
    >>> drawn = [Boxes([[0, 0, 9, 9]], ["car"])]
    >>> best_thresholds(drawn, [Boxes([[0, 0, 9, 8], [30, 30, 40, 40]], ["car", "car"], [0.7, 0.4])], ["car"])
    {'car': 0.7}
    """
    chosen = {}
    for name in classes:
        one = matches_of(name, drawn, found, thresholds=RIGHT)
        recall, precision = precision_recall(one)
        f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-12)
        scores = one.scores[~one.left_out[0]]
        chosen[str(name)] = float(scores[f1.argmax()]) if len(f1) and f1.max() > 0 else 1.0
    return chosen


def certain_by_fold(
    drawn: Sequence[Boxes], found: Sequence[Boxes], classes: Sequence[Any], fold: np.ndarray
) -> list[Boxes]:
    """The found boxes that count, by thresholds that the other folds chose; of one fold alone, half by half.

    Parameters
    ----------
    drawn, found : sequence of n Boxes
        What stands in the pictures, and what was found by detectors that had not seen them.
    classes : sequence
    fold : array of int of shape (n,)
    """
    kept = list(found)
    fold = np.arange(len(kept)) % 2 if len(np.unique(fold)) == 1 else fold
    for k in np.unique(fold):
        rest = np.flatnonzero(fold != k).tolist()
        thresholds = best_thresholds([drawn[i] for i in rest], [found[i] for i in rest], classes)
        for i in np.flatnonzero(fold == k).tolist():
            kept[i] = certain(found[i], thresholds)
    return kept


def class_evidence(
    drawn: Sequence[Boxes],
    found: Sequence[Boxes],
    classes: Sequence[Any],
    fold: np.ndarray | None = None,
    *,
    thresholds: dict[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Average precision, precision over recall, and counting error of each class.

    The threshold from which boxes are counted is the best on all of these pictures; the counting error is told with
    those of the other folds. Where thresholds are given, they count.

    Parameters
    ----------
    drawn, found, classes, fold
        As of `certain_by_fold`.
    thresholds : dict of str to float, optional
        Of each class, chosen on other pictures; in the place of folds.

    Returns
    -------
    list of dict
        ``class``, ``boxes``, ``pictures``, ``ap``, ``ap50``, ``ap75``, ``recall`` and ``precision`` (the curve),
        ``threshold``, and of counting ``mean``, ``error`` (mean absolute) and ``bias``.
    """
    score = average_precision(drawn, found, classes)
    over, at = score.of_class(), {t: score.of_class(t) for t in (0.5, 0.75)}
    if thresholds is None:
        assert fold is not None, "without thresholds there are folds"
        sure = certain_by_fold(drawn, found, classes, fold)
        thresholds = best_thresholds(drawn, found, classes)
    else:
        sure = [certain(one, thresholds) for one in found]
    rows = []
    for name in classes:
        recall, precision = precision_recall(matches_of(name, drawn, found, thresholds=RIGHT))
        some = np.unique(np.linspace(0, len(recall) - 1, _POINTS).astype(int)) if len(recall) else np.zeros(0, int)
        counted = counting_error(drawn, sure, name, 0.0)
        rows.append(
            {
                "class": str(name),
                "boxes": sum(int((one.labels == name).sum()) for one in drawn),
                "pictures": sum(bool((one.labels == name).any()) for one in drawn),
                "ap": over.get(name),
                "ap50": at[0.5].get(name),
                "ap75": at[0.75].get(name),
                "recall": [float(recall[k]) for k in some],
                "precision": [float(precision[k]) for k in some],
                "threshold": thresholds[str(name)],
                **{key: _finite(value) for key, value in (("mean", counted.mean), ("error", counted.mean_absolute))},
                "bias": _finite(counted.bias),
            }
        )
    return rows


def right_and_found(drawn: Sequence[Boxes], sure: Sequence[Boxes]) -> dict[str, Any]:
    """Of the boxes that count: the share of things that are found, and of boxes that are right.

    Returns
    -------
    dict
        ``recall`` and ``precision``, None where there is nothing to tell them by; ``things`` and ``answers``.
    """
    hits = things = answers = 0
    for one, other in zip(drawn, sure, strict=True):
        missed, wrong, right = judged(one, other)
        hits, things, answers = hits + right, things + right + len(missed), answers + right + len(wrong)
    shares = {"recall": hits / things if things else None, "precision": hits / answers if answers else None}
    return {**shares, "things": things, "answers": answers}


def certain(found: Boxes, thresholds: dict[str, float]) -> Boxes:
    """The boxes whose scores reach the threshold of their class.

    Examples
    --------
    >>> found = Boxes([[0, 0, 5, 5], [0, 0, 6, 6]], ["car", "car"], [0.8, 0.3])
    >>> certain(found, {"car": 0.5}).scores.tolist()
    [0.8]
    """
    assert found.scores is not None, "found boxes have scores"
    least = np.array([thresholds.get(str(label), 0.5) for label in found.labels])
    keep = found.scores >= least
    return Boxes(found.corners[keep], found.labels[keep], found.scores[keep])


def judged(drawn: Boxes, found: Boxes) -> tuple[np.ndarray, np.ndarray, int]:
    """Positions of the drawn boxes that were missed and of the found ones that are wrong, and how many are right.

    Examples
    --------
    >>> drawn = Boxes([[0, 0, 9, 9], [20, 20, 30, 30]], ["car", "car"])
    >>> missed, wrong, right = judged(drawn, Boxes([[0, 0, 9, 8], [40, 40, 50, 50]], ["car", "car"], [0.9, 0.8]))
    >>> missed.tolist(), wrong.tolist(), right
    ([1], [1], 1)
    """
    missed, wrong, right = [], [], 0
    crowd = drawn.crowd
    assert found.scores is not None, "found boxes have scores"
    for label in np.unique([*drawn.labels.tolist(), *found.labels.tolist()]):
        own, mine = np.flatnonzero(drawn.labels == label), np.flatnonzero(found.labels == label)
        mine = mine[np.argsort(-found.scores[mine], kind="stable")]
        partner = partners(found.corners[mine], drawn.corners[own], crowd[own], crowd[own], RIGHT)[0]
        wrong += mine[partner < 0].tolist()
        hit = np.unique(partner[partner >= 0])
        right += int((~crowd[own][hit]).sum())
        missed += [i for k, i in enumerate(own.tolist()) if k not in set(hit.tolist()) and not crowd[i]]
    return np.array(sorted(missed), int), np.array(sorted(wrong), int), right


def wrong_pictures(dataset: Dataset, sure: Sequence[Boxes], limit: int = _SHOWN) -> list[dict[str, Any]]:
    """The pictures with the surest wrong boxes and the most missed things, drawn on them.

    Parameters
    ----------
    dataset : Dataset
        n pictures.
    sure : sequence of n Boxes
        The boxes that count, found by detectors that had not seen the pictures.
    limit : int, default=12

    Returns
    -------
    list of dict
        ``name``, ``thumbnail``, ``missed`` and ``wrong`` (labels), ``right`` (a number).
    """
    faults = []
    for i, (one, other) in enumerate(zip(dataset.y, sure, strict=True)):
        missed, wrong, right = judged(one, other)
        if len(missed) or len(wrong):
            assert other.scores is not None, "found boxes have scores"
            faults.append((float(other.scores[wrong].sum()) + len(missed) / 2, i, other, missed, wrong, right))
    faults.sort(key=lambda fault: -fault[0])
    shown = []
    for _, i, other, missed, wrong, right in faults[:limit]:
        marks = [(other, np.setdiff1d(np.arange(len(other)), wrong), "right"), (other, wrong, "wrong")]
        marks.append((dataset.y[i], missed, "missed"))
        picture = picture_with_boxes(dataset.inputs.decode(i), marks, side=_SIDE)
        shown.append(
            {
                "name": dataset.names[i],
                "thumbnail": thumbnail_base64(np.asarray(picture), _SIDE),
                "missed": [str(label) for label in dataset.y[i].labels[missed]],
                "wrong": [str(label) for label in other.labels[wrong]],
                "right": right,
            }
        )
    return shown


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def pictures_read(dataset: Dataset, pool: Dataset) -> dict[str, Any]:
    """Pictures that were read, those of a pool that were used, and what was left out."""
    read = describe(dataset)
    return {
        "name": Path(dataset.root).name if dataset.root else "pictures in memory",
        "input_type": dataset.input_type,
        "n": len(pool),
        "task": dataset.task,
        "classes": list(dataset.classes or ()),
        "n_per_class": pool.n_per_class(),
        "n_groups": None if pool.groups is None else len(np.unique(pool.groups)),
        "dropped": read["left_out"],
        "duplicates": read["duplicates"],
    }
