"""Recordings of any length: read in blocks, at one rate, in memory that does not grow."""

from __future__ import annotations

import functools
import io
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

from headstart.data.base.content import open_plain, plain_file
from headstart.data.base.files import check_there, list_inputs, printable, refuse_odd_file
from headstart.data.base.kinds import CLIPS
from headstart.data.base.reasons import BadClip, why_unsound
from headstart.data.clips.containers import Stream, streams_of
from headstart.data.clips.decode import HIGHEST_RATE, LEAST_RATE, LOUDEST, Onward, frames_in, refuse_unknown
from headstart.errors import DataError, ParameterError

BLOCK_SECONDS = 2.0
_TODO = "Give a WAV, FLAC, OGG or MP3 file, or raw 16-bit samples on standard input (-)."


def recordings_in(place: str | os.PathLike[str]) -> list[Path]:
    """The recordings that a path names: a file itself, or all sound files of a folder and below.

    Raises
    ------
    DataError
        If there is nothing, or no sound.
    """
    path = Path(place).expanduser()
    shown = printable(str(path))
    if path.is_file():
        return [path]
    check_there(path, "recordings")
    if not path.is_dir():
        refuse_odd_file(path, "recordings")
    found = list_inputs(path)[0][CLIPS]
    if not found:
        raise DataError(f"Expected recordings in {shown}, found no file of sound.", CLIPS.formats)
    return found


def seconds_of(path: Path) -> float:
    """How long a recording is, as its header says.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    with _said(path):
        total = 0.0
        for stream in _streams(path):
            with _file_of(stream, path) as file:
                total += frames_in(file) / file.samplerate
        return total


def blocks_of(sound: Any, rate: int, source_rate: int | None = None, start: float = 0.0) -> Iterator[np.ndarray]:
    """A recording in blocks of one channel.

    Parameters
    ----------
    sound : path, binary stream, or (ndarray, int)
        A file of sound; raw samples, 16 bits, little-endian, one channel, as they come; or samples with their rate.
    rate : int
        Samples a second wanted; resampled as it goes (soxr) where the recording has another rate.
    source_rate : int, optional
        Samples a second of a raw stream. Default: ``rate``.
    start : float, default=0.0
        Seconds of a file to pass over.

    Yields
    ------
    ndarray of shape (t,), float32
        Full scale is 1; t differs from block to block.

    Raises
    ------
    DataError
        If it cannot be read, is empty, or holds NaN.
    """
    if isinstance(sound, tuple):
        raw, own = iter([np.asarray(sound[0])]), int(sound[1])
        name = "the samples"
    elif hasattr(sound, "read"):
        own, name = rate if source_rate is None else int(source_rate), "the stream"
        raw = _raw(sound, own)
    else:
        path = Path(os.fspath(sound)).expanduser()
        own = _rate_of(path)
        raw, name = _from_file(path, start), printable(str(path))
    if not LEAST_RATE <= own <= HIGHEST_RATE:
        raise ParameterError(f"Expected a rate from {LEAST_RATE} to {HIGHEST_RATE} samples a second, found {own}.")
    yield from _resampled(_checked(raw, name), own, rate)


def piece_of(sound: Any, rate: int, start: float, seconds: float) -> np.ndarray:
    """A piece of a file, or of samples with their rate, (t,) in float32."""
    if isinstance(sound, tuple):
        wave, own = np.asarray(sound[0]), int(sound[1])
        sound = (wave[round(start * own) : round((start + seconds) * own)], own)
        start = 0.0
    wanted, parts, have = round(seconds * rate), [], 0
    for block in blocks_of(sound, rate, start=start):
        parts.append(block)
        have += len(block)
        if have >= wanted:
            break
    return np.concatenate(parts)[:wanted] if parts else np.zeros(0, np.float32)


def _rate_of(path: Path) -> int:
    rates = []
    with _said(path):
        for stream in _streams(path):
            with _file_of(stream, path) as file:
                rates.append(file.samplerate)
        if len(set(rates)) > 1:
            raise BadClip(f"it joins recordings of {rates[0]} and {max(rates)} samples a second")
    return int(rates[0])


def _from_file(path: Path, start: float) -> Iterator[np.ndarray]:
    with _said(path):
        for stream in _streams(path):
            with _file_of(stream, path) as file:
                skipped = min(round(start * file.samplerate), max(file.frames - 1, 0)) if start > 0 else 0
                start -= skipped / file.samplerate
                if skipped and stream.exact:
                    file.seek(skipped)
                elif skipped:
                    file.read(skipped, dtype="float32")
                while len(block := file.read(max(1, round(BLOCK_SECONDS * file.samplerate)), dtype="float32")):
                    yield block


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Whatever goes wrong with a recording, in plain words."""
    shown = printable(str(path))
    try:
        yield
    except DataError:
        raise
    except BadClip as error:
        raise DataError(f"Expected a readable recording, found {shown}: {error.reason}.", _TODO) from error
    except Exception as error:
        with open_plain(path, BadClip) as opened:
            head = opened.read(4096)
        raise DataError(f"Expected a readable recording, found {shown}: {why_unsound(error, head)}.", _TODO) from error


