"""From a transport plan to a map: where source rows go, and rows that were not there when the plan was made."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.math.transport.squared_distances import squared_distances

_CELLS = 1 << 22


def barycentric_images(plan: Any, target: np.ndarray) -> np.ndarray:
    r"""Mean target row that each source row is sent to, :math:`\sum_j P_{ij} x'_j / \sum_j P_{ij}`, shape (n, d).

    Examples
    --------
    >>> barycentric_images(np.array([[0.25, 0.25], [0.0, 0.5]]), np.array([[0.0], [2.0]])).tolist()
    [[1.0], [2.0]]
    """
    mass = np.asarray(plan.sum(axis=1), dtype=np.float64).reshape(-1, 1)
    return (np.asarray(plan @ target, dtype=np.float64) / np.maximum(mass, 1e-300)).astype(target.dtype)


def nearest_displacement(X: np.ndarray, source: np.ndarray, images: np.ndarray) -> np.ndarray:
    r"""Each row moves as its nearest source row does: :math:`x + T(x_i) - x_i`.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    source, images : ndarray of shape (m, d)
        Source rows and where they go.

    References
    ----------
    Ferradans et al. (2014), Regularized discrete optimal transport, SIAM J. Imaging Sci. 7, section 4.
    """
    moved = np.empty_like(X)
    step = max(1, _CELLS // len(source))
    for begin in range(0, len(X), step):
        rows = X[begin : begin + step]
        near = squared_distances(rows, source).argmin(axis=1)
        moved[begin : begin + step] = images[near] + (rows - source[near])
    return moved


def smooth_displacement(X: np.ndarray, source: np.ndarray, images: np.ndarray) -> np.ndarray:
    r"""Each row moves as the source rows around it do on average.

    .. math:: x + \frac{\sum_i k(x, x_i)\,(T(x_i) - x_i)}{\sum_i k(x, x_i)}, \qquad
        k(x, x_i) = e^{-\|x - x_i\|^2 / h}

    h is the median squared distance of a source row to its nearest other row.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    source, images : ndarray of shape (m, d)
    """
    width = _spacing(source)
    displacement = images - source
    moved = np.empty_like(X)
    step = max(1, _CELLS // len(source))
    for begin in range(0, len(X), step):
        rows = X[begin : begin + step]
        weights = _softmax(-squared_distances(rows, source) / source.dtype.type(width))
        moved[begin : begin + step] = rows + weights @ displacement
    return moved


def potential_map(
    X: np.ndarray, target: np.ndarray, potential: np.ndarray, reg: float, scale: float = 1.0
) -> np.ndarray:
    r"""The entropic map, defined everywhere: :math:`\sum_j p_j(x) x'_j`,
    :math:`p_j(x) \propto e^{(g_j - c(x, x'_j)) / \varepsilon}`.

    On the source rows it is the barycentric image of the entropic plan.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    target : ndarray of shape (m, d)
    potential : ndarray of shape (m,)
        g of the entropic problem.
    reg : float
        Its regularisation.
    scale : float, default=1.0
        Costs are squared distances divided by it.

    References
    ----------
    Pooladian and Niles-Weed (2021), Entropic estimation of optimal transport maps, Equation 6.
    """
    moved = np.empty_like(X)
    step = max(1, _CELLS // len(target))
    for begin in range(0, len(X), step):
        cost = squared_distances(X[begin : begin + step], target) / target.dtype.type(scale)
        moved[begin : begin + step] = _softmax((potential.astype(cost.dtype) - cost) / cost.dtype.type(reg)) @ target
    return moved


def _spacing(source: np.ndarray, most: int = 500) -> float:
    """Median squared distance to the nearest other row, over some rows; at least a little of the mean distance."""
    some = source[:: max(1, len(source) // most)]
    distance = squared_distances(some, source)
    own = np.arange(0, len(source), max(1, len(source) // most))[: len(some)]
    floor = 1e-6 * float(distance.mean()) + 1e-30
    distance[np.arange(len(some)), own] = np.inf
    nearest = distance.min(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    return max(float(np.median(nearest)), floor) if len(nearest) else 1.0


def _softmax(scores: np.ndarray) -> np.ndarray:
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
