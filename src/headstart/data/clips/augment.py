"""Small random changes of clips for training: time shift, speed, gain, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from headstart.data.clips.preprocessing import SoundPreprocessing, placed
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
        wave = with_noise(wave, coloured_noise(len(wave), colour, rng), snr)
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


def without_stretch(wave: np.ndarray, start: int, length: int) -> np.ndarray:
    """A wave with silence from ``start`` on, for ``length`` samples.

    Examples
    --------
    >>> without_stretch(np.array([1.0, 2.0, 3.0]), 1, 1).tolist()
    [1.0, 0.0, 3.0]
    """
    found = wave.copy()
    found[start : start + length] = 0
    return found


def without_band(wave: np.ndarray, rate: int, low: float, high: float) -> np.ndarray:
    """A wave without its frequencies from ``low`` to ``high``, in Hz.

    Examples
    --------
    >>> t = np.arange(800) / 8000
    >>> both = np.sin(2 * np.pi * 1000 * t) + np.sin(2 * np.pi * 3000 * t)
    >>> bool(np.allclose(without_band(both, 8000, 2500, 3500), np.sin(2 * np.pi * 1000 * t), atol=1e-9))
    True
    """
    spectrum = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1 / rate)
    spectrum[(hertz >= low) & (hertz < high)] = 0
    return np.fft.irfft(spectrum, len(wave)).astype(wave.dtype)


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


def random_speed(largest: float, rng: np.random.Generator) -> float:
    """A factor between ``1 / largest`` and ``largest``, as often faster as slower."""
    return float(np.exp(rng.uniform(-1, 1) * np.log(largest)))


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
