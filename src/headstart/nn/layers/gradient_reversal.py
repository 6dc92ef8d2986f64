"""Gradient reversal: forward the identity, backward the gradient times minus a factor."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.factor * gradients[0], None


def reverse_gradient(x: Tensor, factor: float = 1.0) -> Tensor:
    """Give x as it is; its gradient comes back times ``-factor``.

    What stands behind it minimises a loss that what stands before it maximises, in one step of one optimiser.

    Parameters
    ----------
    x : Tensor
    factor : float, default=1.0
        0 or more.

    References
    ----------
    Ganin et al. (2016), Domain-adversarial training of neural networks, section 4.2.

    Examples
    --------
    >>> x = torch.ones(2, requires_grad=True)
    >>> (3 * reverse_gradient(x, 0.5)).sum().backward()
    >>> x.grad.tolist()
    [-1.5, -1.5]
    """
    result: Tensor = _Reverse.apply(x, factor)
    return result


def reversal_strength(progress: float) -> float:
    r"""Factor that grows from 0 to 1: :math:`2 / (1 + e^{-10 p}) - 1`.

    At the start a discriminator knows nothing, and its gradient would be noise.

    Parameters
    ----------
    progress : float
        Part of the training that is done, 0 to 1.

    References
    ----------
    Ganin et al. (2016), section 5.2.2.

    Examples
    --------
    >>> [round(reversal_strength(p), 3) for p in (0.0, 0.1, 1.0)]
    [0.0, 0.462, 1.0]
    """
    return 2.0 / (1.0 + math.exp(-10.0 * progress)) - 1.0
