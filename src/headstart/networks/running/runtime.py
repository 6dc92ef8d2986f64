"""The forward pass of a frozen network, prepared for this machine: channels-last, 16-bit where it is safe."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.networks.cutting.chain import Chain
from headstart.networks.cutting.features import flat, grid, headless_features, pool, stretches
from headstart.networks.cutting.trace import main_tensor

DEPTHS, GRIDS, CELLS = 6, 3, 9
#: Most numbers that the grids of one input may take.
WIDEST_GRID = 12_000


@dataclass(frozen=True)
class Layout:
    """Where the parts of a row of features stand: output, pooled depths, grids; in that order.

    Attributes
    ----------
    blocks : tuple of str
        Blocks whose means are kept, the last block last.
    grids : tuple of str
        Blocks whose means over the cells of a 3 x 3 grid are kept; none of texts.
    widths : tuple of int
        Of the output, of each depth, and of each grid.
    """

    blocks: tuple[str, ...]
    grids: tuple[str, ...]
    widths: tuple[int, ...]

    @property
    def n_values(self) -> int:
        """Length of a row."""
        return sum(self.widths)

    def width_of(self, block: str, cells: bool) -> int:
        """How many numbers a block's means, or those of its grid, are."""
        return self.widths[1 + (len(self.blocks) + self.grids.index(block) if cells else self.blocks.index(block))]

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """The parts of (n, n_values) rows, as views."""
        return np.split(rows, np.cumsum(self.widths)[:-1], axis=1)


def layout_of(chain: Chain) -> Layout:
    """Up to six blocks, evenly spread, the last one last; grids of up to three before the last of these, save of texts.

    Examples
    --------
    >>> layout = layout_of(Chain(tuple("abcdefgh"), None, 9, tuple(range(1, 9))))
    >>> layout.blocks, layout.grids
    (('a', 'c', 'd', 'e', 'g', 'h'), ('d', 'e', 'g'))
    """
    n = len(chain.blocks)
    count = min(DEPTHS, n)
    chosen = [round((i + 1) * n / count) - 1 for i in range(count)]
    gridded = [] if chain.takes_tokens else (chosen[:-1] or chosen)[-GRIDS:]
    while sum(chain.depth_features[i] for i in gridded) * CELLS > WIDEST_GRID:
        gridded = gridded[1:]
    widths = (
        chain.n_features,
        *(chain.depth_features[i] for i in chosen),
        *(chain.depth_features[i] * CELLS for i in gridded),
    )
    return Layout(tuple(chain.blocks[i] for i in chosen), tuple(chain.blocks[i] for i in gridded), widths)


