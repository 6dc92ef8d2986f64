"""From one box to another: offsets in units of the first one's size."""

from __future__ import annotations

import numpy as np

#: Largest change of a side, as a logarithm: a factor of e.
FARTHEST = 1.0


def offsets(boxes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    r"""What takes boxes to others.

    .. math:: \Big(\frac{x' - x}{w}, \frac{y' - y}{h}, \log\frac{w'}{w}, \log\frac{h'}{h}\Big)

    with x, y the middle of a box and w, h its sides.

    Parameters
    ----------
    boxes, wanted : ndarray of shape (m, 4)
        Left, top, right, bottom, with right > left and bottom > top.

    Returns
    -------
    ndarray of shape (m, 4)

    Examples
    --------
    >>> offsets(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2]])).tolist()
    [[0.5, 0.0, 0.0, 0.0]]

    References
    ----------
    Girshick et al. (2014), "Rich feature hierarchies for accurate object detection", appendix C, eq. 6 to 9.
    """
    sides, others = boxes[:, 2:] - boxes[:, :2], wanted[:, 2:] - wanted[:, :2]
    moved = (wanted[:, :2] + wanted[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / (2 * sides)
    return np.concatenate([moved, np.log(others / sides)], axis=1)


def shifted(boxes: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Boxes moved by `offsets`, whose inverse this is; no side grows or shrinks by more than a factor of e.

    Parameters
    ----------
    boxes, by : ndarray of shape (m, 4)

    Returns
    -------
    ndarray of shape (m, 4)

    Examples
    --------
    >>> shifted(np.array([[0.0, 0, 2, 2]]), np.array([[0.5, 0, 0, 0]])).tolist()
    [[1.0, 0.0, 3.0, 2.0]]
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + by[:, :2] * sides
    half = sides * np.exp(np.clip(by[:, 2:], -FARTHEST, FARTHEST)) / 2
    return np.concatenate([middle - half, middle + half], axis=1)
