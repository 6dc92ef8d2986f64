"""Entering a network for texts at a boundary: activations of texts of different length, NaN where there is no token."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from headstart.networks.cutting.stubs import Stubs, record_stubs, stubbed

#: Batches are padded to a multiple of this, so that few lengths have to be recorded.
STEP = 8
_KEPT = 8


class TextStubs:
    """Stubs for each length of a batch: masks and position codes before a boundary depend on it.

    Parameters
    ----------
    block : str
        Name of the block whose output is the boundary.
    tokens : tuple of int
        Tokens of one input that the network takes.
    """

    def __init__(self, block: str, tokens: tuple[int, ...]) -> None:
        self.block, self.tokens = block, tokens
        self._kept: OrderedDict[int, Stubs] = OrderedDict()

    def of(self, module: nn.Module, length: int, device: torch.device) -> Stubs:
        """Those for inputs of a length, recorded when first asked for."""
        if length not in self._kept:
            repeated = (self.tokens * -(-length // len(self.tokens)))[:length]
            self._kept[length] = record_stubs(module, self.block, torch.tensor([repeated], device=device))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[length]


@contextmanager
def entered(module: nn.Module, stubs: TextStubs, boundary: Tensor) -> Iterator[Tensor]:
    """Let the network start at a boundary, for the length of a with-block.

    Parameters
    ----------
    module : nn.Module
        As in `headstart.networks.cutting.stubs.stubbed`.
    stubs : TextStubs
    boundary : Tensor, (N, T, C)
        What the block should return, NaN where a text has no token. What no text of the batch needs is cut off.

    Yields
    ------
    Tensor, (N, T'), int64
        The input to call the network with: -1 where there is no token, else without influence.
    """
    there = ~boundary[:, :, 0].isnan()
    longest = max(1, int(there.sum(1).max()))
    length = min(boundary.shape[1], -(-longest // STEP) * STEP)
    there = there[:, :length]
    # A new tensor of zeros where NaN stood: masked positions still take part in sums, with weight 0.
    filled = boundary[:, :length].nan_to_num(nan=0.0)
    with stubbed(module, stubs.of(module, length, boundary.device), filled) as x:
        yield x.masked_fill(~there, -1)


def marked(activations: Tensor, ids: Tensor) -> Tensor:
    """Activations (N, T, C) of texts in float32, with NaN where there is no token.

    Examples
    --------
    >>> marked(torch.ones(1, 2, 1), torch.tensor([[7, -1]])).flatten().tolist()
    [1.0, nan]
    """
    return activations.float().masked_fill((ids < 0).unsqueeze(2), torch.nan)
