"""Counts of terms, weighted by how rare a term is (tf-idf)."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def inverse_document_frequency(counts: sparse.csr_matrix) -> np.ndarray:
    r"""Weights of terms: :math:`1 + \ln\frac{1 + n}{1 + n_t}`, where :math:`n_t` of n rows hold the term.

    Parameters
    ----------
    counts : sparse matrix of shape (n, d)

    Returns
    -------
    ndarray of shape (d,)

    References
    ----------
    Spärck Jones (1972); smoothed by one more row that holds every term, so that no weight is infinite.

    Examples
    --------
    >>> inverse_document_frequency(sparse.csr_matrix([[1, 0], [2, 1], [1, 0]])).round(3).tolist()
    [1.0, 1.693]
    """
    held = np.bincount(counts.indices[counts.data > 0], minlength=counts.shape[1])
    return 1.0 + np.log((1.0 + counts.shape[0]) / (1.0 + held))


def tfidf(counts: sparse.csr_matrix, idf: np.ndarray) -> sparse.csr_matrix:
    r"""Rows :math:`(1 + \ln c_t)\, \mathrm{idf}_t` of counts c, each of length 1; rows without any term stay 0.

    Parameters
    ----------
    counts : sparse matrix of shape (n, d)
        Not negative.
    idf : ndarray of shape (d,)

    Returns
    -------
    sparse matrix of shape (n, d), float64

    Examples
    --------
    >>> tfidf(sparse.csr_matrix([[1, 1], [0, 0]]), np.array([3.0, 4.0])).toarray().round(3).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    found = counts.astype(np.float64).tocsr()
    found.eliminate_zeros()
    found.data = (1.0 + np.log(found.data)) * idf[found.indices]
    length = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1.0 / np.maximum(length, 1e-300)) @ found)
