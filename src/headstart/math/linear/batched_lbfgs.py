"""Batched L-BFGS: penalised log-losses of many folds and penalties minimised together."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

#: Steps after which coefficients are looked for in units of the curvature where they are by then.
_SETTLED = 8
#: Values whose squares are held at a time.
_ROOM = 2**22


@dataclass(frozen=True)
class Problems:
    """Rows, and B problems on them: weights of the rows for each. Whatever the penalties are is worked out once.

    Attributes
    ----------
    U : ndarray of shape (n, r + 1)
        Rows, and a column of ones.
    Y : ndarray of shape (K, n)
    masks : ndarray of shape (B, n)
    variance : ndarray of shape (B, r + 1)
        Weighted sum of the squares.
    at_zero : ndarray of shape (B, D)
        Gradients at zero; D = K (r + 1), class by class.
    halved : bool
        Whether two classes, which mirror each other, are looked at as one label.
    """

    U: np.ndarray
    Y: np.ndarray
    masks: np.ndarray
    variance: np.ndarray
    at_zero: np.ndarray
    multilabel: bool
    halved: bool

    @classmethod
    def of(cls, rows: np.ndarray, Y: np.ndarray, masks: np.ndarray, multilabel: bool, scale: Any = 1.0) -> Problems:
        """From rows (n, r) without the ones, times ``scale`` (r,), Y of shape (n, K) and masks (B, n)."""
        halved = not multilabel and Y.shape[1] == 2 and bool(np.allclose(Y.sum(axis=1), 1.0))
        Y = np.ascontiguousarray((Y[:, 1:] if halved else Y).T, dtype=rows.dtype)
        masks, multilabel = masks.astype(rows.dtype), multilabel or halved
        U = np.ones((len(rows), rows.shape[1] + 1), rows.dtype)  # wide rows take much room: no second copy
        np.multiply(rows, scale, out=U[:, :-1])
        variance = np.maximum(_of_squares(masks, U), 1e-12)
        rest = masks[:, None] * ((0.5 if multilabel else 1.0 / len(Y)) - Y)
        at_zero = (rest.reshape(-1, len(U)) @ U).reshape(len(masks), -1)
        return cls(U, Y, masks, variance, at_zero, multilabel, halved)

    def at(self, penalties: np.ndarray) -> _Batch:
        """With a penalty for each problem (B,), in units of a bound of the curvature."""
        curvature = 0.25 if self.multilabel else max((1 - 1 / len(self.Y)) / len(self.Y), 0.05)
        ridge = np.repeat(penalties[:, None], self.U.shape[1], axis=1)
        ridge[:, -1] = 0.0
        scale = 1.0 / np.sqrt(curvature * self.variance + ridge)
        ridge, scale = (np.tile(part, (1, len(self.Y))).astype(self.U.dtype) for part in (ridge, scale))
        return _Batch(self.U, self.Y, self.masks, ridge, scale, np.ones_like(scale), self.multilabel)


def minimise(
    problems: Problems,
    penalties: np.ndarray,
    *,
    start: np.ndarray,
    tolerance: float,
    memory: int = 5,
    most: int = 300,
) -> np.ndarray:
    """Solve each of B problems at its penalty, (B,), from ``start``, (B, K, r + 1) as is W.

    The gradient ends smaller than it is at zero, by the factor ``tolerance``. A problem that has ended is computed no
    more.
    """
    if problems.halved:
        how: dict[str, Any] = {"start": start[:, 1:] - start[:, :1], "tolerance": tolerance}
        half = minimise(replace(problems, halved=False), penalties / 2, memory=memory, most=most, **how) / 2
        return np.concatenate([-half, half], axis=1)
    problem, W = problems.at(penalties), start.reshape(len(start), -1).astype(problems.U.dtype)
    steepest = problems.at_zero * problem.scale
    enough = tolerance**2 * np.maximum(_dots(steepest, steepest), 1e-30)
    if start.any():
        problem = problem.seen_from(W)
    V = W / problem.scale
    value, gradient = problem(V)
    solved, open_ = W.copy(), np.arange(len(V))
    history = _History(len(V), V.shape[1], memory, V.dtype)
    for step in range(most):
        in_units = gradient * problem.units
        going = _dots(in_units, in_units) > enough
        if not going.all():
            solved[open_[~going]] = (V * problem.scale)[~going]
            if not going.any():
                break
            open_, V, value, gradient, enough = (each[going] for each in (open_, V, value, gradient, enough))
            problem, history = problem.some(going), history.some(going)
        if step == _SETTLED:
            before, problem = problem.scale, problem.seen_from(V * problem.scale)
            ratio = problem.scale / before
            V, gradient = V / ratio, gradient * ratio
            history.in_units(ratio, gradient)
        direction = history.direction(gradient)
        new_V, new_value, new_gradient, bad = _stepped(problem, V, value, gradient, direction)
        enough = np.where(bad, np.inf, enough)  # as near as the arithmetic gets
        history.add(new_V - V, new_gradient - gradient, new_gradient)
        V, gradient, value = new_V, new_gradient, new_value
    else:
        solved[open_] = V * problem.scale
    found = solved.reshape(start.shape)
    if not problems.multilabel:  # what all classes share says nothing
        found -= found.mean(axis=1, keepdims=True)
    return found


def _stepped(
    problem: _Batch, V: np.ndarray, value: np.ndarray, gradient: np.ndarray, direction: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where each problem is after a step that lowers it, its value and gradient there, and which found none."""
    slope, step = _dots(direction, gradient), np.ones(len(V), V.dtype)
    highest = value + 8 * np.finfo(V.dtype).eps * np.abs(value)
    for tried in range(12):
        new_V = V + (step[:, None] * direction if tried else direction)
        new_value, new_gradient = problem(new_V)
        bad = new_value > highest + 1e-4 * step * slope
        if not bad.any():
            return new_V, new_value, new_gradient, bad
        step = np.where(bad, step * step.dtype.type(0.4), step)
    new_V, new_gradient = np.where(bad[:, None], V, new_V), np.where(bad[:, None], gradient, new_gradient)
    return new_V, np.where(bad, value, new_value), new_gradient, bad


