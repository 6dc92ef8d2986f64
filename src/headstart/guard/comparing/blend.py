"""A mixture of all candidates, weighted by how likely each made examples that it had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from headstart.contract.answers import predicted
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.contract.weighted_fit import fit_weighted, takes_weights
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.math.statistics.calibration import temperature
from headstart.math.statistics.probability import logits, probabilities
from headstart.math.statistics.stacking import mixture_weights, posterior_weights

BLEND = "blend"
#: Weight from which a candidate is part of the mixture.
LEAST = 0.03
_STRENGTH = 1.0
_FLOOR = 1e-3


@estimator_class
class _Blended(BaseEstimator):
    """What both mixtures share.

    Parameters
    ----------
    estimators : sequence of (str, estimator)
    weights : sequence of float
        0 or more; divided by their sum.

    Attributes
    ----------
    estimators_ : list of fitted estimators
    weights_ : array
    """

    estimators: Sequence[tuple[str, Any]] = ()
    weights: Sequence[float] = ()

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        for weight in self.weights:
            check_number("weights", float(weight), 0)
        self.estimators_ = [
            fit_weighted(estimator, X, y, sample_weight if takes_weights(estimator) else None)
            for _, estimator in self.estimators
        ]
        self.weights_ = np.asarray(self.weights, dtype=np.float64) / float(np.sum(self.weights))
        self.n_features_in_ = X.shape[1]

    def explain_source(self, n_rows: int = 10) -> Any:
        """Which rows of the source the weightiest part that can say so used, as a dict; None where none can."""
        check_is_fitted(self, "estimators_")
        order = np.argsort(-self.weights_)
        known = [i for i in order if hasattr(self.estimators_[i], "explain_source")]
        if not known:
            return None
        use = self.estimators_[known[0]].explain_source(n_rows)
        return {**use.to_dict(), "part": self.estimators[known[0]][0]}


@estimator_class
class BlendedClassifier(ClassifierMixin, _Blended):
    """Averages the probabilities of several classifiers with given weights.

    Parameters
    ----------
    temperatures : sequence of float, optional
        What the logits of each part are divided by first, so that a part that is surer than it is right does not
        outvote the others. Default: 1.

    Attributes
    ----------
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

    temperatures: Sequence[float] | None = None

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BlendedClassifier:
        """Fit every part to rows ``X`` (n, d) and labels ``y``, with weights where it takes them."""
        X, y = validate_data(self, X, y)
        self.classes_ = np.unique(y)
        self._fit(X, y, sample_weight)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Weighted mean of the parts' probabilities, (n, K)."""
        check_is_fitted(self, "estimators_")
        rows = validate_data(self, X, reset=False)
        heat = [1.0] * len(self.estimators_) if self.temperatures is None else list(self.temperatures)
        parts = [
            scaled(predicted(part, rows, "classification", self.classes_), t)
            for part, t in zip(self.estimators_, heat, strict=True)
        ]
        return np.tensordot(self.weights_, np.stack(parts), axes=1)

    def predict(self, X: Any) -> np.ndarray:
        """Labels, (n,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@estimator_class
class BlendedRegressor(RegressorMixin, _Blended):
    """Averages the numbers of several regressors with given weights; see `BlendedClassifier`."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BlendedRegressor:
        """Fit every part to rows ``X`` (n, d) and numbers ``y``, with weights where it takes them."""
        X, y = validate_data(self, X, y, y_numeric=True)
        self._fit(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Weighted mean of the parts' numbers, (n,)."""
        check_is_fitted(self, "estimators_")
        rows = validate_data(self, X, reset=False)
        return np.tensordot(self.weights_, np.stack([part.predict(rows) for part in self.estimators_]), axes=1)


def blended_outcome(
    outcomes: Sequence[Outcome], task: str, target: np.ndarray, folds: Sequence[np.ndarray]
) -> Outcome | None:
    """The mixture of the candidates as one more candidate; its held-out predictions use weights from other folds.

    Those that were out after the first repeat have no part in it.

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
    seconds = sum(outcome.seconds for outcome in outcomes)
    outcomes = [outcome for outcome in outcomes if not outcome.out]
    if len(outcomes) < 2 or task not in ("classification", "regression") or target.ndim != 1:
        return None
    prior = _prior(np.array([outcome.candidate.transfer for outcome in outcomes]))
    n_repeats = min(len(outcome.predictions) for outcome in outcomes)
    predictions = []
    for repeat in range(n_repeats):
        parts = np.stack([outcome.predictions[repeat] for outcome in outcomes])
        mixed = np.empty_like(parts[0])
        for f in np.unique(folds[repeat]):
            here = folds[repeat] == f
            weights, heat = _learned([parts[:, ~here]], task, target[~here], prior)
            mixed[here] = np.tensordot(weights, _warmed(parts[:, here], task, heat), axes=1)
        predictions.append(mixed)
    every = [np.stack([outcome.predictions[r] for outcome in outcomes]) for r in range(n_repeats)]
    weights, heat = _learned(every, task, target, prior)
    kept = np.flatnonzero(weights >= min(LEAST, weights.max())).tolist()
    chosen = [(outcomes[c].candidate.name, outcomes[c].candidate.estimator) for c in kept]
    total = weights[kept].sum()
    shares = [(outcomes[c].candidate.name, float(weights[c] / total)) for c in kept]
    said = ", ".join(f"{100 * share:.0f}% {name}" for name, share in sorted(shares, key=lambda pair: -pair[1])[:5])
    more = f", {len(shares) - 5} more" if len(shares) > 5 else ""
    borrows = any(outcomes[c].candidate.transfer for c in kept)
    estimator: Any = BlendedRegressor(chosen, [share for _, share in shares])
    if task == "classification":
        estimator = BlendedClassifier(chosen, estimator.weights, [float(heat[c]) for c in kept])
    candidate = Candidate(BLEND, estimator, borrows, f"a mixture of the others: {said}{more}")
    return Outcome(candidate, predictions, seconds)


def first_weights(outcomes: Sequence[Outcome], task: str, target: np.ndarray) -> np.ndarray | None:
    """What each candidate would weigh in the mixture by its first repeat, (C,); None where there is none to be."""
    if len(outcomes) < 2 or task not in ("classification", "regression") or target.ndim != 1:
        return None
    prior = _prior(np.array([outcome.candidate.transfer for outcome in outcomes]))
    return _learned([np.stack([outcome.predictions[0] for outcome in outcomes])], task, target, prior)[0]


def scaled(probability: np.ndarray, temperature_: float) -> np.ndarray:
    """Probabilities (n, K) with their logits divided by a temperature."""
    if temperature_ == 1.0:
        return probability
    return probabilities(logits(probability, multilabel=False) / temperature_, multilabel=False)


def _prior(transfer: np.ndarray) -> np.ndarray:
    """Half for learning with transfer and half for learning without, whatever the number of candidates on each side."""
    if not transfer.any() or transfer.all():
        return np.full(len(transfer), 1.0 / len(transfer))
    return np.where(transfer, 0.5 / transfer.sum(), 0.5 / (~transfer).sum())


def _learned(
    repeats: Sequence[np.ndarray], task: str, target: np.ndarray, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weight and temperature of each candidate from held-out predictions (C, n, ...) of some repeats.

    For classes the weights are the mean of those of the likeliest mixture, which uses that candidates differ, and of
    the candidates' posterior, which drops bad ones sooner. For numbers, whose variance is a guess, the first alone.
    """
    n_candidates = len(repeats[0])
    heat = np.ones(n_candidates)
    if task == "classification":
        for c in range(n_candidates):
            heat[c] = np.mean([temperature(logits(parts[c], multilabel=False), target) for parts in repeats])
    likely = np.mean([_log_likelihood(_warmed(parts, task, heat), task, target) for parts in repeats], axis=0)
    weights = mixture_weights(likely, prior=prior, strength=_STRENGTH)
    if task == "classification":
        weights = 0.5 * (weights + posterior_weights(likely, prior=prior))
    return weights, heat


def _warmed(parts: np.ndarray, task: str, heat: np.ndarray) -> np.ndarray:
    if task == "regression":
        return parts
    return np.stack([scaled(part, t) for part, t in zip(parts, heat, strict=True)])


def _log_likelihood(parts: np.ndarray, task: str, target: np.ndarray) -> np.ndarray:
    """Of each example under each candidate, (C, n); numbers as Gaussians with the best candidate's variance."""
    if task == "regression":
        squares = (parts - target) ** 2
        variance = max(float(squares.mean(axis=1).min()), 1e-12)
        return -0.5 * squares / variance
    own = parts[:, np.arange(len(target)), target]
    return np.log(np.clip(own, _FLOOR, 1.0))
