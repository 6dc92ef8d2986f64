"""Losses of several tasks, weighed by how uncertain each is, which is learned."""

from __future__ import annotations

import torch
from torch import Tensor


def uncertainty_weighted(losses: Tensor, log_variances: Tensor, numbers: Tensor) -> Tensor:
    r"""Mean over tasks of :math:`\tfrac{c}{\sigma_t^2} L_t + \log \sigma_t`, c = 1/2 for numbers and 1 for classes.

    Parameters
    ----------
    losses : Tensor of shape (T,)
    log_variances : Tensor of shape (T,)
        :math:`\log \sigma_t^2`, learned with the weights of the network.
    numbers : Tensor of bool, shape (T,)
        Which tasks are of numbers.

    References
    ----------
    Kendall, Gal and Cipolla (2018), "Multi-task learning using uncertainty to weigh losses", equations 7 and 10.

    Examples
    --------
    >>> float(uncertainty_weighted(torch.tensor([2.0, 1.0]), torch.zeros(2), torch.tensor([True, False])))
    1.0
    """
    factor = torch.where(numbers, 0.5, 1.0)
    return (factor * torch.exp(-log_variances) * losses + 0.5 * log_variances).mean()
