"""What detectors of words are made of: recordings in blocks, background, windows, peaks and thresholds."""

from __future__ import annotations

import dataclasses
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from small_words import RATE, chirp, noise

from headstart.data.clips.recordings import blocks_of, piece_of
from headstart.errors import DataError
from headstart.keywords.background import Background, Piece, is_background, parted, pieces_of
from headstart.keywords.listener import Detector, slid
from headstart.keywords.windows import Surroundings, Variation, altered, centred, found_word, part_of_word, varied
from headstart.math.statistics.events import PeakPicker, Tail, at_most, smoothed


def test_a_recording_in_blocks_is_the_recording(tmp_path: Path) -> None:
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * RATE).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    assert np.array_equal(np.concatenate(list(blocks_of(tmp_path / "a.wav", RATE))), wave)
    assert np.array_equal(piece_of(tmp_path / "a.wav", RATE, 1.0, 2.0), wave[RATE : 3 * RATE])


def test_another_rate_is_resampled_as_it_comes(tmp_path: Path) -> None:
    t = np.arange(4 * 44100) / 44100
    soundfile.write(tmp_path / "a.wav", np.stack([np.sin(2 * np.pi * 440 * t)] * 2, axis=1) * 0.5, 44100)
    found = np.concatenate(list(blocks_of(tmp_path / "a.wav", RATE)))
    assert abs(len(found) - 4 * RATE) <= 2
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(found)) / RATE)
    assert np.abs(found[400:-400] - expected[400:-400]).max() < 1e-3


def test_raw_samples_come_from_a_stream() -> None:
    wave = np.array([0, 16384, -32768, 3], np.int16)
    found = np.concatenate(list(blocks_of(io.BytesIO(wave.tobytes() + b"\x01"), RATE)))
    assert found.tolist() == [0.0, 0.5, -1.0, pytest.approx(3 / 32768)]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "found nothing at"),
        (lambda p: p.write_bytes(b""), "Expected a readable recording"),
        (lambda p: p.write_text("hello"), "Expected a readable recording"),
        (lambda p: soundfile.write(p, np.zeros(0), RATE), "no sound in it"),
        (lambda p: soundfile.write(p, np.full(99, np.nan), RATE, subtype="FLOAT"), "NaN"),
    ],
    ids=["absent", "zero bytes", "text", "no samples", "nan"],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, make: object, words: str) -> None:
    make(tmp_path / "a.wav")  # type: ignore[operator]
    with pytest.raises(DataError, match=words):
        list(blocks_of(tmp_path / "a.wav", RATE))


def pieces(lengths: list[float]) -> list[Piece]:
    return [Piece((noise(s, np.random.default_rng(i)), RATE), f"p{i}", 0.0, s, f"g{i}") for i, s in enumerate(lengths)]


@pytest.mark.parametrize("n", [2, 3])
def test_no_recording_is_in_two_parts(n: int) -> None:
    parts = parted(pieces([5.0] * 12), RATE, n, 0)
    groups = [{piece.group for piece in part.pieces} for part in parts]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 12
    assert [part.seconds for part in parts] == [pytest.approx(60 / n)] * n


@pytest.mark.parametrize("n", [2, 3])
def test_one_long_recording_is_cut_in_time(tmp_path: Path, n: int) -> None:
    soundfile.write(tmp_path / "long.wav", noise(70, np.random.default_rng(0)), RATE)
    parts = parted(pieces_of(tmp_path / "long.wav"), RATE, n, 0)
    spans = [(min(p.start for p in part.pieces), max(p.start + p.seconds for p in part.pieces)) for part in parts]
    assert spans == [(pytest.approx(70 * k / n), pytest.approx(70 * (k + 1) / n)) for k in range(n)]
    assert [part.seconds for part in parts] == [pytest.approx(70 / n)] * n


def test_short_and_long_recordings_are_cut_where_they_must_be() -> None:
    found = parted(pieces([50.0, 3.0, 4.0]), RATE, 3, 0)
    assert [part.seconds for part in found] == [pytest.approx(19)] * 3
    times: dict[str, list[tuple[float, float]]] = {}
    for piece in (piece for part in found for piece in part.pieces):
        times.setdefault(piece.name, []).append((piece.start, piece.start + piece.seconds))
    for spans in times.values():
        ordered = sorted(spans)
        assert all(a[1] <= b[0] + 1e-6 for a, b in pairwise(ordered))


