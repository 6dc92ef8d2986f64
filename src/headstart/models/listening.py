"""Hear words in a long recording, or in a stream while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from headstart.contract.arguments import plainly
from headstart.data.clips.recordings import blocks_of
from headstart.errors import SourceError
from headstart.keywords.listener import Event
from headstart.keywords.window_scores import window_scorer
from headstart.models.model import Model, load
from headstart.models.saving.task_models import one_task


@plainly()
def listen(
    model: Any,
    sound: Any,
    *,
    sampling_rate: int | None = None,
    threshold: float | None = None,
    module: Any = None,
) -> Iterator[Event]:
    """Words in a recording of any length, one after the other, as they are heard.

    A window slides along in steps of a tenth of a second. Each window's log-odds of every word are averaged over the
    three to seven steps that hold a whole word, none counted below -2; where the largest passes the threshold, its
    peak is one event, and for a window's length nothing else is.
    The recording is read in blocks, so memory does not grow with its length.

    Parameters
    ----------
    model : Model or path
        Fitted with ``task="keyword"``.
    sound : path, binary stream, or ndarray of shape (T,)
        A file of sound of any rate; raw samples as they come (16 bits, little-endian, one channel); or samples.
    sampling_rate : int, optional
        Of a stream or an array, in samples a second. Default: the model's own.
    threshold : float, optional
        Log-odds from which on a word counts as heard. Default: the one chosen when the model was fitted.
    module : torch.nn.Module, optional
        The architecture, where ``model`` is a path and its network was a module of one's own.

    Yields
    ------
    Event
        ``time`` (seconds to the middle of the word), ``word``, ``score``.

    Raises
    ------
    SourceError
        If the model was not fitted with ``task="keyword"``.
    DataError
        If the recording cannot be read; said when the first event is asked for.

    Examples
    --------
    >>> import headstart
    >>> for event in headstart.listen("model", "evening.wav"):  # doctest: +SKIP
    ...     print(f"{event.time:.1f} s: {event.word}")
    """
    loaded = model if isinstance(model, Model) else one_task(load(model, module))
    if loaded.detector is None:
        named = f" in {os.fspath(model)}" if isinstance(model, str | os.PathLike) else ""
        raise SourceError(
            f"Expected a model for words{named}, found one for {loaded.task} of {loaded.input_type}.",
            "Fit it with --task keyword (task='keyword').",
        )
    detector = loaded.detector
    score = window_scorer(loaded.estimator, detector.rate, np.array(detector.columns), loaded.temperature)
    if isinstance(sound, np.ndarray):
        sound = (sound, detector.rate if sampling_rate is None else int(sampling_rate))
    blocks = blocks_of(sound, detector.rate, source_rate=sampling_rate)
    return detector.events(blocks, score, threshold)
