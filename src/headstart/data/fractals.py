"""Iterated function systems: a class is a set of affine maps, a picture is the set that they leave in place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.data.draws import between, chosen, picture_keys, uniform
from headstart.data.warping import affine, box_blurred

MAPS = 4  # a system has two, three or four maps
POINTS = 160  # walked side by side
WARM_UP = 8
STEPS = 26  # of each walk; the first WARM_UP leave no trace


def _drawn_systems(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Random contractive systems: maps (n, MAPS, 2, 3) and the chance of each map (n, MAPS).

    The singular values of k maps sum to between (5 + k)/2 and (6 + k)/2, the second counted twice, which gives
    shapes that neither vanish nor fill the plane (Anderson and Farrell 2022, section 3.2).
    """
    n = len(keys)
    count = 2 + chosen(keys, "maps", (1.0, 1.0, 1.0))
    used = np.arange(MAPS)[None, :] < count[:, None]
    share = uniform(keys, "singular", 2 * MAPS).reshape(n, MAPS, 2) * used[:, :, None]
    first, second = share.max(axis=2), share.min(axis=2)
    total = between(keys, "total", 0, 0.5)[:, 0] + (5 + count) / 2
    for _ in range(12):  # scale to the total, at most 0.98 each
        factor = total / np.maximum((first + 2 * second).sum(axis=1), 1e-6)
        first = np.clip(first * factor[:, None], 0, 0.98) * used
        second = np.minimum(second * factor[:, None], first)
    turns = between(keys, "turns", 0, 2 * np.pi, 2 * MAPS).reshape(n, MAPS, 2)
    flips = np.where(uniform(keys, "flips", 2 * MAPS).reshape(n, MAPS, 2) < 0.5, -1.0, 1.0)
    values = np.stack([first, second], axis=2) * flips
    linear = _rotations(turns[..., 0]) @ (values[..., None] * _rotations(turns[..., 1]))
    offset = between(keys, "offsets", -1, 1, 2 * MAPS).reshape(n, MAPS, 2, 1)
    determinant = np.abs(values.prod(axis=2)) + 0.02
    chance = determinant * used
    return np.concatenate([linear, offset], axis=3), chance / chance.sum(axis=1, keepdims=True)


