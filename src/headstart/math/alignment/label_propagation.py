"""Labels, and answers of a classifier, that spread along a sparse graph of nearest neighbours."""

from __future__ import annotations

import numpy as np

from headstart.math.alignment.graph import nearest_neighbour_graph, normalised_laplacian_product


def spread_labels(
    X: np.ndarray, known: np.ndarray, n_classes: int, *, neighbours: int = 15, reach: float = 0.9
) -> np.ndarray:
    r"""Scores of the classes, spread from labelled rows to their neighbours.

    .. math:: F = (1 - \alpha)\, (I - \alpha D^{-1/2} W D^{-1/2})^{-1} Y,

    W the cosine graph of nearest neighbours, Y one-hot labels, of each class divided by its number of labels. Solved
    by conjugate gradients, so that no n x n matrix is made: memory O(n (neighbours + K)).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    known : ndarray of shape (n,)
        Class codes, -1 where there is no label.
    n_classes : int
    neighbours : int, default=15
    reach : float, default=0.9
        alpha, in (0, 1): the larger, the farther labels spread.

    Returns
    -------
    ndarray of shape (n, K)
        0 or more; a row without any path to a label has zeros.

    References
    ----------
    Zhou et al. (2004), "Learning with local and global consistency", equation 4.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> spread_labels(X, np.array([0, -1, 1, -1]), 2, neighbours=1).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    labelled = np.flatnonzero(known >= 0)
    Y = np.zeros((len(X), n_classes))
    Y[labelled, known[labelled]] = 1.0
    return _spread(X, Y / np.maximum(Y.sum(axis=0), 1.0), neighbours, reach)


def smoothed_answers(X: np.ndarray, probability: np.ndarray, *, neighbours: int = 5, reach: float = 0.8) -> np.ndarray:
    """Class probabilities of rows, each mixed with those of similar rows along the same graph.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    probability : ndarray of shape (n, K)
        Rows sum to 1.
    neighbours : int, default=5
    reach : float, default=0.8
        alpha, in (0, 1): the larger, the less a row's own answer counts.

    Returns
    -------
    ndarray of shape (n, K)
        Rows sum to 1; a row without neighbours keeps its answer.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> told = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]])
    >>> smoothed_answers(X, told, neighbours=1).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    found = _spread(X, probability, neighbours, reach)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _spread(X: np.ndarray, Y: np.ndarray, neighbours: int, reach: float) -> np.ndarray:
    """(1 - reach) (I - reach D^-1/2 W D^-1/2)^-1 Y by conjugate gradients."""
    graph = nearest_neighbour_graph(np.asarray(X, dtype=np.float64), neighbours)

    def system(F: np.ndarray) -> np.ndarray:
        return (1 - reach) * F + reach * normalised_laplacian_product(graph, F)

    F = np.zeros_like(Y)
    rest = (1 - reach) * Y
    direction, square = rest.copy(), (rest**2).sum(axis=0)
    start = np.maximum(square, 1e-300)
    for _ in range(500):
        going = square > 1e-20 * start
        if not going.any():
            break
        image = system(direction)
        step = np.where(going, square / np.maximum((direction * image).sum(axis=0), 1e-300), 0.0)
        F += step * direction
        rest -= step * image
        before, square = square, (rest**2).sum(axis=0)
        direction = rest + np.where(going, square / np.maximum(before, 1e-300), 0.0) * direction
    return np.maximum(F, 0.0)
