"""Pictures, clips of sound or texts, whichever it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from headstart.data.base.kinds import CLIPS, PICTURES, TEXTS, Kind, kind_of_suffix
from headstart.data.base.rows import Inputs
from headstart.data.clips.clips import Clips, as_clips, is_clips
from headstart.data.pictures.pictures import Pictures, as_pictures, is_pictures
from headstart.data.texts.texts import Texts, as_texts, is_texts
from headstart.errors import DataError

AnyInputs: TypeAlias = Pictures | Clips | Texts


def as_inputs(X: Any, input_type: str | None = None) -> AnyInputs:
    """Take pictures, clips or texts in any of the usual forms.

    Parameters
    ----------
    X : whatever `as_pictures`, `as_clips` or `as_texts` takes
        Told apart by type, and files by their suffix; a string without the suffix of a picture or a clip is a text. A
        bare array (n, d) is none of them: it holds features. Clips in arrays come with their rate, as
        ``Clips(arrays, sampling_rate=16000)``.
    input_type : {"image", "audio", "text"}, optional
        What is expected. "text": every string is a text, even one that ends like the name of a picture.

    Returns
    -------
    Pictures, Clips or Texts

    Raises
    ------
    DataError
        If it is none of them, or a mixture.

    Examples
    --------
    >>> as_inputs(["a.wav", "b.flac"]), as_inputs(["a.jpg"]), as_inputs(["good", "bad"])
    (Clips(2), Pictures(1), Texts(2))
    """
    if is_texts(X) or (input_type == TEXTS.input_type and _is_strings(X)):
        return as_texts(X)
    if is_clips(X):
        clips = as_clips(X)
        _refuse_others(clips)
        return clips
    pictures = as_pictures(X)
    _refuse_others(pictures)
    return pictures


def is_inputs(X: Any) -> bool:
    """Whether ``X`` holds pictures, clips or texts (True) or ready-made features, one row of numbers each (False).

    Examples
    --------
    >>> is_inputs(["a.wav"]), is_inputs(["a.jpg"]), is_inputs(["good"]), is_inputs([[1.0, 2.0]])
    (True, True, True, False)
    """
    return is_clips(X) or is_texts(X) or is_pictures(X)


def inputs_of(kind: Kind, items: Sequence[Any], names: Sequence[str] | None = None) -> AnyInputs:
    """Inputs of a kind that is known.

    Examples
    --------
    >>> inputs_of(CLIPS, ["a.wav"]), inputs_of(TEXTS, ["good"])
    (Clips(1), Texts(1))
    """
    kinds: dict[Kind, type[AnyInputs]] = {PICTURES: Pictures, CLIPS: Clips, TEXTS: Texts}
    return kinds[kind](items, names)


def _is_strings(X: Any) -> bool:
    if isinstance(X, str):
        return True
    listed = isinstance(X, Sequence | np.ndarray) or hasattr(X, "iloc")
    return listed and not isinstance(X, Inputs | bytes) and all(isinstance(item, str) for item in X)


def _refuse_others(inputs: Inputs) -> None:
    """Refuse the names of another kind of file among the inputs."""
    for name, item in zip(inputs.names, inputs.items, strict=True):
        if isinstance(item, str | os.PathLike):
            kind = kind_of_suffix(os.path.splitext(os.fspath(item))[1])
            if kind is not None and kind is not inputs.kind:
                called = {CLIPS: "a sound"}.get(kind, f"a {kind.one}")
                raise DataError(
                    f"Expected pictures or clips of sound, found both; {name} is {called}."
                    if kind is not TEXTS
                    else f"Expected {inputs.kind.many}, found texts among them; {name} is {called}.",
                    _APART,
                )
        elif is_clips(item) and inputs.kind is not CLIPS:
            raise DataError(f"Expected pictures or clips of sound, found both; {name} is a sound.", _APART)


_APART = "Give pictures and sounds apart."
