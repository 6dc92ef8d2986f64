"""Kernels, their width, and feature maps that stand for them without an n x n matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

#: Numbers of a block of rows by features that is worked on at a time (8 MiB in float64).
BLOCK = 2**20


def kernel_matrix(A: np.ndarray, B: np.ndarray, kernel: str, gamma: float) -> np.ndarray:
    r"""Kernel values between the rows of A and of B, in place, in the precision of the rows.

    linear :math:`a^\top b`; rbf :math:`e^{-\gamma\|a-b\|^2}`; laplacian :math:`e^{-\sqrt\gamma\,\|a-b\|}` (Euclidean
    distance, as in Pan et al. 2011).

    Parameters
    ----------
    A : ndarray of shape (n, d)
    B : ndarray of shape (m, d)
    kernel : {"linear", "rbf", "laplacian"}
    gamma : float
        Inverse squared width, > 0; not used by "linear".

    Returns
    -------
    ndarray of shape (n, m)

    Examples
    --------
    >>> kernel_matrix(np.zeros((1, 2)), np.array([[0.0, 0.0], [3.0, 4.0]]), "laplacian", 1.0).round(4).tolist()
    [[1.0, 0.0067]]
    """
    K = A @ B.T
    if kernel == "linear":
        return K
    K *= -2.0
    K += np.einsum("ij,ij->i", A, A)[:, None]
    K += np.einsum("ij,ij->i", B, B)[None, :]
    np.maximum(K, 0.0, out=K)
    if kernel == "laplacian":
        np.sqrt(K, out=K)
    K *= -(gamma if kernel == "rbf" else gamma**0.5)
    return np.exp(K, out=K)


def width(parts: Sequence[np.ndarray]) -> float:
    r"""Gamma of a kernel whose width fits the rows: one over the mean squared distance between two of them.

    :math:`1/\gamma = \frac1{n^2}\sum_{ij}\|x_i-x_j\|^2 = 2\,\mathrm{tr}\,\mathrm{Cov}(x)`, without any pairs.

    Examples
    --------
    >>> width([np.array([[0.0], [2.0]])])
    0.5
    """
    n = sum(len(part) for part in parts)
    mean = sum(part.sum(axis=0, dtype=np.float64) for part in parts) / n
    spread = 0.0
    for part in parts:
        for rows in blocks(part, part.shape[1]):
            away = rows - mean
            spread += float(np.einsum("ij,ij->", away, away))
    return n / (2 * spread) if spread > 0 else 1.0


def blocks(X: np.ndarray, n_features: int) -> Iterator[np.ndarray]:
    """Rows of X, as many at a time as keep a block by ``n_features`` small."""
    step = max(1, BLOCK // max(1, n_features))
    for begin in range(0, len(X), step):
        yield X[begin : begin + step]


def unit_rows(Z: np.ndarray) -> np.ndarray:
    """Rows at unit length; rows of zeros stay.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    length = np.sqrt(np.einsum("ij,ij->i", Z, Z))[:, None]
    return Z / np.where(length > 0, length, 1)


@dataclass(frozen=True)
class FeatureMap:
    """Rows to features: the rows themselves, kernel values with landmarks, or Nystroem features of these.

    Attributes
    ----------
    landmarks : ndarray of shape (m, d) or None
        None: the features are the rows.
    weights : ndarray of shape (m, r) or None
        None: the features are the kernel values themselves (shape (n, m)).
    """

    kernel: str = "linear"
    gamma: float = 1.0
    landmarks: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __call__(self, X: np.ndarray) -> np.ndarray:
        if self.landmarks is None:
            return X
        K = kernel_matrix(X, self.landmarks, self.kernel, self.gamma)
        return K if self.weights is None else K @ self.weights

    def size(self, n_columns: int) -> int:
        """Number of features of a row with ``n_columns`` columns."""
        if self.landmarks is None:
            return n_columns
        return len(self.landmarks) if self.weights is None else self.weights.shape[1]

    def blocks(self, X: np.ndarray) -> Iterator[np.ndarray]:
        """Features of the rows of X, some rows at a time."""
        widest = X.shape[1] if self.landmarks is None else max(X.shape[1], len(self.landmarks))
        for rows in blocks(X, widest):
            yield self(rows)

    def project(self, X: np.ndarray, coef: np.ndarray) -> np.ndarray:
        """``features(X) @ coef`` of shape (n, k), block by block, in the precision of X."""
        out = np.empty((len(X), coef.shape[1]), dtype=X.dtype)
        coef, begin = coef.astype(X.dtype, copy=False), 0
        for features in self.blocks(X):
            np.matmul(features, coef, out=out[begin : begin + len(features)])
            begin += len(features)
        return out


