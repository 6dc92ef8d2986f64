"""Which candidate is the best, by predictions for examples that it did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.guard.choosing.guessing import trivial_answer
from headstart.math.linear.source_worth import clearly
from headstart.math.statistics.calibration import calibrated
from headstart.math.statistics.comparison import mcnemar_exact, sign_flip
from headstart.math.statistics.metrics import example_brier, example_log_loss
from headstart.math.statistics.named_metrics import Metric, class_balance, metric_named
from headstart.math.statistics.paired import right_or_wrong


@dataclass(frozen=True)
class Table:
    """Out-of-fold results of all candidates on the same examples.

    Parameters
    ----------
    scores : array of float, shape (n, C)
        What each example adds to the metric, over the repeats of each candidate; larger is better, also of a loss.
    losses : array of float, shape (n, C)
        Mean calibrated log-loss (for numbers: the error that the metric counts), which breaks ties.
    first : array of float, shape (n, C)
        Score in the first repeat, whose folds all candidates share: what is tested pairwise.
    transfer : array of bool, shape (C,)
        Which candidates borrow.
    fold : array of int, shape (n,)
        Fold of each example in the first repeat.
    groups : array, shape (n,), or None
        Group of each example.
    task : {"classification", "multilabel", "regression"}
    handicap : array of float, shape (C,), optional
        Standard errors of the loss by which each has to be ahead of those that have none; None: none has.
    blend : int, optional
        Which candidate is a mixture of the others.
    metric : str, optional
        Name of what is measured; None: the default of the task.
    spread : array of float, shape (n, C), optional
        Influence values of the metric, in its own direction, which intervals are made of. Default: the scores.
    trivial : array of float, shape (n,), optional
        Scores of the answer that needs no learning.
    design, floor : float
        What an interval needs beside them, see `headstart.math.statistics.named_metrics.Metric`.
    optimism : array of float, shape (C,), optional
        By how much the score of few examples is too high. Default: 0.
    squares : array of float, shape (n, C), optional
        As the losses, with the Brier score in place of the log-loss. Default: the losses.
    over : mapping of int to int, optional
        Candidates that are taken only where their loss is below that of another by more than chance, and that other.
    """

    scores: np.ndarray
    losses: np.ndarray
    first: np.ndarray
    transfer: np.ndarray
    fold: np.ndarray
    groups: np.ndarray | None
    task: str
    handicap: np.ndarray | None = None
    blend: int | None = None
    metric: str | None = None
    spread: np.ndarray | None = None
    trivial: np.ndarray | None = None
    design: float = 1.0
    floor: float = 0.0
    optimism: np.ndarray | None = None
    squares: np.ndarray | None = None
    over: Mapping[int, int] | None = None

    @property
    def measured(self) -> Metric:
        """What the scores are shares of."""
        return metric_named(self.metric, self.task)

    def interval(self, candidate: int | np.ndarray, value: float | None = None) -> list[float]:
        """95% interval of a candidate's metric, around ``value`` where it is given.

        Parameters
        ----------
        candidate : int or array of int, shape (n,)
            A candidate, or the one that is taken for each example.
        value : float, optional
            The metric as it was estimated. Default: the mean.
        """
        columns = self.measured.sign * self.scores if self.spread is None else self.spread
        values = columns[np.arange(len(columns)), candidate]
        value = float(values.mean()) if value is None else value
        value -= 0.0 if self.optimism is None else float(np.mean(self.optimism[candidate]))
        return list(self.measured.around(values, self.groups, value, self.design, self.floor))

    def beating(self, over: Mapping[int, int | None]) -> Table:
        """The same, where some have to beat another clearly, or where that is None the least loss of the rest."""
        means = self.losses.mean(axis=0)
        least = min((c for c in range(len(means)) if c not in over), key=means.__getitem__, default=None)
        other = {c: least if one is None else one for c, one in over.items()}
        return replace(self, over={c: one for c, one in other.items() if one is not None})


_LEVEL = 0.05
#: Examples at which transfer has to be ahead by half of a standard error; see `choose`.
_HALF = 50.0
#: How much the leads by score and by Brier score are correlated, about.
_ALIKE = 0.6


def example_scores(
    task: str, y: np.ndarray, prediction: np.ndarray, metric: str | None = None, weight: np.ndarray | None = None
) -> np.ndarray:
    """What each example adds to the metric, turned so that larger is better; the mean is the metric (or minus it).

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    y : array
        Class numbers (n,), 0/1 (n, L), or numbers (n,) or (n, t).
    prediction : array
        Probabilities (n, K) or (n, L), or numbers (n,) or (n, t).
    metric : str, optional
        Name of a metric of the task. Default: right or wrong (1/0); F1 of the set of labels; the share in R^2.
    weight : array of float, shape (n,), optional
        Weights of the examples.

    Returns
    -------
    array of float, shape (n,)

    Examples
    --------
    >>> example_scores("classification", np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [1.0, 0.0]
    """
    return metric_named(metric, task).gains(y, prediction, weight)


def example_losses(
    task: str,
    y: np.ndarray,
    prediction: np.ndarray,
    fold: np.ndarray,
    metric: str | None = None,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Loss of each example after each fold was calibrated on the others, so that over-confidence alone costs nothing.

    Parameters
    ----------
    task, y, prediction, metric, weight
        As in `example_scores`.
    fold : array of int, shape (n,)
        Fold of each example.

    Returns
    -------
    array of float, shape (n,)
        Log-loss of temperature-scaled probabilities, where the metric counts every class the same with classes of the
        same weight; for numbers one minus the share in R^2, or the absolute error.
    """
    return _both_losses(task, y, prediction, fold, metric, weight)[0]


def _both_losses(
    task: str, y: np.ndarray, prediction: np.ndarray, fold: np.ndarray, metric: str | None, weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """`example_losses`, and the same with Brier scores."""
    found = metric_named(metric, task)
    if found.breaks_ties in ("squared_error", "absolute_error"):
        squared = found.breaks_ties == "squared_error"
        error = (
            1.0 - example_scores(task, y, prediction, "r2", weight) if squared else -found.gains(y, prediction, weight)
        )
        return error, error
    held = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64) / np.mean(weight)
    if found.breaks_ties == "balanced_log_loss" and y.ndim == 1:
        held = class_balance(y, held)
    p = calibrated(y, prediction, fold)
    return held * example_log_loss(p, y), held * example_brier(p, y)


def best(table: Table, allowed: np.ndarray, rows: np.ndarray | slice = slice(None)) -> int:
    """Number of the best candidate by held-out scores, where the calibrated log-loss decides what scores cannot.

    With few examples accuracies of good candidates differ by chance. Those within one standard error (of the paired
    difference) of the highest are not told apart by it; among them the smallest loss wins, which uses how sure each
    prediction was. In simulation with 50 and 200 examples that picks the truly better one more often. A candidate with
    a handicap has to be better in that loss by so many standard errors: by one where it trains in epochs, which costs a
    hundred times as much and was measured once (Breiman et al. 1984). One that has to beat another is left out where it
    does not, unless nothing else is left.

    Parameters
    ----------
    table : Table
    allowed : array of bool, shape (C,)
        Candidates to choose among; at least one.
    rows : array of int or slice
        Examples to judge by.
    """
    able = [int(c) for c in np.flatnonzero(allowed)]
    names = np.array([c for c in able if c not in (table.over or {}) or clear_gain(table, c, rows)[2]] or able)
    if len(names) == 1:
        return int(names[0])
    scores = table.scores[rows][:, names]
    means, losses = scores.mean(axis=0), table.losses[rows][:, names]
    margin = np.full(len(names), 0.5 / len(scores) if table.task == "classification" else 1e-9)
    if table.task != "regression":
        gap = scores[:, [means.argmax()]] - scores
        margin = np.maximum(margin, gap.std(axis=0) / np.sqrt(len(scores)))
    near = np.flatnonzero(means >= means.max() - margin)
    handicap = np.zeros(len(names)) if table.handicap is None else table.handicap[names]
    return int(names[_least_loss(losses, near, handicap)])


def clear_gain(table: Table, candidate: int, rows: np.ndarray | slice = slice(None)) -> tuple[float, float, bool]:
    """By how much a candidate's loss is below that of the one it has to beat, the error, and if that is no chance."""
    losses = table.losses[rows]
    lower = losses[:, (table.over or {})[candidate]] - losses[:, candidate]
    return clearly(lower, None if table.groups is None else table.groups[rows])


def _least_loss(losses: np.ndarray, near: np.ndarray, handicap: np.ndarray) -> int:
    """Column of the least mean loss among ``near``; one with a handicap only where it is ahead by more than that."""
    order = near[np.argsort(losses[:, near].mean(axis=0), kind="stable")]
    cheap = order[handicap[order] == 0]
    if not cheap.size or order[0] == cheap[0]:
        return int(order[0])
    ahead = losses[:, cheap[0]] - losses[:, order[0]]
    return int(order[0] if ahead.mean() > handicap[order[0]] * ahead.std() / np.sqrt(len(ahead)) else cheap[0])


def paired_p_value(
    task: str, a: np.ndarray, b: np.ndarray, groups: np.ndarray | None, n_flips: int = 10_000
) -> tuple[float, str]:
    """Two-sided p-value that paired scores differ, and the name of the test.

    Exact McNemar for classes; a paired sign-flip test for everything else, and where examples come in groups.

    Parameters
    ----------
    task : str
    a, b : array of float, shape (n,)
        Scores of the same examples.
    groups : array, shape (n,), or None
    n_flips : int, default=10000
        Random sign patterns where there are too many for all.

    Returns
    -------
    (float, str)
    """
    if groups is not None and len(np.unique(groups)) < len(groups):
        return sign_flip(a - b, groups, n_flips=n_flips), "paired sign-flip test over groups"
    if task == "classification" and right_or_wrong(a) and right_or_wrong(b):
        return mcnemar_exact(a > 0.5, b > 0.5), "exact McNemar test"
    return sign_flip(a - b, n_flips=n_flips), "paired sign-flip test"


def choose(
    table: Table, *, expected: bool = True, rows: np.ndarray | slice = slice(None), n_flips: int = 10_000
) -> int:
    """Number of the candidate that becomes the model: transfer only where it is not worse than learning without.

    Parameters
    ----------
    table : Table
    expected : bool, default=True
        Whether transfer can be expected to help (trained weights, more source than target data). If not, it has to
        be better than the best candidate without it at p < 0.05; otherwise it is enough to be ahead by n / (n + 50)
        by `lead` (0.3 with 20 examples, 0.75 with 150, where waiting for more costs less), and where it trains in
        epochs and the other does not, to be the one that `best` takes.
    rows : array of int or slice
        Examples to judge by; a bootstrap sample, for instance.
    n_flips : int, default=10000
        Random sign patterns of that test.
    """
    if not table.transfer.any() or table.transfer.all():
        return best(table, np.ones(len(table.transfer), dtype=bool), rows)
    with_, without = best(table, table.transfer, rows), best(table, ~table.transfer, rows)
    if expected:
        behind = table.handicap is not None and table.handicap[with_] > 0 == table.handicap[without]
        pair, n = np.isin(range(len(table.transfer)), [with_, without]), len(table.scores[rows])
        told = lead(table, with_, without, rows) > n / (n + _HALF)
        told = told and not (behind and best(table, pair, rows) == without)
        return with_ if told else without
    a, b = table.first[rows][:, with_], table.first[rows][:, without]
    groups = None if table.groups is None else table.groups[rows]
    p, _ = paired_p_value(table.task, a, b, groups, n_flips)
    return with_ if a.mean() > b.mean() and p < _LEVEL else without


def lead(table: Table, one: int, other: int, rows: np.ndarray | slice = slice(None)) -> float:
    """How far one candidate is ahead of another, in standard errors, by score and by Brier score together.

    Both are means of paired differences over their standard error; their sum is divided by its own, with 0.6 for how
    much they are correlated. The Brier score of calibrated probabilities counts by how much an answer is right or wrong
    where the score counts it whole, so that it says more with 20 examples; unlike in the log-loss, no single sure
    mistake decides. A standard error of the score below one part in n counts as that.
    """
    squares = table.losses if table.squares is None else table.squares
    ahead, n = table.scores[rows][:, one] - table.scores[rows][:, other], len(table.scores[rows])
    spared = squares[rows][:, other] - squares[rows][:, one]
    leads = [part.mean() / max(part.std() / np.sqrt(n), least) for part, least in ((ahead, 1.0 / n), (spared, 1e-9))]
    return float(sum(leads) / np.sqrt(2.0 + 2.0 * _ALIKE))


def pick(table: Table, *, expected: bool = True, rows: np.ndarray | slice = slice(None), n_flips: int = 10_000) -> int:
    """As `choose`, but a mixture of all candidates is taken unless a single one is clearly better.

    Held-out predictions of few examples cannot tell good candidates apart, and then their mixture is the safe choice.
    A single candidate has to be ahead of it in calibrated log-loss (squared error) by two standard errors. Where
    transfer cannot be expected to help, a mixture that borrows has to prove itself like any other candidate.

    Parameters
    ----------
    table, expected, rows, n_flips
        As in `choose`.
    """
    blend = table.blend
    if blend is None or (not expected and table.transfer[blend]):
        return choose(table, expected=expected, rows=rows, n_flips=n_flips)
    others = np.arange(len(table.transfer)) != blend
    single = best(table, others, rows)
    ahead = table.losses[rows][:, blend] - table.losses[rows][:, single]
    return single if ahead.mean() > 2 * ahead.std() / np.sqrt(len(ahead)) else blend


def tabulate(
    task: str,
    y: np.ndarray,
    predictions: Sequence[Sequence[np.ndarray]],
    folds: Sequence[np.ndarray],
    transfer: Sequence[bool],
    groups: np.ndarray | None = None,
    handicap: Sequence[float] | None = None,
    blend: int | None = None,
    *,
    metric: str | None = None,
    weight: np.ndarray | None = None,
    learning: np.ndarray | None = None,
) -> Table:
    """Put out-of-fold predictions of all candidates into one table.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    y : array
        Class numbers (n,), 0/1 (n, L), or numbers (n,) or (n, t).
    predictions : C sequences of arrays
        Of each candidate, one array for each of its repeats.
    folds : sequence of array of int, shape (n,)
        Fold of each example in each repeat.
    transfer : C bools
        Which candidates borrow.
    groups : array, shape (n,), optional
    handicap : C floats, optional
        See `Table`.
    blend : int, optional
        Which of them is a mixture of the others.
    metric : str, optional
        Name of what is measured. Default: that of the task.
    weight : array of float, shape (n,), optional
        Weights of the examples.
    learning : array of float, shape (n,), optional
        Weights in learning, with those of the classes: what is learned with them is also told apart with them, where
        scores cannot.
    """
    measured = metric_named(metric, task)
    decisive = weight if learning is None else learning
    scores = [[measured.gains(y, p, weight) for p in repeats] for repeats in predictions]
    spread = [np.mean([measured.spread(y, p, weight) for p in repeats], axis=0) for repeats in predictions]
    both = [
        np.mean(
            [_both_losses(task, y, p, fold, metric, decisive) for p, fold in zip(repeats, folds, strict=False)], axis=0
        )
        for repeats in predictions
    ]
    return Table(
        scores=np.column_stack([np.mean(repeats, axis=0) for repeats in scores]),
        losses=np.column_stack([losses for losses, _ in both]),
        squares=np.column_stack([squares for _, squares in both]),
        first=np.column_stack([repeats[0] for repeats in scores]),
        transfer=np.asarray(transfer, dtype=bool),
        fold=np.asarray(folds[0]),
        groups=groups,
        task=task,
        handicap=None if handicap is None else np.asarray(handicap, dtype=np.float64),
        blend=blend,
        metric=metric,
        spread=np.column_stack(spread),
        trivial=measured.gains(y, trivial_answer(measured, task, y)[1], weight),
        design=measured.design(y, weight),
        floor=measured.floor(y, predictions[0][0], weight),
        optimism=np.array([np.mean([measured.optimism(y, p, weight) for p in repeats]) for repeats in predictions]),
    )
