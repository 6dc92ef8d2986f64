"""SimCLR: learning without labels by recognising which two views are of the same picture or clip."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def nt_xent(z1: Tensor, z2: Tensor, temperature: float = 0.2) -> Tensor:
    """The loss of SimCLR, for two batches of embeddings of the same n examples.

    Each of the 2 n rows has to find the other view of its example among the 2 n - 1 other rows: the mean over rows i
    of ``-log(exp(s_ij / t) / sum_{k != i} exp(s_ik / t))``, where j is the other view, s the cosine and t the
    temperature. Guessing gives log(2 n - 1).

    Parameters
    ----------
    z1, z2 : Tensor of shape (n, d), n >= 2
        Of any length. In float32: cosines of like views differ by less than 16 bits can tell.
    temperature : float, default=0.2
        Above 0. Low ones look at the likest strangers alone; 0.1 to 0.5 are usual (their table 5), and 0.2 is what
        improved MoCo (Chen, Fan et al. 2020) takes.

    Returns
    -------
    Tensor, scalar

    References
    ----------
    Chen, Kornblith, Norouzi, Hinton 2020, "A simple framework for contrastive learning of visual representations",
    equation 1 and algorithm 1.

    Examples
    --------
    >>> z = torch.eye(4)
    >>> round(float(nt_xent(z, z, temperature=0.01)), 6)  # every view has found its like
    0.0
    """
    logits = _cosines(z1, z2) / temperature
    return F.cross_entropy(logits, _other_view(len(z1), logits.device))


@torch.no_grad()
def found(z1: Tensor, z2: Tensor) -> float:
    """Share of the 2 n views whose nearest other view, by the cosine, is of the same example; z1, z2 as in `nt_xent`.

    Examples
    --------
    >>> found(torch.eye(3), torch.eye(3))
    1.0
    """
    nearest = _cosines(z1, z2).argmax(dim=1)
    return float((nearest == _other_view(len(z1), nearest.device)).float().mean())


def _cosines(z1: Tensor, z2: Tensor) -> Tensor:
    """Cosines of all pairs of views, (2n, 2n), minus infinity of each with itself."""
    if z1.shape != z2.shape or z1.ndim != 2 or len(z1) < 2:
        raise ValueError(
            f"Expected two equal shapes (n, d) with n >= 2, found {tuple(z1.shape)} and {tuple(z2.shape)}."
        )
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    return (z @ z.T).masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -math.inf)


def _other_view(n: int, device: torch.device) -> Tensor:
    """Row of the other view of each of the 2 n views."""
    return torch.arange(2 * n, device=device).roll(n)


def projector(n_features: int, *widths: int) -> nn.Sequential:
    """Linear layers with batch norm and ReLU between them; the last one is linear and has no bias.

    Parameters
    ----------
    n_features : int
    *widths : int
        Units of each layer.

    Examples
    --------
    >>> [type(layer).__name__ for layer in projector(4, 8, 8)]
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
