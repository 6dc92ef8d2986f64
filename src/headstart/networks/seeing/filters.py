"""The first filters of a network as pictures."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from headstart.networks.cutting.trace import trace, twin
from headstart.networks.network import Network
from headstart.nn.threads import alone


@dataclass(frozen=True, eq=False)
class Filters:
    """The kernels of the first convolution.

    Attributes
    ----------
    layer : str
        Its name.
    pictures : ndarray, (n, h, w, 3), uint8
        What each living filter answers to: grey is 0, and the largest weight is black or white. As the input is scaled
        for the network and as a batch norm behind it turns them, so that light is light.
    channels : tuple of n int
        Their numbers.
    dead : tuple of int
        Filters that give the same whatever they see: all weights, or the factor of the norm behind them, are 0.
    """

    layer: str
    pictures: np.ndarray
    channels: tuple[int, ...]
    dead: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """The first two-dimensional convolution of a network, on one or three channels, and the batch norm behind it.

    Attributes
    ----------
    name : str
        Of the convolution.
    output : str
        Name of the module that gives its answers: the norm, or the convolution itself.
    weight : Tensor, (n, 1 or 3, h, w)
        The kernels, times the factors of the norm.
    """

    name: str
    output: str
    weight: torch.Tensor


_first: weakref.WeakKeyDictionary[Network, FirstLayer | None] = weakref.WeakKeyDictionary()


def first_layer(network: Network) -> FirstLayer | None:
    """The first convolution of a network; None where there is none on one or three channels."""
    if network not in _first:
        _first[network] = alone(lambda: _search(network))
    return _first[network]


def _search(network: Network) -> FirstLayer | None:
    calls = [call for call in trace(twin(network.module).eval(), network.example(1)).calls if not call.children]
    calls = [call for call in calls if any(True for _ in call.module.parameters())]
    first = next((i for i, call in enumerate(calls) if isinstance(call.module, nn.Conv2d)), None)
    if first is None:
        return None
    conv = calls[first].module
    assert isinstance(conv, nn.Conv2d)
    if conv.weight.shape[1] not in (1, 3) or max(conv.weight.shape[2:]) < 2:
        return None
    weight = conv.weight.detach().double()
    behind = calls[first + 1] if first + 1 < len(calls) else None
    norm = None if behind is None else behind.module
    if behind is None or not isinstance(norm, nn.BatchNorm2d) or norm.running_var is None:
        return FirstLayer(calls[first].name, calls[first].name, weight)
    gain = torch.ones(len(weight)) if norm.weight is None else norm.weight.detach()
    factor = gain.double() / (norm.running_var.double() + norm.eps).sqrt()
    return FirstLayer(calls[first].name, behind.name, weight * factor[:, None, None, None])


def first_filters(network: Network) -> Filters | None:
    """The kernels of the `first_layer` as pictures; None where there is none.

    Of a transformer for pictures these are the filters of its patches, of a network for sounds those over the
    spectrogram, with time from left to right and high tones above.
    """
    first = first_layer(network)
    if first is None:
        return None
    weights = first.weight
    if network.preprocessing.as_is is None:  # light is what pixels say, not what they are divided by
        weights = weights / torch.tensor(network.preprocessing.std, dtype=torch.float64)[None, :, None, None]
    else:
        weights = weights.transpose(2, 3).flip(2)
    largest = weights.abs().amax((1, 2, 3))
    alive = largest > 1e-6 * largest.max()
    shown = weights[alive] / largest[alive][:, None, None, None]
    pixels = (127.5 * (1 + shown)).round().permute(0, 2, 3, 1).expand(-1, -1, -1, 3)
    living, dead = (tuple(torch.nonzero(part).flatten().tolist()) for part in (alive, ~alive))
    return Filters(first.name, pixels.numpy().astype(np.uint8), living, dead)
