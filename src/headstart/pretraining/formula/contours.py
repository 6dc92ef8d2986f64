"""Closed contours around a centre: a class is a radial outline with its filling, as a thing with a shape."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.pretraining.formula.atlas import on_device
from headstart.pretraining.formula.draws import Drawn, between, chosen, picture_keys, uniform
from headstart.pretraining.formula.warping import affine, object_grid, sampled, step, warps

RAYS = 128
HARMONICS = 8
LEVELS, REACH = 64, 1.25  # cells and half width of a field


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


def levels(n_classes: int, seed: int) -> np.ndarray:
    """The outlines as fields: distance from the centre over the outline's radius, float16 (n, LEVELS, LEVELS).

    A field spans -REACH to REACH, so that an outline of radius 1 lies inside it.
    """
    radii = outlines(n_classes, seed)[0]
    line = ((np.arange(LEVELS) + 0.5) * (2 / LEVELS) - 1) * REACH
    x, y = np.meshgrid(line, line)
    ray = (np.arctan2(y, x) * (RAYS / (2 * np.pi)) + 2 * RAYS - 0.5) % RAYS
    first = ray.astype(np.int64) % RAYS
    share = (ray - np.floor(ray)).astype(np.float32)
    radius = radii[:, first] * (1 - share) + radii[:, (first + 1) % RAYS] * share
    return (np.hypot(x, y) / radius).astype(np.float16)


def draw_contours(classes: np.ndarray, keys: np.ndarray, n_classes: int, seed: int) -> Drawn:
    """What a picture's contour is: its class's outline, rings and hole, turned, scaled and bent; one in four lined."""
    _, rings, hole = (table[classes] for table in outlines(n_classes, seed))
    matrices = affine(keys, turn=20, scale=(0.6, 1.2), shear=0.2, shift=0.05)
    return {
        "class": classes,
        "warp": warps(keys, matrices / REACH, elastic=0.16 / REACH),
        "rings": rings.astype(np.float32),
        "hole": np.where(hole > 0, hole, -9).astype(np.float32),
        "sharp": between(keys, "sharp", 12, 30)[:, 0],
        "lined": (uniform(keys, "lined")[:, 0] < 0.25).astype(np.float32),
        "pen": between(keys, "pen", 0.05, 0.12)[:, 0],
    }


def contour_fields(drawn: dict[str, Tensor], size: int, n_classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Filled, ringed and hollow contours (after the radial contours of Kataoka et al. 2022).

    ``masks`` are where the thing is, in one of four pictures only a line along its edges; ``shades`` are rings inside.
    Parameters as of `headstart.pretraining.formula.rendered.Family`.
    """
    rings, hole, sharp, lined, pen = (drawn[name][:, None, None] for name in ("rings", "hole", "sharp", "lined", "pen"))
    atlas = on_device(levels, n_classes, seed, rings.device)
    level = sampled(atlas[drawn["class"]].float()[:, None], object_grid(drawn["warp"], size))[:, 0]
    field = torch.minimum(1 - level, level - hole)
    field += lined * (pen - field.abs() - field)
    return step(field.mul_(sharp)), torch.cos(2 * np.pi * rings * level).mul_(0.5).add_(0.5)
