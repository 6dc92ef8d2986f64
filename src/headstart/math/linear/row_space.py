"""Coordinates of rows in their own span, from the smaller Gram matrix; sparse rows are never made dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse


@dataclass(frozen=True)
class RowSpace:
    """Weighted, centred rows ``A = diag(sqrt(w)) (X - mean)`` as ``left @ diag(singular) @ right.T``.

    Attributes
    ----------
    left : ndarray of shape (n, r)
    singular : ndarray of shape (r,)
        Positive.
    mean : ndarray of shape (d,)
        Weighted mean of the rows.
    root : ndarray of shape (n,)
        Square roots of the weights.
    """

    X: Any
    left: np.ndarray
    singular: np.ndarray
    mean: np.ndarray
    root: np.ndarray

    def back(self, coordinates: np.ndarray) -> np.ndarray:
        """From r principal coordinates, shape (r,) or (r, K), to the d columns: ``right @ coordinates``."""
        rows = self.left @ (coordinates.T / self.singular).T
        rooted = (rows.T * self.root).T
        total = rooted.sum(axis=0)
        return np.asarray(self.X.T @ rooted) - (np.multiply.outer(self.mean, total))


def row_space(X: Any, weight: np.ndarray | None = None, kind: Any = np.float64) -> RowSpace:
    """Principal coordinates of weighted, centred rows.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n, d)
    weight : ndarray of shape (n,), optional
        Not negative, not all 0.
    kind : dtype, default=float64
        Of the arithmetic. In float32 it takes half as long, and directions of less than a thousandth of the strongest
        one's length are left out.

    Examples
    --------
    >>> space = row_space(np.array([[0.0, 0.0], [3.0, 4.0]]))
    >>> space.singular.round(3).tolist(), space.mean.tolist()
    ([3.536], [1.5, 2.0])
    """
    n, d = X.shape
    X = X.tocsr().astype(kind) if sparse.issparse(X) else np.asarray(X, dtype=kind)
    weight = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    root = np.sqrt(weight).astype(kind)
    mean = np.asarray(X.T @ weight.astype(kind)).ravel() / root.dtype.type(weight.sum())
    rows_alone = weight > 0
    if sparse.issparse(X):
        scaled = sparse.diags(root) @ X
    else:
        scaled = X - mean
        scaled *= root[:, None]
    if d <= n:
        gram = _dense(scaled.T @ scaled)
        if sparse.issparse(X):
            gram -= weight.sum() * np.outer(mean, mean)
    else:
        gram = _dense(scaled @ scaled.T)
        if sparse.issparse(X):
            shift = root * np.asarray(X @ mean).ravel()
            gram -= np.outer(shift, root) + np.outer(root, shift) - (mean @ mean) * np.outer(root, root)
        gram[~rows_alone] = gram[:, ~rows_alone] = 0.0
    values, vectors = linalg.eigh(gram, driver="evd", overwrite_a=True, check_finite=False)
    keep = values > max(float(values[-1]), 1e-30) * (1e-6 if root.dtype == np.float32 else 1e-11)
    singular, vectors = np.sqrt(values[keep]), vectors[:, keep]
    if d > n:
        return RowSpace(X, vectors, singular, mean, root)
    left = np.asarray(scaled @ vectors)
    if sparse.issparse(X):
        left -= np.outer(root, mean @ vectors)
    left /= singular
    return RowSpace(X, left, singular, mean, root)


def _dense(matrix: Any) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else matrix
