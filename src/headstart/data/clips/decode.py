"""One clip of sound, whatever it is stored in, to samples of one channel."""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
import soundfile

from headstart.data.base.content import read_bytes
from headstart.data.base.reasons import NO_CLIP, BadClip, why_unsound
from headstart.data.clips.containers import Stream, missing_bytes, streams_of
from headstart.data.clips.film import is_film, seconds_of_film, sound_of_film

FORMATS = frozenset({"WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "NIST"})
SHORTEST = 0.01
LOUDEST = 8.0
LEAST_RATE, HIGHEST_RATE = 1000, 768_000
MAX_CHANNELS = 64
MAX_SAMPLES = 1 << 28
_BLOCK = 1 << 18
_ENDLESS = 1 << 35

Sound: TypeAlias = tuple[np.ndarray, int]
"""Samples (T,) in float32, full scale at 1, and how many of them make a second."""

T = TypeVar("T")


def decode_sound(item: Any, seconds: float | None = None) -> Sound:
    """Decode a clip to one channel.

    Several channels are averaged. Whole numbers are divided by their full scale (32768 for 16 bits). The rate stays
    as it is. What kind of file it is counts by its content, not by its name.

    Parameters
    ----------
    item : path-like or (ndarray, int)
        A file; or samples of shape (T,) or (T, channels), floats within about -1..1 or int16 or int32, with their
        number a second.
    seconds : float, optional
        How much to decode, from the beginning. Default: all.

    Returns
    -------
    wave : ndarray of shape (T,), float32
        The caller's own array where nothing has to change.
    rate : int
        Samples a second.

    Raises
    ------
    BadClip
        If it cannot be decoded, is shorter than 10 ms, or holds NaN; the message says why.

    Examples
    --------
    >>> wave, rate = decode_sound((np.array([[16384, 0]] * 100, dtype=np.int16), 8000))
    >>> wave.shape, float(wave[0]), rate
    ((100,), 0.25, 8000)
    """
    if isinstance(item, tuple):
        return sound_from_array(item[0], item[1], seconds)
    return sound_from_bytes(read_bytes(item, BadClip), seconds)


def sound_from_bytes(content: bytes, seconds: float | None = None) -> Sound:
    """Decode the content of a sound file; memory follows what is there, not what its header promises.

    A file that several recordings were joined in is read to its end.
    """
    if is_film(content):
        return _checked(*sound_of_film(content, seconds))
    parts: list[np.ndarray] = []
    rate = 0
    for stream in streams_of(content):
        have = sum(map(len, parts))
        if seconds is not None and rate and have >= round(seconds * rate):
            break
        wave, own = _opened(stream, functools.partial(_decoded, stream, seconds, have))
        if rate and own != rate:
            raise BadClip(f"it joins recordings of {rate} and {own} samples a second; cut it into clips of one rate")
        rate = own
        parts.append(wave)
        if sum(map(len, parts)) >= MAX_SAMPLES and seconds is None:
            raise BadClip(f"it has more than {MAX_SAMPLES} samples, too many to be read at once; cut it into clips")
    return _checked(parts[0] if len(parts) == 1 else np.concatenate(parts), rate)


def sound_from_array(array: np.ndarray, rate: int, seconds: float | None = None) -> Sound:
    """Turn samples in an array into one channel of float32; the caller's array is never written to.

    Parameters
    ----------
    array : ndarray of shape (T,) or (T, channels)
    rate : int
        Samples a second.
    seconds : float, optional
        How much to take, from the beginning.
    """
    reason = why_no_samples(array)
    if reason:
        raise BadClip(reason)
    if seconds is not None:
        array = array[: max(1, round(seconds * rate))]
    if array.dtype.kind == "i":
        wave = array.astype(np.float32) / np.float32(-float(np.iinfo(array.dtype).min))
    else:
        wave = array.astype(np.float32, copy=False)
    return _checked(_one_channel(wave), rate)


def why_no_samples(array: np.ndarray) -> str | None:
    """Why an array cannot be the samples of a clip, by its shape and type; None if it can."""
    if array.ndim not in (1, 2):
        return f"expected samples of shape (T,) or (T, channels), found shape {array.shape}"
    if array.ndim == 2 and array.shape[0] < array.shape[1]:
        return f"expected samples of shape (T, channels), found channels first: shape {array.shape}; give array.T"
    if array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS:
        return f"expected 1 to {MAX_CHANNELS} channels, found shape {array.shape}"
    if array.dtype.kind == "f" or array.dtype in (np.int16, np.int32):
        return None
    return f"expected samples as floats, int16 or int32, found {array.dtype}"


def sound_seconds(item: Any) -> float:
    """How long a clip is, in seconds, as its header says; nothing is decoded.

    Raises
    ------
    BadClip
        If the file cannot be opened.
    """
    if isinstance(item, tuple):
        return len(item[0]) / item[1]
    content = read_bytes(os.fspath(item), BadClip)
    if is_film(content):
        return seconds_of_film(content)
    return sum(_opened(stream, lambda file: frames_in(file) / file.samplerate) for stream in streams_of(content))


def refuse_unknown(file: soundfile.SoundFile) -> None:
    """Refuse formats that could be opened and are none for clips."""
    if file.format not in FORMATS:
        raise BadClip(f"it is of the format {file.format_info}, {NO_CLIP}")


def frames_in(file: soundfile.SoundFile) -> int:
    """How many samples an opened sound file has; one that does not say so is decoded to its end, in blocks."""
    if file.frames < _ENDLESS:
        return int(file.frames)
    return sum(iter(lambda: len(file.read(_BLOCK, dtype="float32")), 0))


class Onward(soundfile.SoundFile):
    """A sound file read from its beginning to its end, which need not be known: after a read, soundfile seeks."""

    def seekable(self) -> bool:
        return False


def _opened(stream: Stream, work: Callable[[soundfile.SoundFile], T]) -> T:
    """Open a sound file and do something with it; whatever is raised comes out as a BadClip in plain words."""
    content = stream.content
    try:
        with (soundfile.SoundFile if stream.exact else Onward)(io.BytesIO(content)) as file:
            refuse_unknown(file)
            if not LEAST_RATE <= file.samplerate <= HIGHEST_RATE:
                raise BadClip(f"its header claims {file.samplerate} samples a second; {_RATES}")
            if file.channels > MAX_CHANNELS:
                raise BadClip(f"its header claims {file.channels} channels; at most {MAX_CHANNELS} are read")
            missing = missing_bytes(content)
            lacking = missing / (missing + len(content)) if missing else 0.0
            if missing and lacking * _claimed(file, content, missing) > SHORTEST:
                raise BadClip(f"the clip is cut off: {missing} bytes of it are missing")
            return work(file)
    except BadClip:
        raise
    except Exception as error:
        missing = missing_bytes(content)
        if missing:
            raise BadClip(f"the clip is cut off: {missing} bytes of it are missing") from error
        raise BadClip(why_unsound(error, content)) from error


_RATES = f"rates from {LEAST_RATE} to {HIGHEST_RATE} can be read"


def _decoded(stream: Stream, seconds: float | None, have: int, file: soundfile.SoundFile) -> Sound:
    """What a file holds, or as much of it as is still wanted where so many samples are there already."""
    most = MAX_SAMPLES if seconds is None else max(1, round(seconds * file.samplerate) - have)
    wave = _read(file, most)
    if stream.exact and file.format != "MP3" and len(wave) < min(most, file.frames):
        have, promised = len(wave) / file.samplerate, file.frames / file.samplerate
        if promised - have > SHORTEST:
            raise BadClip(f"the clip is cut off: its header promises {promised:.3g} s, {have:.3g} s are there")
    return wave, file.samplerate


def _claimed(file: soundfile.SoundFile, content: bytes, missing: int) -> float:
    """Seconds that the file would last if nothing were missing."""
    return file.frames / file.samplerate * (len(content) + missing) / max(len(content), 1) if file.frames else 1.0


def _read(file: soundfile.SoundFile, limit: int) -> np.ndarray:
    """Up to ``limit`` samples, averaged over the channels block by block."""
    block = max(1, _BLOCK // file.channels)
    parts: list[np.ndarray] = []
    left = limit
    while left > 0:
        part = file.read(min(block, left), dtype="float32", always_2d=True)
        if not len(part):
            break
        parts.append(_one_channel(part))
        left -= len(part)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _one_channel(wave: np.ndarray) -> np.ndarray:
    if wave.ndim == 1:
        return wave
    return wave[:, 0] if wave.shape[1] == 1 else wave.mean(axis=1, dtype=np.float32)


def _checked(wave: np.ndarray, rate: int) -> Sound:
    if len(wave) == 0:
        raise BadClip("it holds no sound (0 samples)")
    if len(wave) < SHORTEST * rate:
        raise BadClip(f"it lasts {1000 * len(wave) / rate:.2g} ms; at least 10 ms are needed")
    low, high = float(wave.min()), float(wave.max())
    if not np.isfinite([low, high]).all():
        raise BadClip("it holds NaN or infinite samples")
    if max(-low, high) > LOUDEST:
        raise BadClip(f"its samples reach {max(-low, high):.4g} where 1 is full scale; divide them by their full scale")
    return np.ascontiguousarray(wave), rate
