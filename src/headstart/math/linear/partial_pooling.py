"""One task in many groups: shared coefficients and shrunk deviations of each group, by empirical Bayes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

#: Where the search for variances starts: of intercepts, slopes and shared slopes, as multiples of the noise's.
_START = (0.1, 0.01, 0.1)
_BOUNDS = (-14.0, 6.0)
#: Precision of the shared intercept, which is not shrunk.
_FLAT = 1e-8
_ROUNDS, _SETTLED = 12, 1e-4
#: Groups that the two variances count for in the covariance of deviations, a coefficient; and rounds to find it, of
#: numbers and in each round of log-odds.
_PRIOR, _STEPS, _STEPS_EACH = 2, 15, 3


@dataclass(frozen=True, eq=False)
class Sums:
    """What a linear model needs to know of the rows of G groups, and of rows in none, which stand last.

    Attributes
    ----------
    A : ndarray of shape (G + 1, p, p)
        Sums of products of the columns, the first of which is one.
    b : ndarray of shape (G + 1, p)
    square : float
        Of the targets.
    n : int
    """

    A: np.ndarray
    b: np.ndarray
    square: float
    n: int


@dataclass(frozen=True, eq=False)
class Pooling:
    """Coefficients of groups, the first of them the intercept.

    Attributes
    ----------
    coef : ndarray of shape (p,)
        Shared; zeros where nothing is.
    deviations : ndarray of shape (G, p)
    variances : ndarray of shape (3,)
        Of deviating intercepts, deviating slopes and shared slopes, as multiples of the noise's variance.
    covariance : ndarray of shape (p, p), optional
        Of deviations, as multiples of the noise's variance; None: the first two variances, and no correlation.
    """

    coef: np.ndarray
    deviations: np.ndarray
    variances: np.ndarray
    covariance: np.ndarray | None = None

    def answers(self, Z: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Numbers, (n,), for rows (n, p - 1) and their groups (n,), -1 for one that is not known."""
        own = np.vstack([self.deviations, np.zeros_like(self.coef)])[codes] + self.coef
        return own[:, 0] + np.einsum("ij,ij->i", Z, own[:, 1:])


def partial_pooling(
    Z: np.ndarray,
    y: np.ndarray,
    codes: np.ndarray,
    n_groups: int,
    *,
    weight: np.ndarray | None = None,
    shared: bool = True,
    found: Pooling | None = None,
) -> Pooling:
    r"""Fit :math:`y = x^T(\beta + u_g) + \epsilon` with :math:`u_g \sim N(0, \sigma^2 D)`, D found from the data.

    First D has one variance for intercepts and one for all slopes; the shared slopes have a variance of their own, so
    that few rows shrink them too, and the shared intercept none. With :math:`D = L L^T`,
    :math:`M_g = I + L^T A_g L` and :math:`A_g = Z_g^T Z_g` the marginal covariance of a group is never made:

    .. math:: Z_g^T V_g^{-1} Z_g = A_g - A_g L M_g^{-1} L^T A_g, \quad \log|V_g| = \log|M_g|, \quad
              u_g = L M_g^{-1} L^T (b_g - A_g \beta)

    The three variances maximise the restricted likelihood, in which :math:`\sigma^2` is profiled out. From there D is
    any covariance, so that coefficients which deviate more, or together, are shrunk so: the likeliest one under an
    inverse Wishart prior around the two variances that counts for two groups a coefficient.

    Parameters
    ----------
    Z : ndarray of shape (n, p - 1)
        Columns of like scale.
    y : ndarray of shape (n,)
    codes : ndarray of int, shape (n,)
        Group of each row, -1 for none: such rows tell the shared part alone.
    n_groups : int
    weight : ndarray of shape (n,), optional
    shared : bool, default=True
        False: each group by itself, shrunk to zero by the two variances.
    found : Pooling, optional
        Whose variances and covariance are taken. Default: they are found.

    Returns
    -------
    Pooling

    References
    ----------
    Laird and Ware (1982), "Random-effects models for longitudinal data", also for the steps of expectation and
    maximisation; Harville (1977) for the restricted likelihood; Chung et al. (2015), "Weakly informative prior for
    point estimation of covariance matrices in hierarchical models", for a prior on the covariance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = np.repeat(np.arange(20), 6)
    >>> y = rng.normal(size=20)[codes] + rng.normal(0, 0.1, 120)
    >>> found = partial_pooling(np.zeros((120, 1)), y, codes, 20)
    >>> bool(found.variances[0] > 10), bool(np.std(y - found.answers(np.zeros((120, 1)), codes)) < 0.12)
    (True, True)
    """
    sums = sums_of(Z, y, codes, n_groups, weight)
    if found is None:
        best = best_variances(sums, shared=shared, noise=None)
        return likelier(sums, best) if shared else solved(sums, best, shared=False)[1]
    return solved(sums, found.variances, shared=shared, covariance=found.covariance)[1]


