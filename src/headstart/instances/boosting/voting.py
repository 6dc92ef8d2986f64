"""The final vote of boosted hypotheses."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from headstart.contract.domains import Domains, Side
from headstart.contract.weighted_fit import fit_weighted
from headstart.data.tables.column_names import stack
from headstart.errors import TransferWarning
from headstart.instances.boosting.learners import seeded
from headstart.math.ensembles.tradaboost_r2 import weighted_median


class BoostedMixin:
    """What boosted classes and numbers share: the base learner, and the run without a source."""

    estimator: Any
    random_state: Any
    estimators_: list[Any]
    estimator_weights_: np.ndarray
    weights_: np.ndarray

    @abstractmethod
    def _base(self) -> Any:
        """The base learner as given, or the default."""

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.random_state)

    def _takes_sparse(self) -> bool:
        return bool(get_tags(self._base()).input_tags.sparse)

    def _takes_missing(self) -> bool:
        return bool(get_tags(self._base()).input_tags.allow_nan)

    def _keep(self, estimators: list[Any], votes: np.ndarray, domains: Domains, use: np.ndarray) -> None:
        """Remember the hypotheses that vote, and the weight of every source row in the order of ``source``."""
        voting = np.flatnonzero(votes > 0)
        self.estimators_ = [estimators[t] for t in voting]
        self.estimator_weights_ = votes[voting] / votes[voting].sum()
        self.weights_ = np.concatenate(domains.as_given(use)) if domains.sources else np.zeros(0)

    def _alone(self, domains: Domains, *, coded: bool) -> None:
        """The base learner on the target alone: without a source, or where none is of use."""
        target, classes = domains.target, domains.classes
        assert target.y is not None
        labels = target.y if coded or classes is None else classes[target.y]
        if coded and classes is not None and (labels == labels[0]).all():
            fitted = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(labels), 1)), labels)
        else:
            free = self.random_state is None and not coded
            base = clone(self._base()) if free else seeded(self._base(), self._rng())
            fitted = fit_weighted(base, target.X, labels, target.sample_weight)
        n_source = sum(len(side) for side in domains.sources)
        self._keep([fitted], np.ones(1), domains, np.zeros(n_source))

    def _without_use(self, domains: Domains, why: str) -> None:
        """Fall back on the target alone, and say so."""
        warnings.warn(
            f"{why}: the source is not used, the base estimator is fitted on the target alone.",
            TransferWarning,
            stacklevel=3,
        )
        self._alone(domains, coded=True)

    @property
    def _baseline(self) -> Any:
        """The base estimator itself, fitted on the target's own labels, where there was no source; else None."""
        check_is_fitted(self)
        return None if self.fitted_with_source_ else self.estimators_[0]  # type: ignore[attr-defined]


class VotingMixin(BoostedMixin):
    """Weighted vote of classifiers on codes; `predict`, `predict_proba`, `decision_function`."""

    classes_: np.ndarray

    def _base(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    def predict(self, X: Any) -> np.ndarray:
        """Class with the most votes; a tie goes to the first of them.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,)
        """
        if self._baseline is not None:
            return self._baseline.predict(self._rows(X))  # type: ignore[attr-defined]
        shares = self._shares(X)
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Share of the votes that each class in ``classes_`` gets, (n, K); its largest entry is the prediction."""
        if self._baseline is not None and hasattr(self._baseline, "predict_proba"):
            return self._baseline.predict_proba(self._rows(X))  # type: ignore[attr-defined]
        if self._baseline is not None:
            return (self.predict(X)[:, None] == self.classes_).astype(float)
        return self._shares(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Shares of the votes, (n, K); for two classes that of the second minus that of the first, (n,)."""
        if self._baseline is not None and hasattr(self._baseline, "decision_function"):
            return self._baseline.decision_function(self._rows(X))  # type: ignore[attr-defined]
        shares = self.predict_proba(X)
        return shares[:, 1] - shares[:, 0] if shares.shape[1] == 2 else shares

    def _shares(self, X: Any) -> np.ndarray:
        rows = self._rows(X)  # type: ignore[attr-defined]
        shares = np.zeros((rows.shape[0], len(self.classes_)))
        turned = getattr(self, "turned_", np.zeros(len(self.estimators_), dtype=bool))
        soft = bool(getattr(self, "confidence", False))
        for estimator, vote, turn in zip(self.estimators_, self.estimator_weights_, turned, strict=True):
            beliefs = hypothesis(estimator, rows, len(self.classes_), soft)
            shares += vote * (beliefs[:, ::-1] if turn else beliefs)
        return shares


class MedianMixin(BoostedMixin):
    """Weighted median of regressors; `predict`."""

    def _base(self) -> Any:
        return DecisionTreeRegressor(max_depth=6) if self.estimator is None else self.estimator

    def predict(self, X: Any) -> np.ndarray:
        """Weighted median of the hypotheses' predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,)
        """
        if self._baseline is not None:
            return self._baseline.predict(self._rows(X))  # type: ignore[attr-defined]
        rows = self._rows(X)  # type: ignore[attr-defined]
        predictions = np.column_stack([np.ravel(estimator.predict(rows)) for estimator in self.estimators_])
        return weighted_median(predictions, self.estimator_weights_)


def hypothesis(estimator: Any, X: Any, n_classes: int, soft: bool = False) -> np.ndarray:
    """What a classifier on codes says, (n, K): one-hot, or its probabilities; 0 for classes that it never saw."""
    said = np.zeros((X.shape[0], n_classes))
    if soft and hasattr(estimator, "predict_proba"):
        said[:, estimator.classes_] = estimator.predict_proba(X)
    else:
        said[np.arange(len(said)), estimator.predict(X)] = 1.0
    return said


def stacked(domains: Domains) -> tuple[Any, np.ndarray, Side]:
    """All rows and labels, the source's first, and the source itself."""
    source, target = domains.source, domains.target
    assert source.y is not None and target.y is not None
    return stack([source.X, target.X]), np.concatenate([source.y, target.y]), source
