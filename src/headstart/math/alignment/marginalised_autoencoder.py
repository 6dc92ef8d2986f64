"""Marginalised denoising autoencoders: the best linear repair of every possible corruption, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import issparse


def denoising_map(
    X: Any, corruption: float, *, outputs: np.ndarray | None = None, regularisation: float = 1e-5
) -> np.ndarray:
    r"""Linear map W that repairs rows whose cells are set to zero with probability p, over all corruptions at once.

    .. math:: \min_W \mathbb{E}\, \| \tilde X_1 W - X \|_F^2, \qquad W = \mathbb{E}[Q]^{-1} \mathbb{E}[P]

    with a column of ones, never corrupted, beside :math:`\tilde X`; :math:`S = X_1^\top X_1`,
    :math:`q = (1-p, \dots, 1-p, 1)`, :math:`\mathbb{E}[Q]_{ij} = S_{ij} q_i q_j` (:math:`S_{ii} q_i` on the diagonal)
    and :math:`\mathbb{E}[P]_{ij} = q_i S_{ij}`.

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n, d)
    corruption : float
        Probability p that a cell is set to zero, from 0 to below 1.
    outputs : ndarray of shape (n, r), optional
        What is to be rebuilt. Default: X.
    regularisation : float, default=1e-5
        Share of the mean of E[Q]'s diagonal that is added to it.

    Returns
    -------
    W : ndarray of shape (d + 1, r)
        The last row is the intercept.

    References
    ----------
    Chen, Xu, Weinberger and Sha (2012), Marginalized denoising autoencoders for domain adaptation, ICML, Equations
    5 to 7 and Algorithm 1.

    Examples
    --------
    >>> X = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    >>> W = denoising_map(X, 0.5)
    >>> bool(W[0, 1] > 0.1)
    True
    """
    d = X.shape[1]
    scatter = np.empty((d + 1, d + 1))
    scatter[:d, :d] = _dense(X.T @ X)
    scatter[d, :d] = scatter[:d, d] = np.asarray(X.sum(axis=0), dtype=np.float64).ravel()
    scatter[d, d] = X.shape[0]
    q = np.append(np.full(d, 1.0 - corruption), 1.0)
    if outputs is None:
        right = scatter[:, :d]
    else:
        right = np.vstack([_dense(X.T @ outputs), np.asarray(outputs.sum(axis=0), dtype=np.float64)[None, :]])
    right = q[:, None] * right
    diagonal = np.diagonal(scatter) * q
    scatter *= q[:, None]
    scatter *= q[None, :]
    np.fill_diagonal(scatter, diagonal + max(regularisation * float(diagonal.mean()), 1e-300))
    factor = cho_factor(scatter, lower=True, overwrite_a=True, check_finite=False)
    return cho_solve(factor, right, overwrite_b=True, check_finite=False)


def rebuild(X: Any, W: np.ndarray) -> np.ndarray:
    """``tanh([X, 1] W)`` in the precision of X: one hidden layer, shape (n, r)."""
    kind = np.float32 if X.dtype == np.float32 else np.float64
    return np.tanh(_dense(X @ W[:-1].astype(kind)) + W[-1].astype(kind))


def part_maps(
    X: Any,
    pivots: np.ndarray,
    parts: list[np.ndarray],
    corruption: float,
    *,
    regularisation: float = 1e-5,
) -> np.ndarray:
    """Repair of the pivot columns from parts of the columns, averaged over the parts: for thousands of columns.

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n, d)
    pivots : ndarray of int, shape (r,)
        Columns to rebuild, the most frequent ones.
    parts : list of ndarray of int
        A partition of the columns.
    corruption, regularisation : float
        As in `denoising_map`.

    Returns
    -------
    W : ndarray of shape (d + 1, r)

    References
    ----------
    Chen et al. (2012), section "Extension for high dimensional data": the mean of the parts' outputs is what passes
    through tanh.

    Examples
    --------
    >>> X = np.random.default_rng(0).random((20, 6))
    >>> part_maps(X, np.array([0, 3]), [np.arange(3), np.arange(3, 6)], 0.5).shape
    (7, 2)
    """
    wanted = _dense(X[:, pivots])
    W = np.zeros((X.shape[1] + 1, len(pivots)))
    for part in parts:
        own = denoising_map(X[:, part], corruption, outputs=wanted, regularisation=regularisation)
        W[part] += own[:-1] / len(parts)
        W[-1] += own[-1] / len(parts)
    return W


def frequent_columns(X: Any, r: int) -> np.ndarray:
    """The r columns with most non-zero cells, in ascending order; ties go to the left."""
    counts = np.asarray((X != 0).sum(axis=0)).ravel()
    return np.sort(np.argsort(-counts, kind="stable")[:r])


def _dense(matrix: Any) -> np.ndarray:
    return np.asarray(matrix.toarray() if issparse(matrix) else matrix)
