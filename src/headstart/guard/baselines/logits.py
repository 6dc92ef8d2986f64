"""Predicting by the scores of a solved linear model, for pictures, clips and texts alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, softmax


class ClassScorer:
    """Classes, or labels of 0 and 1, by the scores as logits.

    Attributes
    ----------
    classes_ : array of shape (K,)
        Class labels in sorted order; 0..L-1 for multi-label.
    temperature_ : float
        What logits are divided by; 1.0 after ``fit``.

    Raises
    ------
    DataError
        If there is only one class.
    """

    _scores: Callable[[Any], np.ndarray]
    classes_: Any
    multilabel_: bool
    temperature_: float

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits, (n, K)."""
        return self._scores(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, (n, K); for multi-label that of each label."""
        logits = self._scores(X) / self.temperature_
        return expit(logits) if self.multilabel_ else softmax(logits, axis=-1)

    def predict(self, X: Any) -> np.ndarray:
        """Labels, (n,); or 0/1, (n, L)."""
        logits = self._scores(X)
        return (logits > 0).astype(int) if self.multilabel_ else self.classes_[logits.argmax(axis=1)]


class NumberScorer:
    """Numbers: the scores themselves."""

    _scores: Callable[[Any], np.ndarray]
    single_: bool

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (n,) or (n, t)."""
        scores = self._scores(X)
        return scores[:, 0] if self.single_ else scores


def some_rows(n: int, most: int, random_state: int) -> np.ndarray:
    """Rows on which a choice is made: all, or so many.

    Examples
    --------
    >>> some_rows(3, 5, 0).tolist(), len(some_rows(9, 5, 0))
    ([0, 1, 2], 5)
    """
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, most, replace=False))
