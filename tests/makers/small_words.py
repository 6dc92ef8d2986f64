"""A rising tone and a rattle that stand for words, noise without them, and recordings of both, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000
WORDS = ("down", "up")


def chirp(word: str, rng: np.random.Generator) -> np.ndarray:
    """A quarter of a second: "up" rises, "down" is a rattle; (2000,)."""
    t = np.arange(RATE // 4) / RATE
    first, last = 500 * rng.uniform(0.95, 1.05), 2500 * rng.uniform(0.95, 1.05)
    wave = np.sin(2 * np.pi * (first * t + (last - first) * t**2 / (2 * t[-1])))
    if word == "down":
        wave = rng.normal(0, 1, len(t)) * (np.sin(2 * np.pi * 24 * t) > 0)
    return (0.3 * wave * np.hanning(len(t))).astype(np.float32)


def noise(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Noise that is now louder, now softer."""
    n = round(seconds * RATE)
    times = np.arange(0, seconds + 2, 2)
    level = np.interp(np.arange(n) / RATE, times, rng.uniform(0.003, 0.02, len(times)))
    return (level * rng.normal(0, 1, n)).astype(np.float32)


def write_words(folder: Path, n: int = 8, seed: int = 0) -> Path:
    """A folder a word, with clips of a second."""
    rng = np.random.default_rng(seed)
    for word in WORDS:
        (folder / word).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            clip = rng.normal(0, 0.003, RATE).astype(np.float32)
            at = int(rng.integers(500, RATE - 2500))
            clip[at : at + RATE // 4] += chirp(word, rng)
            soundfile.write(folder / word / f"{word}{i}.wav", clip, RATE)
    return folder


def with_words(seconds: float, said: list[tuple[float, str]], seed: int = 5) -> np.ndarray:
    """Background with words whose middles lie at the given seconds."""
    rng = np.random.default_rng(seed)
    wave = noise(seconds, rng)
    for when, word in said:
        start = round(when * RATE) - RATE // 8
        wave[start : start + RATE // 4] = 0
        wave[start : start + RATE // 4] += chirp(word, rng)
    return wave
