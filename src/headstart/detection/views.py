"""What a linear detector sees of a box: means over its cells in several maps, and its place and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import sparse

from headstart.math.boxes.pooling import CORNERS, integral_image, pooling_matrix

#: Height, width and channels of a picture's maps.
Shapes: TypeAlias = Sequence[tuple[int, ...]]
#: Numbers that tell a box's place and size.
PLACE = 13


@dataclass(frozen=True)
class View:
    """One way of looking at a box.

    Parameters
    ----------
    level : int
        Which of a picture's maps is looked at.
    bins : int
        Cells in each direction over which means are taken.
    size : float
        Sides of what is looked at in units of the box's: above 1 its surroundings are seen too.
    of_offsets : bool, default=False
        Whether it tells where a thing ends, and not what it is.
    """

    level: int
    bins: int
    size: float
    of_offsets: bool = False

    def window(self, boxes: np.ndarray) -> np.ndarray:
        """What is looked at of boxes, (m, 4)."""
        more = (boxes[:, 2:] - boxes[:, :2]) * (self.size - 1) / 2
        return np.concatenate([boxes[:, :2] - more, boxes[:, 2:] + more], axis=1)

    def matrix(self, boxes: np.ndarray, shapes: Shapes) -> sparse.csr_matrix:
        """What takes an integral image to the means over the cells of boxes; see `pooling_matrix`."""
        height, width = shapes[self.level][:2]
        return pooling_matrix(self.window(boxes), height, width, self.bins)


def views_of(n_levels: int) -> tuple[View, ...]:
    """The views of a detector on so many levels, the finest first.

    The last level tells what a thing is, in its box and around it, the finer one what it is made of; and that one
    alone, in many cells, where it ends.
    """
    last = n_levels - 1
    told = View(last, 1, 1.0), View(0, 2, 1.0), View(0, 3, 1.6), View(last, 1, 1.6)
    return (*told, View(0, 6, 1.4, of_offsets=True))


def rows_of(views: Sequence[View], shapes: Shapes, of_offsets: bool) -> np.ndarray:
    """Which of the columns of all views those of some are, and the place: a mask of shape (d,)."""
    widths = [view.bins * view.bins * shapes[view.level][2] for view in views]
    return np.repeat([*(view.of_offsets is of_offsets for view in views), True], [*widths, PLACE])


def place_of(boxes: np.ndarray) -> np.ndarray:
    """Place and size of boxes as numbers for a linear model, (m, 13)."""
    sides = np.log(boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([sides, sides**2, sides[:, :1] * sides[:, 1:], boxes, boxes**2], axis=1)


def columns_of(maps: Sequence[np.ndarray], boxes: np.ndarray, views: Sequence[View]) -> np.ndarray:
    """Everything that is seen of boxes in one picture.

    Parameters
    ----------
    maps : sequence of ndarray of shape (H, W, C)
        The picture's levels.
    boxes : ndarray of shape (m, 4)
        As shares of the picture.
    views : sequence of View

    Returns
    -------
    ndarray of shape (m, d), float32
        View by view, in each cell by cell; then the place.
    """
    sums = [integral_image(one).reshape(-1, one.shape[2]) for one in maps]
    shapes = [one.shape for one in maps]
    widths = [view.bins * view.bins * shapes[view.level][2] for view in views]
    means = [view.matrix(boxes, shapes) @ sums[view.level] for view in views]
    parts = [mean.reshape(len(boxes), width) for mean, width in zip(means, widths, strict=True)]
    return np.concatenate([*parts, place_of(boxes)], axis=1, dtype=np.float32)


class Answers:
    r"""What linear functions of `columns_of` say of any box of one picture, without those columns.

    A linear function of means is the mean of a linear function, :math:`w \cdot \overline{F} = \overline{w \cdot F}`:
    each map is multiplied with the coefficients once, and boxes are pooled from the few maps that this leaves.

    Parameters
    ----------
    maps : sequence of ndarray of shape (H, W, C)
    views : sequence of View
    coef : ndarray of shape (d, k)
    intercept : ndarray of shape (k,)
    """

    def __init__(
        self, maps: Sequence[np.ndarray], views: Sequence[View], coef: np.ndarray, intercept: np.ndarray
    ) -> None:
        self.shapes, self.views, self.intercept = [one.shape for one in maps], views, intercept
        self.sums, start = [], 0
        levels = {view.level: np.asarray(maps[view.level], np.float64) for view in views}
        for view in views:
            height, width, channels = levels[view.level].shape
            cells = view.bins * view.bins
            own = coef[start : start + cells * channels].reshape(cells, channels, -1)
            answered = levels[view.level].reshape(-1, channels) @ own.transpose(1, 0, 2).reshape(channels, -1)
            summed = integral_image(answered.reshape(height, width, -1)).reshape(-1, cells, coef.shape[1])
            self.sums.append(summed.transpose(1, 0, 2).reshape(-1, coef.shape[1]))
            start += cells * channels
        self.of_place = coef[start:]

    def __call__(self, boxes: np.ndarray) -> np.ndarray:
        """Answers for boxes, (m, k)."""
        return self.at(boxes, summing_matrices(self.shapes, boxes, self.views))

    def at(self, boxes: np.ndarray, matrices: Sequence[sparse.csr_matrix]) -> np.ndarray:
        """The same with the matrices of these boxes at hand."""
        found = place_of(boxes) @ self.of_place + self.intercept
        for matrix, summed in zip(matrices, self.sums, strict=True):
            found += matrix @ summed
        return np.asarray(found)


def summing_matrices(shapes: Shapes, boxes: np.ndarray, views: Sequence[View]) -> list[sparse.csr_matrix]:
    """For each view what takes the integral images of its cells, one below the other, to sums over a box's cells."""
    found = []
    for view in views:
        matrix, cells = view.matrix(boxes, shapes), view.bins * view.bins
        a_box = CORNERS * cells
        beyond = matrix.shape[1] * np.arange(cells, dtype=np.int32)[:, None]
        places = matrix.indices.reshape(len(boxes), cells, CORNERS) + beyond
        ends = np.arange(0, a_box * len(boxes) + 1, a_box, dtype=np.int32)
        shape = (len(boxes), cells * matrix.shape[1])
        found.append(sparse.csr_matrix((matrix.data, places.ravel(), ends), shape))
    return found
