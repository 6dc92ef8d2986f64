"""The head of a model as linear maps of what its network pools over places, where it is made of such."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.networks.network import Network
from headstart.networks.running.runtime import Layout, layout_of
from headstart.networks.seeing.activation_map import activation_maps, last_map
from headstart.networks.seeing.depth_maps import OfBlock, depth_maps, outputs_of
from headstart.parameters.heads.solved import DEPTHS, Part, SolvedHead


@dataclass(frozen=True, eq=False)
class Looked:
    """What each place of one input, given as n windows, adds to a score.

    Attributes
    ----------
    maps : dict of str to ndarray, (n, h, w)
        Of each block that the head reads.
    score, base : float
        The score, and what no place adds: the mean over places and windows of all maps, and ``base``, are the score.
    """

    maps: dict[str, np.ndarray]
    score: float
    base: float

    @property
    def finest(self) -> str:
        """The block whose map has most places."""
        return max(self.maps, key=lambda block: self.maps[block][0].size)

    def joined(self) -> np.ndarray:
        """The sum of the maps, (n, h, w), on the places of the finest; each keeps its mean."""
        shape = self.maps[self.finest].shape[1:]
        return np.asarray(sum(_spread(map_, shape) for map_ in self.maps.values()))


@dataclass(frozen=True, eq=False)
class MappedHead:
    """A network, and linear heads on what is pooled over the places of its blocks.

    Attributes
    ----------
    network : Network
    parts : tuple of Part
        Of the answer's scores, for numbers in units of y; their weights sum to 1.
    block : str or None
        The network's last map, see `last_map`; of heads that do not read the last features it may be missing.
    """

    network: Network
    parts: tuple[Part, ...]
    block: str | None

    @property
    def linear(self) -> bool:
        """Whether it is one linear map of the network's last features."""
        return [part.name for part in self.parts] == ["output"]

    def look(self, arrays: np.ndarray, k: int) -> Looked | None:
        """Where score k comes from: of several heads the weighted mean of their scores.

        Parameters
        ----------
        arrays : ndarray, (n, ...)
            Windows of one input at the network's size.
        k : int
            Which of the scores.

        Returns
        -------
        Looked or None
            None where a block has no places.
        """
        network, layout = self.network, layout_of(self.network.chain)
        reads = {part.name: _blocks_of(layout, part.name) for part in self.parts if part.name != "output"}
        blocks = {block for read, _ in reads.values() for block in read}
        output = next((part for part in self.parts if part.name == "output"), None)
        maps: dict[str, np.ndarray] = {}
        base = total = 0.0
        if output is None:
            seen = outputs_of(network, arrays, blocks)
        else:
            coef = output.weight * output.coef[:, [k]]
            found = activation_maps(network, arrays, coef, np.zeros(len(arrays), int), self.block, blocks)
            seen, maps[found.block] = found.seen, found.maps
            total += float((found.features @ coef).mean())
        for part in self.parts:
            base += part.weight * float(part.intercept[k])
            if part is output:
                continue
            read, cells = reads[part.name]
            ends = np.cumsum([layout.width_of(block, cells) for block in read])[:-1]
            coefs = np.split(part.weight * part.coef[:, k], ends)
            added = depth_maps(network, seen, [OfBlock(*pair, cells) for pair in zip(read, coefs, strict=True)])
            if added is None:
                return None
            for block, (map_, score) in zip(read, added, strict=True):
                maps[block] = maps.get(block, 0.0) + map_
                total += score
        total += base
        return Looked(maps, total, total - sum(float(map_.mean()) for map_ in maps.values()))


def _blocks_of(layout: Layout, name: str) -> tuple[tuple[str, ...], bool]:
    """The blocks that a feature set beside the last features reads, and whether it is means over a grid."""
    return (layout.grids, True) if name == "grid" else (layout.blocks[-DEPTHS:], False)


def mapped_head(model: Any) -> MappedHead | None:
    """The head of a model; None where it has no network, is of another kind, or the network has no pooled map.

    Parameters
    ----------
    model : headstart.Model
    """
    fitted = getattr(model.answers, "fitted_", None)
    if fitted is None or fitted.network is None:
        return None
    linear, parts = fitted.linear, ()  # type: Any, tuple[Part, ...]
    if linear is not None:
        parts = (Part("output", linear[0], linear[1], 1.0),)
    elif isinstance(fitted.solved, SolvedHead):
        parts = fitted.solved.parts
    else:
        return None
    block = last_map(fitted.network)
    if block is None and any(part.name == "output" for part in parts):
        return None
    if model.task == "regression":
        scale, shift = fitted.targets.scale, fitted.targets.shift
        parts = tuple(replace(p, coef=p.coef * scale, intercept=p.intercept * scale + shift) for p in parts)
    total = sum(part.weight for part in parts)
    return MappedHead(fitted.network, tuple(replace(part, weight=part.weight / total) for part in parts), block)


def _spread(maps: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Maps (n, h, w) on as many places along each axis or more, by what of a new place lies in which old one."""
    for axis, size in enumerate(shape):
        maps = np.moveaxis(np.tensordot(_overlaps(maps.shape[axis + 1], size), maps, axes=(1, axis + 1)), 0, axis + 1)
    return maps


def _overlaps(old: int, new: int) -> np.ndarray:
    """Which share of each of ``new`` equal parts of a line lies in each of ``old`` ones, (new, old).

    Examples
    --------
    >>> _overlaps(2, 3).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """
    a, b = np.arange(new)[:, None] / new, np.arange(old) / old
    shared = np.minimum(a + 1 / new, b + 1 / old) - np.maximum(a, b)
    return np.asarray((new * np.maximum(shared, 0.0)).round(12))
