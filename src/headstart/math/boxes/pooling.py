"""Means of a map over boxes, by integral images."""

from __future__ import annotations

import numpy as np
from scipy import sparse

#: Least side of a cell in cells of the map; below it a mean would be of nothing.
_LEAST = 1e-3
#: Places of an integral image that a mean over one cell is made of.
CORNERS = 16


def integral_image(maps: np.ndarray) -> np.ndarray:
    r"""Sums of a map over all rectangles that begin in its upper left corner.

    .. math:: I_{ij} = \sum_{i' < i}\sum_{j' < j} F_{i'j'}

    Parameters
    ----------
    maps : ndarray of shape (..., H, W, C)

    Returns
    -------
    ndarray of shape (..., H + 1, W + 1, C), float64

    Examples
    --------
    >>> integral_image(np.ones((2, 3, 1)))[..., 0].tolist()
    [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0], [0.0, 2.0, 4.0, 6.0]]

    References
    ----------
    Viola & Jones (2001), "Rapid object detection using a boosted cascade of simple features", eq. 1.
    """
    *before, height, width, channels = maps.shape
    summed = np.zeros((*before, height + 1, width + 1, channels))
    summed[..., 1:, 1:, :] = maps
    for i in range(2, height + 1):  # whole rows at a time: np.cumsum takes more than twice as long along these axes
        summed[..., i, :, :] += summed[..., i - 1, :, :]
    for j in range(2, width + 1):
        summed[..., :, j, :] += summed[..., :, j - 1, :]
    return summed


def pooling_matrix(boxes: np.ndarray, height: int, width: int, bins: int = 1) -> sparse.csr_matrix:
    r"""The matrix that takes an integral image to means over the cells of boxes.

    A box is divided into bins x bins equal cells. The map is read as constant on each of its squares, so that the
    integral between them is linear in each direction, and the mean over a cell of any place and size is exact:

    .. math:: \frac{1}{|c|}\big(I(y_2, x_2) - I(y_1, x_2) - I(y_2, x_1) + I(y_1, x_1)\big).

    What stands outside the map does not count: a cell there is cut at the map's edge.

    Parameters
    ----------
    boxes : ndarray of shape (m, 4)
        Left, top, right, bottom, as shares of the map's width and height, from 0 to 1.
    height, width : int
        Of the map.
    bins : int, default=1
        Cells of a box in each direction.

    Returns
    -------
    sparse matrix of shape (m * bins * bins, (height + 1) * (width + 1))
        Cells of a box row by row.

    Examples
    --------
    >>> maps = np.arange(4.0).reshape(2, 2, 1)
    >>> halves = pooling_matrix(np.array([[0.0, 0, 0.5, 1], [0.25, 0, 0.75, 1]]), 2, 2)
    >>> (halves @ integral_image(maps).reshape(9, 1)).ravel().tolist()
    [1.0, 1.5]
    """
    share = np.arange(bins + 1) / bins
    columns, across, wide = _edges(boxes[:, 0], boxes[:, 2], share, width)
    rows, down, high = _edges(boxes[:, 1], boxes[:, 3], share, height)
    down, across = down / high[..., None], across / wide[..., None]
    values = down[:, :, None, :, None] * across[:, None, :, None, :]
    places = rows[:, :, None, :, None] * np.int32(width + 1) + columns[:, None, :, None, :]
    n = len(boxes) * bins * bins
    ends = np.arange(0, CORNERS * n + 1, CORNERS, dtype=np.int32)
    return sparse.csr_matrix((values.ravel(), places.ravel(), ends), (n, (height + 1) * (width + 1)))


def _edges(low: np.ndarray, high: np.ndarray, share: np.ndarray, cells: int) -> tuple[np.ndarray, ...]:
    """For each cell in one direction the four lines of the integral that it takes, with their weights, and its length.

    Shapes (m, bins, 4), (m, bins, 4) and (m, bins).
    """
    at = np.clip(low[:, None] + (high - low)[:, None] * share, 0.0, 1.0) * cells
    start, end = at[:, :-1], at[:, 1:]
    thin = end - start < _LEAST
    start = np.where(thin, np.clip(start, 0, cells - _LEAST), start)
    end = np.where(thin, start + _LEAST, end)
    lines = np.empty((*start.shape, 4), np.int32)
    weights = np.empty((*start.shape, 4))
    for first, edge, sign in ((0, start, -1.0), (2, end, 1.0)):
        line = np.minimum(edge.astype(np.int32), np.int32(cells - 1))
        lines[..., first], lines[..., first + 1] = line, line + 1
        weights[..., first + 1] = sign * (edge - line)
        weights[..., first] = sign - weights[..., first + 1]
    return lines, weights, end - start