def _streams(path: Path) -> list[Stream]:
    """The sound files in a file: one, without its bytes, but for those that recordings were joined in."""
    check_there(path, "a recording")
    status = plain_file(path, BadClip)
    if not status.st_size:
        raise BadClip("the file is empty (0 bytes)")
    return _streams_of_file(str(path), status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _streams_of_file(path: str, size: int, changed: int) -> list[Stream]:
    with open_plain(path, BadClip) as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        content: Any = whole  # cut and searched as bytes are
        found = streams_of(content)
        return [Stream(b"", stream.exact) if stream.content is content else stream for stream in found]


def _file_of(stream: Stream, path: Path) -> soundfile.SoundFile:
    """A stream to read from; one without bytes is the whole file."""
    reader = soundfile.SoundFile if stream.exact else Onward
    file = reader(io.BytesIO(stream.content) if stream.content else str(path))
    try:
        refuse_unknown(file)
    except BadClip:
        file.close()
        raise
    return file


def _raw(stream: BinaryIO, rate: int) -> Iterator[np.ndarray]:
    """Samples of a raw stream as they come; a last odd byte is dropped."""
    read = getattr(stream, "read1", stream.read)
    most, rest = 2 * max(1, round(0.25 * rate)), b""
    while content := read(most):
        content = rest + content
        even = len(content) - len(content) % 2
        rest = content[even:]
        if even:
            yield np.frombuffer(content[:even], "<i2")


def _checked(blocks: Iterator[np.ndarray], name: str) -> Iterator[np.ndarray]:
    """Blocks as one channel of float32; refused where they hold no samples or no numbers."""
    total = 0
    for block in blocks:
        wave = block.astype(np.float32) / np.float32(32768.0) if block.dtype.kind == "i" else block
        wave = wave.mean(axis=1, dtype=np.float32) if wave.ndim == 2 else wave.astype(np.float32, copy=False)
        if len(wave) and not np.isfinite(wave).all():
            raise DataError(f"Expected a readable recording, found {name}: it holds NaN or infinite samples.")
        if len(wave) and np.abs(wave).max() > LOUDEST:
            raise DataError(
                f"Expected samples from -1 to 1, found {np.abs(wave).max():.4g} in {name}.",
                "Divide them by their full scale.",
            )
        total += len(wave)
        yield wave
    if not total:
        raise DataError(f"Expected a recording, found {name} with no sound in it (0 samples).", _TODO)


def _resampled(blocks: Iterator[np.ndarray], own: int, rate: int) -> Iterator[np.ndarray]:
    if own == rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(own, rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        found = stream.resample_chunk(np.ascontiguousarray(block))
        if len(found):
            yield found
    tail = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    if len(tail):
        yield tail
