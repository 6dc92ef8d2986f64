"""Graphs of nearest neighbours, sparse."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from headstart.math.alignment.kernels import blocks


def nearest_neighbour_graph(X: np.ndarray, neighbours: int) -> csr_array:
    """Symmetric cosine graph (n, n): rows joined when one is among the other's nearest; weights are cosines, >= 0.

    Similarities are computed block by block, so memory is O(n * neighbours) beside one block.

    Examples
    --------
    >>> nearest_neighbour_graph(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), 1).toarray().round(2).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.1], [0.0, 0.1, 0.0]]
    """
    n = len(X)
    k = min(neighbours, n - 1)
    length = np.sqrt(np.einsum("ij,ij->i", X, X))[:, None]
    unit = X / np.where(length > 0, length, 1)
    near, weight, begin = np.empty((n, k), dtype=np.int64), np.empty((n, k)), 0
    for block in blocks(unit, n):
        similar = block @ unit.T
        own = np.arange(len(block))
        similar[own, begin + own] = -np.inf
        best = np.argpartition(similar, -k, axis=1)[:, -k:] if k else np.empty((len(block), 0), dtype=np.int64)
        near[begin : begin + len(block)] = best
        weight[begin : begin + len(block)] = np.take_along_axis(similar, best, axis=1)
        begin += len(block)
    row = np.repeat(np.arange(n), k)
    one_way = csr_array((np.maximum(weight, 0.0).ravel(), (row, near.ravel())), shape=(n, n))
    return one_way.maximum(one_way.T).tocsr()


def normalised_laplacian_product(graph: csr_array, F: np.ndarray) -> np.ndarray:
    """``(I - D^-1/2 W D^-1/2) F``; rows without neighbours stay as they are.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> normalised_laplacian_product(csr_array([[0.0, 2.0], [2.0, 0.0]]), np.array([[1.0], [3.0]])).round(9).tolist()
    [[-2.0], [2.0]]
    """
    degree = np.asarray(graph.sum(axis=1)).ravel()
    root = np.where(degree > 0, 1.0 / np.sqrt(np.where(degree > 0, degree, 1.0)), 0.0)[:, None]
    return F - root * np.asarray(graph @ (root * F))
