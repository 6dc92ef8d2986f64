"""Simple features of small pictures, as used before networks: edge directions, colours, a thumbnail."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

_BATCH = 64
#: Side of a cell in pixels, and directions that are told apart.
_CELL, _DIRECTIONS = 8, 9


def hog(pictures: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients.

    The gradient of each pixel votes with its magnitude for its two nearest directions (of 9 over 180
    degrees) and for the cells around it; each 2 x 2 block of cells is divided by its L1 norm and its square
    root is taken.

    Parameters
    ----------
    pictures : array of uint8, shape (n, H, W, 3)
        RGB; H and W multiples of a cell's 8 pixels, at least two cells each.

    Returns
    -------
    array of float32, shape (n, (H/8 - 1) * (W/8 - 1) * 36)
        Every block has length at most 1.

    References
    ----------
    Dalal and Triggs (2005), Histograms of oriented gradients for human detection, sections 6.1-6.4, with block
    norm "L1-sqrt" (the Hellinger map). We take gradients of the grey picture, not of the strongest channel, and
    spread votes over cells with triangular weights at half-cell resolution.

    Examples
    --------
    >>> hog(np.zeros((2, 64, 64, 3), dtype=np.uint8)).shape
    (2, 1764)
    """
    batches = [_hog_batch(pictures[start : start + _BATCH]) for start in range(0, len(pictures), _BATCH)]
    height, width = pictures.shape[1] // _CELL, pictures.shape[2] // _CELL
    empty = np.zeros((0, (height - 1) * (width - 1) * 4 * _DIRECTIONS), dtype=np.float32)
    return np.concatenate(batches) if batches else empty


def _hog_batch(pictures: np.ndarray) -> np.ndarray:
    n, height, width = pictures.shape[:3]
    grey = (pictures @ np.array([77, 151, 28], dtype=np.uint16) >> 8).astype(np.int32)
    down = np.zeros_like(grey)
    right = np.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    right[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    first, first_vote, second_vote = _votes()
    gradient = (down + 255) * 511 + (right + 255)
    half = _CELL // 2
    rows, columns = height // half, width // half
    place = (np.arange(height) // half)[:, None] * columns + (np.arange(width) // half)[None, :]
    place = (np.arange(n)[:, None, None] * (rows * columns) + place) * (_DIRECTIONS + 1)
    target = (place + first[gradient]).ravel()
    size = n * rows * columns * (_DIRECTIONS + 1)
    counts = np.bincount(target, first_vote[gradient].ravel(), size)
    counts[1:] += np.bincount(target, second_vote[gradient].ravel(), size)[:-1]
    fine = counts.reshape(n, rows, columns, _DIRECTIONS + 1)
    fine[..., 0] += fine[..., _DIRECTIONS]
    votes = fine[..., :_DIRECTIONS].astype(np.float32)
    votes = np.einsum("ar,nrcd->nacd", _pooling(rows, rows // 2), votes, optimize=True)
    cells = np.einsum("bc,nacd->nabd", _pooling(columns, columns // 2), votes, optimize=True)
    blocks = np.concatenate([cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]], axis=-1)
    blocks /= blocks.sum(axis=-1, keepdims=True) + 1.0
    return np.sqrt(blocks).reshape(n, -1)


@cache
def _votes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every pair of integer differences: the lower direction and the votes for it and for the next one."""
    down, right = np.meshgrid(np.arange(-255, 256), np.arange(-255, 256), indexing="ij")
    position = (np.arctan2(down, right) % np.pi) / np.pi * _DIRECTIONS - 0.5
    position = np.where(position < 0, position + _DIRECTIONS, position)
    lower = np.minimum(np.floor(position).astype(np.int64), _DIRECTIONS - 1)
    upper_share = position - lower
    magnitude = np.hypot(down, right)
    return (
        lower.ravel(),
        (magnitude * (1.0 - upper_share)).ravel(),
        (magnitude * upper_share).ravel(),
    )


@lru_cache(maxsize=8)
def _pooling(fine: int, coarse: int) -> np.ndarray:
    """Triangular weights, (coarse, fine), that give each fine cell to the two nearest coarse ones."""
    centres = (np.arange(coarse) + 0.5) * (fine / coarse)
    distance = np.abs(np.arange(fine)[None, :] + 0.5 - centres[:, None]) / (fine / coarse)
    return np.maximum(0.0, 1.0 - distance).astype(np.float32)


def colour_histogram(pictures: np.ndarray) -> np.ndarray:
    """Square roots of the shares of 64 colours (4 levels per channel, together).

    Parameters
    ----------
    pictures : array of uint8, shape (n, H, W, 3)
        RGB.

    Returns
    -------
    array of float32, shape (n, 64)
        Rows of length 1.

    Examples
    --------
    >>> float(colour_histogram(np.zeros((1, 8, 8, 3), dtype=np.uint8))[0, 0])
    1.0
    """
    counts = np.empty((len(pictures), 64))
    for i, picture in enumerate(pictures):
        top = picture & np.uint8(0xC0)
        colour = (top[..., 0] >> 2) | (top[..., 1] >> 4) | (top[..., 2] >> 6)
        counts[i] = np.bincount(colour.ravel(), minlength=64)
    return np.sqrt(counts / max(pictures.shape[1] * pictures.shape[2], 1)).astype(np.float32)


def thumbnail(pictures: np.ndarray, side: int = 12) -> np.ndarray:
    """The pictures themselves, reduced to ``side`` x ``side`` pixels by averaging.

    Parameters
    ----------
    pictures : array of uint8, shape (n, H, W, 3)
        RGB.
    side : int, default=12
        Side of the result in pixels.

    Returns
    -------
    array of float32, shape (n, side * side * 3)
        Values 0..1.

    Examples
    --------
    >>> thumbnail(np.full((1, 64, 64, 3), 255, dtype=np.uint8)).min().round(5)
    np.float32(1.0)
    """
    n, height, width = pictures.shape[:3]
    down, across = _area(height, side), _area(width, side)
    values = pictures.astype(np.float32).reshape(n, height, width * 3)
    small = (down @ values).reshape(n, side, width, 3)
    return (across @ small).reshape(n, -1) / np.float32(255.0)


@lru_cache(maxsize=8)
def _area(fine: int, coarse: int) -> np.ndarray:
    """Weights, (coarse, fine), of averaging over equally wide stretches; rows sum to one."""
    edges = np.arange(coarse + 1) * (fine / coarse)
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(fine)[None, :]
    overlap = np.clip(np.minimum(high, pixel + 1) - np.maximum(low, pixel), 0.0, None)
    return (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
