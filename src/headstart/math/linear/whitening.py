"""Between principal components and full whitening: a network's features on fewer, more even axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.errors import ParameterError

_NOTHING = 1e-7  # part of the largest eigenvalue below which a direction is rounding


@dataclass(frozen=True, eq=False)
class PartialWhitening:
    """The map z = (x - mean) V diag(l^-power), each row then divided by its length.

    V (d, k) are the first eigenvectors of the covariance and l its eigenvalues. ``power=0`` is principal component
    analysis, where a few directions outweigh all others in a cosine; ``power=1/2`` is whitening, where noise counts as
    much as signal; 1/4 lies halfway.

    Attributes
    ----------
    mean : ndarray of shape (d,)
    axes : ndarray of shape (d, k)
        V diag(l^-power).
    """

    mean: np.ndarray
    axes: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Rows (n, d) as vectors (n, k) of length 1, float32; a row equal to the mean becomes zero."""
        Z = (np.asarray(X, np.float64) - self.mean) @ self.axes
        return (Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def partial_whitening(X: np.ndarray, power: float = 0.25, n_components: int = 256) -> PartialWhitening:
    """Fit the map to rows of features.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Not changed; read in blocks, so it may be a memory map.
    power : float, default=0.25
        In 0 to 1/2.
    n_components : int, default=256
        At most so many; directions without any spread are left out.

    Raises
    ------
    ParameterError
        If a number is outside its range, or the rows are all the same.

    Examples
    --------
    >>> X = np.array([[4.0, 1.0], [4.0, -1.0], [-4.0, 1.0], [-4.0, -1.0]])
    >>> [round(float(value), 3) for value in abs(partial_whitening(X, power=0.5)(X)[0])]
    [0.707, 0.707]
    """
    if not 0 <= power <= 0.5 or n_components < 1:
        raise ParameterError(
            f"Expected a whitening from 0 to 0.5 and at least 1 component, found {power} and {n_components}."
        )
    mean: np.ndarray = np.asarray(np.mean(X, axis=0, dtype=np.float64))
    covariance = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), 4096):
        rows = np.asarray(X[start : start + 4096], np.float64) - mean
        covariance += rows.T @ rows
    values, vectors = np.linalg.eigh(covariance / len(X))
    kept = np.flatnonzero(values > _NOTHING * values[-1])[::-1][:n_components]
    if values[-1] <= 0:
        raise ParameterError("Expected features that differ from row to row, found the same everywhere.")
    return PartialWhitening(mean, vectors[:, kept] * values[kept] ** -power)
