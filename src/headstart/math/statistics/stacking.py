"""Weights of a mixture of models, by how likely each made what it had not seen."""

from __future__ import annotations

import numpy as np

from headstart.errors import DataError


def mixture_weights(
    log_likelihood: np.ndarray,
    *,
    prior: np.ndarray | None = None,
    strength: float = 2.0,
    rounds: int = 500,
    sample_weight: np.ndarray | None = None,
) -> np.ndarray:
    r"""Weights on the simplex that make held-out examples likely under the mixture of models.

    .. math:: \max_w\; \sum_i \ln \sum_c w_c\, p_{ci} + \alpha \sum_c \pi_c \ln w_c

    with :math:`p_{ci}` the probability that model c, which had not seen example i, gave to its label. The second term
    is a Dirichlet prior that holds weights near its own when there are few examples. Solved by expectation
    maximisation.

    Parameters
    ----------
    log_likelihood : array of shape (C, n)
        :math:`\ln p_{ci}`; a common constant for each example does not matter.
    prior : array of shape (C,), optional
        Pi, above 0, of sum 1. Default: the same for all.
    strength : float, default=2.0
        Alpha: how many examples the prior counts for; above 0.
    rounds : int, default=500
        Most rounds; it ends earlier when no weight moves by more than 1e-6.
    sample_weight : array of shape (n,), optional
        How many examples each stands for. Default: 1.

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
    found = _checked(log_likelihood)
    p = np.exp(found - found.max(axis=0))
    n_models, n = p.shape
    worth = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    total = n if worth is None else worth.sum()
    first = np.full(n_models, 1.0 / n_models) if prior is None else np.asarray(prior, dtype=np.float64)
    weight = first
    for _ in range(rounds):
        share = weight[:, None] * p
        share /= share.sum(axis=0)
        new = ((share.sum(axis=1) if worth is None else share @ worth) + strength * first) / (total + strength)
        moved = np.abs(new - weight).max()
        weight = new
        if moved < 1e-6:
            break
    return weight / weight.sum()


def posterior_weights(log_likelihood: np.ndarray, *, prior: np.ndarray | None = None) -> np.ndarray:
    r"""How probable each model is to be the one that made the examples: :math:`w_c \propto \pi_c \prod_i p_{ci}`.

    Parameters
    ----------
    log_likelihood : array of shape (C, n)
        Of held-out examples, as in `mixture_weights`.
    prior : array of shape (C,), optional
        Pi, above 0. Default: the same for all.

    Returns
    -------
    array of shape (C,)
        Of sum 1; with many examples nearly all on one model.

    References
    ----------
    Geisser and Eddy (1979), A predictive approach to model selection (pseudo-Bayes factors).

    Examples
    --------
    >>> posterior_weights(np.log([[0.8, 0.8], [0.4, 0.4]])).round(2).tolist()
    [0.8, 0.2]
    """
    total = _checked(log_likelihood).sum(axis=1)
    if prior is not None:
        total = total + np.log(np.asarray(prior, dtype=np.float64))
    weight = np.exp(total - total.max())
    return weight / weight.sum()


def _checked(log_likelihood: np.ndarray) -> np.ndarray:
    found = np.asarray(log_likelihood, dtype=np.float64)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        raise DataError(f"Expected finite log-likelihoods of shape (C, n), found shape {found.shape}.")
    return found
