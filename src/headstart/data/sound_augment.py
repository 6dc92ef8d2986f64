"""Small random changes of clips for training: time shift, speed, gain, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from headstart.data.sound_preprocessing import SoundPreprocessing, placed
from headstart.errors import ParameterError

_SILENCE = 1e-12


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

    def __post_init__(self) -> None:
        if not (0 <= self.shift <= 1 and 0 <= self.noise <= 1 and self.gain >= 0 and 1 <= self.speed <= 4):
            raise ParameterError(
                "Expected shift and noise from 0 to 1, gain of at least 0 dB and speed from 1 to 4, found "
                f"shift={self.shift}, noise={self.noise}, gain={self.gain}, speed={self.speed}."
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
    samples = preprocessing.samples
    factor = float(np.exp(rng.uniform(-1, 1) * np.log(augmentation.speed)))
    wave = faster(canvas, factor)
    offset = round(rng.uniform(-1, 1) * augmentation.shift * samples)
    start = preprocessing.first_sample(wave) + offset
    room = len(wave) - samples
    window = np.array(placed(wave, int(np.clip(start, min(room, 0), max(room, 0))), samples))
    level, noisy = rng.uniform(-1, 1) * augmentation.gain, rng.random() < augmentation.noise
    snr, colour = rng.uniform(*augmentation.snr), rng.uniform(0, 2)
    if noisy:
        window = with_noise(window, coloured_noise(samples, colour, rng), snr)
    return with_gain(window, level)


def shifted(wave: np.ndarray, samples: int) -> np.ndarray:
    """Move a wave later (``samples`` above 0) or earlier, with zeros where nothing is left: y[t] = x[t - samples].

    Examples
    --------
    >>> shifted(np.array([1.0, 2.0, 3.0]), 1).tolist(), shifted(np.array([1.0, 2.0, 3.0]), -2).tolist()
    ([0.0, 1.0, 2.0], [3.0, 0.0, 0.0])
    """
    return np.array(placed(wave, -samples, len(wave)))


def with_gain(wave: np.ndarray, decibels: float) -> np.ndarray:
    """Change the level: y = x 10^(decibels / 20).

    Examples
    --------
    >>> with_gain(np.array([0.5, -0.1]), 20.0).tolist()
    [5.0, -1.0]
    """
    return wave * wave.dtype.type(10 ** (decibels / 20))


def with_noise(wave: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """Add noise, scaled so that the ratio of mean squares of wave and noise is ``snr`` decibels.

    y = x + n sqrt(P_x / (P_n 10^(snr / 10))), P the mean square. A wave or noise without energy stays as it is.

    Parameters
    ----------
    wave, noise : ndarray of shape (T,)
    snr : float
        In decibels.

    Returns
    -------
    ndarray of shape (T,), of the wave's type
    """
    power, noise_power = (float(np.mean(np.square(x, dtype=np.float64))) for x in (wave, noise))
    if power <= _SILENCE or noise_power <= _SILENCE:
        return wave.copy()
    factor = np.sqrt(power / (noise_power * 10 ** (snr / 10)))
    return (wave + factor * noise).astype(wave.dtype)


def coloured_noise(samples: int, exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise whose power falls with frequency as 1 / f^exponent, at mean square 1.

    Parameters
    ----------
    samples : int
    exponent : float
        0 is white, 1 pink, 2 brown.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (samples,), float32
    """
    spectrum = np.fft.rfft(rng.standard_normal(samples, dtype=np.float32))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1.0) ** (-exponent / 2)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, samples)
    return (noise / np.sqrt(np.mean(noise**2) + _SILENCE)).astype(np.float32)


def faster(wave: np.ndarray, factor: float) -> np.ndarray:
    """Play a wave faster: T samples become T / factor, and every frequency is multiplied by ``factor``.

    Parameters
    ----------
    wave : ndarray of shape (T,), float32
    factor : float
        Above 0; below 1 is slower.
    """
    if factor <= 0:
        raise ParameterError(f"Expected a factor of speed above 0, found {factor}.")
    return wave if factor == 1 else soxr.resample(wave, factor, 1.0, quality="MQ")
