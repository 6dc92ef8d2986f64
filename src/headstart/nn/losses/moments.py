"""Moments of features: the distance of two covariances, and lengths that grow."""

from __future__ import annotations

import torch
from torch import Tensor


def coral_distance(source: Tensor, target: Tensor) -> Tensor:
    r"""Distance of covariances: :math:`\frac{1}{4 d^2} \|C_S - C_T\|_F^2`.

    Parameters
    ----------
    source : Tensor of shape (n, d), n at least 2
    target : Tensor of shape (m, d), m at least 2

    References
    ----------
    Sun and Saenko (2016), Deep CORAL, equations 1 to 3.

    Examples
    --------
    >>> X = torch.tensor([[0.0], [2.0]])
    >>> float(coral_distance(X, X + 5)), float(coral_distance(X, 2 * X))
    (0.0, 9.0)
    """
    gap = torch.cov(source.T) - torch.cov(target.T)
    return (gap**2).sum() / (4 * source.shape[1] ** 2)


def norm_step(features: Tensor, step: float = 1.0) -> Tensor:
    r"""Mean of :math:`(\|z_i\|_{now} + \Delta r - \|z_i\|)^2`: features grow by a step each time.

    The first length is a constant to the gradient: the value is always the squared step, the gradient is what counts.

    Parameters
    ----------
    features : Tensor of shape (N, d)
    step : float, default=1.0
        :math:`\Delta r`, above 0.

    References
    ----------
    Xu, Li, Yang and Lin (2019), Larger norm more transferable: an adaptive feature norm approach for unsupervised
    domain adaptation (stepwise AFN), section 3.4.

    Examples
    --------
    >>> x = torch.tensor([[3.0, 4.0]], requires_grad=True)
    >>> norm_step(x).backward()
    >>> [round(value, 6) for value in x.grad[0].tolist()]
    [-1.2, -1.6]
    """
    lengths = torch.sqrt((features**2).sum(dim=1) + 1e-12)
    return ((lengths.detach() + step - lengths) ** 2).mean()
