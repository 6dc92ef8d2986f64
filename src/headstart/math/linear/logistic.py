"""Penalised logistic regression, solved to its optimum for many penalties and folds at once."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.math.linear.row_space import RowSpace, row_space
from headstart.math.linear.solution import LinearSolution

#: Penalties tried by default, as multiples of the mean squared row norm of the (standardised) features.
PENALTIES = tuple(float(p) for p in np.logspace(-4.5, 1.5, 9))


#: Principal coordinates that are enough to compare penalties; the chosen one is solved in all of them.
ENOUGH = 300
#: Held-out loss, as a multiple of the least so far, from which weaker penalties need not be tried.
_PAST = 1.02
#: Coordinates from which single precision serves to compare penalties.
_MANY = 128
#: Size of the gradient, relative to that at zero, at which penalties are compared.
_COMPARING = 3e-4


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
    options: dict[str, Any] = {"sample_weight": sample_weight, "penalties": penalties, "folds": folds}
    return compare_penalties(X, Y, multilabel=multilabel, enough=enough, **options).solution()


@dataclass(frozen=True)
class Compared:
    """What comparing penalties found out; the solution at the best of them takes as long again.

    Attributes
    ----------
    penalty : float
    loss : float
        Held-out loss at this penalty; nan where nothing was held out.
    out_of_fold : ndarray of shape (n, K) or None
    """

    space: RowSpace
    Y: np.ndarray
    weight: np.ndarray
    multilabel: bool
    penalty: float
    strength: float
    start: np.ndarray
    loss: float = float("nan")
    out_of_fold: np.ndarray | None = None

    def solution(self) -> LinearSolution:
        """The optimum at the best penalty: first in single precision in the strongest coordinates, then in all.

        Where the rows are given in single precision it is found in it.
        """
        U, W = self.space.left * self.space.singular, self.start
        problem = (self.Y, self.weight[None], np.array([self.penalty * self.strength]), self.multilabel)
        if W.any() and U.shape[1] > _MANY:
            few = U[:, -(W.shape[2] - 1) :].astype(np.float32)
            W = _batched_lbfgs(few, *problem, start=W, tolerance=_COMPARING, most=100)
        start = np.zeros((*W.shape[:2], U.shape[1] + 1))
        start[:, :, -W.shape[2] :] = W
        tolerance = 1e-4 if U.dtype == np.float32 else 1e-6
        found = _batched_lbfgs(U, *problem, start=start, tolerance=tolerance, most=500)[0].T.astype(np.float64)
        coef = self.space.back(found[:-1])
        shift = found[-1] - self.space.mean @ coef
        return LinearSolution(coef, shift, self.penalty, self.loss, self.out_of_fold)


def compare_penalties(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    penalties: Sequence[float] = PENALTIES,
    folds: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    multilabel: bool = False,
    enough: int = ENOUGH,
) -> Compared:
    """The first half of `solve_logistic`, with its arguments: what each penalty leaves in held-out loss.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> compared = compare_penalties(X, np.eye(2)[[0, 0, 1, 1]], penalties=[0.1])
    >>> compared.penalty, compared.solution().penalty
    (0.1, 0.1)
    """
    n = len(X)
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    space = row_space(X, kind=np.float32 if X.dtype == np.float32 and min(X.shape) > _MANY else np.float64)
    strength = float((space.singular.astype(np.float64) ** 2).sum()) / n + 1e-12
    start = np.zeros((1, Y.shape[1], len(space.singular) + 1))
    if len(penalties) < 2 or len(folds) == 0:
        return Compared(space, Y, weight, multilabel, float(penalties[0]), strength, start)
    each = np.asarray(penalties) * strength
    losses, scores, start = _cross_validate(space.left * space.singular, Y, weight, each, folds, multilabel, enough)
    best = int(np.argmin(losses))
    found = float(penalties[best]), strength, start, float(losses[best]), scores[:, best]
    return Compared(space, Y, weight, multilabel, *found)


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
    W = np.zeros((len(folds), K, U.shape[1] + 1), dtype=U.dtype)
    scores, count = np.zeros((n, P, K)), np.zeros(n)
    for _, test in folds:
        count[test] += 1
    total = sum(float(weight[test].sum()) for _, test in folds)
    losses, at_best = np.full(P, np.inf), W
    for p in np.argsort(-penalties, kind="stable"):
        strength = np.full(len(folds), penalties[p])
        tolerance = _COMPARING if many else 1e-5
        W = _batched_lbfgs(U, Y, masks, strength, multilabel, start=W, tolerance=tolerance, most=100)
        losses[p] = 0.0
        for f, (_, test) in enumerate(folds):
            held = U[test] @ W[f, :, :-1].T + W[f, :, -1]
            scores[test, p] += held
            losses[p] += float(log_losses(held, Y[test], multilabel) @ weight[test]) / max(total, 1e-12)
        if losses[p] == losses.min():
            at_best = W
        elif losses[p] > _PAST * losses.min():
            break
    return losses, scores / np.maximum(count, 1)[:, None, None], at_best.mean(axis=0, keepdims=True)


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
    """Solve one problem for each row of ``masks`` (B, n) and ``penalties`` (B,) from ``start``, (B, K, r + 1) as is W.

    The gradient ends smaller than it is at zero, by the factor ``tolerance``. A problem that has ended is computed no
    more.
    """
    problem = _Batch.of(U, Y, masks, penalties, multilabel)
    first = start.reshape(len(start), -1).astype(U.dtype)
    value, gradient = problem(np.zeros_like(first))
    enough = tolerance**2 * np.maximum(_dots(gradient, gradient), 1e-30)
    if start.any():
        problem = problem.seen_from(first)
        value, gradient = problem(first / problem.scale)
    whole, V = problem, first / problem.scale
    solved, open_ = V.copy(), np.arange(len(V))
    history, noise = _History(len(V), V.shape[1], memory, V.dtype), 8 * np.finfo(U.dtype).eps
    for _ in range(most):
        going = _dots(gradient * problem.units, gradient * problem.units) > enough
        if not going.all():
            solved[open_[~going]] = V[~going]
            if not going.any():
                break
            open_, V, value, gradient, enough = (each[going] for each in (open_, V, value, gradient, enough))
            problem, history = problem.some(going), history.some(going)
        direction = history.direction(gradient)
        slope = _dots(direction, gradient)
        step = np.ones(len(V), V.dtype)
        for _ in range(12):
            new_V = V + step[:, None] * direction
            new_value, new_gradient = problem(new_V)
            bad = new_value > value + 1e-4 * step * slope + noise * np.abs(value)
            if not bad.any():
                break
            step = np.where(bad, step * step.dtype.type(0.4), step)
        if bad.any():  # as near as the arithmetic gets
            enough = np.where(bad, np.inf, enough)
            new_V, new_gradient = np.where(bad[:, None], V, new_V), np.where(bad[:, None], gradient, new_gradient)
            new_value = np.where(bad, value, new_value)
        history.add(new_V - V, new_gradient - gradient)
        V, gradient, value = new_V, new_gradient, new_value
    else:
        solved[open_] = V
    return (solved * whole.scale).reshape(start.shape)


@dataclass(frozen=True)
class _Batch:
    """Value and gradient of B problems, in preconditioned coordinates: (B, D) with D = K (r + 1), class by class.

    Attributes
    ----------
    U : ndarray of shape (n, r + 1)
        Rows, and a column of ones.
    Y : ndarray of shape (K, n)
    masks : ndarray of shape (B, n)
    ridge, scale : ndarray of shape (B, D)
        Penalty of each coefficient, and the unit in which it is looked for.
    units : ndarray of shape (B, D)
        What a gradient is multiplied with to be in the units at zero.
    """

    U: np.ndarray
    Y: np.ndarray
    masks: np.ndarray
    ridge: np.ndarray
    scale: np.ndarray
    units: np.ndarray
    multilabel: bool

    @classmethod
    def of(cls, U: np.ndarray, Y: np.ndarray, masks: np.ndarray, penalties: np.ndarray, multilabel: bool) -> _Batch:
        kind, K = U.dtype, Y.shape[1]
        masks = masks.astype(kind)
        curvature = 0.25 if multilabel else max((1 - 1 / K) / K, 0.05)
        ridge = np.repeat(penalties[:, None], U.shape[1] + 1, axis=1)
        ridge[:, -1] = 0.0
        variance = np.column_stack([masks @ U**2, np.maximum(masks.sum(axis=1), 1e-12)])
        scale = 1.0 / np.sqrt(curvature * variance + ridge)
        with_ones = np.column_stack([U, np.ones(len(U), kind)])
        each = (np.tile(part, (1, K)).astype(kind) for part in (ridge, scale))
        ridge, scale = each
        return cls(
            with_ones, np.ascontiguousarray(Y.T, dtype=kind), masks, ridge, scale, np.ones_like(scale), multilabel
        )

    def some(self, chosen: np.ndarray) -> _Batch:
        """Some of the problems."""
        kept = {name: getattr(self, name)[chosen] for name in ("masks", "ridge", "scale", "units")}
        return replace(self, **kept)

    def seen_from(self, W: np.ndarray) -> _Batch:
        """The same in units of the Hessian's diagonal at the coefficients W, (B, D)."""
        rates, _ = self.rates(W)
        curvature = (rates * (1.0 - rates) * self.masks[:, None]).reshape(len(W) * len(self.Y), -1) @ self.U**2
        floor = 1e-3 / self.scale**2
        scale = 1.0 / np.sqrt(np.maximum(curvature.reshape(W.shape) + self.ridge, floor))
        return replace(self, scale=scale, units=self.scale / scale)

    def __call__(self, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (B,) and gradients (B, D)."""
        W = V * self.scale
        rates, losses = self.rates(W)
        rates -= self.Y
        rates *= self.masks[:, None]
        pull = self.ridge * W
        gradient = (rates.reshape(len(W) * len(self.Y), -1) @ self.U).reshape(W.shape) + pull
        return _dots(losses, self.masks) + 0.5 * _dots(pull, W), gradient * self.scale

    def rates(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (B, K, n) at coefficients (B, D), and the loss of every row (B, n)."""
        scores = (W.reshape(len(W) * len(self.Y), -1) @ self.U.T).reshape(len(W), len(self.Y), -1)
        if self.multilabel:
            losses = np.logaddexp(0.0, scores).sum(axis=1)
            rates = 1.0 / (1.0 + np.exp(-np.clip(scores, -60, 60)))
        else:
            scores -= scores.max(axis=1, keepdims=True)
            rates = np.exp(scores)
            mass = rates.sum(axis=1)
            losses = np.log(mass)
            rates /= mass[:, None]
        return rates, losses - np.einsum("kn,bkn->bn", self.Y, scores)


class _History:
    r"""Steps s and changes of the gradient y of B problems, and the L-BFGS direction from them, :math:`-Hg` with

    .. math:: H = \gamma I + [S\;\gamma Y] \begin{bmatrix} R^{-T}(D + \gamma Y^\top Y)R^{-1} & -R^{-T} \\ -R^{-1} & 0
        \end{bmatrix} [S\;\gamma Y]^\top

    where R is the upper triangle of :math:`S^\top Y` and D its diagonal (Byrd, Nocedal & Schnabel 1994, eq. 3.1): two
    products with the kept vectors a step. Pairs without curvature are passed over.
    """

    def __init__(self, n: int, size: int, memory: int, kind: Any) -> None:
        self.pairs = np.zeros((2, n, memory, size), kind)
        self.products = np.zeros((2, n, memory, memory))  # of s with y, and of y with y
        self.gamma = np.ones(n)
        self.count = 0

    def some(self, chosen: np.ndarray) -> _History:
        """That of some of the problems."""
        kept = copy(self)
        kept.pairs, kept.products = self.pairs[:, chosen], self.products[:, chosen]
        kept.gamma = self.gamma[chosen]
        return kept

    def add(self, s: np.ndarray, y: np.ndarray) -> None:
        """Keep one more pair of each problem, (B, D); the oldest goes where there are too many."""
        curvature, norm = _dots(s, y), _dots(y, y)
        good = (curvature > 1e-20) & (norm > 1e-20)
        place = self.count % self.pairs.shape[2]
        self.pairs[0, :, place] = s * good[:, None]
        self.pairs[1, :, place] = y * good[:, None]
        new = self.pairs[:, :, place, :, None]
        self.products[0, :, :, place] = (self.pairs[0] @ new[1])[..., 0]
        self.products[0, :, place] = (self.pairs[1] @ new[0])[..., 0]
        self.products[1, :, :, place] = self.products[1, :, place] = (self.pairs[1] @ new[1])[..., 0]
        self.gamma = np.where(good, curvature / np.maximum(norm, 1e-20), self.gamma)
        self.count += 1

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Where to go, (B, D)."""
        memory = self.pairs.shape[2]
        used = min(self.count, memory)
        if used == 0:
            return -gradient
        order = np.arange(self.count - used, self.count) % memory  # from the oldest on
        cross, own = (part[:, order[:, None], order] for part in self.products)
        along = (self.pairs @ gradient[None, :, :, None])[:, :, order, 0].astype(np.float64)
        gamma, diagonal = self.gamma[:, None], np.einsum("bii->bi", cross)
        R = np.triu(cross) + np.eye(used) * (diagonal == 0.0)[:, None]
        p = np.linalg.solve(R, along[0][..., None])
        rest = diagonal * p[..., 0] + gamma * ((own @ p)[..., 0] - along[1])
        of_s = np.linalg.solve(R.transpose(0, 2, 1), rest[..., None])[..., 0]
        weights = np.zeros((2, len(gradient), 1, memory))
        weights[0, :, 0, order], weights[1, :, 0, order] = of_s.T, -(gamma * p[..., 0]).T
        moves = (weights.astype(gradient.dtype) @ self.pairs)[:, :, 0]
        return -(gamma.astype(gradient.dtype) * gradient + moves[0] + moves[1])


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product of each problem: (B, D) x (B, D) -> (B,)."""
    return np.einsum("bd,bd->b", a, b)
