"""Optimisers by name, with layer-wise learning rates and without weight decay on biases and norms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from headstart.errors import ParameterError
from headstart.nn.sharding import is_share

OPTIMIZERS = ("sgd", "adam", "adamw")


def parameter_groups(
    head: Iterable[nn.Parameter],
    layers: Sequence[Sequence[nn.Parameter]],
    *,
    learning_rate: float,
    layer_decay: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Groups for an optimiser: the head at the full rate, the j-th layer from the end at ``rate * decay**j``.

    Biases, norm weights and other parameters of fewer than two dimensions get no weight decay.

    Parameters
    ----------
    head : iterable of Parameter
    layers : list of lists of Parameter
        From the last layer backwards.
    learning_rate : float, > 0
    layer_decay : float in (0, 1]
        Howard & Ruder 2018 (discriminative fine-tuning); 1 gives every layer the same rate.
    weight_decay : float, >= 0
    """
    groups = []
    for depth, parameters in enumerate([list(head), *layers]):
        rate = learning_rate * layer_decay**depth
        for decay, chosen in (
            (weight_decay, [p for p in parameters if p.requires_grad and p.ndim > 1]),
            (0.0, [p for p in parameters if p.requires_grad and p.ndim <= 1]),
        ):
            if chosen:
                groups.append({"params": chosen, "lr": rate, "base_lr": rate, "weight_decay": decay})
    return groups


def make_optimizer(name: str, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """SGD (momentum 0.9, Nesterov), Adam or AdamW over parameter groups, a group's step in one sweep.

    Raises
    ------
    ParameterError
        If the name is none of these.
    """
    match str(name).lower():
        case "sgd":
            shares = any(is_share(p) for group in groups for p in group["params"])  # of which torch has no fused SGD
            return torch.optim.SGD(groups, lr=1e-3, momentum=0.9, nesterov=True, fused=not shares)
        case "adam":
            return torch.optim.Adam(groups, lr=1e-3, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, lr=1e-3, fused=True)
    raise ParameterError(f"Expected optimizer one of {', '.join(OPTIMIZERS)}, found {name!r}.")
