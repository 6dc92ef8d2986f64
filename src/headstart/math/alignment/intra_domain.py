"""Intra-domain programming (EasyTL): every row to the nearest class centre, with no class left empty."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment


def class_centres(X: Any, codes: np.ndarray, n_classes: int, sample_weight: np.ndarray | None = None) -> np.ndarray:
    """Weighted mean of each class, shape (n_classes, d); NaN where a class has no row.

    Examples
    --------
    >>> class_centres(np.array([[0.0], [2.0], [5.0]]), np.array([0, 0, 1]), 2).tolist()
    [[1.0], [5.0]]
    """
    weight = np.ones(len(codes)) if sample_weight is None else sample_weight
    share = np.zeros((n_classes, len(codes)))
    share[codes, np.arange(len(codes))] = weight
    mass = share.sum(axis=1, keepdims=True)
    sums = np.asarray((X.T @ share.T).T, dtype=np.float64)
    return np.divide(sums, mass, out=np.full(sums.shape, np.nan), where=mass > 0)


def intra_domain_programming(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Assign rows to classes at least total distance, at least one row to each class.

    .. math:: \min_M \sum_{jc} D_{jc} M_{jc} \quad\text{s.t.}\quad \sum_c M_{jc} = 1,\; \sum_j M_{jc} \ge 1,\;
        0 \le M_{jc} \le 1

    The programme has a whole-numbered optimum: each class gets one row of its own at the least sum of excesses
    :math:`D_{jc} - \min_k D_{jk}` (an assignment problem), all other rows go to their nearest class.

    Parameters
    ----------
    distance : ndarray of shape (m, K)
        Distances of rows to class centres; infinite for a class that cannot be.

    Returns
    -------
    codes : ndarray of int, shape (m,)
    prices : ndarray of shape (K,)
        Dual values of the classes' constraints, 0 or more: ``argmin_c D_jc - price_c`` gives the same codes (but for
        ties), and is the rule for new rows. 0 for every class that some row is nearest to.

    References
    ----------
    Wang et al. (2019), Easy transfer learning by exploiting intra-domain structures, ICME, Equation 2. They call a
    solver of linear programmes; with fewer rows than classes theirs has no solution, ours fills what it can.

    Examples
    --------
    >>> codes, prices = intra_domain_programming(np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 2.0]]))
    >>> codes.tolist(), prices.tolist()
    ([0, 1, 0], [0.0, 1.0])
    """
    codes = distance.argmin(axis=1)
    prices = np.zeros(distance.shape[1])
    possible = np.flatnonzero(np.isfinite(distance).any(axis=0))
    if np.isin(possible, codes).all() or len(distance) < len(possible):
        return codes, prices
    excess = distance[:, possible] - distance.min(axis=1, keepdims=True)
    finite = np.isfinite(excess)
    rows, columns = linear_sum_assignment(np.where(finite, excess, finite.size * (excess[finite].max() + 1.0)))
    codes[rows] = possible[columns]
    prices[possible] = _class_prices(excess, rows[np.argsort(columns)])
    return codes, prices


def _class_prices(excess: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Smallest prices that make an optimal assignment of one row to each class a dual solution.

    Class c must pay at least the excess of its row over what that row would pay anybody else:
    ``price_c >= excess[r_c, c] + max(0, max_k price_k - excess[r_c, k])``: longest paths, by Bellman and Ford.
    """
    K = excess.shape[1]
    own = excess[chosen, np.arange(K)]
    prices = own.copy()
    others = excess[chosen]
    for _ in range(K):
        pull = (prices[None, :] - others).max(axis=1)
        better = np.maximum(own + np.maximum(pull, 0.0), own)
        if np.allclose(better, prices, rtol=0, atol=1e-12):
            break
        prices = better
    return prices
