"""The eigenproblem that the component methods share: much spread, little difference between the domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from headstart.math.alignment.kernels import FeatureMap, choose_features

#: Up to this many features the scatter is a matrix and the eigensolver dense; above, products with the rows do.
DENSE = 1000

#: Numbers of features that are worked on while they are in the processor's cache (512 KiB in float64).
CACHED = 2**16

#: Components with less than this share of the largest eigenvalue are noise and left out.
NOISE = 1e-11


@dataclass(frozen=True)
class Components:
    r"""What is looked for: how many components, in which kernel's space, at which price.

    Parameters
    ----------
    number : int
        At most this many; fewer where the rest has no spread.
    kernel : {"linear", "primal", "rbf", "laplacian"}
        "primal" penalises the map's coefficients :math:`\|b\|^2` and not the kernel form's :math:`\|W\|^2`.
    gamma : float, optional
        Inverse squared width; None: :func:`headstart.math.alignment.kernels.width`.
    penalty : float
        Lambda, > 0, for an MMD matrix of Frobenius norm 1. The trade-off mu that others put before the MMD of norm
        :math:`1/n_s+1/n_t` is :math:`\lambda = 1/(\mu\,(1/n_s+1/n_t))`.
    landmarks : int, optional
        Nystroem features of this many rows; None: the exact kernel, n x n numbers.
    """

    number: int
    kernel: str = "linear"
    gamma: float | None = None
    penalty: float = 1.0
    landmarks: int | None = None

    def measure(self, parts: Sequence[np.ndarray], rng: np.random.Generator | None = None) -> tuple[FeatureMap, Spread]:
        """Features to solve the problem in, and their spread; ``rng`` draws the landmarks."""
        rng = np.random.default_rng(0) if rng is None else rng
        features, dual = choose_features(parts, self.kernel, self.gamma, self.landmarks, rng)
        return features, measure_spread(parts, features, dual=dual)


@dataclass(frozen=True)
class Spread:
    r"""Scatter :math:`C = \sum_i (f_i-\bar f)(f_i-\bar f)^\top` of the features of all rows.

    Attributes
    ----------
    means : tuple of ndarray of shape (r,)
        Mean of the features of each part (source, target).
    scatter : ndarray of shape (q, q) or LinearOperator
        C in the coordinates of ``basis``.
    basis : ndarray of shape (r, q) or None
        Square root of the inverse of the norm that is penalised: :math:`N^{-1} = QQ^\top`. None: N is the identity.
    """

    means: tuple[np.ndarray, ...]
    scatter: np.ndarray | LinearOperator
    basis: np.ndarray | None = None


def measure_spread(parts: Sequence[np.ndarray], features: FeatureMap, *, dual: bool) -> Spread:
    r"""Scatter and means of the features in one pass over blocks of rows.

    With ``dual=True`` the norm that the eigenproblem penalises is :math:`b^\top S^{-1} b`, :math:`S=\sum_i f_if_i^\top`
    not centred: the norm of the coefficients W of the kernel form :math:`Z = KW`, since :math:`b = F^\top W`.
    """
    width = features.size(parts[0].shape[1])
    if width > DENSE and not dual:
        return _spread_of_wide(parts, features)
    shift = np.asarray(next(features.blocks(parts[0])), dtype=np.float64).mean(axis=0)
    scatter, total, n, means = np.zeros((width, width)), np.zeros(width), 0, []
    for part in parts:
        mine = np.zeros(width)
        for block in features.blocks(part):
            moved = np.subtract(block, shift, dtype=np.float64)
            scatter += moved.T @ moved
            mine += moved.sum(axis=0)
        means.append(shift + mine / max(1, len(part)))
        total += mine
        n += len(part)
    scatter -= np.outer(total, total) / n
    if not dual:
        return Spread(tuple(means), scatter)
    mean = shift + total / n
    values, vectors = eigh(scatter + n * np.outer(mean, mean))
    keep = values > max(values[-1], 1e-300) * NOISE
    basis = vectors[:, keep] * np.sqrt(values[keep])
    return Spread(tuple(means), basis.T @ scatter @ basis, basis)


def _spread_of_wide(parts: Sequence[np.ndarray], features: FeatureMap) -> Spread:
    """Products with the centred features instead of a matrix; they are kept, so n x r numbers."""
    held = [features(part) for part in parts]
    n = sum(len(part) for part in held)
    means = tuple(part.mean(axis=0, dtype=np.float64) for part in held)
    mean = sum(len(part) * m for part, m in zip(held, means, strict=True)) / n
    step = max(1, CACHED // len(mean))

    def product(v: np.ndarray) -> np.ndarray:
        v = v.astype(np.float64).ravel()
        level, out, total = mean @ v, np.zeros(len(v)), 0.0
        for part in held:
            right = v.astype(part.dtype)
            for begin in range(0, len(part), step):  # rows are read once for both products
                rows = part[begin : begin + step]
                moved = rows @ right - level
                out += moved.astype(part.dtype) @ rows
                total += float(moved.sum())
        return out - total * mean

    r = len(mean)
    return Spread(means, LinearOperator((r, r), matvec=product, dtype=np.float64))


def leading_components(
    spread: Spread, directions: np.ndarray, penalty: float, n_components: int, *, lengths: str = "constraint"
) -> tuple[np.ndarray, np.ndarray]:
    r"""Components with the most spread for their difference between the domains.

    .. math:: \max_B\; \mathrm{tr}(B^\top C B) \quad\text{subject to}\quad B^\top(\lambda N + DD^\top)B = I

    The constraint is a scaled identity plus a few directions in the coordinates of :class:`Spread`, so its inverse
    square root is known in closed form and one *symmetric* eigenproblem remains. (Calling a symmetric solver on
    :math:`(\lambda N+DD^\top)^{-1}C`, which is not symmetric, gives other components.)

    Parameters
    ----------
    spread : Spread
    directions : ndarray of shape (r, q)
        Columns D: differences of means, scaled so that :math:`DD^\top` is the features' part of the MMD.
    penalty : float
        Lambda, > 0.
    n_components : int
        At most this many; fewer where the rest has no spread.
    lengths : {"constraint", "coefficients"}
        "constraint": as above. "coefficients": each column has :math:`\lambda\,b^\top Nb=1`, whatever its difference
        between the domains (what eigensolvers return for the form that is not symmetric, up to a common factor).

    Returns
    -------
    coef : ndarray of shape (r, k)
    values : ndarray of shape (k,)
        Eigenvalues, falling: spread for one unit of the constraint.

    Examples
    --------
    >>> spread = Spread((), np.diag([5.0, 4.0]))
    >>> coef, values = leading_components(spread, np.array([[1.0], [0.0]]), 1.0, 2)
    >>> values.round(3).tolist()
    [4.0, 2.5]
    """
    D = directions if spread.basis is None else spread.basis.T @ directions
    left, singular, _ = np.linalg.svd(D, full_matrices=False)
    shrink = left * (1.0 - np.sqrt(penalty / (penalty + singular**2)))

    def root(v: np.ndarray) -> np.ndarray:
        return v - shrink @ (left.T @ v)

    size = spread.scatter.shape[0]
    most = max(1, min(n_components, size))
    if isinstance(spread.scatter, np.ndarray):
        inner = root(root(spread.scatter).T)
        values, vectors = eigh((inner + inner.T) / 2, subset_by_index=(size - most, size - 1))
    else:
        product = spread.scatter.matvec
        operator = LinearOperator((size, size), matvec=lambda v: root(product(root(v.ravel()))), dtype=np.float64)
        start = np.random.default_rng(0).standard_normal(size)
        values, vectors = eigsh(operator, k=min(most, size - 1), v0=start, tol=1e-9)
        order = np.argsort(values)
        values, vectors = values[order], vectors[:, order]
    values, vectors = values[::-1], vectors[:, ::-1]
    keep = values > max(float(values[0]), 1e-300) * NOISE
    coef = root(vectors[:, keep])
    if lengths == "coefficients":
        coef /= np.sqrt(np.einsum("ij,ij->j", coef, coef))
    coef /= np.sqrt(penalty)
    coef = coef if spread.basis is None else spread.basis @ coef
    flip = np.sign(coef[np.abs(coef).argmax(axis=0), np.arange(coef.shape[1])])
    return coef * np.where(flip == 0, 1.0, flip), values[keep] / penalty
