"""Least-squares density ratios: uLSIF and RuLSIF, with exact leave-one-out over a whole grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.errors import ParameterError
from headstart.math.ratios.gaussian import (
    centred,
    check_samples,
    draw_rows,
    exponents,
    gaussian_kernel,
    median_width,
    ordered,
)

#: Widths tried by default, as multiples of the median distance.
WIDTHS = (0.4, 0.6, 0.8, 1.0, 1.5)

#: Penalties tried by default.
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)

#: Rows at a time in the leave-one-out.
ROWS = 250

#: Kernel values of up to so many numbers are kept for the leave-one-out; more are computed again.
KEPT = 2**21


@dataclass(frozen=True)
class LeastSquaresRatio:
    """Result of `least_squares_ratio`: ``ratio(x) = kernel(x, centres) @ coef``.

    Attributes
    ----------
    weights : ndarray of shape (n_source,)
        The ratio at the source's rows, not normalised.
    coef : ndarray of shape (b,)
        Non-negative.
    centres : ndarray or CSR matrix of shape (b, d)
        Rows of the target.
    width, penalty : float
        The chosen point of the grid.
    scores : ndarray of shape (n_widths, n_penalties)
        Leave-one-out loss of every point of the grid.
    """

    weights: np.ndarray
    coef: np.ndarray
    centres: Any
    width: float
    penalty: float
    scores: np.ndarray


def least_squares_ratio(
    source: Any,
    target: Any,
    *,
    alpha: float = 0.0,
    widths: Sequence[float] | None = None,
    penalties: Sequence[float] = PENALTIES,
    n_centres: int = 100,
    rng: np.random.Generator,
) -> LeastSquaresRatio:
    r"""Fit the (relative) ratio by least squares in closed form; choose width and penalty by exact leave-one-out.

    With :math:`r_\alpha = p_t / (\alpha p_t + (1-\alpha) p_s)` and :math:`\hat r(x) = \theta^\top \varphi(x)`,

    .. math:: \hat\theta = \max\bigl(0, (\hat H + \lambda I)^{-1} \hat h\bigr),\quad
        \hat H = \frac{\alpha}{n_t} \sum_j \varphi(z_j) \varphi(z_j)^\top
        + \frac{1-\alpha}{n_s} \sum_i \varphi(x_i) \varphi(x_i)^\top,\quad
        \hat h = \frac1{n_t} \sum_j \varphi(z_j)

    ``alpha=0`` is uLSIF, ``alpha>0`` is RuLSIF, whose ratio is at most 1 / alpha. The loss of a grid point leaves out
    one source row x and one target row z at a time:
    :math:`\tfrac{\alpha}{2} \hat r(z)^2 + \tfrac{1-\alpha}{2} \hat r(x)^2 - \hat r(z)`. Each of these solutions is a
    change of rank two of one matrix, so one eigendecomposition a width serves every penalty and every row. Cost:
    :math:`O(n b^2)` a grid point, memory :math:`O(n b)` in blocks.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
    target : ndarray or CSR matrix of shape (n_target, d)
    alpha : float in [0, 1), default=0
    widths : sequence of float > 0, optional
        Default: 0.4, 0.6, 0.8, 1 and 1.5 times the median distance.
    penalties : sequence of float > 0, default=(0.001, 0.01, 0.1, 1)
    n_centres : int >= 1, default=100
        Rows of the target at which kernels stand.
    rng : numpy.random.Generator

    References
    ----------
    Kanamori, Hido & Sugiyama 2009, "A least-squares approach to direct importance estimation", figure 2 (uLSIF, with
    its leave-one-out); Yamada et al. 2011, "Relative density-ratio estimation", equations 5 to 8. Yamada chooses by
    folds; we use leave-one-out for both.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = least_squares_ratio(rng.normal(0, 1, (300, 1)), rng.normal(1, 0.5, (300, 1)), rng=rng)
    >>> found.scores.shape, bool(0.8 < found.weights.mean() < 1.2)
    ((5, 4), True)
    """
    check_samples(source, target)
    check_relative(alpha)
    source, target = centred(source, target)
    grid = [f * median_width(source, target, rng=rng) for f in WIDTHS] if widths is None else [float(w) for w in widths]
    lambdas = np.asarray(penalties, dtype=float)
    _check_grid(grid, lambdas, n_centres)
    centres = target[draw_rows(target, n_centres, rng)]
    first, second = left_out_pairs(source, target, rng)
    scores, n_source, n_target = np.empty((len(grid), len(lambdas))), source.shape[0], target.shape[0]
    choose, moments = scores.size > 1 and len(first) > 1, list[Moments]()
    for k, width in enumerate(grid):
        found, kernels = _moments(source, target, centres, width)
        moments.append(found)
        left = _left_out_rows((source, target), (first, second), kernels, centres, width)
        scores[k] = _leave_one_out(left, found, lambdas, alpha, len(first), n_source, n_target) if choose else np.nan
    best = divmod(int(np.argmin(scores)), len(lambdas)) if choose else (0, 0)
    width, penalty = grid[best[0]], float(lambdas[best[1]])
    h_source, h_target, mean = moments[best[0]]
    matrix = alpha * h_target + (1 - alpha) * h_source
    matrix.flat[:: len(matrix) + 1] += penalty
    coef = np.maximum(np.linalg.solve(matrix, mean), 0.0)
    weights = np.concatenate([np.exp(block) @ coef for _, block in exponents(source, centres, width)])
    return LeastSquaresRatio(weights, coef, centres, width, penalty, scores)


def left_out_pairs(source: Any, target: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are left out together: every row of the smaller side with some row of the other, drawn at random."""
    pairs = min(source.shape[0], target.shape[0])
    first, second = (rng.permutation(ordered(X, rng))[:pairs] for X in (source, target))
    return first, second


