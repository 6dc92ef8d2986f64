"""Telling the domains apart: the loss of a discriminator, and what it is shown."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from headstart.nn.losses.information import entropies


def domain_loss(source: Tensor, target: Tensor, weights: tuple[Tensor, Tensor] | None = None) -> Tensor:
    r"""Logistic loss of a discriminator, both domains counting the same.

    .. math:: -\tfrac12 \sum_i w_i \log \sigma(d_i^S) - \tfrac12 \sum_j w_j \log (1 - \sigma(d_j^T))

    with weights that sum to 1 on each side. Behind `reverse_gradient` it is the game of domain-adversarial training.

    Parameters
    ----------
    source : Tensor of shape (n,)
        The discriminator's scores for source rows; above 0 says source.
    target : Tensor of shape (m,)
    weights : pair of Tensor, optional
        Of the rows of each side, above 0; default: equal ones.

    References
    ----------
    Ganin et al. (2016), Domain-adversarial training of neural networks, section 4.1.

    Examples
    --------
    >>> round(float(domain_loss(torch.zeros(3), torch.zeros(2))), 4)
    0.6931
    """
    rows = (F.softplus(-source), F.softplus(target))
    if weights is None:
        return 0.5 * (rows[0].mean() + rows[1].mean())
    sides = [(row * weight).sum() / weight.sum() for row, weight in zip(rows, weights, strict=True)]
    return 0.5 * (sides[0] + sides[1])


def multilinear_map(features: Tensor, probabilities: Tensor) -> Tensor:
    r"""Features conditioned on answers: the outer product :math:`z_i \otimes p_i` of each row, as one row.

    Parameters
    ----------
    features : Tensor of shape (N, d)
    probabilities : Tensor of shape (N, K)

    Returns
    -------
    Tensor of shape (N, d * K)

    References
    ----------
    Long, Cao, Wang and Jordan (2018), Conditional adversarial domain adaptation, section 3.1.

    Examples
    --------
    >>> multilinear_map(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.25, 0.75]])).tolist()
    [[0.25, 0.5, 0.75, 1.5]]
    """
    return (probabilities[:, :, None] * features[:, None, :]).flatten(1)


def entropy_weights(logits: Tensor) -> Tensor:
    r"""Weights :math:`1 + e^{-H(p_i)}`: sure rows count up to twice as much; without gradient.

    References
    ----------
    Long et al. (2018), section 3.2 (CDAN+E).

    Examples
    --------
    >>> entropy_weights(torch.tensor([[0.0, 0.0], [80.0, 0.0]])).tolist()
    [1.5, 2.0]
    """
    return 1 + torch.exp(-entropies(logits.detach()))
