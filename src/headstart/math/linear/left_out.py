"""What a fitted logistic regression would say of each row if it had not learned from it."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack
from scipy.special import expit


def left_out_scores(X: np.ndarray, y: np.ndarray, scores: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    r"""Log-odds of each row by a logistic regression on all the others, from the one on all rows.

    .. math:: s_i^{(-i)} = s_i + \frac{h_i\,(p_i - y_i)}{1 - h_i\,p_i(1-p_i)}, \qquad h_i = z_i^\top H^{-1} z_i

    with :math:`z_i=(x_i,1)`, and H the Hessian of
    :math:`\sum_i \ell(y_i, w^\top x_i + b) + \tfrac12\lambda\|w\|^2` at its optimum: one Newton step from the fit to
    all rows to the fit without row i, for all rows at once by one factorisation, O(n d min(n, d)).

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Centred columns; in single precision it takes half as long.
    y : ndarray of shape (n,)
        0 and 1.
    scores : ndarray of shape (n,)
        Log-odds of the fit to all rows, near its optimum.
    penalty : float, default=1.0
        Lambda, above 0. The intercept has none.

    Returns
    -------
    ndarray of shape (n,)

    References
    ----------
    Rad & Maleki 2020, "A scalable estimate of the out-of-sample prediction error via approximate leave-one-out
    cross-validation", equation 7.

    Examples
    --------
    >>> X, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 1, 0, 1])
    >>> left_out_scores(X, y, 0.2905 * X[:, 0]).round(1).tolist()
    [1.1, -1.4, 1.4, -1.1]
    """
    rates = expit(scores)
    curvature = rates * (1.0 - rates)
    mass = max(float(curvature.sum()), 1e-12)
    if len(X) < X.shape[1]:  # the same in coordinates of the rows' span
        centred = X - X.mean(axis=0)
        values, vectors = np.linalg.eigh(centred @ centred.T)
        kept = values > max(float(values[-1]), 1e-30) * (1e-6 if X.dtype == np.float32 else 1e-12)
        X = vectors[:, kept] * np.sqrt(values[kept])
    kind = X.dtype
    mean = (curvature.astype(kind) @ X).astype(np.float64) / mass
    rooted = X * np.sqrt(curvature).astype(kind)[:, None]
    hessian = (rooted.T @ rooted).astype(np.float64) - mass * np.outer(mean, mean)
    hessian[np.diag_indices_from(hessian)] += penalty
    inverse = lapack.dtrtri(np.linalg.cholesky(hessian), lower=1)[0]
    spread = X @ inverse.T.astype(kind)
    spread -= (inverse @ mean).astype(kind)
    leverage = np.einsum("ij,ij->i", spread, spread) + 1.0 / mass
    return scores + leverage * (rates - y) / np.maximum(1.0 - leverage * curvature, 1e-12)
