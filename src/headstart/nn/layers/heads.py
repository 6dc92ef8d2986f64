"""New heads: one linear layer, or several layers with dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


def make_head(n_features: int, n_outputs: int, widths: Sequence[int] = (), dropout: float = 0.0) -> nn.Sequential:
    """A head of ``len(widths)`` hidden layers and a linear output, with random weights.

    Dropout stands before every linear layer but the first of a deep head (Srivastava et al. 2014); a head without
    hidden layers has it before its only layer.

    Parameters
    ----------
    n_features, n_outputs : int
    widths : sequence of int
        Units of the hidden layers; empty for a linear head.
    dropout : float in [0, 1)

    Returns
    -------
    nn.Sequential
        Its last module is the ``nn.Linear`` that gives the outputs.

    Examples
    --------
    >>> [type(layer).__name__ for layer in make_head(8, 3, [16], dropout=0.5)]
    ['Linear', 'ReLU', 'Dropout', 'Linear']
    """
    layers: list[nn.Module] = []
    wide = n_features
    for width in widths:
        layers += [nn.Linear(wide, int(width)), nn.ReLU(), nn.Dropout(dropout)]
        wide = int(width)
    if not widths and dropout > 0:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(wide, n_outputs))


def load_linear(head: nn.Sequential, coef: np.ndarray, intercept: np.ndarray) -> None:
    """Put solved coefficients (d, K) and intercepts (K,) into the last layer of a head, in place."""
    layer = head[-1]
    assert isinstance(layer, nn.Linear)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(coef.T, dtype=np.float32)))
        layer.bias.copy_(torch.from_numpy(np.asarray(intercept, dtype=np.float32)))


class Standardise(nn.Module):
    """Fixed shift and scale in front of a trained head, so that features of any size train alike."""

    shift: Tensor
    scale: Tensor

    def __init__(self, shift: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("shift", shift)
        self.register_buffer("scale", scale)

    def forward(self, x: Tensor) -> Tensor:
        """Shift and scale features of shape (N, d)."""
        return (x - self.shift) * self.scale