@dataclass(frozen=True)
class _Batch:
    """Value and gradient of B problems at their penalties, in preconditioned coordinates, (B, D).

    Attributes
    ----------
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

    def some(self, chosen: np.ndarray) -> _Batch:
        """Some of the problems."""
        kept = {name: getattr(self, name)[chosen] for name in ("masks", "ridge", "scale", "units")}
        return replace(self, **kept)

    def seen_from(self, W: np.ndarray) -> _Batch:
        """The same in units of the Hessian's diagonal at the coefficients W, (B, D)."""
        rates, _ = self.rates(W)
        rates *= 1.0 - rates
        rates *= self.masks[:, None]
        curvature = _of_squares(rates.reshape(-1, len(self.U)), self.U).reshape(W.shape) + self.ridge
        bound = self.scale * self.units
        scale = 1.0 / np.sqrt(np.maximum(curvature, 1e-3 / bound**2))
        return replace(self, scale=scale, units=bound / scale)

    def __call__(self, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (B,) and gradients (B, D)."""
        W = V * self.scale
        rates, losses = self.rates(W)
        rates -= self.Y
        rates *= self.masks[:, None]
        pull = self.ridge * W
        value = _dots(losses, self.masks) + 0.5 * _dots(pull, W)
        pull += (rates.reshape(-1, len(self.U)) @ self.U).reshape(W.shape)
        pull *= self.scale
        return value, pull

    def rates(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (B, K, n) at coefficients (B, D), and the loss of every row (B, n)."""
        scores = self.U @ W.reshape(len(W) * len(self.Y), -1).T  # rows first: few classes are multiplied faster so
        scores = np.ascontiguousarray(scores.T).reshape(len(W), len(self.Y), -1)
        if self.multilabel:
            small = np.exp(-np.abs(scores))
            losses = (np.log1p(small) + np.maximum(scores, 0.0)).sum(axis=1)
            rates = np.where(scores < 0.0, small, 1.0) / (1.0 + small)
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

    where R is the upper triangle of :math:`S^\top Y` and D its diagonal (Byrd, Nocedal & Schnabel 1994, eq. 3.1).
    Products with the gradient give those with its changes, so that a step takes two products with the kept vectors; the
    inverse of R grows by a column a step. Pairs without curvature are passed over.
    """

    def __init__(self, n: int, size: int, memory: int, kind: Any) -> None:
        self.pairs = np.zeros((n, 2 * memory, size), kind)  # each s, then each y; a new one takes the oldest's place
        self.along = np.zeros((n, 2 * memory))  # their products with the gradient
        self.inverse, self.own = np.zeros((2, n, memory, memory))  # of R, and products of y with y
        self.diagonal, self.gamma = np.zeros((n, memory)), np.ones((n, 1))
        self.place = 0

    def some(self, chosen: np.ndarray) -> _History:
        """That of some of the problems."""
        kept = copy(self)
        for name in ("pairs", "along", "inverse", "own", "diagonal", "gamma"):
            setattr(kept, name, getattr(self, name)[chosen])
        return kept

    def in_units(self, ratio: np.ndarray, gradient: np.ndarray) -> None:
        """Go over to units so many times as large, (B, D), in which the gradient is this."""
        m = self.own.shape[1]
        self.pairs[:, :m] /= ratio[:, None]
        self.pairs[:, m:] *= ratio[:, None]
        self.along = self._along(gradient)
        self.own = (self.pairs[:, m:] @ self.pairs[:, m:].transpose(0, 2, 1)).astype(np.float64)
        norms = np.einsum("bii->b", self.own)
        self.gamma = np.where(norms > 0.0, self.diagonal.sum(axis=1) / np.maximum(norms, 1e-30), 1.0)[:, None]

    def add(self, s: np.ndarray, y: np.ndarray, gradient: np.ndarray) -> None:
        """Keep one more pair of each problem, (B, D), after which the gradient is this; the oldest goes."""
        m, at = self.own.shape[1], self.place
        curvature, norm = _dots(s, y), _dots(y, y)
        good = (curvature > 1e-20) & (norm > 1e-20)
        self.pairs[:, at], self.pairs[:, m + at] = s * good[:, None], y * good[:, None]
        before, self.along = self.along, self._along(gradient)
        changes = (self.along - before) * good[:, None]
        changes[:, at] = 0.0
        self.inverse[:, at] = self.inverse[:, :, at] = 0.0
        each = good / np.where(good, curvature, 1.0)
        self.inverse[:, :, at] = -each[:, None] * (self.inverse @ changes[:, :m, None])[..., 0]
        self.inverse[:, at, at] = each
        self.own[:, at] = self.own[:, :, at] = changes[:, m:]
        self.own[:, at, at], self.diagonal[:, at] = norm * good, curvature * good
        self.gamma = np.where(good, curvature / np.maximum(norm, 1e-20), self.gamma[:, 0])[:, None]
        self.place = (at + 1) % m

    def _along(self, gradient: np.ndarray) -> np.ndarray:
        return (self.pairs @ gradient[:, :, None])[..., 0].astype(np.float64)

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Where to go, (B, D), from where the gradient is this: the last that was added."""
        m = self.own.shape[1]
        p = self.inverse @ self.along[:, :m, None]
        rest = self.diagonal[:, :, None] * p + self.gamma[:, None] * (self.own @ p - self.along[:, m:, None])
        weights = np.concatenate([self.inverse.transpose(0, 2, 1) @ rest, -self.gamma[:, None] * p], axis=1)
        moves = (weights.transpose(0, 2, 1).astype(gradient.dtype) @ self.pairs)[:, 0]
        moves += self.gamma.astype(gradient.dtype) * gradient
        return -moves


def _of_squares(weights: np.ndarray, U: np.ndarray) -> np.ndarray:
    """Weighted sums (B, d) of the squares of rows (n, d), some rows at a time: all squares would take as much room."""
    some = max(1, _ROOM // U.shape[1])
    return np.asarray(sum(weights[:, i : i + some] @ U[i : i + some] ** 2 for i in range(0, len(U), some)))


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product of each problem: (B, D) x (B, D) -> (B,)."""
    return np.einsum("bd,bd->b", a, b)
