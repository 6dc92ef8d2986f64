"""Long tracks of what is heard when nobody says the word: noise, hum, crackle, music-like tones, babble."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import lfilter

from headstart.data.clips.changes import coloured_noise, power

RATE = 16000
SECONDS = 10
#: Tracks of each kind; babble is added where there are voices to babble.
KINDS = {"coloured": 16, "gusty": 8, "hum": 6, "crackle": 8, "music": 12, "babble": 14}


def background_tracks(seed: int, voices: Sequence[np.ndarray] = (), seconds: float = SECONDS) -> np.ndarray:
    """Tracks of power 1.

    Parameters
    ----------
    seed : int
        Decides every track.
    voices : sequence of ndarray
        Words (samples,) of which babble is made; without them there is none.
    seconds : float, default=10
        Length of each track.

    Returns
    -------
    tracks : ndarray of float32, shape (n, seconds * 16000)

    Examples
    --------
    >>> background_tracks(0, seconds=0.5).shape
    (50, 8000)
    """
    samples = round(seconds * RATE)
    tracks = []
    for number, (kind, count) in enumerate(KINDS.items()):
        rng = np.random.default_rng([seed, number])
        if kind == "coloured":
            tracks.append(coloured_noise(count, samples, rng.uniform(-2, 0.5, count), rng))
        elif kind == "gusty":
            noise = coloured_noise(count, samples, rng.uniform(-2, 0, count), rng)
            tracks.append(noise * _envelopes(count, samples, rng))
        elif kind == "hum":
            tracks.append(np.stack([_hum(samples, rng) for _ in range(count)]))
        elif kind == "crackle":
            tracks.append(np.stack([_crackle(samples, rng) for _ in range(count)]))
        elif kind == "music":
            tracks.append(np.stack([_music(samples, rng) for _ in range(count)]))
        elif len(voices):
            tracks.append(np.stack([_babble(samples, voices, rng) for _ in range(count)]))
    whole = np.concatenate(tracks).astype(np.float32)
    return whole / np.sqrt(power(whole))[:, None]


def _envelopes(count: int, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Slowly varying gains."""
    points = np.exp(rng.normal(0, 1, size=(count, max(2, samples * 3 // RATE))))
    at = np.linspace(0, points.shape[1] - 1, samples)
    return np.stack([np.interp(at, np.arange(points.shape[1]), row) for row in points])


def _hum(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Mains or a motor: harmonics of one slowly drifting tone, with a little noise."""
    base = rng.choice([50.0, 60.0, rng.uniform(40, 400)])
    phase = (
        2 * np.pi * base / RATE * np.cumsum(np.interp(np.linspace(0, 9, samples), range(10), rng.normal(1, 0.01, 10)))
    )
    harmonics = np.arange(1, int(6000 // base) + 1)[: rng.integers(3, 30)]
    levels = rng.uniform(0.2, 1, len(harmonics)) / harmonics ** rng.uniform(0.3, 1.5)
    tone = sum(
        level * np.sin(harmonic * phase + shift)
        for level, harmonic, shift in zip(levels, harmonics, rng.uniform(0, 6.28, len(harmonics)), strict=True)
    )
    return np.asarray(tone + 0.1 * rng.standard_normal(samples))


def _crackle(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Clicks and knocks: sparse impulses, each ringing in a resonance; dense ones sound like rain or fire."""
    rate = np.exp(rng.uniform(np.log(1.5), np.log(800)))
    track = np.zeros(samples)
    for _ in range(4):
        hits = rng.random(samples) < rate / 4 / RATE
        impulses = np.where(hits, rng.standard_normal(samples) * np.exp(rng.normal(0, 1, samples)), 0.0)
        radius = np.exp(-1 / (RATE * np.exp(rng.uniform(np.log(0.0005), np.log(0.02)))))
        angle = 2 * np.pi * np.exp(rng.uniform(np.log(150), np.log(6000))) / RATE
        track += lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], impulses) * (1 - radius)
    return track + (0.02 * np.abs(track).max() * rng.random() + 1e-3) * rng.standard_normal(samples)


def _music(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Chords and melodies of decaying harmonic tones on a scale, in an even beat; sliding ones sound like sirens."""
    track, beat = np.zeros(samples, np.float32), rng.uniform(0.12, 0.6)
    tonic, scale = rng.uniform(80, 300), rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 19], 7, replace=False)
    decay, bright, glide = rng.uniform(0.05, 1.0), rng.uniform(0.5, 2), rng.choice([0, 0, rng.normal(0, 1)])
    for start in np.arange(0, samples / RATE, beat):
        for step in rng.choice(scale, rng.integers(1, 4)):
            first = int(start * RATE)
            time = np.arange(min(samples - first, int(min(1.0, 4 * decay) * RATE)), dtype=np.float32) / RATE
            pitch = float(tonic * 2 ** (step / 12 + rng.integers(0, 3)))
            phase = np.float32(2 * np.pi * pitch) * (time + np.float32(glide / 2) * time**2)
            fading = np.exp(-time / np.float32(decay))
            for harmonic in range(1, 1 + int(min(6, 7000 // (pitch * (1 + abs(glide)))))):
                track[first : first + len(time)] += np.sin(harmonic * phase) * fading / np.float32(harmonic**bright)
    return track


def _babble(samples: int, voices: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Several talkers, each saying words one after the other."""
    track = np.zeros(samples)
    for _ in range(int(rng.choice([1, 2, 3, 5, 8]))):
        at, level = int(rng.integers(0, RATE)), np.exp(rng.normal(0, 0.5))
        while at < samples:
            word = voices[int(rng.integers(len(voices)))].astype(np.float64)
            word = word[: samples - at] / max(np.sqrt(np.mean(word**2)), 1e-9)
            track[at : at + len(word)] += level * word
            at += len(word) + int(rng.exponential(0.08) * RATE)
    return track + 1e-3 * rng.standard_normal(samples)
