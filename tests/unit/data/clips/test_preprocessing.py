"""What is done to a clip before a network hears it: resampled, cut, padded, covered with windows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.clips.preprocessing import (
    LONGEST_SECONDS,
    SoundPreprocessing,
    loudest_window,
    placed,
)
from headstart.data.inputs.registry import preprocessing_of
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import ParameterError

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000]


def pitch(wave: np.ndarray, rate: float) -> float:
    power = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-12)
    top = int(np.argmax(power[1:-1])) + 1
    left, middle, right = power[top - 1 : top + 2]
    return (top + 0.5 * (left - right) / (left - 2 * middle + right)) * rate / len(wave)


@settings(max_examples=60)
@given(
    old=st.sampled_from(RATES),
    new=st.sampled_from(RATES),
    seconds=st.floats(0.2, 1.5),
    frequency=st.floats(150, 3300),
)
def test_resampling_keeps_duration_pitch_and_level(old: int, new: int, seconds: float, frequency: float) -> None:
    n = round(seconds * old)
    sine = (0.5 * np.sin(2 * np.pi * frequency * np.arange(n) / old)).astype(np.float32)
    canvas = SoundPreprocessing(new, 100).canvas((sine, old))
    assert canvas.dtype == np.float32
    assert len(canvas) == pytest.approx(n * new / old, abs=1)
    edge = len(canvas) // 10
    assert pitch(canvas[edge:-edge], new) == pytest.approx(frequency, rel=2e-3)
    assert np.max(np.abs(canvas[edge:-edge])) == pytest.approx(0.5, rel=0.02)


def test_what_the_new_rate_cannot_hold_is_filtered_out() -> None:
    high = np.sin(2 * np.pi * 6000 * np.arange(44100) / 44100).astype(np.float32)
    canvas = SoundPreprocessing(8000, 100).canvas((high, 44100))
    assert np.max(np.abs(canvas[400:-400])) < 1e-3


def test_the_same_rate_changes_nothing_and_long_clips_are_cut() -> None:
    wave = np.random.default_rng(0).uniform(-1, 1, 70 * 1000).astype(np.float32)
    preprocessing = SoundPreprocessing(1000, 500)
    assert np.array_equal(preprocessing.canvas((wave, 1000)), wave[:60000])
    assert np.shares_memory(preprocessing.canvas((wave, 1000)), wave)
    assert len(SoundPreprocessing(2000, 500).canvas((wave, 1000))) == LONGEST_SECONDS * 2000
    assert preprocessing.enough == LONGEST_SECONDS


@given(values=st.lists(st.floats(-1, 1, width=32), min_size=21, max_size=80), samples=st.integers(1, 20))
def test_the_centre_is_the_loudest_window_of_a_slow_loop(values: list[float], samples: int) -> None:
    wave = np.array(values, dtype=np.float32)
    energies = [math.fsum(float(v) ** 2 for v in wave[i : i + samples]) for i in range(len(wave) - samples + 1)]
    found = loudest_window(wave, samples)
    tolerance = 1e-11 * math.fsum(float(v) ** 2 for v in wave)
    assert energies[found] >= max(energies) - tolerance
    assert all(energy <= energies[found] + tolerance for energy in energies[:found])
    assert not any(energy > energies[found] - tolerance / 100 for energy in energies[:found])
    preprocessing = SoundPreprocessing(1000, samples)
    assert np.array_equal(preprocessing.centre(wave), wave[found : found + samples])


def test_of_equally_loud_windows_the_first_is_taken() -> None:
    assert loudest_window(np.full(1000, 0.1, np.float32), 300) == 0
    assert loudest_window(np.zeros(10, np.float32), 3) == 0
    beats = np.tile(np.array([0, 0, 0, 0.3, 0.7, 0.1], np.float32), 200)
    assert loudest_window(beats, 3) == 3


@given(n=st.integers(1, 60), more=st.integers(0, 60))
def test_short_clips_stand_in_the_middle_of_zeros(n: int, more: int) -> None:
    samples = n + more
    wave = np.arange(1, n + 1, dtype=np.float32)
    found = SoundPreprocessing(1000, samples).centre(wave)
    start = int(np.flatnonzero(found)[0])
    assert np.array_equal(found[start : start + n], wave)
    assert np.count_nonzero(found) == n
    assert 0 <= (samples - start - n) - start <= 1


@given(n=st.integers(1, 400), samples=st.integers(1, 100))
def test_windows_cover_every_sample_half_overlapping(n: int, samples: int) -> None:
    preprocessing = SoundPreprocessing(2000, samples)
    wave = np.arange(1, n + 1, dtype=np.float32)
    windows = preprocessing.windows(wave)
    assert windows.shape[1:] == preprocessing.size == (samples,)
    assert set(wave.tolist()) <= set(windows.ravel().tolist())
    if n <= samples:
        assert np.array_equal(windows, preprocessing.centre(wave)[None])
        return
    steps = np.diff(windows[:, 0])
    assert np.all(np.diff(windows, axis=1) == 1)
    assert np.all(steps[:-1] == max(1, samples // 2))
    assert 0 < steps[-1] <= max(1, samples // 2)
    assert windows[-1, -1] == n


@given(n=st.integers(1, 30), start=st.integers(-50, 50), samples=st.integers(1, 50))
def test_placed_is_the_clip_with_zeros_around_it(n: int, start: int, samples: int) -> None:
    wave = np.arange(1, n + 1, dtype=np.float32)
    expected = [wave[t] if 0 <= t < n else 0 for t in range(start, start + samples)]
    assert placed(wave, start, samples).tolist() == expected


@given(rate=st.integers(1000, 192000), samples=st.integers(1, 60000))
def test_settings_survive_being_written(rate: int, samples: int) -> None:
    preprocessing = SoundPreprocessing(rate, samples)
    again = preprocessing_of("audio", preprocessing.to_dict())
    assert again == preprocessing
    assert again.key() == preprocessing.key()
    assert preprocessing.canvas_key() == SoundPreprocessing(rate, 7).canvas_key()
    assert preprocessing.key() != SoundPreprocessing(rate, samples + 1).key()
    assert preprocessing.resized(5) == SoundPreprocessing(rate, 5)
    assert (
        SoundPreprocessing(rate % 192000 + 1000 if rate < 191000 else 1000).canvas_key() != preprocessing.canvas_key()
    )


def test_settings_of_pictures_are_told_from_those_of_sounds() -> None:
    picture = Preprocessing(32, None, (0.5,) * 3, (0.5,) * 3)
    assert preprocessing_of("image", picture.to_dict()) == picture
    for wrong in ({"kind": "text"}, {"kind": "sound", "mel": 3}):
        with pytest.raises(ParameterError, match="Expected sound preprocessing settings"):
            SoundPreprocessing.from_dict(wrong)
    for rate, samples, words in ((500, 10, "Expected a rate of 1000 to 192000"), (1000, 0, "a window of 1 to 60000")):
        with pytest.raises(ParameterError, match=words):
            SoundPreprocessing(rate, samples)
    assert (SoundPreprocessing().channels, SoundPreprocessing().seconds) == (1, 1)
