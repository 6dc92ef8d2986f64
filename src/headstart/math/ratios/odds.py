"""The ratio of two densities from what a classifier says about the samples."""

from __future__ import annotations

import numpy as np

#: Probabilities are kept this far from 0, so that a sure classifier gives large numbers instead of infinite ones.
FLOOR = 1e-12


def log_ratio_from_odds(target_probability: np.ndarray, n_source: int, n_target: int) -> np.ndarray:
    r"""Logarithm of target density over source density, from the probability that a row is of the target.

    .. math:: \frac{p_t(x)}{p_s(x)} = \frac{P(t \mid x)}{P(s \mid x)} \cdot \frac{n_s}{n_t}

    for a classifier that learned from ``n_source`` rows of the source and ``n_target`` of the target, each with weight
    1. The other way round it would give large weights to the rows that are least like the target.

    Parameters
    ----------
    target_probability : ndarray of shape (n,)
        In [0, 1].
    n_source, n_target : int >= 1

    Returns
    -------
    ndarray of shape (n,)

    References
    ----------
    Bickel, Brueckner & Scheffer 2009, "Discriminative learning under covariate shift", equation 4.

    Examples
    --------
    >>> np.exp(log_ratio_from_odds(np.array([0.5, 0.8]), 300, 100)).round(6).tolist()
    [3.0, 12.0]
    """
    probability = np.clip(np.asarray(target_probability, dtype=np.float64), FLOOR, 1.0)
    other = np.clip(1.0 - np.asarray(target_probability, dtype=np.float64), FLOOR, 1.0)
    return np.log(probability) - np.log(other) + np.log(n_source / n_target)


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
