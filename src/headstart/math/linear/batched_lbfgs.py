"""Batched L-BFGS: penalised log-losses of many folds and penalties minimised together."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


def minimise(
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
        gradient = (self.U.T @ rates.reshape(len(W) * len(self.Y), -1).T).T.reshape(W.shape) + pull
        return _dots(losses, self.masks) + 0.5 * _dots(pull, W), gradient * self.scale

    def rates(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (B, K, n) at coefficients (B, D), and the loss of every row (B, n)."""
        scores = self.U @ W.reshape(len(W) * len(self.Y), -1).T  # rows first: few classes are multiplied faster so
        scores = np.ascontiguousarray(scores.T).reshape(len(W), len(self.Y), -1)
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
        self.pairs = np.zeros((2, n, memory, size), kind)  # the newest last
        self.products = np.zeros((2, n, memory, memory))  # of s with y, its upper triangle, and of y with y
        self.gamma = np.ones((n, 1))
        self.empty = True

    def some(self, chosen: np.ndarray) -> _History:
        """That of some of the problems."""
        kept = copy(self)
        kept.pairs, kept.products = self.pairs[:, chosen], self.products[:, chosen]
        kept.gamma = self.gamma[chosen]
        return kept

    def add(self, s: np.ndarray, y: np.ndarray) -> None:
        """Keep one more pair of each problem, (B, D); the oldest goes."""
        curvature, norm = _dots(s, y), _dots(y, y)
        good = (curvature > 1e-20) & (norm > 1e-20)
        self.pairs[:, :, :-1] = self.pairs[:, :, 1:]
        self.products[:, :, :-1, :-1] = self.products[:, :, 1:, 1:]
        self.pairs[0, :, -1], self.pairs[1, :, -1] = s * good[:, None], y * good[:, None]
        self.products[:, :, :, -1] = (self.pairs @ self.pairs[1, :, -1, :, None])[..., 0]
        self.products[1, :, -1] = self.products[1, :, :, -1]
        self.products[0, :, -1, :-1] = 0.0
        self.gamma = np.where(good, curvature / np.maximum(norm, 1e-20), self.gamma[:, 0])[:, None]
        self.empty = False

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Where to go, (B, D)."""
        if self.empty:
            return -gradient
        upper, own = self.products
        along = (self.pairs @ gradient[None, :, :, None])[..., 0].astype(np.float64)
        diagonal = np.einsum("bii->bi", upper)
        back = np.linalg.inv(upper + np.eye(upper.shape[1]) * (diagonal == 0.0)[:, None])
        p = np.einsum("bij,bj->bi", back, along[0])
        rest = diagonal * p + self.gamma * (np.einsum("bij,bj->bi", own, p) - along[1])
        weights = np.stack([np.einsum("bji,bj->bi", back, rest), -self.gamma * p]).astype(gradient.dtype)
        moves = (weights[:, :, None] @ self.pairs)[:, :, 0]
        return -(self.gamma.astype(gradient.dtype) * gradient + moves[0] + moves[1])


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product of each problem: (B, D) x (B, D) -> (B,)."""
    return np.einsum("bd,bd->b", a, b)