class Rows(nn.Module):
    """A network that answers with one row of features an input, (N, n_values) in float32, from one forward pass.

    Safe to use from several threads: what a pass sees is kept a thread.
    """

    def __init__(self, net: nn.Module, chain: Chain, layout: Layout) -> None:
        super().__init__()
        self.net = net
        self.blocks, self.grids = layout.blocks, layout.grids
        self.chain, self.output_layer = chain, chain.output_layer
        self._seen = threading.local()
        for name in layout.blocks:
            net.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: self._look(name, output))
        if chain.output_layer is not None:
            head = net.get_submodule(chain.output_layer)
            head.register_forward_pre_hook(self._look_at_head, with_kwargs=True)

    def forward(self, x: Tensor) -> Tensor:
        """Output, depths and grids side by side."""
        seen: dict[str, Tensor] = {}
        self._seen.parts, self._seen.mask = seen, x >= 0 if self.chain.takes_tokens else None
        result = self.net(x)
        output = seen["output"] if self.output_layer is not None else headless_features(self.net, result)
        output = output.float()
        return torch.cat(
            [output, *(seen[name] for name in self.blocks), *(seen[f"grid {name}"] for name in self.grids)], 1
        )

    def _look(self, name: str, output: Any) -> None:
        tensor = main_tensor(output)
        assert tensor is not None
        self._seen.parts[name] = pool(tensor, name in self.chain.time_last, _for_tokens(self._seen.mask, tensor))
        if name in self.grids:
            self._seen.parts[f"grid {name}"] = pooled(tensor, self.chain, name, cells=True)

    def _look_at_head(self, head: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._seen.parts["output"] = flat(args[0] if args else next(iter(kwargs.values())))


def pooled(tensor: Tensor, chain: Chain, block: str, cells: bool) -> Tensor:
    """Means of what a block returns, (N, C): over all places, or over the cells of a grid, of waves over stretches."""
    late = block in chain.time_last
    if not cells:
        return pool(tensor, late)
    return stretches(tensor, late, CELLS) if chain.takes_waves and tensor.ndim < 4 else grid(tensor)


def _for_tokens(mask: Tensor | None, activation: Tensor) -> Tensor | None:
    """The mask (N, L) for activations (N, T, C) of texts: some networks pad inside, and some shorten."""
    if mask is None or activation.ndim != 3 or activation.shape[1] == mask.shape[1]:
        return mask
    more = activation.shape[1] - mask.shape[1]
    return nn.functional.pad(mask, (0, more)) if more > 0 else mask[:, : activation.shape[1]]


def to_tensor(
    arrays: np.ndarray, preprocessing: AnyPreprocessing, dtype: torch.dtype = torch.float32, channels_last: bool = True
) -> Tensor:
    """A network's input: normalised pictures, (x * scale - mean) / std; waves and tokens as they are.

    Parameters
    ----------
    arrays : ndarray, (N, H, W, 3) in uint8, (N, samples) in float32 or (N, L) in int32
        Cropped canvases; not changed.
    preprocessing : Preprocessing, SoundPreprocessing or TextPreprocessing
        Scale, mean, std and number of channels of pictures.
    dtype : torch.dtype, default=torch.float32
        Of pictures; the computation is in float32. Waves stay in float32, because 16 bits would add noise to them.
    channels_last : bool, default=True
        Memory order of pictures.

    Returns
    -------
    Tensor, (N, C, H, W), (N, samples), or (N, L) in int64
    """
    if preprocessing.as_is is not None:
        return torch.from_numpy(np.array(arrays, preprocessing.as_is))
    return _normalised(arrays, preprocessing, dtype, channels_last)


def _normalised(pixels: np.ndarray, preprocessing: Preprocessing, dtype: torch.dtype, channels_last: bool) -> Tensor:
    if preprocessing.channels == 1 and pixels.shape[3] == 3:
        pixels = np.stack([np.asarray(Image.fromarray(picture).convert("L"))[:, :, None] for picture in pixels])
    n, height, width, n_channels = pixels.shape
    std = torch.tensor(preprocessing.std, dtype=torch.float64).expand(n_channels)
    mean = torch.tensor(preprocessing.mean, dtype=torch.float64).expand(n_channels)
    gain = (preprocessing.scale / std).float().repeat(width)
    shift = (-mean / std).float().repeat(width)
    flat_rows = torch.from_numpy(np.ascontiguousarray(pixels)).view(n, height, width * n_channels)
    values = flat_rows.to(torch.float32).mul_(gain).add_(shift).to(dtype)
    batch = values.view(n, height, width, n_channels).permute(0, 3, 1, 2)
    return batch if channels_last else batch.contiguous()


def prepared(net: nn.Module, dtype: torch.dtype, device: str) -> nn.Module:
    """The network, which is the caller's own, ready for inference: on the device, in the type, channels-last."""
    net = net.to(device=device, dtype=dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.eval().requires_grad_(False)


def half_type(device: str) -> torch.dtype | None:
    """The 16-bit type that the device computes in natively; None where there is none worth using."""
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device == "cpu":
        asked = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
        if any(ask is not None and ask() for ask in asked):
            return torch.bfloat16
    return None
