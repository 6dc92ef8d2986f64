"""Which axis of an activation is which."""

from __future__ import annotations

from torch import Tensor


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
