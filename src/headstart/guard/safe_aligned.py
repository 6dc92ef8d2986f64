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
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.contract.raw_sources import as_sources
from headstart.contract.weighted_fit import takes_weights
from headstart.data.sets.splits import folds
from headstart.errors import TransferWarning
from headstart.guard.candidates.kept_apart import without_target
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
from headstart.guard.choosing.unlabelled_scorers import labelled_source
from headstart.guard.comparing.out_of_fold import predicted
from headstart.guard.mixture import (
    MIXTURE,
    MixedClassifier,
    MixedRegressor,
    learned_weights,
    mean_log_likelihood,
    prior_weights,
    still_to_come,
)
from headstart.math.statistics.comparison import mcnemar_exact, sign_flip
from headstart.math.statistics.validation import circular_validation
from headstart.source import Source

_LEAST_GAIN = 0.01
#: Draws of the folds; a few rows with large errors decide how numbers compare.
_REPEATS = {"classification": 1, "regression": 3}
#: Draws of the folds by which the target's learning curve is told.
_CURVE_DRAWS = 3
HeldOut = dict[str, list[np.ndarray]]


@estimator_class
class BaseSafeAligned(Borrower):
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

    Attributes
    ----------
    best_estimator_ : fitted estimator
    chosen_ : str
        Name of the method, or of the plain way, or "mixture".
    evidence_ : list of dict
        ``name``, ``plain``, ``score``, ``gain`` over the best plain way, corrected ``p_value``, ``accepted``, and
        ``weight`` in what was chosen.
    notes_ : tuple of str
        How many rows of each source are rows of the target too; with labels of the target they are not borrowed.

    Warns
    -----
    TransferWarning
        What ``notes_`` says.
    """

    _pooled: ClassVar[Any]
    _mixed: ClassVar[Any]
    estimator: Any = None
    _: KW_ONLY
    mappings: Any = None
    level: float = 0.05
    n_splits: int = 5
    random_state: int | None = 0

    @property
    def _task(self) -> str:
        return self.card.tasks[0]

    def _unfitted(self) -> Any:
        if self.estimator is not None:
            return self.estimator
        return LogisticRegression(max_iter=1000) if self._task == "classification" else Ridge()

    def fit(self, X: Any, y: Any = None) -> Any:
        """Measure, choose, and fit to rows of the target (n, d); what is borrowed was given at construction.

        With labels ``y`` (n,) the candidates are compared on folds of the target, without by circular validation.
        """
        check_number("level", self.level, 0, 1, open_low=True, open_high=True)
        check_number("n_splits", self.n_splits, 2, whole=True)
        domains = self._domains(X, y, task=self._task, need_target_labels=False)
        offered, source = as_sources(self.source), self.source
        self.notes_: tuple[str, ...] = ()
        if y is not None and offered:
            offered, self.notes_ = without_target(X, np.asarray(y), offered)
            source = (offered or None) if self.notes_ else source
            for words in self.notes_:
                warnings.warn(words, TransferWarning, stacklevel=2)
        candidates = self._candidates(y is not None, source)
        if self._task == "classification" and len({label for one in offered for label in np.asarray(one.y)}) < 2:
            candidates.pop(SOURCE_ALONE, None)  # one class is nothing to learn from
        held_out: HeldOut = {}
        self.evidence_ = []
        if offered and len(domains.target) > 3 and (y is None or self._comparable(domains.target.y)):
            if y is None:
                self.evidence_ = self._compared(*self._circular(candidates, X))
            else:
                held_out = self._labelled(candidates, X, np.asarray(y))
                self.evidence_ = self._compared(self._answers(held_out), np.asarray(y))
        accepted = [row for row in self.evidence_ if row["accepted"]]
        if held_out and not accepted:
            self._mix(candidates, held_out, X, y)
            return self
        self.chosen_ = max(accepted, key=lambda row: row["score"])["name"] if accepted else self._fallback(candidates)
        for row in self.evidence_:
            row["weight"] = float(row["name"] == self.chosen_)
        self.best_estimator_ = candidates[self.chosen_].fit(X, y)
        return self

    def _mix(self, candidates: dict[str, Any], held_out: HeldOut, X: Any, y: Any) -> None:
        """Weigh all candidates by what is known before and by what they said, and fit those that matter."""
        names = list(held_out)
        borrows = [name != NO_TRANSFER for name in names]
        prior = prior_weights(self._task, [not one for one in borrows], [name in PLAIN for name in names])
        truth = np.asarray(y)
        more = np.array([0.0 if one else self._unlearned(candidates[NO_TRANSFER], X, truth) for one in borrows])
        codes = truth if self._task == "regression" else np.searchsorted(self.classes_, truth)
        weights, heat = learned_weights([held_out[name] for name in names], codes, self._task, prior, borrows, more)
        for row, weight in zip(self.evidence_, weights, strict=True):
            row["weight"] = float(weight)
        kept = np.flatnonzero(weights)
        parts = [candidates[names[c]].fit(X, y) for c in kept]
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
        common = {name: getattr(self, name) for name in ("unlabelled", "preprocess", "preprocess_scope")}
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

    def _labelled(self, candidates: dict[str, Any], X: Any, truth: np.ndarray) -> HeldOut:
        """What each candidate says of target rows that it did not learn from, on the same folds."""
        seed = self.random_state
        seeds = [None if seed is None else seed + repeat for repeat in range(_REPEATS[self._task])]
        splits = [folds(truth, self._task, n_splits=self._n_folds(truth), random_state=one) for one in seeds]
        inside = _rows(X)
        classes = getattr(self, "classes_", None)
        found: HeldOut = {}
        for name, candidate in candidates.items():
            found[name] = []
            if name == SOURCE_ALONE and self.preprocess is None:  # it learns nothing from the folds
                alone = clone(candidate).fit(X, truth)
                found[name] = [predicted(alone, X, self._task, classes)] * len(splits)
                continue
            for parts in splits:
                said = np.empty(len(truth) if classes is None else (len(truth), len(classes)))
                for train, test in parts:
                    fitted = clone(candidate).fit(inside[train], truth[train])
                    said[test] = predicted(fitted, inside[test], self._task, classes)
                found[name].append(said)
        return found

    def _n_folds(self, truth: np.ndarray) -> int:
        """As many folds as the rarest class with two rows or more has rows, where those are fewer than ``n_splits``.

        Then each training part lacks as much of every class. With more folds the class of a row that is held out is
        the one that lacks a row, and what learns from a handful alone looks far worse than it is.
        """
        if self._task == "regression":
            return int(self.n_splits)
        counts = np.unique(truth, return_counts=True)[1]
        return int(min([self.n_splits, *counts[counts > 1]]))

    def _unlearned(self, alone: Any, X: Any, truth: np.ndarray) -> float:
        """Log-likelihood a row that the target alone gains by learning from all rows, not from all but a fold.

        It is extrapolated from what is learned from all but a fold and from a fold alone, see `still_to_come`.
        """
        if self._task == "regression":
            return 0.0
        k, codes = self._n_folds(truth), np.searchsorted(self.classes_, truth)
        inside, found = _rows(X), []
        for seed in range(_CURVE_DRAWS if k > 2 else 0):
            parts = folds(truth, self._task, n_splits=k, random_state=seed)
            levels = []
            for few in (False, True):
                said = np.zeros((len(truth), len(self.classes_)))
                for some, others in parts:
                    train, test = (others, some) if few else (some, others)
                    if len(np.unique(truth[train])) > 1:
                        fitted = clone(alone).fit(inside[train], truth[train])
                        said[test] += predicted(fitted, inside[test], self._task, self.classes_)
                levels.append(mean_log_likelihood(said, codes))
            found.append(still_to_come(levels[0], levels[1], k))
        return max(0.0, float(np.mean(found))) if found else 0.0

    def _answers(self, held_out: HeldOut) -> dict[str, np.ndarray]:
        """Labels, or numbers, of the first draw of the folds."""
        first = {name: repeats[0] for name, repeats in held_out.items()}
        if self._task == "regression":
            return first
        return {name: self.classes_[said.argmax(axis=1)] for name, said in first.items()}

    def _compared(self, said: dict[str, np.ndarray], truth: np.ndarray) -> list[dict[str, Any]]:
        """Score of each candidate, and whether it is better than every plain one beyond chance."""
        numbers = self._task == "regression"
        spread = max(float(np.var(truth)), 1e-12) if numbers else 1.0
        good = {
            name: 1.0 - (truth - answers) ** 2 / spread if numbers else (answers == truth).astype(np.float64)
            for name, answers in said.items()
        }
        plain = [name for name in said if name in PLAIN]
        reference = good[max(plain, key=lambda name: good[name].mean())]
        tests = max(1, len(said) - len(plain))
        found = []
        for name, score in good.items():
            p = sign_flip(score - reference) if numbers else mcnemar_exact(score > 0.5, reference > 0.5)
            gain = float(score.mean() - reference.mean())
            enough = name not in plain and gain >= _LEAST_GAIN and p * tests < self.level
            row = {"name": name, "plain": name in plain, "score": float(score.mean()), "gain": gain}
            found.append(row | {"p_value": float(min(1.0, p * tests)), "accepted": bool(enough)})
        return found

    def predict(self, X: Any) -> np.ndarray:
        """Predict rows of the target, (n,)."""
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.predict(X)


def _rows(X: Any) -> Any:
    """What gives some rows of X by their positions."""
    return X.iloc if hasattr(X, "iloc") else X if hasattr(X, "shape") else np.asarray(X)


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
        return for_all_classes(self.best_estimator_.predict_proba(X), self.best_estimator_, self, 0.0)


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
