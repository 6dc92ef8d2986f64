"""Augmentation of clips, each part against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.clips.augment import (
    SoundAugmentation,
    augmented_clip,
    coloured_noise,
    faster,
    shifted,
    with_gain,
    with_noise,
)
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import ParameterError

NOTHING = SoundAugmentation(shift=0, speed=1, gain=0, noise=0)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def pitch(wave: np.ndarray, rate: float) -> float:
    """Frequency of the highest peak of the spectrum, refined by a parabola through the logarithm of its neighbours."""
    power = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-12)
    top = int(np.argmax(power[1:-1])) + 1
    left, middle, right = power[top - 1 : top + 2]
    return (top + 0.5 * (left - right) / (left - 2 * middle + right)) * rate / len(wave)


@given(n=st.integers(1, 50), by=st.integers(-60, 60))
def test_a_shift_moves_every_sample(n: int, by: int) -> None:
    wave = noise(n)
    expected = [wave[t - by] if 0 <= t - by < n else 0 for t in range(n)]
    assert shifted(wave, by).tolist() == expected


@given(snr=st.floats(-20, 60), n=st.integers(100, 2000), seed=st.integers(0, 99))
def test_the_ratio_of_signal_to_noise_is_what_was_asked_for(snr: float, n: int, seed: int) -> None:
    wave = noise(n, seed).astype(np.float64)
    added = with_noise(wave, 7 * noise(n, seed + 1).astype(np.float64), snr) - wave
    assert 10 * np.log10(np.mean(wave**2) / np.mean(added**2)) == pytest.approx(snr, abs=1e-6)


def test_silence_gets_no_noise() -> None:
    silence = np.zeros(100, np.float32)
    assert np.array_equal(with_noise(silence, noise(100), 10), silence)
    assert np.array_equal(with_noise(noise(100), silence, 10), noise(100))


@given(decibels=st.floats(-40, 40))
def test_gain_is_in_decibels(decibels: float) -> None:
    wave = noise(200)
    louder = with_gain(wave, decibels)
    assert louder.dtype == np.float32
    assert 20 * np.log10(np.std(louder) / np.std(wave)) == pytest.approx(decibels, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.5, 2), frequency=st.floats(200, 3000))
def test_speed_changes_duration_and_pitch(factor: float, frequency: float) -> None:
    wave = np.sin(2 * np.pi * frequency * np.arange(16000) / 16000).astype(np.float32)
    found = faster(wave, factor)
    assert len(found) == pytest.approx(16000 / factor, abs=2)
    assert pitch(found[1000:-1000], 16000) == pytest.approx(frequency * factor, rel=2e-3)
    with pytest.raises(ParameterError, match="factor of speed above 0, found 0"):
        faster(wave, 0)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_the_colour_of_noise_is_the_slope_of_its_spectrum(exponent: float) -> None:
    rng = np.random.default_rng(0)
    power = np.mean([np.abs(np.fft.rfft(coloured_noise(4096, exponent, rng))) ** 2 for _ in range(200)], axis=0)
    band = np.arange(10, 1500)
    slope = np.polyfit(np.log(band), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.05)
    assert np.mean(coloured_noise(4096, exponent, rng) ** 2) == pytest.approx(1, rel=1e-3)


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
