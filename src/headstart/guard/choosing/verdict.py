"""Did transfer help? One word, one sentence, and the test behind it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from headstart.guard.choosing.choose import Table, best
from headstart.math.statistics.named_metrics import METRICS, Metric
from headstart.math.statistics.paired import paired

FEWEST_ROWS = 20
FEWEST_GROUPS = 6
LEVEL = 0.05
TIMES = 3
WITH, WITHOUT = "best with transfer", "best without transfer"
_EACH = ", also against each single way of the other side"
_GUESSING = " and guessing"


def verdict(table: Table, *, transfer_used: bool, random_state: int = 0) -> dict[str, Any]:
    """Compare the best way with transfer to the best way without it, each chosen fold by fold on the other folds.

    Because the choice within each side never sees the fold that it is scored on, a side does not win for having
    more candidates. The choice still makes the folds depend on each other, which the paired test does not know; so the
    winning side is also tested against each single candidate of the other side, and the p-value is the larger of the
    paired one and a third of the largest of these. In simulation with equally good candidates (1 to 4 a side, 50 to 200
    examples) that brings wrong verdicts from 11% down to 5% or less, for 1 to 4 points of power. Guessing is one more
    candidate of either side: where labels are chance, learning them does a little worse than chance on held-out folds
    (what is left out of a fold is missing from the others), and what learns less would seem to help.

    Word, p-value and interval are one inversion: the interval holds the differences that this test, with all its
    parts, does not reject. So it leaves out 0 exactly when the word is "helps" or "hurts".

    Parameters
    ----------
    table : Table
        Out-of-fold results.
    transfer_used : bool
        Whether the model handed over borrows.
    random_state : int, default=0
        Seed of random sign flips.

    Returns
    -------
    dict
        ``word`` ("helps", "no evidence either way", "hurts" or "cannot tell"), ``sentence``, ``difference`` (above 0:
        better with transfer, also where the metric is a loss), ``interval``, ``p_value``, ``n``, ``test``,
        ``metric``, ``transfer_used``, and ``sides``: ``name``, ``transfer``, ``score`` and ``interval`` of the two that
        are compared, and in ``candidates`` which ones they took.
    """
    n = len(table.fold)
    result: dict[str, Any] = {"word": "cannot tell", "sentence": "", "difference": None, "interval": None}
    result |= {"p_value": None, "n": n, "test": None, "metric": table.measured.name}
    result |= {"transfer_used": bool(transfer_used), "sides": []}
    if not table.transfer.any():
        return result | {"sentence": "Cannot tell: nothing was borrowed, so there is nothing to compare."}
    if table.transfer.all():
        return result | {"sentence": "Cannot tell: every candidate borrows, so there is nothing to compare with."}
    sides = [_side(table, name, side) for name, side in ((WITH, table.transfer), (WITHOUT, ~table.transfer))]
    with_, without = (scores for scores, _ in sides)
    result["sides"] = [said for _, said in sides]
    n_groups = n if table.groups is None else len(np.unique(table.groups))
    result["difference"] = float(with_.mean() - without.mean())
    reason = _too_few(n, n_groups if n_groups < n else None)
    p_value, interval, test = compared(table, with_, without, random_state)
    result["interval"] = interval if all(map(math.isfinite, interval)) else None
    if reason:
        return result | {"sentence": f"Cannot tell whether transfer helps: {reason}."}
    result |= {"p_value": p_value, "test": test, "word": "no evidence either way"}
    if p_value < LEVEL:
        result["word"] = "helps" if result["difference"] > 0 else "hurts"
    result["sentence"] = sentence(result, *(side["score"] for side in result["sides"]))
    return result


def compared(
    table: Table, with_: np.ndarray, without: np.ndarray, random_state: int = 0
) -> tuple[float, list[float], str]:
    """The test of the two sides, with its interval.

    Parameters
    ----------
    table : Table
    with_, without : array of float, shape (n,)
        Cross-fitted scores of the two sides.
    random_state : int, default=0
        Seed of random sign flips.

    Returns
    -------
    p_value : float
        The larger of that of the paired test, and a third of the largest one of the winning side against each
        candidate of the other side and against guessing (1.0 where one of these is at least as good).
    interval : list of float
        From the least to the largest difference that is not rejected at 5%.
    test : str
    """

    def tested(a: np.ndarray, b: np.ndarray, level: float) -> Any:
        return paired(a, b, table.groups, level=level, random_state=random_state)

    found = tested(with_, without, LEVEL)
    p_value, low, high = found.p_value, found.low, found.high
    sides = [list(table.first[:, side].T) for side in (~table.transfer, table.transfer)]
    test = found.test + _EACH
    if table.trivial is not None:
        sides, test = [[*side, table.trivial] for side in sides], test + _GUESSING
    elif all(len(side) == 1 for side in sides):
        return p_value, [low, high], found.test
    for rival in sides[0]:
        one = tested(with_, rival, TIMES * LEVEL)
        low = min(low, one.low)
        if found.difference > 0:
            p_value = max(p_value, 1.0 if one.difference <= 0 else one.p_value / TIMES)
    for rival in sides[1]:
        one = tested(rival, without, TIMES * LEVEL)
        high = max(high, one.high)
        if found.difference < 0:
            p_value = max(p_value, 1.0 if one.difference >= 0 else one.p_value / TIMES)
    return p_value, [low, high], test


def _side(table: Table, name: str, allowed: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    scores, chosen = cross_fitted(table, allowed)
    value = table.measured.sign * float(scores.mean())
    said = {"name": name, "transfer": name == WITH, "score": value, "interval": table.interval(chosen, value)}
    return scores, said | {"candidates": np.unique(chosen).tolist()}


def _too_few(n: int, n_groups: int | None) -> str:
    if n < FEWEST_ROWS:
        return f"{n} labelled examples are too few to compare on ({FEWEST_ROWS} or more are needed)"
    if n_groups is not None and n_groups < FEWEST_GROUPS:
        return f"{n_groups} groups are too few to compare on ({FEWEST_GROUPS} or more are needed)"
    return ""


def cross_fitted(table: Table, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First-repeat scores of "take the best of these", where each fold's choice is made on the other folds.

    Parameters
    ----------
    table : Table
    allowed : array of bool, shape (C,)
        Candidates to choose among.

    Returns
    -------
    scores : array of float, shape (n,)
        Score of each example under the candidate that the other folds chose.
    chosen : array of int, shape (n,)
        That candidate.
    """
    chosen = np.empty(len(table.fold), dtype=int)
    for f in np.unique(table.fold):
        here = table.fold == f
        others = np.flatnonzero(~here) if (~here).any() else np.flatnonzero(here)
        chosen[here] = best(table, allowed, others)
    return table.first[np.arange(len(chosen)), chosen], chosen


