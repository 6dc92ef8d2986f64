"""Windows to learn words from: around the word, varied, and parts of it that are not yet the word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.data.clips.changes import decibels, faster, random_speed, with_gain
from headstart.data.clips.preprocessing import placed
from headstart.keywords.word_span import word_span

_QUIET = 1e-10
_FAINT = 1e-7
#: Seconds in which what stands beside a word fades.
_RAMP = 0.01


@dataclass(frozen=True)
class Variation:
    """How far the copies of a word may differ from its clip.

    Parameters
    ----------
    speed : float, default=1.12
        Largest factor by which it is played faster or slower.
    snr : (float, float), default=(-2.0, 16.0)
        Level of the word above the background that is mixed in, in decibels.
    level : (float, float), default=(-50.0, -4.0)
        Root mean square of the word, in decibels of full scale: near or far, whispered or shouted.
    noisy : float, default=0.85
        Share of the copies that get background under the whole window.
    beside : float, default=0.5
        Share of the copies that get other background before and after the word, as when somebody else talks.
    beside_level : (float, float), default=(-15.0, 15.0)
        Its level above the word, in decibels.
    gap : (float, float), default=(0.05, 0.35)
        Between it and the word, in seconds.
    background_speed : float, default=1.2
        Largest factor by which background is played faster or slower, where it is altered.
    mixed : float, default=0.5
        Share of the altered windows of background that get other background on top.
    mixed_level : (float, float), default=(-12.0, 12.0)
        Its level above the window's own, in decibels.
    """

    speed: float = 1.12
    snr: tuple[float, float] = (-2.0, 16.0)
    level: tuple[float, float] = (-50.0, -4.0)
    noisy: float = 0.85
    beside: float = 0.5
    beside_level: tuple[float, float] = (-15.0, 15.0)
    gap: tuple[float, float] = (0.05, 0.35)
    background_speed: float = 1.2
    mixed: float = 0.5
    mixed_level: tuple[float, float] = (-12.0, 12.0)


@dataclass(frozen=True)
class Word:
    """A clip and where in it the word stands.

    Parameters
    ----------
    wave : ndarray of shape (T,), float32
    """

    wave: np.ndarray
    start: int
    end: int

    @property
    def power(self) -> float:
        """Mean square of the word."""
        return float(np.mean(np.square(self.wave[self.start : self.end], dtype=np.float64))) + _QUIET


def found_word(wave: np.ndarray, rate: int, samples: int) -> Word:
    """Where the word stands in a clip, for windows of so many samples."""
    return Word(wave, *word_span(wave, rate, samples / rate))


def centred(word: Word, samples: int) -> np.ndarray:
    """The window with the word in its middle, zeros where the clip has no sound; (samples,)."""
    return np.array(placed(word.wave, (word.start + word.end - samples) // 2, samples))


@dataclass(frozen=True)
class Surroundings:
    """What else is heard in a window: two stretches of background, its rate, and how far copies may differ.

    Parameters
    ----------
    under, beside : ndarray of shape (samples,), float32
        For the whole window, and for before and after the word.
    rate : int
        Samples a second.
    """

    under: np.ndarray
    beside: np.ndarray
    rate: int
    variation: Variation


def varied(word: Word, samples: int, around: Surroundings, rng: np.random.Generator) -> np.ndarray:
    """The whole word anywhere in the window, a little faster or slower, louder or softer, mostly in background."""
    other = _played(word, samples, around.variation, rng)
    slack = samples - (other.end - other.start)
    margin = min(round(0.1 * around.rate), max(slack, 0) // 4)
    first, last = other.end - samples + margin, other.start - margin
    start = (first + last) // 2 if slack <= 0 else int(rng.integers(first, last + 1))
    return _in_background(other, start, samples, around, rng)


def part_of_word(
    word: Word, samples: int, around: Surroundings, rng: np.random.Generator, *, beginning: bool
) -> np.ndarray:
    """A window that ends within the word (its beginning alone), or that begins within it (its end alone).

    A detector that slides along meets both, and a fragment of a word is a frequent false alarm.
    """
    other = _played(word, samples, around.variation, rng)
    share = rng.uniform(0.2, 0.4)
    length = other.end - other.start
    cut = other.start + round((share if beginning else 1 - share) * length)
    return _in_background(other, cut - samples if beginning else cut, samples, around, rng)


def quieter_or_louder(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Background at other levels: half of the windows are changed by -20 to 6 dB."""
    gains = np.where(rng.random(len(windows)) < 0.5, rng.uniform(-20, 6, len(windows)), 0.0)
    return np.clip(windows * decibels(gains).astype(np.float32)[:, None], -1, 1)


