"""Choosing between no transfer and a short list of methods, or mixing them, with few labels of the target or none."""

from __future__ import annotations

import warnings
from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from headstart.contract.borrower import Borrower
from headstart.contract.delegating import for_all_classes, inner_has
from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import row_weights, takes_weights, unweighted
from headstart.data.sets.splits import folds
from headstart.errors import DataError, TransferWarning
from headstart.guard.candidates.kept_apart import offered_apart
from headstart.guard.candidates.pooling import PooledClassifier, PooledRegressor
from headstart.guard.candidates.short_list import (
    BALANCED,
    NO_TRANSFER,
    PLAIN,
    POOLED,
    SOURCE_ALONE,
    Build,
    default_list,
    given_list,
)
from headstart.guard.choosing.against_plain import compared
from headstart.guard.choosing.unlabelled_scorers import labelled_source
from headstart.guard.explaining import ExplainsSource
from headstart.guard.few_labels import (
    HeldOut,
    fitted,
    held_out_answers,
    learned_from_the_rest,
    learns_weighted,
    rows_of,
)
from headstart.guard.mixture import (
    MIXTURE,
    MixedClassifier,
    MixedRegressor,
    learned_weights,
    prior_weights,
)
from headstart.math.statistics.validation import circular_validation
from headstart.source import Source

#: Draws of the folds; a few rows with large errors decide how numbers compare.
_REPEATS = {"classification": 1, "regression": 3}


