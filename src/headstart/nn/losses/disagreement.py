"""Where two heads disagree on the target, the second one being the adversary of the first."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def classifier_discrepancy(first: Tensor, second: Tensor) -> Tensor:
    r"""Mean absolute difference of two heads' probabilities: :math:`\frac1{nK} \sum_{ik} |p_{ik} - p'_{ik}|`.

    Parameters
    ----------
    first, second : Tensor of shape (N, K)
        Logits.

    References
    ----------
    Saito, Watanabe, Ushiku and Harada (2018), Maximum classifier discrepancy for unsupervised domain adaptation,
    section 3.2.

    Examples
    --------
    >>> x = torch.tensor([[50.0, 0.0]])
    >>> float(classifier_discrepancy(x, x)), float(classifier_discrepancy(x, -x))
    (0.0, 1.0)
    """
    return (F.softmax(first, dim=1) - F.softmax(second, dim=1)).abs().mean()


def margin_disparity(source: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor], margin: float = 4.0) -> Tensor:
    r"""How far an adversary agrees with the head on the source and disagrees on the target; larger is more disparity.

    .. math:: \gamma\, \tfrac1n \sum_i \log \sigma_{h(x_i)}(f'(x_i))
        + \tfrac1m \sum_j \log \bigl(1 - \sigma_{h(x_j)}(f'(x_j))\bigr)

    with h the head's answer, :math:`\sigma` the softmax of the adversary :math:`f'` and
    :math:`\gamma = e^\rho` of a margin :math:`\rho`.

    Parameters
    ----------
    source : (head's logits, adversary's logits), each of shape (n, K)
    target : (head's logits, adversary's logits), each of shape (m, K)
    margin : float, default=4.0
        :math:`\gamma`, 1 or more.

    Returns
    -------
    Tensor, a scalar of at most 0

    References
    ----------
    Zhang, Liu, Long and Jordan (2019), Bridging theory and algorithm for domain adaptation (MDD), section 5.

    Examples
    --------
    >>> even = torch.zeros(1, 2)
    >>> round(float(margin_disparity((even, even), (even, even), margin=1.0)), 4)
    -1.3863
    """
    agree = -F.cross_entropy(source[1], source[0].argmax(dim=1))
    answer = target[0].argmax(dim=1, keepdim=True)
    share = F.softmax(target[1], dim=1).gather(1, answer).squeeze(1)
    return margin * agree + torch.log((1 - share).clamp(min=1e-6)).mean()
