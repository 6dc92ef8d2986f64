"""The plain ways to use a source: learn from it alone, or from its rows and the target's together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from headstart.contract.card import MethodCard
from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.options import check_number
from headstart.contract.remembered import fit_on_source
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.tables.column_names import stack
from headstart.math.ensembles.bins import coarse_columns

_BOOSTINGS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
_WORDS = "Learns from source and target rows together: the baseline of every transfer."


@estimator_class
class BasePooled(WeightedLearner, DelegatingMixin):
    """What classes and numbers have in common; see `PooledClassifier`.

    Parameters
    ----------
    target_share : float, optional
        Share of the target's rows in the total weight, from 0 (the source alone) to 1 (the target alone). None: every
        row counts 1, or its own weight.
    source : Source, list of Source or None, default=None
        Labelled rows. None: the target alone.
    unlabelled : array-like, optional
        For ``preprocess``.

    Attributes
    ----------
    estimator_ : fitted classifier or regressor
    """

    estimator: Any = None
    target_share: float | None = None

    def _check(self) -> None:
        check_number("target_share", self.target_share, 0, 1, optional=True)

    def _learn(self, domains: Domains) -> None:
        rows, labels, weights = self._pooled(domains)
        answers = labels if domains.classes is None else domains.classes[labels.astype(np.int64)]
        fit = fit_on_source if rows is domains.source.X else fit_weighted
        estimator = self._unfitted()
        if weights is not None and isinstance(estimator, _BOOSTINGS):
            rows = coarse_columns(rows, estimator.max_bins)
        self.estimator_ = fit(estimator, rows, answers, weights)

    def _pooled(self, domains: Domains) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Rows, labels and weights of what is learned from."""
        source, target = domains.source, domains.target
        assert source.y is not None
        if target.y is None or self.target_share == 0:
            return source.X, source.y, source.sample_weight
        rows, labels = stack([source.X, target.X]), np.concatenate([source.y, target.y])
        if self.target_share is None:
            weighted = source.sample_weight is not None or target.sample_weight is not None
            return rows, labels, np.concatenate([source.weights, target.weights]) if weighted else None
        if self.target_share == 1:
            return target.X, target.y, target.sample_weight
        shares = ((1 - self.target_share, source.weights), (self.target_share, target.weights))
        return rows, labels, np.concatenate([share * len(rows) * w / w.sum() for share, w in shares])


@estimator_class
class PooledClassifier(ClassifierMixin, BasePooled):
    """Learns from the rows of source and target together, as if they were one set; the baseline of every transfer.

    Examples
    --------
    >>> from headstart import Source
    >>> source = Source(np.array([[0.0], [1.0], [10.0], [11.0]]), ["a", "a", "b", "b"])
    >>> PooledClassifier(source=source).fit([[2.0], [9.0]], ["a", "b"]).predict([[8.0]]).tolist()
    ['b']
    """

    card = MethodCard("instances", "optional", "needed", ("classification",), "that of its estimator", "none", _WORDS)


@estimator_class
class PooledRegressor(RegressorMixin, BasePooled):
    """Learns numbers from the rows of source and target together; see `PooledClassifier`."""

    card = replace(PooledClassifier.card, tasks=("regression",))
