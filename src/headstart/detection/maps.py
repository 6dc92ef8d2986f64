"""Maps that a frozen network makes of pictures in their own shape: several blocks in one pass, kept."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from headstart.data.boxes.letterbox import Letterbox, letterboxed
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.pictures.turns import frame_of
from headstart.detection.views import View, views_of
from headstart.errors import ParameterError
from headstart.networks.cutting.features import MOST_EXTRA_TOKENS
from headstart.networks.cutting.trace import Reached, main_tensor, twin
from headstart.networks.network import Network
from headstart.networks.running.cache import FeatureCache, default_cache
from headstart.networks.running.pipeline import digests, space_of, team_batches
from headstart.networks.running.runners import simple
from headstart.networks.running.runtime import prepared, to_tensor
from headstart.progress import Progress

#: Largest difference of the maps of the simplified network, as a part of the largest value.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Letterboxed(Preprocessing):
    """Preprocessing that lays pictures on a square in their own shape, with grey bars, and never stretches or crops."""

    def canvas(self, rgb: np.ndarray | Image.Image) -> np.ndarray:
        """The picture on its square, (size, size, 3) in uint8."""
        return letterboxed(rgb, self.size[0])[0]

    def canvas_key(self) -> str:
        """What decides a canvas."""
        return f"letterboxed {self.size[0]}"


@dataclass(frozen=True)
class Level:
    """One block whose output is kept as a map.

    Parameters
    ----------
    block : str
    side : int
        Of the map, in cells.
    channels : int
    """

    block: str
    side: int
    channels: int

    @property
    def n_values(self) -> int:
        """Numbers in one map."""
        return self.side * self.side * self.channels


def letterboxing(network: Network, size: int) -> Network:
    """The network as one that takes pictures on a square of ``size`` pixels.

    Raises
    ------
    ParameterError
        If the network does not take pictures of this size.
    """
    if not isinstance(size, int) or not 32 <= size <= 4096:
        raise ParameterError(f"Expected image_size from 32 to 4096 pixels, found {size!r}.")
    own = network.preprocessing
    settings = {field.name: getattr(own, field.name) for field in dataclasses.fields(Preprocessing)}
    squared = Letterboxed(**{**settings, "resize": (size, size), "crop": None})
    resized = dataclasses.replace(network, preprocessing=squared)
    try:
        with torch.inference_mode():
            twin(resized.module).eval()(resized.example())
    except (RuntimeError, ValueError, AssertionError) as error:
        raise ParameterError(
            f"Expected a network that takes pictures of {size} x {size} pixels, found {network.name}, which fails on "
            f"them: {str(error).splitlines()[0]}",
            f"Give its own size: image_size={max(own.size)}.",
        ) from error
    if "chain" in network.__dict__:
        resized.__dict__["chain"] = dataclasses.replace(network.chain, input_shape=(own.channels, size, size))
    return resized


def levels_of(network: Network) -> tuple[Level, ...]:
    """The blocks that tell where things are and what they are: the last of each size of map, of the last two sizes.

    A last block of three times the channels of the one before it is passed over: it spreads what is there for a head
    on the mean of all places, and tells no more of a single one. Of a network whose maps are all of one size the
    blocks at two thirds of its depth and at the end are taken.

    Raises
    ------
    ParameterError
        If no block of the network makes a map.
    """
    blocks = network.chain.blocks
    looking = Looking(twin(network.module).eval(), blocks)
    with torch.inference_mode():
        shapes = {name: found.shape[1:] for name, found in looking(network.example()).items()}
    every = [Level(name, int(shape[0]), int(shape[2])) for name, shape in shapes.items() if shape[0] == shape[1] > 1]
    if not every:
        raise ParameterError(
            f"Expected a network for pictures whose blocks make maps of at least 2 x 2 cells, found {network.name}.",
            "Take another network, or a larger image_size.",
        )
    if len(every) > 1 and every[-1].side == every[-2].side and every[-1].channels >= 3 * every[-2].channels:
        del every[-1]
    last = {level.side: level for level in every}
    if len(last) == 1:
        return tuple({every[(2 * len(every)) // 3], every[-1]}) if len(every) > 1 else (every[-1],)
    return tuple(last[side] for side in sorted(last)[1::-1])


@dataclass(frozen=True, eq=False)
class Body:
    """A borrowed network as what a detector looks with.

    Parameters
    ----------
    network : Network
        As it was read.
    size : int
        Side of the square on which it sees pictures.
    squared : Network
        The network as one that takes such squares.
    levels : tuple of Level
        Its maps.
    """

    network: Network
    size: int
    squared: Network
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, network: Network, size: int, levels: tuple[Level, ...] | None = None) -> Body:
        """Of a network and the side of the square in pixels; raises as `letterboxing` and `levels_of`."""
        squared = letterboxing(network, size)
        return cls(network, size, squared, levels_of(squared) if levels is None else levels)

    @property
    def views(self) -> tuple[View, ...]:
        """How boxes are looked at on these maps."""
        return views_of(len(self.levels))

    def maps(self, pictures: Pictures, **how: Any) -> list[tuple[np.ndarray, ...]]:
        """The maps of each picture, (side, side, channels) in float32; arguments as of `maps_of`."""
        return list(zip(*maps_of(self.squared, pictures, self.levels, **how), strict=True))

    def letterboxes(self, pictures: Pictures) -> list[Letterbox]:
        """Where each picture lies on its square."""
        return letterboxes_of(pictures, self.size)


def letterboxes_of(pictures: Pictures, size: int) -> list[Letterbox]:
    """Where each picture lies on a square of ``size`` pixels."""
    return [Letterbox(*sides_of(pictures, i), size) for i in range(len(pictures))]


def sides_of(pictures: Pictures, i: int) -> tuple[int, int]:
    """Width and height of an upright picture, by its header where that tells."""
    frame = frame_of(pictures.items[i])
    height, width = pictures.decode(i).shape[:2] if frame is None else frame.upright[::-1]
    return width, height


class Looking(nn.Module):
    """A network that answers with the outputs of some blocks as maps, (N, H, W, C).

    It runs no further than these; to its end where ``whole``.
    """

    def __init__(self, net: nn.Module, blocks: Iterable[str], whole: bool = False) -> None:
        super().__init__()
        self.net, self.blocks, self.whole = net, tuple(blocks), whole
        self._seen = threading.local()
        for name in self.blocks:
            net.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: self._look(name, output))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Maps by block."""
        seen: dict[str, Tensor] = {}
        self._seen.maps = seen
        with contextlib.suppress(Reached):
            self.net(x)
        return seen

    def _look(self, name: str, output: Any) -> None:
        found = as_map(main_tensor(output))
        if found is not None:
            self._seen.maps[name] = found
        if name == self.blocks[-1] and not self.whole:
            raise Reached(output)