def sentence(result: dict[str, Any], with_: float, without: float) -> str:
    """The verdict in one sentence.

    Parameters
    ----------
    result : dict
        As `verdict` gives it, without the sentence.
    with_, without : float
        Score with and without transfer.

    Examples
    --------
    >>> result = {"word": "helps", "difference": 0.254, "interval": [0.195, 0.312], "p_value": 1e-9, "n": 244}
    >>> result |= {"metric": "accuracy", "test": "exact McNemar test"}
    >>> sentence(result, 0.967, 0.713)[:79]
    'Transfer helps: 96.7% of 244 held-out predictions are right with it, 71.3% with'
    """
    opening = {
        "helps": "Transfer helps",
        "hurts": "Transfer hurts",
        "no evidence either way": "No evidence that transfer helps or hurts",
    }[result["word"]]
    measured = METRICS[result["metric"]]
    n = result["n"]
    if measured.name == "accuracy":
        what = f"{amount(measured, with_)} of {n} held-out predictions are right with it, "
    else:
        what = f"{measured.words} on {n} held-out examples is {amount(measured, with_)} with it, "
    what += f"{amount(measured, without)} without"
    better = "difference" if measured.larger_is_better else "better by"
    size = f"{better} {_signed(measured, result['difference'])}{' points' if measured.percent else ''}"
    if result["interval"] is not None:
        low, high = (_signed(measured, end) for end in result["interval"])
        size += f", 95% interval {low} to {high}"
    return f"{opening}: {what} ({size}, {_p_words(result['p_value'])}, {result['test']})."


def amount(measured: Metric, value: float) -> str:
    """A score as a sentence says it.

    Examples
    --------
    >>> amount(METRICS["accuracy"], 0.967), amount(METRICS["r2"], 0.5)
    ('96.7%', '0.500')
    """
    return f"{100 * value:.1f}%" if measured.percent else f"{value:.3f}"


def _signed(measured: Metric, value: float) -> str:
    digits = 1 if measured.percent else 3
    rounded = round(100 * value if measured.percent else value, digits) + 0.0
    return f"{rounded:+.{digits}f}"


def _p_words(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