@pytest.mark.parametrize("lengths", [[], [4.0, 4.0], [20.0, 9.0]], ids=["none", "too short", "not 10 s a part"])
def test_too_little_background_says_what_to_do(lengths: list[float]) -> None:
    with pytest.raises(DataError, match=r"_background_.*--background"):
        parted(pieces(lengths), RATE, 3, 0)


def test_windows_of_short_pieces_run_on_into_the_next() -> None:
    background = Background(tuple(pieces([0.3] * 9)), RATE)
    windows, where = background.windows(5, RATE, np.random.default_rng(0))
    assert windows.shape == (5, RATE)
    assert len(where) == 5
    assert (np.abs(windows).max(axis=1) > 0).all()


def test_names_of_background() -> None:
    assert all(map(is_background, ("_Other_", "background", "_unknown_", "_background_noise_")))
    assert not any(map(is_background, ("unknown", "alexa", "_alexa_")))


def clip() -> np.ndarray:
    wave = np.random.default_rng(1).normal(0, 0.001, 2 * RATE).astype(np.float32)
    wave[9000:11000] += chirp("up", np.random.default_rng(2))
    return wave


def test_every_copy_holds_the_whole_word_and_a_part_does_not() -> None:
    rng = np.random.default_rng(0)
    word = found_word(clip(), RATE, 6000)
    assert 8900 < word.start < 9400
    assert 10600 < word.end < 11100
    silent = np.zeros(6000, np.float32)
    plain = Surroundings(silent, silent, RATE, Variation(speed=1.0, level=(-20.0, -20.0), noisy=0.0, beside=0.0))
    energy = float(np.square(centred(word, 6000)).sum())
    scale = energy / float(np.square(varied(word, 6000, plain, rng)).sum())
    for _ in range(20):
        copy = varied(word, 6000, plain, rng)
        assert float(np.square(copy).sum()) * scale == pytest.approx(energy, rel=0.05)
    for beginning in (True, False):
        part = part_of_word(word, 6000, plain, rng, beginning=beginning)
        assert float(np.square(part).sum()) * scale < 0.6 * energy


def test_what_is_beside_a_word_is_loud_but_leaves_a_pause() -> None:
    rng = np.random.default_rng(0)
    tone = np.zeros(2 * RATE, np.float32)
    tone[RATE : RATE + 2000] = 0.1 * np.sin(np.arange(2000))
    word = found_word(tone, RATE, 6000)
    silent, loud = np.zeros(6000, np.float32), rng.normal(0, 1, 6000).astype(np.float32)
    how = Variation(speed=1.0, level=(-40.0, -40.0), noisy=0.0, beside=1.0, beside_level=(12.0, 12.0), gap=(0.1, 0.1))
    alone = dataclasses.replace(how, beside=0.0)
    for seed in range(10):
        both = varied(word, 6000, Surroundings(silent, loud, RATE, how), np.random.default_rng(seed))
        only = varied(word, 6000, Surroundings(silent, loud, RATE, alone), np.random.default_rng(seed))
        rest = both - only
        said = np.flatnonzero(only)
        near = np.arange(6000)
        inside = (near > said[0] - 0.1 * RATE + 1) & (near < said[-1] + 0.1 * RATE - 1)
        beside = (near < said[0] - 0.15 * RATE) | (near > said[-1] + 0.15 * RATE)
        assert np.abs(rest[inside]).max() < 1e-6
        if beside.sum() > 500:
            ratio = np.mean(rest[beside] ** 2) / np.mean(only[said] ** 2)
            assert 10 * np.log10(ratio) == pytest.approx(12, abs=1)


