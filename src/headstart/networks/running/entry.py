"""Running a network up to the boundary and no further, and room for what is found there."""

from __future__ import annotations

import os
import tempfile
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
from headstart.networks.running.runtime import prepared, to_tensor

IN_MEMORY = 1 << 30


class Entry:
    """From cropped pictures, windows of sound or tokens to the activations that a block returns, (N, ...) in float32.

    What lies behind the block is not computed. Of a text, what stands where it has no token is NaN.

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
        self.net = prepared(twin(network.module), torch.float32, device)
        self.net.get_submodule(block).register_forward_hook(_stop)
        with torch.inference_mode():
            self.shape = self.reached(network.example().to(device)).shape[1:]
        if length is not None and len(self.shape) == 2:
            self.length, self.shape = length, (length, self.shape[1])

    def __call__(self, arrays: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return self.reached(to_tensor(arrays, self.preprocessing).to(self.device))

    def reached(self, batch: Tensor) -> np.ndarray:
        """The block's main tensor for a batch of inputs, as float32 rows."""
        try:
            self.net(batch)
        except Reached as reached:
            tensor = main_tensor(reached.output)
            assert tensor is not None
            if not batch.is_floating_point() and tensor.ndim == 3:
                tensor = _padded(marked(tensor, batch), self.length)
            return np.ascontiguousarray(tensor.float().cpu().numpy())
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

    Raises
    ------
    OutputError
        If the disk has no room for the file.
    """
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