def partial_pooling_logistic(
    Z: np.ndarray,
    y: np.ndarray,
    codes: np.ndarray,
    n_groups: int,
    *,
    offset: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    shared: bool = True,
    found: Pooling | None = None,
) -> Pooling:
    r"""The same for y of 0 and 1, whose log-odds are an offset and :math:`x^T(\beta + u_g)`.

    Penalised quasi-likelihood: in each round the linear model above, with noise of variance 1, is fitted to working
    targets :math:`\eta + (y - p) / (p (1 - p))` with weights :math:`p (1 - p)`, and the variances and the
    covariance are found anew.

    Parameters
    ----------
    Z, codes, n_groups, weight, shared, found
        As in `partial_pooling`.
    y : ndarray of shape (n,), 0 and 1
    offset : ndarray of shape (n,), optional
        Log-odds of another model.

    Returns
    -------
    Pooling

    References
    ----------
    Breslow and Clayton (1993), "Approximate inference in generalized linear mixed models", section 2. With few rows a
    group it finds variances that are too small, which errs on the side of the shared model.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = np.repeat(np.arange(20), 30)
    >>> y = (rng.random(600) < expit(2 * np.sign(codes - 9.5))).astype(float)
    >>> found = partial_pooling_logistic(np.zeros((600, 1)), y, codes, 20)
    >>> bool((found.deviations[:10, 0] < 0).all()), bool((found.deviations[10:, 0] > 0).all())
    (True, True)
    """
    start = np.zeros(len(y)) if offset is None else offset
    eta, best = start, found
    for _ in range(_ROUNDS):
        p = expit(eta)
        curve = np.maximum(p * (1 - p), 1e-6)
        mass = curve if weight is None else curve * weight
        sums = sums_of(Z, eta - start + (y - p) / curve, codes, n_groups, mass)
        if found is not None:
            best = solved(sums, found.variances, shared=shared, noise=1.0, covariance=found.covariance)[1]
        else:
            variances = best_variances(sums, shared=shared, noise=1.0, start=None if best is None else best.variances)
            known = None if best is None else best.covariance
            best = (
                likelier(sums, variances, noise=1.0, steps=_STEPS_EACH, start=known)
                if shared
                else solved(sums, variances, shared=False, noise=1.0)[1]
            )
        new = np.clip(start + best.answers(Z, codes), -30, 30)
        if np.abs(new - eta).max() < _SETTLED * (1 + np.abs(eta).max()):
            break
        eta = new
    assert best is not None
    return best


def sums_of(Z: np.ndarray, y: np.ndarray, codes: np.ndarray, n_groups: int, weight: np.ndarray | None = None) -> Sums:
    """Sums of products of each group's rows, for `solved`.

    Parameters
    ----------
    Z, y, codes, n_groups, weight
        As in `partial_pooling`.
    """
    rows = np.column_stack([np.ones(len(Z)), Z])
    weighed = rows if weight is None else rows * weight[:, None]
    place = np.where(codes < 0, n_groups, codes)
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(n_groups + 2))
    p = rows.shape[1]
    A, b = np.zeros((n_groups + 1, p, p)), np.zeros((n_groups + 1, p))
    for g in np.flatnonzero(np.diff(ends)):
        own = order[ends[g] : ends[g + 1]]
        A[g], b[g] = weighed[own].T @ rows[own], weighed[own].T @ y[own]
    square = float(y @ y if weight is None else y @ (weight * y))
    return Sums(A, b, square, len(y))


