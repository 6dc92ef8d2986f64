"""Feature augmentation: one copy of the columns for everybody and one for each domain."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack, issparse


def domain_copies(X: Any, domain: int, n_domains: int) -> Any:
    r"""Columns for all domains, then one copy a domain, zero but for the own one.

    .. math:: \Phi_k(x) = (x, 0, \dots, 0, \underbrace{x}_{k}, 0, \dots, 0)

    Parameters
    ----------
    X : ndarray or csr_matrix of shape (n, d)
    domain : int
        Which one these rows are from, 0 to n_domains - 1.
    n_domains : int

    Returns
    -------
    ndarray or csr_matrix of shape (n, (n_domains + 1) d)
        Dense stays dense, CSR stays CSR.

    References
    ----------
    Daume (2007), Frustratingly easy domain adaptation, ACL, Equation 1; several domains: section 3.3.

    Examples
    --------
    >>> domain_copies(np.array([[1.0, 2.0]]), 1, 2).tolist()
    [[1.0, 2.0, 0.0, 0.0, 1.0, 2.0]]
    """
    n, d = X.shape
    if issparse(X):
        empty = csr_matrix((n, d), dtype=X.dtype)
        parts = [X, *(X if k == domain else empty for k in range(n_domains))]
        return csr_matrix(hstack(parts, format="csr"))
    wide = np.zeros((n, (n_domains + 1) * d), dtype=X.dtype)
    wide[:, :d] = X
    wide[:, (domain + 1) * d : (domain + 2) * d] = X
    return wide
