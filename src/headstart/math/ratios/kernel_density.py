"""The ratio of two Gaussian kernel densities, in logarithms."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from headstart.errors import ParameterError
from headstart.math.ratios.gaussian import centred, check_samples, draw_rows, exponents

RULES = ("scott", "silverman", "likelihood")

#: Multiples of Scott's bandwidth among which "likelihood" chooses.
MULTIPLES = (0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2)

#: Rows whose held-out likelihood chooses.
CHOOSING_ROWS = 1000


def log_density_ratio(
    source: Any,
    target: Any,
    *,
    bandwidth: str | float = "scott",
    leave_one_out: bool = True,
    rng: np.random.Generator,
) -> np.ndarray:
    r"""Logarithm of target density over source density at the rows of the source.

    .. math:: \log \hat p_t(x_i) - \log \hat p_s(x_i),\qquad
        \log \hat p(x) = \mathrm{logsumexp}_j \Bigl(-\tfrac12 \sum_c \frac{(x_c - z_{jc})^2}{h_c^2}\Bigr)
        - \log n - \sum_c \log h_c - \tfrac d2 \log 2\pi

    with the bandwidth :math:`h_c` of column c. Nothing under- or overflows, whatever d. A row's own kernel is left out
    of the source's density, where it would be the largest term by far in many dimensions and pull all weights towards
    each other; ``leave_one_out=False`` keeps it. Cost: :math:`O(n_s (n_s + n_t) d)`, memory: a block.

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n_source, d)
    target : ndarray or CSR matrix of shape (n_target, d)
    bandwidth : {"scott", "silverman", "likelihood"} or float > 0, default="scott"
        Rules give a factor that depends on rows and columns, times the standard deviation of each column within
        the samples; ``"likelihood"`` the multiple of Scott's factor with the highest leave-one-out likelihood, for each
        sample; a number is the bandwidth of every column.
    leave_one_out : bool, default=True
    rng : numpy.random.Generator
        Draws the rows that choose by likelihood.

    Returns
    -------
    ndarray of shape (n_source,)

    References
    ----------
    Sugiyama & Mueller 2005, "Input-dependent estimation of generalization error under covariate shift"; Scott 1992 and
    Silverman 1986 for the factors.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (500, 512)), rng.normal(0.05, 1, (500, 512))
    >>> bool(np.isfinite(log_density_ratio(source, target, rng=rng)).all())
    True
    """
    check_samples(source, target)
    _check(bandwidth)
    source, target = centred(source, target)
    if isinstance(bandwidth, str):
        spread = _spread(source, target)
        kept = np.flatnonzero(spread > 0)
        source, target = (_divided(X, kept, spread) for X in (source, target))
    d = source.shape[1]
    without = leave_one_out and source.shape[0] > 1
    own, other = (_factor(bandwidth, X, rng) for X in (source, target))
    ours = _log_sums(source, source, own, without) - np.log(source.shape[0] - without) - d * np.log(own)
    theirs = _log_sums(source, target, other, False) - np.log(target.shape[0]) - d * np.log(other)
    return theirs - ours


def _log_sums(X: Any, Y: Any, width: float, without_own: bool) -> np.ndarray:
    """Logarithm of the sum of kernels at the rows of X; without the row's own where X is Y."""
    found = np.empty(X.shape[0])
    for rows, block in exponents(X, Y, width):
        if without_own:
            block[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = -np.inf
        top = block.max(axis=1)
        block -= top[:, None]
        found[rows] = top + np.log(np.exp(block, out=block).sum(axis=1))
    return found


def _factor(bandwidth: str | float, X: Any, rng: np.random.Generator) -> float:
    """The bandwidth, in the units of scaled columns where it comes from a rule."""
    if not isinstance(bandwidth, str):
        return float(bandwidth)
    n, d = X.shape
    scott = n ** (-1.0 / (d + 4))
    if bandwidth == "scott":
        return scott
    if bandwidth == "silverman":
        return scott * (4.0 / (d + 2)) ** (1.0 / (d + 4))
    if n < 3:
        return scott
    rows = X[draw_rows(X, CHOOSING_ROWS, rng)]
    scores = [_log_sums(rows, rows, f * scott, True).mean() - d * np.log(f * scott) for f in MULTIPLES]
    return MULTIPLES[int(np.argmax(scores))] * scott


def _spread(source: Any, target: Any) -> np.ndarray:
    """Standard deviation of every column within the samples; over both where it is constant in each; else 0."""
    counts = [source.shape[0], target.shape[0]]
    sums = [np.asarray(X.sum(axis=0, dtype=np.float64)).ravel() for X in (source, target)]
    squares = sum(
        np.asarray((X.multiply(X) if sparse.issparse(X) else X**2).sum(axis=0, dtype=np.float64)).ravel()
        for X in (source, target)
    ) / sum(counts)
    within = squares - sum(total**2 / n for total, n in zip(sums, counts, strict=True)) / sum(counts)
    whole = squares - (sum(sums) / sum(counts)) ** 2
    floor = (1e-12 if source.dtype == np.float64 else 1e-6) * squares
    variance = np.where(within > floor, within, np.where(whole > floor, whole, 0.0))
    return np.sqrt(np.maximum(variance, 0.0))


def _divided(X: Any, kept: np.ndarray, spread: np.ndarray) -> Any:
    if sparse.issparse(X):
        return (X.tocsc()[:, kept] @ sparse.diags_array(1.0 / spread[kept])).tocsr().astype(X.dtype)
    return (X[:, kept] / spread[kept]).astype(X.dtype, copy=False)


def _check(bandwidth: str | float) -> None:
    known = bandwidth in RULES if isinstance(bandwidth, str) else np.isfinite(bandwidth) and bandwidth > 0
    if not known:
        raise ParameterError(
            f"Expected bandwidth to be one of {', '.join(RULES)} or a number above 0, found {bandwidth!r}."
        )
