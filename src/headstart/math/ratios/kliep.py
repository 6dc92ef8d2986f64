"""KLIEP: the ratio whose reweighted source gives the target's rows the highest likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls
from scipy.special import logsumexp

from headstart.errors import ParameterError
from headstart.math.ratios.gaussian import centred, check_samples, draw_rows, exponents, median_width, ordered

#: Widths tried by default, as multiples of the median distance.
WIDTHS = (0.3, 0.5, 0.7, 1.0, 1.5)


@dataclass(frozen=True)
class KliepRatio:
    """Result of `kliep`.

    Attributes
    ----------
    weights : ndarray of shape (n_source,)
        The ratio at the source's rows; its mean is 1.
    coef : ndarray of shape (b,)
        Non-negative; ``ratio(x) = kernel(x, centres) @ coef``, where it does not overflow.
    centres : ndarray or CSR matrix of shape (b, d)
        Rows of the target.
    width : float
        The chosen one.
    scores : ndarray of shape (n_widths,)
        Mean held-out log-ratio of every width (nan where nothing was chosen).
    objective : float
        Mean log-ratio of the target's rows that was reached.
    gap : float
        Upper bound of how much higher the best one is.
    """

    weights: np.ndarray
    coef: np.ndarray
    centres: Any
    width: float
    scores: np.ndarray
    objective: float
    gap: float


def kliep(
    source: Any,
    target: Any,
    *,
    widths: Sequence[float] | None = None,
    n_centres: int = 100,
    n_folds: int = 5,
    tolerance: float = 1e-4,
    rng: np.random.Generator,
) -> KliepRatio:
    r"""Maximise the likelihood of the target under the reweighted source; choose the width by held-out likelihood.

    .. math:: \max_{\alpha \ge 0} \frac1{n_t} \sum_j \log \sum_l \alpha_l k(z_j, c_l) \quad\text{with}\quad
        \frac1{n_s} \sum_i \sum_l \alpha_l k(x_i, c_l) = 1

    With :math:`b_l` the mean of :math:`k(x_i, c_l)` and :math:`u_l = \alpha_l b_l` this is the likelihood of a mixture
    with components :math:`k(\cdot, c_l)/b_l` and shares u, a concave problem on the simplex. It is solved by Newton
    steps with an active set and stops when its duality gap, the largest entry of the gradient minus 1, is below the
    tolerance; the paper goes up the gradient and gives no such rule. All is computed in logarithms. Cost: :math:`O(n b
    a^2)` a step for a active centres; memory :math:`O(n b)`.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
    target : ndarray or CSR matrix of shape (n_target, d)
    widths : sequence of float > 0, optional
        Default: 0.3, 0.5, 0.7, 1 and 1.5 times the median distance. One width means no choosing.
    n_centres : int >= 1, default=100
    n_folds : int >= 2, default=5
        Folds of the target's rows.
    tolerance : float > 0, default=1e-4
        Of the mean log-ratio.
    rng : numpy.random.Generator

    References
    ----------
    Sugiyama, Nakajima, Kashima, von Buenau & Kawanabe 2008, "Direct importance estimation with model selection and its
    application to covariate shift adaptation", figure 1 (KLIEP) and its likelihood cross-validation. The solver is that
    of Kim, Carbonetto, Stephens & Anitescu (2020) for mixture shares.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = kliep(rng.normal(0, 1, (300, 1)), rng.normal(1, 0.5, (300, 1)), rng=rng)
    >>> round(float(found.weights.mean()), 6), bool(found.gap < 1e-4)
    (1.0, True)
    """
    check_samples(source, target)
    source, target = centred(source, target)
    grid = [f * median_width(source, target, rng=rng) for f in WIDTHS] if widths is None else [float(w) for w in widths]
    _check(grid, n_centres, n_folds, tolerance)
    centres = target[draw_rows(target, n_centres, rng)]
    at_source, at_target = (_exponents(X, centres) for X in (source, target))
    folds = likelihood_folds(target, n_folds, rng)
    scores = np.full(len(grid), np.nan)
    best: tuple[np.ndarray, float, np.ndarray, float] | None = None
    for k, width in enumerate(grid):
        log_means = logsumexp(at_source / width**2, axis=0) - np.log(len(at_source))
        components, height = _components(at_target / width**2 - log_means)
        shares, gap = mixture_shares(components, tolerance=tolerance)
        if len(grid) > 1 and folds:
            scores[k] = _held_out(components, height, folds, shares, max(tolerance, 1e-3))
        if best is None or scores[k] > np.nanmax(scores[:k], initial=-np.inf):
            objective = float((np.log(components @ shares) + height).mean())
            best, chosen = (shares, gap, log_means, objective), width
    assert best is not None
    shares, gap, log_means, objective = best
    active = np.flatnonzero(shares)
    exponent = at_source[:, active] / chosen**2 - log_means[active] + np.log(shares[active])
    weights = np.exp(logsumexp(exponent, axis=1))
    coef = np.zeros(len(shares))
    coef[active] = np.exp(np.minimum(np.log(shares[active]) - log_means[active], 700.0))
    return KliepRatio(weights, coef, centres, chosen, scores, objective, gap)


def mixture_shares(
    components: np.ndarray, start: np.ndarray | None = None, *, tolerance: float, most: int = 100
) -> tuple[np.ndarray, float]:
    """Shares u on the simplex that maximise ``mean(log(components @ u))``, and a bound of what is missing.

    Parameters
    ----------
    components : ndarray of shape (n, b)
        Densities, non-negative; every row has one that is not 0. Scaling a row changes nothing.
    start : ndarray of shape (b,), optional
        Shares to begin with.
    tolerance : float > 0
    most : int, default=100
        Newton steps.

    Returns
    -------
    shares : ndarray of shape (b,)
    gap : float
        The mean log-density is at most this much below its maximum.

    Examples
    --------
    >>> shares, gap = mixture_shares(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), tolerance=1e-9)
    >>> shares.round(4).tolist()
    [0.6667, 0.3333]
    """
    n, b = components.shape
    shares = np.full(b, 1.0 / b) if start is None else 0.98 * start + 0.02 / b
    if start is None:
        for _ in range(3):
            shares = shares * ((1.0 / (components @ shares)) @ components) / n
    gap = np.inf
    for _ in range(most):
        density = components @ shares
        gradient = (1.0 / density) @ components / n
        gap = float(gradient.max()) - 1.0
        if gap <= tolerance:
            break
        moved = _newton(components, density, gradient, shares)
        if moved is None:
            moved = shares * gradient
        shares = moved / moved.sum()
    return shares, max(gap, 0.0)


def _newton(components: np.ndarray, density: np.ndarray, gradient: np.ndarray, shares: np.ndarray) -> np.ndarray | None:
    """One step of ``min sum(u) - mean(log(components @ u))`` over u >= 0; None where it does not descend."""
    n = len(density)
    active = np.flatnonzero((shares > 1e-9) | (gradient > 1.0))
    scaled = components[:, active] / density[:, None]
    hessian = scaled.T @ scaled / n
    hessian.flat[:: len(active) + 1] += 1e-9 * hessian.flat[:: len(active) + 1].mean() + 1e-12
    try:
        root = cholesky(hessian, check_finite=False)
        right = solve_triangular(root, hessian @ shares[active] + gradient[active] - 1.0, trans=1, check_finite=False)
        wanted, _ = nnls(root, right)
    except (np.linalg.LinAlgError, RuntimeError):
        return None
    move = wanted - shares[active]
    relative = scaled @ move
    slope = float(move.sum() - relative.mean())
    if slope > -1e-15:
        return None
    step = 1.0
    for _ in range(30):
        after = 1.0 + step * relative
        if after.min() > 0 and step * move.sum() - np.log(after).mean() <= 0.01 * step * slope:
            moved = np.zeros_like(shares)
            moved[active] = np.maximum(shares[active] + step * move, 0.0)
            return moved
        step *= 0.5
    return None


def likelihood_folds(target: Any, n_folds: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows held out in turn; the same rows however the sample is ordered. Fewer folds where there are fewer rows."""
    folds = min(n_folds, target.shape[0])
    return [] if folds < 2 else np.array_split(rng.permutation(ordered(target, rng)), folds)


