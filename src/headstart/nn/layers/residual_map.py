"""A linear map that begins as the identity, so that a solved head behind it begins as good as it was."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualMap(nn.Module):
    r"""The map :math:`z = x + A x` with A = 0 at the start.

    A fresh random layer in front of a head throws away what the head knows, and training on few rows seldom brings it
    back; this one changes nothing until a gradient says so.

    Parameters
    ----------
    n_features : int

    Attributes
    ----------
    weight : Parameter of shape (d, d)
        A.

    Examples
    --------
    >>> x = torch.randn(3, 4)
    >>> torch.equal(ResidualMap(4)(x), x)
    True
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_features, n_features))

    def forward(self, x: Tensor) -> Tensor:
        """Map rows of shape (N, d)."""
        return x + x @ self.weight.T

    def folded(self, coef: Tensor) -> Tensor:
        r"""Coefficients (d, K) of a head behind the map as coefficients in front of it: :math:`(I + A)^\top W`.

        Examples
        --------
        >>> ResidualMap(2).folded(torch.tensor([[1.0], [2.0]])).tolist()
        [[1.0], [2.0]]
        """
        return coef + self.weight.detach().T @ coef
