"""What a network sees, as plain values for a page or a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.networks.seeing.filters import Filters
from headstart.networks.seeing.preferences import Preferences
from headstart.networks.seeing.strongest import Strongest


@dataclass(frozen=True, eq=False)
class Piece:
    """What a channel answers to.

    Attributes
    ----------
    name : str
        Of the input.
    where : str
        Place in it, in words.
    response : float
    picture : ndarray, (h, w, 3), uint8, or None
        A part of a picture, or of a spectrogram.
    words : (str, str, str) or None
        Of a text: what stands before the token, the token, and what stands behind it.
    """

    name: str
    where: str
    response: float
    picture: np.ndarray | None = None
    words: tuple[str, str, str] | None = None


@dataclass(frozen=True, eq=False)
class Depth:
    """One block of a network.

    Attributes
    ----------
    block : str
    n_channels : int
    silent : tuple of int
        Channels that answer all inputs that were shown alike: there is nothing to see of them.
    channels : dict of int to tuple of Piece
        Of some channels what they answer most strongly, the strongest first.
    """

    block: str
    n_channels: int
    silent: tuple[int, ...]
    channels: dict[int, tuple[Piece, ...]]


@dataclass(frozen=True, eq=False)
class Sight:
    """What a network sees.

    Attributes
    ----------
    network : str
        Its name.
    input_type : str
    n : int
        Inputs that were shown.
    depths : tuple of Depth
        From the first block to the last.
    filters : Filters or None
        Of the first convolution.
    bank : ndarray, (h, w, 3), uint8, or None
        Of a network for sounds its mel filters: hertz from left to right, one filter a row, low ones below.
    preferences : Preferences or None
        Of a network for pictures.
    """

    network: str
    input_type: str
    n: int
    depths: tuple[Depth, ...]
    filters: Filters | None = None
    bank: np.ndarray | None = None
    preferences: Preferences | None = None

    def __repr__(self) -> str:
        return f"Sight({self.network}, {len(self.depths)} depths, {self.n} inputs)"

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON types, without pictures."""
        depths = []
        for depth in self.depths:
            channels = {
                str(number): [{"name": p.name, "where": p.where, "response": p.response} for p in pieces]
                for number, pieces in depth.channels.items()
            }
            said = {"block": depth.block, "channels": depth.n_channels, "silent": list(depth.silent)}
            depths.append(said | {"strongest": channels})
        found: dict[str, Any] = {"network": self.network, "input_type": self.input_type, "n": self.n, "depths": depths}
        if self.filters is not None:
            found["filters"] = {"layer": self.filters.layer, "dead": list(self.filters.dead)}
        return found | ({} if self.preferences is None else {"preferences": dataclasses.asdict(self.preferences)})


def depth_of(found: Strongest, names: Sequence[str], piece: Any) -> Depth:
    """A block with what its channels answered; ``piece(place)`` gives what is shown of a place, but for its name."""
    channels = {
        number: tuple(Piece(names[place.input], *piece(place)) for place in places)
        for number, places in found.places.items()
    }
    return Depth(found.block, found.n_channels, found.silent, channels)
