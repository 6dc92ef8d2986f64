"""What happens to a sound between mouth and file: rooms and band limits; arithmetic on arrays."""

from __future__ import annotations

import numpy as np
from scipy.fft import rfftfreq

from headstart.data.clips.changes import decibels

SPEED_OF_SOUND = 343.0  # metres a second
DECAY = 3.0 * np.log(10.0)  # an amplitude falls by 60 dB in one reverberation time


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