def test_altered_background_is_at_other_speeds_with_other_background_on_top() -> None:
    rng = np.random.default_rng(0)
    wide = np.tile(0.1 * np.sin(2 * np.pi * 440 * np.arange(7200) / RATE).astype(np.float32), (40, 1))
    others = rng.normal(0, 0.01, (40, 6000)).astype(np.float32)
    alone = altered(wide, others, Variation(mixed=0.0), np.random.default_rng(1))
    assert alone.shape == (40, 6000)
    assert np.abs(alone[:, -100:]).max(axis=1).min() > 0.05  # full to the end, however fast
    tones = np.abs(np.fft.rfft(alone, axis=1)).argmax(axis=1) * RATE / 6000
    assert 440 / 1.21 < tones.min() < 400
    assert 480 < tones.max() < 440 * 1.21
    how = Variation(background_speed=1.0, mixed=1.0, mixed_level=(6.0, 6.0))
    rest = altered(wide, others, how, np.random.default_rng(1)) - wide[:, :6000]
    ratio = np.mean(rest**2, axis=1) / np.mean(wide**2, axis=1)
    assert np.allclose(10 * np.log10(ratio), 6, atol=0.5)
    some = altered(wide, others, Variation(background_speed=1.0, mixed=0.5), np.random.default_rng(1))
    assert 8 < (np.abs(some - wide[:, :6000]).max(axis=1) > 1e-6).sum() < 32


def test_windows_slide_at_even_steps_whatever_the_blocks() -> None:
    wave = np.arange(1, 1001, dtype=np.float32)
    whole = np.concatenate(list(slid([wave], 100, 20)))
    parts = np.concatenate(list(slid([wave[:7], wave[7:450], wave[450:]], 100, 20)))
    assert np.array_equal(whole, parts)
    assert len(whole) == 46
    assert whole[0, 0] == 1
    assert whole[10, 50] == 251
    short = np.concatenate(list(slid([wave[:40], wave[40:50]], 100, 20)))
    assert short.shape == (1, 100)
    assert np.array_equal(short[0, 25:75], wave[:50])


def test_one_utterance_is_one_event_at_its_peak() -> None:
    scores = np.full((60, 2), -9.0)
    scores[10:18, 0] = [1, 3, 5, 6, 5, 4, 3, 1]
    scores[12:16, 1] = 4.5
    scores[40:44, 1] = 5
    detector = Detector(("a", "b"), (0, 1), 100, 100, 2.0, 1.0, 10)
    picker = PeakPicker(detector.apart, 3, 2.0)
    found = [*picker.feed(scores[:13]), *picker.feed(scores[13:]), *picker.finish()]
    assert [(peak.word, peak.step) for peak in found] == [(0, 14), (1, 42)]
    assert found[0].score == pytest.approx(smoothed(scores, 3)[14, 0])


def test_threshold_is_counted_where_there_is_enough() -> None:
    peaks = np.arange(1000, 0, -1) / 10.0
    tail = Tail(peaks, hours=10.0)
    threshold = tail.threshold(2.0)
    assert tail.alarms(threshold) == 20
    assert tail.rate(threshold) == 2.0


def test_threshold_beyond_the_background_follows_the_tail() -> None:
    rng = np.random.default_rng(3)
    truth = [np.sort(rng.exponential(1.0, 400))[::-1] for _ in range(200)]
    found = np.array([Tail(peaks, 0.2).threshold(1.0) for peaks in truth])
    real = 2000 * np.exp(-found)  # peaks an hour truly above each threshold
    assert 0.2 < np.median(real) < 1.5
    assert all(Tail(peaks, 0.2).alarms(t) == 0 for peaks, t in zip(truth, found, strict=True))


@given(st.lists(st.sampled_from([-2.0, -1.5, 0.0, 0.1, 3.0, 7.0]), max_size=60), st.floats(0.01, 5.0))
def test_rate_never_rises_with_the_threshold(scores: list[float], hours: float) -> None:
    tail = Tail(np.sort(np.array(scores))[::-1], hours)
    rates = [tail.rate(threshold) for threshold in np.linspace(-3.0, 9.0, 60)]
    assert all(later <= earlier for earlier, later in pairwise(rates))


def test_one_window_that_is_sure_of_nothing_does_not_hide_a_word() -> None:
    detector = Detector(("a",), (0,), 100, 100, 2.0, 1.0, 10, smooth=5, floor=-2.0)
    scores = np.full((30, 1), -30.0)
    scores[10:17] = 6.0
    scores[13] = -20.0
    heard = list(detector.events([np.ones(390, np.float32)], lambda windows: scores[: len(windows)]))
    assert [event.word for event in heard] == ["a"]
    assert heard[0].score == pytest.approx((4 * 6.0 - 2.0) / 5)


def test_bound_on_the_rate() -> None:
    assert at_most(0, 1.0) == pytest.approx(-np.log(0.05))
