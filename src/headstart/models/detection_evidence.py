"""The evidence of a detector: scores, curves, what it finds, misses and miscounts, and what was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import describe
from headstart.guard.detecting.compared import Compared
from headstart.guard.detecting.evidence import (
    certain_by_fold,
    class_evidence,
    pictures_read,
    right_and_found,
    wrong_pictures,
)
from headstart.guard.detecting.tried import RIGHT, Tried, scores_of, tried
from headstart.guard.detecting.verdict import detection_verdict, expected, interval_of
from headstart.guard.effort import Effort
from headstart.guard.evidence.evidence import versions
from headstart.math.boxes.average_precision import picture_values

#: Shares of the pictures that the learning curves are drawn from.
_SHARES = (0.25, 0.5)
#: Expected average precision below which a detector is of hardly any use.
_POOR = 0.05


def tested(detector: Any, aside: Dataset, classes: Sequence[str]) -> dict[str, Any]:
    """Scores of a finished detector on the part that was kept aside, with the interval of what is measured.

    Classes that it did not learn take no part.
    """
    found, drawn = detector.predict(aside.inputs), list(aside.y)
    scores: dict[str, Any] = {"part": str(aside.parts[0]) if aside.parts is not None else "test", "n": len(aside)}
    scores |= scores_of(drawn, found, classes)
    values = picture_values(drawn, found, classes, thresholds=RIGHT)
    return scores | ({"interval": interval_of(values, aside.groups)} if np.isfinite(values).all() else {})


def learning_curves(compared: Compared, effort: Effort) -> list[dict[str, Any]]:
    """Average precision against the number of pictures, of the best way of each side; none where time is short."""
    ways, pool, splits = compared.results, compared.pool, compared.splits
    sides = [[one for one in ways if one.way.transfer is side] for side in (True, False)]
    best = [max(side, key=lambda one: one.score) for side in sides if side]
    needed = sum(len(splits) * one.seconds * sum(_SHARES) for one in best) + best[0].seconds
    if effort.spent + needed > effort.budget or compared.judged is not pool:
        return []
    size = float(np.mean([len(train) for train, _ in splits]))
    curves = []
    for one in best:
        points = [(share, tried(one.way, pool, splits, effort.progress, share)) for share in _SHARES]
        points.append((1.0, one))
        ends = [interval_of(found.values, pool.groups) for _, found in points]
        curves.append(
            {
                "name": one.way.name,
                "transfer": one.way.transfer,
                "n": [round(share * size) for share, _ in points],
                "score": [found.score for _, found in points],
                "low": [low for low, _ in ends],
                "high": [high for _, high in ends],
            }
        )
    return curves


def measured(compared: Compared, best: Tried, effort: Effort) -> dict[str, Any]:
    """Everything that was measured out of fold, in the form of ``evidence.json``."""
    ways, pool, splits, fold = compared.results, compared.judged, compared.splits, compared.fold
    drawn, classes = list(pool.y), list(pool.classes or ())
    estimate = expected(ways, pool.groups, effort.seed)
    sure = certain_by_fold(drawn, best.found, classes, fold)
    candidates = [
        {
            "name": one.way.name,
            "words": one.way.words,
            "transfer": one.way.transfer,
            "chosen": one is best,
            "score": one.score,
            "interval": interval_of(one.values, pool.groups),
            "seconds": one.seconds * len(splits),
            "n_splits": len(splits),
            **scores_of(drawn, one.found, classes),
        }
        for one in ways
    ]
    return {
        "lead": lead(right_and_found(drawn, sure)),
        "warnings": _warnings(estimate, effort),
        "verdict": detection_verdict(ways, pool.groups, effort.seed),
        "candidates": candidates,
        "estimate": estimate,
        "metrics": scores_of(drawn, best.found, classes),
        "detection": {
            "classes": class_evidence(drawn, best.found, classes, fold),
            "mistakes": wrong_pictures(pool, sure),
        },
        "reproduce": {"versions": versions(), "random_state": effort.seed},
    }


def lead(found: dict[str, Any]) -> dict[str, str]:
    """What to expect on new pictures, in words for everybody.

    Examples
    --------
    >>> lead({"recall": 0.62, "precision": 0.71, "things": 140, "answers": 120})["words"]
    'Finds about 62 of 100 things in new pictures; of 100 boxes about 71 are right.'
    >>> lead({"recall": 0.0, "precision": None, "things": 9, "answers": 0})["words"]
    'Finds nothing in new pictures that is worth a box.'
    """
    detail = (
        f"Measured on {found['things']:,} things in pictures that it had not seen. A box is right if it and the thing "
        "share half of what they cover together."
    )
    if found["precision"] is None:
        return {"words": "Finds nothing in new pictures that is worth a box.", "detail": detail}
    recall, precision = (f"{100 * (found[key] or 0.0):.0f}" for key in ("recall", "precision"))
    words = f"Finds about {recall} of 100 things in new pictures; of 100 boxes about {precision} are right."
    return {"words": words, "detail": detail}


def _warnings(estimate: dict[str, Any], effort: Effort) -> list[str]:
    found = []
    if estimate["value"] < _POOR:
        found.append(
            "It is hardly better than nothing: things may be too small on the square that it sees, too few, or too "
            "unlike one another."
        )
    if effort.spent > effort.budget:
        found.append(f"It took {effort.spent:.0f} s, more than the budget of {effort.budget:.0f} s.")
    return found


def learned_from(dataset: Dataset, pool: Dataset) -> dict[str, Any]:
    """What was read, and which part of it was learned from."""
    read = describe(dataset)
    return pictures_read(dataset, pool) | {
        "parts": read["parts"],
        "near_duplicates": read["near_duplicates"],
        "notes": list(dataset.notes),
        "read": {key: read[key] for key in ("layout", "form", "sizes", "unlabelled", "boxes")},
    }
