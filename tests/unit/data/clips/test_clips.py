"""Clips in any form: decoded to the samples that were written, taken apart without copies, told apart by content."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.utils import _safe_indexing

from headstart.data.base import content
from headstart.data.clips.clips import Clips, as_clips, is_clips
from headstart.data.clips.containers import missing_bytes
from headstart.data.clips.decode import decode_sound, sound_from_bytes
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.canvases import canvases, readable_canvases
from headstart.data.inputs.inputs import as_inputs, inputs_in
from headstart.data.inputs.store import CanvasStore
from headstart.data.pictures.pictures import Pictures, as_pictures, is_pictures
from headstart.errors import BadClips, BadInputs, DataError, ParameterError

LOSSLESS = [
    ("WAV", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("NIST", "PCM_16"),
    ("WAV", "PCM_32"),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]


def written(wave: np.ndarray, rate: int, kind: str, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=kind, subtype=subtype)
    return file.getvalue()


def noise(n: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-(2**15), 2**15, (n, channels)).astype(np.int16)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = []
    for i in range(6):
        path = tmp_path / f"c{i}.wav"
        path.write_bytes(written(noise(400, seed=i)[:, 0], 8000, "WAV", "PCM_16"))
        paths.append(path)
    return paths


@settings(max_examples=60)
@given(
    kind=st.sampled_from(LOSSLESS),
    n=st.integers(480, 3000),
    channels=st.integers(1, 3),
    rate=st.sampled_from([8000, 11025, 16000, 44100, 48000]),
    seed=st.integers(0, 999),
)
def test_what_was_written_is_what_is_decoded(
    kind: tuple[str, str], n: int, channels: int, rate: int, seed: int
) -> None:
    whole = noise(n, channels, seed)
    wave, found = sound_from_bytes(written(whole, rate, *kind))
    assert found == rate
    assert wave.dtype == np.float32
    assert np.allclose(wave, whole.astype(np.float64).mean(axis=1) / 32768, atol=1e-6, rtol=0)
    if channels == 1:
        assert np.array_equal(wave, whole[:, 0] / np.float32(32768))
        assert np.array_equal(wave, decode_sound((whole[:, 0], rate))[0])
    assert np.array_equal(wave, decode_sound((whole.astype(np.int32) << 16, rate))[0])
    start = sound_from_bytes(written(whole, rate, *kind), seconds=0.02)[0]
    assert np.array_equal(start, wave[: round(0.02 * rate)])


@settings(max_examples=20)
@given(n=st.integers(480, 3000), seed=st.integers(0, 999))
def test_floats_are_kept_to_the_last_bit(n: int, seed: int) -> None:
    wave = np.random.default_rng(seed).uniform(-1.5, 1.5, n).astype(np.float32)
    assert np.array_equal(sound_from_bytes(written(wave, 8000, "WAV", "FLOAT"))[0], wave)
    assert np.array_equal(decode_sound((wave.astype(np.float64), 8000))[0], wave)
    assert decode_sound((wave, 8000))[0] is wave


@pytest.mark.parametrize("kind", LOSSY)
@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ""])
def test_compressed_clips_sound_alike_under_any_suffix(tmp_path: Path, kind: tuple[str, str], suffix: str) -> None:
    t = np.arange(24000) / 48000
    sine = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    path = tmp_path / f"sine{suffix}"
    path.write_bytes(written(sine, 48000, *kind))
    wave, rate = Clips([path]).decode(0)
    assert rate == 48000
    assert Clips([path]).seconds(0) == pytest.approx(len(wave) / rate)
    assert len(wave) == pytest.approx(24000, abs=1200)
    middle = wave[6000:18000]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == pytest.approx(440 * 12000 / 48000, abs=1)
    assert np.std(middle) == pytest.approx(np.std(sine), rel=0.1)


@given(
    index=st.one_of(
        st.slices(7),
        st.lists(st.integers(-7, 6), max_size=9),
        st.lists(st.booleans(), min_size=7, max_size=7).map(np.array),
    )
)
def test_rows_are_taken_as_from_an_array(index: object) -> None:
    arrays = [noise(100, seed=i)[:, 0] for i in range(7)]
    clips = Clips(arrays, [f"n{i}" for i in range(7)], sampling_rate=8000)
    chosen = clips[index]
    expected = np.arange(7)[np.array(index, dtype=int) if isinstance(index, list) else index]
    assert chosen.names == tuple(f"n{i}" for i in expected)
    assert [chosen[k][0] is arrays[i] for k, i in enumerate(expected)] == [True] * len(expected)
    assert all(chosen.digest(k) == clips.digest(int(i)) for k, i in enumerate(expected))


def test_scikit_learn_can_split_clips(files: list[Path]) -> None:
    from sklearn.base import BaseEstimator

    clips = as_clips(files)
    assert isinstance(_safe_indexing(clips, np.array([3, 1])), Clips)

    class Counter(BaseEstimator):
        def fit(self, X: Clips, y: np.ndarray) -> Counter:
            return self

        def score(self, X: Clips, y: np.ndarray) -> float:
            assert isinstance(X, Clips)
            return float(len(X.names))

    y = np.array([0, 1, 0, 1, 0, 1])
    assert cross_val_score(Counter(), clips, y, cv=StratifiedKFold(3)).tolist() == [2, 2, 2]


def test_every_form_gives_the_same_samples(files: list[Path]) -> None:
    arrays = [noise(400, seed=i)[:, 0] for i in range(6)]
    forms = [
        files,
        [str(f) for f in files],
        np.array([str(f) for f in files]),
        np.array(files, dtype=object),
        pd.Series([str(f) for f in files]),
        [(a, 8000) for a in arrays],
        [(a / 32768, 8000.0) for a in arrays],
        [{"array": a, "sampling_rate": np.int64(8000)} for a in arrays],
        Clips(arrays, sampling_rate=8000),
        list(Clips(arrays, sampling_rate=8000)),
    ]
    for form in forms:
        assert is_clips(form), type(form)
        assert inputs_in(form) is not None
        assert not is_pictures(form), type(form)
        clips = as_inputs(form)
        assert isinstance(clips, Clips)
        assert clips.shape == (6,)
        assert clips.input_type == "audio"
        for i in range(6):
            wave, rate = clips.decode(i)
            assert np.array_equal(wave, arrays[i] / np.float32(32768)), type(form)
            assert rate == 8000
    for form in (arrays, np.stack(arrays), arrays[0]):
        assert not is_clips(form)
        expected = [form] if form is arrays[0] else arrays
        found = as_clips(form, sampling_rate=8000)
        assert [found.digest(i) for i in range(len(found))] == [
            Clips([a], sampling_rate=8000).digest(0) for a in expected
        ]
    assert as_clips(str(files[0])).names == (str(files[0]),)
    assert Clips([(arrays[0], 8000), (arrays[0], 16000)]).decode(1)[1] == 16000
    assert len({Clips([(arrays[0], rate)]).digest(0) for rate in (8000, 16000)}) == 2


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros((5, 800)), r"a bare array of shape \(5, 800\) without a rate. Give .*Clips\(arrays, sampling_rate"),
        ([np.zeros(800)], r"Expected a rate for the samples at position 0, found a bare array of shape \(800,\)"),
        ([(np.zeros((2, 800)), 8000)], r"channels first: shape \(2, 800\); give array.T"),
        ([(np.zeros((2, 3, 4)), 8000)], r"found shape \(2, 3, 4\)"),
        ([(np.zeros(800, np.uint8), 8000)], "as floats, int16 or int32, found uint8"),
        ([(np.zeros(800, complex), 8000)], "found complex128"),
        ([(np.zeros(800), 44.1)], "Expected a sampling rate of 1000 to 768000 Hz in whole numbers, found 44.1"),
        ([(np.zeros(800), 8000.5)], "found 8000.5 at position 0"),
        ([[0.0, 0.1]], "Expected a clip of sound at position 0, found list"),
        (7, "Expected clips of sound, found int"),
        ({"a": 1}, "Expected clips of sound, found dict"),
        (Pictures([]), "Expected clips, found pictures"),
    ],
)
def test_other_things_are_refused_in_words(X: object, words: str) -> None:
    with pytest.raises((DataError, ParameterError), match=words):
        as_clips(X)


def test_what_is_no_clip_is_named_by_what_it_is(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found the folder .* Read it with read_dataset"):
        as_clips(tmp_path)
    with pytest.raises(DataError, match=r"looks like one, of shape \(800, 2\). Give \[clip\]"):
        as_clips(np.zeros((800, 2)), sampling_rate=8000)
    with pytest.raises(DataError, match="Expected pictures, found clips"):
        as_pictures(as_clips(files))
    with pytest.raises(DataError, match=r"found pictures among them; .*b.jpg is a picture"):
        as_inputs([files[0], "b.jpg"])
    with pytest.raises(DataError, match=r"found clips among them; .*c0.wav is a clip"):
        as_inputs(["b.jpg", files[0]])
    with pytest.raises(DataError, match="Expected a name for each of 1 clips, found 2 names"):
        Clips(["a.wav"], ["a", "b"])


def test_digests_follow_content_and_files_are_read_once(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.wav"
    copy.write_bytes(files[0].read_bytes())
    clips = Clips([files[0], copy, files[1]])
    assert clips.known_digest(1) is None
    reads: list[str] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: (reads.append(self.name), real(self))[1])
    (_, rate), digest = clips.load(1)
    assert (rate, reads) == (8000, ["copy.wav"])
    assert clips.known_digest(1) == digest == clips.digest(0) != clips.digest(2)
    assert content.known_digest_of_file(copy) == digest
    assert reads == ["copy.wav", "c0.wav", "c1.wav"]
    monkeypatch.undo()
    copy.write_bytes(files[1].read_bytes())
    os.utime(copy, ns=(1, 1))
    assert clips.digest(1) == clips.digest(2)


def test_canvases_of_clips_are_made_once_and_kept_within_the_limit(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    preprocessing = SoundPreprocessing(16000, 8000)
    store = CanvasStore(limit_bytes=2 * 800 * 4)
    told: list[tuple[str, int, int]] = []
    clips = Clips(files)
    first = canvases(clips, preprocessing, store, progress=lambda *news: told.append(news))
    assert [canvas.shape for canvas in first] == [(800,)] * 6
    assert {canvas.dtype for canvas in first} == {np.dtype(np.float32)}
    assert (store.memory_bytes, store.file_bytes_used) == (2 * 3200, 4 * 3200)
    assert told[-1] == ("reading clips", 6, 6)
    assert not any(canvas.flags.writeable for canvas in first)
    for canvas, file in zip(first, files, strict=True):
        assert np.array_equal(canvas, preprocessing.canvas(decode_sound(file)))
    monkeypatch.setattr(Clips, "load", lambda *_: pytest.fail("read again"))
    again = canvases(Clips(files), preprocessing.resized(4000), store)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_pictures_and_clips_share_a_store_of_odd_sizes() -> None:
    store = CanvasStore(limit_bytes=0)
    kept = []
    for i in range(9):
        odd = np.full((1, i + 1, 3), i, np.uint8)
        wave = np.full(i + 1, i / 10, np.float32)
        kept += [(store.put(f"p{i}", "k", odd), odd), (store.put(f"c{i}", "k", wave), wave)]
    assert store.memory_bytes == 0
    assert all(np.array_equal(found, given) and found.dtype == given.dtype for found, given in kept)


def test_all_broken_clips_are_listed(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("dear diary, today I recorded nothing at all\n")
    clips = Clips([files[0], tmp_path / "empty.wav", tmp_path / "text.wav"], ["a", "empty.wav", "text.wav"])
    with pytest.raises(BadClips, match=r"2 clips .* empty.wav: the file is empty .*; text.wav: it is text, not a WAV"):
        canvases(clips, SoundPreprocessing())
    found, bad = readable_canvases(clips, SoundPreprocessing())
    assert [canvas is None for canvas in found] == [False, True, True]
    assert [i for i, _ in bad] == [1, 2]
    assert issubclass(BadClips, BadInputs)


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "OGG"])
@pytest.mark.parametrize("order", ["LITTLE", "BIG"])
def test_containers_count_what_is_missing(kind: str, order: str) -> None:
    file = io.BytesIO()
    endian = order if kind == "WAV" else "FILE"
    soundfile.write(file, noise(4000)[:, 0], 8000, format=kind, endian=endian)
    whole = file.getvalue()
    assert missing_bytes(whole) == 0
    assert missing_bytes(whole[:-100]) == 100
    assert missing_bytes(whole + b"LIST") == 0


def test_a_recorder_that_did_not_know_the_length_is_believed() -> None:
    whole = bytearray(written(noise(4000)[:, 0], 8000, "WAV", "PCM_16"))
    at = whole.index(b"data")
    whole[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    whole[4:8] = b"\xff\xff\xff\xff"
    assert len(sound_from_bytes(bytes(whole))[0]) == 4000


def test_real_clips_are_read(shared_data: Path) -> None:
    flac = sorted((shared_data / "wake_words" / "alexa").glob("*.flac"))[:3]
    ogg = sorted((shared_data / "esc10" / "dog_bark").glob("*.ogg"))[:3]
    clips = as_clips([*flac, *ogg])
    for i, (canvas, path) in enumerate(zip(canvases(clips, SoundPreprocessing()), [*flac, *ogg], strict=True)):
        peer, rate = soundfile.read(path, dtype="float32")
        assert rate == 16000
        assert np.array_equal(canvas, peer)
        assert clips.seconds(i) == len(peer) / rate
