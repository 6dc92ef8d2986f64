"""What the channels of a network for pictures prefer, measured with made pictures."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from headstart.math.signals.probes import FAMILIES, gratings, probes
from headstart.math.signals.selectivity import orientation_selectivity, preferred
from headstart.networks.cutting.trace import twin
from headstart.networks.network import Network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.seeing.responses import answered, depths_of

#: Probes of a family in one draw, draws of probes, networks with random weights.
PROBES, DRAWS, RANDOM = 32, 3, 3
#: Pixels that an input has at most where the network takes so few: what is in the middle is all that is asked about.
_ENOUGH = 128
#: Part of the strongest response of a block below which a channel is silent.
_FAINT = 1e-6
_BATCH = 16
_STEM_SIDE = 64


@dataclass(frozen=True)
class Share:
    """A figure with its spread over draws: mean and standard deviation."""

    mean: float
    spread: float

    @classmethod
    def of(cls, values: np.ndarray) -> Share:
        """Of one figure a draw; NaN where there is none."""
        told = values[np.isfinite(values)]
        if not len(told):
            return cls(float("nan"), float("nan"))
        return cls(float(told.mean()), float(told.std(ddof=1)) if len(told) > 1 else 0.0)


@dataclass(frozen=True)
class Preferences:
    """What a network's channels prefer, beside the same network with random weights.

    Attributes
    ----------
    blocks : tuple of str
    shares : tuple of dict of str to Share
        Of each block, the share of its channels that prefer each family of `FAMILIES`, of those that answer at all.
    random : tuple of dict of str to Share
        The same with random weights.
    selectivity, random_selectivity : Share
        Mean orientation selectivity of the channels of the first block.
    silent : tuple of tuple of int
        Of each block, the channels that answered no probe.
    """

    blocks: tuple[str, ...]
    shares: tuple[dict[str, Share], ...]
    random: tuple[dict[str, Share], ...]
    selectivity: Share
    random_selectivity: Share
    silent: tuple[tuple[int, ...], ...]


def preferences(network: Network, random_state: int = 0) -> Preferences:
    """Show a network made pictures and say which family each channel answers most strongly.

    A channel's response to a picture is how far it moves, at the places in the middle, from what even grey gives; the
    family whose strongest response is largest is preferred, the simplest that will do
    (`headstart.math.signals.selectivity.preferred`). The network is measured with 3 draws of 32 pictures a family, and
    3 networks with random weights with a draw each.

    Parameters
    ----------
    network : Network
        For pictures.
    random_state : int, default=0
        Of the probes and the random weights.
    """
    blocks, network = depths_of(network), _smaller(network)
    seeds = [random_state + draw for draw in range(max(DRAWS, RANDOM))]
    trained = [_best(network, blocks, seed) for seed in seeds[:DRAWS]]
    others = [_settled(random_network(network, seed), seed) for seed in seeds[:RANDOM]]
    by_chance = [_best(other, blocks, seed) for other, seed in zip(others, seeds, strict=False)]
    return Preferences(
        blocks,
        _shares(trained),
        _shares(by_chance),
        Share.of(np.array([stem_selectivity(network, blocks[0], seed) for seed in seeds[:DRAWS]])),
        Share.of(np.array([stem_selectivity(o, blocks[0], seed) for o, seed in zip(others, seeds, strict=False)])),
        tuple(
            tuple(np.flatnonzero(np.all([preferred(draw[b]) < 0 for draw in trained], axis=0)).tolist())
            for b in range(len(blocks))
        ),
    )


def _smaller(network: Network) -> Network:
    """The network at a smaller size of input, where it takes one."""
    own = network.preprocessing
    if min(own.size) <= _ENOUGH:
        return network
    found = dataclasses.replace(network, preprocessing=own.resized(_ENOUGH))
    found.__dict__["chain"] = network.chain
    try:
        with torch.no_grad():
            twin(found.module).eval()(found.example())
    except (RuntimeError, ValueError, AssertionError):
        return network
    return found


def _settled(network: Network, seed: int) -> Network:
    """A random network whose batch norms have seen pictures: with the statistics of their start its signal dies out."""
    norms = [part for part in network.module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    if norms:
        shown = np.concatenate(list(probes(min(network.preprocessing.size), 4, np.random.default_rng(seed)).values()))
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        with torch.no_grad():
            network.module(_input(network, _on_canvas(network, shown)))
        network.module.eval()
    return network


def stem_selectivity(network: Network, block: str, random_state: int = 0) -> float:
    """Mean orientation selectivity of the channels of a block, each at its best period.

    Of gratings of 8 orientations, 4 periods from 3 to 8 pixels (moved by up to a tenth at random) and 4 phases a
    channel's response is its largest over phases. Channels weigh as they respond: those of colour hardly do.
    """
    rng = np.random.default_rng(random_state)
    periods = tuple(np.array([3.0, 4.0, 6.0, 8.0]) * rng.uniform(0.9, 1.1, 4))
    shown = gratings(_STEM_SIDE, 8, periods, 4)
    found = _moved(network, 0.5 * shown.reshape(-1, _STEM_SIDE, _STEM_SIDE), (block,))[0]
    strongest = found.reshape(8, 4, 4, -1).max(axis=2).transpose(2, 1, 0)
    best = strongest.max(axis=2).argmax(axis=1)
    selective = orientation_selectivity(strongest[np.arange(len(best)), best])
    strength = strongest.max(axis=(1, 2))
    told = strength > 0
    return float(np.average(selective[told], weights=strength[told])) if told.any() else float("nan")


def _best(network: Network, blocks: tuple[str, ...], seed: int) -> list[dict[str, np.ndarray]]:
    """Strongest response of each channel to each family, for each block; 0 where it is none to speak of."""
    side = min(network.preprocessing.size)
    drawn = probes(side, PROBES, np.random.default_rng(seed))
    each = {family: _moved(network, pictures, blocks) for family, pictures in drawn.items()}
    found = []
    for b in range(len(blocks)):
        best = {family: moved[b].max(axis=0) for family, moved in each.items()}
        least = _FAINT * float(np.max(list(best.values())))
        found.append({family: np.where(values > least, values, 0.0) for family, values in best.items()})
    return found


def _moved(network: Network, pictures: np.ndarray, blocks: tuple[str, ...]) -> list[np.ndarray]:
    """How far each channel moves in the middle from what even grey gives, (n, C) for each block."""
    net = twin(network.module).eval()
    height, width = network.preprocessing.size
    found: list[list[np.ndarray]] = [[] for _ in blocks]
    grey = [_middle(maps) for maps in answered(network, net, _input(network, np.zeros((1, height, width))), blocks)]
    for start in range(0, len(pictures), _BATCH):
        canvas = _on_canvas(network, pictures[start : start + _BATCH])
        for b, maps in enumerate(answered(network, net, _input(network, canvas), blocks)):
            found[b].append(np.abs(_middle(maps) - grey[b]).max(axis=2))
    return [np.concatenate(each) for each in found]


def _on_canvas(network: Network, pictures: np.ndarray) -> np.ndarray:
    """Pictures in the middle of the network's input, grey around them; of larger ones the middle."""
    canvas = np.zeros((len(pictures), *network.preprocessing.size))
    here, there = [], []
    for room, side in zip(canvas.shape[1:], pictures.shape[1:], strict=True):
        length = min(room, side)
        here.append(slice((room - length) // 2, (room - length) // 2 + length))
        there.append(slice((side - length) // 2, (side - length) // 2 + length))
    canvas[:, here[0], here[1]] = pictures[:, there[0], there[1]]
    return canvas


def _input(network: Network, luminance: np.ndarray) -> torch.Tensor:
    """Pictures (n, h, w) around 0, black at -1 and white at 1, as the network takes them."""
    form = network.preprocessing
    values = (127.5 * (1 + np.clip(luminance, -1, 1)))[:, None] * form.scale
    mean, std = (np.array(part)[:, None, None] for part in (form.mean, form.std))
    return torch.from_numpy(((values - mean) / std).astype(np.float32))


def _middle(maps: torch.Tensor) -> np.ndarray:
    """The places in the middle of maps, up to 3 x 3, (n, C, places)."""
    height, width = maps.shape[2:]
    rows, columns = (slice(max(0, n // 2 - 1), n // 2 + 1 + n % 2) for n in (height, width))
    return maps[:, :, rows, columns].flatten(2).numpy()


def _shares(draws: list[list[dict[str, np.ndarray]]]) -> tuple[dict[str, Share], ...]:
    found = []
    for b in range(len(draws[0])):
        chosen = [preferred(draw[b]) for draw in draws]
        rows = [[(one == f).sum() / max((one >= 0).sum(), 1) for f in range(len(FAMILIES))] for one in chosen]
        found.append({family: Share.of(np.array(rows)[:, f]) for f, family in enumerate(FAMILIES)})
    return tuple(found)
