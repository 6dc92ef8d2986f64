"""Batch norm whose statistics are those of all processes together, on any device."""

from __future__ import annotations

from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

AnyModule = TypeVar("AnyModule", bound=nn.Module)


class SyncNorm(_BatchNorm):
    """A batch norm that sees the batches of all processes as one (torch's own is for GPUs alone).

    In training x is normalised by mean = sum(x) / n and var = sum((x - mean)^2) / n, both sums being taken over all
    processes; gradients flow through them. The running statistics follow as in a batch norm of one process. In
    evaluation mode, or with one process, it is a usual batch norm. Every process must take part in each call.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"Expected at least 2 dimensions, found {input.ndim}.")

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, ...)."""
        if not self.training or not dist.is_initialized() or dist.get_world_size() == 1:
            return super().forward(input)
        self._check_input_dim(input)
        x = input.float()
        dims = [d for d in range(x.ndim) if d != 1]
        shape = [-1 if d == 1 else 1 for d in range(x.ndim)]
        count = summed(torch.tensor(float(x.numel() // x.shape[1]), device=x.device))
        mean = summed(x.sum(dims)) / count
        centred = x - mean.view(shape)
        variance = summed(centred.square().sum(dims)) / count
        self._follow(mean.detach(), variance.detach() * count / (count - 1))
        normal = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            normal = normal * self.weight.view(shape) + self.bias.view(shape)
        return normal.to(input.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        factor = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, factor)
        self.running_var.lerp_(variance, factor)


def summed(x: Tensor) -> Tensor:
    """The sum of a tensor over all processes; its gradient is the sum of theirs."""
    from torch.distributed.nn.functional import all_reduce

    total: Tensor = all_reduce(x)
    return total


def with_sync_norms(module: AnyModule) -> AnyModule:
    """The module with every batch norm replaced, in place, by one of the same weights that sees all processes.

    Parameters
    ----------
    module : torch.nn.Module
        Changed. Its ``state_dict`` stays as it was.

    Examples
    --------
    >>> net = with_sync_norms(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)))
    >>> type(net[1]).__name__, net(torch.ones(2, 3, 5, 5)).shape
    ('SyncNorm', torch.Size([2, 4, 5, 5]))
    """
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                setattr(parent, name, _synced(child))
    return module


def _synced(norm: _BatchNorm) -> SyncNorm:
    new = SyncNorm(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    for name in ("weight", "bias"):
        setattr(new, name, getattr(norm, name))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        new._buffers[name] = norm._buffers[name]
    new.training = norm.training
    return new
