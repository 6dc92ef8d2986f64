"""Choosing between no transfer and a short list of methods, with few labels of the target or none."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from headstart.advise.pooling import PooledClassifier, PooledRegressor
from headstart.advise.short_list import NO_TRANSFER, PLAIN, POOLED, SOURCE_ALONE, Build, default_list, given_list
from headstart.advise.unlabelled_scorers import labelled_source
from headstart.data.borrower import Borrower
from headstart.data.cards import MethodCard
from headstart.data.options import check_number
from headstart.data.splits import folds
from headstart.math.comparison import mcnemar_exact, sign_flip
from headstart.math.validation import circular_validation
from headstart.source import Source

_LEAST_GAIN = 0.01


def _inner_has(name: str) -> Any:
    def check(outer: Any) -> bool:
        getattr(outer.best_estimator_ if hasattr(outer, "best_estimator_") else outer._unfitted(), name)
        return True

    return check


class BaseSafeAligned(Borrower):
    """What classes and numbers have in common; see `SafeAlignedClassifier`."""

    _task: ClassVar[str]
    _pooled: ClassVar[Any]

    def __init__(
        self,
        estimator: Any = None,
        *,
        mappings: Any = None,
        level: float = 0.05,
        n_splits: int = 5,
        source: Any = None,
        unlabelled: Any = None,
        preprocess: Any = None,
        preprocess_scope: str = "joint",
        random_state: int | None = 0,
    ) -> None:
        self.estimator = estimator
        self.mappings = mappings
        self.level = level
        self.n_splits = n_splits
        self.source = source
        self.unlabelled = unlabelled
        self.preprocess = preprocess
        self.preprocess_scope = preprocess_scope
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Any:
        """Measure, choose, and fit; what is borrowed was given at construction.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of the target.
        y : array-like of shape (n,), optional
            Their labels. With them the candidates are compared on folds of the target, without by circular validation.

        Returns
        -------
        self
        """
        check_number("level", self.level, 0, 1, open_low=True, open_high=True)
        check_number("n_splits", self.n_splits, 2, whole=True)
        domains = self._domains(X, y, task=self._task, need_target_labels=False)
        candidates = self._candidates(y is not None, bool(domains.sources))
        if domains.sources and self._task == "classification" and len(np.unique(np.asarray(domains.source.y))) < 2:
            candidates.pop(SOURCE_ALONE, None)  # one class is nothing to learn from
        if domains.sources and len(domains.target) > 3 and (y is None or self._comparable(domains.target.y)):
            errors, truth = self._labelled(candidates, X, y) if y is not None else self._circular(candidates, X)
            self.evidence_ = self._compared(errors, truth)
        else:
            self.evidence_ = []
        accepted = [row for row in self.evidence_ if row["accepted"]]
        self.chosen_ = max(accepted, key=lambda row: row["score"])["name"] if accepted else self._fallback(candidates)
        self.best_estimator_ = candidates[self.chosen_].fit(X, y)
        return self

    def _fallback(self, candidates: dict[str, Any]) -> str:
        """The best plain way, by its score; where nothing could be compared, both sides pooled."""
        plain = [row for row in self.evidence_ if row["plain"]]
        if plain:
            return str(max(plain, key=lambda row: row["score"])["name"])
        return POOLED if POOLED in candidates else NO_TRANSFER

    def _comparable(self, labels: Any) -> bool:
        """Whether every part of the folds can hold two classes: two classes with two rows or more each."""
        return self._task == "regression" or int((np.bincount(labels) > 1).sum()) > 1

    def _candidates(self, labelled: bool, offered: bool) -> dict[str, Any]:
        """Unfitted candidates by name; the plain ones first."""
        common = {name: getattr(self, name) for name in ("unlabelled", "preprocess", "preprocess_scope")}
        inner, borrowed = self._unfitted(), {"source": self.source, **common}
        found = {NO_TRANSFER: self._pooled(inner, None if not labelled else 1.0, **borrowed)}
        if labelled and offered:
            found[SOURCE_ALONE] = self._pooled(inner, 0.0, **borrowed)
            found[POOLED] = self._pooled(inner, None, **borrowed)
        for name, build in self._short_list(inner).items() if offered else ():
            found[name] = build(inner, borrowed)
        return found

    def _short_list(self, inner: Any) -> dict[str, Build]:
        """How to build what is tried besides the plain ways, by name."""
        return default_list(self._task, inner) if self.mappings is None else given_list(self.mappings, self._task)

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

    def _labelled(self, candidates: dict[str, Any], X: Any, y: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What each candidate says of target rows that it did not learn from, on the same folds."""
        truth = np.asarray(y)
        splits = folds(truth, self._task, n_splits=int(self.n_splits), random_state=self.random_state)
        rows = X if hasattr(X, "iloc") or hasattr(X, "shape") else np.asarray(X)
        said = {}
        for name, candidate in candidates.items():
            answers = np.empty(len(truth), dtype=np.float64 if self._task == "regression" else truth.dtype)
            for train, test in splits:
                inside = rows.iloc if hasattr(rows, "iloc") else rows
                answers[test] = clone(candidate).fit(inside[train], truth[train]).predict(inside[test])
            said[name] = answers
        return said, truth

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


