"""Weights of mean 1, and how many rows they are worth."""

from __future__ import annotations

import numpy as np


def mean_one(weights: np.ndarray) -> np.ndarray:
    """Weights divided by their mean; ones where all are 0.

    Examples
    --------
    >>> mean_one(np.array([0.0, 1.0])).tolist()
    [0.0, 2.0]
    """
    largest = float(weights.max(initial=0.0))
    if not largest > 0:
        return np.ones(len(weights))
    scaled = np.asarray(weights, dtype=np.float64) / largest
    return scaled / scaled.mean()


def from_logs(logs: np.ndarray) -> np.ndarray:
    """Weights of mean 1 from their logarithms, whatever their size.

    Examples
    --------
    >>> from_logs(np.array([5000.0, 5000.0])).tolist()
    [1.0, 1.0]
    """
    top = logs.max()
    if not np.isfinite(top):
        return mean_one((logs == top).astype(float))
    return mean_one(np.exp(logs - top))


def effective_sample_size(weights: np.ndarray) -> float:
    r"""As many rows of equal weight have the same variance: :math:`(\sum w)^2 / \sum w^2` (Kish 1965).

    Examples
    --------
    >>> effective_sample_size(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
