"""VICReg: learning without labels by making two views of a picture or clip alike without letting all become alike."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def vicreg(
    z1: Tensor,
    z2: Tensor,
    *,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
) -> Tensor:
    """The loss of VICReg, for two batches of embeddings of the same n examples.

    ``invariance * mean (z1 - z2)^2 + variance * (v(z1) + v(z2)) / 2 + covariance * (c(z1) + c(z2))``: both views of
    an example are to have the same embedding, every coordinate is to vary over the batch (v), and no two coordinates
    are to say the same (c). Unlike contrastive losses it compares no example with another, so small batches do, and
    unlike self-distillation it needs no second network: its value says how well learning goes.

    Parameters
    ----------
    z1, z2 : Tensor of shape (n, d), n >= 2
        In float32: sums of many small squares drown in 16 bits.
    invariance, variance, covariance : float, default=25, 25, 1
        Weights of the three terms.

    Returns
    -------
    Tensor, scalar

    References
    ----------
    Bardes, Ponce, LeCun 2022, "VICReg", equations 1 to 6. The variance terms are averaged over both views, as in the
    authors' code; equation 6 adds them.

    Examples
    --------
    >>> z = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    >>> round(float(vicreg(z, z)), 6)  # alike, varied and uncorrelated: nothing left to do
    0.0
    """
    if z1.shape != z2.shape or z1.ndim != 2 or len(z1) < 2:
        raise ValueError(
            f"Expected two equal shapes (n, d) with n >= 2, found {tuple(z1.shape)} and {tuple(z2.shape)}."
        )
    spread = (variance_term(z1) + variance_term(z2)) / 2
    shared = covariance_term(z1) + covariance_term(z2)
    return invariance * F.mse_loss(z1, z2) + variance * spread + covariance * shared


def variance_term(z: Tensor, target: float = 1.0, eps: float = 1e-4) -> Tensor:
    """How far the coordinates' standard deviations over the batch fall short of a target: mean max(0, target - s).

    Equations 1 and 2 of Bardes et al. 2022: s = sqrt(var + eps), with n - 1 in the variance.

    Parameters
    ----------
    z : Tensor of shape (n, d)
    target : float, default=1.0
    eps : float, default=1e-4
        Keeps the gradient finite where a coordinate is constant.
    """
    return F.relu(target - torch.sqrt(z.var(dim=0) + eps)).mean()


def covariance_term(z: Tensor) -> Tensor:
    """Sum of the squared covariances of different coordinates, divided by their number d.

    Equations 3 and 4 of Bardes et al. 2022: C = sum (z_i - mean)(z_i - mean)^T / (n - 1).

    Parameters
    ----------
    z : Tensor of shape (n, d)
    """
    centred = z - z.mean(dim=0)
    c = centred.T @ centred / (len(z) - 1)
    return (c.square().sum() - torch.diagonal(c).square().sum()) / z.shape[1]


def expander(n_features: int, *widths: int) -> nn.Sequential:
    """Linear layers with batch norm and ReLU between them; the last one is linear and has no bias.

    Parameters
    ----------
    n_features : int
    *widths : int
        Units of each layer.

    Examples
    --------
    >>> [type(layer).__name__ for layer in expander(4, 8, 8)]
    ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    """
    layers: list[nn.Module] = []
    sides = list(itertools.pairwise([n_features, *widths]))
    for wide, width in sides[:-1]:
        layers += [nn.Linear(wide, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(*sides[-1], bias=False))


def evenness(z: Tensor) -> float:
    """How evenly embeddings (n, d) spread over the sphere: 1 for all directions alike, 0 where they are all the same.

    The mean standard deviation of the coordinates of z / ||z||, times sqrt(d): what Chen & He 2021 watch for collapse
    (section 4.1).

    Examples
    --------
    >>> evenness(torch.ones(5, 3))
    0.0
    """
    unit = F.normalize(z.float(), dim=1)
    return float(unit.std(dim=0, unbiased=False).mean() * z.shape[1] ** 0.5)


def effective_rank(features: Tensor) -> float:
    """In how many directions centred features (n, d) vary: exp of the entropy of their singular values.

    RankMe (Garrido et al. 2023, equation 1), which follows the accuracy of later tasks without labels; there without
    centring. Between 1 and min(n - 1, d); 0 where nothing varies.

    Examples
    --------
    >>> round(effective_rank(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 4)
    2.0
    >>> effective_rank(torch.ones(4, 2))
    0.0
    """
    singular = torch.linalg.svdvals((features.float() - features.float().mean(dim=0)).cpu())
    total = float(singular.sum())
    if total <= 1e-6 * max(float(features.abs().max()), 1e-30) * len(features):
        return 0.0
    part = singular / total
    return float(torch.exp(-(part * torch.log(part.clamp(min=1e-30))).sum()))
