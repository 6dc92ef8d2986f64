"""Kernel mean matching: weights that move the source's mean in a kernel space onto the target's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular

from headstart.errors import ParameterError
from headstart.math.ratios.box_program import DenseMatrix, Limits, LowRankMatrix, duality_gap, solve_box_program
from headstart.math.ratios.gaussian import (
    centred,
    check_samples,
    draw_rows,
    gaussian_kernel,
    kernel_row_sums,
    kernel_times,
    kernel_width,
    squared_norms,
)
from headstart.math.ratios.working_set import match_on_working_set

SOLVERS = ("auto", "exact", "nystroem")

#: Source rows up to which ``"auto"`` holds the kernel matrix whole.
EXACT_ROWS = 400

#: Kernel values up to which the objective is computed with the true kernel, n_source * (n_source + n_target).
TRUE_KERNEL = 4_000_000_000

#: Landmarks above that, where nothing corrects the approximation.
UNCORRECTED_LANDMARKS = 500

#: Times the low-rank solution is corrected with the true kernel, at most.
ROUNDS = 20


@dataclass(frozen=True)
class MeanMatching:
    """Result of `kernel_mean_matching`.

    Attributes
    ----------
    weights : ndarray of shape (n_source,)
        Between 0 and the bound; their mean is between 1 - epsilon and 1 + epsilon.
    objective : float
        Value that was reached, as in the formula of `kernel_mean_matching`.
    gap : float
        Upper bound of objective minus least objective, as a share of the objective's size.
    certified : bool
        Whether objective and gap are those of the kernel itself; otherwise they are those of its approximation.
    width : float
        Width of the kernel.
    """

    weights: np.ndarray
    objective: float
    gap: float
    certified: bool
    width: float


def kernel_mean_matching(
    source: Any,
    target: Any,
    *,
    width: str | float = "median",
    bound: float = 1000.0,
    epsilon: float | None = None,
    solver: str = "auto",
    n_landmarks: int | None = None,
    tolerance: float = 0.02,
    rng: np.random.Generator,
) -> MeanMatching:
    r"""Minimise the distance of the weighted source's kernel mean to the target's.

    .. math:: \min_\beta \tfrac12 \beta^\top K \beta - \kappa^\top \beta \quad\text{with}\quad 0 \le \beta_i \le B,\;
        \Bigl|\sum_i \beta_i - n_s\Bigr| \le n_s \epsilon,\qquad \kappa_i = \frac{n_s}{n_t} \sum_j k(x_i, z_j)

    with the Gaussian kernel over source rows x and target rows z. ``"exact"`` solves it with the whole matrix.
    ``"nystroem"`` solves it with :math:`K \approx L L^\top + \mathrm{diag}(1 - \|L_i\|^2)`, whose diagonal is the true
    one, and then corrects the solution with the true kernel in blocks (proximal Newton with an exact line search)
    until the gap is below the tolerance; with a tolerance from 0.001 on, in single precision. ``"auto"`` first tries
    the few rows that carry weight (`match_on_working_set`), which is the way where kernels of different rows are far
    from dependent: many columns or a narrow width. The true kernel is not used above 4e9 of its values; there the gap
    is that of the approximation, which on 10,000 rows of 64 columns cost 1% of the objective with a width of
    :math:`\sqrt{d/2}` and 0.1% with the median. Memory: ``n_landmarks`` numbers a row.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
    target : ndarray or CSR matrix of shape (n_target, d)
    width : "median" or float > 0, default="median"
    bound : float > 0, default=1000
        The B of the formula.
    epsilon : float >= 0, optional
        Default: :math:`(\sqrt{n_s} - 1) / \sqrt{n_s}`.
    solver : {"auto", "exact", "nystroem"}, default="auto"
        "auto" is exact up to 400 source rows, then on a working set where that is the way, else "nystroem".
    n_landmarks : int >= 1, optional
        Default: a thirtieth of the source rows, at least 100 and at most 300; 500 where the true kernel is not used.
    tolerance : float > 0, default=0.02
        Largest relative gap of all but "exact". The gap is a bound; what is lost is about a tenth of it.
    rng : numpy.random.Generator
        Draws landmarks and the rows for the median.

    Raises
    ------
    ParameterError
        An option out of its range, or bounds that no weights can meet.

    References
    ----------
    Huang et al. 2006, "Correcting sample selection bias by unlabeled data", equation 12; Gretton et al. 2009 for B and
    epsilon. The low-rank program is Fine & Scheinberg's (2001), with the diagonal of Snelson & Ghahramani (2006).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (200, 1)), rng.normal(1, 0.5, (200, 1))
    >>> found = kernel_mean_matching(source, target, rng=rng)
    >>> bool(found.weights[source[:, 0] > 0].mean() > 5 * found.weights[source[:, 0] < 0].mean())
    True
    """
    check_samples(source, target)
    n = source.shape[0]
    epsilon = (np.sqrt(n) - 1) / np.sqrt(n) if epsilon is None else float(epsilon)
    if n_landmarks is None:
        corrected = n * (n + target.shape[0]) <= TRUE_KERNEL
        n_landmarks = min(max(n // 30, 100), 300) if corrected else UNCORRECTED_LANDMARKS
    _check(bound, epsilon, solver, n_landmarks, tolerance)
    source, target = centred(source, target)
    sigma = kernel_width(width, source, target, rng=rng)
    limits: Limits = {"upper": float(bound), "low": n * max(1 - epsilon, 0.0), "high": n * (1 + epsilon)}
    if bound <= (1 - epsilon) * (1 + 1e-9):  # only one point is allowed
        limits["low"] = n * bound * (1 - 1e-9)
    if solver == "exact" or (solver == "auto" and n <= EXACT_ROWS):
        kernel = gaussian_kernel(source, source, sigma).astype(np.float64, copy=False)
        linear = kernel_row_sums(source, target, sigma) * (n / target.shape[0])
        weights = solve_box_program(DenseMatrix(kernel), linear, tolerance=1e-9, **limits)
        return _result(weights, kernel @ weights - linear, linear, limits, True, sigma)
    return _approximate(source, target, sigma, limits, n_landmarks, tolerance, rng, solver == "auto")


def _approximate(
    source: Any,
    target: Any,
    sigma: float,
    limits: Limits,
    n_landmarks: int,
    tolerance: float,
    rng: np.random.Generator,
    few_rows: bool,
) -> MeanMatching:
    n, m = source.shape[0], target.shape[0]
    true_kernel = n * (n + m) <= TRUE_KERNEL
    if not true_kernel or _short_is_enough(source, target, sigma, tolerance):
        source, target = source.astype(np.float32, copy=False), target.astype(np.float32, copy=False)
    linear = kernel_row_sums(source, target, sigma) * (n / m) if true_kernel else None
    if linear is not None and few_rows:
        sparse_answer = match_on_working_set(source, linear, sigma, limits, tolerance)
        if sparse_answer is not None:
            return _result(*sparse_answer, linear, limits, True, sigma)
    matrix, target_mean = _low_rank(source, target, sigma, n_landmarks, rng)
    linear = n * (matrix.factor @ target_mean) if linear is None else linear
    weights = solve_box_program(matrix, linear, tolerance=0.1 * tolerance, **limits)
    if not true_kernel:
        return _result(weights, matrix.times(weights) - linear, linear, limits, False, sigma)
    gradient = kernel_times(source, sigma, weights) - linear
    found = _result(weights, gradient, linear, limits, True, sigma)
    for _ in range(ROUNDS):
        if found.gap <= tolerance:
            break
        move = (
            solve_box_program(matrix, matrix.times(weights) - gradient, tolerance=0.1 * tolerance, **limits) - weights
        )
        moved = kernel_times(source, sigma, move)
        slope, curve = float(gradient @ move), float(move @ moved)
        if slope >= 0:
            break
        step = min(1.0, -slope / curve) if curve > 0 else 1.0
        weights, gradient = weights + step * move, gradient + step * moved
        found = _result(weights, gradient, linear, limits, True, sigma)
    return found


def _short_is_enough(source: Any, target: Any, sigma: float, tolerance: float) -> bool:
    """Whether kernels in single precision are exact enough: a wide tolerance, no row that is very far out."""
    furthest = max(float(squared_norms(X).max()) for X in (source, target))
    return tolerance >= 1e-3 and furthest < 1e3 * sigma**2


def _low_rank(
    source: Any, target: Any, sigma: float, n_landmarks: int, rng: np.random.Generator
) -> tuple[LowRankMatrix, np.ndarray]:
    """Nystroem factor of the source rows with the true diagonal, and the target's mean in the same coordinates."""
    landmarks = _landmarks(source, target, n_landmarks, rng)
    corner = gaussian_kernel(landmarks, landmarks, sigma).astype(np.float64, copy=False)
    corner.flat[:: len(corner) + 1] += 1e-7 if source.dtype == np.float64 else 1e-5
    root = cholesky(corner, lower=True, check_finite=False)
    columns = gaussian_kernel(source, landmarks, sigma).astype(np.float64, copy=False)
    factor = np.ascontiguousarray(solve_triangular(root, columns.T, lower=True, overwrite_b=True, check_finite=False).T)
    sums = kernel_row_sums(landmarks, target, sigma) / target.shape[0]
    rest = np.maximum(1.0 - np.einsum("ij,ij->i", factor, factor), 1e-6)
    return LowRankMatrix(factor, rest), solve_triangular(root, sums, lower=True, check_finite=False)


