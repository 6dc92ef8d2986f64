"""What each example adds to a score that only a whole set has: its infinitesimal jackknife values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def as_columns(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and decisions with one 0/1 column a class or label.

    Parameters
    ----------
    y : array of int, shape (n,) or (n, L)
        Class numbers, or 0/1 labels.
    prediction : array of float, shape (n, K) or (n, L)
        Probabilities; the largest decides a class, more than 0.5 a label.

    Returns
    -------
    labels, decisions : array of float, shape (n, K) or (n, L)

    Examples
    --------
    >>> as_columns(np.array([1]), np.array([[0.6, 0.4]]))[1].tolist()
    [[1.0, 0.0]]
    """
    p = np.asarray(prediction, dtype=np.float64)
    if y.ndim == 2:
        return (y == 1).astype(np.float64), (p > 0.5).astype(np.float64)
    return np.eye(p.shape[1])[y], np.eye(p.shape[1])[p.argmax(axis=1)]


def f1_values(labels: np.ndarray, decisions: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r"""Macro F1 as a mean over examples, :math:`\theta + n w_i\, \partial\theta / \partial w_i`.

    Parameters
    ----------
    labels, decisions : array of 0/1, shape (n, K)
    weight : array of float, shape (n,)

    Returns
    -------
    array of float, shape (n,)
        Their mean is the mean F1 of the classes that occur.

    References
    ----------
    Jaeckel (1972), The infinitesimal jackknife; Efron (1982), The jackknife, the bootstrap and other resampling plans,
    chapter 6.

    Examples
    --------
    >>> labels = np.eye(2)[[0, 0, 1]]
    >>> round(float(f1_values(labels, np.eye(2)[[0, 1, 1]], np.ones(3)).mean()), 3)
    0.667
    """
    seen = (weight @ labels) > 0
    t, p = labels[:, seen], decisions[:, seen]
    both = t + p
    total = weight @ both
    f1 = 2.0 * (weight @ (t * p)) / total
    slope = (2.0 * t * p - f1 * both) / total
    return f1.mean() + len(labels) * weight * slope.mean(axis=1)


def auc_values(labels: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r"""Area under the ROC curve, averaged over classes (each against the rest), as a mean over examples.

    For an example of the class the value is the share of the others that it stands above (ties count half), for one
    of the others the share of the class that stands above it, each weighed by how rare its side is (DeLong's
    components).

    Parameters
    ----------
    labels : array of 0/1, shape (n, K)
    scores : array of float, shape (n, K)
        Larger means more likely.
    weight : array of float, shape (n,)

    Returns
    -------
    array of float, shape (n,)
        Their mean is the area; a class that has no examples, or no others, is left out; 0.5 where none is left.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated receiver operating
    characteristic curves.

    Examples
    --------
    >>> float(auc_values(np.array([[0], [0], [1]]), np.array([[0.1], [0.4], [0.3]]), np.ones(3)).mean())
    0.5
    """
    found = []
    for k in range(labels.shape[1]):
        own = weight * labels[:, k]
        rest = weight - own
        if own.sum() <= 0 or rest.sum() <= 0:
            continue
        above = _share_below(scores[:, k], rest)
        below = 1.0 - _share_below(scores[:, k], own)
        area = float(own @ above) / own.sum()
        value = own * (above - area) / own.sum() + rest * (below - area) / rest.sum()
        found.append(area + len(labels) * value)
    return np.mean(found, axis=0) if found else np.full(len(labels), 0.5)


def precision_values(labels: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r"""Average precision, averaged over classes, as a mean over examples.

    With :math:`P_j = A_j / B_j` the precision among all that score at least as high as j (of weight :math:`B_j`, those
    of the class :math:`A_j`), the score is the mean of :math:`P_j` over the class, and its slope in the weight of i

    .. math:: \frac{1}{W_1}\Big[t_i (P_i - \theta) + \sum_{j: s_j \le s_i} w_j t_j \frac{t_i - P_j}{B_j}\Big].

    Parameters
    ----------
    labels, scores, weight
        As in `auc_values`.

    Returns
    -------
    array of float, shape (n,)
        Their mean is the average precision; classes without examples are left out; 0 where none is left.

    Examples
    --------
    >>> labels, scores = np.array([[1], [0], [1]]), np.array([[0.9], [0.5], [0.4]])
    >>> round(float(precision_values(labels, scores, np.ones(3)).mean()), 3)
    0.833
    """
    found = []
    for t, own, (level, hits, shown) in _classes(labels, scores, weight):
        precision = hits / shown
        area = float(own @ precision[level]) / own.sum()
        held = np.bincount(level, own) / shown
        later, later_precise = np.cumsum(held[::-1])[::-1], np.cumsum((held * precision)[::-1])[::-1]
        slope = (t * (precision[level] - area) + t * later[level] - later_precise[level]) / own.sum()
        found.append(area + len(labels) * weight * slope)
    return np.mean(found, axis=0) if found else np.zeros(len(labels))


def precision_optimism(labels: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> float:
    r"""By how much the average precision of few examples is too high.

    Each example of the class counts among those that score at least as high as itself, as one that is surely of the
    class; among endless others it would be of the class as often as they are, about :math:`P_j`. So it adds
    :math:`(1 - P_j) w_j / B_j` too much, see `precision_values`.

    The arguments are those of `auc_values`; the result is the mean over the classes that occur, 0 or more, and 0 for a
    perfect ranking.

    Examples
    --------
    >>> labels = np.array([[1], [0], [1]])
    >>> precision_optimism(labels, np.array([[0.9], [0.4], [0.5]]), np.ones(3))
    0.0
    >>> round(precision_optimism(labels, np.array([[0.9], [0.5], [0.4]]), np.ones(3)), 3)
    0.056
    """
    found = []
    for _, own, (level, hits, shown) in _classes(labels, scores, weight):
        found.append(float((own * weight) @ ((1.0 - hits / shown) / shown)[level]) / own.sum())
    return float(np.mean(found)) if found else 0.0


def _classes(labels: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> Iterator[tuple[Any, ...]]:
    """Of each class that occurs: labels, the weights of its examples, and what `_at_least` says."""
    for t, s in zip(labels.T, scores.T, strict=True):
        if weight @ t > 0:
            yield t, weight * t, _at_least(t, s, weight)


def _at_least(t: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank of each example, best first, and the weight of the class and of all that rank at least as high."""
    level = np.unique(-scores, return_inverse=True)[1]
    return level, np.cumsum(np.bincount(level, weight * t)), np.maximum(np.cumsum(np.bincount(level, weight)), 1e-300)


def _share_below(scores: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share of a weighed set that stands below each score; ties count half."""
    level = np.unique(scores, return_inverse=True)[1]
    each = np.bincount(level, weight)
    return (np.cumsum(each) - 0.5 * each)[level] / weight.sum()
