"""Quadratic programs over a box and a slab, by an interior point that sees the matrix as low-rank plus diagonal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from scipy.linalg import cho_factor, cho_solve

Solve = Callable[[np.ndarray], np.ndarray]

#: Least half-width of the slab, as a share of its middle: an equality has no interior.
NARROW = 1e-7


class Limits(TypedDict):
    """Weights lie between 0 and ``upper``, their sum between ``low`` and ``high``."""

    upper: float
    low: float
    high: float


@dataclass(frozen=True)
class DenseMatrix:
    """A positive semidefinite matrix held whole, shape (n, n)."""

    matrix: np.ndarray

    def times(self, x: np.ndarray) -> np.ndarray:
        """``matrix @ x``."""
        return self.matrix @ x

    def shifted(self, diagonal: np.ndarray) -> Solve:
        """A function that solves with ``matrix + diag(diagonal)``."""
        shifted = self.matrix.copy()
        shifted.flat[:: len(shifted) + 1] += diagonal
        factor = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
        return lambda right: cho_solve(factor, right, check_finite=False)


@dataclass(frozen=True)
class LowRankMatrix:
    """``factor @ factor.T + diag(rest)`` with factor (n, m) and rest (n,) >= 0, never formed."""

    factor: np.ndarray
    rest: np.ndarray

    def times(self, x: np.ndarray) -> np.ndarray:
        """The matrix times x."""
        return self.factor @ (self.factor.T @ x) + self.rest * x

    def shifted(self, diagonal: np.ndarray) -> Solve:
        """A function that solves with the matrix plus ``diag(diagonal)``, by Woodbury's identity."""
        inverse = 1.0 / (self.rest + diagonal)
        scaled = self.factor * np.sqrt(inverse)[:, None]
        small = scaled.T @ scaled
        del scaled
        small.flat[:: len(small) + 1] += 1.0
        inner = cho_factor(small, lower=True, overwrite_a=True, check_finite=False)

        def solve(right: np.ndarray) -> np.ndarray:
            start = (right.T * inverse).T
            middle = cho_solve(inner, self.factor.T @ start, check_finite=False)
            return start - ((self.factor @ middle).T * inverse).T

        return solve


def least_linear(gradient: np.ndarray, upper: float, low: float, high: float) -> float:
    """Least value of ``gradient @ s`` over 0 <= s <= upper, low <= sum(s) <= high."""
    order = np.sort(gradient)
    room = np.clip(np.stack([low, high])[:, None] - upper * np.arange(len(order)), 0.0, upper)
    # the cheapest entries fill the sum up to its lower limit whatever they cost, and up to its upper one where they pay
    return float((order * np.where(order < 0, room[1], room[0])).sum())


def duality_gap(gradient: np.ndarray, x: np.ndarray, upper: float, low: float, high: float) -> float:
    """Upper bound of ``f(x) - min f`` of a convex f with this gradient at x (Frank-Wolfe gap)."""
    return float(gradient @ x) - least_linear(gradient, upper, low, high)


def solve_box_program(
    matrix: DenseMatrix | LowRankMatrix,
    linear: np.ndarray,
    *,
    upper: float,
    low: float,
    high: float,
    tolerance: float = 1e-7,
    most: int = 80,
) -> np.ndarray:
    r"""Minimise ``x @ matrix @ x / 2 - linear @ x`` over ``0 <= x <= upper``, ``low <= sum(x) <= high``.

    A primal-dual interior point with Mehrotra's predictor and corrector (1992). Every iterate is feasible; with a
    low-rank matrix an iteration costs :math:`O(n m^2)` (Fine & Scheinberg 2001).

    Parameters
    ----------
    matrix : DenseMatrix or LowRankMatrix of shape (n, n)
    linear : ndarray of shape (n,)
    upper : float > 0
    low, high : float
        ``0 <= low <= high`` and ``low < n * upper``.
    tolerance : float > 0, default=1e-7
        Stop when the duality gap is below this share of the objective's size.
    most : int, default=80

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> x = solve_box_program(DenseMatrix(np.eye(2)), np.array([0.0, 9.0]), upper=2.0, low=1.0, high=3.0)
    >>> x.round(2).tolist()
    [0.0, 2.0]
    """
    state = _Interior(matrix, linear, upper, low, high)
    for _ in range(most):
        gradient = state.gradient()
        value = 0.5 * float(state.x @ (gradient - linear))
        gap = duality_gap(gradient, state.x, upper, state.low, state.high)
        if gap <= tolerance * max(abs(value), 1e-12):
            break
        if not state.step(gradient):
            break
    return state.x


