"""Learning texts from the target alone with no network: tf-idf and a linear model, tuned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from headstart.contract.estimator_class import estimator_class
from headstart.data.sets.splits import telling_folds
from headstart.data.texts.texts import as_texts
from headstart.errors import DataError, ParameterError
from headstart.guard.baselines.logits import ClassScorer, NumberScorer, some_rows
from headstart.guard.baselines.text_terms import Terms, strings_of
from headstart.math.linear.logistic import UNTOLD
from headstart.math.linear.solution import LinearSolution
from headstart.math.linear.sparse_linear import PENALTIES, solve_many_rows, solve_rows
from headstart.parameters.heads.targets import Targets, class_targets, number_targets

#: Sets of terms that a baseline chooses among.
CHOICES: dict[str, tuple[str, ...]] = {
    "words": ("words",),
    "letters": ("letters",),
    "words and letters": ("words", "letters"),
}
_EXACT = 1000


@estimator_class
class _TextBaseline(BaseEstimator):
    """What both baselines share: terms, the choice among them, and a solved linear model.

    Parameters
    ----------
    features : {"auto", "words", "letters", "words and letters"}, default="auto"
        Terms to learn from.
    class_weight : None, "balanced" or dict of class to weight
        None for numbers.
    n_splits : int, default=3
        Folds of the inner cross-validation.
    random_state : int, default=0
        Seed of the inner folds, and of the sample on which terms are chosen.

    Attributes
    ----------
    features_ : str
        The terms that were chosen.
    terms_ : list of Terms
    penalty_ : float
    loss_ : float
        Held-out log-loss at this choice, nan where there was too little to hold out; of numbers the leave-one-out mean
        squared error, standardised.
    coef_ : array of shape (d, K)
    intercept_ : array of shape (K,)
    """

    takes_inputs = True

    input_type_ = "text"
    features: str = "auto"
    class_weight: Any = None
    n_splits: int = 3
    random_state: int = 0

    #: What another fit chose, its ``choices_``; where it is set, nothing is chosen anew.
    known = None  # type: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def _fit(self, X: Any, targets: Targets, groups: Any) -> None:
        if self.features not in ("auto", *CHOICES):
            raise ParameterError(f"Expected features of auto, {', '.join(CHOICES)}; found {self.features!r}.")
        texts = strings_of(as_texts(X))
        if len(texts) != len(targets):
            raise DataError(f"Expected a label for each of {len(texts)} texts, found {len(targets)}.")
        choices = list(CHOICES) if self.features == "auto" else [self.features]
        if self.known is not None:
            choices = [self.known[0]]
        kinds = dict.fromkeys(kind for name in choices for kind in CHOICES[name])
        terms, weighed = {}, {}
        for kind in kinds:
            terms[kind], weighed[kind] = Terms.of(kind, texts)
        if not any(found.shape[1] for found in weighed.values()):
            raise DataError("Expected words in the texts, found none that occur twice.", "Give longer texts.")
        rows = some_rows(len(texts), _EXACT, self.random_state)
        some, seen = None if groups is None else np.asarray(groups)[rows], targets.rows(rows)
        inner, penalties = [], PENALTIES
        if self.known is None:
            inner = telling_folds(
                seen.labels, targets.task, groups=some, n_splits=self.n_splits, random_state=self.random_state
            )
        else:
            penalties = (self.known[1],)
        solved = {name: _choose(_joined(weighed, name)[rows], seen, inner, penalties) for name in choices}
        self.features_ = min(solved, key=lambda name: solved[name].loss) if inner or len(solved) == 1 else choices[-1]
        best = solved[self.features_]
        if len(rows) < len(texts):
            best = _refit(_joined(weighed, self.features_), targets, best)
        self.terms_ = [terms[kind] for kind in CHOICES[self.features_]]
        self.penalty_, self.loss_ = best.penalty, best.loss
        self.coef_, self.intercept_ = best.coef, best.intercept
        self.choices_ = None if targets.task == "regression" else (self.features_, best.penalty)

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "coef_")
        texts = strings_of(as_texts(X))
        weighed = {terms.kind: terms.weigh(texts) for terms in self.terms_}
        return np.asarray(_joined(weighed, self.features_) @ self.coef_ + self.intercept_)

    def word_effects(self, text: str) -> np.ndarray:
        """What each word of ``text.split()`` adds to the scores, (words, K); with ``intercept_`` their sum is these."""
        check_is_fitted(self, "coef_")
        whole = strings_of(as_texts([text]))
        weighed = _joined({terms.kind: terms.weigh(whole) for terms in self.terms_}, self.features_).toarray()[0]
        ends = np.cumsum([len(terms.names) for terms in self.terms_])[:-1]
        parts = zip(self.terms_, np.split(weighed[:, None] * self.coef_, ends), strict=True)
        return np.sum([terms.by_word(whole[0], values) for terms, values in parts], axis=0)


def _joined(weighed: dict[str, sparse.csr_matrix], name: str) -> sparse.csr_matrix:
    """The columns of a choice side by side, each row of length 1 at most."""
    blocks = [weighed[kind] for kind in CHOICES[name]]
    return blocks[0] if len(blocks) == 1 else (sparse.hstack(blocks) / np.sqrt(len(blocks))).tocsr()


def _choose(
    X: sparse.csr_matrix,
    targets: Targets,
    inner: list[tuple[np.ndarray, np.ndarray]],
    penalties: Sequence[float] = PENALTIES,
) -> LinearSolution:
    """The model at its best penalty, in the columns that these rows have."""
    used = np.unique(X.indices)
    numbers = targets.task == "regression"
    found = solve_rows(
        X[:, used],
        targets.Y,
        targets.task,
        sample_weight=targets.weight,
        penalties=penalties if inner or numbers or len(penalties) == 1 else (UNTOLD,),
        folds=inner,
    )
    coef = np.zeros((X.shape[1], targets.Y.shape[1]))
    coef[used] = found.coef
    return LinearSolution(coef, found.intercept, found.penalty, found.loss)


def _refit(X: sparse.csr_matrix, targets: Targets, chosen: LinearSolution) -> LinearSolution:
    """The chosen model on all rows, from where it stood on some of them."""
    start = np.vstack([chosen.coef, chosen.intercept])
    found = solve_many_rows(
        X, targets.Y, targets.task, sample_weight=targets.weight, penalty=chosen.penalty, start=start
    )
    return LinearSolution(found.coef, found.intercept, found.penalty, chosen.loss)


@estimator_class
class TextBaselineClassifier(ClassScorer, ClassifierMixin, _TextBaseline):
    """Logistic regression on tf-idf of words and of pieces of words.

    Borrows nothing. The terms (words alone and in pairs, pieces of 2 to 5 characters within words, or both) and the
    penalty are chosen by cross-validated log-loss within the data given, on 1,000 of the texts where there are more.
    How often a term occurs counts by its logarithm. Strong where there are many labels, or where single words decide.

    Raises
    ------
    DataError
        If there is only one class.
    BadTexts
        If a text is empty or cannot be read.

    References
    ----------
    Spärck Jones (1972) for the weights of terms; Salton and Buckley (1988) for the logarithm of counts.

    Examples
    --------
    >>> texts = ["a good film", "a bad film", "good fun", "bad acting", "so good", "too bad"] * 3
    >>> model = TextBaselineClassifier().fit(texts, ["good", "bad"] * 9)
    >>> model.predict(["not a good idea"]).tolist()
    ['good']
    """

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> TextBaselineClassifier:
        """Fit to texts ``X`` (anything `as_texts` takes) and labels ``y``, (n,) or (n, L) of 0/1."""
        targets = class_targets(y, self.class_weight).weighed(sample_weight)
        self._fit(X, targets, groups)
        self.classes_, self.multilabel_, self.temperature_ = targets.classes, targets.task == "multilabel", 1.0
        return self


@estimator_class
class TextBaselineRegressor(NumberScorer, RegressorMixin, _TextBaseline):
    """Ridge regression on tf-idf of words and of pieces of words; see the classifier.

    Examples
    --------
    >>> texts = ["good", "bad", "so good", "so bad", "very good", "very bad"] * 3
    >>> model = TextBaselineRegressor().fit(texts, [5.0, 1.0] * 9)
    >>> bool(model.predict(["good film"])[0] > 3)
    True
    """

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> TextBaselineRegressor:
        """Fit to texts ``X`` (anything `as_texts` takes) and numbers ``y``, (n,) or (n, t)."""
        targets = number_targets(y).weighed(sample_weight)
        self.single_ = targets.flat
        self._fit(X, targets, groups)
        self.coef_ = self.coef_ * targets.scale
        self.intercept_ = self.intercept_ * targets.scale + targets.shift
        return self