def as_map(activation: Tensor | None) -> Tensor | None:
    """What a block returned as a map with the channels last, (N, H, W, C); tokens are put back into their square.

    None where it is neither a map nor tokens of a square.

    Examples
    --------
    >>> as_map(torch.zeros(1, 8, 4, 4)).shape, as_map(torch.zeros(1, 17, 8)).shape, as_map(torch.zeros(1, 8))
    (torch.Size([1, 4, 4, 8]), torch.Size([1, 4, 4, 8]), None)
    """
    if activation is None or activation.ndim not in (3, 4):
        return None
    if activation.ndim == 4:
        return activation.permute(0, 2, 3, 1)
    side = math.isqrt(activation.shape[1])
    extra = activation.shape[1] - side * side
    return None if extra > min(MOST_EXTRA_TOKENS, side) else activation[:, extra:].unflatten(1, (side, side))


class _Pass:
    """From pictures on their squares, (N, H, W, 3), to the maps of all levels side by side, (N, n_values)."""

    def __init__(self, network: Network, levels: tuple[Level, ...], device: str) -> None:
        self.preprocessing, self.levels, self.device = network.preprocessing, levels, device
        names = [level.block for level in levels]
        exact, lean = (Looking(prepared(twin(m), torch.float32, device), names) for m in _forms(network, names))
        example = network.example().to(device)
        with torch.inference_mode():
            wanted, found = exact(example), lean(example)
        close = all((found[n] - wanted[n]).abs().max() <= TOLERANCE * wanted[n].abs().max() for n in names)
        self.looking = lean if close else exact

    def __call__(self, arrays: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            maps = self.looking(to_tensor(arrays, self.preprocessing).to(self.device))
        rows = [maps[level.block].float().flatten(1) for level in self.levels]
        return np.asarray(torch.cat(rows, 1).cpu().numpy())


def _forms(network: Network, names: list[str]) -> tuple[nn.Module, nn.Module]:
    """The network as it is, and simplified where the blocks are still there."""
    lean, known = simple(network), dict(network.module.named_modules())
    there = set(dict(lean.named_modules()))
    return network.module, lean if there >= set(names) <= set(known) else network.module


def _pass_of(network: Network, inputs: Any, device: str, levels: tuple[Level, ...]) -> _Pass:
    return _Pass(network, levels, device)


def maps_of(
    network: Network,
    pictures: Pictures,
    levels: tuple[Level, ...],
    *,
    device: str = "cpu",
    progress: Progress | None = None,
    cache: FeatureCache | None = None,
) -> tuple[np.ndarray, ...]:
    """The maps of pictures, each computed once, ever.

    Parameters
    ----------
    network : Network
        From `letterboxing`.
    pictures : Pictures
        n of them.
    levels : tuple of Level
        From `levels_of`, or some of these.
    device, progress, cache
        As in `headstart.networks.running.embed.embed`.

    Returns
    -------
    tuple of ndarray of shape (n, side, side, channels), float32
        One a level.

    Raises
    ------
    BadPictures
        If any cannot be decoded; it lists all of them.
    """
    cache = default_cache() if cache is None else cache
    keys = digests(network, pictures)
    width = sum(level.n_values for level in levels)
    space = space_of(network, f"maps {[level.block for level in levels]}")

    def run(new: list[int]) -> tuple[list[int], Iterable[np.ndarray]]:
        todo = pictures[np.array(new)]
        return new, team_batches(network, todo, _pass_of, (levels,), device, None, progress, whole=False)

    rows = cache.rows(space, keys, width, run)
    ends = np.cumsum([0, *(level.n_values for level in levels)])
    return tuple(
        rows.columns(int(first), int(last)).reshape(len(keys), level.side, level.side, level.channels)
        for level, first, last in zip(levels, ends[:-1], ends[1:], strict=True)
    )
