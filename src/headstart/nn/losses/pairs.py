"""Pairs of a batch: examples with the same labels are drawn together, others are pushed apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

#: Below this weight a side (alike, unlike) is taken to hold no pair.
_NOTHING = 1e-12


def alikeness(Y: Tensor) -> Tensor:
    r"""How much the labels of two rows have in common, :math:`t_{ij} = |A_i \cap A_j| / |A_i \cup A_j|`.

    For one-hot classes it is 1 for the same class and 0 for two; two rows without any label are alike.

    Parameters
    ----------
    Y : Tensor of shape (N, K)
        One-hot classes, or 0/1 labels.

    Returns
    -------
    Tensor of shape (N, N)
        From 0 to 1.

    Examples
    --------
    >>> alikeness(torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])).tolist()
    [[1.0, 0.5, 0.5], [0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]
    """
    shared = Y @ Y.T
    count = Y.sum(dim=1)
    either = count[:, None] + count[None] - shared
    return torch.where(either > 0, shared / either.clamp(min=1.0), torch.ones_like(shared))


def pair_loss(features: Tensor, Y: Tensor, weight: Tensor) -> Tensor:
    r"""Squared distance of the cosines of all pairs of a batch from what their labels say.

    .. math:: \tfrac12 \frac{\sum_{i<j} w_i w_j\, t_{ij} (1 - c_{ij})^2}{\sum_{i<j} w_i w_j\, t_{ij}}
        + \tfrac12 \frac{\sum_{i<j} w_i w_j (1 - t_{ij})\, c_{ij}^2}{\sum_{i<j} w_i w_j (1 - t_{ij})}

    with :math:`c` the cosine of two feature vectors, :math:`w` the weights of the rows and :math:`t` from `alikeness`.
    Alike and unlike pairs weigh the same, however many there are of each; a side without any pair is left out.

    Tunstall et al. 2022, "Efficient few-shot learning without prompts" (SetFit), train on a list of pairs with the
    same targets. We differ in that every pair of a batch counts, so that a batch of N gives N (N - 1) / 2 pairs for
    N forward passes and no list of pairs is ever built, and in the shares of labels, which several labels a row need.

    Parameters
    ----------
    features : Tensor of shape (N, d)
        Not yet of unit length.
    Y : Tensor of shape (N, K)
        One-hot classes, or 0/1 labels.
    weight : Tensor of shape (N,)
        Of the rows.

    Returns
    -------
    Tensor, a scalar from 0 to 1; 0 where there is no pair at all

    Examples
    --------
    >>> X, Y = torch.eye(2), torch.eye(2)
    >>> float(pair_loss(X, Y, torch.ones(2))), float(pair_loss(X, Y[[0, 0]], torch.ones(2)))
    (0.0, 1.0)
    """
    directions = F.normalize(features, dim=1)
    first, second = torch.triu_indices(len(features), len(features), 1, device=features.device)
    cosine = (directions @ directions.T)[first, second]
    alike = alikeness(Y.to(cosine.dtype))[first, second]
    mass = (weight[first] * weight[second]).to(cosine.dtype)
    sides = [(mass * alike, (1 - cosine) ** 2), (mass * (1 - alike), cosine**2)]
    means = [(share * miss).sum() / share.sum() for share, miss in sides if float(share.sum()) > _NOTHING]
    return torch.stack(means).mean() if means else cosine.sum() * 0.0
