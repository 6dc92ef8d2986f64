"""How much boxes overlap."""

from __future__ import annotations

import numpy as np


def overlaps(found: np.ndarray, drawn: np.ndarray, crowd: np.ndarray | None = None) -> np.ndarray:
    r"""Intersection over union of every box of one set with every box of another.

    .. math:: J(a, b) = |a \cap b| \, / \, |a \cup b|

    For a crowd, of which one box holds many things, the denominator is the area of the found box alone, as in COCO.

    Parameters
    ----------
    found : array of shape (m, 4)
        Left, top, right, bottom.
    drawn : array of shape (k, 4)
    crowd : array of bool of shape (k,), optional
        Which of the drawn are crowds. Default: none.

    Returns
    -------
    ndarray of shape (m, k)
        From 0 to 1; 0 where a box has no size.

    References
    ----------
    Jaccard (1912), The distribution of the flora in the alpine zone; Lin et al. (2014), Microsoft COCO, for crowds.

    Examples
    --------
    >>> overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2], [0, 0, 9, 9]]), np.array([False, True])).round(3)
    array([[0.333, 1.   ]])
    """
    a, b = (np.asarray(boxes, np.float64).reshape(-1, 4) for boxes in (found, drawn))
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared = np.prod(np.maximum(sides, 0), axis=2)
    own, other = (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b))
    whole = own[:, None] + other - shared
    if crowd is not None:
        whole = np.where(np.asarray(crowd, bool), own[:, None], whole)
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
