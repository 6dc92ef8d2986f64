"""Shares of the classes in rows without labels, from a classifier's probabilities."""

from __future__ import annotations

import numpy as np


def class_shares(p: np.ndarray, known: np.ndarray, *, steps: int = 200, tolerance: float = 1e-7) -> np.ndarray:
    r"""The shares under which a classifier's answers are likeliest, if nothing but the shares has changed.

    .. math:: \pi'_k \leftarrow \frac1m \sum_i
        \frac{p_{ik}\, \pi'_k / \pi_k}{\sum_l p_{il}\, \pi'_l / \pi_l}

    Parameters
    ----------
    p : ndarray of shape (m, K)
        Calibrated probabilities of the new rows.
    known : ndarray of shape (K,)
        Shares that the classifier learned from.
    steps : int, default=200
    tolerance : float, default=1e-7

    Returns
    -------
    ndarray of shape (K,)

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities,
    equation 2.9; it is the maximum of the likelihood (MLLS; Alexandari et al. 2020).

    Examples
    --------
    >>> p = np.array([[0.9, 0.1]] * 8 + [[0.1, 0.9]] * 2)
    >>> class_shares(p, np.array([0.5, 0.5])).round(2).tolist()
    [0.87, 0.13]
    """
    known = np.maximum(np.asarray(known, dtype=np.float64), 1e-9)
    shares = known / known.sum()
    for _ in range(steps):
        weighted = p * (shares / known)
        new = (weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-300)).mean(axis=0)
        if np.abs(new - shares).max() < tolerance:
            return np.asarray(new)
        shares = new
    return np.asarray(shares)
