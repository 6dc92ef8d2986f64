"""Convolutions with the channels last, what they are trained fastest in."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FEW = 16


class _Thinned(nn.Conv2d):
    """A 1 x 1 convolution with a stride, of the pixels that it looks at: the same numbers."""

    def forward(self, input: Tensor) -> Tensor:
        down, across = self.stride
        return F.conv2d(input[:, :, ::down, ::across], self.weight, self.bias, groups=self.groups)


def channels_last(module: nn.Module, undo: bool = False) -> nn.Module:
    """Lay out the weights of 2-d convolutions with the channels last, in place; or back as they were.

    The gradient of a 1 x 1 convolution with a stride, of fewer than 16 channels that lie last, is written by oneDNN (as
    in torch 2.13, on processors with AVX-512) beyond its memory where the batch does not divide among several threads.
    Such a one picks its pixels first and has no stride then.

    Parameters
    ----------
    module : torch.nn.Module
    undo : bool, default=False

    Returns
    -------
    torch.nn.Module
        The module given.
    """
    layout = torch.contiguous_format if undo else torch.channels_last
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)
    for layer in module.modules():
        if undo and type(layer) is _Thinned:
            layer.__class__ = nn.Conv2d  # type: ignore[assignment]
        elif not undo and type(layer) is nn.Conv2d and _goes_astray(layer):
            layer.__class__ = _Thinned
    return module


def _goes_astray(layer: nn.Conv2d) -> bool:
    """Whether its gradient may be written to where it does not belong."""
    pointwise = layer.kernel_size == (1, 1) and layer.padding in ((0, 0), "valid")
    return pointwise and max(layer.stride) > 1 and layer.in_channels // layer.groups < _FEW
