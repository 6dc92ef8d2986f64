"""What a network for texts answers to."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.errors import DataError
from headstart.networks.network import Network
from headstart.networks.running.pipeline import arrays
from headstart.networks.seeing.responses import depths_of
from headstart.networks.seeing.sight import Depth, Sight, depth_of
from headstart.networks.seeing.strongest import Place, Strongest, strongest

_AROUND = 5


def see(network: Network, inputs: Inputs | None, random_state: int = 0) -> Sight:
    """The tokens of the user's own texts that units of each depth answer most to.

    Parameters
    ----------
    network : Network
    inputs : Texts
        Of a text longer than the network's window the first window is read.
    random_state : int, default=0
        Of no meaning here: nothing is drawn.

    Raises
    ------
    DataError
        Without texts: a network for texts has no filters that could be shown without them.
    """
    if inputs is None or not len(inputs):
        raise DataError(
            f"Expected texts to show the network {network.name}, found none.",
            "Give some: headstart look SOURCE texts.csv",
        )
    shown = arrays(network, inputs)
    found = strongest(network, shown, depths_of(network))
    depths = [_depth(network, one, shown, inputs.names) for one in found]
    return Sight(network.name, network.input_type, len(inputs), tuple(depths))


def _depth(network: Network, found: Strongest, shown: np.ndarray, names: Any) -> Depth:
    if found.shape == (1, 1):  # pooled: nothing can be said of a token
        return Depth(found.block, found.n_channels, found.silent, {})
    backend = network.preprocessing.tokenizer.backend

    def piece(place: Place) -> tuple[str, float, None, tuple[str, str, str]]:
        ids = [int(number) for number in shown[place.input] if number >= 0]
        at = place.cell[0]
        before, behind = ids[max(0, at - _AROUND) : at], ids[at + 1 : at + 1 + _AROUND]
        words = (backend.decode(before), backend.decode(ids[at : at + 1]), backend.decode(behind))
        return f"token {at + 1}", place.response, None, words

    return depth_of(found, names, piece)