def nystroem(landmarks: np.ndarray, kernel: str, gamma: float) -> FeatureMap:
    r"""Feature map whose inner products are the kernel, exactly on the landmarks and closely elsewhere.

    :math:`\phi(x) = S^{-1/2} V^\top k(\ell, x)` with :math:`k(\ell,\ell) = VSV^\top` for landmarks :math:`\ell`;
    directions below :math:`10^{-10}` of the largest are left out (Williams & Seeger 2001).

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0]])
    >>> F = nystroem(X, "rbf", 0.5)(X)
    >>> bool(np.allclose(F @ F.T, kernel_matrix(X, X, "rbf", 0.5)))
    True
    """
    values, vectors = eigh(kernel_matrix(landmarks, landmarks, kernel, gamma).astype(np.float64))
    keep = values > values[-1] * 1e-10
    weights = vectors[:, keep] / np.sqrt(values[keep])
    return FeatureMap(kernel, gamma, landmarks, weights.astype(landmarks.dtype, copy=False))


def draw_landmarks(parts: Sequence[np.ndarray], count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of every part, in proportion to its length but at least a quarter of an equal share, without repetition."""
    total = sum(len(part) for part in parts)
    fair = count / (4 * max(1, len(parts)))
    drawn = []
    for part in parts:
        share = round(min(len(part), max(count * len(part) / total, fair)))
        drawn.append(part[np.sort(rng.choice(len(part), size=share, replace=False))])
    return np.vstack(drawn)


def kernel_features(
    parts: Sequence[np.ndarray], kernel: str, gamma: float, landmarks: int | None, rng: np.random.Generator
) -> FeatureMap:
    """Nystroem features of landmarks drawn with ``rng`` where these are fewer than the rows, else of all rows."""
    few = landmarks is not None and landmarks < sum(len(part) for part in parts)
    return nystroem(draw_landmarks(parts, landmarks or 0, rng) if few else np.vstack(parts), kernel, gamma)


def choose_features(
    parts: Sequence[np.ndarray],
    kernel: str,
    gamma: float | None,
    landmarks: int | None,
    rng: np.random.Generator,
) -> tuple[FeatureMap, bool]:
    """Features to solve a component problem in, and whether the penalty is on the kernel form's coefficients.

    "primal" and "linear" work in the columns of the rows (or, for "linear" with more columns than rows, in the kernel
    values with the rows); other kernels in the kernel values with all rows, or in Nystroem features of ``landmarks``
    rows drawn with ``rng`` where that many are fewer than the rows.
    """
    n, d = sum(len(part) for part in parts), parts[0].shape[1]
    if kernel == "primal":
        return FeatureMap(), False
    if kernel == "linear":
        return (FeatureMap(), True) if d <= n else (FeatureMap("linear", 1.0, np.vstack(parts)), False)
    gamma = width(parts) if gamma is None else gamma
    if landmarks is None or landmarks >= n:
        return FeatureMap(kernel, gamma, np.vstack(parts)), False
    return nystroem(draw_landmarks(parts, landmarks, rng), kernel, gamma), True
