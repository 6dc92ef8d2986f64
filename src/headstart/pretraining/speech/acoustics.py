"""What happens to a sound between mouth and file: rooms, noise, band limits, gain; arithmetic on arrays."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

SPEED_OF_SOUND = 343.0  # metres a second
DECAY = 3.0 * np.log(10.0)  # an amplitude falls by 60 dB in one reverberation time


def power(sounds: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
    """Mean square of each sound.

    Parameters
    ----------
    sounds : ndarray, shape (n, samples)
    active : ndarray of int, shape (n,), optional
        Samples that count in the mean, where the rest is silence.

    Returns
    -------
    power : ndarray, shape (n,)

    Examples
    --------
    >>> power(np.array([[3.0, 4.0, 0.0, 0.0]])), power(np.array([[3.0, 4.0, 0.0, 0.0]]), np.array([2]))
    (array([6.25]), array([12.5]))
    """
    energy: np.ndarray = np.einsum("ij,ij->i", sounds, sounds)
    return energy / (sounds.shape[1] if active is None else np.maximum(active, 1))


def decibels(ratio: np.ndarray | float) -> np.ndarray:
    """A ratio of amplitudes from decibels: 20 dB is a factor of 10.

    Examples
    --------
    >>> float(decibels(-20.0))
    0.1
    """
    return np.asarray(10.0 ** (np.asarray(ratio) / 20.0))


def with_noise(sounds: np.ndarray, noise: np.ndarray, snr: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
    """Sounds with noise so loud that the signal-to-noise ratio is just the given one.

    Parameters
    ----------
    sounds, noise : ndarray, shape (n, samples)
    snr : ndarray, shape (n,)
        10 log10 of signal power over noise power; ``inf`` adds nothing.
    active : ndarray of int, shape (n,), optional
        Samples over which the signal's power is a mean; the noise's is one over all samples.

    Returns
    -------
    mixed : ndarray, shape (n, samples)
    """
    wanted = power(sounds, active) / np.maximum(power(noise), 1e-20)
    factor = np.sqrt(wanted) * decibels(-np.asarray(snr))
    return sounds + factor[:, None].astype(sounds.dtype) * noise


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


def impulse_response(
    rt60: float,
    rng: np.random.Generator,
    *,
    rate: int = 16000,
    seconds: float = 0.5,
    direct_to_reverberant: float = 6.0,
) -> np.ndarray:
    """A room between a mouth and a microphone: the direct sound, first reflections of six walls, and a decaying tail.

    The tail is Gaussian noise under an exponential that falls by 60 dB in the reverberation time (Polack 1988); the
    reflections are the first-order image sources of a box of random size (Allen and Berkley 1979).

    Parameters
    ----------
    rt60 : float
        Reverberation time in seconds, above 0.
    rng : numpy.random.Generator
        Draws room, places and tail.
    rate : int, default=16000
        Hz.
    seconds : float, default=0.5
        Length of the response; what is later is cut off.
    direct_to_reverberant : float, default=6.0
        Energy of the direct sound over that of all the rest, in decibels.

    Returns
    -------
    response : ndarray of float32, shape (seconds * rate,)
        Its first sample is the direct sound, of amplitude 1.
    """
    n = round(seconds * rate)
    time = np.arange(n) / rate
    response = rng.standard_normal(n) * np.exp(-DECAY * time / rt60) * np.minimum(time / 0.01, 1.0) ** 2
    response /= np.sqrt(np.sum(response**2))
    room = rng.uniform((2.5, 2.5, 2.2), (9.0, 7.0, 4.0))
    mouth, microphone = rng.uniform(0.15, 0.85, size=(2, 3)) * room
    direct = np.linalg.norm(mouth - microphone)
    early = np.zeros(n)
    for axis in range(3):
        for wall in (0.0, room[axis]):
            image = mouth.copy()
            image[axis] = 2 * wall - image[axis]
            distance = np.linalg.norm(image - microphone)
            delay = round((distance - direct) / SPEED_OF_SOUND * rate)
            if 0 < delay < n:
                early[delay] += direct / distance * np.exp(-DECAY * delay / rate / rt60)
    rest = response + early * 0.5 / max(np.sqrt(np.sum(early**2)), 1e-9)
    rest[0] = 0.0
    rest *= decibels(-direct_to_reverberant) / np.sqrt(np.sum(rest**2))
    rest[0] = 1.0
    return rest.astype(np.float32)


def convolved(sounds: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Each sound through its own impulse response, cut to the length that it had; float32.

    Parameters
    ----------
    sounds : ndarray, shape (n, samples)
    responses : ndarray, shape (n, length)

    Returns
    -------
    sounds : ndarray of float32, shape (n, samples)
    """
    samples = sounds.shape[1]
    size = next_fast_len(samples + responses.shape[1] - 1, real=True)
    product = rfft(sounds.astype(np.float32, copy=False), size) * rfft(responses.astype(np.float32, copy=False), size)
    return irfft(product, size)[:, :samples]


def band(samples: int, low: np.ndarray, high: np.ndarray, tilt: np.ndarray, rate: int = 16000) -> np.ndarray:
    """Magnitude responses of recording channels: a high-pass, a low-pass and a tilt of the spectrum.

    Parameters
    ----------
    samples : int
        Of the sounds.
    low, high : ndarray, shape (n,)
        Corner frequencies in Hz, where the response has fallen by 3 dB (Butterworth of order 4 and 16).
    tilt : ndarray, shape (n,)
        Decibels an octave, 0 at 1 kHz.
    rate : int, default=16000

    Returns
    -------
    response : ndarray of float32, shape (n, samples // 2 + 1)
    """
    frequency = np.maximum(rfftfreq(samples, 1 / rate), 20.0).astype(np.float32)[None, :]
    low, high, tilt = (np.asarray(value, dtype=np.float32)[:, None] for value in (low, high, tilt))
    sloped = frequency ** (tilt / np.float32(20 * np.log10(2)))
    sloped *= np.float32(1000) ** (-tilt / np.float32(20 * np.log10(2)))
    below, above = (low / frequency) ** 8, (frequency / high) ** 32
    response: np.ndarray = sloped / np.sqrt((1 + below) * (1 + above))
    return response


def filtered(sounds: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Sounds (n, samples) with their spectrum multiplied by a response (n, samples // 2 + 1); float32."""
    samples = sounds.shape[1]
    return irfft(rfft(sounds.astype(np.float32, copy=False)) * response, samples)


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
