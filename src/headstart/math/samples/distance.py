"""How far two sets of rows are apart for a linear classifier: the proxy A-distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.math.linear.ridge import solve_ridge


@dataclass(frozen=True)
class ProxyDistances:
    """Distances between domains and between their classes, each in 0..2.

    Attributes
    ----------
    conditional : float
        Mean over the classes that both sides have.
    balance : float
        conditional / (conditional + marginal), in 0..1: how much of the difference is within the classes.
    """

    marginal: float
    conditional: float
    balance: float


def proxy_a_distance(A: np.ndarray, B: np.ndarray) -> float:
    r"""Proxy A-distance :math:`2(1-2\epsilon)` from the balanced leave-one-out error of a linear discriminant.

    The error is that of ridge regression onto the side, both sides weighing the same, each row predicted by the fit
    that left it out (in closed form). Never below 0.

    References
    ----------
    Ben-David et al. (2007), Analysis of representations for domain adaptation. They train a classifier on half of the
    rows; ours leaves one out, which needs no drawing and does not call overfitting a difference.

    Examples
    --------
    >>> proxy_a_distance(np.arange(5.0)[:, None], np.arange(5.0)[:, None] + 9)
    2.0
    """
    if len(A) < 2 or len(B) < 2:
        return 0.0
    side = np.r_[np.ones(len(A)), -np.ones(len(B))]
    weight = np.where(side > 0, 0.5 / len(A), 0.5 / len(B)) * len(side)
    X = np.vstack([A, B])
    fitted = solve_ridge(X, side[:, None], sample_weight=weight).out_of_fold[:, 0]
    error = float(np.average(fitted * side <= 0, weights=weight))
    return max(0.0, 2 * (1 - 2 * error))


def proxy_distances(Zs: np.ndarray, ys: np.ndarray, Zt: np.ndarray, yt: np.ndarray) -> ProxyDistances:
    """Distance between the domains and mean distance between the same class of both, and their balance.

    References
    ----------
    Wang et al. (2018), Visual domain adaptation with manifold embedded distribution alignment, eq. 22-23.
    """
    marginal = proxy_a_distance(Zs, Zt)
    shared = [c for c in np.unique(ys) if c >= 0 and np.sum(ys == c) > 1 and np.sum(yt == c) > 1]
    conditional = float(np.mean([proxy_a_distance(Zs[ys == c], Zt[yt == c]) for c in shared])) if shared else 0.0
    total = marginal + conditional
    return ProxyDistances(marginal, conditional, conditional / total if total > 0 else 0.5)
