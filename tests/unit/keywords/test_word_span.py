"""Where a word stands in a clip: clips as they are recorded, with thumps, clicks, noise and cut ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.keywords.word_span import word_span

RATE = 16000


def recording(start: float, seconds: float, total: float, noise: float, seed: int = 0) -> np.ndarray:
    """A vowel, the closure of a stop, a vowel and a quiet s, in noise; level of the vowels 0.3."""
    rng = np.random.default_rng(seed)
    wave = noise * rng.standard_normal(round(total * RATE))
    edges = np.round((start + seconds * np.array([0, 0.35, 0.45, 0.75, 1])) * RATE).astype(int)
    time = np.arange(len(wave)) / RATE
    vowel = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 20))
    wave[edges[0] : edges[1]] += 0.3 * vowel[edges[0] : edges[1]]
    wave[edges[2] : edges[3]] += 0.3 * vowel[edges[2] : edges[3]]
    hiss = np.diff(rng.standard_normal(edges[4] - edges[3]), prepend=0.0)
    wave[edges[3] : edges[4]] += 0.05 * hiss
    return wave.astype(np.float32)


def assert_found(wave: np.ndarray, start: float, end: float, within: float = 0.05) -> None:
    """The span is the word's, to 50 ms."""
    found = np.array(word_span(wave, RATE, 1.5)) / RATE
    assert np.abs(found - [start, end]).max() <= within, found


@settings(max_examples=40)
@given(
    start=st.floats(0.1, 1.5),
    seconds=st.floats(0.4, 1.0),
    decibels=st.floats(-80, -35),
    gain=st.floats(-40, 0),
    seed=st.integers(0, 99),
)
def test_found_at_any_place_and_level(start: float, seconds: float, decibels: float, gain: float, seed: int) -> None:
    wave = recording(start, seconds, 3.0, 0.3 * 10 ** (decibels / 20), seed)
    assert_found(wave * np.float32(10 ** (gain / 20)), start, start + seconds)


def test_digital_silence_around_the_recording_is_not_its_quiet() -> None:
    wave = np.pad(recording(0.6, 0.6, 1.6, 0.012), (RATE // 5, RATE))
    assert_found(wave, 0.8, 1.4)


def test_a_thump_is_no_word() -> None:
    wave = recording(1.2, 0.6, 3.0, 0.001)
    wave[4000:9000] -= np.hanning(5000).astype(np.float32)
    assert_found(wave, 1.2, 1.8)


def test_a_constant_offset_changes_nothing() -> None:
    wave = recording(0.8, 0.7, 2.0, 0.002)
    assert word_span(wave + np.float32(0.3), RATE, 1.5) == word_span(wave, RATE, 1.5)


def test_a_click_before_the_word_is_not_part_of_it() -> None:
    wave = recording(1.0, 0.6, 2.5, 0.0005)
    wave[round(0.9 * RATE) : round(0.9 * RATE) + 40] += 0.2
    assert_found(wave, 1.0, 1.6)


def test_a_clip_that_is_all_word_is_kept() -> None:
    wave = recording(0.0, 0.6, 0.6, 0.0005)
    start, end = word_span(wave, RATE, 1.5)
    assert end - start >= 0.8 * len(wave)


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_other_rates(rate: int) -> None:
    soxr = pytest.importorskip("soxr")
    wave = soxr.resample(recording(0.9, 0.6, 2.0, 0.003), RATE, rate)
    start, end = word_span(wave, rate, 1.5)
    assert abs(start / rate - 0.9) <= 0.05
    assert end / rate > 1.35


def test_a_longer_word_is_cut_to_its_loudest_stretch() -> None:
    wave = recording(0.5, 2.0, 3.0, 0.001)
    start, end = word_span(wave, RATE, 0.7)
    assert end - start == round(0.7 * RATE)
    assert 0.45 * RATE <= start <= 2.05 * RATE


@pytest.mark.parametrize("wave", [np.zeros(16000, np.float32), np.zeros(20, np.float32), np.ones(3000, np.float32)])
def test_silence_gives_some_span(wave: np.ndarray) -> None:
    start, end = word_span(wave, RATE, 1.5)
    assert 0 <= start < end <= len(wave)


def test_real_clips_hold_words_of_a_natural_length(shared_data: Path) -> None:
    """Crowd-sourced clips: noise, thumps at the start, zeros at the end; none of the words takes 1.2 s."""
    seconds = {}
    for path in sorted((shared_data / "wake_words").glob("*/*.flac")):
        wave, rate = soundfile.read(path, dtype="float32")
        start, end = word_span(wave, rate, 1.5)
        seconds[path.stem] = (end - start) / rate
    assert len(seconds) >= 400
    assert 0.55 <= np.median(list(seconds.values())) <= 0.8
    assert {name: length for name, length in seconds.items() if not 0.3 <= length <= 1.2} == {}