def _landmarks(source: Any, target: Any, n_landmarks: int, rng: np.random.Generator) -> Any:
    """Rows of both samples, half and half."""
    parts = [
        X[draw_rows(X, size, rng)] for X, size in ((source, n_landmarks - n_landmarks // 2), (target, n_landmarks // 2))
    ]
    return sparse.vstack(parts, format="csr") if sparse.issparse(parts[0]) else np.vstack(parts)


def _result(
    weights: np.ndarray,
    gradient: np.ndarray,
    linear: np.ndarray,
    limits: Limits,
    certified: bool,
    sigma: float,
) -> MeanMatching:
    objective = 0.5 * float(weights @ (gradient - linear))
    gap = duality_gap(gradient, weights, **limits)
    return MeanMatching(weights, objective, max(gap, 0.0) / max(abs(objective), 1e-300), certified, sigma)


def _check(bound: float, epsilon: float, solver: str, n_landmarks: int, tolerance: float) -> None:
    if solver not in SOLVERS:
        raise ParameterError(f"Expected solver to be one of {', '.join(SOLVERS)}, found {solver!r}.")
    if not bound > 0 or not epsilon >= 0:
        raise ParameterError(f"Expected bound above 0 and epsilon from 0 on, found {bound} and {epsilon}.")
    if n_landmarks < 1 or not tolerance > 0:
        raise ParameterError(
            f"Expected n_landmarks from 1 on and a tolerance above 0, found {n_landmarks} and {tolerance}."
        )
    if bound < 1 - epsilon:
        raise ParameterError(
            f"Expected a bound of at least 1 - epsilon = {1 - epsilon:.4g}, found {bound:.4g}: no weights between 0 "
            "and the bound have a mean that large.",
            "Raise bound or epsilon.",
        )
