"""A mixture of all candidates, weighted by how likely each made examples that it had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from headstart.advise.candidates import Candidate
from headstart.advise.evaluate import Outcome, predicted
from headstart.data.options import check_number
from headstart.math.stacking import mixture_weights

BLEND = "blend"
_LEAST = 0.03
_FLOOR = 1e-3


class _Blended(BaseEstimator):
    """What both mixtures share."""

    def __init__(self, estimators: Sequence[tuple[str, Any]] = (), weights: Sequence[float] = ()) -> None:
        self.estimators = estimators
        self.weights = weights

    def _fit(self, X: Any, y: Any) -> None:
        for weight in self.weights:
            check_number("weights", float(weight), 0)
        self.estimators_ = [clone(estimator).fit(X, y) for _, estimator in self.estimators]
        self.weights_ = np.asarray(self.weights, dtype=np.float64) / float(np.sum(self.weights))
        self.n_features_in_ = X.shape[1]

    def explain_source(self) -> Any:
        """Which rows of the source the weightiest part that can say so used, as a dict; None where none can."""
        check_is_fitted(self, "estimators_")
        order = np.argsort(-self.weights_)
        known = [i for i in order if hasattr(self.estimators_[i], "explain_source")]
        if not known:
            return None
        use = self.estimators_[known[0]].explain_source()
        return {**use.to_dict(), "part": self.estimators[known[0]][0]}


class BlendedClassifier(ClassifierMixin, _Blended):
    """Averages the probabilities of several classifiers with given weights.

    Parameters
    ----------
    estimators : sequence of (str, classifier)
    weights : sequence of float
        0 or more; divided by their sum.

    Attributes
    ----------
    estimators_ : list of fitted classifiers
    weights_ : array
    classes_ : array of shape (K,)
        Of ``y``.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> parts = [("a", LogisticRegression()), ("b", GaussianNB())]
    >>> X, y = np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["no", "no", "yes", "yes"])
    >>> BlendedClassifier(parts, [0.5, 0.5]).fit(X, y).predict(X).tolist()
    ['no', 'no', 'yes', 'yes']
    """

    def fit(self, X: Any, y: Any) -> BlendedClassifier:
        """Fit every part to rows ``X`` (n, d) and labels ``y``."""
        X, y = validate_data(self, X, y)
        self.classes_ = np.unique(y)
        self._fit(X, y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Weighted mean of the parts' probabilities, (n, K)."""
        check_is_fitted(self, "estimators_")
        rows = validate_data(self, X, reset=False)
        parts = [predicted(part, rows, "classification", self.classes_) for part in self.estimators_]
        return np.tensordot(self.weights_, np.stack(parts), axes=1)

    def predict(self, X: Any) -> np.ndarray:
        """Labels, (n,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class BlendedRegressor(RegressorMixin, _Blended):
    """Averages the numbers of several regressors with given weights; see `BlendedClassifier`.

    Parameters
    ----------
    estimators : sequence of (str, regressor)
    weights : sequence of float

    Attributes
    ----------
    estimators_, weights_
    """

    def fit(self, X: Any, y: Any) -> BlendedRegressor:
        """Fit every part to rows ``X`` (n, d) and numbers ``y``."""
        X, y = validate_data(self, X, y, y_numeric=True)
        self._fit(X, y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Weighted mean of the parts' numbers, (n,)."""
        check_is_fitted(self, "estimators_")
        rows = validate_data(self, X, reset=False)
        return np.tensordot(self.weights_, np.stack([part.predict(rows) for part in self.estimators_]), axes=1)


def blended_outcome(
    outcomes: Sequence[Outcome], task: str, target: np.ndarray, folds: Sequence[np.ndarray]
) -> Outcome | None:
    """The mixture of all candidates as one more candidate; its held-out predictions use weights from other folds.

    Parameters
    ----------
    outcomes : sequence of Outcome
    task : {"classification", "regression"}
    target : array of shape (n,)
        Class numbers or numbers.
    folds : sequence of array of int, shape (n,)
        Fold of each example in each repeat.

    Returns
    -------
    Outcome or None
        None for fewer than two candidates.
    """
    if len(outcomes) < 2 or task not in ("classification", "regression") or target.ndim != 1:
        return None
    n_repeats = min(len(outcome.predictions) for outcome in outcomes)
    predictions = []
    for repeat in range(n_repeats):
        parts = np.stack([outcome.predictions[repeat] for outcome in outcomes])
        likely = _log_likelihood(parts, task, target)
        mixed = np.empty_like(parts[0])
        for f in np.unique(folds[repeat]):
            here = folds[repeat] == f
            weights = mixture_weights(likely[:, ~here])
            mixed[here] = np.tensordot(weights, parts[:, here], axes=1)
        predictions.append(mixed)
    likely = np.mean(
        [
            _log_likelihood(np.stack([outcome.predictions[r] for outcome in outcomes]), task, target)
            for r in range(n_repeats)
        ],
        axis=0,
    )
    weights = mixture_weights(likely)
    kept = np.flatnonzero(weights >= min(_LEAST, weights.max())).tolist()
    chosen = [(outcomes[c].candidate.name, outcomes[c].candidate.estimator) for c in kept]
    kind = BlendedRegressor if task == "regression" else BlendedClassifier
    total = weights[kept].sum()
    shares = [(outcomes[c].candidate.name, float(weights[c] / total)) for c in kept]
    said = ", ".join(f"{100 * share:.0f}% {name}" for name, share in sorted(shares, key=lambda pair: -pair[1])[:5])
    more = f", {len(shares) - 5} more" if len(shares) > 5 else ""
    borrows = any(outcomes[c].candidate.transfer for c in kept)
    estimator = kind(chosen, [share for _, share in shares])
    candidate = Candidate(BLEND, estimator, borrows, f"a mixture of the others: {said}{more}")
    return Outcome(candidate, predictions, sum(outcome.seconds for outcome in outcomes))


def _log_likelihood(parts: np.ndarray, task: str, target: np.ndarray) -> np.ndarray:
    """Of each example under each candidate, (C, n); numbers as Gaussians with the best candidate's variance."""
    if task == "regression":
        squares = (parts - target) ** 2
        variance = max(float(squares.mean(axis=1).min()), 1e-12)
        return -0.5 * squares / variance
    own = parts[:, np.arange(len(target)), target]
    return np.log(np.clip(own, _FLOOR, 1.0))
