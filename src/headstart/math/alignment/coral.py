"""CORAL: the source's covariance turned into the target's, also where there are more columns than rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

_BLOCK = 1 << 21  # entries of a block of rows that is worked on at once


@dataclass(frozen=True, eq=False)
class CoralMap:
    r"""The affine map of a source row: :math:`x \mapsto (x - m_S)\, C_S^{-1/2} C_T^{1/2} + m_T`.

    Each root is kept as :math:`a I + V \mathrm{diag}(w) V^\top`, so with few rows no d x d matrix is made.

    Attributes
    ----------
    mean_source, mean_target : ndarray of shape (d,)
        Zeros where means are not aligned.
    whitening, colouring : tuple (a, V of shape (d, r), w of shape (r,))
        :math:`C_S^{-1/2}` and :math:`C_T^{1/2}`.
    """

    mean_source: np.ndarray
    mean_target: np.ndarray
    whitening: tuple[float, np.ndarray, np.ndarray]
    colouring: tuple[float, np.ndarray, np.ndarray]

    def __call__(self, X: Any) -> np.ndarray:
        """Source rows (n, d), dense or CSR, in the target's coordinates; float32 stays float32."""
        n, d = X.shape
        out = np.empty((n, d), dtype=X.dtype)
        ranks = len(self.whitening[2]) + len(self.colouring[2])
        matrix = self.matrix() if 2 * ranks >= d else None
        step = max(1, _BLOCK // max(d, 1))
        for start in range(0, n, step):
            rows = X[start : start + step]
            rows = (rows.toarray() if sparse.issparse(rows) else rows) - self.mean_source
            moved = _times(_times(rows, *self.whitening), *self.colouring) if matrix is None else rows @ matrix
            out[start : start + step] = moved + self.mean_target
        return out

    def matrix(self) -> np.ndarray:
        """The linear part, (d, d)."""
        return _times(_times(np.eye(len(self.mean_source)), *self.whitening), *self.colouring)


def coral(source: Any, target: Any, *, regularisation: float = 1.0, align_means: bool = True) -> CoralMap:
    r"""Match the source's covariance, and mean, to the target's.

    .. math:: \min_A \| A^\top C_S A - C_T \|_F, \qquad A = C_S^{-1/2} C_T^{1/2}, \qquad
        C = \mathrm{cov}(X) + \lambda\, \frac{\mathrm{tr}\,\mathrm{cov}(X)}{d}\, I

    Parameters
    ----------
    source : ndarray or CSR matrix of shape (n, d)
    target : ndarray or CSR matrix of shape (m, d)
        Not changed. Read in blocks; covariances are summed in double precision.
    regularisation : float, default=1.0
        Lambda, 0 or more, in units of the mean variance of each side. With 0 the least-squares solution is taken:
        directions in which the source does not vary become zero.
    align_means : bool, default=True
        Whether rows are moved by the means too.

    Notes
    -----
    Sun, Feng and Saenko (2016), "Return of frustratingly easy domain adaptation", Algorithm 1. The paper adds the
    identity to covariances of standardised columns; so do we there, as their mean variance is 1. On other scales lambda
    follows the data, so the answer does not depend on units. The paper takes centred data; `align_means` centres them.
    O(n d^2 + d^3), or O(n^2 d + n^3) where there are fewer rows than columns.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 5, (500, 2)), rng.normal(3, [1, 9], (400, 2))
    >>> moved = coral(source, target, regularisation=0.0)(source)
    >>> np.allclose(np.cov(moved.T), np.cov(target.T)), np.allclose(moved.mean(axis=0), target.mean(axis=0))
    (True, True)
    """
    d = source.shape[1]
    mean_source, values, vectors = covariance_spectrum(source)
    ridge = regularisation * values.sum() / d
    base = ridge**-0.5 if ridge > 0 else 0.0
    whitening = (base, vectors, (values + ridge) ** -0.5 - base)
    mean_target, values, vectors = covariance_spectrum(target)
    ridge = regularisation * values.sum() / d
    colouring = (ridge**0.5, vectors, (values + ridge) ** 0.5 - ridge**0.5)
    if not align_means:
        mean_source, mean_target = np.zeros(d), np.zeros(d)
    return CoralMap(mean_source, mean_target, whitening, colouring)


def covariance_spectrum(X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (d,), positive eigenvalues (r,) and eigenvectors (d, r) of the covariance, from the smaller Gram matrix.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Read in blocks. The divisor is n - 1 (1 for a single row).

    Examples
    --------
    >>> mean, values, vectors = covariance_spectrum(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> mean.tolist(), values.tolist(), abs(vectors).tolist()
    ([2.0, 5.0], [2.0], [[1.0], [0.0]])
    """
    n, d = X.shape
    mean = np.asarray(X.sum(axis=0, dtype=np.float64)).ravel() / n
    if d <= n:
        gram = np.zeros((d, d))
        step = max(1, _BLOCK // d)
        for start in range(0, n, step):
            rows = _centred(X[start : start + step], mean)
            gram += rows.T @ rows
        values, vectors = np.linalg.eigh(gram)
        kept = values > max(float(values[-1]), 0.0) * 1e-12 * max(n, d)
        return mean, values[kept] / max(n - 1, 1), vectors[:, kept]
    rows = _centred(X, mean)
    values, left = np.linalg.eigh(rows @ rows.T)
    kept = values > max(float(values[-1]), 0.0) * 1e-12 * max(n, d)
    return mean, values[kept] / max(n - 1, 1), rows.T @ (left[:, kept] / np.sqrt(values[kept]))


def _centred(X: Any, mean: np.ndarray) -> np.ndarray:
    return np.asarray((X.toarray() if sparse.issparse(X) else X) - mean, dtype=np.float64)


def _times(rows: np.ndarray, scale: float, vectors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """rows (scale I + V diag(w) V')."""
    return scale * rows + ((rows @ vectors) * weights) @ vectors.T