@estimator_class
class BaseSafeAligned(ExplainsSource, Borrower):
    """What classes and numbers have in common; see `SafeAlignedClassifier`.

    Parameters
    ----------
    level : float, default=0.05
        Of the test, between 0 and 1.
    n_splits : int, default=5
        Folds of the target, where it has labels; at least 2.
    source : Source, list of Source or None
        Labelled rows to borrow. None: the estimator on the target alone.
    random_state : int or None, default=0
        Seed of the folds.
    n_jobs : int, optional
        How many folds of the target are computed at once, as in `SafeTransferClassifier`.

    Attributes
    ----------
    best_estimator_ : fitted estimator
    chosen_ : str
        Name of the method, or of the plain way, or "mixture".
    evidence_ : list of dict
        ``name``, ``plain``, ``score``, ``gain`` over the best plain way, corrected ``p_value``, ``accepted``, and
        ``weight`` in what was chosen.
    notes_ : tuple of str
        How many rows of each source are rows of the target too; with labels of the target they are not borrowed. And
        which candidates learned without ``sample_weight``, because they take none.

    Warns
    -----
    TransferWarning
        What ``notes_`` says of rows on both sides.
    """

    _pooled: ClassVar[Any]
    _mixed: ClassVar[Any]
    estimator: Any = None
    _: KW_ONLY
    mappings: Any = None
    level: float = 0.05
    n_splits: int = 5
    random_state: int | None = 0
    n_jobs: int | None = None

    @property
    def _task(self) -> str:
        return self.card.tasks[0]

    def _unfitted(self) -> Any:
        if self.estimator is not None:
            return self.estimator
        return LogisticRegression(max_iter=1000) if self._task == "classification" else Ridge()

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Measure, choose, and fit to the target; what is borrowed was given at construction.

        With labels the candidates are compared on folds of the target, without by circular validation.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,), optional
            Their labels; without a source they are needed.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows, 0 or more; a row of weight 0 is left out. They count in the comparison, where only
            their ratios matter, in the mixture, where they are worth as many rows as their effective number, and in
            learning, where a candidate takes weights: there a row of a source counts 1, or its own weight.

        Raises
        ------
        DataError
            For weights that are negative, not finite, all 0, not one a row, or given without labels.
        """
        check_number("level", self.level, 0, 1, open_low=True, open_high=True)
        check_number("n_splits", self.n_splits, 2, whole=True)
        domains = self._domains(X, y, task=self._task, need_target_labels=False)
        rows = self._featured(X, "the target")
        if sample_weight is None:
            return self._fit(rows, y, domains, None)
        if y is None:
            raise DataError("Expected labels y with sample_weight, found y=None.", "Leave sample_weight out.")
        weight = row_weights(sample_weight, len(domains.target))
        kept = np.flatnonzero(weight)
        if len(kept) < len(weight):
            return self.fit(rows_of(X)[kept], np.asarray(y)[kept], weight[kept])
        return self._fit(rows, y, domains, None if (weight == 1).all() else weight)

    def _fit(self, X: Any, y: Any, domains: Domains, weight: np.ndarray | None) -> Any:
        offered, source, self.notes_ = offered_apart(self, X, y)
        for words in self.notes_:
            warnings.warn(words, TransferWarning, stacklevel=3)
        candidates = self._candidates(y is not None, source)
        if self._task == "classification" and len({label for one in offered for label in np.asarray(one.y)}) < 2:
            candidates.pop(SOURCE_ALONE, None)  # one class is nothing to learn from
        if weight is not None:
            without = [name for name, one in candidates.items() if name != SOURCE_ALONE and not learns_weighted(one)]
            self.notes_ += unweighted(without)
        held_out: HeldOut = {}
        self.evidence_ = []
        if offered and len(domains.target) > 3 and (y is None or self._comparable(domains.target.y)):
            if y is None:
                said, truth = self._circular(candidates, X)
            else:
                held_out = self._labelled(candidates, X, np.asarray(y), weight)
                said, truth = self._answers(held_out), np.asarray(y)
            self.evidence_ = compared(said, truth, PLAIN, self.level, self._task == "regression", weight)
        accepted = [row for row in self.evidence_ if row["accepted"]]
        if held_out and not accepted:
            self._mix(candidates, held_out, X, y, weight)
            return self
        self.chosen_ = max(accepted, key=lambda row: row["score"])["name"] if accepted else self._fallback(candidates)
        for row in self.evidence_:
            row["weight"] = float(row["name"] == self.chosen_)
        self.best_estimator_ = fitted(candidates[self.chosen_], X, y, weight)
        return self

    def _mix(self, candidates: dict[str, Any], held_out: HeldOut, X: Any, y: Any, weight: np.ndarray | None) -> None:
        """Weigh all candidates by what is known before and by what they said, and fit those that matter."""
        names = list(held_out)
        borrows = [name != NO_TRANSFER for name in names]
        prior = prior_weights(self._task, [not one for one in borrows], [name in PLAIN for name in names])
        truth = np.asarray(y)
        alone = candidates[NO_TRANSFER]
        codes, more = truth, np.zeros(len(names))
        if self._task == "classification":
            codes = np.searchsorted(self.classes_, truth)
            gained = learned_from_the_rest(alone, X, truth, self.classes_, self._n_folds(truth), weight)
            more = np.where(borrows, 0.0, gained)
        said = [held_out[name] for name in names]
        weights, heat = learned_weights(said, codes, self._task, prior, borrows, more, weight)
        for row, share in zip(self.evidence_, weights, strict=True):
            row["weight"] = float(share)
        kept = np.flatnonzero(weights)
        parts = [fitted(candidates[names[c]], X, y, weight) for c in kept]
        if len(kept) == 1:
            self.chosen_, self.best_estimator_ = names[kept[0]], parts[0]
            return
        self.chosen_ = MIXTURE
        self.best_estimator_ = self._mixed(parts, weights[kept], heat[kept], getattr(self, "classes_", None))

    def _fallback(self, candidates: dict[str, Any]) -> str:
        """The best plain way, by its score; where nothing could be compared, both sides pooled."""
        plain = [row for row in self.evidence_ if row["plain"]]
        if plain:
            return str(max(plain, key=lambda row: row["score"])["name"])
        return POOLED if POOLED in candidates else NO_TRANSFER

    def _comparable(self, labels: Any) -> bool:
        """Whether every part of the folds can hold two classes: two classes with two rows or more each."""
        return self._task == "regression" or int((np.bincount(labels) > 1).sum()) > 1

    def _candidates(self, labelled: bool, source: Any) -> dict[str, Any]:
        """Unfitted candidates by name; the plain ones first."""
        common = {name: getattr(self, name) for name in ("preprocess", "preprocess_scope")}
        common["unlabelled"] = self._unlabelled_rows()
        inner, borrowed = self._unfitted(), {"source": source, **common}
        found = {NO_TRANSFER: self._pooled(inner, None if not labelled else 1.0, **borrowed)}
        if labelled and source is not None:
            found[SOURCE_ALONE] = self._pooled(inner, 0.0, **borrowed)
            found[POOLED] = self._pooled(inner, None, **borrowed)
            if takes_weights(inner):
                found[BALANCED] = self._pooled(inner, 0.5, **borrowed)
        for name, build in self._short_list(inner, labelled).items() if source is not None else ():
            found[name] = build(inner, borrowed)
        return found

    def _short_list(self, inner: Any, labelled: bool) -> dict[str, Build]:
        """How to build what is tried besides the plain ways, by name."""
        if self.mappings is not None:
            return given_list(self.mappings, self._task)
        return default_list(self._task, inner, labelled=labelled)

    def _circular(self, candidates: dict[str, Any], X: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What each candidate says of the source on the way back."""
        X_source, truth = labelled_source(self)
        said = {}
        for name, candidate in candidates.items():

            def learn(rows: Any, labels: np.ndarray, others: Any, candidate: Any = candidate) -> np.ndarray:
                away = rows is X_source
                given = {} if away else {"source": Source(rows, labels), "unlabelled": None}
                return np.asarray(clone(candidate).set_params(**given).fit(others).predict(others))

            said[name] = circular_validation(learn, X_source, truth, X)[0]
        return said, truth

    def _labelled(self, candidates: dict[str, Any], X: Any, truth: np.ndarray, weight: np.ndarray | None) -> HeldOut:
        """What each candidate says of target rows that it did not learn from, on the same folds."""
        seed = self.random_state
        seeds = [None if seed is None else seed + repeat for repeat in range(_REPEATS[self._task])]
        splits = [folds(truth, self._task, n_splits=self._n_folds(truth), random_state=one) for one in seeds]
        always = (SOURCE_ALONE,) if self.preprocess is None else ()  # it learns nothing from the folds
        return held_out_answers(
            candidates, X, truth, splits, getattr(self, "classes_", None), weight, always, self.n_jobs
        )

    def _n_folds(self, truth: np.ndarray) -> int:
        """As many folds as the rarest class with two rows or more has rows, where those are fewer than ``n_splits``.

        Then each training part lacks as much of every class. With more folds the class of a row that is held out is
        the one that lacks a row, and what learns from a handful alone looks far worse than it is.
        """
        if self._task == "regression":
            return int(self.n_splits)
        counts = np.unique(truth, return_counts=True)[1]
        return int(min([self.n_splits, *counts[counts > 1]]))

    def _answers(self, held_out: HeldOut) -> dict[str, np.ndarray]:
        """Labels, or numbers, of the first draw of the folds."""
        first = {name: repeats[0] for name, repeats in held_out.items()}
        if self._task == "regression":
            return first
        return {name: self.classes_[said.argmax(axis=1)] for name, said in first.items()}

    def predict(self, X: Any) -> np.ndarray:
        """Predict rows of the target, (n,)."""
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.predict(self._featured(X, "the target"))


