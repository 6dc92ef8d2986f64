"""Ridge regression with the penalty chosen by its exact leave-one-out error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.math.linear.row_space import row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried by default, as multiples of the mean squared row norm of the features.
PENALTIES = tuple(float(p) for p in np.logspace(-6, 4, 21))


def solve_ridge(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    penalties: Sequence[float] = PENALTIES,
    judged: int | None = None,
) -> LinearSolution:
    r"""Minimise ``sum_i w_i (y_i - x_i W - b)^2 + penalty * s * ||W||^2``; leave-one-out errors in closed form.

    With weighted centring the hat matrix is :math:`H = \sqrt{w w^\top}/\sum w + U\,
    \mathrm{diag}(s_j^2/(s_j^2+\lambda))\,U^\top` and the leave-one-out residual is :math:`r_i/(1-H_{ii})`
    (Allen 1974, PRESS). One decomposition serves every penalty.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    Y : ndarray of shape (n, t)
    sample_weight : ndarray of shape (n,), optional
        Non-negative.
    penalties : sequence of float
    judged : int, optional
        Only the first so many rows count in the leave-one-out error. Default: all.

    Examples
    --------
    >>> X = np.arange(6.0)[:, None]
    >>> s = solve_ridge(X, 2 * X + 1, penalties=[1e-9])
    >>> round(float(s.coef[0, 0]), 4), round(float(s.intercept[0]), 4)
    (2.0, 1.0)
    """
    X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    space, mass, y_mean = row_space(X, w), w.sum(), w @ Y / w.sum()
    left, singular, root = space.left, space.singular, space.root
    B = root[:, None] * (Y - y_mean)
    strength = float((singular**2).sum()) / len(X) + 1e-12
    projected, spread = left.T @ B, (w @ (Y - y_mean) ** 2 / mass) + 1e-12
    best_loss, best_penalty, best_loo = np.inf, float(penalties[0]), Y
    for penalty in penalties:
        shrink = singular**2 / (singular**2 + penalty * strength)
        fitted = left @ (shrink[:, None] * projected)
        leverage = (left**2) @ shrink + w / mass
        residual = (B - fitted) / np.maximum(1.0 - leverage, 1e-9)[:, None]
        loss = float((residual[:judged] ** 2 / spread).mean())
        if loss < best_loss * (1 - 1e-9):
            with np.errstate(divide="ignore", invalid="ignore"):
                loo = Y - np.where(root[:, None] > 0, residual / root[:, None], 0.0)
            best_loss, best_penalty, best_loo = loss, float(penalty), loo
    shrunk = singular / (singular**2 + best_penalty * strength)
    coef = space.back(shrunk[:, None] * projected)
    return LinearSolution(coef, y_mean - space.mean @ coef, best_penalty, best_loss, best_loo)
