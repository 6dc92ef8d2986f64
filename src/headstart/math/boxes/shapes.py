"""Which sizes boxes have, and boxes of these sizes all over a picture."""

from __future__ import annotations

import numpy as np

_ROUNDS = 50


def typical_sides(sides: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Widths and heights that stand for those of boxes: the centres of k-means on their logarithms.

    Parameters
    ----------
    sides : ndarray of shape (m, 2)
        Widths and heights, above 0; m is 1 or more.
    most : int
        How many are wanted at most, 1 or more; fewer where fewer differ.
    rng : numpy.random.Generator
        Draws where the search begins, each next centre by its squared distance from those before (k-means++).

    Returns
    -------
    ndarray of shape (k, 2)

    References
    ----------
    Redmon & Farhadi (2017), "YOLO9000", section 2, whose distance is 1 - overlap; on logarithms the plain one serves.

    Examples
    --------
    >>> found = typical_sides(np.array([[1.0, 1], [1, 1], [4, 8]]), 2, np.random.default_rng(0))
    >>> sorted(found.round(6).tolist())
    [[1.0, 1.0], [4.0, 8.0]]
    """
    points = np.log(np.asarray(sides, np.float64))
    centres = points[[int(rng.integers(len(points)))]]
    while len(centres) < most:
        far = _squares(points, centres).min(axis=1)
        if far.max() <= 1e-9:
            break
        centres = np.vstack([centres, points[rng.choice(len(points), p=far / far.sum())]])
    for _ in range(_ROUNDS):
        nearest = _squares(points, centres).argmin(axis=1)
        kept = np.unique(nearest)
        moved = np.stack([points[nearest == j].mean(axis=0) for j in kept])
        if moved.shape == centres.shape and np.allclose(moved, centres):
            break
        centres = moved
    return np.asarray(np.exp(centres))


def _squares(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray(((points[:, None] - centres) ** 2).sum(axis=2))


def boxes_everywhere(sides: np.ndarray, steps: int, least: float = 0.6) -> np.ndarray:
    """Boxes of given sides with their middles on a grid, cut at the picture's edge.

    Parameters
    ----------
    sides : ndarray of shape (k, 2)
        Widths and heights, as shares of the picture's.
    steps : int
        Points of the grid in each direction.
    least : float, default=0.6
        Share of a box that must stand in the picture, from 0 to 1.

    Returns
    -------
    ndarray of shape (m, 4)
        As shares of the picture; at most k * steps * steps of them, and at least one of every size.

    Examples
    --------
    >>> boxes_everywhere(np.array([[0.5, 0.5]]), 2).tolist()[0], len(boxes_everywhere(np.array([[0.9, 0.9]]), 3))
    ([0.0, 0.0, 0.5, 0.5], 5)
    """
    points = (np.arange(steps) + 0.5) / steps
    y, x = np.meshgrid(points, points, indexing="ij")
    middles = np.column_stack([np.append(x.ravel(), 0.5), np.append(y.ravel(), 0.5)])
    found = []
    for side in np.asarray(sides, np.float64):
        whole = np.concatenate([middles - side / 2, middles + side / 2], axis=1)
        cut = np.clip(whole, 0.0, 1.0)
        inside = np.prod(cut[:, 2:] - cut[:, :2], axis=1) >= least * side.prod()
        inside[-1] = True
        found.append(np.unique(cut[inside], axis=0))
    return np.concatenate(found)
