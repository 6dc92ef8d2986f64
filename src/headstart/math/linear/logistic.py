"""Penalised logistic regression, solved to its optimum for many penalties and folds at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.math.linear.row_space import row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried by default, as multiples of the mean squared row norm of the (standardised) features.
PENALTIES = tuple(float(p) for p in np.logspace(-4.5, 1.5, 9))


#: Principal coordinates that are enough to compare penalties; the chosen one is solved in all of them.
ENOUGH = 300
#: Held-out loss, as a multiple of the least so far, from which weaker penalties need not be tried.
_PAST = 1.02
#: Coordinates from which single precision and a looser tolerance serve to compare penalties.
_MANY = 128


def solve_logistic(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    penalties: Sequence[float] = PENALTIES,
    folds: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    multilabel: bool = False,
    enough: int = ENOUGH,
) -> LinearSolution:
    r"""Minimise the penalised log-loss and choose the penalty by cross-validated log-loss.

    .. math:: \min_{W,b}\; \sum_i w_i\, \ell(y_i, W^\top x_i + b) + \tfrac12 \lambda\, \bar s\, \|W\|_F^2

    with the softmax loss (or one sigmoid a label) and :math:`\bar s` the mean squared norm of the centred rows.
    The penalty does not change under rotations, so all problems are solved in the coordinates of the singular
    vectors of X, where the Hessian is close to diagonal: one preconditioned, batched L-BFGS (Liu & Nocedal 1989)
    solves every fold and every penalty together with two matrix products an iteration. Penalties are compared in at
    most 300 of these coordinates, the strongest; the chosen one is solved in all of them.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    Y : ndarray of shape (n, K)
        One-hot classes, or 0/1 labels with ``multilabel=True``.
    sample_weight : ndarray of shape (n,), optional
    penalties : sequence of float
        Relative penalties; one value means no choosing.
    folds : sequence of (train, test) index arrays
        Used to choose among several penalties; without folds the first penalty is taken.
    multilabel : bool, default=False
    enough : int, default=300
        Coordinates in which penalties are compared.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> s = solve_logistic(X, np.eye(2)[[0, 0, 1, 1]], penalties=[0.1])
    >>> (X @ s.coef + s.intercept).argmax(1).tolist()
    [0, 0, 1, 1]
    """
    n = len(X)
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    space = row_space(X)
    U = space.left * space.singular
    strength = float((space.singular**2).sum()) / n + 1e-12
    log_loss, out_of_fold, best = float("nan"), None, 0
    start = np.zeros((U.shape[1] + 1, 1, Y.shape[1]))
    if len(penalties) > 1 and len(folds) > 0:
        losses, scores, found = _cross_validate(
            U, Y, weight, np.asarray(penalties) * strength, folds, multilabel, enough
        )
        best = int(np.argmin(losses))
        log_loss, out_of_fold = float(losses[best]), scores[:, best]
        start[-len(found) :] = found
    penalty = np.array([penalties[best] * strength])
    W = _batched_lbfgs(U, Y, weight[None], penalty, multilabel, start=start, tolerance=1e-6, most=500)[:, 0]
    coef = space.back(W[:-1])
    return LinearSolution(coef, W[-1] - space.mean @ coef, float(penalties[best]), log_loss, out_of_fold)


def log_losses(scores: np.ndarray, Y: np.ndarray, multilabel: bool = False) -> np.ndarray:
    """Loss of every row; scores of shape (n, K), Y one-hot or 0/1 of the same shape."""
    if multilabel:
        return (np.logaddexp(0.0, scores) - Y * scores).sum(axis=-1)
    top = scores.max(axis=-1, keepdims=True)
    return np.log(np.exp(scores - top).sum(axis=-1)) + top[..., 0] - (Y * scores).sum(axis=-1)


def _cross_validate(
    U: np.ndarray,
    Y: np.ndarray,
    weight: np.ndarray,
    penalties: np.ndarray,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    multilabel: bool,
    enough: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean held-out loss of each penalty (P,), held-out scores (n, P, K), and the folds' mean solution at the best.

    Scores are averaged where a row is held out twice. From the strongest penalty to weaker ones each starts from the
    solution of the one before; where the loss has risen, the weaker ones, which take the longest, are not tried and
    have an infinite loss. With many coordinates the strongest are used, in single precision: it is penalties that are
    compared.
    """
    n, P = len(U), len(penalties)
    many = U.shape[1] > min(enough, _MANY)
    U = np.ascontiguousarray(U[:, -enough:], dtype=np.float32) if many else U
    masks = np.zeros((len(folds), n))
    for f, (train, _) in enumerate(folds):
        masks[f, train] = weight[train]
    K = Y.shape[1]
    W = np.zeros((U.shape[1] + 1, len(folds), K), dtype=U.dtype)
    scores, count = np.zeros((n, P, K)), np.zeros(n)
    for _, test in folds:
        count[test] += 1
    total = sum(float(weight[test].sum()) for _, test in folds)
    losses, at_best = np.full(P, np.inf), W
    for p in np.argsort(-penalties, kind="stable"):
        strength = np.full(len(folds), penalties[p])
        W = _batched_lbfgs(U, Y, masks, strength, multilabel, start=W, tolerance=1e-4 if many else 1e-5, most=100)
        losses[p] = 0.0
        for f, (_, test) in enumerate(folds):
            held = U[test] @ W[:-1, f] + W[-1, f]
            scores[test, p] += held
            losses[p] += float(log_losses(held, Y[test], multilabel) @ weight[test]) / max(total, 1e-12)
        if losses[p] == losses.min():
            at_best = W
        elif losses[p] > _PAST * losses.min():
            break
    return losses, scores / np.maximum(count, 1)[:, None, None], at_best.mean(axis=1, keepdims=True)


