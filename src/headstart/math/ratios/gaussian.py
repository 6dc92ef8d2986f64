"""Gaussian kernels in blocks, their widths, and rows drawn independently of the order they come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial.distance import pdist

from headstart.errors import DataError, ParameterError

#: Kernel values of one block: few enough to stay in a core's cache.
BLOCK = 250_000

#: Rows from which the median distance is taken.
MEDIAN_ROWS = 1000


def squared_norms(X: Any) -> np.ndarray:
    """Squared length of every row, shape (n,), for dense and CSR rows."""
    if sparse.issparse(X):
        return np.asarray(X.multiply(X).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X)


def centred(*samples: Any) -> tuple[Any, ...]:
    """Dense samples moved by their common mean, which makes distances exact to more digits; CSR stays as it is."""
    if any(sparse.issparse(X) for X in samples):
        return samples
    mean = sum(X.sum(axis=0, dtype=np.float64) for X in samples) / sum(X.shape[0] for X in samples)
    return tuple(X - mean.astype(X.dtype) for X in samples)


def exponents(X: Any, Y: Any, width: float) -> Iterator[tuple[slice, np.ndarray]]:
    r"""Blocks of :math:`-\|x-y\|^2 / (2\sigma^2)`, never positive: a slice of X's rows and an array (rows, m).

    The norms ride along in the matrix product, as two more columns. The array is used again for the next block, so what
    is to be kept must be copied; it may be written to.
    """
    if sparse.issparse(X) or sparse.issparse(Y):
        yield from _sparse_exponents(X, Y, width)
        return
    n, m = X.shape[0], Y.shape[0]
    left, right = _with_norms(X, Y, width)
    step = max(1, min(n, BLOCK // max(m, 1)))
    buffer = np.empty((step, m), left.dtype)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        block = buffer[: rows.stop - start]
        np.matmul(left[rows], right.T, out=block)
        yield rows, np.minimum(block, 0.0, out=block)


def _with_norms(X: np.ndarray, Y: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose inner products are the exponents: two more columns hold half the squared norms and ones."""
    kind = np.result_type(X, Y)
    left, right = np.empty((X.shape[0], X.shape[1] + 2), kind), np.empty((Y.shape[0], Y.shape[1] + 2), kind)
    np.divide(X, width, out=left[:, :-2], casting="same_kind")
    np.divide(Y, width, out=right[:, :-2], casting="same_kind")
    left[:, -2], left[:, -1] = -0.5 * squared_norms(left[:, :-2]), 1.0
    right[:, -1], right[:, -2] = -0.5 * squared_norms(right[:, :-2]), 1.0
    return left, right


