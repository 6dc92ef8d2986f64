"""From masks and shades to pictures: colours, grounds, light, blur and grain."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.pretraining.formula.draws import Drawn, between, chosen, uniform
from headstart.pretraining.formula.textures import windows
from headstart.pretraining.formula.warping import box_blurred, pixel_line

SLOPES = (0.8, 1.2, 1.7, 2.2)  # of the clouds' spectra, 1/f^a: photographs have 1 to 1.5


def _colours(keys: np.ndarray, hues: np.ndarray, hued: np.ndarray) -> tuple[np.ndarray, ...]:
    """Two colours for the ground and two for the figure, each (n, 3) in 0..1, with a visible contrast.

    A third of the pictures are grey, and of these half have a dark ground and a light figure. A share
    ``hued`` (n,) of the figures have a colour near to ``hues`` (n, 3): a class may have a colour of its own.
    """
    ground, figure = uniform(keys, "ground", 3), uniform(keys, "figure", 3)
    own = np.clip(hues + between(keys, "hue", -0.15, 0.15, 3), 0, 1)
    figure = np.where(uniform(keys, "own hue") < hued[:, None], own, figure)
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
    return ground, other_ground, figure, other_figure


def draw_paint(keys: np.ndarray, hues: np.ndarray, hued: np.ndarray, cloudy: np.ndarray) -> Drawn:
    """How pictures are painted.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    hues : ndarray, shape (n, 3)
        Colours of the classes, 0 to 1.
    hued : ndarray, shape (n,)
        Chance that a figure's colour is near its class's.
    cloudy : ndarray, shape (n,)
        Chance that a figure is filled with clouds instead of its shades.
    """
    ground, other_ground, figure, other_figure = _colours(keys, hues, hued)
    grain = np.clip(between(keys, "grain", -0.06, 0.08), 0, 1)
    mixing = [figure - ground, other_ground - ground, other_figure - figure, np.repeat(grain, 3, axis=1), ground]
    kind = chosen(keys, "ground kind", (0.4, 0.2, 0.4))  # plain, sloping, cloudy
    slope = between(keys, "slope direction", -0.5, 0.5, 2) * (kind == 1)[:, None]
    scalars = {
        "plain": 0.5 * (kind == 1),
        "cloudy": kind == 2,
        "filled": uniform(keys, "filling")[:, 0] < cloudy,
        "blur": np.clip(between(keys, "blur", -1.0, 1.0)[:, 0], 0, 1),
    }
    return {
        "mixing": np.ascontiguousarray(255 * np.stack(mixing, axis=2), dtype=np.float32),
        "slope": slope.astype(np.float32),
        "layer": (uniform(keys, "cloud slopes", 2) * len(SLOPES)).astype(np.int64),
        "clouds": uniform(keys, "clouds", 4),
        "grain": uniform(keys, "grain window", 2),
        **{name: values.astype(np.float32) for name, values in scalars.items()},
    }


def painted(masks: Tensor, shades: Tensor, drawn: dict[str, Tensor]) -> Tensor:
    """Colour pictures of figures on grounds.

    With mask m (after blur), shade s of the figure, shade g of the ground and grain z a pixel is G + m (F - G) +
    (1 - m) g (G' - G) + m s (F' - F) + strength z: a product of five planes with five colours.

    Parameters
    ----------
    masks : Tensor, shape (n, size, size)
        Where the figure covers the ground, 0 to 1.
    shades : Tensor, shape (n, size, size)
        How much of its second colour the figure takes, 0 to 1.
    drawn : dict of Tensor
        From `draw_paint`.

    Returns
    -------
    pictures : Tensor of uint8, shape (n, size, size, 3)
    """
    n, size = masks.shape[:2]
    plain, cloudy, filled, blur = (drawn[name][:, None, None] for name in ("plain", "cloudy", "filled", "blur"))
    noises = _noises(size, masks.device)
    line = pixel_line(size, masks.device)
    ground = (drawn["slope"][:, :1] * line)[:, None, :] + (drawn["slope"][:, 1:] * line)[:, :, None]
    ground += plain
    ground += cloudy * windows(noises, drawn["layer"][:, 0], drawn["clouds"][:, :2], size, size)
    clouds = windows(noises, drawn["layer"][:, 1], drawn["clouds"][:, 2:], size, size)
    shades = shades + filled * (clouds - shades)
    planes = torch.empty((n, 5, size, size), dtype=masks.dtype, device=masks.device)
    planes[:, 0] = masks + blur * (box_blurred(masks) - masks)
    planes[:, 1] = (1 - planes[:, 0]).mul_(ground)
    planes[:, 2] = planes[:, 0] * shades
    planes[:, 3] = windows(noises, len(SLOPES), drawn["grain"], size, size)
    planes[:, 4] = 1
    pictures = torch.bmm(drawn["mixing"], planes.flatten(2)).add_(0.5).clamp_(0, 255.5)
    return pictures.to(torch.uint8).reshape(n, 3, size, size).permute(0, 2, 3, 1).contiguous()


@lru_cache(maxsize=4)
def _noises(size: int, device: torch.device) -> Tensor:
    """Clouds of each slope, 0 to 1, and white noise of standard deviation 1; (len(SLOPES) + 1, 4 size, 4 size)."""
    side = 4 * size
    rng = np.random.Generator(np.random.PCG64(20200102))
    white = rng.standard_normal((len(SLOPES) + 1, side, side))
    squared = np.fft.fftfreq(side)[:, None] ** 2 + np.fft.rfftfreq(side)[None, :] ** 2
    squared[0, 0] = np.inf
    fields = white.copy()
    for i, slope in enumerate(SLOPES):
        cloud = np.fft.irfft2(np.fft.rfft2(white[i]) * squared ** (-slope / 2), s=(side, side))
        fields[i] = 1 / (1 + np.exp(-1.5 * cloud / cloud.std()))
    return torch.from_numpy(fields.astype(np.float32)).to(device)
