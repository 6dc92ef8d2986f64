"""Two random views of the same picture or clip: what pre-training without labels teaches a network to see as one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageFilter

from headstart.data.clips.changes import equalised, mixed, stretched, with_gain
from headstart.data.clips.preprocessing import placed
from headstart.data.pictures.augment import Augmentation, random_box
from headstart.data.pictures.preprocessing import FILTERS

#: Parts of red, green and blue in how bright a pixel looks (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])
#: From red, green, blue to brightness and two colour axes (YIQ), in which a turn of the axes is a change of hue.
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
#: Side of the pictures for which the papers state the width of the blur, in pixels.
PAPER_SIDE = 224
#: Two other examples, drawn at random.
Others: TypeAlias = Callable[[np.random.Generator], list[np.ndarray]]
#: How much longer than the network's window the part of a clip is from which both views are cut.
ROOM = 1.25


@dataclass(frozen=True)
class PictureChanges:
    """How far two views of a picture may differ.

    The defaults are those of VICReg (Bardes et al. 2022, appendix C.1), which made BYOL's (Grill et al. 2020,
    table 6), which were SimCLR's with solarising, the same for both views, with one exception: crops keep at least
    a fifth of the picture instead of a twelfth, as usual for small pictures (Chen & He 2021, appendix D).

    Parameters
    ----------
    area : (float, float), default=(0.2, 1.0)
        Least and largest part of the picture that a crop keeps.
    stretch : float, default=4/3
        Largest factor by which a crop's shape differs from the input's.
    flip : bool, default=True
        Mirror left and right with probability 1/2. Wrong for digits, letters, and where sides matter.
    jitter : float, default=0.8
        Probability that colours change at all.
    light, contrast, saturation, hue : float, default=0.4, 0.4, 0.2, 0.1
        Largest relative change of each; hue as a part of the whole turn.
    grey : float, default=0.2
        Probability that colour is taken away.
    blur : float, default=0.5
        Probability of a Gaussian blur, 0.1 to 2 pixels wide at 224 pixels and in proportion at other sizes.
    solarise : float, default=0.1
        Probability that values above 128 are turned into their negative.
    """

    area: tuple[float, float] = (0.2, 1.0)
    stretch: float = 4 / 3
    flip: bool = True
    jitter: float = 0.8
    light: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1
    grey: float = 0.2
    blur: float = 0.5
    solarise: float = 0.1

    def pair(self, canvas: np.ndarray, size: int, seed: list[int], others: Others) -> list[np.ndarray]:
        """Two views of a picture; others are not asked for."""
        return [picture_view(canvas, size, self, np.random.default_rng([*seed, view])) for view in range(2)]


def picture_view(canvas: np.ndarray, size: int, settings: PictureChanges, rng: np.random.Generator) -> np.ndarray:
    """A random view of a picture.

    Parameters
    ----------
    canvas : ndarray of shape (h, w, 3), uint8
        Not written to.
    size : int
        Side of the view in pixels.
    settings : PictureChanges
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (size, size, 3), uint8

    Examples
    --------
    >>> canvas = np.full((40, 60, 3), 200, np.uint8)
    >>> picture_view(canvas, 32, PictureChanges(), np.random.default_rng(0)).shape
    (32, 32, 3)
    """
    frame = Augmentation(area=settings.area, stretch=settings.stretch)
    box = random_box(canvas.shape[0], canvas.shape[1], 1.0, frame, rng)
    picture = Image.fromarray(canvas).resize((size, size), FILTERS["bilinear"], box=box, reducing_gap=2.0)
    if settings.flip and rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = np.asarray(picture)
    matrix = np.eye(3)
    middle = 0.0
    if rng.random() < settings.jitter:
        light, contrast, saturation = 1 + rng.uniform(-1, 1, 3) * (
            settings.light,
            settings.contrast,
            settings.saturation,
        )
        matrix = colour_matrix(light * contrast, saturation, rng.uniform(-1, 1) * settings.hue)
        middle = (1 - contrast) * light * float(pixels.reshape(-1, 3).mean(axis=0) @ LUMA)
    if rng.random() < settings.grey:
        matrix = np.tile(LUMA, (3, 1)) @ matrix
    pixels = recoloured(pixels, matrix, middle)
    if rng.random() < settings.blur:
        width = rng.uniform(0.1, 2.0) * size / PAPER_SIDE
        pixels = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(width)))
    if rng.random() < settings.solarise:
        pixels = np.where(pixels < 128, pixels, 255 - pixels)
    return pixels


def colour_matrix(gain: float, saturation: float, hue: float) -> np.ndarray:
    """The 3 x 3 matrix that brightens, saturates and turns the hue of red, green and blue; grey stays grey.

    Libraries change one after the other, in random order, and cut off in between; here it is one product and one
    cut-off at the end, which is several times faster.

    Parameters
    ----------
    gain : float
        Of all values.
    saturation : float
        0 takes colour away, 1 leaves it.
    hue : float
        In turns.

    Examples
    --------
    >>> bool(np.allclose(colour_matrix(1.0, 1.0, 0.0), np.eye(3)))
    True
    """
    cos, sin = math.cos(2 * math.pi * hue), math.sin(2 * math.pi * hue)
    turn = np.array([[1, 0, 0], [0, saturation * cos, -saturation * sin], [0, saturation * sin, saturation * cos]])
    return gain * (np.linalg.inv(YIQ) @ turn @ YIQ)


def recoloured(pixels: np.ndarray, matrix: np.ndarray, shift: float) -> np.ndarray:
    """Pixels (h, w, 3) uint8 times a (3, 3) colour matrix, plus a shift, rounded and cut off at 0 and 255."""
    changed = pixels.astype(np.float32) @ matrix.T.astype(np.float32) + np.float32(shift + 0.5)
    return np.clip(changed, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class SoundChanges:
    """How far two views of a clip may differ: BYOL-A's changes (Niizumi et al. 2021, section III), on the waveform.

    Random resize and crop in time and frequency become a change of speed, which stretches one and shifts the other,
    and a random placement; the random linear fader becomes a gain and a smooth equaliser.

    Parameters
    ----------
    background : float, default=0.4
        Largest part of the power that another clip has in the mixture (their mixup ratio).
    speed : float, default=1.15
        Largest factor of the speed, and of its inverse.
    gain : float, default=10.0
        Largest change of the level, in decibels, up or down.
    tone : float, default=6.0
        Standard deviation of the equaliser's gains, in decibels, at eight frequencies with a line drawn between.
    """

    background: float = 0.4
    speed: float = 1.15
    gain: float = 10.0
    tone: float = 6.0

    def pair(self, canvas: np.ndarray, size: int, seed: list[int], others: Others) -> list[np.ndarray]:
        """Two views of a clip, each with another clip behind it."""
        rng = np.random.default_rng(seed)
        segment = sound_segment(canvas, size, rng)
        return [sound_view(segment, size, self, rng, behind) for behind in others(rng)]


def sound_segment(wave: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """The part of a clip from which both views are cut: 1.25 windows long, around a moment drawn by its energy.

    Two views from far apart in a long clip need not have anything in common, and most of a recording may be silence.

    Parameters
    ----------
    wave : ndarray of shape (T,)
    samples : int
        The network's window.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (min(T, 1.25 * samples),)
        A view of the clip.
    """
    length = math.ceil(ROOM * samples)
    if len(wave) <= length:
        return wave
    energy = np.cumsum(np.square(wave, dtype=np.float64))
    moment = int(np.searchsorted(energy, rng.random() * energy[-1])) if energy[-1] > 0 else len(wave) // 2
    start = moment - int(rng.uniform(0.25, 0.75) * length)
    start = min(max(start, 0), len(wave) - length)
    return wave[start : start + length]


def sound_view(
    segment: np.ndarray,
    samples: int,
    settings: SoundChanges,
    rng: np.random.Generator,
    background: np.ndarray | None = None,
) -> np.ndarray:
    """A random view of a clip.

    Parameters
    ----------
    segment : ndarray of shape (T,), float32
        From `sound_segment`; not written to.
    samples : int
        Length of the view.
    settings : SoundChanges
    rng : numpy.random.Generator
    background : ndarray of shape (T',), float32, optional
        Another clip, mixed in at a random share of the power.

    Returns
    -------
    ndarray of shape (samples,), float32
    """
    view = anywhere(stretched(segment, settings.speed ** rng.uniform(-1, 1)), samples, rng)
    view = equalised(view, settings.tone * rng.standard_normal(8))
    if background is not None:
        share = rng.uniform(0, settings.background)
        view = mixed(view, anywhere(sound_segment(background, samples, rng), samples, rng), share)
    return with_gain(view, rng.uniform(-1, 1) * settings.gain)


def anywhere(wave: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """A wave at a random place in a window (samples,): cut if it is longer, with silence around it if shorter."""
    spare = len(wave) - samples
    start = int(rng.integers(abs(spare) + 1))
    return np.array(placed(wave, start if spare >= 0 else -start, samples), np.float32)
