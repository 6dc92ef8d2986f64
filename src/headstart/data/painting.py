"""From masks and shades to pictures: colours, backgrounds, light, blur and grain."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.data.draws import between, chosen, uniform
from headstart.data.textures import natural_noise
from headstart.data.warping import box_blurred, pixel_grid


def _colours(keys: np.ndarray, hues: np.ndarray | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Two colours for the ground and two for the figure, each (n, 3) in 0..1, with a visible contrast.

    A third of the pictures are grey, and of these half have a dark ground and a light figure. With ``hues``
    (n, 3), the figure's colour is drawn near to it: a class may have a colour of its own.
    """
    ground, figure = uniform(keys, "ground", 3), uniform(keys, "figure", 3)
    if hues is not None:
        own = np.clip(hues + between(keys, "hue", -0.15, 0.15, 3), 0, 1)
        figure = np.where(uniform(keys, "own hue") < 0.8, own, figure)
    pale = between(keys, "pale", 0, 1, 2)  # half way to grey on average, as most things are
    ground = ground + pale[:, :1] * (ground.mean(axis=1, keepdims=True) - ground)
    figure = figure + pale[:, 1:] * (figure.mean(axis=1, keepdims=True) - figure)
    style = chosen(keys, "style", (0.64, 0.18, 0.18))[:, None]  # coloured, grey, light on dark
    ground = np.where(style == 1, ground[:, :1], np.where(style == 2, 0.12 * ground[:, :1], ground))
    figure = np.where(style == 1, figure[:, :1], np.where(style == 2, 0.7 + 0.3 * figure[:, :1], figure))
    contrast = figure.mean(axis=1, keepdims=True) - ground.mean(axis=1, keepdims=True)
    side = np.where(contrast >= 0, 1.0, -1.0)
    lacking = np.clip(0.28 - np.abs(contrast), 0, None) * side
    ground, figure = np.clip(ground - lacking, 0, 1), np.clip(figure + lacking, 0, 1)
    spread = np.where(style == 2, 0.1, 0.35)
    other_ground = np.clip(ground + spread * between(keys, "ground 2", -1, 1, 3), 0, 1)
    other_figure = np.clip(figure + spread * between(keys, "figure 2", -1, 1, 3), 0, 1)
    grey = style > 0
    other_ground = np.where(grey, other_ground[:, :1], other_ground)
    other_figure = np.where(grey, other_figure[:, :1], other_figure)
    arrays = (ground, other_ground, figure, other_figure)
    first, second, third, fourth = (torch.from_numpy(a.astype(np.float32)) for a in arrays)
    return first, second, third, fourth


def _ground_shades(keys: np.ndarray, size: int) -> Tensor:
    """Plain, sloping or cloudy grounds: how much of the ground's second colour, 0 to 1, (n, size, size)."""
    kind = torch.from_numpy(chosen(keys, "ground kind", (0.4, 0.2, 0.4)))[:, None, None]
    slope = torch.from_numpy(between(keys, "slope direction", -1, 1, 2))
    sloping = (pixel_grid(size)[None] * slope[:, None, None, :]).sum(-1) * 0.5 + 0.5
    cloudy = torch.sigmoid(1.5 * natural_noise(keys, size))
    return torch.where(kind == 0, torch.zeros(()), torch.where(kind == 1, sloping.clamp(0, 1), cloudy))


def painted(masks: Tensor, shades: Tensor, keys: np.ndarray, hues: np.ndarray | None = None) -> np.ndarray:
    """Colour pictures of figures on grounds.

    Parameters
    ----------
    masks : Tensor, shape (n, size, size)
        Where the figure covers the ground, 0 to 1.
    shades : Tensor, shape (n, size, size)
        How much of its second colour the figure takes, 0 to 1.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    hues : ndarray, shape (n, 3), optional
        Colours near which the figures' are drawn; None: any colour.

    Returns
    -------
    pictures : ndarray of uint8, shape (n, size, size, 3)
    """
    size = masks.shape[-1]
    ground, other_ground, figure, other_figure = (c[:, :, None, None] for c in _colours(keys, hues))
    below = torch.lerp(ground, other_ground, _ground_shades(keys, size)[:, None])
    above = torch.lerp(figure, other_figure, shades[:, None])
    pictures = torch.lerp(below, above, masks[:, None])
    blur = torch.from_numpy(np.clip(between(keys, "blur", -1.0, 1.0), 0, 1))[:, :, None, None]
    pictures = torch.lerp(pictures, box_blurred(pictures), blur)
    grain = torch.from_numpy(np.clip(between(keys, "grain", -0.06, 0.08), 0, 1))[:, :, None, None]
    noise = torch.from_numpy(_grain(keys, size))[:, None]
    return (pictures + grain * noise).clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


@lru_cache(maxsize=1)
def _grain_field() -> np.ndarray:
    return np.random.Generator(np.random.PCG64(20200102)).standard_normal((512, 512), dtype=np.float32)


def _grain(keys: np.ndarray, size: int) -> np.ndarray:
    """White noise of about standard deviation 1, each picture its own window of one field."""
    field = _grain_field()
    corner = (uniform(keys, "grain window", 2) * (len(field) - size)).astype(np.int64)
    return np.stack([field[y : y + size, x : x + size] for y, x in corner])
