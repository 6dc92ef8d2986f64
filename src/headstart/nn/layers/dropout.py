"""Dropout of whole channels, for activations that are computed once and cannot be augmented any more."""

from __future__ import annotations

from torch import Tensor, nn


def without_channels(activation: Tensor, share: float, time_last: bool = False) -> Tensor:
    """Hide a share of the channels of each example, all of a channel, and raise the others to the same mean.

    Spatial dropout (Tompson et al. 2015, section 3.2): neighbours in space or time say nearly the same, so hiding
    single values hides nothing.

    Parameters
    ----------
    activation : Tensor, (N, C), (N, T, C), or (N, C, ...)
        Three dimensions are read as tokens with the channels last.
    share : float in [0, 1)
    time_last : bool, default=False
        Three dimensions are (N, C, T) instead.

    Examples
    --------
    >>> import torch
    >>> found = without_channels(torch.ones(50, 8, 3, 3), 0.25)
    >>> sorted({round(value, 3) for value in found.flatten().tolist()})
    [0.0, 1.333]
    """
    kept = (0, channel_axis(activation, time_last))
    shape = [size if axis in kept else 1 for axis, size in enumerate(activation.shape)]
    return activation * nn.functional.dropout(activation.new_ones(shape), share)


def channel_axis(activation: Tensor, time_last: bool = False) -> int:
    """Axis of the channels of a block's output, (N, C), (N, T, C) or (N, C, ...).

    Three dimensions are read as tokens with the channels last, with ``time_last`` as (N, C, T).

    Examples
    --------
    >>> import torch
    >>> [channel_axis(torch.zeros(shape)) for shape in ((2, 3), (2, 5, 3), (2, 3, 4, 4))]
    [1, 2, 1]
    """
    return 2 if activation.ndim == 3 and not time_last else 1
