"""What features are worth for some labels, without training: each example judged by the others, and the gain of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.data.sets.splits import one_of_each
from headstart.math.linear.source_worth import mean_and_error
from headstart.math.statistics.relatedness import knn_answers, one_hot, ridge_loo_answers, right_of_each
from headstart.math.statistics.transferability import gaussian_bhattacharyya, log_evidence

#: Standard errors that a gain has to be away from 0 to be called help or harm, fitted as `benchmarks/advice.py` says.
SURE = 1.5
HELP, HURT, OPEN = "help", "hurt", "open"


@dataclass(frozen=True, eq=False)
class Measure:
    """Features as they were measured on n labelled examples.

    Attributes
    ----------
    right : ndarray of shape (n,)
        Mean of what neighbours and ridge regression get right of each example (of numbers, its part of R^2), left out.
    head : ndarray of shape (n,)
        The same of ridge regression alone, which is what a new output layer is.
    error : float
        Mean squared error of ridge regression, left out.
    apart : float
        How far classes are apart (`gaussian_bhattacharyya`); 0 of numbers and of several labels.
    evidence : float
        Of a linear model (`log_evidence`).
    """

    right: np.ndarray
    head: np.ndarray
    error: float = 0.0
    apart: float = 0.0
    evidence: float = 0.0


@dataclass(frozen=True)
class Gain:
    """What one way is better than another, with its 95% interval, and the word for it."""

    value: float
    low: float
    high: float
    word: str


def measure_features(
    features: np.ndarray, columns: np.ndarray, groups: np.ndarray | None = None, *, judged: int | None = None
) -> Measure:
    """Judge features by neighbours and by ridge regression, each example (or its whole group) left out.

    Of classes one example (group) of each is left out together: without its own alone an example's class is the rarest
    of all, and with two labels a class nothing is right.

    Parameters
    ----------
    features : array of shape (n, d)
    columns : array of shape (n, c)
        One-hot classes, 0/1 labels, or numbers.
    groups : array of shape (n,), optional
    judged : int, optional
        How many of the first examples are judged; the others only help to judge them. Default: all.

    Examples
    --------
    >>> y = np.repeat([0, 1], 10)
    >>> found = measure_features(y[:, None] + np.random.default_rng(0).normal(0, 0.1, (20, 3)), np.eye(2)[y])
    >>> float(found.right.mean()), float(found.head.mean())
    (1.0, 1.0)
    """
    if one_hot(columns):
        groups = one_of_each(columns.argmax(axis=1), groups=groups)
    answers = ridge_loo_answers(features, columns, groups=groups)
    error = float(((answers - columns.reshape(len(columns), -1)) ** 2)[:judged].mean())
    head = right_of_each(columns, answers)[:judged]
    near = right_of_each(columns, knn_answers(features, columns, groups=groups))[:judged]
    features, columns = features[:judged], columns[:judged]
    apart = gaussian_bhattacharyya(features, columns.argmax(axis=1)) if one_hot(columns) else 0.0
    return Measure((head + near) / 2, head, error, apart, log_evidence(features, columns))


def gain_of(ours: np.ndarray, theirs: np.ndarray, groups: np.ndarray | None = None) -> Gain:
    """How much more of the same examples one way gets right than another.

    The standard error counts whole groups, and is at least that of half an example.

    Parameters
    ----------
    ours, theirs : array of shape (n,)
        What each gets right of each example.
    groups : array of shape (n,), optional

    Examples
    --------
    >>> gain_of(np.ones(20), np.repeat([0.0, 1.0], 10)).word, gain_of(np.ones(20), np.ones(20)).word
    ('help', 'open')
    """
    mean, error = (float(part[0]) for part in mean_and_error((ours - theirs)[None], groups))
    error = max(error, 0.5 / len(ours))
    word = HELP if mean > SURE * error else HURT if mean < -SURE * error else OPEN
    return Gain(mean, mean - 1.96 * error, mean + 1.96 * error, word)
