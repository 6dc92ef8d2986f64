"""Ridge regression that shrinks towards given coefficients instead of towards nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.math.linear.row_space import row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried by default, as multiples of the mean squared norm of the centred rows.
RELATIVE_PENALTIES = tuple(float(p) for p in np.logspace(-6, 6, 37))


def solve_biased_ridge(
    X: Any,
    y: np.ndarray,
    towards: np.ndarray | None = None,
    *,
    penalties: Sequence[float] | None = None,
    sample_weight: np.ndarray | None = None,
) -> LinearSolution:
    r"""Minimise the squared loss plus lambda times the squared distance from given coefficients.

    Lambda is chosen by the exact leave-one-out error:

    .. math:: \min_{w,b}\; \sum_i s_i (y_i - x_i^\top w - b)^2 + \lambda \|w - w_0\|^2

    With :math:`w = w_0 + \delta` it is ridge regression of :math:`y - Xw_0`; with centred rows
    :math:`A=U\Sigma V^\top`, :math:`\delta = V\,\mathrm{diag}(\sigma/(\sigma^2+\lambda))\,U^\top r`. One decomposition
    of the smaller Gram matrix serves all penalties, and the leave-one-out residual is
    :math:`r_i/(1-H_{ii})`, exactly (Allen 1974). Of a row with a weight above 1 one unit is left out, so that a weight
    of 2 is the row twice. The intercept is not penalised.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n, d)
        Sparse rows are centred without making them dense.
    y : ndarray of shape (n,)
    towards : ndarray of shape (d,), optional
        :math:`w_0`. Default: zeros, plain ridge.
    penalties : sequence of float, optional
        Values of lambda, not negative, of which the one with the least leave-one-out error is taken. Default: 37, from
        1e-6 to 1e6 times the mean squared norm of the centred rows.
    sample_weight : ndarray of shape (n,), optional
        :math:`s_i`, not negative. A row of weight 0 is as good as absent.

    Notes
    -----
    Biased regularisation: Schoelkopf, Herbrich and Smola (2001), A generalized representer theorem, section 4; Kienzle
    and Chellapilla (2006). Cost O(n d min(n, d)).

    Examples
    --------
    >>> X, w = np.eye(3), np.array([1.0, 2.0, 3.0])
    >>> far = solve_biased_ridge(X, np.zeros(3), w, penalties=[1e9])
    >>> far.coef.round(3).tolist()
    [1.0, 2.0, 3.0]
    """
    n, d = X.shape
    y = np.asarray(y, dtype=np.float64)
    start = np.zeros(d) if towards is None else np.asarray(towards, dtype=np.float64)
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    mass = weight.sum()
    space = row_space(X, weight)
    rest = y - np.asarray(X @ start).ravel()
    middle = float(weight @ rest) / mass
    right_side = space.root * (rest - middle)
    projected, squared = space.left.T @ right_side, space.singular**2
    if penalties is None:
        strength = max(float(squared.sum()) / mass, 1e-300)
        penalties = [p * strength for p in RELATIVE_PENALTIES]
    counted = weight > 0
    left_out = np.minimum(
        1.0, 1.0 / np.maximum(weight, 1e-300)
    )  # share of a row's weight: at most 1, the row counted once
    best = (np.inf, float(penalties[0]), rest)
    for penalty in penalties:
        shrink = squared / (squared + penalty) if penalty > 0 else np.ones_like(squared)
        leverage = left_out * ((space.left**2) @ shrink + weight / mass)
        residual = (right_side - space.left @ (shrink * projected)) / np.maximum(1.0 - leverage, 1e-12)
        loss = float((residual**2).sum()) / mass
        if loss < best[0] * (1.0 - 1e-9):
            error = np.zeros(n)
            error[counted] = residual[counted] / space.root[counted]
            best = (loss, float(penalty), error)
    loss, penalty, error = best
    coef = start + space.back(space.singular / (squared + penalty) * projected)
    intercept = float(weight @ (y - np.asarray(X @ coef).ravel())) / mass
    fitted = np.asarray(X @ coef).ravel() + intercept
    return LinearSolution(coef, intercept, penalty, loss, np.where(counted, y - error, fitted))
