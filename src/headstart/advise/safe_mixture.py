"""A mixture of candidates that few labels cannot tell apart: its weights, and the fitted estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from headstart.advise.choose import logits, probabilities
from headstart.advise.evaluate import predicted
from headstart.math.calibration import temperature
from headstart.math.stacking import mixture_weights, posterior_weights

MIXTURE = "mixture"
#: Prior weight of no transfer, of the other plain ways together, and of all methods together.
_SHARES = {"classification": (0.7, 0.25, 0.05), "regression": (1 / 3, 1 / 3, 1 / 3)}
_EVEN = 0.02
_FLOOR = 1e-3
_LEAST = 0.03


class _Mixed(BaseEstimator):
    """Fitted parts with their weights; there is nothing to fit."""

    def __init__(self, parts: Any = (), weights: Any = (), temperatures: Any = (), classes: Any = None) -> None:
        self.parts = parts
        self.weights = weights
        self.temperatures = temperatures
        self.classes = classes

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

    Classes: no transfer holds until rows that were not learned from speak against it. Numbers, whose average loses
    little by a poor part: the same for no transfer, for the other plain ways and for the methods.

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
    [0.7, 0.25, 0.05]
    """
    group = np.where(no_transfer, 0, np.where(plain, 1, 2))
    weight = np.array([_SHARES[task][g] / (group == g).sum() for g in group])
    return weight / weight.sum()


def learned_weights(
    held_out: Sequence[Sequence[np.ndarray]], truth: np.ndarray, task: str, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weight and temperature of each candidate from what it said of rows that it had not learned from.

    For classes the weights are the candidates' posterior: a way that is wrong and sure of itself must not outvote a
    hesitant right one, and averages do not help as they do for numbers, whose weights are those of the likeliest
    mixture of Gaussians.

    Parameters
    ----------
    held_out : C sequences of arrays
        For each repeat of the folds, probabilities (n, K) or numbers (n,).
    truth : array of shape (n,)
        Positions of classes, or numbers.
    task : {"classification", "regression"}
    prior : array of shape (C,)

    Returns
    -------
    weights : array of shape (C,)
        Of sum 1; those under 0.03 are 0.
    temperatures : array of shape (C,)
        1 for numbers.
    """
    heat = np.ones(len(held_out))
    n_repeats = min(map(len, held_out))
    if task == "regression":
        squares = np.stack([[(said - truth) ** 2 for said in repeats[:n_repeats]] for repeats in held_out])
        least = max(float(squares.mean(axis=(1, 2)).min()), 1e-12)
        weights = mixture_weights(-0.5 * squares.mean(axis=1) / least, prior=prior, strength=1.0)
    else:
        own, ones = np.arange(len(truth)), np.ones(n_repeats)
        likely = np.empty((len(held_out), len(truth)))
        for c, repeats in enumerate(held_out):
            even = warmed(repeats[:n_repeats], ones)
            heat[c] = np.mean([temperature(logits(p, multilabel=False), truth) for p in even])
            chances = [p[own, truth] for p in warmed(repeats[:n_repeats], heat[c] * ones)]
            likely[c] = np.log(np.clip(chances, _FLOOR, 1.0)).mean(axis=0)
        weights = posterior_weights(likely, prior=prior)
    weights = np.where(weights < min(_LEAST, weights.max()), 0.0, weights)
    return weights / weights.sum(), heat
