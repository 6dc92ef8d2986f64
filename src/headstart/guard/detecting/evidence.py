"""What a detector finds, misses and takes for something else: curves, counts and pictures, for a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.drawing import picture_with_boxes
from headstart.data.pictures.specimen import thumbnail_base64
from headstart.data.sets.dataset import Dataset
from headstart.guard.detecting.tried import RIGHT
from headstart.math.boxes.average_precision import average_precision, precision_recall
from headstart.math.boxes.counting import counting_error
from headstart.math.boxes.matching import matches_of, partners

_POINTS = 60
_SHOWN = 12
_SIDE = 320


def best_threshold(drawn: Sequence[Boxes], found: Sequence[Boxes], label: Any) -> float:
    """Score from which boxes of a class are counted: the one with the least counting error, at most 1."""
    return float(min(counting_error(drawn, found, label).threshold, 1.0))


def class_evidence(
    drawn: Sequence[Boxes], found: Sequence[Boxes], classes: Sequence[Any], fold: np.ndarray
) -> list[dict[str, Any]]:
    """Average precision, precision over recall, and counting error of each class.

    The threshold from which boxes are counted is the best on these pictures; its error is told with that of the other
    folds, fold by fold.

    Parameters
    ----------
    drawn, found : sequence of n Boxes
        What stands in the pictures, and what was found by detectors that had not seen them.
    classes : sequence
    fold : array of int of shape (n,)

    Returns
    -------
    list of dict
        ``class``, ``boxes``, ``pictures``, ``ap``, ``ap50``, ``ap75``, ``recall`` and ``precision`` (the curve),
        ``threshold``, and of counting ``mean``, ``error`` (mean absolute) and ``bias``.
    """
    score = average_precision(drawn, found, classes)
    over, at = score.of_class(), {t: score.of_class(t) for t in (0.5, 0.75)}
    rows = []
    for name in classes:
        recall, precision = precision_recall(matches_of(name, drawn, found, thresholds=RIGHT))
        some = np.unique(np.linspace(0, max(len(recall) - 1, 0), _POINTS).astype(int)) if len(recall) else []
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
                "threshold": best_threshold(drawn, found, name),
                **_counted(drawn, found, name, fold),
            }
        )
    return rows


def _counted(drawn: Sequence[Boxes], found: Sequence[Boxes], name: Any, fold: np.ndarray) -> dict[str, float]:
    off, bias, there, n = 0.0, 0.0, 0.0, 0
    for k in np.unique(fold):
        inside, rest = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        threshold = counting_error([drawn[i] for i in rest], [found[i] for i in rest], name).threshold
        if np.isnan(threshold):
            continue
        one = counting_error([drawn[i] for i in inside], [found[i] for i in inside], name, threshold)
        if not np.isnan(one.mean):
            off, bias, there, n = (
                off + len(inside) * one.mean_absolute,
                bias + len(inside) * one.bias,
                there + len(inside) * one.mean,
                n + len(inside),
            )
    return {"mean": there / n, "error": off / n, "bias": bias / n} if n else {}


def right_and_found(
    drawn: Sequence[Boxes], found: Sequence[Boxes], thresholds: dict[str, float]
) -> tuple[float, float, int, int]:
    """Of boxes from the thresholds on: the share of things that are found, and of boxes that are right.

    Returns
    -------
    recall, precision : float
        NaN where there is nothing to be found, or nothing was.
    things, answers : int
    """
    hits = things = answers = 0
    for one, other in zip(drawn, found, strict=True):
        missed, wrong, right = judged(one, certain(other, thresholds))
        hits, things, answers = hits + right, things + right + len(missed), answers + right + len(wrong)
    nan = float("nan")
    return hits / things if things else nan, hits / answers if answers else nan, things, answers


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
    crowd = np.zeros(len(drawn), bool) if drawn.crowd is None else drawn.crowd
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


def wrong_pictures(
    dataset: Dataset, found: Sequence[Boxes], thresholds: dict[str, float], limit: int = _SHOWN
) -> list[dict[str, Any]]:
    """The pictures with the surest wrong boxes and the largest missed things, drawn on them.

    Parameters
    ----------
    dataset : Dataset
        n pictures.
    found : sequence of n Boxes
        By detectors that had not seen them.
    thresholds : dict of str to float
        By class.

    Returns
    -------
    list of dict
        ``name``, ``thumbnail``, ``missed`` and ``wrong`` (labels), ``right`` (a number).
    """
    faults = []
    for i, (one, other) in enumerate(zip(dataset.y, found, strict=True)):
        sure = certain(other, thresholds)
        missed, wrong, right = judged(one, sure)
        if len(missed) or len(wrong):
            assert sure.scores is not None
            weight = float(sure.scores[wrong].sum()) + 0.5 * len(missed)
            faults.append((weight, i, sure, missed, wrong, right))
    faults.sort(key=lambda fault: -fault[0])
    shown = []
    for _, i, sure, missed, wrong, right in faults[:limit]:
        marks = [(sure, np.setdiff1d(np.arange(len(sure)), wrong), "right"), (sure, wrong, "wrong")]
        marks.append((dataset.y[i], missed, "missed"))
        picture = picture_with_boxes(dataset.inputs.decode(i), marks, side=_SIDE)
        shown.append(
            {
                "name": dataset.names[i],
                "thumbnail": thumbnail_base64(np.asarray(picture), _SIDE),
                "missed": [str(label) for label in dataset.y[i].labels[missed]],
                "wrong": [str(label) for label in sure.labels[wrong]],
                "right": right,
            }
        )
    return shown
