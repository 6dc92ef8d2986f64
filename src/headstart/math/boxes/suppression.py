"""Which of many boxes to keep, and what boxes that found the same thing say of it together: how sure, and where."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp


def suppressed(overlap: np.ndarray, scores: np.ndarray, most: float) -> np.ndarray:
    """Boxes that no better box overlaps by more than ``most``: greedy non-maximum suppression.

    Parameters
    ----------
    overlap : ndarray of shape (m, m)
        Intersection over union of each two boxes.
    scores : ndarray of shape (m,)
        The better, the higher; of equal ones the first is taken.
    most : float
        From 0 to 1.

    Returns
    -------
    ndarray of int of shape (k,)
        The kept ones, best first.

    Examples
    --------
    >>> overlap = np.array([[1, 0.8, 0], [0.8, 1, 0], [0, 0, 1]])
    >>> suppressed(overlap, np.array([0.5, 0.9, 0.1]), 0.5).tolist()
    [1, 2]
    """
    open_, kept = np.ones(len(scores), bool), []
    for i in np.argsort(-scores, kind="stable"):
        if open_[i]:
            kept.append(int(i))
            open_ &= overlap[i] <= most
    return np.array(kept, dtype=int)


def supported(ranks: np.ndarray, overlap: np.ndarray, least: float, heat: float) -> np.ndarray:
    r"""How sure all boxes that overlap a kept one are together.

    .. math:: s_i = T \log \sum_{j:\ J_{ij} \ge J_0} e^{r_j / T}

    A thing is found from many sides, a chance likeness from few: boxes that moved to the same place count together.

    Parameters
    ----------
    ranks : ndarray of shape (m,)
        How sure each box is, as log-odds.
    overlap : ndarray of shape (k, m)
        Intersection over union of the kept ones with all.
    least : float
        :math:`J_0`, from which a box counts, at most 1.
    heat : float
        T, above 0: near 0 the surest counts alone.

    Returns
    -------
    ndarray of shape (k,)

    Examples
    --------
    >>> overlap = np.array([[1.0, 0.9, 0.0], [0.0, 0.0, 1.0]])
    >>> supported(np.array([1.0, 1.0, 1.5]), overlap, 0.5, 1.0).round(2).tolist()
    [1.69, 1.5]
    """
    rows = np.where(overlap >= least, np.asarray(ranks, np.float64) / heat, -np.inf)
    return np.asarray(heat * logsumexp(rows, axis=1))


def voted(boxes: np.ndarray, weights: np.ndarray, overlap: np.ndarray, least: float) -> np.ndarray:
    """Each kept box moved to the weighted mean of all boxes that overlap it.

    Parameters
    ----------
    boxes : ndarray of shape (m, 4)
        All boxes.
    weights : ndarray of shape (m,)
        Above 0.
    overlap : ndarray of shape (k, m)
        Intersection over union of the kept ones with all.
    least : float
        Overlap from which a box has a vote, at most 1; a kept box always has its own.

    Returns
    -------
    ndarray of shape (k, 4)

    References
    ----------
    Gidaris & Komodakis (2015), "Object detection via a multi-region and semantic segmentation-aware CNN model",
    section 4; here a vote also counts by the square of its overlap.

    Examples
    --------
    >>> boxes = np.array([[0.0, 0, 10, 10], [0, 0, 12, 10], [50, 50, 60, 60]])
    >>> voted(boxes, np.ones(3), np.array([[1.0, 1.0, 0.0]]), 0.5).tolist()
    [[0.0, 0.0, 11.0, 10.0]]
    """
    votes = np.where(overlap >= least, overlap**2 * weights, 0.0)
    return np.asarray(votes @ boxes / votes.sum(axis=1, keepdims=True))
