"""Sound that lies in M4A, AAC, AMR, WMA and film files (extra ``av``)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from headstart.data.base.reasons import BadClip
from headstart.data.base.signatures import what_is

_STILL = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")
_STARTS = (b"\x1aE\xdf\xa3", b"0&\xb2u", b"#!AMR")
_MOST = 1 << 28


def is_film(content: bytes) -> bool:
    """Whether bytes begin as a file that holds sound in packets: MP4 and its kin, Matroska, AVI, WMA, AMR, AAC.

    Examples
    --------
    >>> is_film(b"\\0\\0\\0\\x20ftypM4A "), is_film(b"\\xff\\xf1\\x50\\x80"), is_film(b"\\xff\\xfb\\x90\\x64")
    (True, True, False)
    """
    if bytes(content[4:8]) == b"ftyp":
        return bytes(content[8:12]) not in _STILL
    if bytes(content[:4]) == b"RIFF" and bytes(content[8:12]) == b"AVI ":
        return True
    head = bytes(content[:8])
    return head.startswith(_STARTS) or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0)


def sound_of_film(content: bytes, seconds: float | None = None) -> tuple[np.ndarray, int]:
    """The first sound track of a file, one channel of samples in float32, and their rate.

    Parameters
    ----------
    content : bytes
    seconds : float, optional
        How much is decoded, from the beginning.

    Raises
    ------
    BadClip
        Without PyAV, for a film without sound, and for damage.
    """
    parts: list[np.ndarray] = []
    rate = total = 0
    for block, own in _blocks(content):
        if rate and own != rate:
            raise BadClip(f"its sound changes from {rate} to {own} samples a second; save it anew")
        rate, total = own, total + len(block)
        parts.append(block)
        if seconds is not None and total >= round(seconds * rate):
            break
        if total >= _MOST:
            raise BadClip(f"it has more than {_MOST} samples, too many to be read at once; cut it into clips")
    if not parts:
        raise BadClip("it holds no sound that can be decoded")
    wave = np.concatenate(parts)
    return (wave if seconds is None else wave[: max(1, round(seconds * rate))]), rate


def seconds_of_film(content: bytes) -> float:
    """How long the sound is, as the file says; decoded to its end where it does not."""
    av = _library()
    try:
        with av.open(io.BytesIO(content), metadata_errors="ignore") as file:
            track = _track(file, content)
            if track.duration is not None and track.time_base is not None:
                return float(track.duration * track.time_base)
    except av.error.FFmpegError as error:
        raise _damaged(error) from error
    wave, rate = sound_of_film(content)
    return len(wave) / rate


def _blocks(content: bytes) -> Iterator[tuple[np.ndarray, int]]:
    """Samples as they are decoded, averaged over the channels, and their rate."""
    av = _library()
    try:
        with av.open(io.BytesIO(content), metadata_errors="ignore") as file:
            track = _track(file, content)
            for frame in file.decode(track):
                samples = frame.to_ndarray()
                if not frame.format.is_planar:
                    samples = samples.reshape(-1, frame.layout.nb_channels).T
                if samples.dtype.kind == "u":
                    samples = samples / 127.5 - 1.0  # of 8 bits alone
                elif samples.dtype.kind == "i":
                    samples = samples / -float(np.iinfo(samples.dtype).min)
                yield samples.astype(np.float32).mean(axis=0, dtype=np.float32), int(frame.sample_rate)
    except av.error.FFmpegError as error:
        raise _damaged(error) from error


def _track(file: Any, content: bytes) -> Any:
    if not file.streams.audio:
        raise BadClip(f"it is {what_is(content)} without sound")
    return file.streams.audio[0]


def _library() -> Any:
    try:
        import av
    except ImportError:
        raise BadClip("its sound is in packets (M4A, AAC, film); to read it: pip install 'headstart[av]'") from None
    return av


def _damaged(error: Exception) -> BadClip:
    return BadClip(f"the clip is cut off or damaged ({' '.join(str(error).split())[:120]})")
