"""Gradients of several tasks that are taken apart where they pull against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def pcgrad(gradients: Tensor, orders: Sequence[Sequence[int]]) -> Tensor:
    r"""Mean of the tasks' gradients, each without what points against another one.

    For each task i, and the others j one after the other: where :math:`g_i \cdot g_j < 0`,
    :math:`g_i \leftarrow g_i - \frac{g_i \cdot g_j}{\|g_j\|^2} g_j`, with the others' gradients as they were. All of it
    is done on the T x T products, so that the gradients themselves are passed over twice.

    Parameters
    ----------
    gradients : Tensor of shape (T, p)
    orders : T sequences of int
        In which order the others are gone through for each task; the paper draws them.

    References
    ----------
    Yu et al. (2020), "Gradient surgery for multi-task learning", algorithm 1. We take the mean where it takes the sum.

    Examples
    --------
    >>> pcgrad(torch.tensor([[1.0, 0.0], [-1.0, 1.0]]), [[1], [0]]).tolist()
    [0.25, 0.75]
    """
    products = gradients @ gradients.mT
    shares = torch.eye(len(gradients), dtype=gradients.dtype, device=gradients.device)
    for i, order in enumerate(orders):
        for j in order:
            along = shares[i] @ products[:, j]
            if j != i and float(along) < 0:
                shares[i, j] -= along / products[j, j]
    return shares.mean(dim=0) @ gradients


def with_gradient(
    losses: Sequence[Tensor], shared: Sequence[nn.Parameter], aggregate: Callable[[Tensor], Tensor]
) -> Tensor:
    """The mean of losses, whose gradient in shared parameters is what ``aggregate`` makes of the tasks' gradients.

    So any loop that calls ``backward`` on one number can follow it; other parameters, those of heads, get the gradient
    of the mean.

    Parameters
    ----------
    losses : sequence of scalar Tensor
    shared : sequence of Parameter
    aggregate : callable
        Gradients (T, p) to one (p,).

    Examples
    --------
    >>> w = nn.Parameter(torch.tensor([2.0]))
    >>> with_gradient([w.sum(), 3 * w.sum()], [w], lambda g: g.max(dim=0).values).backward()
    >>> w.grad.tolist()
    [3.0]
    """
    mean = torch.stack(list(losses)).mean()
    rows = []
    for loss in losses:
        parts = torch.autograd.grad(loss, list(shared), retain_graph=True, allow_unused=True)
        flat = [torch.zeros_like(p) if g is None else g for p, g in zip(shared, parts, strict=True)]
        rows.append(torch.cat([part.reshape(-1) for part in flat]))
    gradients = torch.stack(rows)
    change = (aggregate(gradients) - gradients.mean(dim=0)).detach()
    values = torch.cat([p.reshape(-1) for p in shared])
    linear = (values * change).sum()
    return mean + linear - linear.detach()
