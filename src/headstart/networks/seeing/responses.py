"""What the channels of some blocks answer to inputs, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from headstart.errors import SourceError
from headstart.networks.cutting.trace import main_tensor, twin
from headstart.networks.network import Network
from headstart.networks.running.runtime import layout_of, to_tensor
from headstart.networks.seeing.fields import as_maps
from headstart.networks.seeing.filters import first_layer

_BATCH = 16


def depths_of(network: Network) -> tuple[str, ...]:
    """The first convolution, the first block, and up to six others evenly spread, the last one last.

    The first convolution stands by itself only where the first block holds more layers.

    Raises
    ------
    SourceError
        If it has no blocks that can be told apart.
    """
    blocks = network.chain.blocks
    if not blocks:
        raise SourceError(
            f"Expected a network with blocks to look at, found {network.name}. {network.chain.note}",
            "Take another network.",
        )
    first = first_layer(network)
    within = network.module.get_submodule(blocks[0]).modules()
    several = sum(any(p.ndim >= 2 for p in part.parameters(recurse=False)) for part in within) > 1
    stem = () if first is None or not several else (first.output,)
    return tuple(dict.fromkeys((*stem, blocks[0], *layout_of(network.chain).blocks)))


def widths_of(network: Network) -> dict[str, int]:
    """Channels of each of the blocks of `depths_of`."""
    known = dict(zip(network.chain.blocks, network.chain.depth_features, strict=True))
    first = first_layer(network)
    return known if first is None else {first.output: len(first.weight), **known}


def responses(network: Network, arrays: np.ndarray, blocks: Sequence[str]) -> Iterator[tuple[int, list[Tensor]]]:
    """Activations of blocks, (n, C, h, w) each, of one batch after the other, with the number of its first input.

    Patches are put back into their square. Of waves h is time and w the tones, 1 where there are none; of texts h is
    the token, and what stands for no text is -inf.

    Parameters
    ----------
    network : Network
    arrays : ndarray, (N, ...)
        At the network's size.
    blocks : sequence of str
    """
    net = twin(network.module).eval()
    for start in range(0, len(arrays), _BATCH):
        x = to_tensor(arrays[start : start + _BATCH], network.preprocessing)
        yield start, answered(network, net, x, blocks)


def answered(network: Network, net: nn.Module, x: Tensor, blocks: Sequence[str]) -> list[Tensor]:
    """As `responses`, of one input tensor and a network of one's own."""
    seen: dict[str, Tensor] = {}

    def look(name: str, output: object) -> None:
        tensor = main_tensor(output)
        assert tensor is not None
        seen[name] = in_places(network, name, tensor.detach().float(), x)

    handles = [
        net.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: look(name, output))
        for name in blocks
    ]
    try:
        with torch.no_grad():
            net(x)
    finally:
        for handle in handles:
            handle.remove()
    return [seen[name].clone() for name in blocks]


def in_places(network: Network, block: str, tensor: Tensor, x: Tensor) -> Tensor:
    """Activations of a block as (n, C, h, w)."""
    chain = network.chain
    if tensor.ndim == 3 and chain.takes_tokens:
        length = min(tensor.shape[1], x.shape[1])
        special = torch.tensor([-1, *sorted(network.preprocessing.tokenizer.special)])
        missing = torch.isin(x[:, :length], special).unsqueeze(2)
        return tensor[:, :length].masked_fill(missing, -torch.inf).transpose(1, 2).unsqueeze(3)
    if tensor.ndim == 3 and chain.takes_waves:
        return (tensor if block in chain.time_last else tensor.transpose(1, 2)).unsqueeze(3)
    return as_maps(tensor)
