"""The plain ways to use a source: learn from it alone, or from its rows and the target's together."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import get_tags

from headstart.contract.borrower import Borrower
from headstart.contract.card import MethodCard
from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.tables.column_names import stack


class BasePooled(DelegatingMixin, Borrower):
    """What classes and numbers have in common; see `PooledClassifier`."""

    _task: ClassVar[str]

    def __init__(
        self,
        estimator: Any = None,
        target_share: float | None = None,
        *,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
    ) -> None:
        self.estimator = estimator
        self.target_share = target_share
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit to the target; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : array-like of shape (n,), optional
            Without, the source alone is learned from.
        sample_weight : array-like of shape (n,), optional
            Of the target's rows.

        Returns
        -------
        self
        """
        if self.target_share is not None:
            check_number("target_share", self.target_share, 0, 1)
        domains = self._domains(X, y, task=self._task, sample_weight=sample_weight, need_target_labels=False)
        rows, labels, weights = self._pooled(domains)
        answers = labels if domains.classes is None else domains.classes[labels.astype(np.int64)]
        self.estimator_ = fit_weighted(self._unfitted(), rows, answers, weights)
        return self

    def _pooled(self, domains: Domains) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Rows, labels and weights of what is learned from."""
        target = domains.target
        if not domains.sources:
            assert target.y is not None
            return target.X, target.y, target.sample_weight
        source = domains.source
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

    def _takes_sparse(self) -> bool:
        return bool(get_tags(self._unfitted()).input_tags.sparse)

    def _takes_missing(self) -> bool:
        return bool(get_tags(self._unfitted()).input_tags.allow_nan)


def _card(task: str) -> MethodCard:
    return MethodCard(
        transfers="instances",
        target_labels="optional",
        source_labels="needed",
        tasks=(task,),
        cost="that of its estimator",
        paper="none",
        words="Learns from source and target rows together: the baseline of every transfer.",
    )


class PooledClassifier(ClassifierMixin, BasePooled):
    """Learns from the rows of source and target together, as if they were one set; the baseline of every transfer.

    Parameters
    ----------
    estimator : classifier, optional
        Default: ``LogisticRegression(max_iter=1000)``.
    target_share : float, optional
        Share of the target's rows in the total weight, from 0 (the source alone) to 1 (the target alone). None: every
        row counts 1, or its own weight.
    source : Source, list of Source or None
        Labelled rows. None: the target alone.
    unlabelled : array-like, optional
        For ``preprocess``.
    preprocess : transformer, optional
        For rows of both sides. ``StandardScaler()`` per domain is the plainest alignment there is.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    estimator_ : fitted classifier
    classes_ : ndarray of shape (K,)

    Examples
    --------
    >>> from headstart import Source
    >>> source = Source(np.array([[0.0], [1.0], [10.0], [11.0]]), ["a", "a", "b", "b"])
    >>> PooledClassifier(source=source).fit([[2.0], [9.0]], ["a", "b"]).predict([[8.0]]).tolist()
    ['b']
    """

    card: ClassVar[MethodCard] = _card("classification")
    _task: ClassVar[str] = "classification"

    def _unfitted(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator


class PooledRegressor(RegressorMixin, BasePooled):
    """Learns numbers from the rows of source and target together; see `PooledClassifier`.

    Parameters
    ----------
    estimator : regressor, optional
        Default: ``Ridge()``.
    target_share : float, optional
        Share of the target's rows in the total weight, from 0 to 1. None: every row counts 1.
    source : Source, list of Source or None
    unlabelled : array-like, optional
    preprocess : transformer, optional
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"

    Attributes
    ----------
    estimator_ : fitted regressor
    """

    card: ClassVar[MethodCard] = _card("regression")
    _task: ClassVar[str] = "regression"

    def _unfitted(self) -> Any:
        return Ridge() if self.estimator is None else self.estimator