def check_relative(alpha: float) -> None:
    """Refuse a share of the target in the denominator outside [0, 1)."""
    if not 0 <= alpha < 1:
        raise ParameterError(f"Expected alpha from 0 to below 1, found {alpha}.")


def _check_grid(widths: list[float], penalties: np.ndarray, n_centres: int) -> None:
    if not widths or min(widths) <= 0 or not np.isfinite(widths).all():
        raise ParameterError(f"Expected widths above 0, found {widths}.")
    if penalties.ndim != 1 or not len(penalties) or not (np.isfinite(penalties) & (penalties > 0)).all():
        raise ParameterError(f"Expected penalties above 0, found {penalties.tolist()}.")
    if n_centres < 1:
        raise ParameterError(f"Expected n_centres from 1 on, found {n_centres}.")


Moments = tuple[np.ndarray, np.ndarray, np.ndarray]


def _moments(source: Any, target: Any, centres: Any, width: float) -> tuple[Moments, list[np.ndarray | None]]:
    """Second moments of the kernels under source and target (b, b), first under the target (b,); small kernels."""
    seconds, mean, kept = [], np.zeros(centres.shape[0]), list[np.ndarray | None]()
    for X, counts in ((source, 0.0), (target, 1.0)):
        whole = _kernel(X, centres, width) if X.shape[0] * centres.shape[0] <= KEPT else None
        blocks = (np.exp(block, out=block) for _, block in exponents(X, centres, width)) if whole is None else [whole]
        second = np.zeros((centres.shape[0],) * 2)
        for values in blocks:
            second += values.T @ values
            mean += counts * values.sum(axis=0, dtype=np.float64)
        seconds.append(second / X.shape[0])
        kept.append(whole)
    return (seconds[0], seconds[1], mean / target.shape[0]), kept


Left = Callable[[slice], tuple[np.ndarray, np.ndarray]]


def _left_out_rows(
    samples: tuple[Any, Any],
    chosen: tuple[np.ndarray, np.ndarray],
    kernels: list[np.ndarray | None],
    centres: Any,
    width: float,
) -> Left:
    """Kernel values of some of the left out pairs: from what was kept, else computed again."""

    def left(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        x, z = (
            _kernel(X[index[rows]], centres, width) if kernel is None else kernel[index[rows]]
            for X, index, kernel in zip(samples, chosen, kernels, strict=True)
        )
        return x, z

    return left


def _leave_one_out(
    left: Left, moments: Moments, penalties: np.ndarray, alpha: float, n: int, n_source: int, n_target: int
) -> np.ndarray:
    """Mean loss over n pairs of rows, each pair left out in turn, for every penalty."""
    h_source, h_target, mean = moments
    # without a pair the matrix is `base - p xx' - q zz'`, and the vector `(n_t mean - z) / (n_t - 1)`
    p, q = (1 - alpha) / (n_source - 1), alpha / (n_target - 1)
    values, vectors = np.linalg.eigh(p * n_source * h_source + q * n_target * h_target)
    shrinks = 1.0 / (np.maximum(values, 0.0)[:, None] + penalties)
    total = np.zeros(len(penalties))
    for start in range(0, n, ROWS):
        rows = slice(start, min(n, start + ROWS))
        x, z = left(rows)
        for k, coef in enumerate(_left_out_coefs(x @ vectors, z @ vectors, mean, shrinks, vectors, (p, q), n_target)):
            at_x = np.einsum("ij,ij->i", x, coef)
            at_z = np.einsum("ij,ij->i", z, coef)
            total[k] += (0.5 * alpha * at_z**2 + 0.5 * (1 - alpha) * at_x**2 - at_z).sum()
    return total / n


def _left_out_coefs(
    x: np.ndarray,
    z: np.ndarray,
    mean: np.ndarray,
    shrinks: np.ndarray,
    vectors: np.ndarray,
    shares: tuple[float, float],
    n_target: int,
) -> Iterator[np.ndarray]:
    """For each penalty the non-negative coefficients without one pair, (rows, b); x, z in eigenvector coordinates.

    One array is used for all of them.
    """
    (p, q), n, h = shares, float(n_target), vectors.T @ mean
    # for all penalties at once, C the inverse without anything left out, a column of `shrinks` its eigenvalues
    xx, xz, zz = (x * x) @ shrinks, (x * z) @ shrinks, (z * z) @ shrinks
    # right-hand sides x'C h_i and z'C h_i
    hx, hz = (n * (x @ (h[:, None] * shrinks)) - xz) / (n - 1), (n * (z @ (h[:, None] * shrinks)) - zz) / (n - 1)
    # (C^-1 - U diag(p, q) U')^-1 = C + C U diag(p, q) (I - U'CU diag(p, q))^-1 U'C
    a, b, c, d = 1 - p * xx, -q * xz, -p * xz, 1 - q * zz
    determinant = a * d - b * c
    u, v = p * (d * hx - b * hz) / determinant, q * (a * hz - c * hx) / determinant
    without, left, coef = (n * h - z) / (n - 1), np.empty_like(x), np.empty_like(x)
    for k in range(shrinks.shape[1]):
        np.multiply(x, u[:, k, None], out=left)
        left += without
        if q:
            left += z * v[:, k, None]
        np.matmul(left, shrinks[:, k, None] * vectors.T, out=coef)
        yield np.maximum(coef, 0.0, out=coef)


def _kernel(rows: Any, centres: Any, width: float) -> np.ndarray:
    return gaussian_kernel(rows, centres, width).astype(np.float64, copy=False)
