"""The base learners of boosting: seeded clones, fitted on the rows that have weight."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier

from headstart.contract.domains import Side
from headstart.contract.weighted_fit import fit_weighted, seeded, weight_argument
from headstart.errors import DataError


def fit_on_weight(estimator: Any, X: Any, y: np.ndarray, p: np.ndarray, rng: np.random.Generator) -> Any:
    """Fit a seeded clone on the rows with weight; weights are scaled to mean 1, so penalties keep their meaning.

    Parameters
    ----------
    estimator : estimator
        Takes ``sample_weight``.
    X : array or CSR matrix of shape (N, d)
    y : ndarray of shape (N,)
        Codes of classes (int) or numbers (float).
    p : ndarray of shape (N,)
        Not negative, not all 0.
    rng : numpy Generator

    Returns
    -------
    fitted estimator
        A constant one where a single class is left among the rows with weight.
    """
    kept = np.flatnonzero(p > 0)
    rows, labels, weight = (X, y, p) if len(kept) == len(p) else (X[kept], y[kept], p[kept])
    weight = weight * (len(kept) / weight.sum())
    if labels.dtype.kind == "i" and (labels == labels[0]).all():
        weight_argument(estimator)
        return DummyClassifier(strategy="most_frequent").fit(np.zeros((len(kept), 1)), labels)
    return fit_weighted(seeded(estimator, rng), rows, labels, weight)


def initial_weights(source: Side, target: Side, source_share: float | None = None) -> np.ndarray:
    """First weights of the source's rows, then the target's: as given, or the source with a share of the whole.

    Parameters
    ----------
    source, target : Side
    source_share : float, optional
        Of all weight, above 0 and below 1. None leaves every row its own weight.

    Returns
    -------
    ndarray of shape (N,)

    Raises
    ------
    DataError
        If no row of the target has weight.
    """
    first, second = source.weights, target.weights
    if not second.sum() > 0:
        raise DataError("Expected weight on some row of the target, found sample_weight=0 for all.", "Give others.")
    if source_share is not None:
        first = first * (source_share / (1.0 - source_share) * second.sum() / first.sum())
    return np.concatenate([first, second])
