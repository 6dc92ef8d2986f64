"""What the methods claim to optimise, computed anew from what they return. Needs NumPy; transport problems need POT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from speed_data import Pair

BLOCK = 1000


def _kernel_blocks(A: np.ndarray, B: np.ndarray, gamma: float | None) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the kernel matrix, a block at a time; linear where gamma is None."""
    for start in range(0, len(A), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, A[rows] @ B.T if gamma is None else np.exp(-gamma * cdist(A[rows], B, "sqeuclidean"))


def component_spread(data: Pair, dual: np.ndarray, gamma: float | None, mu: float = 0.1) -> float:
    """``tr((W'(I + mu KLK)W)^-1 W'KHKW)``, what TCA makes large (Pan et al. 2011, eq. 8), for W of shape (n, k)."""
    X = np.vstack([data.Xs, data.Xt])
    KW = np.vstack([block @ dual for _, block in _kernel_blocks(X, X, gamma)])
    gap = KW[: len(data.Xs)].mean(axis=0) - KW[len(data.Xs) :].mean(axis=0)
    centred = KW - KW.mean(axis=0)
    return float(np.trace(np.linalg.solve(dual.T @ dual + mu * np.outer(gap, gap), centred.T @ centred)))


def mean_discrepancy(data: Pair, weights: np.ndarray, eps: float | None = None) -> tuple[float, float]:
    """Kernel mean matching: ``(w'Kw/2 - k'w)/n^2`` and the squared MMD, for an rbf kernel of gamma 1/d.

    The weights are scaled as is best within mean 1 - eps to 1 + eps (None: as in the paper), so that a method which
    returns them with mean 1 is not worse for that.
    """
    n, m, gamma = len(data.Xs), len(data.Xt), 1 / data.Xs.shape[1]
    eps = (np.sqrt(n) - 1) / np.sqrt(n) if eps is None else eps
    w = weights * n / weights.sum()
    inner = sum(float(w[rows] @ (block @ w)) for rows, block in _kernel_blocks(data.Xs, data.Xs, gamma)) / n**2
    cross = sum(float(w[rows] @ block.sum(axis=1)) for rows, block in _kernel_blocks(data.Xs, data.Xt, gamma)) / (n * m)
    own = sum(float(block.sum()) for _, block in _kernel_blocks(data.Xt, data.Xt, gamma)) / m**2
    scale = np.clip(cross / inner, 1 - eps, 1 + eps)
    quadratic = scale**2 * inner / 2 - scale * cross
    return float(quadratic), float(max(0.0, 2 * quadratic + own))


def squared_ratio_loss(weights: np.ndarray, target_weights: np.ndarray) -> float:
    """``mean(w(source)^2)/2 - mean(w(target))``, the least-squares ratio loss (Kanamori et al. 2009), on fresh rows."""
    return float(np.mean(weights**2) / 2 - np.mean(target_weights))


def costs(data: Pair, average: Callable[[np.ndarray], Any] = np.mean) -> np.ndarray:
    """Squared distances, divided by their mean (or another average)."""
    M = cdist(data.Xs, data.Xt, "sqeuclidean")
    return M / average(M)


def rounded(plan: np.ndarray) -> np.ndarray:
    """The plan moved onto uniform marginals (Altschuler, Weed & Rigollet 2017, Algorithm 2).

    Rows, then columns, that hold too much are scaled down; what is then missing is added as a product of the two
    shortfalls. A plan that breaks its marginals may have a lower objective than any true plan has; this one may not.
    """
    n, m = plan.shape
    P = plan * np.minimum(1 / (n * plan.sum(axis=1)), 1.0)[:, None]
    P *= np.minimum(1 / (m * P.sum(axis=0)), 1.0)
    rows, columns = 1 / n - P.sum(axis=1), 1 / m - P.sum(axis=0)
    return P + np.outer(rows, columns) / max(float(rows.sum()), 1e-300)


def entropic_cost(data: Pair, plan: np.ndarray, reg: float, reg_class: float = 0.0) -> tuple[float, float]:
    """``<P, C> + reg sum P log P (+ reg_class sum over classes and columns of sqrt(mass))`` and the marginals' error.

    C is divided by its median. P is the plan rounded to uniform marginals (`rounded`); the error is the L1 distance of
    both marginals of the plan as it was returned. The class term is the one of Courty et al. 2017 with p = 1/2.
    """
    P = rounded(plan)
    value = float((P * costs(data, np.median)).sum() + reg * (P * np.log(np.maximum(P, 1e-300))).sum())
    if reg_class:
        masses = [P[data.ys == c].sum(axis=0) for c in np.unique(data.ys)]
        value += reg_class * float(sum(np.sqrt(np.maximum(mass, 0)).sum() for mass in masses))
    error = np.abs(plan.sum(axis=1) - 1 / len(plan)).sum() + np.abs(plan.sum(axis=0) - 1 / plan.shape[1]).sum()
    return value, float(error)


def joint_cost(data: Pair, predictions: np.ndarray, alpha: float = 0.5) -> float:
    """JDOT's least transport cost of ``(1 - alpha) d(x, x')/mean d + alpha (y - f(x'))^2``, solved exactly by POT."""
    import ot

    labels = (data.numbers[:, None] - predictions[None, :]) ** 2
    return float(ot.emd2([], [], (1 - alpha) * costs(data) + alpha * labels, numItermax=10**7))


def moment_gap(source: np.ndarray, target: np.ndarray) -> float:
    """Frobenius distance of the covariances of mapped source and target, relative to the target's."""
    wanted = np.cov(target.T)
    return float(np.linalg.norm(np.cov(source.T) - wanted) / np.linalg.norm(wanted))