def _batched_lbfgs(
    U: np.ndarray,
    Y: np.ndarray,
    masks: np.ndarray,
    penalties: np.ndarray,
    multilabel: bool,
    *,
    start: np.ndarray,
    tolerance: float,
    memory: int = 8,
    most: int = 300,
) -> np.ndarray:
    """Solve one problem for each row of ``masks`` (B, n) and ``penalties`` (B,) from ``start``, (r + 1, B, K) as is W.

    The gradient ends smaller than it is at zero, by the factor ``tolerance``.
    """
    problem = _Batch(U, Y, masks, penalties, multilabel)
    V = (start / problem.scale).astype(U.dtype)
    value, gradient = problem(np.zeros_like(V))
    from_zero = np.maximum(_dots(gradient, gradient), 1e-30)
    if start.any():
        value, gradient = problem(V)
    history: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    stuck = np.zeros(len(masks), dtype=bool)
    noise = 8 * np.finfo(U.dtype).eps
    for _ in range(most):
        going = (_dots(gradient, gradient) > tolerance**2 * from_zero) & ~stuck
        if not going.any():
            break
        direction = -_two_loops(gradient, history) * going[None, :, None]
        slope = _dots(direction, gradient)
        step = going.astype(U.dtype)
        for _ in range(12):
            new_V = V + step[None, :, None] * direction
            new_value, new_gradient = problem(new_V)
            bad = going & (new_value > value + 1e-4 * step * slope + noise * np.abs(value))
            if not bad.any():
                break
            step = np.where(bad, step * step.dtype.type(0.4), step)
        accept = (going & ~bad)[None, :, None]
        stuck |= bad
        new_V, new_gradient = np.where(accept, new_V, V), np.where(accept, new_gradient, gradient)
        s, y = new_V - V, new_gradient - gradient
        history = [*history[-(memory - 1) :], (s, y, np.maximum(_dots(s, y), 0.0))]
        V, gradient, value = new_V, new_gradient, np.where(going & ~bad, new_value, value)
    return V * problem.scale


class _Batch:
    """Value and gradient of all problems, in preconditioned coordinates."""

    def __init__(
        self, U: np.ndarray, Y: np.ndarray, masks: np.ndarray, penalties: np.ndarray, multilabel: bool
    ) -> None:
        kind = U.dtype
        self.U, self.Y, self.multilabel = U, Y.astype(kind)[:, None, :], multilabel
        masks = masks.astype(kind)
        self.masks = np.ascontiguousarray(masks.T)[:, :, None]
        self.penalties = penalties.astype(kind)
        mass = masks.sum(axis=1)
        curvature = 0.25 if multilabel else max((1 - 1 / Y.shape[1]) / Y.shape[1], 0.05)
        variance = (masks @ U**2).T  # (r, B): weighted squared norm of each coordinate
        diagonal = np.vstack([curvature * variance + penalties, curvature * np.maximum(mass, 1e-12)[None]])
        self.scale = (1.0 / np.sqrt(diagonal)[:, :, None]).astype(kind)

    def __call__(self, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        W = V * self.scale
        r, B, K = len(W) - 1, W.shape[1], W.shape[2]
        scores = (self.U @ W[:-1].reshape(r, B * K)).reshape(-1, B, K) + W[-1]
        if self.multilabel:
            value = self.masks[:, :, 0] * (np.logaddexp(0.0, scores) - self.Y * scores).sum(axis=-1)
            residual = self.masks * (1.0 / (1.0 + np.exp(-np.clip(scores, -60, 60))) - self.Y)
        else:
            scores -= scores.max(axis=-1, keepdims=True)
            exps = np.exp(scores)
            mass = exps.sum(axis=-1, keepdims=True)
            value = self.masks[:, :, 0] * (np.log(mass[..., 0]) - (self.Y * scores).sum(axis=-1))
            residual = self.masks * (exps / mass - self.Y)
        total = value.sum(axis=0) + 0.5 * self.penalties * (W[:-1] ** 2).sum(axis=(0, 2))
        gradient = np.empty_like(W)
        gradient[:-1] = (self.U.T @ residual.reshape(-1, B * K)).reshape(r, B, K)
        gradient[:-1] += self.penalties[None, :, None] * W[:-1]
        gradient[-1] = residual.sum(axis=0)
        return total, gradient * self.scale


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product of each problem: (r, B, K) x (r, B, K) -> (B,)."""
    return np.einsum("rbk,rbk->b", a, b)


def _two_loops(gradient: np.ndarray, history: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> np.ndarray:
    """The L-BFGS direction of every problem; pairs without curvature are passed over, problem by problem."""
    direction, stack = gradient.copy(), []
    for s, y, curvature in reversed(history):
        rho = np.where(curvature > 1e-20, 1.0 / np.maximum(curvature, 1e-20), 0.0)
        alpha = rho * _dots(s, direction)
        direction -= alpha[None, :, None] * y
        stack.append((s, y, rho, alpha))
    if history:
        _, y, curvature = history[-1]
        norm = _dots(y, y)
        good = (curvature > 1e-20) & (norm > 1e-20)
        direction *= np.where(good, curvature / np.maximum(norm, 1e-20), 1.0)[None, :, None]
    for s, y, rho, alpha in reversed(stack):
        beta = rho * _dots(y, direction)
        direction += (alpha - beta)[None, :, None] * s
    return direction