@estimator_class
class SafeAlignedClassifier(ClassifierMixin, BaseSafeAligned):
    r"""Chooses between no transfer and a short list of methods, and falls back where the evidence is thin.

    Without target labels every candidate labels the target and is scored by how well these labels, carried back, give
    the source's (circular validation); no transfer is the estimator fitted on the source as it is. With labels of the
    target the candidates are scored on held-out folds of it; the plain ways are then target alone, source alone, both
    pooled, and both with the same weight in total. A method is taken where it is better than each plain way by an exact
    McNemar test, corrected for the number of methods, and by a point or more. Choosing freely among many methods
    without labels hurts about a third of real pairs of domains; that is what the test is for.

    Where no method is clearly better, the answer without labels is the source as it is. With labels it is a mixture of
    all candidates, since a few labels can rarely tell the best one: each weighs

    .. math:: w_c \propto \pi_c \prod_i p_{ci}^{1/2}

    with :math:`p_{ci}` the calibrated probability that it gave to the label of row i, which it had not learned from,
    and the prior :math:`\pi` 0.75 for the target alone, 0.2 for the other plain ways together and 0.05 for all methods
    together: borrowing has to earn its weight. The power holds back evidence from a few rows. Out of fold the target
    alone learns from fewer rows than in the end, which a source does not: what its likelihood lacks by that is added,
    extrapolated from two sizes. Folds are as many as the rarest class has rows, ``n_splits`` at most. Parts under 0.01
    are left out; often one part is left.

    A method is a mapping, whose rows the estimator learns from, or predicts by itself, as self-training does with the
    same estimator. Circular validation cannot see classes that were exchanged on both ways.

    Parameters
    ----------
    estimator : classifier, optional
        Default: ``LogisticRegression(max_iter=1000)``.
    mappings : list of Mapping or of methods that predict, or dict by name, optional
        Default: LinearMonge, CORAL, SubspaceAlignment, JDA, and GradualSelfTrainingClassifier (left out where the
        estimator has neither ``decision_function`` nor ``predict_proba``); where the target has labels, also
        MarginalisedAutoencoder, FeatureAugmentationClassifier and PREDClassifier. A method that predicts learns with
        ``estimator`` unless it has one of its own.

    References
    ----------
    Bruzzone and Marconcini (2010), Domain adaptation problems: a DASVM classification technique and a circular
    validation strategy; McNemar (1947); Geisser and Eddy (1979), A predictive approach to model selection, and
    Gruenwald (2012), The safe Bayesian, for the weights.

    Examples
    --------
    >>> from headstart import SafeAlignedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> books = rng.normal(0, 1, (200, 2)) + 4.0 * y[:, None]
    >>> safe = SafeAlignedClassifier(source=Source(books, y)).fit(books)
    >>> safe.chosen_
    'no transfer'
    """

    _pooled: ClassVar[Any] = PooledClassifier
    _mixed: ClassVar[Any] = MixedClassifier

    @available_if(inner_has("predict_proba", "best_estimator_"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        check_is_fitted(self, "best_estimator_")
        p = self.best_estimator_.predict_proba(self._featured(X, "the target"))
        return for_all_classes(p, self.best_estimator_, self, 0.0)


@estimator_class
class SafeAlignedRegressor(RegressorMixin, BaseSafeAligned):
    """Chooses between no transfer and a short list of methods for numbers; see `SafeAlignedClassifier`.

    Candidates are compared by R^2 with a paired sign-flip test. The mixture's weights are those of the likeliest
    mixture of Gaussians around the candidates' numbers, over three draws of the folds, with a prior that is the same
    for every candidate and counts as four rows.

    Parameters
    ----------
    estimator : regressor, optional
        Default: ``Ridge()``.
    mappings : list of Mapping or of methods that predict, or dict by name, optional
        Default: LinearMonge, CORAL and SubspaceAlignment, and where the target has labels MarginalisedAutoencoder,
        FeatureAugmentationRegressor and PREDRegressor; JDA and self-training are for classes.

    Examples
    --------
    >>> from headstart import SafeAlignedRegressor, Source
    >>> rng = np.random.default_rng(0)
    >>> summer = rng.normal(0, 1, (200, 2))
    >>> y, winter = summer @ [1.0, 2.0], 3 * summer + 20
    >>> safe = SafeAlignedRegressor(source=Source(summer, y)).fit(winter[:30], y[:30])
    >>> bool(safe.score(winter, y) > 0.9)
    True
    """

    _pooled: ClassVar[Any] = PooledRegressor
    _mixed: ClassVar[Any] = MixedRegressor
