"""Statistics of batch norm of other data than the network was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def reestimate(layers: Sequence[_BatchNorm], run: Callable[[], object]) -> None:
    r"""Give batch-norm layers the mean and variance of what really goes into them, one after the other, in place.

    .. math:: \mu_c = \tfrac1N \sum_i x_{ic}, \qquad \sigma_c^2 = \tfrac1{N - 1} \sum_i (x_{ic} - \mu_c)^2

    over rows and places of all batches. A layer is measured when those before it have their new statistics already, so
    what comes out is the same whatever the batches.

    Parameters
    ----------
    layers : sequence of BatchNorm
        In evaluation mode, with running statistics.
    run : callable
        Passes all the data through the network.

    References
    ----------
    Li, Wang, Shi, Hou and Liu (2018), Adaptive batch normalization for practical domain adaptation, algorithm 1; the
    statistics are those of all the data, where the paper goes on with a moving mean.

    Examples
    --------
    >>> layer = nn.BatchNorm1d(1).eval()
    >>> reestimate([layer], lambda: layer(torch.tensor([[1.0], [3.0], [5.0]])))
    >>> layer.running_mean.tolist(), layer.running_var.tolist()
    ([3.0], [4.0])
    """
    order: list[_BatchNorm] = []

    def noted(layer: nn.Module, given: tuple[Tensor]) -> None:
        if layer not in order:
            order.append(layer)  # type: ignore[arg-type]

    _hooked(layers, noted, run)
    for layer in order:
        sums: list[Tensor] = []
        _hooked([layer], partial(_added, sums), run)
        count, total, squares = sums
        assert layer.running_mean is not None and layer.running_var is not None
        mean = total / count
        layer.running_mean.copy_(mean)
        layer.running_var.copy_((squares - count * mean**2).clamp(min=0) / (count - 1).clamp(min=1))


def _hooked(layers: Sequence[nn.Module], hook: Callable[..., None], run: Callable[[], object]) -> None:
    handles = [layer.register_forward_pre_hook(hook) for layer in layers]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()


def _added(sums: list[Tensor], layer: nn.Module, given: tuple[Tensor]) -> None:
    """Number of values a channel, their sum and that of their squares, in double precision."""
    x = given[0].double()
    others = [i for i in range(x.ndim) if i != 1]
    new = [torch.tensor(float(x.numel() // x.shape[1])).to(x), x.sum(others), x.square().sum(others)]
    sums[:] = [a + b for a, b in zip(sums, new, strict=True)] if sums else new
