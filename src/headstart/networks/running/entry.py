"""Running a network up to the boundary and no further, and room for what is found there."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import canvases
from headstart.errors import OutputError
from headstart.networks.cutting.text_boundary import marked
from headstart.networks.cutting.trace import Reached, main_tensor, twin
from headstart.networks.network import Network
from headstart.networks.running.runners import simple
from headstart.networks.running.runtime import prepared, to_tensor

IN_MEMORY = 1 << 30
#: Largest difference of the activations of the simplified network, as a part of the largest one.
TOLERANCE = 1e-4

_Stopping = tuple[tuple[str, str], nn.Module, tuple[int, ...]]
_kept: weakref.WeakKeyDictionary[Network, _Stopping] = weakref.WeakKeyDictionary()


class Entry:
    """From cropped pictures, windows of sound or tokens to the activations that a block returns, (N, ...) in float32.

    What lies behind the block is not computed. It is the simplified network that runs, if what the block then returns
    is the same but for rounding. Of a text, what stands where it has no token is NaN.

    Parameters
    ----------
    network : Network
        Its module is not changed.
    block : str
    device : str
    length : int, optional
        Of activations of texts; default: that of the batch.
    """

    def __init__(self, network: Network, block: str, device: str, length: int | None = None) -> None:
        self.length: int | None = None
        self.preprocessing = network.preprocessing
        self.device = device
        self.net, self.shape = _up_to(network, block, device)
        if length is not None and len(self.shape) == 2:
            self.length, self.shape = length, (length, self.shape[1])

    def __call__(self, arrays: np.ndarray) -> np.ndarray:
        return self.reached(to_tensor(arrays, self.preprocessing).to(self.device))

    def reached(self, batch: Tensor) -> np.ndarray:
        """The block's main tensor for a batch of inputs, as float32 rows."""
        tensor = _at_stop(self.net, batch)
        if not batch.is_floating_point() and tensor.ndim == 3:
            tensor = _padded(marked(tensor, batch), self.length)
        return np.asarray(tensor.float().cpu().numpy())


def _up_to(network: Network, block: str, device: str) -> tuple[nn.Module, tuple[int, ...]]:
    """The network that stops behind a block, and the shape of what that returns; the last one asked for is kept."""
    place, net, shape = _kept.get(network, (None, None, ()))
    if net is None or place != (block, device):
        net, lean = (_stopping(module, block, device) for module in (network.module, simple(network)))
        wanted, found = (_at_stop(module, network.example().to(device)) for module in (net, lean))
        shape = tuple(wanted.shape[1:])
        if found.shape[1:] == shape and bool((found - wanted).abs().max() <= TOLERANCE * wanted.abs().max()):
            net = lean
        _kept[network] = ((block, device), net, shape)
    return net, shape


def _stopping(module: nn.Module, block: str, device: str) -> nn.Module:
    net = prepared(twin(module), torch.float32, device)
    net.get_submodule(block).register_forward_hook(_stop)
    return net


def _at_stop(net: nn.Module, batch: Tensor) -> Tensor:
    """What the block returns for a batch: its main tensor."""
    with torch.inference_mode():
        try:
            net(batch)
        except Reached as reached:
            tensor = main_tensor(reached.output)
            assert tensor is not None
            return tensor
    raise LookupError("Expected the block at the boundary to run in a forward pass; it did not.")


def _stop(block: nn.Module, args: Any, output: Any) -> None:
    raise Reached(output)


def _padded(activations: Tensor, length: int | None) -> Tensor:
    """Activations (N, T, C) of texts with NaN on the right, up to ``length`` tokens."""
    if length is None or length == activations.shape[1]:
        return activations
    return nn.functional.pad(activations, (0, 0, 0, length - activations.shape[1]), value=torch.nan)


def common_length(network: Network, inputs: Inputs) -> int | None:
    """Length to which activations of texts are padded: a power of two from 16 on, at most the window; else None.

    Texts of other folds then mostly share it, and what is cached serves them too.
    """
    preprocessing = network.preprocessing
    if preprocessing.one_size:
        return None
    longest = max((len(preprocessing.centre(canvas)) for canvas in canvases(inputs, preprocessing)), default=1)
    return min(preprocessing.size[0], max(16, 1 << (longest - 1).bit_length()))


def array_for(n: int, shape: tuple[int, ...]) -> np.ndarray:
    """An array of n rows, in memory up to 1 GiB, else in a temporary file that vanishes with it.

    Maps (C, H, W) lie with the channels last, as convolutions want them.

    Raises
    ------
    OutputError
        If the disk has no room for the file.
    """
    if len(shape) == 3:
        return _room(n, (*shape[1:], shape[0])).transpose(0, 3, 1, 2)
    return _room(n, shape)


def _room(n: int, shape: tuple[int, ...]) -> np.ndarray:
    n_bytes = 4 * n * int(np.prod(shape, dtype=np.int64))
    if n_bytes <= IN_MEMORY:
        return np.empty((n, *shape), np.float32)
    with tempfile.TemporaryFile() as file:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            return np.memmap(file, np.float32, "r+" if hasattr(os, "posix_fallocate") else "w+", 0, (n, *shape))
        except OSError as error:
            raise OutputError(
                f"Expected {n_bytes / 2**30:.1f} GiB free in {tempfile.gettempdir()} for the activations at the "
                f"boundary, found less ({error.strerror}).",
                "Free some, set TMPDIR to a larger disk, or train fewer blocks.",
            ) from error