class _Interior:
    """A strictly feasible point, its multipliers, and one predictor-corrector step."""

    def __init__(
        self, matrix: DenseMatrix | LowRankMatrix, linear: np.ndarray, upper: float, low: float, high: float
    ) -> None:
        n = len(linear)
        self.matrix, self.linear, self.upper = matrix, linear, upper
        spare = NARROW * max(abs(high), 1e-300)
        self.low, self.high = (low, high) if high - low > spare else (low - spare, high + spare)
        most = min(self.high, n * upper)
        inside = max(self.low, 0.0)
        self.x = np.full(n, (0.5 * inside + 0.5 * most) / n)
        gradient = self.gradient()
        scale = max(float(np.abs(gradient).mean()), 1e-12) * float(self.x[0])
        self.duals = [scale / slack for slack in self._slacks(self.x)]

    def gradient(self) -> np.ndarray:
        return self.matrix.times(self.x) - self.linear

    def _slacks(self, x: np.ndarray) -> list[np.ndarray]:
        total = x.sum()
        return [x, self.upper - x, np.array([total - self.low]), np.array([self.high - total])]

    def step(self, gradient: np.ndarray) -> bool:
        """Move; False where rounding lets it go no further."""
        slacks, duals = self._slacks(self.x), self.duals
        ratios = [dual / slack for dual, slack in zip(duals, slacks, strict=True)]
        try:
            solve = self.matrix.shifted(ratios[0] + ratios[1])
        except np.linalg.LinAlgError:
            return False
        ones = solve(np.ones_like(self.x))
        curve = float(ratios[2][0] + ratios[3][0])

        def newton(pulls: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
            right = pulls[0] - pulls[1] + float(pulls[2][0] - pulls[3][0]) - gradient
            dx = solve(right)
            dx = dx - ones * (curve * dx.sum() / (1.0 + curve * ones.sum()))
            moves = [dx, -dx, np.array([dx.sum()]), np.array([-dx.sum()])]
            turns = [p - u - r * m for p, u, r, m in zip(pulls, duals, ratios, moves, strict=True)]
            return moves, turns

        count = 2 * len(self.x) + 2
        mean = sum(float(s @ u) for s, u in zip(slacks, duals, strict=True)) / count
        moves, turns = newton([np.zeros_like(s) for s in slacks])
        step = min(_reach(slacks, moves), _reach(duals, turns), 1.0)
        after = sum(
            float((s + step * m) @ (u + step * t)) for s, u, m, t in zip(slacks, duals, moves, turns, strict=True)
        )
        centre = (after / count / mean) ** 3 * mean
        moves, turns = newton([(centre - m * t) / s for s, m, t in zip(slacks, moves, turns, strict=True)])
        step = min(0.995 * min(_reach(slacks, moves), _reach(duals, turns)), 1.0)
        if not np.isfinite(step) or step < 1e-10:
            return False
        self.x = self.x + step * moves[0]
        self.duals = [u + step * t for u, t in zip(duals, turns, strict=True)]
        return True


def _reach(values: list[np.ndarray], moves: list[np.ndarray]) -> float:
    """How far all values stay above zero along their moves."""
    reach = np.inf
    for value, move in zip(values, moves, strict=True):
        falling = move < 0
        if falling.any():
            reach = min(reach, float((value[falling] / -move[falling]).min()))
    return reach