def _sparse_exponents(X: Any, Y: Any, width: float) -> Iterator[tuple[slice, np.ndarray]]:
    n, m = X.shape[0], Y.shape[0]
    left, right = 0.5 * squared_norms(X) / width**2, 0.5 * squared_norms(Y) / width**2
    step = max(1, BLOCK // max(m, 1))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        product = X[rows] @ Y.T
        block = (product.toarray() if sparse.issparse(product) else np.asarray(product)) / width**2
        block -= left[rows, None]
        block -= right[None, :]
        yield rows, np.minimum(block, 0.0, out=block)


def gaussian_kernel(X: Any, Y: Any, width: float) -> np.ndarray:
    r"""Kernel :math:`\exp(-\|x-y\|^2 / (2\sigma^2))`, shape (n, m).

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
    Y : ndarray or CSR matrix of shape (m, d)
    width : float > 0
        The :math:`\sigma` of the formula, in units of the columns.

    Returns
    -------
    ndarray of shape (n, m)
        Of the precision of the rows.

    Examples
    --------
    >>> round(float(gaussian_kernel(np.array([[0.0]]), np.array([[1.0]]), 1.0)[0, 0]), 4)
    0.6065
    """
    kernel = np.empty((X.shape[0], Y.shape[0]), np.result_type(X.dtype, Y.dtype))
    for rows, block in exponents(X, Y, width):
        np.exp(block, out=kernel[rows])
    return kernel


def kernel_row_sums(X: Any, Y: Any, width: float, coefficients: np.ndarray | None = None) -> np.ndarray:
    """``K(X, Y) @ coefficients`` (ones where None), shape (n,) or (n, k), a block of K at a time."""
    right = np.ones(Y.shape[0]) if coefficients is None else coefficients
    total = np.empty((X.shape[0], *right.shape[1:]))
    right = right.astype(np.result_type(X.dtype, Y.dtype), copy=False)
    for rows, block in exponents(X, Y, width):
        total[rows] = np.exp(block, out=block) @ right
    return total


def kernel_times(X: Any, width: float, coefficients: np.ndarray) -> np.ndarray:
    """``K(X, X) @ coefficients``, shape (n,), with each pair of rows visited once."""
    if sparse.issparse(X):
        return kernel_row_sums(X, X, width, coefficients)
    n = X.shape[0]
    left, right = _with_norms(X, X, width)
    v, total = coefficients.astype(left.dtype, copy=False), np.zeros(n)
    step = max(1, min(n, BLOCK // max(n, 1)))
    buffer = np.empty(step * n, left.dtype)
    for start in range(0, n, step):
        stop = min(start + step, n)
        block = buffer[: (stop - start) * (n - start)].reshape(stop - start, n - start)
        np.matmul(left[start:stop], right[start:].T, out=block)
        np.exp(np.minimum(block, 0.0, out=block), out=block)
        total[start:stop] += block @ v[start:]
        total[stop:] += v[start:stop] @ block[:, stop - start :]
    return total


def ordered(X: Any, rng: np.random.Generator) -> np.ndarray:
    """Indices that put the rows into an order of their own, by their projection on a random direction."""
    return np.argsort(np.asarray(X @ rng.standard_normal(X.shape[1])).ravel(), kind="stable")


def draw_rows(X: Any, size: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of ``size`` rows (all rows where there are no more), the same rows however the sample is ordered."""
    n = X.shape[0]
    if n <= size:
        return np.arange(n)
    return np.sort(ordered(X, rng)[rng.choice(n, size, replace=False)])


def median_width(*samples: Any, rng: np.random.Generator, rows: int = MEDIAN_ROWS) -> float:
    """Median distance between the rows of the pooled samples, from at most ``rows`` of them.

    Parameters
    ----------
    *samples : ndarray or CSR matrix of shape (n_i, d)
    rng : numpy.random.Generator
        Draws the rows; no global state is touched.
    rows : int, default=1000

    Returns
    -------
    float
        The mean distance where more than half of the pairs coincide, 1 where all rows are equal.

    Examples
    --------
    >>> median_width(np.array([[0.0], [1.0], [3.0]]), rng=np.random.default_rng(0))
    2.0
    """
    total = sum(X.shape[0] for X in samples)
    parts = []
    for X in samples:
        part = X[draw_rows(X, max(2, round(rows * X.shape[0] / total)), rng)]
        parts.append(part.toarray() if sparse.issparse(part) and part.shape[1] <= 256 else part)
    if any(sparse.issparse(part) for part in parts):
        pooled = sparse.vstack(parts, format="csr")
        squares = np.vstack([-2.0 * block for _, block in exponents(pooled, pooled, 1.0)])
        distances = np.sqrt(squares)[np.triu_indices(pooled.shape[0], k=1)]
    else:
        distances = pdist(np.vstack(parts).astype(np.float64, copy=False))
    middle = float(np.median(distances)) if len(distances) else 0.0
    if middle > 0:
        return middle
    mean = float(distances.mean()) if len(distances) else 0.0
    return mean if mean > 0 else 1.0


def kernel_width(width: str | float, *samples: Any, rng: np.random.Generator) -> float:
    """The width itself, or the median distance where it is ``"median"``."""
    if isinstance(width, str):
        if width != "median":
            raise ParameterError(f'Expected width to be "median" or a number above 0, found {width!r}.')
        return median_width(*samples, rng=rng)
    if not (np.isfinite(width) and width > 0):
        raise ParameterError(f'Expected width to be "median" or a number above 0, found {width!r}.')
    return float(width)


def check_samples(source: Any, target: Any) -> None:
    """Refuse samples that have no rows or different numbers of columns."""
    if source.shape[0] == 0 or target.shape[0] == 0:
        raise DataError(
            f"Expected rows of the source and of the target, found {source.shape[0]} and {target.shape[0]}.",
            "Give both samples.",
        )
    if source.shape[1] != target.shape[1]:
        raise DataError(
            f"Expected the same columns on both sides, found {source.shape[1]} in the source and {target.shape[1]} in "
            "the target.",
            "Give both the same features.",
        )
