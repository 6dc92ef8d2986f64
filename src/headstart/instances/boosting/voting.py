"""The final vote of boosted hypotheses."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import fit_weighted, seeded
from headstart.errors import TransferWarning
from headstart.instances.source_use import SourceUseMixin
from headstart.math.ensembles.tradaboost import Boosting
from headstart.math.ensembles.tradaboost_r2 import weighted_median


@estimator_class
class Booster(SourceUseMixin, WeightedLearner):
    """What boosted classes and numbers share: the base learner, the run without a source, the hypotheses that vote.

    A subclass boosts in `_boost`, and says in `_clear` which records it keeps.

    Parameters
    ----------
    estimator : classifier or regressor, optional
        The base learner; its ``fit`` takes ``sample_weight`` (of a `Pipeline`, that of the last step). The weights that
        it gets have mean 1. Default: ``LogisticRegression(max_iter=1000)``, of numbers
        ``DecisionTreeRegressor(max_depth=6)``. ``random_state`` of a base learner that is None is drawn anew in each
        round.
    n_estimators : int, default=50
        Most rounds (N, or M, in formulas), at least 1.
    source_share : float, optional
        Share of all weight that the source starts with, above 0 and below 1. None: every row starts with its own
        ``sample_weight``, or all with the same.
    loss : {"linear", "square", "exponential"}, default="linear"
        Form of the adjusted errors.
    source : Source, list of Source or None
        Labelled rows; several are taken together. None: the base estimator on the target alone.
    unlabelled : array-like, optional
        Checked and not used.
    random_state : int or None, default=None
        Seed of the base learners.

    Attributes
    ----------
    estimators_, estimator_weights_
        The hypotheses that vote (classifiers on codes 0..K-1), and their votes, which sum to 1.
    weights_ : ndarray of shape (n_source,)
        Weight of every source row behind the final answer, in the order of ``source``: 1 is as one row among equals, 0
        not used. See `explain_source`.
    """

    estimator: Any = None
    _: KW_ONLY
    n_estimators: int = 50
    random_state: int | None = None

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.random_state)

    def _check(self) -> None:
        check_number("n_estimators", self.n_estimators, 1, whole=True)

    def _clear(self) -> None:
        """Empty records of the rounds."""
        self.errors_ = np.zeros(0)

    @abstractmethod
    def _boost(self, domains: Domains) -> None:
        """Boost on both sides."""

    def _learn(self, domains: Domains) -> None:
        self.fitted_with_source_ = True
        self._clear()
        self._boost(domains)

    def _learn_alone(self, domains: Domains) -> None:
        self.fitted_with_source_ = False
        self._clear()
        self._alone(domains, coded=False)

    def _finish(self, made: list[Any], run: Boosting, domains: Domains, why: str) -> None:
        """Keep what votes; where nothing does, fall back on the target alone."""
        self.errors_ = run.errors
        if run.votes.any():
            self._keep(made, run.votes, domains, run.use[: len(domains.source)])
        else:
            self._without_use(domains, why)

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
            base = clone(self._unfitted()) if free else seeded(self._unfitted(), self._rng())
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
        return None if self.fitted_with_source_ else self.estimators_[0]


class VotingBooster(Booster):
    """Weighted vote of classifiers on codes; `predict`, `predict_proba`, `decision_function`.

    Attributes
    ----------
    errors_ : ndarray of shape (N',)
        Weighted error on the target, round by round.
    """

    def predict(self, X: Any) -> np.ndarray:
        """Class with the most votes, (n,), for rows (n, d); a tie goes to the first of them."""
        if self._baseline is not None:
            return self._baseline.predict(self._rows(X))
        shares = self._shares(X)
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Share of the votes that each class in ``classes_`` gets, (n, K); its largest entry is the prediction."""
        if self._baseline is not None and hasattr(self._baseline, "predict_proba"):
            return self._baseline.predict_proba(self._rows(X))
        if self._baseline is not None:
            return (self.predict(X)[:, None] == self.classes_).astype(float)
        return self._shares(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Shares of the votes, (n, K); for two classes that of the second minus that of the first, (n,)."""
        if self._baseline is not None and hasattr(self._baseline, "decision_function"):
            return self._baseline.decision_function(self._rows(X))
        shares = self.predict_proba(X)
        return shares[:, 1] - shares[:, 0] if shares.shape[1] == 2 else shares

    def _shares(self, X: Any) -> np.ndarray:
        rows = self._rows(X)
        shares = np.zeros((rows.shape[0], len(self.classes_)))
        turned = getattr(self, "turned_", np.zeros(len(self.estimators_), dtype=bool))
        soft = bool(getattr(self, "confidence", False))
        for estimator, vote, turn in zip(self.estimators_, self.estimator_weights_, turned, strict=True):
            beliefs = hypothesis(estimator, rows, len(self.classes_), soft)
            shares += vote * (beliefs[:, ::-1] if turn else beliefs)
        return shares


class MedianBooster(Booster):
    """Weighted median of regressors; `predict`."""

    def _default(self) -> Any:
        return DecisionTreeRegressor(max_depth=6)

    def predict(self, X: Any) -> np.ndarray:
        """Weighted median of the hypotheses' predictions, (n,), for rows (n, d)."""
        if self._baseline is not None:
            return self._baseline.predict(self._rows(X))
        rows = self._rows(X)
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