def _card(task: str) -> MethodCard:
    return MethodCard(
        transfers="features",
        target_labels="optional",
        source_labels="needed",
        tasks=(task,),
        cost="two fits of every candidate, or one a fold with labels",
        paper="Bruzzone and Marconcini 2010; McNemar 1947",
        words="Tries mappings and self-training; keeps one only where it is clearly better than no transfer.",
    )


class SafeAlignedClassifier(ClassifierMixin, BaseSafeAligned):
    """Chooses between no transfer and a short list of methods, and falls back where the evidence is thin.

    Without target labels every candidate labels the target and is scored by how well these labels, carried back, give
    the source's (circular validation); no transfer is the estimator fitted on the source as it is. With labels of the
    target the candidates are scored on held-out folds of it; no transfer is then the best of target alone, source alone
    and both pooled. A method is taken where it is better by an exact McNemar test, corrected for the number of
    methods, and by a point or more. Choosing freely among many methods without labels hurts about a third of real
    pairs of domains; that is what the test is for.

    A method is a mapping, whose rows the estimator learns from, or predicts by itself, as self-training does with the
    same estimator. Circular validation cannot see classes that were exchanged on both ways.

    Parameters
    ----------
    estimator : classifier, optional
        Default: ``LogisticRegression(max_iter=1000)``.
    mappings : list of Mapping or of methods that predict, or dict by name, optional
        Default: LinearMonge, CORAL, SubspaceAlignment, JDA, and GradualSelfTrainingClassifier (left out where the
        estimator has neither ``decision_function`` nor ``predict_proba``). A method that predicts learns with
        ``estimator`` unless it has one of its own.
    level : float, default=0.05
        Of the test, between 0 and 1.
    n_splits : int, default=5
        Folds of the target, where it has labels; at least 2.
    source : Source, list of Source or None
        Labelled rows to borrow. None: the estimator on the target alone.
    unlabelled : array-like of shape (m, d), optional
        More rows of the target.
    preprocess : transformer, optional
        For both sides, before any mapping.
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"
    random_state : int or None, default=0
        Seed of the folds.

    Attributes
    ----------
    best_estimator_ : fitted estimator
    chosen_ : str
        Name of the method, or of the plain way.
    evidence_ : list of dict
        ``name``, ``plain``, ``score``, ``gain`` over the best plain way, corrected ``p_value``, ``accepted``.
    classes_ : ndarray of shape (K,)

    References
    ----------
    Bruzzone and Marconcini (2010), Domain adaptation problems: a DASVM classification technique and a circular
    validation strategy; McNemar (1947).

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

    card: ClassVar[MethodCard] = _card("classification")
    _task: ClassVar[str] = "classification"
    _pooled: ClassVar[Any] = PooledClassifier

    def _unfitted(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    @available_if(_inner_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        check_is_fitted(self, "best_estimator_")
        return self._all_classes(self.best_estimator_.predict_proba(X))

    def _all_classes(self, found: np.ndarray) -> np.ndarray:
        known = self.best_estimator_.classes_
        if found.shape[1] == len(self.classes_):
            return found
        result = np.zeros((len(found), len(self.classes_)))
        result[:, np.searchsorted(self.classes_, known)] = found
        return result


class SafeAlignedRegressor(RegressorMixin, BaseSafeAligned):
    """Chooses between no transfer and a short list of methods for numbers; see `SafeAlignedClassifier`.

    Candidates are compared by R^2 with a paired sign-flip test.

    Parameters
    ----------
    estimator : regressor, optional
        Default: ``Ridge()``.
    mappings : list of Mapping or of methods that predict, or dict by name, optional
        Default: LinearMonge, CORAL and SubspaceAlignment; JDA and self-training are for classes.
    level : float, default=0.05
    n_splits : int, default=5
    source : Source, list of Source or None
    unlabelled : array-like of shape (m, d), optional
    preprocess : transformer, optional
    preprocess_scope : {"joint", "per-domain", "source"}, default="joint"
    random_state : int or None, default=0

    Attributes
    ----------
    best_estimator_, chosen_, evidence_
        As in the classifier.

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

    card: ClassVar[MethodCard] = _card("regression")
    _task: ClassVar[str] = "regression"
    _pooled: ClassVar[Any] = PooledRegressor

    def _unfitted(self) -> Any:
        return Ridge() if self.estimator is None else self.estimator
