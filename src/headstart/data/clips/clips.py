"""Clips of sound that are decoded only when asked for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from headstart.data.base.content import digest_of, digest_of_file, read_bytes
from headstart.data.base.kinds import CLIPS, kind_of_suffix
from headstart.data.base.reasons import BadClip
from headstart.data.base.rows import Inputs, already, span
from headstart.data.clips.decode import (
    HIGHEST_RATE,
    LEAST_RATE,
    Sound,
    decode_sound,
    sound_from_bytes,
    sound_seconds,
    why_no_samples,
)
from headstart.errors import BadClips, DataError, ParameterError

Clip: TypeAlias = "str | Path | tuple[np.ndarray, int]"

#: Shortest and longest window that is fitted to clips, in seconds.
SHORTEST, LONGEST = 0.5, 10.0


class Clips(Inputs[Clip]):
    """A row of clips of sound: files and arrays, in any mixture, of any length and rate.

    Nothing is read until :meth:`decode` or :meth:`digest` is called. Rows can be taken with a slice, an array of
    positions or a boolean mask; the samples are shared, not copied.

    Parameters
    ----------
    items : sequence of path, ndarray or (ndarray, int)
        The clips. Arrays are (T,) or (T, channels), floats within about -1..1, int16 or int32; the number is their
        samples a second.
    names : sequence of str, optional
        What to call them. Default: the path, or "clip 17".
    sampling_rate : int, optional
        Samples a second of the arrays that come without one, in Hz; from 1000 to 768000. Files say their own.

    Attributes
    ----------
    names : tuple of str
    shape : tuple of int
        ``(n,)``.

    Raises
    ------
    DataError
        For an array without a rate, or one that cannot be samples.

    Examples
    --------
    >>> clips = Clips([np.zeros(800), np.zeros((1600, 2), dtype=np.int16)], sampling_rate=8000)
    >>> clips.names, clips.decode(1)[0].shape, clips[[1]].names
    (('clip 0', 'clip 1'), (1600,), ('clip 1',))
    """

    kind = CLIPS
    bad_input = BadClip
    bad_inputs = BadClips

    def __init__(
        self, items: Sequence[Any], names: Sequence[str] | None = None, sampling_rate: int | None = None
    ) -> None:
        super().__init__([_item(item, i, sampling_rate) for i, item in enumerate(items)], names)

    def decode(self, i: int, seconds: float | None = None) -> Sound:
        """Decode clip ``i`` to samples (T,) in float32 and their rate; as in `data.sound_decode.decode_sound`."""
        return decode_sound(self.items[i], seconds)

    def load(self, i: int, enough: float | None = None) -> tuple[Sound, str]:
        """Decode clip ``i`` and give its digest too, reading its file once.

        Parameters
        ----------
        i : int
        enough : float, optional
            Seconds that have to be decoded, from the beginning. Default: all.

        Returns
        -------
        sound : (ndarray of shape (T,), int)
        digest : str
        """
        item = self.items[i]
        if isinstance(item, tuple):
            return decode_sound(item, enough), self.digest(i)
        content = read_bytes(item, BadClip)
        return sound_from_bytes(content, enough), digest_of_file(item, content)

    def seconds(self, i: int) -> float:
        """How long clip ``i`` is, as its header says."""
        return sound_seconds(self.items[i])

    def settle(self, preprocessing: Any) -> Any:
        """A window of any length set to that of the longest clip, from 0.5 s to 10 s, in tenths of a second.

        A longer window would make a network hear silence, a shorter one would cut clips.
        """
        if not getattr(preprocessing, "open_window", False):
            return preprocessing
        longest = max(self.lengths(), default=0.0) or preprocessing.seconds
        seconds = min(max(ceil(longest * 10 - 1e-6) / 10, SHORTEST), LONGEST)
        samples = round(seconds * preprocessing.rate)
        return dataclasses.replace(preprocessing, samples=samples, open_window=False)

    def sizes(self) -> str:
        """Lengths in seconds and sampling rates, by the headers."""
        lengths = [length for length in self.lengths() if length > 0]
        return span(min(lengths), max(lengths), "s", 2) if lengths else ""

    def extent(self, i: int) -> tuple[float, str]:
        """Seconds of clip ``i`` by its header."""
        return (self[[i]].lengths() or [0.0])[0], "seconds"

    def lengths(self, most: int | None = None) -> list[float]:
        """How long the first clips are by their headers, in seconds; 0 for one that cannot be read."""

        def length(i: int) -> float:
            try:
                return self.seconds(i)
            except BadClip:
                return 0.0

        return [length(i) for i in range(len(self) if most is None else min(len(self), most))]

    def _digest_in_memory(self, item: Any) -> str:
        samples = np.ascontiguousarray(item[0])
        head = f"{samples.shape} {samples.dtype.str} {item[1]}".encode()
        return digest_of(head, samples.data if samples.size else b"")


def as_clips(X: Any, sampling_rate: int | None = None) -> Clips:
    """Take clips of sound in any of the usual forms.

    Parameters
    ----------
    X : Clips, path, list, ndarray or pandas.Series
        A list of paths, arrays, pairs (array, rate), or dicts with "array" and "sampling_rate"; a Series or array of
        paths; with ``sampling_rate`` also an array (n, T) of n clips.
    sampling_rate : int, optional
        Samples a second of arrays that come without one, in Hz.

    Returns
    -------
    Clips

    Raises
    ------
    DataError
        For arrays without a rate, folders, or things that are no clips.

    Examples
    --------
    >>> as_clips([(np.zeros(800), 8000), (np.zeros(1600), 16000)]).shape
    (2,)
    """
    given = already(X, Clips)
    if given is not None:
        return given
    if isinstance(X, str | os.PathLike) or _is_pair(X):
        if isinstance(X, str | os.PathLike) and os.path.isdir(X):
            raise DataError(f"Expected clips of sound, found the folder {X}.", "Read it with read_dataset.")
        X = [X]
    if isinstance(X, np.ndarray) and X.dtype.kind in "biufc":
        X = _rows_of(X, sampling_rate)
    if not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        raise DataError(f"Expected clips of sound, found {type(X).__name__}.", _FORMS)
    return Clips(list(X), sampling_rate=sampling_rate)


def is_clips(X: Any) -> bool:
    """Whether ``X`` holds clips of sound: names of sound files, or arrays that come with a rate.

    Rows of inputs know it themselves.

    Examples
    --------
    >>> is_clips(["a.wav"]), is_clips([(np.zeros(800), 8000)]), is_clips(["a.jpg"]), is_clips(np.zeros((5, 800)))
    (True, True, False, False)
    """
    if isinstance(X, str | os.PathLike) or _is_pair(X):
        return _is_clip(X)
    if getattr(X, "ndim", 1) != 1 or not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        return False
    return _is_clip(next(iter(X), None))


_FORMS = "Give paths, pairs (array, rate), or Clips(arrays, sampling_rate=16000)."


def _is_clip(item: Any) -> bool:
    if isinstance(item, str | os.PathLike):
        return kind_of_suffix(os.path.splitext(os.fspath(item))[1]) is CLIPS
    return _is_pair(item) or (isinstance(item, dict) and "array" in item and "sampling_rate" in item)


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, tuple)
        and len(item) == 2
        and isinstance(item[0], np.ndarray)
        and isinstance(item[1], int | float | np.number)
    )


def _rows_of(X: np.ndarray, sampling_rate: int | None) -> list[np.ndarray]:
    if sampling_rate is None:
        raise DataError(f"Expected clips of sound, found a bare array of shape {X.shape} without a rate.", _FORMS)
    if X.ndim == 1:
        return [X]
    if X.ndim == 2 and X.shape[1] <= 8 < X.shape[0]:
        raise DataError(f"Expected several clips, found what looks like one, of shape {X.shape}.", "Give [clip].")
    return list(X)


def _item(item: Any, i: int, sampling_rate: int | None) -> Clip:
    if isinstance(item, str | os.PathLike):
        return item if isinstance(item, Path) or type(item) is str else Path(os.fsdecode(item))
    if _is_clip(item):
        array, rate = (item["array"], item["sampling_rate"]) if isinstance(item, dict) else item
        pair = item if isinstance(item, tuple) and type(rate) is int else None
    else:
        array, rate, pair = item, sampling_rate, None
    if not isinstance(array, np.ndarray):
        raise DataError(f"Expected a clip of sound at position {i}, found {type(item).__name__}.", _FORMS)
    reason = why_no_samples(array)
    if reason:
        raise DataError(f"This is no clip of sound: at position {i} {reason}.")
    if rate is None:
        raise DataError(
            f"Expected a rate for the samples at position {i}, found a bare array of shape {array.shape}.", _FORMS
        )
    if not LEAST_RATE <= rate <= HIGHEST_RATE or rate != int(rate):
        raise ParameterError(
            f"Expected a sampling rate of {LEAST_RATE} to {HIGHEST_RATE} Hz in whole numbers, found {rate} "
            f"at position {i}."
        )
    return (array, int(rate)) if pair is None else pair
