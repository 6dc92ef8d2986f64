"""Networks that the processes of a team know: their weights travel once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from headstart.networks.network import Network
from headstart.nn.processes import rank, team_size, together, values_of_first
from headstart.nn.sharding import emptied

#: Bytes of weights beyond which the networks that were not used for longest are forgotten.
KEPT = 1 << 30

_Key = tuple[str, str, bool]
_KNOWN: dict[_Key, Network] = {}
_TOLD: dict[str, int] = {}


def together_with(network: Network, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call ``work(network, *arguments)`` in every process of a team, see `headstart.nn.processes.together`.

    The others are sent a network's weights the first time, and again where they had to forget them.
    """
    if team_size() == 1:
        return [work(network, *arguments)]
    digest = network.digest
    empty: Any = None if digest in _TOLD else emptied(network.module)
    told = dataclasses.replace(network, module=empty)
    told.__dict__.update(digest=digest, chain=network.chain)
    _TOLD.pop(digest, None)
    size = sum(p.nbytes for p in network.module.parameters())
    while _TOLD and size + sum(_TOLD.values()) > KEPT:
        del _TOLD[next(iter(_TOLD))]  # the last used is the last
    key = (digest, network.preprocessing.key(), network.trained)
    _KNOWN[key] = network
    found = together(_work, key, told, (*_TOLD, digest), work, arguments)
    _TOLD[digest] = size
    return found


def _work(key: _Key, told: Network, kept: tuple[str, ...], work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    for other in [one for one in _KNOWN if one[0] not in kept]:
        del _KNOWN[other]
    known = _KNOWN.get(key, told)
    if told.module is not None:
        values_of_first((known if rank() == 0 else told).module.parameters())
    elif known.module is None:
        module = next(one.module for other, one in _KNOWN.items() if other[0] == key[0])
        known = dataclasses.replace(told, module=module)
        known.__dict__.update(digest=key[0], chain=told.chain)
    _KNOWN[key] = known
    return work(known, *arguments)
