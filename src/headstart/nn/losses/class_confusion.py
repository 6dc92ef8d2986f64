"""Minimum class confusion: how much the answers for the target mix classes up."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from headstart.nn.losses.information import entropies


def class_confusion(logits: Tensor, temperature: float = 2.5) -> Tensor:
    r"""Share of the class correlation that lies between different classes.

    .. math::
        \hat y_i = \operatorname{softmax}(z_i / T), \quad
        W_{ii} = \frac{N (1 + e^{-H(\hat y_i)})}{\sum_j (1 + e^{-H(\hat y_j)})}, \quad
        C = \hat Y^\top W \hat Y, \quad \tilde C_{jk} = \frac{C_{jk}}{\sum_l C_{jl}}, \qquad
        L = \frac1K \sum_j \sum_{k \ne j} \tilde C_{jk}

    Parameters
    ----------
    logits : Tensor of shape (N, K)
    temperature : float, default=2.5
        Above 0; above 1 it keeps sure answers from hiding what is mixed up.

    Returns
    -------
    Tensor, a scalar in [0, 1)

    References
    ----------
    Jin, Wang, Long and Wang (2020), Minimum class confusion for versatile domain adaptation, section 3.2. The weights
    carry gradients, as in the formulas.

    Examples
    --------
    >>> round(float(class_confusion(torch.zeros(4, 2))), 4), float(class_confusion(100 * torch.eye(2))) < 1e-6
    (0.5, True)
    """
    scaled = logits / temperature
    weight = 1 + torch.exp(-entropies(scaled))
    weight = len(logits) * weight / weight.sum()
    Y = F.softmax(scaled, dim=1)
    confusion = Y.T @ (weight[:, None] * Y)
    confusion = confusion / confusion.sum(dim=1, keepdim=True)
    return (confusion.sum() - confusion.trace()) / logits.shape[1]
