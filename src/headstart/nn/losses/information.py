"""Information maximisation, and pseudo-labels by the nearest centroid: a head of the source on rows of the target."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def entropies(logits: Tensor) -> Tensor:
    """Entropy of the softmax of each row, in nats: (N, K) gives (N,).

    Examples
    --------
    >>> round(float(entropies(torch.zeros(1, 2))), 4)
    0.6931
    """
    logs = F.log_softmax(logits, dim=1)
    return -(logs.exp() * logs).sum(dim=1)


def information_maximisation(logits: Tensor) -> Tensor:
    r"""Each row sure, all rows together of all classes: :math:`L_{ent} + L_{div}`.

    .. math::
        L_{ent} = -\tfrac1n \sum_i \sum_k p_{ik} \log p_{ik}, \qquad
        L_{div} = \sum_k \hat p_k \log \hat p_k, \quad \hat p = \tfrac1n \sum_i p_i

    The second part pulls towards equal shares of the classes: where a class is not in the target it does harm.

    Parameters
    ----------
    logits : Tensor of shape (N, K)

    Returns
    -------
    Tensor, a scalar from :math:`-\log K` (sure, equal shares) to 0

    References
    ----------
    Liang, Hu and Feng (2020), Do we really need to access the source data? Source hypothesis transfer for unsupervised
    domain adaptation (SHOT), section 3.2.

    Examples
    --------
    >>> sure = torch.tensor([[50.0, 0.0], [0.0, 50.0]])
    >>> [abs(round(float(information_maximisation(logits)), 4)) for logits in (sure, torch.zeros(3, 2))]
    [0.6931, 0.0]
    """
    mean = F.softmax(logits, dim=1).mean(dim=0)
    return entropies(logits).mean() + torch.xlogy(mean, mean).sum()


@torch.no_grad()
def centroid_labels(features: Tensor, logits: Tensor) -> Tensor:
    r"""Pseudo-labels by the nearest centroid, twice.

    .. math::
        c_k^{(0)} = \frac{\sum_i p_{ik}\, z_i}{\sum_i p_{ik}}, \quad \hat y_i = \arg\min_k D(z_i, c_k^{(0)}), \qquad
        c_k^{(1)} = \frac{\sum_i [\hat y_i = k]\, z_i}{\sum_i [\hat y_i = k]}, \quad
        \hat y_i = \arg\min_k D(z_i, c_k^{(1)})

    with D one minus the cosine. As in the authors' code a feature vector gets one more entry, 1, before its length is
    made 1, and a class that no row has after the first round gets none in the second.

    Parameters
    ----------
    features : Tensor of shape (N, d)
    logits : Tensor of shape (N, K)

    Returns
    -------
    Tensor of int64, shape (N,)

    References
    ----------
    Liang et al. (2020), section 3.3.

    Examples
    --------
    >>> X = torch.tensor([[3.0, 0.1], [2.0, 0.0], [0.1, 1.0], [0.0, 4.0]])
    >>> centroid_labels(X, torch.tensor([[1.0, 0.0], [0.2, 0.3], [0.0, 0.1], [0.0, 1.0]])).tolist()
    [0, 0, 1, 1]
    """
    ones = torch.ones(len(features), 1, dtype=features.dtype, device=features.device)
    Z = F.normalize(torch.cat([features, ones], dim=1), dim=1)
    first = _nearest(Z, F.softmax(logits, dim=1))
    return _nearest(Z, F.one_hot(first, logits.shape[1]).to(Z.dtype))


def _nearest(Z: Tensor, shares: Tensor) -> Tensor:
    """Class of the nearest centroid of rows of length 1; a class without rows is nobody's."""
    mass = shares.sum(dim=0)
    centroids = F.normalize(shares.T @ Z / mass[:, None].clamp(min=1e-8), dim=1)
    return (Z @ centroids.T).masked_fill(mass[None] == 0, -torch.inf).argmax(dim=1)
