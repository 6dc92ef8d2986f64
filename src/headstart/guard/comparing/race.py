"""Giving up a candidate that is behind: the rest of its folds would not make it the choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.guard.candidates.candidate import to_beat
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import best, example_scores, tabulate
from headstart.guard.comparing.out_of_fold import Outcome, Split, fold_numbers
from headstart.math.statistics.calibration import temperature
from headstart.math.statistics.metrics import example_log_loss
from headstart.math.statistics.named_metrics import metric_named
from headstart.math.statistics.probability import logits, probabilities

FEWEST_FOLDS = 2
FEWEST_ROWS = 12
#: Rows of a table from which one cross-validation tells enough, and its first folds who is behind for good; rows of
#: these folds that it takes, and standard errors.
MANY_ROWS, _ENOUGH_ROWS, _ERRORS = 500, 100, 2.0


def leader(outcomes: Sequence[Outcome], transfer: bool, material: Material, splits: Sequence[Split]) -> Outcome | None:
    """The best finished candidate on one side (with transfer, or without), by the first repeat; None without any."""
    side = [outcome for outcome in outcomes if outcome.candidate.transfer == transfer]
    if not side:
        return None
    fold = fold_numbers(splits, len(material))
    first = [[outcome.predictions[0]] for outcome in side]
    table = tabulate(
        material.task,
        material.target,
        first,
        [fold],
        [transfer] * len(side),
        material.groups,
        [outcome.candidate.handicap for outcome in side],
        metric=material.metric,
        weight=material.weight,
    )
    table = table.beating(to_beat([outcome.candidate for outcome in side]))
    return side[best(table, np.ones(len(side), dtype=bool))]


def front(outcomes: Sequence[Outcome], transfer: bool, material: Material) -> Outcome | None:
    """The finished candidate of the highest score on one side, by the first repeat, without a look at losses."""
    side = [outcome for outcome in outcomes if outcome.candidate.transfer == transfer]

    def score(outcome: Outcome) -> float:
        gains = example_scores(material.task, material.target, outcome.predictions[0], material.metric, material.weight)
        return float(gains.mean())

    return max(side, key=score, default=None)


def behind(
    task: str,
    y: np.ndarray,
    mine: Sequence[np.ndarray],
    other: np.ndarray,
    splits: Sequence[Split],
    *,
    metric: str | None = None,
    errors: float = 1.0,
) -> float | None:
    """How far a candidate is behind another after its first folds, if by more than a standard error; else None.

    A race in the sense of Maron & Moore (1994), with the standard error of the paired difference as the bound: in the
    end a dear candidate has to be ahead by one to be chosen.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    y : array
        Target of all n examples.
    mine : sequence of arrays
        Predictions for the test parts of the first folds.
    other : array
        Out-of-fold predictions for all examples.
    splits : sequence of (train, test)
    metric : str, optional
        What is measured. Default: that of the task.
    errors : float, default=1.0
        How many standard errors it has to be behind.

    Returns
    -------
    float or None
        Mean difference of the scores, above 0; None with fewer than two folds or twelve examples.

    Examples
    --------
    >>> y = np.arange(24) % 2
    >>> right, wrong = np.eye(2)[y], np.eye(2)[1 - y]
    >>> tests = [np.arange(6), np.arange(6, 12), np.arange(12, 24)]
    >>> splits = [(np.setdiff1d(np.arange(24), test), test) for test in tests]
    >>> behind("classification", y, [wrong[:6], wrong[6:12]], right, splits)
    1.0
    >>> behind("classification", y, [right[:6], right[6:12]], right, splits) is None
    True
    """
    rows = np.concatenate([test for _, test in splits[: len(mine)]])
    if len(mine) < FEWEST_FOLDS or len(rows) < FEWEST_ROWS:
        return None
    said = np.concatenate(list(mine))
    gap = example_scores(task, y[rows], other[rows], metric) - example_scores(task, y[rows], said, metric)
    return float(gap.mean()) if _beyond_chance(gap, errors) else None


def outclassed(
    material: Material, mine: Sequence[np.ndarray], other: np.ndarray, splits: Sequence[Split]
) -> tuple[float, str | None] | None:
    """How far a candidate is behind another of a table with many rows, if that cannot be chance; else None.

    By two standard errors of the paired difference of scores; or of the log-losses, with each one's temperature, where
    its score is no higher. Which rows are right tells far less than how sure it was of them.

    Parameters
    ----------
    material : Material
    mine : sequence of arrays
        Predictions for the test parts of the first folds.
    other : array
        Out-of-fold predictions for all examples.
    splits : sequence of (train, test)

    Returns
    -------
    (float, str or None) or None
        Mean difference, above 0, and of which metric (None: of what is measured); None with fewer than 100 examples.
    """
    rows = np.concatenate([test for _, test in splits[: len(mine)]])
    if len(rows) < _ENOUGH_ROWS:
        return None
    task, y, both = material.task, material.target[rows], (np.concatenate(list(mine)), other[rows])
    gap = np.subtract(*(example_scores(task, y, said, material.metric) for said in both[::-1]))
    if _beyond_chance(gap):
        return float(gap.mean()), None
    if task != "classification" or gap.mean() < 0:
        return None
    gap = np.subtract(*(_log_losses(y, said) for said in both))
    return (float(gap.mean()), "log_loss") if _beyond_chance(gap) else None


def _beyond_chance(gap: np.ndarray, errors: float = _ERRORS) -> bool:
    return bool(gap.mean() > errors * (gap.std(ddof=1) / np.sqrt(len(gap))))


def _log_losses(y: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Of each row, (n,), with the temperature that fits them best."""
    z = logits(probability, multilabel=False)
    return example_log_loss(probabilities(z / temperature(z, y), multilabel=False), y)


def stopped_words(
    words: str, gap: float, rival: str, done: int, n_splits: int, task: str, metric: str | None = None
) -> str:
    """What was stopped, why and when.

    Examples
    --------
    >>> stopped_words("fine-tuning all layers", 0.123, "output layers", 2, 5, "classification")
    'fine-tuning all layers: stopped after 2 of 5 folds, 12.3 points behind output layers on the same examples'
    """
    measured = metric_named(metric, task)
    size = f"{100 * gap:.1f} points" if measured.percent else f"{gap:.3g} in {measured.words}"
    return f"{words}: stopped after {done} of {n_splits} folds, {size} behind {rival} on the same examples"
