"""A mixture of candidates that few labels cannot tell apart: its weights, and the fitted estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from headstart.contract.answers import predicted
from headstart.contract.estimator_class import estimator_class
from headstart.math.ratios.odds import effective_sample_size
from headstart.math.statistics.calibration import temperature
from headstart.math.statistics.probability import logits, probabilities
from headstart.math.statistics.stacking import mixture_weights, posterior_weights

MIXTURE = "mixture"
#: Prior weight for classes of no transfer, of the other plain ways together, and of all methods together.
_SHARES = (0.75, 0.2, 0.05)
#: Power of the likelihood of classes, and rows that the prior counts for with numbers.
_POWER = 0.5
_STRENGTH = 4.0
_EVEN = 0.02
_FLOOR = 1e-3
_LEAST = 0.01


@estimator_class
class _Mixed(BaseEstimator):
    """Fitted parts with their weights; there is nothing to fit."""

    parts: Any = ()
    weights: Any = ()
    temperatures: Any = ()
    classes: Any = None

    def __sklearn_is_fitted__(self) -> bool:
        return bool(len(self.parts))


class MixedClassifier(ClassifierMixin, _Mixed):
    """The weighted mean of the parts' probabilities, each with its logits divided by its temperature.

    Parameters
    ----------
    parts : list of fitted classifiers
    weights : array of shape (C,)
        Of sum 1.
    temperatures : array of shape (C,)
    classes : ndarray of shape (K,)
        All of them, sorted; a part may know fewer.
    """

    @property
    def classes_(self) -> np.ndarray:
        """All classes, sorted."""
        return np.asarray(self.classes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, (n, K)."""
        said = [predicted(part, X, "classification", self.classes_) for part in self.parts]
        return np.tensordot(self.weights, np.stack(warmed(said, self.temperatures)), axes=1)

    def predict(self, X: Any) -> np.ndarray:
        """Labels, (n,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class MixedRegressor(RegressorMixin, _Mixed):
    """The weighted mean of the parts' numbers; parameters as in `MixedClassifier`."""

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (n,)."""
        return np.tensordot(self.weights, np.stack([part.predict(X) for part in self.parts]), axes=1)


def warmed(said: Sequence[np.ndarray], temperatures: Sequence[float] | np.ndarray) -> list[np.ndarray]:
    """Probabilities (n, K) of each part, held off 0 and 1, with their logits divided by its temperature."""
    even = [(1 - _EVEN) * p + _EVEN / p.shape[1] for p in said]
    pairs = zip(even, temperatures, strict=True)
    return [probabilities(logits(p, multilabel=False) / t, multilabel=False) for p, t in pairs]


def prior_weights(task: str, no_transfer: Sequence[bool], plain: Sequence[bool]) -> np.ndarray:
    """What candidates weigh before anything was measured, of sum 1.

    Classes: no transfer holds until rows that were not learned from speak against it. Numbers: the same for every
    candidate, since their average loses little by a poor one, and a model of a handful of rows can be far off.

    Parameters
    ----------
    task : {"classification", "regression"}
    no_transfer, plain : C bools
        Which candidate is the target alone, and which are plain ways, that one among them.

    Returns
    -------
    array of shape (C,)

    Examples
    --------
    >>> prior_weights("classification", [True, False, False], [True, True, False]).round(2).tolist()
    [0.75, 0.2, 0.05]
    """
    if task == "regression":
        return np.full(len(plain), 1.0 / len(plain))
    group = np.where(no_transfer, 0, np.where(plain, 1, 2))
    weight = np.array([_SHARES[g] / (group == g).sum() for g in group])
    return weight / weight.sum()


def learned_weights(
    held_out: Sequence[Sequence[np.ndarray]],
    truth: np.ndarray,
    task: str,
    prior: np.ndarray,
    borrows: Sequence[bool] | np.ndarray,
    more: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Weight and temperature of each candidate from what it said of rows that it had not learned from.

    For classes the weights are the candidates' posterior with the likelihood to the power 1/2: what few rows say of
    models that share most of their training is no independent evidence, and believed in full it is too often believed
    where it is wrong. For numbers, where averages help, they are those of the likeliest mixture of Gaussians.

    Parameters
    ----------
    held_out : C sequences of arrays
        For each repeat of the folds, probabilities (n, K) or numbers (n,).
    truth : array of shape (n,)
        Positions of classes, or numbers.
    task : {"classification", "regression"}
    prior : array of shape (C,)
    borrows : C bools
        Which learn from the source. Their temperature is 1 or more: many rows have made them as sure as the source
        allows, and a few rows of the target that they all get right must not make them surer.
    more : array of shape (C,), optional
        Log-likelihood a row of classes that a candidate is known to gain by what it learns in the end.
    sample_weight : array of shape (n,), optional
        Weights of the rows, above 0, of any scale: together they count as many rows as their effective number.

    Returns
    -------
    weights : array of shape (C,)
        Of sum 1; those under 0.01 are 0.
    temperatures : array of shape (C,)
        1 for numbers.

    References
    ----------
    Geisser and Eddy (1979), A predictive approach to model selection; Gruenwald (2012), The safe Bayesian, for the
    power; Yao et al. (2018), Using stacking to average Bayesian predictive distributions.
    """
    heat = np.ones(len(held_out))
    n_repeats = min(map(len, held_out))
    worth = _worth(sample_weight)
    if task == "regression":
        squares = np.stack([[(said - truth) ** 2 for said in repeats[:n_repeats]] for repeats in held_out])
        mean = squares.mean(axis=(1, 2)) if worth is None else np.average(squares.mean(axis=1), axis=1, weights=worth)
        likely = -0.5 * squares.mean(axis=1) / max(float(mean.min()), 1e-12)
        weights = mixture_weights(likely, prior=prior, strength=_STRENGTH, sample_weight=worth)
    else:
        likely = np.empty((len(held_out), len(truth)))
        for c, repeats in enumerate(held_out):
            heat[c] = np.mean([_heat(said, truth, worth) for said in repeats[:n_repeats]])
            heat[c] = max(heat[c], 1.0) if borrows[c] else heat[c]
            likely[c] = np.mean([_log_likelihood(said, truth, heat[c]) for said in repeats[:n_repeats]], axis=0)
        likely += 0.0 if more is None else np.asarray(more)[:, None]
        weights = posterior_weights(_POWER * likely if worth is None else _POWER * worth * likely, prior=prior)
    weights = np.where(weights < min(_LEAST, weights.max()), 0.0, weights)
    return weights / weights.sum(), heat