def altered(wide: np.ndarray, others: np.ndarray, variation: Variation, rng: np.random.Generator) -> np.ndarray:
    """Background as other voices and other places might sound: at another speed, some with other background on top.

    Parameters
    ----------
    wide : ndarray of shape (n, at least background_speed * samples), float32
    others : ndarray of shape (n, samples), float32
    variation : Variation
    rng : Generator

    Returns
    -------
    ndarray of shape (n, samples), float32
    """
    found = np.zeros_like(others)
    for row, (wave, other) in enumerate(zip(wide, others, strict=True)):
        factor = random_speed(variation.background_speed, rng)
        found[row] = placed(faster(np.ascontiguousarray(wave), factor), 0, others.shape[1])
        level = rng.uniform(*variation.mixed_level)
        if rng.random() < variation.mixed:
            found[row] += _above(other, _power(found[row]), level)
    return np.clip(found, -1, 1)


def _played(word: Word, samples: int, variation: Variation, rng: np.random.Generator) -> Word:
    """The word and its surroundings at another speed."""
    low = max(0, word.start - samples)
    part = word.wave[low : word.end + samples]
    factor = random_speed(variation.speed, rng)
    wave = faster(np.ascontiguousarray(part), factor)
    return Word(wave, round((word.start - low) / factor), min(len(wave), round((word.end - low) / factor)))


def _in_background(word: Word, start: int, samples: int, around: Surroundings, rng: np.random.Generator) -> np.ndarray:
    """The window from ``start`` on, with background at a ratio to the power of the word; clipped to full scale."""
    how, power = around.variation, word.power
    mixed = np.array(placed(word.wave, start, samples), np.float32)
    noisy, snr = rng.random() < how.noisy, rng.uniform(*how.snr)
    near, level, gap = rng.random() < how.beside, rng.uniform(*how.beside_level), rng.uniform(*how.gap)
    gain = rng.uniform(*how.level) - 10 * np.log10(power)
    if noisy:
        mixed += _above(around.under, power, -snr)
    if near:
        pause = round(gap * around.rate)
        open_ = _outside(word.start - start - pause, word.end - start + pause, samples, round(_RAMP * around.rate))
        mixed += open_ * _above(around.beside, power, level)
    return np.clip(with_gain(mixed, gain), -1, 1).astype(np.float32)


def _outside(first: int, last: int, samples: int, ramp: int) -> np.ndarray:
    """1 before ``first`` and after ``last``, 0 between them, with ramps of so many samples outside; (samples,)."""
    at = np.arange(samples)
    return np.clip(np.maximum(first - at, at - last) / max(ramp, 1), 0, 1).astype(np.float32)


def _above(background: np.ndarray, power: float, decibels: float) -> np.ndarray:
    """Background at so many decibels above a mean square."""
    return background * np.float32(np.sqrt(power / _power(background) * 10 ** (decibels / 10)))


def _power(wave: np.ndarray) -> float:
    """Mean square of background, not below -70 dB of full scale: near silence is not blown up."""
    return max(float(np.mean(np.square(wave, dtype=np.float64))), _FAINT)
