"""What classifiers that learn from unlabelled rows share: unit-length rows, class shares, and what is said of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import Learner
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import fit_weighted
from headstart.errors import ParameterError

#: Classes of which the shares are all said; of more, those that differ most.
_ALL_SAID = 6


@estimator_class
class UnlabelledLearner(ClassifierMixin, Learner):
    """A classifier that learns from labelled and unlabelled rows; without unlabelled ones it is its estimator.

    Parameters
    ----------
    estimator : classifier, default=None
        What learns from the labelled rows, each divided by its length. None is
        `LogisticRegression(C=10.0, max_iter=1000)`.
    class_shares : {"estimate", "labels"} or array-like of shape (K,), default="estimate"
        Shares of the classes among the unlabelled rows. "estimate": half way between what is found and equal ones.
        "labels": those of the labelled rows, which is right only where these were drawn at random; people often label
        the same number of each class, and then it does harm. An array: in the order of ``classes_``.
    constant : float, default=0.0
        A column of this value, 0 or more, stands beside the others before rows are divided by their length, so that
        their length still tells something. For standardised columns of a table 1.5 is good, and needed where they are
        few; features of a network need none.
    unlabelled : array-like of shape (m, d), optional
        Rows of the target without labels. None: the estimator on the labelled rows alone.
    source : Source, list of Source or None, default=None
        More labelled rows of the same classes, as good as the target's.

    Attributes
    ----------
    estimator_ : pipeline
        Rows to unit length, then the classifier.
    class_shares_ : ndarray of shape (K,)
        As the unlabelled rows look in the end; without unlabelled rows those of the labels.
    notes_ : list of str
        What is to be known of the shares, in words.

    Raises
    ------
    ParameterError
        If an option is outside its range, or the estimator gives no probabilities.
    """

    estimator: Any = None
    class_shares: Any = "estimate"
    constant: float = 0.0

    def _default(self) -> Any:
        return LogisticRegression(C=10.0, max_iter=1000)

    def _unfitted(self) -> Any:
        unit = UnitRows(float(self.constant)) if self.constant else Normalizer()
        return make_pipeline(unit, super()._unfitted())

    def _takes_sparse(self) -> bool:
        return False

    def _takes_missing(self) -> bool:
        return False

    def _learn_alone(self, domains: Domains) -> None:
        self._learn(domains)

    def _learn(self, domains: Domains) -> None:
        assert domains.classes is not None
        check_number("constant", self.constant, 0)
        labelled, K = together(domains.sides), len(domains.classes)
        assert labelled.y is not None
        shares = self._wanted(np.bincount(labelled.y, minlength=K) / len(labelled))
        self.estimator_ = fit_weighted(
            self._unfitted(), labelled.X, domains.classes[labelled.y], labelled.sample_weight
        )
        self.class_shares_ = np.bincount(labelled.y, minlength=K) / len(labelled)
        self.notes_: list[str] = []
        self._start()
        if domains.unlabelled is None or K < 2:
            return
        if not hasattr(self.estimator_, "predict_proba"):
            raise ParameterError(
                f"Expected an estimator with predict_proba, found {type(self.estimator_[-1]).__name__}.",
                "Give one that says how sure it is, for example LogisticRegression().",
            )
        held = self.class_shares_
        self.class_shares_ = self._learn_more(labelled.X, labelled.y, domains.unlabelled, shares)
        self.notes_ = [shares_told(held, self.class_shares_, self.classes_)]

    def _start(self) -> None:
        """Set what is learned from unlabelled rows to nothing."""

    @abstractmethod
    def _learn_more(self, X: np.ndarray, y: np.ndarray, unlabelled: np.ndarray, shares: Any) -> np.ndarray:
        """Learn from rows without labels (m, d) too; returns how their class shares look, (K,)."""

    def _wanted(self, labels: np.ndarray) -> np.ndarray | None:
        """The shares that are taken as given; None: they are estimated."""
        if isinstance(self.class_shares, str) and self.class_shares in ("estimate", "labels"):
            return labels if self.class_shares == "labels" else None
        try:
            given = np.asarray(self.class_shares, dtype=np.float64)
        except (TypeError, ValueError):
            given = np.zeros(0)
        if given.shape != labels.shape or not (given > 0).all() or abs(given.sum() - 1) > 1e-3:
            raise ParameterError(
                f"Expected class_shares 'estimate', 'labels' or {len(labels)} shares above 0 that sum to 1, found "
                f"{self.class_shares!r}."
            )
        return given / given.sum()

    def _refit(self, X: np.ndarray, y: np.ndarray, unlabelled: np.ndarray, soft: tuple[np.ndarray, ...]) -> None:
        """Fit the estimator to labelled rows of weight 1 and to unlabelled ones: their rows, classes and weights."""
        rows, codes, weights = soft
        self.estimator_ = fit_weighted(
            self._unfitted(),
            np.concatenate([X, unlabelled[rows]]),
            self.classes_[np.concatenate([y, codes])],
            np.concatenate([np.ones(len(y)), weights]),
        )


class UnitRows(TransformerMixin, BaseEstimator):
    """Rows with a constant beside them, divided by their length.

    Parameters
    ----------
    constant : float, default=0.0
        0 or more; with 0 there is no further column.
    """

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant

    def fit(self, X: Any, y: Any = None) -> UnitRows:
        """Nothing is learned."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Any) -> np.ndarray:
        """Rows of length 1, (n, d) or (n, d + 1)."""
        return unit_rows(X, self.constant)


def unit_rows(X: np.ndarray, constant: float = 0.0) -> np.ndarray:
    """Rows divided by their length, in float64, where it is not 0 with a constant beside them; a row of zeros stays.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    >>> unit_rows(np.array([[3.0, 4.0]]), 12.0).round(2).tolist()
    [[0.23, 0.31, 0.92]]
    """
    rows = np.asarray(X, dtype=np.float64)
    rows = np.column_stack([rows, np.full(len(rows), float(constant))]) if constant else rows
    return np.asarray(Normalizer().transform(rows))


def shares_told(labels: np.ndarray, found: np.ndarray, classes: np.ndarray) -> str:
    """Class shares of the labelled rows and of the unlabelled ones, in a sentence.

    Examples
    --------
    >>> shares_told(np.ones(3) / 3, np.array([0.11, 0.44, 0.45]), np.array(["a", "b", "c"]))
    'Your labels 33/33/33, the unlabelled look like 11/44/45 (% of a/b/c).'
    """
    named = np.arange(len(classes))
    if len(classes) > _ALL_SAID:
        named = np.sort(np.argsort(-np.abs(found - labels), kind="stable")[:_ALL_SAID])
    mine, theirs = ("/".join(f"{100 * part[k]:.0f}" for k in named) for part in (labels, found))
    names = "/".join(str(classes[k]) for k in named)
    which = f"% of {names}" if len(named) == len(classes) else f"% of {names}, where they differ most"
    return f"Your labels {mine}, the unlabelled look like {theirs} ({which})."
