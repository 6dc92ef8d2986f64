"""Pictures, clips and texts in the place of rows: what a network among the things borrowed says of them."""

from __future__ import annotations

import os
import sys
import weakref
from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import inputs_in, refuse_other_kind
from headstart.errors import DataError, ParameterError
from headstart.source import NetworkSource, Source

#: Sources of pictures, clips or texts as rows, by the network's digest; for as long as somebody has the source.
_SEEN: weakref.WeakKeyDictionary[Source, dict[Any, Source]] = weakref.WeakKeyDictionary()


def network_among(source: Any) -> tuple[Any, Any]:
    """The network that is borrowed from, or None, and everything else that is, in the form that it was given.

    Raises
    ------
    ParameterError
        For more than one network.

    Examples
    --------
    >>> network_among(["starter:pictures", Source([[1.0]], name="a")])
    ('starter:pictures', [Source('a', 1 rows, without labels)])
    >>> network_among(None), network_among(Source([[1.0]], name="a"))
    ((None, None), (None, Source('a', 1 rows, without labels)))
    """
    if not isinstance(source, list | tuple):
        return (source, None) if is_network(source) else (None, source)
    networks = [one for one in source if is_network(one)]
    if len(networks) > 1:
        raise ParameterError(
            f"Expected one network in source=, found {len(networks)}: {', '.join(map(repr, networks))}.",
            "Give one network, and labelled sets as Source(X, y).",
        )
    rest = [one for one in source if not is_network(one)]
    return (networks[0], rest or None) if networks else (None, source)


def is_network(one: Any) -> bool:
    """Whether something to borrow from is a network or names one."""
    if isinstance(one, str | os.PathLike | NetworkSource):
        return True
    torch = sys.modules.get("torch")  # without it nobody has a module
    if torch is None:
        return False
    from headstart.networks.network import Network

    return isinstance(one, (Network, torch.nn.Module))


def network_for_rows(named: Any, X: Any) -> Any:
    """The network that makes rows of what X holds, its window settled by it.

    Parameters
    ----------
    named : as `headstart.networks.reading.loading.load_network` takes it, or a Network
    X : pictures, clips or texts

    Raises
    ------
    DataError
        If X holds rows of numbers.
    SourceError
        If the network takes another kind of input.
    """
    from headstart.networks.reading.loading import load_network, taken
    from headstart.networks.window import fitted

    inputs = inputs_in(X)
    if inputs is None:
        wanted = taken(named)
        raise DataError(
            f"Expected {wanted}, because a network is among what is borrowed from, found rows of numbers.",
            f"Give {wanted}, or leave the network out of source=.",
        )
    return fitted(load_network(named, input_type=inputs.input_type), inputs)


def features_by(network: Any, X: Any, who: str) -> np.ndarray:
    """Features of pictures, clips or texts, (n, d) in float32; computed once, then cached by content.

    Parameters
    ----------
    network : Network
    X : pictures, clips or texts
    who : str
        What messages call them.

    Raises
    ------
    DataError
        If X holds another kind of input, or rows of numbers.
    """
    from headstart.networks.running.embed import embed

    inputs = inputs_in(X, network.input_type)
    if inputs is None:
        raise DataError(
            f"Expected {network.takes.many} in {who}, found rows of numbers.",
            f"A network is among what is borrowed from: give {network.takes.many} on all sides.",
        )
    if inputs.kind is not network.takes:
        refuse_other_kind(inputs.kind, network.takes, f"in {who} as in the target")
    return embed(network, inputs).output


def seen(source: Source, network: Any, who: str) -> Source:
    """A source of pictures, clips or texts as one of rows of features.

    Parameters
    ----------
    source : Source
    network : Network
    who : str
        What messages call it.
    """
    known, key = _SEEN.setdefault(source, {}), (network.digest, network.preprocessing)
    if key not in known:
        known[key] = Source(features_by(network, source.X, who), source.y, source.name, source.sample_weight)
    return known[key]


def refuse_inputs(X: Any) -> None:
    """Refuse pictures, clips or texts where no network makes rows of them.

    Raises
    ------
    DataError
    """
    if isinstance(X, Inputs):
        raise DataError(
            f"Expected rows of numbers, found {X.kind.many}.",
            "Put a network into what is borrowed: source=[network, Source(X, y)].",
        )
