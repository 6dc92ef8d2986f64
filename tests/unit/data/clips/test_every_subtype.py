"""Every format and subtype that soundfile writes is read as what was written, or refused in words."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from headstart.data.base.reasons import BadClip
from headstart.data.clips.decode import FORMATS, sound_from_bytes, sound_seconds

RATE = 16000
#: Largest error that a subtype may leave, where full scale is 1; others are lossy and are compared by correlation.
STEPS = {"PCM_S8": 2**-7, "PCM_U8": 2**-7, "PCM_16": 2**-15, "ALAC_16": 2**-15, "PCM_24": 2**-23, "ALAC_20": 2**-19}
STEPS |= {"ALAC_24": 2**-23, "ALAC_32": 2**-23, "PCM_32": 2**-23, "FLOAT": 1e-7, "DOUBLE": 1e-7}
STEPS |= {"ULAW": 0.02, "ALAW": 0.02, "DPCM_8": 2**-6, "DPCM_16": 2**-14}
KINDS = [  # SD2 keeps its header in a second file, which it writes into the working folder
    (kind, subtype)
    for kind in soundfile.available_formats()
    for subtype in soundfile.available_subtypes(kind)
    if kind != "SD2"
]


def wave(channels: int, n: int = RATE // 2) -> np.ndarray:
    t = np.arange(n)[:, None] / RATE
    pitch = 200.0 * (1 + np.arange(channels)) + 300 * t
    return (0.4 * np.sin(2 * np.pi * pitch * t) * np.minimum(1, 20 * t)).astype(np.float32)


def written(samples: np.ndarray, kind: str, subtype: str, endian: str = "FILE") -> bytes | None:
    file = io.BytesIO()
    try:
        soundfile.write(file, samples, RATE, format=kind, subtype=subtype, endian=endian)
    except (soundfile.LibsndfileError, TypeError, ValueError):
        return None
    return file.getvalue()


@pytest.mark.parametrize(("kind", "subtype"), KINDS, ids=str)
def test_what_was_written_is_read_or_refused(kind: str, subtype: str) -> None:
    for channels in (1, 2, 6):
        for endian in ("FILE", "LITTLE", "BIG"):
            samples = wave(channels)
            content = written(samples, kind, subtype, endian)
            if content is None:
                continue
            expected = samples.mean(axis=1)
            try:
                found, rate = sound_from_bytes(content)
            except BadClip as error:
                assert kind not in FORMATS or "cannot be seeked" in error.reason, error.reason
                assert len(error.reason) > 15
                continue
            assert kind in FORMATS
            assert rate == RATE
            if subtype in STEPS:
                assert len(found) == len(expected)
                assert np.abs(found - expected).max() <= 1.01 * STEPS[subtype], (channels, endian)
            else:
                assert 0 <= len(found) - len(expected) < 2400, (channels, endian)
                assert np.corrcoef(found[: len(expected)], expected)[0, 1] > 0.9, (channels, endian)


@pytest.mark.parametrize(("kind", "subtype"), [pair for pair in KINDS if pair[0] in FORMATS], ids=str)
def test_a_file_that_is_cut_off_is_refused_and_never_shortened(kind: str, subtype: str) -> None:
    content = written(wave(1), kind, subtype)
    if content is None:
        pytest.skip("soundfile does not write it")
    for share in (0.5, 0.75, *([] if kind == "MP3" else [0.9])):  # of an MP3 one frame more or less is nothing
        with pytest.raises(BadClip, match=r"cut off|damaged"):
            sound_from_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize(("kind", "subtype"), [pair for pair in KINDS if pair[0] in FORMATS], ids=str)
def test_two_files_joined_are_read_to_the_end_or_refused(kind: str, subtype: str) -> None:
    content = written(wave(1), kind, subtype)
    if content is None:
        pytest.skip("soundfile does not write it")
    alone, _ = sound_from_bytes(content)
    try:
        both, _ = sound_from_bytes(content + content)
    except BadClip as error:
        assert len(error.reason) > 15
        return
    assert np.array_equal(both, np.concatenate([alone, alone]))


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "WAV", "AIFF"])
def test_seconds_count_what_is_there(kind: str, tmp_path) -> None:
    content = written(wave(1), kind, soundfile.default_subtype(kind))
    assert content is not None
    for times in (1, 2):
        (tmp_path / "x").write_bytes(times * content)
        assert sound_seconds(tmp_path / "x") == pytest.approx(times * 0.5)
