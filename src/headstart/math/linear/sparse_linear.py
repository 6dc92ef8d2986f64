"""Linear models on many sparse columns, with the penalty chosen by held-out loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.sparse.linalg import lsqr

from headstart.math.linear.logistic import solve_logistic
from headstart.math.linear.ridge import solve_ridge
from headstart.math.linear.row_space import row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried, as multiples of the mean squared length of the centred rows.
PENALTIES = tuple(float(p) for p in np.logspace(-4, 1, 9))
Folds = Sequence[tuple[np.ndarray, np.ndarray]]


def solve_rows(
    X: sparse.csr_matrix,
    Y: np.ndarray,
    task: str,
    *,
    sample_weight: np.ndarray,
    penalties: Sequence[float] = PENALTIES,
    folds: Folds = (),
) -> LinearSolution:
    """Solve a linear model exactly in the span of its rows; for a thousand rows or so, whatever the columns.

    Logistic regression as in `headstart.math.linear.logistic.solve_logistic`, for numbers ridge regression as in
    `headstart.math.linear.ridge.solve_ridge`, both in the coordinates of `headstart.math.linear.row_space.row_space`.

    Parameters
    ----------
    X : sparse matrix of shape (n, d)
    Y : ndarray of shape (n, K)
        One-hot classes, 0/1 labels, or numbers.
    task : {"classification", "multilabel", "regression"}
    sample_weight : ndarray of shape (n,)
    penalties : sequence of float
        The best by held-out loss is taken; the first without folds.
    folds : sequence of (train, test) index arrays
        Numbers need none: their loss is the leave-one-out one.

    Examples
    --------
    >>> X = sparse.csr_matrix([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    >>> found = solve_rows(X, np.eye(2)[[0, 0, 1, 1]], "classification", sample_weight=np.ones(4), penalties=[0.1])
    >>> (X @ found.coef + found.intercept).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    space = row_space(X)
    table = space.left * space.singular
    if task == "regression":
        ridge = solve_ridge(table, Y, sample_weight=sample_weight, penalties=penalties)
        solved, loss = (ridge.coef, ridge.intercept, ridge.penalty), ridge.loss
    else:
        found = solve_logistic(
            table,
            Y,
            sample_weight=sample_weight,
            penalties=penalties,
            folds=folds,
            multilabel=task == "multilabel",
            enough=table.shape[1],
        )
        solved, loss = (found.coef, found.intercept, found.penalty), found.loss
    coef = space.back(solved[0])
    return LinearSolution(coef, solved[1] - space.mean @ coef, solved[2], float(loss))


def solve_many_rows(
    X: sparse.csr_matrix,
    Y: np.ndarray,
    task: str,
    *,
    sample_weight: np.ndarray,
    penalty: float,
    start: np.ndarray | None = None,
    most: int = 100,
) -> LinearSolution:
    r"""Solve a linear model on many rows at one penalty, without making anything dense.

    .. math:: \min_{W,b}\; \sum_i w_i\, \ell(y_i, W^\top x_i + b) + \tfrac12 \lambda\, \bar s\, \|W\|_F^2

    with :math:`\bar s` the mean squared length of the centred rows, by L-BFGS (Liu & Nocedal 1989); for numbers, with
    squared errors, by LSQR (Paige & Saunders 1982). Each coefficient is measured in the unit in which its curvature is
    about 1.

    Parameters
    ----------
    X : sparse matrix of shape (n, d)
    Y : ndarray of shape (n, K)
    task : {"classification", "multilabel", "regression"}
    sample_weight : ndarray of shape (n,)
    penalty : float
        Relative, as in `solve_rows`.
    start : ndarray of shape (d + 1, K), optional
        Coefficients, and the intercept in the last row, to start from.
    most : int, default=100
        Iterations.
    """
    n, d = X.shape
    mean = np.asarray(X.mean(axis=0)).ravel()
    strength = penalty * max(float(X.multiply(X).sum()) / n - float(mean @ mean), 1e-12)
    if task == "regression":
        return _least_squares(X, Y, sample_weight, strength, penalty, mean, most)
    rows = X.astype(np.float32)
    columns = rows.T.tocsr()
    K = Y.shape[1]
    held = np.asarray(X.multiply(X).T @ sample_weight).ravel()
    scale = 1.0 / np.sqrt(np.append(0.2 * held + strength, 0.2 * sample_weight.sum()))[:, None]

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        W = flat.reshape(d + 1, K) * scale
        scores = rows @ W[:-1].astype(np.float32) + W[-1]
        losses, residual = _losses(scores, Y, task)
        residual = residual * sample_weight[:, None]
        gradient = np.vstack([columns @ residual.astype(np.float32) + strength * W[:-1], residual.sum(axis=0)])
        total = float(sample_weight @ losses) + 0.5 * strength * float((W[:-1] ** 2).sum())
        return total / n, (gradient * scale).ravel().astype(np.float64) / n

    first = np.zeros((d + 1, K)) if start is None else start / scale
    options = {"maxiter": most, "ftol": 1e-6, "gtol": 1e-7, "maxcor": 10}
    found = minimize(value, first.ravel().astype(np.float64), jac=True, method="L-BFGS-B", options=options)
    W = found.x.reshape(d + 1, K) * scale
    return LinearSolution(W[:-1], W[-1], penalty, float("nan"))


def _losses(scores: np.ndarray, Y: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Loss of every row, and its gradient by the scores."""
    if task == "multilabel":
        losses = (np.logaddexp(0.0, scores) - Y * scores).sum(axis=1)
        return losses, 1.0 / (1.0 + np.exp(-np.clip(scores, -60, 60))) - Y
    scores = scores - scores.max(axis=1, keepdims=True)
    exps = np.exp(scores)
    mass = exps.sum(axis=1, keepdims=True)
    return np.log(mass[:, 0]) - (Y * scores).sum(axis=1), exps / mass - Y


def _least_squares(
    X: sparse.csr_matrix,
    Y: np.ndarray,
    weight: np.ndarray,
    strength: float,
    penalty: float,
    mean: np.ndarray,
    most: int,
) -> LinearSolution:
    """Ridge regression; the intercept is one more column of ones, long enough that the penalty leaves it alone."""
    long = 1e3
    root = np.sqrt(weight)
    rows = sparse.hstack([sparse.diags(root) @ X, (long * root)[:, None]]).tocsr()
    columns = [lsqr(rows, root * y, damp=np.sqrt(strength), iter_lim=most, atol=1e-7, btol=1e-7)[0] for y in Y.T]
    W = np.column_stack(columns)
    return LinearSolution(W[:-1], long * W[-1], penalty, float("nan"))
