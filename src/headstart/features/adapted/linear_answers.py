"""A linear classifier as two arrays: what an adaptation hands over, whatever it was trained with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax


@dataclass(frozen=True, eq=False)
class LinearAnswers:
    """Scores ``X @ coef_ + intercept_``, a column a class; probabilities are their softmax.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    coef_ : ndarray of shape (d, K)
    intercept_ : ndarray of shape (K,)

    Examples
    --------
    >>> answers = LinearAnswers(np.array(["a", "b"]), np.array([[-1.0, 1.0]]), np.zeros(2))
    >>> answers.predict(np.array([[2.0]])).tolist(), answers.decision_function(np.array([[2.0]])).tolist()
    (['b'], [4.0])
    """

    classes_: np.ndarray
    coef_: np.ndarray
    intercept_: np.ndarray

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Scores of rows (n, d), (n, K)."""
        return np.asarray(X @ self.coef_ + self.intercept_)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class of the largest score, (n,)."""
        return np.asarray(self.classes_[self.scores(X).argmax(axis=1)])

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities (n, K)."""
        return np.asarray(softmax(self.scores(X), axis=1))

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Scores (n, K); of two classes how far the second leads, (n,)."""
        found = self.scores(X)
        return np.asarray(found[:, 1] - found[:, 0]) if found.shape[1] == 2 else found
