"""What can be measured: every metric with its direction, its range, and what each example adds to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headstart.errors import ParameterError
from headstart.math.statistics.influence import (
    as_columns,
    auc_values,
    f1_values,
    precision_optimism,
    precision_values,
)
from headstart.math.statistics.intervals import score_interval
from headstart.math.statistics.metrics import example_brier, example_f1, example_log_loss, example_r2, surprise

Values = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
_CLASSES, _LABELS, _NUMBERS = "classification", "multilabel", "regression"


@dataclass(frozen=True)
class Metric:
    """A score of predictions that a set of examples has, as a mean of what each example adds.

    Parameters
    ----------
    name : str
        What programs call it.
    words : str
        What people call it.
    tasks : tuple of {"classification", "multilabel", "regression"}
        What it measures.
    shares : callable
        ``(y, prediction, weight)`` to the share of each example, (n,), whose mean is the score; weights have mean 1.
    larger_is_better : bool, default=True
    percent : bool, default=False
        Whether it is said in per cent.
    low, high : float
        Range of the score.
    influence : callable, optional
        As ``shares``, with the spread that the score has over samples. Default: what the shares say.
    by_class : bool, default=False
        Whether every class counts the same, however rare.
    rarer : bool, default=False
        Whether of two classes the rarer alone is looked for.
    probabilities : bool, default=False
        Whether it judges how sure predictions are or how they rank, not the decisions alone.
    too_good : callable, optional
        ``(y, prediction, weight)`` to a number: by how much the score of few examples is too high.
    each : float, default=1.0
        Spread of one answer's share before it is seen, as a part of that of right or wrong.
    breaks_ties : {"log_loss", "balanced_log_loss", "squared_error", "absolute_error"}
        The loss that decides what the score cannot.
    """

    name: str
    words: str
    tasks: tuple[str, ...]
    shares: Values
    larger_is_better: bool = True
    percent: bool = False
    low: float = 0.0
    high: float = 1.0
    influence: Values | None = None
    by_class: bool = False
    rarer: bool = False
    probabilities: bool = False
    too_good: Callable[[np.ndarray, np.ndarray, np.ndarray], float] | None = None
    each: float = 1.0
    breaks_ties: Literal["log_loss", "balanced_log_loss", "squared_error", "absolute_error"] = "log_loss"

    @property
    def sign(self) -> float:
        """1.0 where the larger is the better, else -1.0."""
        return 1.0 if self.larger_is_better else -1.0

    def gains(self, y: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Share of each example, (n,), turned so that the larger is the better."""
        return self.sign * self.shares(y, prediction, _weights(len(y), weight))

    def value(self, y: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
        """The score of all examples together."""
        return float(self.shares(y, prediction, _weights(len(y), weight)).mean())

    def interval(
        self,
        y: np.ndarray,
        predictions: Sequence[np.ndarray],
        *,
        weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        estimate: float | None = None,
    ) -> tuple[float, float]:
        """95% interval of the score, see `headstart.math.statistics.intervals.score_interval`.

        Parameters
        ----------
        y : array
            Class numbers (n,), 0/1 (n, L), or numbers (n,) or (n, t).
        predictions : sequence of array
            Of the same examples, once or several times: probabilities (n, K) or (n, L), or numbers.
        weight : array of float, shape (n,), optional
        groups : array, shape (n,), optional
            Groups whose examples are not independent.
        estimate : float, optional
            Where the interval stands. Default: the mean score of the predictions.
        """
        values = np.mean([self.spread(y, one, weight) for one in predictions], axis=0)
        value = float(values.mean()) if estimate is None else estimate
        value -= float(np.mean([self.optimism(y, one, weight) for one in predictions]))
        return self.around(values, groups, value, self.design(y, weight), self.floor(y, predictions[0], weight))

    def around(
        self,
        values: np.ndarray,
        groups: np.ndarray | None = None,
        estimate: float | None = None,
        design: float = 1.0,
        floor: float = 0.0,
    ) -> tuple[float, float]:
        """The interval from what each example adds: what `spread`, `design` and `floor` give."""
        return score_interval(
            values, groups, estimate=estimate, low=self.low, high=self.high, design=design, floor=floor
        )

    def spread(self, y: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Influence value of each example, (n,): their mean is the score, their variance that of the score times n."""
        w = _weights(len(y), weight)
        if self.influence is not None:
            return self.influence(y, prediction, w)
        shares = self.shares(y, prediction, w)
        return shares - (w - 1.0) * shares.mean()

    def design(self, y: np.ndarray, weight: np.ndarray | None = None) -> float:
        """How many examples are worth one right-or-wrong answer, before any answer is seen."""
        uneven = self.each * float((_weights(len(y), weight) ** 2).mean())
        if not self.by_class or y.ndim == 2:
            return uneven
        counts = np.bincount(y)
        counts = counts[counts > 0]
        if self.rarer and len(counts) == 2:
            return uneven * float(len(y) / counts.min())
        return uneven * float(len(y) * (1.0 / counts).sum() / len(counts) ** 2)

    def floor(self, y: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
        """What an answer that was not seen loses, where the score is a loss without an end; else 0.

        As much as guessing, for a log-loss at least as much as `surprise` says.
        """
        if math.isfinite(self.low) and math.isfinite(self.high):
            return 0.0
        bound = self.low if math.isfinite(self.low) else self.high
        guessing = abs(self.value(y, guess(y, prediction), weight) - bound)
        return max(guessing, surprise(y, prediction)) if self.probabilities else guessing

    def optimism(self, y: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> float:
        """By how much the score of few examples is above that of endless ones, on average."""
        return 0.0 if self.too_good is None else float(self.too_good(y, prediction, _weights(len(y), weight)))


def guess(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The same answer for every example: the shares of classes or labels, or the mean number.

    Parameters
    ----------
    y : array
        Class numbers (n,), 0/1 (n, L), or numbers (n,) or (n, t).
    prediction : array
        Tells the number of classes, and classes from numbers.
    """
    p = np.asarray(prediction)
    if y.ndim == 1 and p.ndim == 2 and np.issubdtype(y.dtype, np.integer):
        return np.tile(np.bincount(y, minlength=p.shape[1]) / len(y), (len(y), 1))
    return np.broadcast_to(np.asarray(y, dtype=np.float64).mean(axis=0), p.shape)


def _weights(n: int, weight: np.ndarray | None) -> np.ndarray:
    if weight is None:
        return np.ones(n)
    w = np.asarray(weight, dtype=np.float64)
    return w / w.mean()


def _accuracy(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * (p.argmax(axis=1) == y)


def _exact_match(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * ((p > 0.5) == (y == 1)).all(axis=1)


def class_balance(y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weights under which every class that occurs counts the same, of mean 1."""
    total = np.bincount(y, w)
    return w * len(y) / ((total > 0).sum() * total[y])


def _balanced(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return class_balance(y, w) * (p.argmax(axis=1) == y)


def _balanced_influence(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    right = (p.argmax(axis=1) == y).astype(np.float64)
    recall = np.bincount(y, w * right) / np.maximum(np.bincount(y, w), 1e-300)
    balance = class_balance(y, w)
    return float((balance * right).mean()) + balance * (right - recall[y])


def _macro_f1(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return f1_values(*as_columns(y, p), w)


def _auc(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return auc_values(as_columns(y, p)[0], p, w)


def _looked_for(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of labels and of scores; of two classes the rarer alone."""
    labels = as_columns(y, p)[0]
    if y.ndim == 2 or p.shape[1] != 2:
        return labels, p
    rarer = int(labels[:, 1].sum() <= labels[:, 0].sum())
    return labels[:, [rarer]], p[:, [rarer]]


def _average_precision(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return precision_values(*_looked_for(y, p), w)


def _average_precision_too_good(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    return precision_optimism(*_looked_for(y, p), w)


def _log_loss(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * example_log_loss(p, y)


def _brier(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * example_brier(p, y)


def _example_f1(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * example_f1(y, p > 0.5)


def _r2(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    if np.ptp(w) == 0:
        return example_r2(y, p)
    t, error = _squares(y, p)
    spread = (w[:, None] * (t - (w @ t) / w.sum()) ** 2).mean(axis=0)
    return 1.0 - w * (error / np.where(spread > 0, spread, 1.0)).mean(axis=1)


def _r2_influence(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    t, error = _squares(y, p)
    about = (t - (w @ t) / w.sum()) ** 2
    spread = (w[:, None] * about).mean(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    lost = (w[:, None] * error).mean(axis=0) / spread
    return 1.0 - (lost + w[:, None] * (error - lost * about) / spread).mean(axis=1)


def _squares(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    t = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    return t, (t - np.asarray(p, dtype=np.float64).reshape(t.shape)) ** 2


def _mae(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * np.sqrt(_squares(y, p)[1]).mean(axis=1)


def _rmse(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    error = _squares(y, p)[1].mean(axis=1)
    root = math.sqrt(float((w * error).mean()))
    return np.full(len(error), root) if root == 0 else root + (w * error - root**2) / (2.0 * root)


def _rmse_influence(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    error = _squares(y, p)[1].mean(axis=1)
    root = math.sqrt(float((w * error).mean()))
    return np.full(len(error), root) if root == 0 else root + w * (error - root**2) / (2.0 * root)


_ALL = (
    Metric("accuracy", "accuracy", (_CLASSES,), _accuracy, percent=True),
    Metric(
        "balanced_accuracy",
        "balanced accuracy",
        (_CLASSES,),
        _balanced,
        percent=True,
        influence=_balanced_influence,
        by_class=True,
        breaks_ties="balanced_log_loss",
    ),
    Metric("example_f1", "mean F1 of an example's labels", (_LABELS,), _example_f1),
    Metric("exact_match", "all labels right", (_LABELS,), _exact_match, percent=True),
    Metric(
        "macro_f1",
        "macro F1",
        (_CLASSES, _LABELS),
        _macro_f1,
        percent=True,
        influence=_macro_f1,
        by_class=True,
        breaks_ties="balanced_log_loss",
    ),
    Metric(
        "auc",
        "area under the ROC curve",
        (_CLASSES, _LABELS),
        _auc,
        influence=_auc,
        by_class=True,
        probabilities=True,
        breaks_ties="balanced_log_loss",
    ),
    Metric(
        "average_precision",
        "average precision",
        (_CLASSES, _LABELS),
        _average_precision,
        influence=_average_precision,
        too_good=_average_precision_too_good,
        by_class=True,
        rarer=True,
        probabilities=True,
        breaks_ties="balanced_log_loss",
    ),
    Metric("log_loss", "log-loss", (_CLASSES, _LABELS), _log_loss, False, high=math.inf, probabilities=True),
    # a third: the variance of a share anywhere from 0 to 1
    Metric("brier", "Brier score", (_CLASSES, _LABELS), _brier, False, probabilities=True, each=1 / 3),
    Metric("r2", "R\u00b2", (_NUMBERS,), _r2, low=-math.inf, influence=_r2_influence, breaks_ties="squared_error"),
    Metric("mae", "mean absolute error", (_NUMBERS,), _mae, False, high=math.inf, breaks_ties="absolute_error"),
    Metric(
        "rmse",
        "root mean squared error",
        (_NUMBERS,),
        _rmse,
        False,
        high=math.inf,
        influence=_rmse_influence,
        breaks_ties="squared_error",
    ),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
_FOR = {_CLASSES: "classes", _LABELS: "several labels", _NUMBERS: "numbers"}
DEFAULT = {_CLASSES: "accuracy", _LABELS: "example_f1", _NUMBERS: "r2"}


def metrics_of(task: str) -> list[str]:
    """Names of the metrics that a task has, the default first.

    Examples
    --------
    >>> metrics_of("regression")
    ['r2', 'mae', 'rmse']
    """
    return [metric.name for metric in _ALL if task in metric.tasks]


def check_metric(name: str | None) -> None:
    """Refuse a name that no task has.

    Raises
    ------
    ParameterError
        It lists the names by task.
    """
    if name is not None and name not in METRICS:
        each = "; ".join(f"for {what} {', '.join(metrics_of(task))}" for task, what in _FOR.items())
        raise ParameterError(f"Expected a metric, found {name!r}.", f"Choose one: {each}.")


def metric_named(name: str | None, task: str) -> Metric:
    """The metric of a name, checked against the task; None is the task's default.

    Raises
    ------
    ParameterError
        For a name that the task does not have; it lists those that it has.

    Examples
    --------
    >>> metric_named(None, "classification").name, metric_named("mae", "regression").larger_is_better
    ('accuracy', False)
    """
    found = METRICS.get(DEFAULT[task] if name is None else str(name))
    if found is None or task not in found.tasks:
        raise ParameterError(
            f"Expected a metric for {_FOR[task]}, found {name!r}.", f"Choose one of {', '.join(metrics_of(task))}."
        )
    return found
