"""Recordings of any length: read in blocks, at one rate, in memory that does not grow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

from headstart.data.base.files import list_inputs, printable
from headstart.data.base.kinds import CLIPS
from headstart.data.base.reasons import why_unsound
from headstart.data.clips.decode import FORMATS, HIGHEST_RATE, LEAST_RATE, LOUDEST
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
    if not path.is_dir():
        raise DataError(f"Expected recordings, found nothing at {shown}.", "Check the path.")
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
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


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
        with _opened(path) as file:
            own = file.samplerate
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


def _opened(path: Path) -> soundfile.SoundFile:
    shown = printable(str(path))
    try:
        if not path.exists():
            raise DataError(f"Expected a recording, found nothing at {shown}.", "Check the path.")
        file = soundfile.SoundFile(str(path))
    except DataError:
        raise
    except Exception as error:
        content = b""
        if path.is_file():
            with path.open("rb") as opened:
                content = opened.read(4096)
        raise DataError(
            f"Expected a readable recording, found {shown}: {why_unsound(error, content)}.", _TODO
        ) from error
    if file.format not in FORMATS:
        file.close()
        raise DataError(f"Expected a readable recording, found {shown}: {why_unsound(ValueError(), b'')}.", _TODO)
    return file


def _from_file(path: Path, start: float) -> Iterator[np.ndarray]:
    with _opened(path) as file:
        try:
            if start > 0:
                file.seek(min(round(start * file.samplerate), max(file.frames - 1, 0)))
            yield from file.blocks(max(1, round(BLOCK_SECONDS * file.samplerate)), dtype="float32")
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise DataError(
                f"Expected a readable recording, found {printable(str(path))}: {why_unsound(error, b'')}.", _TODO
            ) from error


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
