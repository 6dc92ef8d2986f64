"""The base of the methods that predict: `fit` is written once, with and without weights of the target's rows."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import get_tags

from headstart.contract.borrower import Borrower
from headstart.contract.domains import Domains
from headstart.contract.weighted_fit import fit_weighted
from headstart.errors import SourceError


class Learner(Borrower):
    """A method for one task: a subclass checks its options in `_check`, and learns from both sides in `_learn`.

    Without a source it is its estimator, fitted on the target alone: ``estimator``, or where that is None what
    `_default` gives.

    Parameters
    ----------
    estimator : classifier or regressor, default=None
        What learns; None is `LogisticRegression(max_iter=1000)` for classes, `Ridge()` for numbers.
    source : Source, list of Source or None, default=None
        Rows to borrow, with classes or numbers. None: the estimator on the target alone.

    Raises
    ------
    ParameterError
        If an option is outside its range.
    """

    estimator: Any
    estimator_: Any

    @property
    def _task(self) -> str:
        return self.card.tasks[0]

    def _default(self) -> Any:
        """The estimator where none is given."""
        return LogisticRegression(max_iter=1000) if self._task == "classification" else Ridge()

    def _unfitted(self) -> Any:
        """The estimator that will be fitted."""
        return self._default() if self.estimator is None else self.estimator

    def _takes_sparse(self) -> bool:
        return bool(get_tags(self._unfitted()).input_tags.sparse)

    def _takes_missing(self) -> bool:
        return bool(get_tags(self._unfitted()).input_tags.allow_nan)

    def _check(self) -> None:
        """Refuse options outside their range."""

    @abstractmethod
    def _learn(self, domains: Domains) -> None:
        """Learn from both sides."""

    @property
    def aligns(self) -> bool:
        """Whether the two sides are brought together where there is a source."""
        return self.preprocess is not None and self.preprocess_scope == "per-domain"

    def _placed(self, domains: Domains) -> Domains:
        """The same sides where the estimator sees them; override it where they are moved."""
        return domains

    def aligned_sides(self, X: Any, y: Any = None) -> Domains:
        """Both sides as the estimator sees them: preprocessed, mapped, in common components.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target, as for `fit`.
        y : array-like of shape (n,), optional
            Their labels.

        Returns
        -------
        Domains
            Rows of shape (n, k) on both sides.

        Raises
        ------
        SourceError
            Without a source.
        """
        fresh = clone(self)
        domains = fresh._domains(X, y, task=self._task, need_target_labels=False)
        if not domains.sources:
            raise SourceError("Expected a source to be brought together with, found source=None.", "Give Source(X, y).")
        return fresh._placed(domains)

    def _learn_alone(self, domains: Domains) -> None:
        """Learn from the target, where there is no source."""
        target = domains.target
        self.estimator_ = fit_weighted(self._unfitted(), target.X, domains.labels(target), target.sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        self._check()
        needed = self.card.target_labels == "some"
        domains = self._domains(X, y, task=self._task, sample_weight=sample_weight, need_target_labels=needed)
        if domains.sources:
            self._learn(domains)
        else:
            self._learn_alone(domains)
        return self

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit to the target; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,), optional
            Their labels; rows that have one keep it. Without a source they are needed.

        Returns
        -------
        self
        """
        return self._fit(X, y)


class WeightedLearner(Learner):
    """A learner whose rows of the target may have weights."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit to the target; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,), optional
            Their labels; needed without a source, and always where the method's card says that it needs some.
        sample_weight : array-like of shape (n,), optional
            Weights of the target's rows, on one scale with the source's; rows of a source that has none count 1 each.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight)
