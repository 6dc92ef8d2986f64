"""Closed contours around a centre: a class is a radial outline with its filling, as a thing with a shape."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.data.draws import between, chosen, picture_keys, uniform
from headstart.data.warping import affine, object_grid

RAYS = 128
HARMONICS = 8


@lru_cache(maxsize=8)
def outlines(n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radii of the outlines (n, RAYS), 0.2 to 1; number of rings inside (n,); share of the hole (n,).

    Half of the classes are polygons and stars with rounded corners, r = |cos|-like in m corners; half are smooth
    curves of eight random harmonics; both are mixed with a third of the other.
    """
    keys = picture_keys(seed, "contour classes", np.arange(n_classes), -1)
    theta = (np.arange(RAYS) + 0.5) * (2 * np.pi / RAYS)
    order = np.arange(1, HARMONICS + 1)
    size = between(keys, "amplitude", -1, 1, HARMONICS) / order[None, :] ** 0.7
    phase = between(keys, "phase", 0, 2 * np.pi, HARMONICS)
    smooth = (size[:, :, None] * np.cos(order[None, :, None] * theta + phase[:, :, None])).sum(axis=1)
    smooth /= np.abs(smooth).max(axis=1, keepdims=True)
    corners = 3 + chosen(keys, "corners", (1.0,) * 10)
    wave = ((theta[None, :] * corners[:, None] / (2 * np.pi)) % 1) * 2 - 1
    power = np.exp(between(keys, "power", -1.2, 1.2))
    star = 2 * np.abs(wave) ** power - 1
    polygonal = uniform(keys, "polygonal") < 0.5
    other = between(keys, "mixed", 0, 0.35)
    curve = np.where(polygonal, (1 - other) * star + other * smooth, (1 - other) * smooth + other * star)
    depth = between(keys, "depth", 0.35, 0.8)
    radii = 1 - depth * (1 - curve) / 2
    radii /= radii.max(axis=1, keepdims=True)
    rings = chosen(keys, "rings", (3.0, 1.0, 1.0, 1.0))
    hole = np.where(uniform(keys, "hole")[:, 0] < 0.3, between(keys, "hole size", 0.2, 0.6)[:, 0], 0.0)
    return radii.astype(np.float32), rings, hole.astype(np.float32)


def contour_fields(
    classes: np.ndarray, keys: np.ndarray, size: int, n_classes: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Filled, ringed and hollow contours (after the radial contours of Kataoka et al. 2022).

    Parameters
    ----------
    classes : ndarray of int, shape (n,)
        Index of the outline.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    size : int
        Side of the pictures in pixels.
    n_classes, seed : int
        Which table of outlines.

    Returns
    -------
    masks : Tensor, shape (n, size, size)
        Where the thing is, 0 to 1; in one of four pictures only a line along its edges.
    shades : Tensor, shape (n, size, size)
        Rings inside, 0 to 1.
    """
    radii, rings, hole = (table[classes] for table in outlines(n_classes, seed))
    changed = radii * (1 + 0.05 * between(keys, "rays", -1, 1, 8).repeat(RAYS // 8, axis=1))
    table = torch.from_numpy(np.stack([changed, np.roll(changed, -1, axis=1)]))
    matrices = affine(keys, turn=20, scale=(0.6, 1.2), shear=0.2, shift=0.05)
    grid = object_grid(keys, size, matrices, elastic=0.12)
    x, y = grid[..., 0], grid[..., 1]
    rho = torch.sqrt(x * x + y * y)
    ray = (torch.atan2(y, x) * (RAYS / (2 * np.pi)) + 2 * RAYS - 0.5) % RAYS
    floor = ray.floor()
    index = floor.long().clamp(max=RAYS - 1).flatten(1)
    share = (ray - floor).flatten(1)
    radius = (table[0].gather(1, index) * (1 - share) + table[1].gather(1, index) * share).reshape(rho.shape)
    level = rho / radius
    sharp = torch.from_numpy(between(keys, "sharp", 12, 30))[:, :, None]
    inner = torch.from_numpy(hole)[:, None, None]
    field = torch.minimum(1 - level, torch.where(inner > 0, level - inner, 1.0))
    lined = torch.from_numpy(uniform(keys, "lined")[:, 0] < 0.25)[:, None, None]
    pen = torch.from_numpy(between(keys, "pen", 0.05, 0.12))[:, :, None]
    masks = torch.sigmoid(torch.where(lined, pen - field.abs(), field) * sharp)
    waves = torch.from_numpy(rings.astype(np.float32))[:, None, None]
    return masks, 0.5 + 0.5 * torch.cos(2 * np.pi * waves * level)
