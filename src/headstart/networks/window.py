"""How long the window of a network is that takes waves of any length: as long as the clips it learns from."""

from __future__ import annotations

import dataclasses
from math import ceil
from typing import Any, overload

from headstart.data.base.reasons import BadInput
from headstart.data.base.rows import Inputs
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.networks.network import Network

#: Shortest and longest window that is fitted to clips, in seconds.
SHORTEST, LONGEST = 0.5, 10.0


@overload
def fitted(network: Network, inputs: Any) -> Network: ...


@overload
def fitted(network: None, inputs: Any) -> None: ...


def fitted(network: Network | None, inputs: Any) -> Network | None:
    """A network that fits what it will learn from, which it keeps for new inputs.

    The window of one that takes waves of any length is settled: as long as the longest clip, from 0.5 s to 10 s, in
    tenths of a second. A longer one would make the network hear silence, a shorter one would cut clips. What is white
    in deep pictures, and which page is meant, is as these have it.

    Parameters
    ----------
    network : Network or None
        Not changed.
    inputs : Inputs or array
        What will be learned from.

    Returns
    -------
    Network or None
        The same one where nothing has to be settled.
    """
    if network is None:
        return None
    preprocessing = network.preprocessing
    if not isinstance(preprocessing, SoundPreprocessing):
        kept = inputs.settle(preprocessing) if isinstance(inputs, Inputs) else preprocessing
        return network if kept == preprocessing else dataclasses.replace(network, preprocessing=kept)
    if not preprocessing.open_window:
        return network
    lengths = [_seconds(inputs, i) for i in range(len(inputs))] if isinstance(inputs, Clips) else []
    longest = max(lengths, default=0.0) or preprocessing.seconds
    seconds = min(max(ceil(longest * 10 - 1e-6) / 10, SHORTEST), LONGEST)
    settled = dataclasses.replace(preprocessing, samples=round(seconds * preprocessing.rate), open_window=False)
    return dataclasses.replace(network, preprocessing=settled)


def window_notes(network: Network | None, inputs: Any) -> tuple[str, ...]:
    """What a reader should know about a window that is fitted to clips; empty where none is.

    Parameters
    ----------
    network : Network or None
        Before its window is settled.
    inputs : Inputs
        What will be learned from.
    """
    settled = fitted(network, inputs)
    if network is None or settled is None or settled is network:
        return ()
    if not isinstance(settled.preprocessing, SoundPreprocessing):
        return ()
    seconds = settled.preprocessing.seconds
    beyond = sum(_seconds(inputs, i) > seconds for i in range(len(inputs)))
    words = f"{network.name} hears clips of any length; its window is set to {seconds:g} s"
    if not beyond:
        return (f"{words}, as long as the longest clip.",)
    return (f"{words}; {beyond} longer clips are heard in windows that overlap by half, and their mean counts.",)


def _seconds(clips: Clips, i: int) -> float:
    """How long a clip is; 0 where it cannot be read, which others report."""
    try:
        return clips.seconds(i)
    except BadInput:
        return 0.0
