"""Dead leaves: shapes that fall on one another; a class has a shape, sizes, a stretch and a direction."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.pretraining.formula.atlas import on_device
from headstart.pretraining.formula.contours import REACH, levels
from headstart.pretraining.formula.draws import Drawn, between, chosen, picture_keys, uniform
from headstart.pretraining.formula.warping import sampled

LEAVES = 30
LARGEST = 0.6  # radius, in half sides of the picture


@lru_cache(maxsize=8)
def leaf_table(n_classes: int, seed: int) -> dict[str, np.ndarray]:
    """What makes the classes, each an array (n,): besides the outline, which is that of `levels`."""
    keys = picture_keys(seed, "leaf classes", np.arange(n_classes), -1)
    return {
        "largest": np.exp(between(keys, "largest", np.log(0.28), np.log(0.6)))[:, 0],
        "ratio": between(keys, "ratio", 1, 2.5)[:, 0],  # of the largest to the smallest
        "stretch": np.exp(between(keys, "stretch", 0, 0.7))[:, 0],  # length over width
        "direction": between(keys, "direction", 0, 2 * np.pi)[:, 0],
        "spread": np.array([0.15, 0.5, np.pi])[chosen(keys, "spread", (1.0, 1.0, 1.0))],  # of directions, to a side
    }


def draw_leaves(classes: np.ndarray, keys: np.ndarray, n_classes: int, seed: int) -> Drawn:
    """Where a picture's leaves lie, how they are turned and coloured; the last ones lie on top.

    Radii r have a density in proportion to r^-3 between the class's bounds, which makes pictures look alike at all
    scales (Lee, Mumford and Huang 2001, section 2; Baradad et al. 2021, section 3.1).
    """
    n, table = len(keys), {name: values[classes][:, None] for name, values in leaf_table(n_classes, seed).items()}
    zoom = np.exp(between(keys, "zoom", -0.15, 0.05))
    rank = uniform(keys, "radius", LEAVES).astype(np.float64)
    radius = np.minimum(table["largest"] * zoom / np.sqrt(1 + rank * (table["ratio"] ** 2 - 1)), LARGEST)
    turn = between(keys, "turn", -0.2, 0.2) + table["direction"]
    angle = turn + table["spread"] * between(keys, "turns", -1, 1, LEAVES)
    cos, sin = np.cos(angle), np.sin(angle)
    wide = table["stretch"]  # the length is the radius, the width so much less
    matrices = np.stack([cos, sin, -sin * wide, cos * wide], axis=2) / (REACH * radius[:, :, None])
    tones = between(keys, "tones", 0, 1, 2 * (LEAVES + 1)).reshape(n, 2, LEAVES + 1)
    tones[:, 0, 0] = 0  # the ground
    tones[:, 0, 1:] = 0.35 + 0.65 * tones[:, 0, 1:]
    return {
        "class": classes,
        "matrices": matrices.astype(np.float32),
        "centres": between(keys, "centres", -1.15, 1.15, 2 * LEAVES).reshape(n, LEAVES, 2),
        "tones": tones,
    }


def leaf_fields(drawn: dict[str, Tensor], size: int, n_classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Pictures of leaves that cover one another (the dead leaves model of Matheron 1968).

    ``masks`` are 0 on the ground and a leaf's own tone, 0.35 to 1, on a leaf; ``shades`` are its second tone.
    Parameters as of `headstart.pretraining.formula.rendered.Family`.
    """
    n, device = len(drawn["class"]), drawn["matrices"].device
    patch = int(np.ceil(LARGEST * size)) + 1  # pixels that the largest leaf spans
    centre = (drawn["centres"] + 1) * (size / 2)
    corner = torch.floor(centre - patch / 2)
    steps = torch.arange(patch, device=device)
    # pixel coordinates relative to the leaf's centre, then the leaf's own
    x, y = ((steps + (corner - centre + 0.5)[..., None]) * (2 / size)).unbind(2)
    a, b, c, d = (drawn["matrices"][..., i, None] for i in range(4))
    grid = torch.stack(
        [
            (a * x)[:, :, None, :] + (b * y)[:, :, :, None],
            (c * x)[:, :, None, :] + (d * y)[:, :, :, None],
        ],
        dim=1,
    )
    fields = on_device(levels, n_classes, seed, device)[drawn["class"]].float()[:, None]
    level = sampled(fields, grid.flatten(2, 3).permute(0, 2, 3, 1)).reshape(n, LEAVES, patch, patch)
    order = torch.arange(1, LEAVES + 1, dtype=torch.int32, device=device)[:, None, None]
    leaf = (level < 1).int().mul_(order)
    side = size + 2 * patch  # with a margin for what lies outside
    columns, rows = (corner.long()[..., None] + (patch + steps)).unbind(2)
    place = (rows * side)[:, :, :, None] + columns[:, :, None, :]
    top = torch.zeros((n, side * side), dtype=torch.int32, device=device)
    top.scatter_reduce_(1, place.flatten(1), leaf.flatten(1), "amax")
    top = top.reshape(n, side, side)[:, patch:-patch, patch:-patch].flatten(1).long()
    masks, shades = (drawn["tones"][:, i].gather(1, top).reshape(n, size, size) for i in (0, 1))
    return masks, shades
