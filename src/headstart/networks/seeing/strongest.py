"""Which inputs, and where in them, a channel answers most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.networks.network import Network
from headstart.networks.seeing.responses import responses

#: Channels of a block that are shown, and places for each.
CHANNELS, PLACES = 8, 6
#: A channel whose answers differ by less than this part of the block's largest difference says nothing.
_FAINT = 1e-6


@dataclass(frozen=True)
class Place:
    """A place in one input.

    Parameters
    ----------
    input : int
        Which input.
    cell : (int, int)
        Row and column of the map.
    response : float
    """

    input: int
    cell: tuple[int, int]
    response: float


@dataclass(frozen=True, eq=False)
class Strongest:
    """The strongest answers of a block.

    Attributes
    ----------
    block : str
    n_channels : int
    shape : (int, int)
        Cells of its map.
    places : dict of int to tuple of Place
        Of some channels, evenly spread over those that say anything: one place an input, the strongest first.
    silent : tuple of int
        Channels that answered all inputs alike.
    """

    block: str
    n_channels: int
    shape: tuple[int, int]
    places: dict[int, tuple[Place, ...]]
    silent: tuple[int, ...]


def strongest(network: Network, arrays: np.ndarray, blocks: Sequence[str]) -> list[Strongest]:
    """Where channels of some blocks answer most among some inputs.

    Parameters
    ----------
    network : Network
    arrays : ndarray, (n, ...)
        Inputs at the network's size.
    blocks : sequence of str

    Returns
    -------
    list of Strongest, one a block
    """
    peaks: list[list[np.ndarray]] = [[] for _ in blocks]
    cells: list[list[np.ndarray]] = [[] for _ in blocks]
    lows: list[list[np.ndarray]] = [[] for _ in blocks]
    shapes: list[tuple[int, int]] = [(1, 1) for _ in blocks]
    for _, found in responses(network, arrays, blocks):
        for b, maps in enumerate(found):
            flat = maps.flatten(2)
            values, where = flat.max(2)
            shapes[b] = (int(maps.shape[2]), int(maps.shape[3]))
            peaks[b].append(values.numpy())
            cells[b].append(where.numpy())
            lows[b].append(flat.masked_fill(flat.isinf(), np.inf).amin(2).numpy())
    found_all = []
    for b, block in enumerate(blocks):
        peak, cell, low = (np.concatenate(part[b]) for part in (peaks, cells, lows))
        spread = peak.max(axis=0) - low.min(axis=0)
        alive = spread > _FAINT * float(spread.max(initial=0.0))
        shown = _spread_out(np.flatnonzero(alive))
        places = {int(c): _places(peak[:, c], cell[:, c], shapes[b][1]) for c in shown}
        silent = tuple(np.flatnonzero(~alive).tolist())
        found_all.append(Strongest(block, peak.shape[1], shapes[b], places, silent))
    return found_all


def _spread_out(channels: np.ndarray) -> np.ndarray:
    """Some of them, evenly spread."""
    if len(channels) <= CHANNELS:
        return channels
    return channels[np.linspace(0, len(channels) - 1, CHANNELS).round().astype(int)]


def _places(peak: np.ndarray, cell: np.ndarray, width: int) -> tuple[Place, ...]:
    order = np.argsort(-peak, kind="stable")[:PLACES]
    return tuple(Place(int(i), (int(cell[i]) // width, int(cell[i]) % width), float(peak[i])) for i in order)
