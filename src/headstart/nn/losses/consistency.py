"""Consistency of weak and strong views: rows without labels teach what the network is sure to say of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

#: Below it a share is taken for none, so that nothing is divided by zero.
_NOTHING = 1e-6


@dataclass(frozen=True)
class Sureness:
    """How sure the answers to weak views were of late.

    Attributes
    ----------
    answers : Tensor of shape (K,)
        Mean probabilities of the classes.
    mean, variance : Tensor, scalars
        Of the largest probability of a row, after alignment.
    """

    answers: Tensor
    mean: Tensor
    variance: Tensor


def aligned(probabilities: Tensor, answers: Tensor, shares: Tensor) -> Tensor:
    r"""Probabilities moved so that their mean is what it should be: :math:`\tilde p_k \propto p_k\, u_k / \bar p_k`.

    Parameters
    ----------
    probabilities : Tensor of shape (N, K)
    answers : Tensor of shape (K,)
        Their mean of late.
    shares : Tensor of shape (K,)
        Of the classes among the rows without labels: u. Equal ones are the paper's uniform alignment.

    Returns
    -------
    Tensor of shape (N, K)

    Examples
    --------
    >>> p = torch.tensor([[0.8, 0.2], [0.4, 0.6]])
    >>> aligned(p, torch.tensor([0.6, 0.4]), torch.tensor([0.6, 0.4])).allclose(p)
    True
    """
    moved = probabilities * shares / answers.clamp(min=_NOTHING)
    return moved / moved.sum(dim=1, keepdim=True).clamp(min=_NOTHING)


def confidence_weights(largest: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    r"""A truncated Gaussian: 1 for rows surer than the mean, :math:`e^{-(p - \mu)^2 / 2 \sigma^2}` for the others.

    Parameters
    ----------
    largest : Tensor of shape (N,)
        Largest probability of each row.
    mean, variance : Tensor, scalars

    Returns
    -------
    Tensor of shape (N,)

    References
    ----------
    Chen et al. (2023), SoftMatch, equation 7.

    Examples
    --------
    >>> found = confidence_weights(torch.tensor([0.9, 0.5, 0.3]), torch.tensor(0.5), torch.tensor(0.02))
    >>> [round(float(weight), 4) for weight in found]
    [1.0, 1.0, 0.3679]
    """
    below = (largest - mean).clamp(max=0.0)
    return torch.exp(-below.square() / (2 * variance.clamp(min=_NOTHING)))


@torch.no_grad()
def followed(before: Sureness | None, weak: Tensor, shares: Tensor, momentum: float) -> Sureness:
    """The averages after one more batch of logits (N, K); the first batch is taken as it is.

    Examples
    --------
    >>> first = followed(None, torch.zeros(4, 2), torch.tensor([0.5, 0.5]), 0.9)
    >>> first.answers.tolist(), float(first.mean), float(first.variance)
    ([0.5, 0.5], 0.5, 0.0)
    """
    probabilities = F.softmax(weak, dim=1)
    answers = _mixed(None if before is None else before.answers, probabilities.mean(dim=0), momentum)
    largest = aligned(probabilities, answers, shares).amax(dim=1)
    spread = largest.var(correction=1) if len(largest) > 1 else torch.zeros_like(largest[0])
    mean = _mixed(None if before is None else before.mean, largest.mean(), momentum)
    return Sureness(answers, mean, _mixed(None if before is None else before.variance, spread, momentum))


def consistency_loss(weak: Tensor, strong: Tensor, sureness: Sureness, shares: Tensor) -> Tensor:
    r"""Cross-entropy of the answers to strong views with the classes of the weak ones, each row as far as it is sure.

    .. math:: L = \frac1N \sum_i \lambda(\max_k \tilde p_{ik})\, \bigl(-\log q_{i, \arg\max_k p_{ik}}\bigr)

    Parameters
    ----------
    weak : Tensor of shape (N, K)
        Logits of weak views; no gradient goes through them.
    strong : Tensor of shape (N, K)
        Logits of strong views of the same examples.
    sureness : Sureness
        See `followed`.
    shares : Tensor of shape (K,)
        Of the classes, see `aligned`: with shares that are not theirs sure rows of frequent classes count for less.

    Returns
    -------
    Tensor, a scalar

    References
    ----------
    Sohn et al. (2020), FixMatch, equation 4 (weak views teach strong ones); Chen et al. (2023), SoftMatch, equations 6
    to 9 (weights, and alignment for the weights alone). Where we differ: averages begin with the first batch, and
    shares may be other than equal.

    Examples
    --------
    >>> logits, shares = torch.tensor([[9.0, 0.0], [0.0, 9.0]]), torch.tensor([0.5, 0.5])
    >>> sureness = followed(None, logits, shares, 0.9)
    >>> round(float(consistency_loss(logits, torch.zeros(2, 2), sureness, shares)), 4)
    0.6931
    """
    with torch.no_grad():
        probabilities = F.softmax(weak, dim=1)
        largest = aligned(probabilities, sureness.answers, shares).amax(dim=1)
        weights = confidence_weights(largest, sureness.mean, sureness.variance)
        codes = probabilities.argmax(dim=1)
    return (weights * F.cross_entropy(strong, codes, reduction="none")).mean()


def _mixed(before: Tensor | None, now: Tensor, momentum: float) -> Tensor:
    return now if before is None else momentum * before + (1 - momentum) * now
