"""Joint transport: pairs of source and target rows that are near, with answers like the labels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def joint_costs(
    source: Tensor, Y: Tensor, target: Tensor, logits: Tensor, *, distance: float = 1.0, label: float = 1.0
) -> Tensor:
    r"""Cost of each pair: :math:`\alpha \|z_i^S - z_j^T\|^2 / d + \lambda\, \ell(y_i, f(z_j^T))`.

    Parameters
    ----------
    source : Tensor of shape (n, d)
    Y : Tensor of shape (n, K)
        One-hot labels of the source rows.
    target : Tensor of shape (m, d)
    logits : Tensor of shape (m, K)
    distance, label : float
        Alpha and lambda of the paper. We divide the distance by d, so that alpha means the same for any width.

    Returns
    -------
    Tensor of shape (n, m)

    References
    ----------
    Damodaran, Kellenberger, Flamary, Tuia and Courty (2018), DeepJDOT: deep joint distribution optimal transport for
    unsupervised domain adaptation, section 3.

    Examples
    --------
    >>> import torch
    >>> one = torch.ones(1, 2)
    >>> round(float(joint_costs(one, torch.tensor([[1.0, 0.0]]), one + 1, torch.zeros(1, 2))), 4)
    1.6931
    """
    squares = (source**2).sum(dim=1)[:, None] + (target**2).sum(dim=1)[None] - 2 * source @ target.T
    return distance * squares.clamp(min=0) / source.shape[1] - label * Y @ F.log_softmax(logits, dim=1).T


def transported(costs: Tensor, plan: Tensor) -> Tensor:
    r"""What a plan costs: :math:`\sum_{ij} \gamma_{ij} c_{ij}`; the plan is a constant to the gradient.

    By the envelope theorem this is the gradient of the least cost too, where the plan is optimal.

    Parameters
    ----------
    costs, plan : Tensor of shape (n, m)

    Examples
    --------
    >>> import torch
    >>> float(transported(torch.eye(2), torch.eye(2) / 2))
    1.0
    """
    return (costs * plan.detach()).sum()