def solved(
    sums: Sums,
    variances: np.ndarray,
    *,
    shared: bool = True,
    noise: float | None = None,
    covariance: np.ndarray | None = None,
) -> tuple[float, Pooling]:
    """Coefficients at given variances, and minus twice the restricted log-likelihood, up to a constant.

    Parameters
    ----------
    sums : Sums
    variances : ndarray of shape (3,)
    shared : bool
    noise : float, optional
        Variance of the noise; None: profiled out.
    covariance : ndarray of shape (p, p), optional
        Of deviations, in place of the first two variances.
    """
    p = sums.b.shape[1]
    A, b = sums.A[:-1], sums.b[:-1]
    if covariance is None:
        root = np.sqrt(np.r_[variances[0], np.full(p - 1, variances[1])])
        scaled, aimed = root[:, None] * A, root * b
        M = np.eye(p) + scaled * root
    else:
        L = np.linalg.cholesky(covariance)
        scaled, aimed = L.T @ A, b @ L
        M = np.eye(p) + scaled @ L
    inner = np.linalg.solve(M, np.concatenate([scaled, aimed[:, :, None]], axis=2))
    deviance = 2 * float(np.log(np.diagonal(np.linalg.cholesky(M), axis1=1, axis2=2)).sum())
    rest, coef = sums.square - float(np.einsum("gi,gi->", aimed, inner[:, :, p])), np.zeros(p)
    freedom = sums.n
    if shared:
        precision = np.r_[_FLAT, np.full(p - 1, 1 / variances[2])]
        H = sums.A.sum(axis=0) - np.einsum("gij,gik->jk", scaled, inner[:, :, :p]) + np.diag(precision)
        h = sums.b.sum(axis=0) - np.einsum("gij,gi->j", scaled, inner[:, :, p])
        coef = np.linalg.solve(H, h)
        rest -= float(coef @ h)
        deviance += float(np.linalg.slogdet(H)[1]) + (p - 1) * float(np.log(variances[2]))
        freedom -= 1
    rest = max(rest, 1e-12 * sums.square + 1e-300)
    deviance += freedom * np.log(rest / max(freedom, 1)) if noise is None else rest / noise
    own = inner[:, :, p] - inner[:, :, :p] @ coef
    deviations = root * own if covariance is None else own @ L.T
    return deviance, Pooling(coef, deviations, np.asarray(variances, dtype=np.float64), covariance)


def likelier(
    sums: Sums,
    variances: np.ndarray,
    *,
    noise: float | None = None,
    steps: int = _STEPS,
    start: np.ndarray | None = None,
) -> Pooling:
    r"""Coefficients with a covariance of deviations that is likelier than two variances, by steps of EM.

    .. math:: D \leftarrow \frac{1}{G + c} \Big( c D_0 + \sum_g \frac{u_g u_g^T}{\sigma^2} + C_g +
              C_g A_g H^{-1} A_g C_g \Big), \qquad C_g = L M_g^{-1} L^T

    with :math:`D_0` of the two variances, :math:`c = 2 p`, and H the precision of the shared coefficients.

    Parameters
    ----------
    sums : Sums
    variances : ndarray of shape (3,)
    noise : float, optional
        Variance of the noise; None: found in each step.
    steps : int, at least 1
    start : ndarray of shape (p, p), optional
        Where to begin. Default: the two variances.
    """
    p, A, b = sums.b.shape[1], sums.A[:-1], sums.b[:-1]
    middle = np.diag(np.r_[variances[0], np.full(p - 1, variances[1])])
    precision = np.diag(np.r_[_FLAT, np.full(p - 1, 1 / variances[2])])
    D, count = middle if start is None else start, _PRIOR * p
    for _ in range(steps):
        L = np.linalg.cholesky(D)
        C = L @ np.linalg.solve(np.eye(p) + L.T @ A @ L, np.broadcast_to(L.T, A.shape))
        gain = C @ A
        inverse = np.linalg.inv(sums.A.sum(axis=0) - np.einsum("gij,gjk->ik", A, gain, optimize=True) + precision)
        pulled = np.einsum("gij,gj->gi", C, b)
        h = sums.b.sum(axis=0) - np.einsum("gij,gj->i", A, pulled)
        coef = inverse @ h
        rest = sums.square - float(np.einsum("gi,gi->", b, pulled)) - float(coef @ h)
        variance = max(rest, 1e-12 * sums.square + 1e-300) / max(sums.n - 1, 1) if noise is None else noise
        u = pulled - gain @ coef
        known = u.T @ u / variance + C.sum(axis=0) + (gain @ inverse @ gain.transpose(0, 2, 1)).sum(axis=0)
        D = (known + count * middle) / (len(A) + count)
        D = (D + D.T) / 2
    return solved(sums, variances, noise=noise, covariance=D)[1]


def best_variances(sums: Sums, *, shared: bool, noise: float | None, start: np.ndarray | None = None) -> np.ndarray:
    """The three variances of the highest restricted likelihood.

    Parameters
    ----------
    sums : Sums
    shared : bool
    noise : float or None
    start : ndarray of shape (3,), optional
        Where to begin.
    """

    def deviance(logs: np.ndarray) -> float:
        return solved(sums, np.exp(logs), shared=shared, noise=noise)[0]

    return np.exp(_least(deviance, np.log(_START if start is None else start)))


def _least(of: Callable[[np.ndarray], float], start: np.ndarray) -> np.ndarray:
    return np.asarray(minimize(of, start, method="L-BFGS-B", bounds=[_BOUNDS] * len(start)).x)
