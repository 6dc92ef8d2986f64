"""Changes of sounds, pure functions of arrays: level, noise, speed, place, and what is hidden or mixed in."""

from __future__ import annotations

import math

import numpy as np
import soxr
from scipy.fft import irfft, rfft, rfftfreq

from headstart.data.clips.preprocessing import placed
from headstart.errors import ParameterError


def power(sounds: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
    """Mean square of each sound.

    Parameters
    ----------
    sounds : ndarray, shape (..., samples)
    active : ndarray of int, shape (...,), optional
        Samples that count in the mean, where the rest is silence.

    Returns
    -------
    power : ndarray, shape (...,)

    Examples
    --------
    >>> power(np.array([[3.0, 4.0, 0.0, 0.0]])), power(np.array([[3.0, 4.0, 0.0, 0.0]]), np.array([2]))
    (array([6.25]), array([12.5]))
    """
    energy = np.asarray(np.einsum("...j,...j->...", sounds, sounds))
    return energy / (sounds.shape[-1] if active is None else np.maximum(active, 1))


def decibels(ratio: np.ndarray | float) -> np.ndarray:
    """A ratio of amplitudes from decibels: 20 dB is a factor of 10.

    Examples
    --------
    >>> float(decibels(-20.0))
    0.1
    """
    return np.asarray(10.0 ** (np.asarray(ratio) / 20.0))


def with_gain(wave: np.ndarray, change: float) -> np.ndarray:
    """Change the level by so many decibels: y = x 10^(change / 20).

    Examples
    --------
    >>> with_gain(np.array([0.5, -0.1]), 20.0).tolist()
    [5.0, -1.0]
    """
    return wave * wave.dtype.type(decibels(change))


def with_noise(
    sounds: np.ndarray, noise: np.ndarray, snr: np.ndarray | float, active: np.ndarray | None = None
) -> np.ndarray:
    """Sounds with noise so loud that the signal-to-noise ratio is just the given one.

    y = x + n sqrt(P_x / (P_n 10^(snr / 10))), P the mean square; silence stays as it is.

    Parameters
    ----------
    sounds, noise : ndarray, shape (..., samples)
    snr : ndarray, shape (...,)
        10 log10 of signal power over noise power; ``inf`` adds nothing.
    active : ndarray of int, shape (...,), optional
        Samples over which the signal's power is a mean; the noise's is one over all samples.

    Returns
    -------
    mixed : ndarray, shape (..., samples), of the sounds' type
    """
    wanted = power(sounds, active) / np.maximum(power(noise), 1e-20)
    factor = np.asarray(np.sqrt(wanted) * decibels(-np.asarray(snr)))
    return sounds + factor[..., None].astype(sounds.dtype) * noise.astype(sounds.dtype, copy=False)


def coloured_noise(n: int, samples: int, slopes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise whose power goes with frequency to the power of a slope; of power 1.

    Parameters
    ----------
    n, samples : int
    slopes : ndarray, shape (n,)
        0: white, -1: pink, -2: brown, 1: blue. Below 20 Hz at 16 kHz the spectrum is flat.
    rng : numpy.random.Generator

    Returns
    -------
    noise : ndarray of float32, shape (n, samples)
    """
    spectrum = rfft(rng.standard_normal((n, samples), dtype=np.float32))
    frequency = np.maximum(rfftfreq(samples), 20 / 16000)
    noise = irfft(spectrum * frequency[None, :] ** (np.asarray(slopes)[:, None] / 2), samples)
    return (noise / np.sqrt(power(noise))[:, None]).astype(np.float32)


def shifted(wave: np.ndarray, samples: int) -> np.ndarray:
    """Move a wave later (``samples`` above 0) or earlier, with zeros where nothing is left: y[t] = x[t - samples].

    Examples
    --------
    >>> shifted(np.array([1.0, 2.0, 3.0]), 1).tolist(), shifted(np.array([1.0, 2.0, 3.0]), -2).tolist()
    ([0.0, 1.0, 2.0], [3.0, 0.0, 0.0])
    """
    return np.array(placed(wave, -samples, len(wave)))


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


def equalised(wave: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    """A wave (T,) with gains at equally spaced frequencies from 0 to half the rate, a line drawn between them."""
    spectrum = np.fft.rfft(wave)
    gains = np.interp(np.linspace(0, len(decibels) - 1, len(spectrum)), np.arange(len(decibels)), decibels)
    return np.fft.irfft(spectrum * 10 ** (gains / 20), n=len(wave)).astype(np.float32)


def mixed(wave: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Two waves (T,) mixed so that the other has a given share of the power, at the level of the first.

    BYOL-A mixes spectra: log((1 - share) exp(a) + share exp(b)); waves that have nothing to do with each other add
    up to the same spectrum when their squared weights are these shares.
    """
    own, foreign = (float(np.sqrt(power(w.astype(np.float64)))) for w in (wave, other))
    if foreign < 1e-6:
        return wave
    return (math.sqrt(1 - share) * wave + math.sqrt(share) * own / foreign * other).astype(np.float32)


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


def stretched(sound: np.ndarray, factor: float) -> np.ndarray:
    """A sound made longer by a factor, so that its pitch falls by it; cubic interpolation (Catmull and Rom 1974).

    Parameters
    ----------
    sound : ndarray, shape (samples,)
    factor : float
        About 0.8 to 1.25; other factors alias or dull.

    Returns
    -------
    sound : ndarray of float32, shape (round(samples * factor),)

    Examples
    --------
    >>> stretched(np.arange(8.0), 2.0)[4:9].tolist()
    [2.0, 2.5, 3.0, 3.5, 4.0]
    """
    padded = np.pad(sound.astype(np.float32), (1, 2), mode="edge")
    position = np.arange(round(len(sound) * factor)) / factor
    whole = position.astype(np.int64)
    t = (position - whole).astype(np.float32)
    a, b, c, d = (padded[whole + k] for k in range(4))
    out: np.ndarray = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return out
