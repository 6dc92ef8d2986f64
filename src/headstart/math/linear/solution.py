"""What every solver of a linear model hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class LinearSolution:
    """A solved linear model: ``scores = X @ coef + intercept``.

    Attributes
    ----------
    coef : ndarray of shape (d, K) or (d,)
        A column a class, of two classes one for the second where the solver says so; (d,) for one number.
    intercept : ndarray of shape (K,) or float
    penalty : float
        The one that was taken: relative to the mean squared norm of the rows, or lambda itself in the biased forms.
    loss : float
        Held-out loss at this penalty: mean log-loss of classes, mean squared leave-one-out error of numbers; nan where
        nothing was held out.
    out_of_fold : ndarray of shape (n, K) or (n,), or None
        Scores of every row by the solution without it, where they are kept.
    """

    coef: np.ndarray
    intercept: Any
    penalty: float
    loss: float
    out_of_fold: Any = None
