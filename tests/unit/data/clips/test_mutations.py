"""More than a hundred damaged sound files: each ends in samples, in words, or in a listed drop; memory stays small."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from headstart.data.clips.decode import sound_from_bytes
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.reading.read import read_dataset
from headstart.data.sets.screen import screen
from headstart.errors import BadClips, DataError

PLAIN = SoundPreprocessing(8000, 4000)
KINDS = [
    ("WAV", "PCM_16", ".wav"),
    ("WAV", "FLOAT", ".wav"),
    ("FLAC", "PCM_16", ".flac"),
    ("OGG", "VORBIS", ".ogg"),
    ("OGG", "OPUS", ".opus"),
    ("MP3", "MPEG_LAYER_III", ".mp3"),
    ("AIFF", "PCM_16", ".aiff"),
]
Mutation = Callable[[Path, bytes, np.random.Generator], None]


def sound(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-0.5, 0.5, 8000)


def written(kind: str, subtype: str, wave: np.ndarray, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=kind, subtype=subtype)
    return file.getvalue()


def wav(rate: int = 8000, channels: int = 1, length: int | None = None, data: bytes = b"", bits: int = 16) -> bytes:
    """A WAV file whose header says what it is told to."""
    step = channels * bits // 8
    head = struct.pack("<IHHIIHH", 16, 1, channels % 65536, rate, rate * step % 2**32, step % 65536, bits)
    size = len(data) if length is None else length
    return (
        b"RIFF" + struct.pack("<I", (36 + size) % 2**32) + b"WAVEfmt " + head + b"data" + struct.pack("<I", size) + data
    )


def truncated(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_bytes(content[: rng.integers(1, len(content) * 9 // 10)])


def zeroed(path: Path, content: bytes, rng: np.random.Generator) -> None:
    start = int(rng.integers(0, len(content) // 2))
    path.write_bytes(content[:start] + bytes(len(content) - start))


def flipped(path: Path, content: bytes, rng: np.random.Generator) -> None:
    damaged = bytearray(content)
    for _ in range(rng.integers(1, 30)):
        damaged[rng.integers(0, len(damaged))] = int(rng.integers(0, 256))
    path.write_bytes(damaged)


def head_flipped(path: Path, content: bytes, rng: np.random.Generator) -> None:
    damaged = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        damaged[rng.integers(0, min(64, len(damaged)))] = int(rng.integers(0, 256))
    path.write_bytes(damaged)


def empty(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.touch()


def wrong_suffix(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(str(rng.choice([".wav", ".mp3", ".flac", ".ogg", ".aif", ".WAV"]))).write_bytes(content)


def text(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_text("this is a letter, not a sound\n" * int(rng.integers(1, 99)), encoding="utf-8")


def random_bytes(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_bytes(content[: rng.integers(0, 60)] + rng.bytes(int(rng.integers(1, 3000))))


def ten_hours(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(".wav").write_bytes(wav(length=10 * 3600 * 16000, data=content[:100]))


def lying_rate(path: Path, content: bytes, rng: np.random.Generator) -> None:
    rate = int(rng.choice([0, 1, 7, 999, 800_000, 2**31 - 1, 2**32 - 1]))
    path.with_suffix(".wav").write_bytes(wav(rate=rate, data=rng.bytes(16000)))


def lying_channels(path: Path, content: bytes, rng: np.random.Generator) -> None:
    channels = int(rng.choice([0, 65, 1024, 65535]))
    path.with_suffix(".wav").write_bytes(wav(channels=channels, data=rng.bytes(16000)))


def not_a_number(path: Path, content: bytes, rng: np.random.Generator) -> None:
    wave = sound(rng)
    wave[rng.integers(0, len(wave))] = rng.choice([np.nan, np.inf, -np.inf])
    path.with_suffix(".wav").write_bytes(written("WAV", "FLOAT", wave))


def whole_numbers_as_floats(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(".wav").write_bytes(written("WAV", "FLOAT", sound(rng) * 32768))


def silent(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(".wav").write_bytes(written("WAV", "PCM_16", np.zeros(8000)))


def too_short(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(".wav").write_bytes(written("WAV", "PCM_16", sound(rng)[: rng.integers(0, 80)]))


def picture(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + rng.bytes(500))


def foreign(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(str(rng.choice([".m4a", ".wma", ".amr"]))).write_bytes(bytes(4) + b"ftypM4A " + rng.bytes(500))


def loop(path: Path, content: bytes, rng: np.random.Generator) -> None:
    other = path.with_name("other" + path.name)
    path.symlink_to(other)
    other.symlink_to(path)


def pipe(path: Path, content: bytes, rng: np.random.Generator) -> None:
    os.mkfifo(path)


def odd_name(path: Path, content: bytes, rng: np.random.Generator) -> None:
    names = ["wort 🐜\u202e", "x" * 200, "new\nline", "-rf", "%s%n", "e\u0301", "[red]", " "]
    path.with_name(str(rng.choice(names)) + path.suffix).write_bytes(content)


def no_text_name(path: Path, content: bytes, rng: np.random.Generator) -> None:
    with open(os.fsencode(path.parent) + b"/\xff\xfe\x80" + os.fsencode(path.suffix), "wb") as file:
        file.write(content)


SURELY_BAD: list[Mutation] = [
    truncated,
    empty,
    text,
    ten_hours,
    lying_rate,
    lying_channels,
    not_a_number,
    whole_numbers_as_floats,
    too_short,
    picture,
    foreign,
    loop,
    pipe,
]
SURELY_GOOD: list[Mutation] = [silent, wrong_suffix, odd_name, no_text_name]
MUTATIONS = [*SURELY_BAD, *SURELY_GOOD, zeroed, flipped, head_flipped, random_bytes]


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for label in ("no", "yes"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(3):
            soundfile.write(tmp_path / "data" / label / f"{i}.wav", sound(rng), 8000)
    return tmp_path / "data"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(len(KINDS)))
@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_no_sound_ends_in_a_foreign_error(clean: Path, mutate: Mutation, seed: int) -> None:
    rng = np.random.default_rng([seed, MUTATIONS.index(mutate)])
    kind, subtype, suffix = KINDS[seed]
    mutate(clean / "no" / f"mutant{suffix}", written(kind, subtype, sound(rng)), rng)
    dataset = read_dataset(clean)
    try:
        screened = screen(dataset, PLAIN)
    except BadClips as error:
        assert mutate not in SURELY_GOOD, str(error)
        for name, reason in error.bad:
            name.encode("utf-8")
            assert len(reason) > 10
            assert "BytesIO" not in reason
            assert name.startswith("no/")
        skipped = screen(dataset, PLAIN, skip_bad=True)
        assert skipped.dropped == tuple(error.bad)
        assert len(skipped) == 6
    else:
        assert mutate not in SURELY_BAD or (mutate is truncated and kind == "MP3")
        assert len(screened) == 7
        wave, _ = screened.inputs.decode(next(i for i, n in enumerate(screened.names) if not n[-5].isdigit()))
        assert np.isfinite(wave).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (wav(length=10 * 3600 * 16000, data=bytes(100)), r"cut off: 575999900 bytes of it are missing"),
        (wav(rate=7, data=bytes(16000)), "its header claims 7 samples a second; rates from 1000 to 768000"),
        (wav(channels=65, data=bytes(16000)), "its header claims 65 channels; at most 64"),
        (wav(), r"it holds no sound \(0 samples\)"),
        (b"%PDF-1.7 nothing to hear", "it is a PDF document, not a WAV, FLAC"),
        (b"\xff\xd8\xff" + bytes(100), "it is a JPEG picture, not a WAV"),
        (bytes(4) + b"ftypM4A " + bytes(100), r"cut off or damaged|pip install 'headstart\[av\]'"),
        (bytes(1000), "it is a file of zero bytes, not a WAV"),
        (written("AVR", "PCM_16", np.zeros(800)), r"of the format AVR .*, not a WAV, FLAC"),
        (written("NIST", "PCM_16", np.zeros(8000))[:9000], "cut off: 8024 bytes of it are missing"),
        (
            written("NIST", "PCM_16", np.zeros(800)).replace(b"-s3 pcm\n", b"-s9 pcm,embedded-shorten\n"),
            "samples are packed",
        ),
        (written("FLAC", "PCM_16", np.random.default_rng(0).uniform(-1, 1, 8000))[:9000], "cut off"),
        (written("OGG", "VORBIS", np.random.default_rng(0).uniform(-1, 1, 8000))[:-90], "cut off: 90 bytes"),
        (written("MP3", "MPEG_LAYER_III", np.random.default_rng(0).uniform(-1, 1, 80000))[:9000], "promises 10 s"),
        (written("WAV", "FLOAT", np.full(800, 3e4)), r"its samples reach 3e\+04 where 1 is full scale"),
        (written("WAV", "FLOAT", np.full(800, np.nan)), "it holds NaN or infinite samples"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_the_reason_is_said(content: bytes, words: str, tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(3):
            soundfile.write(tmp_path / label / f"{i}.wav", sound(np.random.default_rng([i, ord(label)])), 8000)
    (tmp_path / "a" / "bad.wav").write_bytes(content)
    with pytest.raises(BadClips, match=rf"1 clip that cannot be used: a/bad.wav: .*{words}"):
        screen(read_dataset(tmp_path), PLAIN)


_MEMORY = """
import resource, sys
from headstart.data.clips.clips import Clips
from headstart.data.inputs.canvases import readable_canvases
from headstart.data.clips.preprocessing import SoundPreprocessing
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
readable_canvases(Clips([sys.argv[1]]), SoundPreprocessing())
before = peak()
found, bad = readable_canvases(Clips(sys.argv[2:]), SoundPreprocessing(), threads=1)
print((peak() - before) // 1024, [None if c is None else len(c) for c in found], [reason for _, reason in bad])
"""


def test_memory_follows_what_is_there_not_what_is_promised(clean: Path, tmp_path: Path) -> None:
    flac = bytearray(written("FLAC", "PCM_16", sound(np.random.default_rng(0))))
    flac[21] |= 0x0F
    flac[22:26] = b"\xff\xff\xff\xff"
    (tmp_path / "claims.flac").write_bytes(flac)
    (tmp_path / "claims.wav").write_bytes(wav(length=0x7F000000, data=bytes(64)))
    soundfile.write(tmp_path / "hour.flac", np.tile(sound(np.random.default_rng(1)), 3600), 8000)
    names = [str(tmp_path / name) for name in ("claims.flac", "claims.wav", "hour.flac")]
    outcome = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(clean / "no" / "0.wav"), *names], capture_output=True, text=True, check=True
    )
    megabytes, rest = outcome.stdout.split(" ", 1)
    assert rest.startswith("[None, None, 960000]"), rest
    assert "the clip is cut off or damaged'" in rest
    assert int(megabytes) < 120 + os.path.getsize(tmp_path / "hour.flac") // 2**20


def test_a_whole_recording_too_long_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headstart.data.clips.decode.MAX_SAMPLES", 4000)
    content = written("WAV", "PCM_16", sound(np.random.default_rng(0)))
    with pytest.raises(Exception, match="more than 4000 samples, too many to be read at once; cut it into clips"):
        sound_from_bytes(content)
    assert len(sound_from_bytes(content, seconds=0.5)[0]) == 4000
    assert issubclass(BadClips, DataError)
