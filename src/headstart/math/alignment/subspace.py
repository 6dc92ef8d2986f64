"""Principal subspaces of two domains and the rotation that aligns them."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from headstart.math.alignment.kernels import blocks

#: Above this many rows and columns the leading directions are found by products with the rows.
DENSE = 1200


def principal_subspace(X: np.ndarray, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and leading principal directions (d, k) of the rows, by the smaller of the two Gram matrices.

    Fewer than ``n_components`` directions come back where the rows vary in fewer. Each has a fixed sign: its largest
    entry is positive.

    Examples
    --------
    >>> mean, directions = principal_subspace(np.array([[0.0, 1.0], [4.0, 1.0], [8.0, 1.0]]), 2)
    >>> mean.tolist(), directions.tolist()
    ([4.0, 1.0], [[1.0], [0.0]])
    """
    n, d = X.shape
    mean = X.mean(axis=0, dtype=np.float64)
    most = max(1, min(n_components, n - 1, d))
    if min(n, d) > DENSE and most < min(n, d) // 4:
        values, vectors = _by_products(X, mean, most)
    elif d <= n:
        scatter = np.zeros((d, d))
        for rows in blocks(X, d):
            moved = np.subtract(rows, mean, dtype=np.float64)
            scatter += moved.T @ moved
        values, vectors = eigh(scatter, subset_by_index=(d - most, d - 1))
    else:
        moved = np.subtract(X, mean, dtype=np.float64)
        values, left = eigh(moved @ moved.T, subset_by_index=(n - most, n - 1))
        vectors = moved.T @ (left / np.sqrt(np.maximum(values, 1e-300)))
    keep = np.flatnonzero(values > max(float(values[-1]), 1e-300) * 1e-12)[::-1]
    keep = keep if len(keep) else np.array([len(values) - 1])
    directions = vectors[:, keep]
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(len(keep))]
    return mean, directions * np.where(largest < 0, -1.0, 1.0)


def _by_products(X: np.ndarray, mean: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    def product(v: np.ndarray) -> np.ndarray:
        v = v.ravel()
        moved = X @ v.astype(X.dtype) - mean @ v
        return (moved.astype(X.dtype) @ X).astype(np.float64) - moved.sum(dtype=np.float64) * mean

    d = X.shape[1]
    operator = LinearOperator((d, d), matvec=product, dtype=np.float64)
    values, vectors = eigsh(operator, k=most, v0=np.random.default_rng(0).standard_normal(d), tol=1e-10)
    order = np.argsort(values)
    return values[order], vectors[:, order]


def align_subspaces(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    r"""Directions (d, k) that send centred source rows to the target's principal coordinates.

    .. math:: X_a = P_s P_s^\top P_t,\qquad M^* = P_s^\top P_t = \arg\min_M \|P_sM-P_t\|_F

    with P_s = ``source`` and P_t = ``target``, both of shape (d, k) with orthonormal columns.

    References
    ----------
    Fernando et al. (2013), Unsupervised visual domain adaptation using subspace alignment, Algorithm 1.

    Examples
    --------
    >>> align_subspaces(np.eye(3)[:, :1], np.eye(3)[:, 1:2]).tolist()
    [[0.0], [0.0], [0.0]]
    """
    return source @ (source.T @ target)


def subspace_disagreement(source: np.ndarray, target: np.ndarray, both: np.ndarray) -> np.ndarray:
    r"""Disagreement of the leading subspaces of size 1, 2, ...: :math:`\tfrac12(\sin\alpha_k+\sin\beta_k)`.

    :math:`\alpha_k` and :math:`\beta_k` are the largest principal angles between ``both`` and either domain. Gong et
    al. (2012, section 3.4) take the smallest size at which the measure reaches 1; larger subspaces have nothing left
    to share.

    Examples
    --------
    >>> subspace_disagreement(np.eye(3), np.eye(3), np.eye(3)).tolist()
    [0.0, 0.0, 0.0]
    """
    most = min(source.shape[1], target.shape[1], both.shape[1])
    inner_s, inner_t = source.T @ both, target.T @ both
    out = np.empty(most)
    for k in range(1, most + 1):
        cosines = [np.linalg.svd(inner[:k, :k], compute_uv=False)[-1] for inner in (inner_s, inner_t)]
        out[k - 1] = np.mean([np.sqrt(max(0.0, 1.0 - min(c, 1.0) ** 2)) for c in cosines])
    return out
