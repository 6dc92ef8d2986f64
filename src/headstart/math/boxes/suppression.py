"""Which of many boxes to keep, and where boxes that found the same thing together say that it stands."""

from __future__ import annotations

import numpy as np


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
