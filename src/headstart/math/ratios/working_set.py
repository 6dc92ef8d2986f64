"""Kernel mean matching on the few rows that carry weight, where their kernels are far from dependent."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky

from headstart.math.ratios.box_program import Limits, duality_gap
from headstart.math.ratios.gaussian import gaussian_kernel, kernel_row_sums

#: Rows of a working set, at most; their kernel matrix is held in float64.
MOST_ROWS = 2000

#: Rows that enter at a time.
ADDED_ROWS = 500

#: Looks at all rows, at most.
LOOKS = 15

#: Least share of each row's kernel that the kernels of the others do not explain. Below it many weightings are as good.
APART = 0.1


def match_on_working_set(
    source: Any, linear: np.ndarray, sigma: float, limits: Limits, tolerance: float
) -> tuple[np.ndarray, np.ndarray] | None:
    r"""Minimise :math:`\tfrac12 \beta^\top K\beta - \kappa^\top\beta` over the box, on rows that are missed.

    The optimum puts no weight on most rows. On a set of rows the problem is solved by projected Newton steps with their
    own kernel matrix (Bertsekas 1982); then the gradient of all rows, one kernel column for each row with weight, says
    which rows are missed, until the duality gap of the whole problem is within the tolerance. No n x n values are
    computed.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n, d)
    linear : ndarray of shape (n,)
        The :math:`\kappa` of the problem.
    sigma : float > 0
    limits : Limits
        The sum of the weights is looked at in the end only.
    tolerance : float > 0
        Of the gap, as a share of the objective's size.

    Returns
    -------
    weights, gradient : ndarray of shape (n,), or None
        None where this is not the way: the sum's limits bind, too many rows carry weight, or the kernels of some rows
        are nearly dependent, so that the sparse answer would be one of many.
    """
    inside, first = np.zeros(len(linear)), max(100, min(len(linear) // 20, ADDED_ROWS))
    cut = float(np.sort(linear)[-first:][0])
    rows = np.flatnonzero(linear >= cut - 1e-5 * abs(cut))  # equal rows enter together
    for _ in range(LOOKS):
        if len(rows) > MOST_ROWS:
            return None
        near = source[rows].astype(np.float64)
        kernel = gaussian_kernel(near, near, sigma)
        found = _newton(kernel, linear[rows], inside[rows], limits["upper"], 0.005 * tolerance)
        if found is None:
            return None
        inside[:] = 0.0
        inside[rows] = found
        used = np.flatnonzero(inside)
        gradient = kernel_row_sums(source, source[used], sigma, inside[used]) - linear
        size = 0.5 * abs(float(inside @ (gradient - linear)))
        if duality_gap(gradient, inside, **limits) <= tolerance * size:
            return (inside, gradient) if limits["low"] <= inside.sum() <= limits["high"] else None
        rows = _entering(gradient, inside, rows, linear)
    return None


def _entering(gradient: np.ndarray, weights: np.ndarray, rows: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Rows with weight, and those without whose weight would rise."""
    missed = (weights == 0) & (gradient < 0)
    fresh = missed.copy()
    fresh[rows] = False
    if fresh.sum() > ADDED_ROWS:
        cut = np.partition(gradient[fresh], ADDED_ROWS)[ADDED_ROWS]
        fresh &= gradient <= cut + 1e-5 * float(np.abs(linear).mean())
    stay = np.zeros(len(weights), dtype=bool)
    stay[rows] = (weights[rows] > 0) | missed[rows]
    return np.flatnonzero(stay | fresh)


def _newton(
    kernel: np.ndarray, linear: np.ndarray, x: np.ndarray, upper: float, tolerance: float, most: int = 50
) -> np.ndarray | None:
    """Projected Newton steps with backtracking; None where rows are nearly dependent."""
    gradient = kernel @ x - linear
    value = 0.5 * float(x @ (gradient - linear))
    for _ in range(most):
        free = np.flatnonzero(((x > 0) | (gradient < 0)) & ((x < upper) | (gradient > 0)))
        if len(free) == 0:
            break
        try:
            root = cholesky(kernel[np.ix_(free, free)], lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            return None
        if root.diagonal().min() ** 2 < APART:
            return None
        step, length, before = cho_solve((root, True), -gradient[free], check_finite=False), 1.0, value
        while length > 1e-6:
            trial = x.copy()
            trial[free] = np.clip(x[free] + length * step, 0.0, upper)
            there = kernel @ trial - linear
            reached = 0.5 * float(trial @ (there - linear))
            if reached <= value + 1e-4 * float(gradient @ (trial - x)):
                x, gradient, value = trial, there, reached
                break
            length *= 0.5
        if before - value <= tolerance * abs(value):
            break
    return x
