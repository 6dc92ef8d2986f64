"""The optimal transport map between two Gaussians, in closed form and in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import blas, eigh
from scipy.sparse import issparse

#: Cells of X that are worked on at once.
CELLS = 1 << 21


@dataclass(frozen=True)
class AffineMap:
    """``x -> x @ matrix + offset``.

    Attributes
    ----------
    matrix : ndarray of shape (d, d)
        Symmetric and positive definite.
    offset : ndarray of shape (d,)
    """

    matrix: np.ndarray
    offset: np.ndarray

    def __call__(self, X: Any) -> np.ndarray:
        """Map rows (n, d), dense or CSR, in blocks; float32 stays float32."""
        kind = np.float32 if X.dtype == np.float32 else np.float64
        matrix, offset = self.matrix.astype(kind), self.offset.astype(kind)
        mapped = np.empty(X.shape, dtype=kind)
        for block in _blocks(X.shape):
            rows = X[block]
            if issparse(rows):
                mapped[block] = rows @ matrix
            else:
                np.matmul(rows, matrix, out=mapped[block])
            mapped[block] += offset
        return mapped


def moments(X: Any, sample_weight: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean (d,) and covariance (d, d) of rows, dense or CSR, without a second copy of them.

    Each block is centred before its products are summed, in the precision of X; the blocks' sums are added in float64.
    The covariance is divided by the sum of the weights (by n without weights).

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n, d)
    sample_weight : ndarray of shape (n,), optional
        0 or more.

    Returns
    -------
    mean : ndarray of shape (d,)
    covariance : ndarray of shape (d, d)

    Examples
    --------
    >>> mean, covariance = moments(np.array([[0.0, 1.0], [2.0, 1.0]]))
    >>> mean.tolist(), covariance.tolist()
    ([1.0, 1.0], [[1.0, 0.0], [0.0, 0.0]])
    """
    n, d = X.shape
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    mass = float(n if weight is None else weight.sum())
    mean = np.zeros(d)
    for block in _blocks(X.shape):
        rows = X[block]
        share = np.ones(rows.shape[0]) if weight is None else weight[block]
        mean += np.asarray(rows.T @ share if issparse(rows) else share.astype(rows.dtype) @ rows, dtype=np.float64)
    mean /= mass
    covariance = np.zeros((d, d), order="F")
    centre = mean.astype(X.dtype)
    for block in _blocks(X.shape):
        rows = np.asarray(X[block].toarray() if issparse(X) else X[block]) - centre
        if weight is not None:
            rows *= np.sqrt(weight[block]).astype(rows.dtype)[:, None]
        multiply = blas.ssyrk if rows.dtype == np.float32 else blas.dsyrk
        covariance += multiply(1.0, rows.T)
    covariance = np.triu(covariance) + np.triu(covariance, 1).T
    return mean, covariance / mass


def monge_map(
    mean_source: np.ndarray,
    covariance_source: np.ndarray,
    mean_target: np.ndarray,
    covariance_target: np.ndarray,
    regularisation: float = 1e-3,
) -> AffineMap:
    r"""Optimal transport map for squared distances from one Gaussian to another.

    .. math:: T(x) = m_T + A (x - m_S), \qquad
        A = \Sigma_S^{-1/2} \big(\Sigma_S^{1/2} \Sigma_T \Sigma_S^{1/2}\big)^{1/2} \Sigma_S^{-1/2}

    Parameters
    ----------
    mean_source, mean_target : ndarray of shape (d,)
    covariance_source, covariance_target : ndarray of shape (d, d)
    regularisation : float, default=1e-3
        Share of the mean variance of both sides together, added to the diagonal of both covariances; 0 or more.

    References
    ----------
    Flamary, Lounici and Ferrari (2019), Concentration bounds for linear Monge mapping estimation and optimal
    transport domain adaptation, Equation 4. They add an absolute constant; ours follows the scale of the data.

    Examples
    --------
    >>> T = monge_map(np.zeros(1), np.eye(1), np.ones(1), 4 * np.eye(1), regularisation=0.0)
    >>> T(np.array([[1.0]])).tolist()
    [[3.0]]
    """
    d = len(mean_source)
    level = regularisation * float(np.trace(covariance_source) + np.trace(covariance_target)) / (2 * d)
    ridge = max(level, 1e-300) * np.eye(d)
    values, vectors = eigh(covariance_source + ridge)
    values = np.maximum(values, max(float(values[-1]), 1e-300) * 1e-12)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    middle, turned = eigh(root @ (covariance_target + ridge) @ root)
    matrix = inverse @ (turned * np.sqrt(np.maximum(middle, 0.0))) @ turned.T @ inverse
    matrix = 0.5 * (matrix + matrix.T)
    return AffineMap(matrix, mean_target - mean_source @ matrix)


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    step = max(1, CELLS // max(shape[1], 1))
    for begin in range(0, shape[0], step):
        yield slice(begin, min(begin + step, shape[0]))