def _held_out(
    components: np.ndarray, height: np.ndarray, folds: list[np.ndarray], start: np.ndarray, tolerance: float
) -> float:
    """Mean log-ratio of rows that were held out."""
    total = 0.0
    for test in folds:
        train = np.ones(len(components), dtype=bool)
        train[test] = False
        shares, _ = mixture_shares(components[train], start, tolerance=tolerance)
        with np.errstate(divide="ignore"):
            total += float((np.log(components[test] @ shares) + height[test]).sum())
    return total / len(components)


def _exponents(X: Any, centres: Any) -> np.ndarray:
    """Kernel exponents at width 1, shape (n, b), in double precision."""
    found = np.empty((X.shape[0], centres.shape[0]))
    for rows, block in exponents(X, centres, 1.0):
        found[rows] = block
    return found


def _components(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Densities from their logarithms, each row divided by its largest, and the logarithm of that."""
    height = logs.max(axis=1)
    logs -= height[:, None]
    return np.exp(logs, out=logs), height


def _check(widths: list[float], n_centres: int, n_folds: int, tolerance: float) -> None:
    if not widths or min(widths) <= 0 or not np.isfinite(widths).all():
        raise ParameterError(f"Expected widths above 0, found {widths}.")
    if n_centres < 1 or n_folds < 2 or not tolerance > 0:
        raise ParameterError(
            "Expected n_centres from 1, n_folds from 2 and a tolerance above 0, found "
            f"{n_centres}, {n_folds} and {tolerance}."
        )
