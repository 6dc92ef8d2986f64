"""Random turns, scales, shears and elastic distortions, as grids of object coordinates."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from headstart.data.draws import between


def pixel_grid(size: int) -> Tensor:
    """Coordinates (x, y) of the pixel centres of a square picture, in -1..1; shape (size, size, 2)."""
    line = (torch.arange(size, dtype=torch.float32) + 0.5) * (2 / size) - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1)


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
    matrices : ndarray of float32, shape (n, 2, 3)
    """
    angle = np.deg2rad(between(keys, "turn", -turn, turn)[:, 0])
    size = np.exp(between(keys, "scale", np.log(scale[0]), np.log(scale[1]))[:, 0])
    stretch = np.exp(between(keys, "stretch", -0.16, 0.16, 2))
    lean = between(keys, "shear", -shear, shear)[:, 0]
    room = shift + 0.5 * np.clip(1 - size, 0, 1)
    centre = between(keys, "shift", -1, 1, 2) * room[:, None]
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    sheared = np.zeros_like(turned)
    sheared[:, 0, 0], sheared[:, 1, 1], sheared[:, 0, 1] = 1, 1, lean
    linear = sheared @ turned / (size[:, None] * stretch)[:, :, None]
    offset = -(linear @ centre[:, :, None])
    return np.concatenate([linear, offset], axis=2).astype(np.float32)


def object_grid(keys: np.ndarray, size: int, matrices: np.ndarray, elastic: float = 0.0) -> Tensor:
    """Where in the object each pixel of each picture looks.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    size : int
        Side of the pictures in pixels.
    matrices : ndarray of float32, shape (n, 2, 3)
        From `affine`.
    elastic : float, default=0.0
        Largest size of a smooth random displacement (Simard et al. 2003), in object coordinates; each picture
        has its own share of it.

    Returns
    -------
    grid : Tensor, shape (n, size, size, 2)
        Object coordinates (x, y); the object lies in -1..1.
    """
    pixels = pixel_grid(size).reshape(1, -1, 2)
    moves = torch.from_numpy(matrices)
    grid = (pixels @ moves[:, :, :2].transpose(1, 2) + moves[:, None, :, 2]).reshape(len(keys), size, size, 2)
    if elastic > 0:
        knots = between(keys, "elastic", -1, 1, 2 * 25).reshape(-1, 2, 5, 5)
        knots = knots * (between(keys, "elastic share", 0, 1)[:, :, None, None] * np.float32(elastic))
        smooth = F.interpolate(torch.from_numpy(knots), size=(size, size), mode="bicubic", align_corners=True)
        grid = grid + smooth.permute(0, 2, 3, 1)
    return grid


def sampled(fields: Tensor, grid: Tensor) -> Tensor:
    """Values of fields (n, c, h, w) at object coordinates (n, H, W, 2), bilinear; beyond the border its value."""
    return F.grid_sample(fields, grid, mode="bilinear", padding_mode="border", align_corners=False)


def box_blurred(pictures: Tensor) -> Tensor:
    """Means over 3 x 3 pixels, the border repeated; any shape (..., h, w)."""
    rows = torch.cat([pictures[..., :1, :], pictures, pictures[..., -1:, :]], dim=-2)
    rows = rows[..., :-2, :] + rows[..., 1:-1, :] + rows[..., 2:, :]
    both = torch.cat([rows[..., :1], rows, rows[..., -1:]], dim=-1)
    return (both[..., :-2] + both[..., 1:-1] + both[..., 2:]) / 9