def _rotations(angles: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def walked(maps: np.ndarray, chance: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the attractors, found by random walks (the chaos game of Barnsley 1988).

    Parameters
    ----------
    maps : ndarray, shape (n, MAPS, 2, 3)
        Affine maps of each system.
    chance : ndarray, shape (n, MAPS)
        How often each map is taken.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.

    Returns
    -------
    points : ndarray of float32, shape (n, POINTS * (STEPS - WARM_UP), 2)
    last : ndarray of int, shape (n, POINTS * (STEPS - WARM_UP))
        Which map led to the point.
    """
    n = len(keys)
    edges = np.cumsum(chance, axis=1)[:, None, :-1].astype(np.float32)
    base = (np.arange(n) * MAPS)[:, None]
    table = maps.reshape(n * MAPS, 6).astype(np.float32)
    at = between(keys, "start", -1, 1, 2 * POINTS).reshape(n, POINTS, 2)
    x, y = at[..., 0], at[..., 1]
    steps = uniform(keys, "walk", STEPS * POINTS).reshape(n, STEPS, POINTS)
    trail = np.empty((n, STEPS - WARM_UP, POINTS, 2), dtype=np.float32)
    last = np.empty((n, STEPS - WARM_UP, POINTS), dtype=np.int64)
    for step in range(STEPS):
        taken = (steps[:, step, :, None] >= edges).sum(axis=2)
        row = table[base + taken]
        x, y = row[..., 0] * x + row[..., 1] * y + row[..., 2], row[..., 3] * x + row[..., 4] * y + row[..., 5]
        if step >= WARM_UP:
            trail[:, step - WARM_UP, :, 0], trail[:, step - WARM_UP, :, 1] = x, y
            last[:, step - WARM_UP] = taken
    return trail.reshape(n, -1, 2), last.reshape(n, -1)


@lru_cache(maxsize=8)
def systems(n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The systems of the first classes: maps, chances, centre (n, 2) and half width (n,) of the attractor.

    Of five candidates a class takes the one whose points cover the most cells of a 24 x 24 grid.
    """
    candidates = 5
    found: list[np.ndarray] = []
    best = np.full(n_classes, -1.0)
    for trial in range(candidates):
        keys = picture_keys(seed, f"fractal classes {trial}", np.arange(n_classes), -1)
        maps, chance = _drawn_systems(keys)
        points, _ = walked(maps, chance, keys)
        low, high = np.quantile(points, 0.01, axis=1), np.quantile(points, 0.99, axis=1)
        half = np.maximum((high - low).max(axis=1) / 2, 1e-3)
        centre = (low + high) / 2
        cells = np.clip(((points - centre[:, None]) / half[:, None, None] + 1) * 12, 0, 23).astype(np.int64)
        flat = cells[..., 1] * 24 + cells[..., 0] + np.arange(n_classes)[:, None] * 576
        covered = (np.bincount(flat.ravel(), minlength=n_classes * 576).reshape(n_classes, 576) > 0).mean(axis=1)
        better = covered > best
        best = np.where(better, covered, best)
        fresh = [maps, chance, centre, half]
        if not found:
            found = fresh
        found = [np.where(better.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(fresh, found, strict=True)]
    return found[0], found[1], found[2], found[3]


def fractal_fields(
    classes: np.ndarray, keys: np.ndarray, size: int, n_classes: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Attractors of iterated function systems (Kataoka et al. 2020, "Pre-training without natural images").

    A picture's own system has each parameter of its class's changed by up to 8%, as the weights in the paper.

    Parameters
    ----------
    classes : ndarray of int, shape (n,)
        Index of the system.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    size : int
        Side of the pictures in pixels.
    n_classes, seed : int
        Which table of systems.

    Returns
    -------
    masks : Tensor, shape (n, size, size)
        Where the attractor is, 0 to 1; denser is nearer 1.
    shades : Tensor, shape (n, size, size)
        Which map led there, smoothed, 0 to 1: the inner structure.
    """
    n = len(classes)
    maps, chance, centre, half = (table[classes] for table in systems(n_classes, seed))
    maps = maps * between(keys, "jitter", 0.92, 1.08, MAPS * 6).reshape(n, MAPS, 2, 3)
    points, last = walked(maps, chance, keys)
    points = (points - centre[:, None].astype(np.float32)) / half[:, None, None].astype(np.float32)
    matrices = affine(keys, turn=25, scale=(0.6, 1.3), shear=0.2, shift=0.05)
    inverse = np.linalg.inv(matrices[:, :, :2])
    placed = (points - matrices[:, None, :, 2]) @ inverse.transpose(0, 2, 1)
    cells = np.floor((placed + 1) * (size / 2))
    inside = ((cells >= 0) & (cells < size)).all(axis=2)
    cells = np.where(inside[..., None], cells, 0).astype(np.int64)
    flat = (np.arange(n)[:, None] * size + cells[..., 1]) * size + cells[..., 0]
    weight = inside.ravel().astype(np.float32)
    total = n * size * size
    density = np.bincount(flat.ravel(), weight, minlength=total)
    shade = np.bincount(flat.ravel(), weight * (last.ravel() + 0.5) / MAPS, minlength=total)
    both = torch.from_numpy(np.stack([density, shade]).astype(np.float32)).reshape(2 * n, 1, size, size)
    both = 0.5 * both + 0.5 * box_blurred(both)
    density_map, shade_map = both[:n, 0], both[n:, 0]
    masks = 1 - torch.exp(-1.6 * density_map)
    return masks, (shade_map / density_map.clamp(min=1e-6)).clamp(0, 1)
