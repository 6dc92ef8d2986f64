"""Small random changes of clips for training: time shift, speed, gain, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.data.clips.changes import (
    coloured_noise,
    faster,
    random_speed,
    with_gain,
    with_noise,
    without_band,
    without_stretch,
)
from headstart.data.clips.preprocessing import SoundPreprocessing, placed
from headstart.errors import ParameterError


@dataclass(frozen=True)
class SoundAugmentation:
    """How far a training clip may be changed.

    Parameters
    ----------
    shift : float, default=0.1
        Largest shift in time, as a part of the network's window; from 0 to 1.
    speed : float, default=1.1
        Largest factor by which a clip is played faster or slower, pitch included; at least 1.
    gain : float, default=6.0
        Largest change of level, in decibels; at least 0.
    snr : (float, float), default=(10.0, 40.0)
        Least and largest signal-to-noise ratio of the noise that is added, in decibels.
    noise : float, default=0.5
        Probability that noise is added; from 0 to 1.
    time_masks, bands : int, default=0
        Stretches of time and bands of frequency that are hidden, as SpecAugment hides them (Park et al. 2019), here
        from the wave, so that it works in front of any network.
    time_width : float, default=0.1
        Largest length of a hidden stretch, as a part of the window; from 0 to 1.
    band_width : float, default=0.15
        Largest width of a hidden band, as a part of the mel scale up to half the rate; from 0 to 1.

    Raises
    ------
    ParameterError
        If one is outside its range.
    """

    shift: float = 0.1
    speed: float = 1.1
    gain: float = 6.0
    snr: tuple[float, float] = (10.0, 40.0)
    noise: float = 0.5
    time_masks: int = 0
    time_width: float = 0.1
    bands: int = 0
    band_width: float = 0.15

    def __post_init__(self) -> None:
        if not (0 <= self.shift <= 1 and 0 <= self.noise <= 1 and self.gain >= 0 and 1 <= self.speed <= 4):
            raise ParameterError(
                "Expected shift and noise from 0 to 1, gain of at least 0 dB and speed from 1 to 4, found "
                f"shift={self.shift}, noise={self.noise}, gain={self.gain}, speed={self.speed}."
            )
        if min(self.time_masks, self.bands) < 0 or not (0 <= self.time_width <= 1 and 0 <= self.band_width <= 1):
            raise ParameterError(
                "Expected time_masks and bands of at least 0, and widths from 0 to 1, found "
                f"time_masks={self.time_masks}, time_width={self.time_width}, bands={self.bands}, "
                f"band_width={self.band_width}."
            )
        if self.snr[0] > self.snr[1]:
            raise ParameterError(f"Expected snr as (least, largest), found {self.snr}.")


def augmented_clip(
    canvas: np.ndarray, preprocessing: SoundPreprocessing, augmentation: SoundAugmentation, rng: np.random.Generator
) -> np.ndarray:
    """A random variant of a clip at the length of the network's window.

    The window is where :meth:`SoundPreprocessing.centre` puts it, shifted; it stays inside a clip that is longer than
    it, and keeps a shorter one whole as far as there is room.

    Parameters
    ----------
    canvas : ndarray of shape (T,), float32
        At the network's rate. Not written to.
    preprocessing : SoundPreprocessing
    augmentation : SoundAugmentation
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (samples,), float32
    """
    return preprocessing.centre(augmented_canvas(canvas, preprocessing, augmentation, rng, one=True))


def augmented_canvas(
    canvas: np.ndarray,
    preprocessing: SoundPreprocessing,
    augmentation: SoundAugmentation,
    rng: np.random.Generator,
    one: bool = False,
) -> np.ndarray:
    """A random variant of a clip, as a canvas.

    Parameters
    ----------
    canvas : ndarray of shape (T,), float32
        At the network's rate. Not written to.
    preprocessing : SoundPreprocessing
        A clip not longer than its window becomes as long as that, a shifted clip with silence around it; where the
        end of a clip is marked, it stays as long as it is but for silence before it.
    augmentation : SoundAugmentation
    rng : numpy.random.Generator
    one : bool, default=False
        Of a longer clip one window alone, shifted too, instead of all of it.

    Returns
    -------
    ndarray of shape (T',), float32
    """
    samples = preprocessing.samples
    factor = random_speed(augmentation.speed, rng)
    wave = faster(canvas, factor)
    offset = round(rng.uniform(-1, 1) * augmentation.shift * samples)
    room = len(wave) - samples
    if room <= 0 and preprocessing.marks_end:
        lead = min(abs(offset), -room)
        wave = placed(wave, -lead, lead + len(wave))
    elif room <= 0 or one:
        start = preprocessing.first_sample(wave) + offset
        wave = placed(wave, int(np.clip(start, min(room, 0), max(room, 0))), samples)
    wave = np.array(wave)
    level, noisy = rng.uniform(-1, 1) * augmentation.gain, rng.random() < augmentation.noise
    snr, colour = rng.uniform(*augmentation.snr), rng.uniform(0, 2)
    if noisy:
        wave = with_noise(wave, coloured_noise(1, len(wave), np.array([-colour]), rng)[0], snr)
    for _ in range(augmentation.time_masks):
        length = int(rng.uniform(0, augmentation.time_width) * min(samples, len(wave)))
        wave = without_stretch(wave, int(rng.integers(len(wave) - length + 1)), length)
    for _ in range(augmentation.bands):
        width = rng.uniform(0, augmentation.band_width)
        low = rng.uniform(0, 1 - width)
        span = 1 + preprocessing.rate / 1400  # 700 Hz is where the mel scale turns from lines to logarithms
        ends = [700 * (span**part - 1) for part in (low, low + width)]
        wave = without_band(wave, preprocessing.rate, *ends)
    return with_gain(wave, level)
