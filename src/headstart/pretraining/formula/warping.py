"""Random turns, scales, shears and elastic distortions: drawn as small arrays, applied to whole batches of pixels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from headstart.pretraining.formula.draws import between

WAVES = 4  # cosines an axis, of half a wave to two waves a picture
TERMS = 2 + WAVES  # 1, the coordinate itself, and the cosines


def affine(keys: np.ndarray, *, turn: float, scale: tuple[float, float], shear: float, shift: float) -> np.ndarray:
    """Random matrices that lead from a picture's coordinates to an object's.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    turn : float
        Largest turn to either side, in degrees.
    scale : (float, float)
        Smallest and largest size of the object, as a share of the picture's side; each axis is stretched by a
        further factor of 0.85 to 1.18.
    shear : float
        Largest shear to either side.
    shift : float
        Largest shift of the centre, as a share of the half side; 0 keeps it in the middle. What is small may
        move further: up to half of the space that it leaves.

    Returns
    -------
    matrices : ndarray of float64, shape (n, 2, 3)
    """
    angle = np.deg2rad(between(keys, "turn", -turn, turn)[:, 0].astype(np.float64))
    size = np.exp(between(keys, "scale", np.log(scale[0]), np.log(scale[1]))[:, 0].astype(np.float64))
    stretch = np.exp(between(keys, "stretch", -0.16, 0.16, 2).astype(np.float64))
    lean = between(keys, "shear", -shear, shear)[:, 0]
    room = shift + 0.5 * np.clip(1 - size, 0, 1)
    centre = between(keys, "shift", -1, 1, 2) * room[:, None]
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.empty((len(keys), 2, 2))
    linear[:, 0, 0], linear[:, 0, 1] = cos - lean * sin, sin + lean * cos
    linear[:, 1, 0], linear[:, 1, 1] = -sin, cos
    linear /= (size[:, None] * stretch)[:, :, None]
    offset = -(linear[:, :, 0] * centre[:, :1] + linear[:, :, 1] * centre[:, 1:])
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def _cosines(t: Tensor) -> Tensor:
    """The terms of a warp at coordinates t in -1..1, shape (len(t), TERMS)."""
    order = torch.arange(1, WAVES + 1, dtype=t.dtype, device=t.device)
    return torch.cat([torch.ones_like(t)[:, None], t[:, None], torch.cos(order * (np.pi / 2) * (t[:, None] + 1))], 1)


@lru_cache(maxsize=16)
def _terms(size: int, device: torch.device) -> Tensor:
    return _cosines(pixel_line(size, torch.device("cpu"))).to(device)


@lru_cache(maxsize=16)
def pixel_line(size: int, device: torch.device) -> Tensor:
    """Coordinates of the pixel centres along a side, in -1..1; shape (size,)."""
    return ((torch.arange(size, dtype=torch.float32) + 0.5) * (2 / size) - 1).to(device)


def warps(keys: np.ndarray, matrices: np.ndarray, elastic: float) -> np.ndarray:
    """Coefficients of smooth maps from a picture to an object: an affine map plus a random displacement.

    x(s, t) = sum over j, k of coefficient[0, j, k] b_j(t) b_k(s), and y with coefficient[1]; s, t are a pixel's
    column and row in -1..1 and b = (1, t, cos(pi/2 (t + 1)), ..., cos(4 pi/2 (t + 1))). Slow waves are strong: the
    coefficients of the cosines j, k fall with 1 / (1 + (j^2 + k^2) / 6), as smooth random displacements do
    (Simard et al. 2003).

    Parameters
    ----------
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    matrices : ndarray, shape (n, 2, 3)
        From `affine`.
    elastic : float
        Size of the displacement in object coordinates (root mean square 0.6 of it at most); each picture has its own
        share of it.

    Returns
    -------
    coefficients : ndarray of float32, shape (n, 2, TERMS, TERMS)
    """
    n = len(keys)
    order = np.arange(WAVES + 1)
    fall = 1 / (1 + (order[:, None] ** 2 + order[None, :] ** 2) / 6)
    fall[0, 0] = 0  # a shift is drawn elsewhere
    power = (fall**2 * np.where(order[:, None] > 0, 0.5, 1) * np.where(order[None, :] > 0, 0.5, 1)).sum() / 3
    fall *= 0.6 / np.sqrt(power)
    waves = between(keys, "elastic", -1, 1, 2 * fall.size).reshape(n, 2, *fall.shape) * fall
    waves *= elastic * between(keys, "elastic share", 0, 1)[:, :, None, None]
    coefficients = np.zeros((n, 2, TERMS, TERMS), dtype=np.float32)
    rest = np.array([0, *range(2, TERMS)])
    coefficients[:, :, rest[:, None], rest[None, :]] = waves
    coefficients[:, :, 0, 0] = matrices[:, :, 2]
    coefficients[:, :, 0, 1] = matrices[:, :, 0]
    coefficients[:, :, 1, 0] = matrices[:, :, 1]
    return coefficients


def object_grid(coefficients: Tensor, size: int) -> Tensor:
    """Where in the object each pixel of each picture looks.

    Parameters
    ----------
    coefficients : Tensor, shape (n, 2, TERMS, TERMS)
        From `warps`.
    size : int
        Side of the pictures in pixels.

    Returns
    -------
    grid : Tensor, shape (n, size, size, 2)
        Object coordinates (x, y); the object lies in -1..1.
    """
    n = 2 * len(coefficients)
    terms = _terms(size, coefficients.device)
    rows = torch.bmm(terms.expand(n, -1, -1), coefficients.flatten(0, 1))
    return torch.bmm(rows, terms.T.expand(n, -1, -1)).reshape(-1, 2, size, size).permute(0, 2, 3, 1)


def sampled(fields: Tensor, grid: Tensor) -> Tensor:
    """Values of fields (n, c, h, w) at object coordinates (n, H, W, 2), bilinear; beyond the border its value."""
    return F.grid_sample(fields, grid, mode="bilinear", padding_mode="border", align_corners=False)


def box_blurred(pictures: Tensor) -> Tensor:
    """Means over 3 x 3 pixels, the border repeated; any shape (..., h, w)."""
    rows = pictures.clone()
    rows[..., 1:, :] += pictures[..., :-1, :]
    rows[..., :-1, :] += pictures[..., 1:, :]
    rows[..., 0, :] += pictures[..., 0, :]
    rows[..., -1, :] += pictures[..., -1, :]
    both = rows.clone()
    both[..., 1:] += rows[..., :-1]
    both[..., :-1] += rows[..., 1:]
    both[..., 0] += rows[..., 0]
    both[..., -1] += rows[..., -1]
    return both.mul_(1 / 9)


def step(values: Tensor) -> Tensor:
    """The logistic function, as 0.5 + 0.5 tanh(v / 2).

    `torch.sigmoid` on a CPU may give another last digit to the last few numbers of an array, so that a picture would
    depend on its batch; `torch.tanh` does not.
    """
    return values.mul(0.5).tanh_().mul_(0.5).add_(0.5)
