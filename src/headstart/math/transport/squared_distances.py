"""Squared distances between rows of two sets, by one matrix product."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse


def squared_distances(A: Any, B: Any) -> np.ndarray:
    """``|a_i - b_j|^2``, shape (n, m), never negative; float32 stays float32.

    Dense rows are moved by the mean of B first, so nothing is lost far away from the origin.

    Parameters
    ----------
    A : ndarray or CSR matrix of shape (n, d)
    B : ndarray or CSR matrix of shape (m, d)

    Examples
    --------
    >>> squared_distances(np.array([[0.0], [3.0]]), np.array([[1.0]])).tolist()
    [[1.0], [4.0]]
    """
    if issparse(A) or issparse(B):
        first, second = (np.asarray(X.multiply(X).sum(axis=1) if issparse(X) else (X * X).sum(axis=1)) for X in (A, B))
        product = A @ B.T
        found = -2.0 * np.asarray(product.toarray() if issparse(product) else product)
        found += first.reshape(-1, 1)
        found += second.reshape(1, -1)
        return np.maximum(found, 0, out=found)
    centre = B.mean(axis=0)
    A, B = A - centre, B - centre
    found = A @ (-2.0 * B).T
    found += np.einsum("ij,ij->i", A, A)[:, None]
    found += np.einsum("ij,ij->i", B, B)[None, :]
    return np.maximum(found, 0, out=found)
