"""Changes of sounds, each against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.clips.changes import (
    coloured_noise,
    decibels,
    faster,
    power,
    shifted,
    stretched,
    with_gain,
    with_noise,
)
from headstart.errors import ParameterError

RNG = np.random.default_rng(0)


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


@given(change=st.floats(-40, 40))
def test_gain_is_in_decibels(change: float) -> None:
    wave = noise(200)
    louder = with_gain(wave, change)
    assert louder.dtype == np.float32
    assert 20 * np.log10(np.std(louder) / np.std(wave)) == pytest.approx(change, abs=1e-4)


@settings(max_examples=30)
@given(factor=st.floats(0.5, 2), frequency=st.floats(200, 3000))
def test_speed_changes_duration_and_pitch(factor: float, frequency: float) -> None:
    wave = np.sin(2 * np.pi * frequency * np.arange(16000) / 16000).astype(np.float32)
    found = faster(wave, factor)
    assert len(found) == pytest.approx(16000 / factor, abs=2)
    assert pitch(found[1000:-1000], 16000) == pytest.approx(frequency * factor, rel=2e-3)
    with pytest.raises(ParameterError, match="factor of speed above 0, found 0"):
        faster(wave, 0)


@pytest.mark.parametrize("snr", [-5.0, 0.0, 12.5, 40.0])
def test_the_signal_to_noise_ratio_is_exact(snr: float) -> None:
    sounds, noise = np.zeros((3, 8000)), RNG.standard_normal((3, 8000)) * 7
    sounds[:, 1000:3000] = RNG.standard_normal((3, 2000))
    active = np.full(3, 2000)
    added = with_noise(sounds, noise, np.full(3, snr), active) - sounds
    reached = 10 * np.log10(power(sounds[:, 1000:3000]) / power(added))
    assert reached == pytest.approx(np.full(3, snr), abs=1e-9)


def test_no_noise_at_an_infinite_ratio_and_no_change_of_the_arguments() -> None:
    sounds, noise = RNG.standard_normal((2, 100)), RNG.standard_normal((2, 100))
    before = sounds.copy(), noise.copy()
    assert np.array_equal(with_noise(sounds, noise, np.full(2, np.inf)), sounds)
    assert np.array_equal(sounds, before[0]) and np.array_equal(noise, before[1])


@pytest.mark.parametrize("slope", [-2.0, -1.0, 0.0, 1.0])
def test_the_spectrum_of_noise_has_its_slope(slope: float) -> None:
    noise = coloured_noise(8, 32768, np.full(8, slope), RNG)
    assert power(noise) == pytest.approx(np.ones(8), rel=1e-4)
    spectrum = (np.abs(np.fft.rfft(noise)) ** 2).mean(axis=0)
    octaves = [spectrum[2**k : 2 ** (k + 1)].mean() for k in range(7, 14)]
    fitted = np.polyfit(np.arange(7) * np.log(2), np.log(octaves), 1)[0]
    assert fitted == pytest.approx(slope, abs=0.1)


@pytest.mark.parametrize("factor", [0.88, 1.0, 1.14])
def test_stretching_divides_the_pitch(factor: float) -> None:
    tone = np.sin(2 * np.pi * 800 * np.arange(16000) / 16000)
    longer = stretched(tone, factor)
    assert len(longer) == round(16000 * factor)
    peak = np.argmax(np.abs(np.fft.rfft(longer * np.hanning(len(longer))))) * 16000 / len(longer)
    assert peak == pytest.approx(800 / factor, abs=1.5)
    if factor == 1.0:
        assert np.allclose(longer, tone, atol=1e-6)


def test_decibels() -> None:
    assert decibels(np.array([0.0, 20.0, -6.0206])) == pytest.approx([1.0, 10.0, 0.5], rel=1e-5)
