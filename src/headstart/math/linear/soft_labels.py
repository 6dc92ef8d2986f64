"""Class probabilities as labels: sharpened, brought towards class shares, and as weighted rows."""

from __future__ import annotations

import numpy as np
from scipy.special import entr, softmax


def normalised(scores: np.ndarray) -> np.ndarray:
    """Probabilities (n, K) of log-scores that need not be finite below.

    Examples
    --------
    >>> normalised(np.array([[0.0, np.log(3.0)]])).round(9).tolist()
    [[0.25, 0.75]]
    """
    return np.asarray(softmax(scores, axis=1))


def half_way(shares: np.ndarray) -> np.ndarray:
    """Shares half way between these and equal ones.

    Free shares follow a classifier that leans to one class; equal ones fail where the classes are skewed.

    Examples
    --------
    >>> half_way(np.array([0.9, 0.1])).tolist()
    [0.7, 0.3]
    """
    return np.asarray(0.5 * shares + 0.5 / len(shares))


def brought_to(probability: np.ndarray, shares: np.ndarray | None, temperature: float = 1.0) -> np.ndarray:
    r"""Probabilities of rows, sharpened, whose mean is brought to class shares.

    .. math:: q_{ik} \propto p_{ik}^{1/T}\, c_k, \qquad \tfrac1n \sum_i q_{ik} = \pi_k,

    by alternating scaling of classes and rows (Sinkhorn 1967). Without shares each class is scaled once, by the root of
    what equal shares would ask, which goes half the way.

    Parameters
    ----------
    probability : ndarray of shape (n, K)
    shares : ndarray of shape (K,) or None
        They sum to 1.
    temperature : float, default=1.0
        Above 0; below 1 sharpens.

    Returns
    -------
    ndarray of shape (n, K)
        Rows sum to 1.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    >>> brought_to(p, np.array([0.5, 0.5])).mean(axis=0).round(6).tolist()
    [0.5, 0.5]
    >>> brought_to(p, None).mean(axis=0).round(2).tolist()
    [0.67, 0.33]
    """
    scores = np.log(np.maximum(probability, 1e-12)) / temperature
    q = normalised(scores)
    if shares is None:
        mean = np.maximum(q.mean(axis=0), 1e-12)
        return normalised(scores - 0.5 * np.log(mean * q.shape[1]))
    return normalised(scores + moved_to(scores, shares))


def moved_to(scores: np.ndarray, shares: np.ndarray, steps: int = 200) -> np.ndarray:
    """What is to be added to the log-scores of the classes, (K,), that their mean probabilities are these shares.

    After few steps that holds for rows that are in doubt; those that are sure of their classes move later.

    Examples
    --------
    >>> scores = np.log([[0.9, 0.1], [0.6, 0.4]])
    >>> normalised(scores + moved_to(scores, np.array([0.5, 0.5]))).mean(axis=0).round(6).tolist()
    [0.5, 0.5]
    """
    wanted, moved = np.log(np.maximum(shares, 1e-12)), np.zeros(scores.shape[1])
    for _ in range(steps):
        found = normalised(scores + moved).mean(axis=0)
        gap = wanted - np.log(np.maximum(found, 1e-12))
        moved += gap
        if np.abs(gap).max() < 1e-8:
            break
    return moved


def as_weighted_rows(probability: np.ndarray, least: float = 0.05) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, classes and weights that stand for soft labels in a classifier that takes weights.

    Parameters
    ----------
    probability : ndarray of shape (n, K)
    least : float, default=0.05
        Probabilities below it are left out, but each row keeps its best class; so memory stays linear in n.

    Returns
    -------
    rows, codes : ndarray of int, shape (m,)
    weights : ndarray of shape (m,)
        Those of a row sum to 1.

    Examples
    --------
    >>> rows, codes, weights = as_weighted_rows(np.array([[0.99, 0.01], [0.4, 0.6]]))
    >>> rows.tolist(), codes.tolist(), weights.tolist()
    ([0, 1, 1], [0, 0, 1], [1.0, 0.4, 0.6])
    """
    kept = probability >= np.minimum(least, probability.max(axis=1))[:, None]
    held = np.where(kept, probability, 0.0)
    held /= held.sum(axis=1, keepdims=True)
    rows, codes = np.nonzero(kept)
    return rows, codes, held[rows, codes]


def certainty(probability: np.ndarray) -> np.ndarray:
    """One minus the entropy of each row over the largest there can be, in 0 to 1; (n, K) gives (n,).

    Examples
    --------
    >>> certainty(np.array([[1.0, 0.0], [0.5, 0.5]])).round(9).tolist()
    [1.0, 0.0]
    """
    return np.asarray(1 - entr(probability).sum(axis=1) / np.log(probability.shape[1]))