def mean_log_likelihood(said: np.ndarray, truth: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
    """Mean logarithm of the calibrated probability that answers (n, K), of any sum, give to classes (n,)."""
    p = (said + 1e-9) / (said + 1e-9).sum(axis=1, keepdims=True)
    worth = _worth(sample_weight)
    likely = _log_likelihood(p, truth, _heat(p, truth, worth))
    return float(likely.mean() if worth is None else np.average(likely, weights=worth))


def still_to_come(most: float, few: float, k: int) -> float:
    r"""What a mean log-likelihood gains when all rows are learned from, and not all but one of k parts.

    By the law :math:`L(m) = a - b/m` from its values at :math:`n (k-1)/k` and at :math:`n/k` rows.

    Parameters
    ----------
    most, few : float
        Values at both sizes.
    k : int
        Above 2.

    References
    ----------
    Cortes, Jackel, Solla, Vapnik and Denker (1993), Learning curves: asymptotic values and rate of convergence, with
    the exponent 1.

    Examples
    --------
    >>> curve = lambda m: -0.5 - 3.0 / m
    >>> round(curve(20) + still_to_come(curve(20), curve(10), 3) - curve(30), 12)
    0.0
    """
    return (most - few) / (k * (k - 2))


def _worth(weight: np.ndarray | None) -> np.ndarray | None:
    """Weights whose sum is their effective number of rows (Kish 1965); equal ones are 1 each."""
    return None if weight is None else weight * (effective_sample_size(weight) / weight.sum())


def _heat(said: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> float:
    return temperature(logits(warmed([said], [1.0])[0], multilabel=False), truth, weight)


def _log_likelihood(said: np.ndarray, truth: np.ndarray, heat: float) -> np.ndarray:
    """Of each row, (n,)."""
    return np.log(np.clip(warmed([said], [heat])[0][np.arange(len(truth)), truth], _FLOOR, 1.0))
