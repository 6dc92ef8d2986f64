"""Views brought to one scale: columns of variance 1, and each view as much variance in all as any other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ViewScale:
    """A shift and a factor for each column of a view.

    Attributes
    ----------
    mean, factor : ndarray of shape (d,)
    """

    mean: np.ndarray
    factor: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Scaled rows, in float64; a value that is missing in a row that is there becomes the mean, which is 0."""
        scaled = (np.asarray(X, dtype=np.float64) - self.mean) * self.factor
        return np.where(np.isnan(scaled), 0.0, scaled)


def equal_variance(X: np.ndarray) -> ViewScale:
    r"""The scale by which columns of a view have mean 0 and variance 1/d, so that its rows have a mean square of 1.

    Without it a view of many columns drowns one of few where views are joined, and a penalty means another thing in
    each of them. A column of one value counts nothing.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows in which the view is there; single values may be NaN.

    Examples
    --------
    >>> X = np.array([[0.0, 5.0, 1.0], [2.0, 5.0, np.nan], [4.0, 5.0, 3.0]])
    >>> Z = equal_variance(X)(X)
    >>> float((Z[[0, 2]] ** 2).sum(axis=1).mean().round(3)), Z[:, 1].tolist(), float(Z[1, 2])
    (1.25, [0.0, 0.0, 0.0], 0.0)
    """
    X = np.asarray(X, dtype=np.float64)
    known = ~np.isnan(X)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, X, 0.0).sum(axis=0) / counts
    spread = np.sqrt((np.where(known, X - mean, 0.0) ** 2).sum(axis=0) / counts)
    moves = spread > 1e-9 * (1.0 + np.abs(mean))
    wide = max(int(moves.sum()), 1)
    return ViewScale(mean, np.where(moves, 1.0 / (np.where(moves, spread, 1.0) * np.sqrt(wide)), 0.0))
