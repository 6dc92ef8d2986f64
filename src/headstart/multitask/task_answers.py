"""What a model of another task says of rows, as columns for a model of the target; and whether these help it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from headstart.contract.answers import predicted
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.sets.splits import folds
from headstart.math.linear.source_worth import mean_and_error

_SPLITS = 3
#: Chance that any of several useless tasks is taken, about.
_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Helper:
    """A fitted model of another task, and its answers for the rows that it learned from, given by models without them.

    So a row that it has seen is answered as a new one would be: what it knows by heart of the other task's labels
    neither trains nor flatters the target's model.

    Attributes
    ----------
    model : fitted estimator
    task : {"classification", "regression"}
    shift, scale : ndarray of shape (c,)
        What brings its answers to mean 0 and the spread of the target's columns.
    keys : ndarray of uint64, shape (m,)
        Hashes of the rows that it learned from, sorted.
    kept : ndarray of shape (m, c)
        Its answers for them.
    """

    model: Any
    task: str
    shift: np.ndarray
    scale: np.ndarray
    keys: np.ndarray
    kept: np.ndarray

    def answers(self, X: np.ndarray) -> np.ndarray:
        """Columns (n, c) for rows (n, d): log-odds of classes, or numbers, brought to the target's scale."""
        said = told_by(self.model, X, self.task)
        if len(self.keys):
            asked = row_keys(X)
            place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
            known = self.keys[place] == asked
            said[known] = self.kept[place[known]]
        return (said - self.shift) * self.scale


@dataclass(frozen=True, eq=False)
class OtherTask:
    """Rows and labels of another task, and what is to learn from them.

    Attributes
    ----------
    estimator : classifier or regressor
    X : ndarray of shape (m, d)
    y : ndarray of shape (m,)
    task : {"classification", "regression"}
    weight : ndarray of shape (m,) or None
    spread : float
        Standard deviation that its answers are brought to.
    """

    estimator: Any
    X: np.ndarray
    y: np.ndarray
    task: str
    weight: np.ndarray | None = None
    spread: float = 1.0

    @cached_property
    def keys(self) -> np.ndarray:
        """Hashes of its rows."""
        return row_keys(self.X)

    def without(self, keys: np.ndarray) -> OtherTask:
        """The same without rows of these hashes; itself where it has none of them."""
        rows = np.flatnonzero(~np.isin(self.keys, keys))
        if len(rows) == len(self.y):
            return self
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, X=self.X[rows], y=self.y[rows], weight=weight)

    def helper(self) -> Helper | None:
        """A model of it, and its answers for its own rows by cross-validation; None of labels that are all the same.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> X = np.arange(20.0)[:, None]
        >>> helper = OtherTask(Ridge(), X, 3 * X[:, 0], "regression", spread=2.0).helper()
        >>> helper.answers(X).std().round(1), abs(helper.answers(np.array([[9.5]])).round(1)).tolist()
        (np.float64(2.0), [[0.0]])
        """
        if len(np.unique(self.y)) < 2:
            return None
        model = fit_weighted(self.estimator, self.X, self.y, self.weight)
        kept = np.zeros_like(told_by(model, self.X, self.task))
        for train, test in folds(self.y, self.task, n_splits=min(_SPLITS, len(self.y))):
            own = None if self.weight is None else self.weight[train]
            if self.task == "classification" and len(np.unique(self.y[train])) < len(np.unique(self.y)):
                kept[test] = told_by(model, self.X[test], self.task).mean(axis=0)  # a class of one row
                continue
            kept[test] = told_by(
                fit_weighted(self.estimator, self.X[train], self.y[train], own), self.X[test], self.task
            )
        keys, place = np.unique(self.keys, return_inverse=True)
        place = place.reshape(-1)
        mean = np.stack([np.bincount(place, column) for column in kept.T], axis=1) / np.bincount(place)[:, None]
        apart = mean.std(axis=0)
        scale = np.where(apart > 1e-12, self.spread / np.maximum(apart, 1e-12), 0.0)
        return Helper(model, self.task, mean.mean(axis=0), scale, keys, mean)


def told_by(model: Any, X: np.ndarray, task: str) -> np.ndarray:
    """Log-odds of classes, (n, 1) for two and (n, K) for more, or numbers (n, 1)."""
    if task == "regression":
        return predicted(model, X, task, None).reshape(len(X), -1)
    p = np.clip(predicted(model, X, task, np.asarray(model.classes_)), 1e-4, 1 - 1e-4)
    p = p[:, 1:] if p.shape[1] == 2 else p
    return np.asarray(np.log(p) - np.log1p(-p))


def row_keys(X: np.ndarray) -> np.ndarray:
    """A hash of each row, (n,) of uint64.

    Examples
    --------
    >>> keys = row_keys(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]]))
    >>> keys[0] == keys[1], keys[0] == keys[2]
    (np.True_, np.False_)
    """
    rows = np.ascontiguousarray(X, dtype=np.float64) + 0.0  # so that -0 is 0
    made = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(made), dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class Gains:
    """By how much the loss of rows that were not seen is lower with each of S helpers.

    Attributes
    ----------
    gain, error : ndarray of shape (S,)
        Mean and standard error, in nats or squared standard deviations.
    kept : list of int
        Which to take.
    """

    gain: np.ndarray
    error: np.ndarray
    kept: list[int]


def helpful(losses: Callable[[Sequence[int]], np.ndarray], n_helpers: int, groups: np.ndarray | None = None) -> Gains:
    r"""Measure each helper by itself against none on the same folds, and take those that help.

    A helper is taken if its gain is above :math:`\Phi^{-1}(1 - 0.05 / S)` standard errors, so that the luckiest of S
    useless ones is not. Of several all are taken together, unless the best of them does better alone.

    Parameters
    ----------
    losses : callable
        Positions of helpers to the loss of each row out of fold, (n,).
    n_helpers : int
    groups : ndarray of shape (n,), optional
        Rows of a group count as one.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.random(50)
    >>> found = helpful(lambda taken: noise - (0.5 if 1 in taken else 0.0) + 0.1 * rng.random(50), 2)
    >>> found.kept
    [1]
    """
    alone = losses([])
    gains = np.stack([alone - losses([s]) for s in range(n_helpers)])
    gain, error = mean_and_error(gains, groups)
    enough = float(stats.norm.isf(_LEVEL / n_helpers))
    kept = [s for s in range(n_helpers) if gain[s] > enough * error[s] and gain[s] > 0]
    if len(kept) > 1:
        best = max(kept, key=gain.__getitem__)
        together = float((alone - losses(kept)).mean())
        kept = kept if together >= gain[best] else [best]
    return Gains(gain, error, kept)
