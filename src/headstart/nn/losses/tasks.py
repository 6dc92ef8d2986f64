"""Losses of the three tasks, with a weight for every row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.nn.processes import world_size
from headstart.nn.sharding import is_share, own


def task_loss(outputs: Tensor, Y: Tensor, weight: Tensor, task: str) -> Tensor:
    """Weighted mean loss: cross-entropy, one logistic loss a label, or squared error.

    Parameters
    ----------
    outputs : Tensor of shape (N, K)
        Logits, or predictions for numbers.
    Y : Tensor of shape (N, K)
        One-hot classes, 0/1 labels, or targets.
    weight : Tensor of shape (N,)
    task : {"classification", "multilabel", "regression"}

    Examples
    --------
    >>> one = torch.ones(1)
    >>> round(float(task_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), one, "classification")), 4)
    0.6931
    """
    if task == "classification":
        rows = -(Y * F.log_softmax(outputs, dim=1)).sum(dim=1)
    elif task == "multilabel":
        rows = F.binary_cross_entropy_with_logits(outputs, Y, reduction="none").sum(dim=1)
    else:
        rows = ((outputs - Y) ** 2).mean(dim=1)
    return (rows * weight).sum() / weight.sum().clamp(min=1e-12)


def l2_sp(module: nn.Module, start: dict[str, Tensor], strength: float) -> Tensor:
    r"""Pull weights towards where they started: :math:`\frac{\alpha}{2} \sum_j \|w_j - w_j^0\|^2`.

    Of weights that lie in shares with several processes, each pulls its own; the mean of what they give is the whole.
    Li, Grandvalet & Davoine 2018, "Explicit inductive bias for transfer learning with convolutional networks", eq. 2.

    Parameters
    ----------
    module : nn.Module
    start : dict
        Starting value of each trainable parameter, by name.
    strength : float, >= 0
        Alpha of the paper.
    """
    parts = [p - start[name] for name, p in module.named_parameters() if name in start]
    if not parts:
        return torch.zeros(())
    pull = 0.5 * strength * torch.stack([(own(part) ** 2).sum() for part in parts]).sum()
    return pull + (world_size() - 1) * pull.detach() if is_share(parts[0]) else pull
