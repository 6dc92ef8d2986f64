"""Small random changes of pictures for training: crops, turns of the size, flips, light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from headstart.data.pictures.preprocessing import FILTERS, Preprocessing


@dataclass(frozen=True)
class Augmentation:
    """How far a training picture may be changed.

    Parameters
    ----------
    area : (float, float), default=(0.6, 1.0)
        Least and largest part of the picture that a random crop keeps.
    stretch : float, default=1.2
        Largest factor by which the crop's width to height ratio differs from the network's input.
    flip : bool, default=False
        Mirror left and right with probability 1/2. Wrong for digits, letters, and where sides matter.
    light : float, default=0.15
        Largest relative change of brightness and of contrast.
    """

    area: tuple[float, float] = (0.6, 1.0)
    stretch: float = 1.2
    flip: bool = False
    light: float = 0.15


def augmented(
    canvas: np.ndarray, preprocessing: Preprocessing, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """A random variant of a canvas at the network's input size.

    Parameters
    ----------
    canvas : ndarray of shape (h, w, 3), uint8
        Not written to.
    preprocessing : Preprocessing
    augmentation : Augmentation
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
    """
    height, width = preprocessing.size
    box = random_box(canvas.shape[0], canvas.shape[1], width / height, augmentation, rng)
    picture = Image.fromarray(canvas).resize(
        (width, height), FILTERS[preprocessing.resample], box=box, reducing_gap=2.0
    )
    return _recoloured(picture, augmentation, rng)


def augmented_picture(rgb: np.ndarray, augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """A random crop of a picture at its own resolution, perhaps mirrored, in other light.

    Parameters
    ----------
    rgb : ndarray of shape (h, w, 3), uint8
        Not written to.
    augmentation : Augmentation
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (h', w', 3), uint8
    """
    height, width = rgb.shape[:2]
    left, top, right, bottom = random_box(height, width, width / height, augmentation, rng)
    rows = slice(round(top), max(round(bottom), round(top) + 1))
    columns = slice(round(left), max(round(right), round(left) + 1))
    return _recoloured(Image.fromarray(np.ascontiguousarray(rgb[rows, columns])), augmentation, rng)


def _recoloured(picture: Image.Image, augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Perhaps mirrored, and in other light."""
    if augmentation.flip and rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if augmentation.light <= 0:
        return np.asarray(picture)
    gain, shift = 1.0 + rng.uniform(-1, 1, size=2) * augmentation.light
    table = np.clip((np.arange(256) - 128.0) * gain + 128.0 * shift, 0, 255).astype(np.uint8)
    return np.asarray(picture.point(table.tolist() * len(picture.getbands())))


def random_box(
    height: int, width: int, aspect: float, augmentation: Augmentation, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """A random crop (left, top, right, bottom) inside a picture of height x width, in pixels.

    Its area is a part of the largest crop with the input's aspect (width / height), so that pictures of any shape
    are treated alike.
    """
    largest_w = min(width, height * aspect)
    part = rng.uniform(*augmentation.area)
    stretch = float(np.exp(rng.uniform(-1, 1) * np.log(augmentation.stretch)))
    w = min(largest_w * np.sqrt(part * stretch), width)
    h = min(largest_w / aspect * np.sqrt(part / stretch), height)
    left, top = rng.uniform(0, width - w) if width > w else 0.0, rng.uniform(0, height - h) if height > h else 0.0
    return left, top, min(left + w, width), min(top + h, height)
