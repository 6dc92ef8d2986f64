"""t-SNE of a few hundred rows: places in the plane whose neighbours are those of the rows."""

from __future__ import annotations

import numpy as np

#: Steps in which attraction is exaggerated, by how much, and what is kept of the last step then and afterwards.
_FIRST, _EXAGGERATION, _MOMENTA = 250, 12.0, (0.5, 0.8)
_BISECTIONS = 30
_LEAST = 1e-12


def tsne(rows: np.ndarray, start: np.ndarray, *, perplexity: float = 30.0, n_steps: int = 500) -> np.ndarray:
    r"""Places in the plane that keep neighbours together.

    With :math:`p_{j|i} \propto \exp(-\beta_i \|x_i - x_j\|^2)`, of the perplexity asked for, and
    :math:`p_{ij} = (p_{j|i} + p_{i|j}) / 2n`, places y lessen :math:`\sum p_{ij} \log (p_{ij} / q_{ij})`, where
    :math:`q_{ij} \propto (1 + \|y_i - y_j\|^2)^{-1}`, by steps along its gradient.

    All pairs are counted, in single precision: up to some five hundred rows that is faster than trees of cells are.

    Parameters
    ----------
    rows : array of shape (n, d)
    start : array of shape (n, 2)
        Where the places begin; near 0.
    perplexity : float, default=30.0
        About how many neighbours a row has, above 1 and below n.
    n_steps : int, default=500

    Returns
    -------
    array of shape (n, 2)

    References
    ----------
    van der Maaten and Hinton (2008), Visualizing data using t-SNE, equations 1 and 4 and algorithm 1; the length of
    steps after Belkina et al. (2019), exaggeration of 12 in half of them.

    Examples
    --------
    >>> rows = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> x = tsne(rows, np.random.default_rng(0).normal(0, 1e-4, (6, 2)), perplexity=2.0)
    >>> near = np.linalg.norm(x[:, None] - x, axis=2) < np.linalg.norm(x[0] - x[3]) / 3
    >>> bool((near == np.kron(np.eye(2), np.ones((3, 3)))).all())
    True
    """
    n = len(rows)
    alike = _alike(np.asarray(rows, dtype=np.float64), perplexity).astype(np.float32)
    rate = np.float32(4.0 * max(n / _EXAGGERATION / 4.0, 50.0))
    places = np.array(start, dtype=np.float32)
    for i in range(n_steps):
        if i in (0, _FIRST):
            step, gains = np.zeros_like(places), np.ones_like(places)
        drawn = alike * np.float32(_EXAGGERATION) if i < _FIRST else alike
        slope = _slope(places, drawn)
        turned = (step > 0) != (slope > 0)
        gains = np.maximum(np.where(turned, gains + 0.2, gains * 0.8), 0.01).astype(np.float32)
        step = np.float32(_MOMENTA[i >= _FIRST]) * step - rate * gains * slope
        places += step
    return (places - places.mean(axis=0)).astype(np.float64)


def _slope(places: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """A quarter of the gradient, (n, 2)."""
    squares = np.einsum("ij,ij->i", places, places)
    near = places @ places.T
    near *= -2.0
    near += squares[:, None]
    near += 1.0 + squares
    np.reciprocal(near, out=near)  # 1 / (1 + squared distance)
    np.fill_diagonal(near, 0.0)
    pull = near / -near.sum(dtype=np.float64).astype(np.float32)
    pull += alike
    pull *= near
    return pull.sum(axis=1, keepdims=True) * places - pull @ places


def _alike(rows: np.ndarray, perplexity: float) -> np.ndarray:
    """p of each pair of rows, (n, n), of sum 1."""
    centred = rows - rows.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    apart = np.maximum(squares[:, None] + squares - 2.0 * centred @ centred.T, 0.0)
    np.fill_diagonal(apart, np.inf)
    apart -= apart.min(axis=1, keepdims=True)
    np.fill_diagonal(apart, np.inf)
    scale = np.median(apart, axis=1)
    apart /= np.where(scale > 0, scale, 1.0)[:, None]
    low, high = np.full(len(rows), -10.0), np.full(len(rows), 20.0)  # logarithms of beta, for distances of median 1
    finite = np.where(np.isinf(apart), 0.0, apart)
    for _ in range(_BISECTIONS):
        beta = np.exp((low + high) / 2)
        weight = np.exp(-beta[:, None] * apart)
        total = weight.sum(axis=1)
        entropy = np.log(total) + beta * np.einsum("ij,ij->i", weight, finite) / total
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, np.log(beta), low), np.where(wide, high, np.log(beta))
    weight = np.exp(-np.exp(high)[:, None] * apart)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.maximum((weight + weight.T) / (2 * len(rows)), _LEAST)
