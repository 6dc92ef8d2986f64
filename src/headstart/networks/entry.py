"""Running a network up to the boundary and no further, and room for what is found there."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.errors import OutputError
from headstart.networks.network import Network
from headstart.networks.runtime import prepared, to_tensor
from headstart.networks.trace import Reached, main_tensor, twin

IN_MEMORY = 1 << 30


class Entry:
    """From cropped pictures or windows of sound to the activations that a block returns, (N, ...) in float32.

    What lies behind the block is not computed.
    """

    def __init__(self, network: Network, block: str, device: str) -> None:
        self.preprocessing = network.preprocessing
        self.device = device
        self.net = prepared(twin(network.module), torch.float32, device)
        self.net.get_submodule(block).register_forward_hook(_stop)
        with torch.inference_mode():
            self.shape = self.reached(network.example().to(device)).shape[1:]

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
            return np.ascontiguousarray(tensor.float().cpu().numpy())
        raise LookupError("Expected the block at the boundary to run in a forward pass; it did not.")


def _stop(block: nn.Module, args: Any, output: Any) -> None:
    raise Reached(output)


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
