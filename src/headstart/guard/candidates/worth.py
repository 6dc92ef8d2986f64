"""Several sources: what each is worth, and a pool of the target with those that are worth it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.data.sets.splits import folds
from headstart.guard.candidates.pooling import BasePooled, PooledClassifier, PooledRegressor
from headstart.math.linear.source_worth import answers_with_each, mean_and_error, worthy


@dataclass(frozen=True, eq=False)
class Worth:
    """What each of S sources is worth for a target.

    Parameters
    ----------
    gain : array of shape (S,)
        Accuracy, or R^2, of a linear model with this source beyond that of the target alone.
    standard_error : array of shape (S,)
    used : array of bool, shape (S,)
        Whether the squared error tells that it helps.
    """

    gain: np.ndarray
    standard_error: np.ndarray
    used: np.ndarray


_REPEATS, _SPLITS = 2, 5
#: Rows of a source that are looked at, evenly spaced.
_MOST_ROWS = 5000


def worth_of_each(
    X: np.ndarray,
    y: np.ndarray,
    sources: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    classes: int | None,
    groups: np.ndarray | None = None,
) -> Worth:
    """Compare the target alone with the target and one source after the other, on the same folds.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array of shape (n,)
        Class numbers, or numbers.
    sources : sequence of (array (m, d), array (m,))
    classes : int or None
        How many classes there are; None for numbers.
    groups : array of shape (n,), optional
    """
    task = "regression" if classes is None else "classification"
    spread = float(y.std()) or 1.0

    def columns(labels: np.ndarray) -> np.ndarray:
        if classes is None:
            return ((labels - y.mean()) / spread).reshape(-1, 1)
        return np.eye(classes)[labels.astype(np.int64)]

    offered = []
    for rows, labels in sources:
        some = np.linspace(0, len(labels) - 1, min(len(labels), _MOST_ROWS)).astype(int)
        offered.append((rows[some], columns(labels[some])))
    Y = columns(y)
    errors, scores = [], []
    for seed in range(_REPEATS):
        parts = folds(y, task, groups=groups, n_splits=_SPLITS, random_state=seed)
        said = answers_with_each(X, Y, offered, parts)
        errors.append(((said - Y) ** 2).sum(axis=2))
        scores.append(-errors[-1] if classes is None else (said.argmax(axis=2) == y).astype(np.float64))
    error, score = np.mean(errors, axis=0), np.mean(scores, axis=0)
    m = len(sources) + 1
    gain, standard_error = mean_and_error(score[1:m] - score[0], groups)
    return Worth(gain, standard_error, worthy(error[0] - error[1:m], error[m] - error[m + 1 :], groups))


@estimator_class
class BaseWorthyPooled(BasePooled):
    """What classes and numbers have in common; see `WorthyPooledClassifier`.

    Attributes
    ----------
    worth_ : dict
        ``gain``, ``standard_error`` and ``used`` of each source, in the order in which they were given.
    """

    def _learn(self, domains: Domains) -> None:
        assert domains.target.y is not None
        rows = [(np.asarray(side.X), side.y) for side in domains.sources if side.y is not None]
        classes = None if domains.classes is None else len(domains.classes)
        found = worth_of_each(np.asarray(domains.target.X), domains.target.y, rows, classes=classes)
        given = np.argsort(domains.order)
        self.worth_ = {field.name: getattr(found, field.name)[given].tolist() for field in dataclasses.fields(found)}
        kept = tuple(side for side, used in zip(domains.sources, found.used, strict=True) if used)
        if kept:
            super()._learn(replace(domains, sources=kept))
        else:
            self._learn_alone(domains)


class WorthyPooledClassifier(ClassifierMixin, BaseWorthyPooled):
    """Learns from the target's rows and those of the sources that help it, each measured by itself.

    Examples
    --------
    >>> from headstart import Source
    >>> rng = np.random.default_rng(0)
    >>> X, good, bad = rng.normal(size=(3, 60, 8))
    >>> sources = [Source(bad, (bad.sum(axis=1) < 0).astype(int)), Source(good, (good.sum(axis=1) > 0).astype(int))]
    >>> pool = WorthyPooledClassifier(source=sources, target_share=0.5)
    >>> pool.fit(X[:30], (X[:30].sum(axis=1) > 0).astype(int)).worth_["used"]
    [False, True]
    """

    card = PooledClassifier.card


class WorthyPooledRegressor(RegressorMixin, BaseWorthyPooled):
    """Learns numbers from the target's rows and those of the sources that help; see `WorthyPooledClassifier`."""

    card = PooledRegressor.card
