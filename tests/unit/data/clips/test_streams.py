"""Files that do not know their length, that were joined, or that carry tags: read to the end, or refused in words."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from headstart.data.base.reasons import BadClip
from headstart.data.clips.decode import sound_from_bytes
from headstart.data.clips.recordings import blocks_of, piece_of, seconds_of
from headstart.errors import DataError

RATE = 16000
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
TAG = b"TAG" + b"Infomercial".ljust(125, b"\0")


def written(kind: str, samples: np.ndarray = TONE, rate: int = RATE, **how: object) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, **how)
    return file.getvalue()


def id3(text: bytes, version: int = 3) -> bytes:
    frame = b"TPE1" + (len(text) + 1).to_bytes(4, "big") + b"\0\0\x03" + text
    size = len(frame)
    return b"ID3" + bytes([version, 0, 0, 0, 0, size >> 7, size & 127]) + frame


def ape(n: int = 2000) -> bytes:
    item = b"Title\0Xing Info"
    return item.ljust(n, b"\0") + b"APETAGEX" + struct.pack("<IIII", 2000, n + 32, 1, 0) + bytes(8)


def lengths(content: bytes) -> int:
    return len(sound_from_bytes(content)[0])


def without_total(content: bytes) -> bytes:
    changed = bytearray(content)
    at = content.index(b"fLaC") + 21
    changed[at] &= 0xF0
    changed[at + 1 : at + 5] = bytes(4)
    changed[at + 5 : at + 21] = bytes(16)
    return bytes(changed)


def with_length(content: bytes, length: int, name: bytes = b"data", order: str = "<") -> bytes:
    at = content.index(name) + 4
    return content[:at] + struct.pack(order + "I", length) + content[at + 4 :]


def test_flac_without_a_total_is_read_to_its_end() -> None:
    for samples, how in [(TONE, {}), (TONE[:4096], {}), (np.stack([TONE, -TONE / 2], 1), {"subtype": "PCM_24"})]:
        content = written("FLAC", samples, **how)
        found, rate = sound_from_bytes(without_total(content))
        assert rate == RATE
        assert np.array_equal(found, sound_from_bytes(content)[0])
    content = without_total(written("FLAC"))
    assert len(sound_from_bytes(content, seconds=0.25)[0]) == RATE // 4
    assert lengths(id3(b"somebody") + content) == RATE
    assert lengths(content + content) == 2 * RATE
    with pytest.raises(BadClip, match="cut off or damaged"):
        sound_from_bytes(content[:-3000])


@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_mp3_of_every_rate_with_tags_before_and_behind(rate: int) -> None:
    tone = np.resize(TONE, 2 * rate)
    for samples in (tone, np.stack([tone, tone / 2], 1)):
        for how in ({}, {"bitrate_mode": "VARIABLE", "compression_level": 0.5}):
            content = written("MP3", samples, rate, **how)
            for tagged in (
                content,
                id3(b"Information: at home") + content,
                id3(b"Xing", 4) + content + TAG,
                id3(b"\xff\xfb\x90\x44" * 20) + content + ape(),
                content + ape() + TAG,
            ):
                assert lengths(tagged) == 2 * rate


def test_frames_of_an_mp3_are_counted_and_one_more_or_less_is_nothing() -> None:
    content = written("MP3", np.resize(TONE, 2 * RATE))
    at = max(content.find(b"Xing"), content.find(b"Info"))
    count = int.from_bytes(content[at + 8 : at + 12], "big")
    for more in (-1, 1):
        changed = content[: at + 8] + (count + more).to_bytes(4, "big") + content[at + 12 :]
        assert abs(lengths(changed) - 2 * RATE) < 1200
    fewer = content[: at + 8] + (count - 20).to_bytes(4, "big") + content[at + 12 :]
    assert lengths(fewer) >= 2 * RATE, "what the header leaves out is read all the same"
    more = content[: at + 8] + (count + 20).to_bytes(4, "big") + content[at + 12 :]
    with pytest.raises(BadClip, match=r"cut off: its header promises 2.72 s, 2 s are there"):
        sound_from_bytes(more)
    for wrong in (20, 0, -20):
        vbri = bytearray(content)
        vbri[at : at + 4], vbri[36:54] = b"none", b"VBRI" + bytes(10) + (count + wrong).to_bytes(4, "big")
        if wrong <= 0:
            assert lengths(bytes(vbri)) >= 2 * RATE
            continue
        with pytest.raises(BadClip, match="cut off: its header promises"):
            sound_from_bytes(bytes(vbri))


def test_joined_mp3_files_are_read_whole_or_their_rates_are_named() -> None:
    one, two = written("MP3"), written("MP3", TONE[: RATE // 2], bitrate_mode="VARIABLE", compression_level=0.3)
    both = np.stack([TONE, TONE], 1)
    assert lengths(one + two) == RATE + RATE // 2
    assert lengths(id3(b"a") + one + TAG + id3(b"Info") + two) == RATE + RATE // 2
    assert lengths(one + written("MP3", both)) == 2 * RATE
    plain = two[len(two) - len(two) // 2 :]  # frames alone, without a header of their own
    assert lengths(one + plain) > RATE + 2000
    with pytest.raises(BadClip, match="changes from 16000 to 22050 samples a second in the middle"):
        sound_from_bytes(one + written("MP3", rate=22050))


def test_chained_ogg_and_joined_flac_are_read_whole_or_their_rates_are_named() -> None:
    for kind, subtype in [("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16")]:
        one, two = (written(kind, samples, subtype=subtype) for samples in (TONE, np.stack([TONE[:4000]] * 2, 1)))
        assert lengths(one + two) == lengths(one) + lengths(two)
        assert len(sound_from_bytes(one + two, seconds=1.1)[0]) == pytest.approx(1.1 * RATE, abs=1)
        if subtype != "OPUS":
            with pytest.raises(BadClip, match="joins recordings of 16000 and 8000 samples a second"):
                sound_from_bytes(one + written(kind, rate=8000, subtype=subtype))


def test_wav_lengths_that_nobody_knew_are_filled_in() -> None:
    content = written("WAV")
    for length in (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        assert lengths(with_length(content, length)) == RATE
        assert lengths(with_length(content, length)[:4] + bytes(4) + with_length(content, length)[8:]) == RATE
    assert lengths(with_length(written("AU"), 0, b".snd\0\0\0" + written("AU")[7:8], ">")) == RATE
    for kind in ("RF64", "W64", "CAF", "AU", "AIFF", "WAVEX"):
        whole = written(kind)
        assert lengths(whole) == RATE
        assert lengths(whole + whole) == 2 * RATE
        with pytest.raises(BadClip, match=r"cut off: \d+ bytes of it are missing"):
            sound_from_bytes(whole[: len(whole) * 3 // 4])


def test_wav_with_more_sound_than_it_says_is_refused() -> None:
    content = written("WAV")
    with pytest.raises(BadClip, match="speaks of 20000 bytes of sound and 12000 more follow that belong to nothing"):
        sound_from_bytes(with_length(content, 20000))
    listed = b"LIST" + struct.pack("<I", 300) + bytes(300)
    for tail in (listed, listed + listed, b"id3 " + struct.pack("<I", 301) + bytes(302), TAG, bytes(1000), ape(300)):
        assert lengths(content + tail) == RATE, tail[:8]


def test_odd_chunks_before_the_sound_are_stepped_over() -> None:
    content = written("WAV")
    at = content.index(b"data")
    for size in (3, 4, 255):
        odd = b"note" + struct.pack("<I", size) + bytes(size + size % 2)
        changed = content[:4] + struct.pack("<I", len(content) + len(odd) - 8) + content[8:at] + odd + content[at:]
        assert lengths(changed) == RATE
        with pytest.raises(BadClip, match="bytes of it are missing"):
            sound_from_bytes(changed[:-4000])


def test_little_endian_aiff_wide_wav_and_telephone_sound() -> None:
    for kind, how, step in [
        ("AIFF", {"endian": "LITTLE"}, 2**-15),
        ("AIFF", {"subtype": "FLOAT"}, 1e-7),
        ("WAVEX", {"subtype": "PCM_24"}, 2**-23),
        ("WAVEX", {"subtype": "PCM_32"}, 2**-23),
        ("WAV", {"subtype": "ULAW"}, 0.02),
        ("WAV", {"subtype": "ALAW"}, 0.02),
        ("WAV", {"subtype": "FLOAT"}, 0),
    ]:
        assert np.abs(sound_from_bytes(written(kind, **how))[0] - TONE).max() <= step
    loud = sound_from_bytes(written("WAV", 5 * TONE, subtype="FLOAT"))[0]
    assert np.array_equal(loud, 5 * TONE), "floats above full scale are kept"
    with pytest.raises(BadClip, match="where 1 is full scale"):
        sound_from_bytes(written("WAV", 1e4 * TONE, subtype="FLOAT"))


def test_recordings_are_read_to_their_end_too(tmp_path: Path) -> None:
    kinds = {"a.flac": without_total(written("FLAC")), "a.mp3": written("MP3"), "a.ogg": written("OGG")}
    for name, content in kinds.items():
        for times in (1, 2):
            path = tmp_path / f"{times}{name}"
            path.write_bytes(times * content)
            assert seconds_of(path) == pytest.approx(times)
            assert sum(map(len, blocks_of(path, RATE))) == times * RATE
            assert len(piece_of(path, RATE, times - 0.5, 0.4)) == round(0.4 * RATE)
    (tmp_path / "rates.ogg").write_bytes(written("OGG") + written("OGG", rate=8000))
    with pytest.raises(DataError, match=r"rates.ogg: it joins recordings of 16000 and .* samples a second"):
        next(blocks_of(tmp_path / "rates.ogg", RATE))
    (tmp_path / "cut.mp3").write_bytes(written("MP3")[:900])
    with pytest.raises(DataError, match="cut off: its header promises 1 s"):
        seconds_of(tmp_path / "cut.mp3")
