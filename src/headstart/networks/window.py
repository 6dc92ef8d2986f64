"""Networks as what they learn from settles them: the length of a window, what is white in deep pictures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from headstart.data.base.rows import Inputs

if TYPE_CHECKING:  # rows of a table need no torch
    from headstart.networks.network import Network

Known = TypeVar("Known", "Network", None)


def fitted(network: Known, inputs: Any) -> Known:
    """A network that fits what it will learn from, which it keeps for new inputs; see ``settle`` of the inputs.

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
    if network is None or not isinstance(inputs, Inputs):
        return network
    kept = inputs.settle(network.preprocessing)
    return network if kept == network.preprocessing else dataclasses.replace(network, preprocessing=kept)


def window_notes(network: Network | None, inputs: Any) -> tuple[str, ...]:
    """What a reader should know about a window that is fitted to clips; empty where none is.

    Parameters
    ----------
    network : Network or None
        Before its window is settled.
    inputs : Inputs
        What will be learned from.
    """
    if network is None or not getattr(network.preprocessing, "open_window", False):
        return ()
    seconds = fitted(network, inputs).preprocessing.seconds
    beyond = sum(length > seconds for length in inputs.lengths())
    words = f"{network.name} hears clips of any length; its window is set to {seconds:g} s"
    if not beyond:
        return (f"{words}, as long as the longest clip.",)
    return (f"{words}; {beyond} longer clips are heard in windows that overlap by half, and their mean counts.",)
