"""What several views say of one object, multiplied: a view that knows nothing changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax


def product_of_classes(logs: Sequence[np.ndarray], present: np.ndarray, log_prior: np.ndarray) -> np.ndarray:
    r"""Log-probabilities of classes from those of several views that are independent given the class.

    .. math:: \log p(k \mid x) = \sum_v \log p(k \mid x^v) - (m - 1) \log \pi_k + \text{const}

    over the m views that are there. With one it is that view's answer, with none the prior.

    Parameters
    ----------
    logs : sequence of V ndarray of shape (n, K)
        Log-probabilities; what stands in missing rows is not read.
    present : ndarray of bool, shape (n, V)
    log_prior : ndarray of shape (K,)

    References
    ----------
    Kittler, Hatef, Duin and Matas (1998), "On combining classifiers", section 2.1 (the product rule).

    Examples
    --------
    >>> one, other = np.log([[0.8, 0.2], [0.8, 0.2]]), np.log([[0.8, 0.2], [0.1, 0.9]])
    >>> there = np.array([[True, True], [True, False]])
    >>> np.exp(product_of_classes([one, other], there, np.log([0.5, 0.5]))).round(3).tolist()
    [[0.941, 0.059], [0.8, 0.2]]
    """
    total = np.tile(log_prior, (len(present), 1))
    for log, there in zip(logs, present.T, strict=True):
        total = total + np.where(there[:, None], log - log_prior, 0.0)
    return np.asarray(log_softmax(total, axis=1))


def product_of_numbers(
    means: Sequence[np.ndarray], errors: Sequence[np.ndarray], present: np.ndarray, mean: np.ndarray, error: np.ndarray
) -> np.ndarray:
    r"""Numbers from the predictions of several views whose errors are independent given the truth.

    .. math:: \mu = \mu_0 + \sum_v \frac{\mu_v - \mu_0}{s_v^2} \Big/
        \Big(\frac{1}{s_0^2} + \sum_v \big(\frac{1}{s_v^2} - \frac{1}{s_0^2}\big)\Big)

    over the views that are there: a product of normal distributions, the prior counted once. A view whose errors are
    as large as the spread of the numbers is left out.

    Parameters
    ----------
    means : sequence of V ndarray of shape (n, t)
    errors : sequence of V ndarray of shape (t,)
        Mean squared errors on rows that were left out; more than ``error`` counts as ``error``.
    present : ndarray of bool, shape (n, V)
    mean, error : ndarray of shape (t,)
        Of the numbers themselves: mean and variance.

    Examples
    --------
    >>> said, there = [np.array([[3.0]]), np.array([[1.0]])], np.ones((1, 2), bool)
    >>> errors = [np.array([0.1]), np.array([9.0])]
    >>> product_of_numbers(said, errors, there, np.zeros(1), np.array([9.0])).round(6).tolist()
    [[3.0]]
    """
    moved, weight = np.zeros((len(present), len(mean))), np.tile(1.0 / error, (len(present), 1))
    for value, own, there in zip(means, errors, present.T, strict=True):
        sure = 1.0 / np.clip(own, 1e-9 * error, error)
        worth = sure - 1.0 / error
        moved = moved + np.where(there[:, None] & (worth > 0), (value - mean) * sure, 0.0)
        weight = weight + there[:, None] * worth
    return np.asarray(mean + moved / weight)
