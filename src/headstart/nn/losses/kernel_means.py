"""Distance of the means of two sets of features in the space of a kernel."""

from __future__ import annotations

import torch
from torch import Tensor


def mixed_kernel(rows: Tensor, widest: float = 4.0, halvings: int = 4) -> Tensor:
    r"""Mean of Gaussian kernels :math:`\exp(-\|x_i - x_j\|^2 / (c\, s))`, s the mean squared distance of two rows.

    A kernel of half the bandwidth is the square of the one before, so that one exponential makes all of them.

    Parameters
    ----------
    rows : Tensor of shape (N, d)
    widest : float, default=4.0
        The largest factor c.
    halvings : int, default=4
        How often c is halved, each time for one more kernel: by default c is 4, 2, 1, 1/2 and 1/4.

    Returns
    -------
    Tensor of shape (N, N)

    References
    ----------
    Long, Cao, Wang and Jordan (2015), Learning transferable features with deep adaptation networks, section 3: a convex
    combination of kernels. Its weights are equal here, as in the authors' later code; s is a constant to the gradient.

    Examples
    --------
    >>> mixed_kernel(torch.tensor([[0.0], [1.0]])).diagonal().tolist()
    [1.0, 1.0]
    """
    squares = (rows**2).sum(dim=1)
    distance = (squares[:, None] + squares[None] - 2 * rows @ rows.T).clamp(min=0)
    n = len(rows)
    scale = (distance.detach().sum() / max(n * (n - 1), 1)).clamp(min=1e-12)
    total = kernel = torch.exp(-distance / (widest * scale))
    for _ in range(halvings):
        kernel = kernel * kernel
        total = total + kernel
    return total / (halvings + 1)


def kernel_mean_distance(kernel: Tensor, n_source: int) -> Tensor:
    r"""Squared distance of the means of two sets in a kernel's space (MMD), with all pairs.

    .. math:: \frac{1}{n^2} \sum_{ij} k(s_i, s_j) + \frac{1}{m^2} \sum_{ij} k(t_i, t_j)
        - \frac{2}{nm} \sum_{ij} k(s_i, t_j)

    With one kernel of the features it is that of deep adaptation networks (`mixed_kernel`); with the product of kernels
    of several layers, features and answers, that of joint adaptation networks.

    Parameters
    ----------
    kernel : Tensor of shape (n + m, n + m)
        Of the rows of both sets, one below the other.
    n_source : int
        n.

    References
    ----------
    Long et al. (2015), equation 1; Long, Zhu, Wang and Jordan (2017), Deep transfer learning with joint adaptation
    networks, section 4.1. Both papers go on to an estimate from pairs of rows that is linear in n and noisier.

    Examples
    --------
    >>> float(kernel_mean_distance(torch.ones(4, 4), 2)), float(kernel_mean_distance(torch.eye(2), 1))
    (0.0, 2.0)
    """
    n, m = n_source, len(kernel) - n_source
    sign = torch.cat([kernel.new_full((n,), 1 / n), kernel.new_full((m,), -1 / m)])
    return sign @ kernel @ sign
