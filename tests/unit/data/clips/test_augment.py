"""Augmentation of clips, each part against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.data.clips.augment import (
    SoundAugmentation,
    augmented_clip,
)
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import ParameterError

NOTHING = SoundAugmentation(shift=0, speed=1, gain=0, noise=0)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


@pytest.mark.parametrize("n", [300, 1000, 5000])
def test_augmentation_of_nothing_is_the_centre(n: int) -> None:
    preprocessing = SoundPreprocessing(16000, 1000)
    wave = noise(n)
    found = augmented_clip(wave, preprocessing, NOTHING, np.random.default_rng(0))
    assert np.array_equal(found, preprocessing.centre(wave))


@pytest.mark.parametrize("n", [300, 1000, 5000])
def test_augmentation_is_decided_by_the_generator_and_leaves_the_clip_alone(n: int) -> None:
    preprocessing = SoundPreprocessing(16000, 1000)
    wave = noise(n)
    before = wave.copy()
    first, again, other = (
        augmented_clip(wave, preprocessing, SoundAugmentation(), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(wave, before)
    assert first.shape == (1000,)
    assert first.dtype == np.float32


@pytest.mark.parametrize("seed", range(20))
def test_a_shift_keeps_a_short_clip_whole_and_a_window_inside_a_long_one(seed: int) -> None:
    preprocessing = SoundPreprocessing(16000, 1000)
    shift = SoundAugmentation(shift=1, speed=1, gain=0, noise=0)
    short, long = noise(300, 1), noise(3000, 2)
    found = augmented_clip(short, preprocessing, shift, np.random.default_rng(seed))
    start = int(np.flatnonzero(found)[0])
    assert np.array_equal(found[start : start + 300], short)
    inside = augmented_clip(long, preprocessing, shift, np.random.default_rng(seed))
    assert any(np.array_equal(inside, long[i : i + 1000]) for i in range(2001))


def test_settings_outside_their_range_are_refused() -> None:
    with pytest.raises(ParameterError, match="found shift=2"):
        SoundAugmentation(shift=2)
    with pytest.raises(ParameterError, match=r"Expected snr as \(least, largest\), found \(30, 10\)"):
        SoundAugmentation(snr=(30, 10))
