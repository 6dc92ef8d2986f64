"""What a network for pictures sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.networks.network import Network
from headstart.networks.running.pipeline import arrays
from headstart.networks.seeing.fields import Field, field_of
from headstart.networks.seeing.filters import first_filters
from headstart.networks.seeing.preferences import preferences
from headstart.networks.seeing.responses import depths_of, widths_of
from headstart.networks.seeing.sight import Depth, Sight, depth_of
from headstart.networks.seeing.strongest import Place, Strongest, strongest

#: Shortest side of a patch that is shown, in pixels.
_LEAST = 12


def see(network: Network, inputs: Inputs | None, random_state: int = 0) -> Sight:
    """First filters, what each depth prefers of made pictures, and its strongest patches of the user's own.

    Parameters
    ----------
    network : Network
    inputs : Pictures or None
    random_state : int, default=0
        Of the probes and of the random weights that they are compared with.
    """
    blocks = depths_of(network)
    depths: list[Depth] = []
    if inputs is not None and len(inputs):
        shown = arrays(network, inputs)
        depths = [_depth(network, one, shown, inputs.names) for one in strongest(network, shown, blocks)]
    measured = preferences(network, random_state)
    if not depths:
        widths = widths_of(network)
        depths = [Depth(b, widths[b], silent, {}) for b, silent in zip(measured.blocks, measured.silent, strict=True)]
    n = 0 if inputs is None else len(inputs)
    filters = first_filters(network)
    return Sight(network.name, network.input_type, n, tuple(depths), filters, None, measured)


def _depth(network: Network, found: Strongest, shown: np.ndarray, names: Any) -> Depth:
    field = field_of(network, found.block)

    def piece(place: Place) -> tuple[str, float, np.ndarray]:
        top, left, bottom, right = patch_of(field, place.cell, shown.shape[1:3])
        patch = shown[place.input, top:bottom, left:right]
        return f"rows {top} to {bottom}, columns {left} to {right}", place.response, patch

    return depth_of(found, names, piece)


def patch_of(field: Field, cell: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """What a place of a map looks at: top, left, bottom and right edge in pixels of the network's input.

    The part that is used of its receptive field, at least 12 pixels, moved inside the picture.

    Examples
    --------
    >>> patch_of(Field((4, 4), (8.0, 8.0), (16.0, 16.0), (20.0, 20.0)), (0, 2), (64, 64))
    (0, 30, 20, 50)
    """
    ends = []
    for centre, size, side in zip(field.centre(cell), field.size, shape, strict=True):
        length = min(side, max(_LEAST, round(size)))
        first = min(max(round(centre - length / 2), 0), side - length)
        ends.append((first, first + length))
    return ends[0][0], ends[1][0], ends[0][1], ends[1][1]
