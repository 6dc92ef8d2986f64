"""Logistic regression that shrinks towards given coefficients instead of towards nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from headstart.math.linear.row_space import row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried by default, as multiples of the mean squared norm of the centred rows.
RELATIVE_PENALTIES = tuple(float(p) for p in np.logspace(-4, 4, 13))

#: Problems up to this rank are solved in principal coordinates, where the Hessian is close to diagonal.
SMALL = 2500

#: Problems with up to this many unknowns are solved by Newton's method.
NEWTON = 400


def solve_biased_logistic(
    X: Any,
    codes: np.ndarray,
    n_classes: int,
    towards: np.ndarray | None = None,
    towards_intercept: np.ndarray | None = None,
    *,
    penalties: Sequence[float] | None = None,
    folds: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    sample_weight: np.ndarray | None = None,
) -> LinearSolution:
    r"""Minimise the log-loss plus lambda times the squared distance from given coefficients.

    .. math:: \min_{W,b}\; \sum_i s_i\,\ell(y_i, W^\top x_i + b) + \lambda \|W - W_0\|_F^2

    with the logistic loss and one column for two classes, the softmax loss and K columns for more. It is convex:
    Newton's method, or L-BFGS where there are many unknowns, runs on :math:`W - W_0`, in principal coordinates of the
    rows where that is cheap. The intercept is not penalised,
    but that of a class without a row among the fitted ones, which has no optimum, is held near
    ``towards_intercept`` by a thousandth of its squared distance.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n, d)
    codes : ndarray of int, shape (n,)
        Classes 0..K-1; some may be absent.
    n_classes : int
        K, at least 2.
    towards : ndarray of shape (d, 1) or (d, K), optional
        :math:`W_0`. Default: zeros.
    towards_intercept : ndarray of shape (1,) or (K,), optional
        Where the search starts. Default: zeros.
    penalties : sequence of float, optional
        Values of lambda, positive; the one with the least cross-validated log-loss is taken. Default: 13, from 1e-4 to
        1e4 times the mean squared norm of the centred rows.
    folds : sequence of (train, test) index arrays
        Needed to choose; without folds the first penalty is taken.
    sample_weight : ndarray of shape (n,), optional
        :math:`s_i`, not negative.

    Notes
    -----
    For two classes and :math:`W_0 = 0` it is scikit-learn's ``LogisticRegression(C=1/(2*lambda))``.

    Examples
    --------
    >>> X = np.array([[-1.0], [1.0]])
    >>> kept = solve_biased_logistic(X, np.array([0, 1]), 2, np.array([[3.0]]), penalties=[1e6])
    >>> kept.coef.round(3).tolist()
    [[3.0]]
    """
    n, d = X.shape
    columns = 1 if n_classes == 2 else n_classes
    start = np.zeros((d, columns)) if towards is None else np.asarray(towards, dtype=np.float64)
    level = np.zeros(columns) if towards_intercept is None else np.asarray(towards_intercept, dtype=np.float64)
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    offset = np.asarray(X @ start)
    space = row_space(X, weight) if min(n, d) <= SMALL else None
    rows = X
    if space is not None:
        right = space.back(np.eye(len(space.singular)))
        rows = np.asarray(X @ right) - space.mean @ right
    if penalties is None:
        strength = _mean_square(X, weight) if space is None else float((space.singular**2).sum()) / weight.sum()
        penalties = [p * max(strength, 1e-300) for p in RELATIVE_PENALTIES]
    problem = _Problem(rows, np.asarray(codes), n_classes, offset, level, weight)
    best, log_loss = 0, float("nan")
    if len(penalties) > 1 and len(folds) > 0:
        losses = _held_out_losses(problem, penalties, folds)
        best = int(np.argmin(losses))
        log_loss = float(losses[best])
    delta, intercept = problem.solve(float(penalties[best]), np.arange(n), None)
    if space is not None:
        delta = right @ delta
        intercept = intercept - space.mean @ delta
    if columns > 1:  # the softmax leaves their common level open
        intercept = intercept + (level.mean() - intercept.mean())
    return LinearSolution(start + delta, intercept, float(penalties[best]), log_loss)


def _mean_square(X: Any, weight: np.ndarray) -> float:
    """Weighted mean squared norm of the centred rows."""
    mean = np.asarray(X.T @ weight).ravel() / weight.sum()
    squares = X.multiply(X).sum(axis=1) if hasattr(X, "multiply") else (np.asarray(X) ** 2).sum(axis=1)
    return float(weight @ np.asarray(squares).ravel()) / float(weight.sum()) - float(mean @ mean)


def _held_out_losses(problem: _Problem, penalties: Sequence[float], folds: Sequence[Any]) -> np.ndarray:
    """Mean held-out log-loss of each penalty; each solution starts at that of the next larger penalty."""
    losses, total = np.zeros(len(penalties)), 0.0
    for train, test in folds:
        total += problem.weight[test].sum()
        warm = None
        for i in np.argsort(penalties)[::-1]:
            warm = problem.solve(float(penalties[i]), train, warm, tolerance=1e-4)
            scores = np.asarray(problem.rows[test] @ warm[0]) + warm[1] + problem.offset[test]
            losses[i] += problem.weight[test] @ row_losses(scores, problem.codes[test])[0]
    return losses / max(total, 1e-300)


def row_losses(scores: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-loss of each row and its derivative by the scores; scores (n, 1) for two classes, else (n, K)."""
    if scores.shape[1] == 1:
        s = scores[:, 0]
        sign = 2.0 * codes - 1.0
        return np.logaddexp(0.0, -sign * s), (-sign * np.exp(-np.logaddexp(0.0, sign * s)))[:, None]
    top = logsumexp(scores, axis=1)
    slope = np.exp(scores - top[:, None])
    picked = np.arange(len(codes)), codes
    losses = top - scores[picked]
    slope[picked] -= 1.0
    return losses, slope


