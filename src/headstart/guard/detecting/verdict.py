"""Did transfer help a detector, and what average precision is to be expected of the one that was chosen?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.guard.choosing.verdict import FEWEST_GROUPS, FEWEST_ROWS, LEVEL
from headstart.guard.detecting.tried import Tried
from headstart.math.statistics.bbc import bbc_cv
from headstart.math.statistics.intervals import score_interval
from headstart.math.statistics.paired import paired

#: What ways are compared by: average precision at an overlap of one half.
METRIC = "ap50"
_METHOD = "average precision as COCO has it; bootstrap bias-corrected cross-validation, interval by Wilson's formula"


def detection_verdict(ways: Sequence[Tried], groups: np.ndarray | None = None, random_state: int = 0) -> dict[str, Any]:
    """Compare the best way with transfer to the best without it, by a paired test over pictures.

    What each picture adds to the average precision (`headstart.math.boxes.average_precision.picture_values`) is
    compared by sign flips. Where the best of several was taken, p-value and interval are those of as many tests
    (Bonferroni).

    Parameters
    ----------
    ways : sequence of Tried
        On the same pictures.
    groups : array of shape (n,), optional
    random_state : int, default=0

    Returns
    -------
    dict
        As `headstart.guard.choosing.verdict.verdict` gives it, without ``sides``.
    """
    n = len(ways[0].values)
    best = max(ways, key=lambda one: one.score)
    result: dict[str, Any] = {"word": "cannot tell", "sentence": "", "difference": None, "interval": None}
    result |= {"p_value": None, "n": n, "test": None, "metric": METRIC, "transfer_used": best.way.transfer}
    sides = [[one for one in ways if one.way.transfer is side] for side in (True, False)]
    if not all(sides):
        missing = "nothing was borrowed" if not sides[0] else "every way borrows"
        return result | {"sentence": f"Cannot tell: {missing}, so there is nothing to compare."}
    with_, without = (max(side, key=lambda one: one.score) for side in sides)
    tests = len(sides[0]) * len(sides[1])
    found = paired(with_.values, without.values, groups, level=LEVEL / tests, random_state=random_state)
    result |= {"difference": found.difference, "test": found.test}
    result["interval"] = [found.low, found.high] if np.isfinite([found.low, found.high]).all() else None
    units = n if groups is None else len(np.unique(groups))
    if n < FEWEST_ROWS or units < FEWEST_GROUPS:
        few = f"{n} pictures" if n < FEWEST_ROWS else f"{units} groups"
        least = FEWEST_ROWS if n < FEWEST_ROWS else FEWEST_GROUPS
        words = f"Cannot tell whether transfer helps: {few} are too few to compare on ({least} or more are needed)."
        return result | {"sentence": words}
    result["p_value"] = min(1.0, tests * found.p_value)
    result["word"] = "no evidence either way"
    if result["p_value"] < LEVEL:
        result["word"] = "helps" if found.difference > 0 else "hurts"
    return result | {"sentence": _sentence(result, with_.score, without.score)}


def _sentence(result: dict[str, Any], with_: float, without: float) -> str:
    opening = {
        "helps": "Transfer helps",
        "hurts": "Transfer hurts",
        "no evidence either way": "No evidence that transfer helps or hurts",
    }[result["word"]]
    p = result["p_value"]
    size = f"difference {100 * result['difference']:+.1f} points"
    if result["interval"] is not None:
        low, high = (f"{100 * end:+.1f}" for end in result["interval"])
        size += f", 95% interval {low} to {high}"
    said = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    return (
        f"{opening}: average precision (AP50) on {result['n']} held-out pictures is {100 * with_:.1f}% with it, "
        f"{100 * without:.1f}% without ({size}, {said}, {result['test']})."
    )


def expected(ways: Sequence[Tried], groups: np.ndarray | None = None, random_state: int = 0) -> dict[str, Any]:
    """What average precision the best way will have on new pictures, corrected for the choosing, with its interval.

    Parameters
    ----------
    ways, groups, random_state
        As of `detection_verdict`.

    Returns
    -------
    dict
        ``metric``, ``value``, ``interval``, ``method``.
    """
    best = max(ways, key=lambda one: one.score)
    value = best.score
    if len(ways) > 1:
        table = np.column_stack([one.values for one in ways])
        value = min(value, bbc_cv(table, groups=groups, random_state=random_state))
    value = float(np.clip(value, 0, 1))
    return {"metric": METRIC, "value": value, "interval": interval_of(best.values, groups, value), "method": _METHOD}


def interval_of(values: np.ndarray, groups: np.ndarray | None = None, estimate: float | None = None) -> list[float]:
    """95% interval of an average precision, from what each picture adds to it."""
    centre = float(np.clip(values.mean() if estimate is None else estimate, 0, 1))
    return [float(end) for end in score_interval(values, groups, estimate=centre)]
