"""Weights of a mixture of models, by how likely each made what it had not seen."""

from __future__ import annotations

import numpy as np

from headstart.errors import DataError


def mixture_weights(log_likelihood: np.ndarray, *, strength: float = 2.0, rounds: int = 500) -> np.ndarray:
    r"""Weights on the simplex that make held-out examples likely under the mixture of models.

    .. math:: \max_w\; \sum_i \ln \sum_c w_c\, p_{ci} + \frac{\alpha}{C} \sum_c \ln w_c

    with :math:`p_{ci}` the probability that model c, which had not seen example i, gave to its label. The second term
    is a Dirichlet prior that holds weights near equal when there are few examples. Solved by expectation maximisation.

    Parameters
    ----------
    log_likelihood : array of shape (C, n)
        :math:`\ln p_{ci}`; a common constant for each example does not matter.
    strength : float, default=2.0
        Alpha: how many examples the prior counts for; above 0.
    rounds : int, default=500
        Most rounds; it ends earlier when no weight moves by more than 1e-6.

    Returns
    -------
    array of shape (C,)
        Above 0, of sum 1.

    References
    ----------
    Yao, Vehtari, Simpson and Gelman (2018), Using stacking to average Bayesian predictive distributions, Eq. (4), whose
    weights have no prior.

    Examples
    --------
    >>> good, poor = np.log([0.9, 0.9, 0.8]), np.log([0.5, 0.5, 0.5])
    >>> mixture_weights(np.array([good, poor])).round(1).tolist()
    [0.7, 0.3]
    """
    found = np.asarray(log_likelihood, dtype=np.float64)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        raise DataError(f"Expected finite log-likelihoods of shape (C, n), found shape {found.shape}.")
    p = np.exp(found - found.max(axis=0))
    n_models, n = p.shape
    weight = np.full(n_models, 1.0 / n_models)
    for _ in range(rounds):
        share = weight[:, None] * p
        new = ((share / share.sum(axis=0)).sum(axis=1) + strength / n_models) / (n + strength)
        moved = np.abs(new - weight).max()
        weight = new
        if moved < 1e-6:
            break
    return weight / weight.sum()
