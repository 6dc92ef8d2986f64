"""Where a place of a network's map looks: its receptive field, as it is used."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headstart.networks.cutting.features import MOST_EXTRA_TOKENS
from headstart.networks.cutting.trace import Reached, main_tensor, twin
from headstart.networks.network import Network
from headstart.nn.threads import alone

#: Places asked about along an axis, and share of the squared gradient that the used part holds.
_ASKED, _SHARE = 16, 0.9


@dataclass(frozen=True)
class Field:
    """Receptive field of a block along both axes of its input, in cells of the input (pixels).

    Parameters
    ----------
    shape : (int, int)
        Cells of the map.
    start, step : (float, float)
        Cell i looks at ``start + i * step``, measured from the input's edge.
    size : (float, float)
        Length of what holds 90% of the squared gradient around it: what is used of the theoretical field, which in
        deep layers is larger than the picture.
    """

    shape: tuple[int, int]
    start: tuple[float, float]
    step: tuple[float, float]
    size: tuple[float, float]

    def centre(self, cell: Sequence[int]) -> tuple[float, float]:
        """Where a cell (row, column) looks, from the upper left corner of the input."""
        down, across = (s + i * d for s, i, d in zip(self.start, cell, self.step, strict=True))
        return down, across

    def edges(self) -> tuple[float, float, float, float]:
        """Top, left, bottom and right edge of the map laid over the input; may reach beyond it."""
        ends = [(s - d / 2, s + (n - 0.5) * d) for s, d, n in zip(self.start, self.step, self.shape, strict=True)]
        return ends[0][0], ends[1][0], ends[0][1], ends[1][1]


_found: weakref.WeakKeyDictionary[Network, dict[str, Field]] = weakref.WeakKeyDictionary()


def field_of(network: Network, block: str) -> Field:
    r"""The receptive field of a block of a network for pictures, measured.

    Of some places p of the map the gradient :math:`g = \partial \sum_c A_{cp} r_c / \partial x` is taken on noise. Its
    squares, summed over the other axis, have a centre of mass along each axis; a line through those of the places gives
    start and step, and so tells how padding has moved the map: with TensorFlow's "same" padding by half a cell in the
    end.

    Parameters
    ----------
    network : Network
        For pictures; or for waves, of which the first axis is time in samples, and the second says nothing.
    block : str
        A module that returns maps (n, C, h, w), or tokens that are a square of patches.

    References
    ----------
    Luo, Li, Urtasun and Zemel (2016), Understanding the effective receptive field in deep convolutional networks.
    """
    known = _found.setdefault(network, {})
    if block not in known:
        known[block] = alone(lambda: _measured(network, block))
    return known[block]


def _measured(network: Network, block: str) -> Field:
    net = twin(network.module).eval()
    x = network.example(_ASKED).requires_grad_()
    handle = net.get_submodule(block).register_forward_hook(_stop)
    try:
        net(x)
        raise LookupError(f"Expected {block!r} to run in a forward pass; it did not.")
    except Reached as reached:
        tensor = main_tensor(reached.output)
    finally:
        handle.remove()
    assert tensor is not None
    waves = network.chain.takes_waves
    late = waves and tensor.ndim == 3 and block not in network.chain.time_last
    maps = (tensor.transpose(1, 2) if late else tensor).unsqueeze(3) if waves and tensor.ndim == 3 else as_maps(tensor)
    height, width = maps.shape[2:]
    # From the second quarter to the third, where no padding is seen, or all that there are.
    rows, columns = (np.linspace(0.25, 0.75, _ASKED) * (n - 1) for n in (height, width))
    places = [(round(i), round(j)) for i, j in zip(rows, columns, strict=True)]
    direction = torch.randn(maps.shape[1], generator=torch.Generator().manual_seed(1))
    score = sum((maps[n, :, i, j] * direction).sum() for n, (i, j) in enumerate(places))
    gradient = torch.autograd.grad(score, x)[0].double().square()  # type: ignore[arg-type]
    squares = (gradient.unsqueeze(2) if waves else gradient.sum(1)).numpy()
    axes = [
        _axis(squares.sum(3 - axis), [place[axis - 1] for place in places], maps.shape[axis + 1]) for axis in (1, 2)
    ]
    return Field((height, width), *(tuple(axis[k] for axis in axes) for k in range(3)))  # type: ignore[arg-type]


def _axis(profiles: np.ndarray, places: list[int], cells: int) -> tuple[float, float, float]:
    """Start, step and used size along an axis, from profiles (k, length) of squared gradients at k places."""
    length = profiles.shape[1]
    at = np.arange(length) + 0.5
    even = length / cells
    total = profiles.sum(1)
    if not (total > 0).all():  # nothing reaches the map: a dead network
        return even / 2, even, even
    centres = profiles @ at / total
    step = even
    start = float(np.mean(centres - step * np.array(places)))
    sizes = []
    for profile, centre in zip(profiles / total[:, None], centres, strict=True):
        order = np.argsort(np.abs(at - centre), kind="stable")
        far = np.abs(at - centre)[order][np.searchsorted(np.cumsum(profile[order]), _SHARE)]
        sizes.append(2 * far + 1)
    # A field as wide as the picture has its centre pulled to the middle of the picture.
    limit = even / 2 + even
    return float(np.clip(start, -limit, limit + even)), step, float(max(np.median(sizes), 1.0))


def _stop(module: object, args: object, output: object) -> None:
    raise Reached(output)


def as_maps(tensor: Tensor) -> Tensor:
    """Activations (n, C, h, w): those of patches put back into their square, class and register tokens left out."""
    if tensor.ndim == 4:
        return tensor
    if tensor.ndim != 3:
        return tensor[:, :, None, None]
    side = int(tensor.shape[1] ** 0.5)
    extra = tensor.shape[1] - side * side
    if extra > MOST_EXTRA_TOKENS:
        return tensor.transpose(1, 2).unsqueeze(3)
    return tensor[:, extra:].transpose(1, 2).unflatten(2, (side, side))