class _Problem:
    """The penalised loss over some of the rows, in coordinates where its Hessian is near the identity."""

    def __init__(
        self, rows: Any, codes: np.ndarray, n_classes: int, offset: np.ndarray, level: np.ndarray, weight: np.ndarray
    ) -> None:
        self.rows, self.codes, self.n_classes = rows, codes, n_classes
        self.offset, self.level, self.weight = offset, level, weight

    def solve(
        self,
        penalty: float,
        index: np.ndarray,
        warm: tuple[np.ndarray, np.ndarray] | None,
        tolerance: float = 1e-7,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shift of the coefficients (r, columns) and the intercept (columns,) at one lambda."""
        rows, codes, offset, weight = self.rows[index], self.codes[index], self.offset[index], self.weight[index]
        r, columns = rows.shape[1], offset.shape[1]
        held = self._held_near(codes, weight, columns)
        curvature = 0.25 if columns == 1 else max((1.0 - 1.0 / columns) / columns, 0.05)
        squares = rows.multiply(rows).T @ weight if hasattr(rows, "multiply") else (rows**2).T @ weight
        scale = 1.0 / np.sqrt(curvature * np.append(np.asarray(squares).ravel(), weight.sum()) + _floor(penalty, r))
        start = (np.zeros((r, columns)), self.level) if warm is None else warm

        def value_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
            point = flat.reshape(r + 1, columns) * scale[:, None]
            away = point[-1] - self.level
            losses, slope = row_losses(np.asarray(rows @ point[:-1]) + point[-1] + offset, codes)
            slope *= weight[:, None]
            value = weight @ losses + penalty * (point[:-1] ** 2).sum() + (held * away**2).sum()
            gradient = np.vstack([rows.T @ slope + 2 * penalty * point[:-1], slope.sum(axis=0) + 2 * held * away])
            return float(value), (gradient * scale[:, None]).ravel()

        first = np.vstack([start[0], start[1]]) / scale[:, None]
        if first.size <= NEWTON and not hasattr(rows, "multiply"):
            hold = np.vstack([np.full((r, columns), 2.0 * penalty), np.broadcast_to(2.0 * held, (1, columns))])
            design = np.column_stack([rows, np.ones(len(codes))]) * scale
            flat = _newton(
                value_and_slope,
                lambda flat: _hessian(design, flat.reshape(r + 1, columns), offset, weight, hold * scale[:, None] ** 2),
                first.ravel(),
                1e-3 * tolerance * float(np.sqrt(weight.sum())),
            )
        else:
            options = {"maxiter": 2000, "gtol": tolerance * np.sqrt(weight.sum()), "ftol": 1e-16, "maxcor": 20}
            flat = minimize(value_and_slope, first.ravel(), jac=True, method="L-BFGS-B", options=options).x
        point = flat.reshape(r + 1, columns) * scale[:, None]
        return point[:-1], point[-1]

    def _held_near(self, codes: np.ndarray, weight: np.ndarray, columns: int) -> np.ndarray:
        """Strength with which each intercept is held: positive where its class has no row."""
        mass = np.bincount(codes, weight, minlength=self.n_classes)
        absent = mass <= 0
        return np.full(1, 1e-3 * absent.any()) if columns == 1 else 1e-3 * absent


def _hessian(
    design: np.ndarray, point: np.ndarray, offset: np.ndarray, weight: np.ndarray, hold: np.ndarray
) -> np.ndarray:
    """Second derivatives, ((r+1) columns, (r+1) columns); ``hold`` is the penalty's diagonal."""
    scores = design @ point + offset
    size, columns = point.shape
    if columns == 1:
        curve = weight * expit(scores[:, 0]) * expit(-scores[:, 0])
        return (design.T * curve) @ design + np.diag(hold[:, 0])
    belief = np.exp(scores - logsumexp(scores, axis=1)[:, None])
    whole = np.zeros((size, columns, size, columns))
    for k in range(columns):
        for j in range(k, columns):
            curve = weight * belief[:, k] * ((k == j) - belief[:, j])
            whole[:, k, :, j] = (design.T * curve) @ design
            whole[:, j, :, k] = whole[:, k, :, j].T
    return whole.reshape(size * columns, -1) + np.diag(hold.ravel())


def _newton(
    value_and_slope: Callable[[np.ndarray], tuple[float, np.ndarray]],
    hessian: Callable[[np.ndarray], np.ndarray],
    point: np.ndarray,
    tolerance: float,
) -> np.ndarray:
    """Newton's method with halved steps; the softmax intercepts' common level is held by a hair."""
    value, slope = value_and_slope(point)
    for _ in range(100):
        if np.abs(slope).max() <= tolerance:
            break
        step = np.linalg.solve(hessian(point) + 1e-9 * np.eye(len(point)), slope)
        scale = 1.0
        while scale > 1e-8:
            new_value, new_slope = value_and_slope(point - scale * step)
            if new_value <= value - 1e-4 * scale * float(slope @ step) + 1e-14 * abs(value):
                break
            scale *= 0.5
        else:
            break
        point, value, slope = point - scale * step, new_value, new_slope
    return point


def _floor(penalty: float, r: int) -> np.ndarray:
    """Curvature from the penalty: 2 lambda for every coefficient, next to nothing for the intercept."""
    return np.append(np.full(r, 2.0 * penalty + 1e-12), 1e-12)
