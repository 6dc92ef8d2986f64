"""Pictures or clips of sound, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.data.clips import Clips, as_clips, is_clips
from headstart.data.kinds import CLIPS, PICTURES, Kind, kind_of_suffix
from headstart.data.pictures import Pictures, as_pictures, is_pictures
from headstart.errors import DataError


def as_inputs(X: Any) -> Pictures | Clips:
    """Take pictures or clips in any of the usual forms.

    Parameters
    ----------
    X : whatever `as_pictures` or `as_clips` takes
        Told apart by type, and files by their suffix. A bare array (n, d) is neither: it holds features. Clips in
        arrays come with their rate, as ``Clips(arrays, sampling_rate=16000)``.

    Returns
    -------
    Pictures or Clips

    Raises
    ------
    DataError
        If it is neither, or a mixture.

    Examples
    --------
    >>> as_inputs(["a.wav", "b.flac"]), as_inputs(["a.jpg"])
    (Clips(2), Pictures(1))
    """
    if not is_clips(X):
        found = as_pictures(X)
        strangers = [name for name, item in zip(found.names, found.items, strict=True) if is_clips(item)]
        if strangers:
            raise DataError(f"Expected pictures or clips of sound, found both; {strangers[0]} is a sound.", _APART)
        return found
    clips = as_clips(X)
    for name, item in zip(clips.names, clips.items, strict=True):
        if not isinstance(item, tuple) and kind_of_suffix(Path(name).suffix) is PICTURES:
            raise DataError(f"Expected pictures or clips of sound, found both; {name} is a picture.", _APART)
    return clips


def is_inputs(X: Any) -> bool:
    """Whether ``X`` holds pictures or clips (True) or ready-made features, one row of numbers each (False).

    Examples
    --------
    >>> is_inputs(["a.wav"]), is_inputs(["a.jpg"]), is_inputs([[1.0, 2.0]])
    (True, True, False)
    """
    return is_clips(X) or is_pictures(X)


def inputs_of(kind: Kind, items: Sequence[Any], names: Sequence[str] | None = None) -> Pictures | Clips:
    """Inputs of a kind that is known.

    Examples
    --------
    >>> inputs_of(CLIPS, ["a.wav"])
    Clips(1)
    """
    return Clips(items, names) if kind is CLIPS else Pictures(items, names)


_APART = "Give pictures and sounds apart."
