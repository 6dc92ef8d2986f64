"""Whether features from a faster forward pass serve as well as the exact ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import numpy as np

_AS_FITTED: ContextVar[bool] = ContextVar("as_fitted", default=False)

MAX_RELATIVE_ERROR = 0.15
MAX_SPREAD_ERROR = 0.1
MIN_COSINE = 0.99


@contextlib.contextmanager
def as_fitted() -> Iterator[None]:
    """Inside, predictions are made from features of the arithmetic that heads are fitted with, in this thread alone.

    For held-out predictions that only compare heads: each picture is then run once, not once more in float32.
    """
    before = _AS_FITTED.set(True)
    try:
        yield
    finally:
        _AS_FITTED.reset(before)


def must_be_exact(wanted: bool) -> bool:
    """Whether features have to be in float32, if that is ``wanted`` for predictions."""
    return wanted and not _AS_FITTED.get()


def agrees(exact: np.ndarray, fast: np.ndarray) -> bool:
    """Whether the error of fast features is small, and small against what tells the pictures apart.

    A head sees differences between pictures. So the root mean square error e is held against the root mean square
    distance s of the exact features from their mean: e <= 0.1 s adds one hundredth to their variance. Nearly
    equal pictures, s = 0, leave the relative error alone to decide. The nearest neighbour of every picture must
    stay nearest up to that error.

    Parameters
    ----------
    exact : ndarray, (n, d)
        Features in float32.
    fast : ndarray, (n, d)
        The same pictures' features from the faster pass.

    Returns
    -------
    bool

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(8, 100))
    >>> agrees(features, features * 1.001), agrees(features, features + rng.normal(size=(8, 100)))
    (True, False)
    """
    exact, fast = np.asarray(exact, np.float64), np.asarray(fast, np.float64)
    if exact.shape != fast.shape or not np.isfinite(fast).all():
        return False
    size = np.linalg.norm(exact, axis=1)
    error = np.linalg.norm(fast - exact, axis=1)
    tiny = np.finfo(np.float32).tiny
    if np.sqrt(np.mean(error**2)) > MAX_RELATIVE_ERROR * np.sqrt(np.mean(size**2)):
        return False
    cosine = (exact * fast).sum(1) / np.maximum(size * np.linalg.norm(fast, axis=1), tiny)
    if (cosine[size > 0] < MIN_COSINE).any():
        return False
    spread = np.sqrt(np.mean(np.sum((exact - exact.mean(0)) ** 2, axis=1)))
    if len(exact) < 2 or spread <= 1e-6 * size.max():
        return True
    return bool(np.sqrt(np.mean(error**2)) <= MAX_SPREAD_ERROR * spread and _neighbours_stay(exact, fast, spread))


def _neighbours_stay(exact: np.ndarray, fast: np.ndarray, spread: float) -> bool:
    """Whether the nearest neighbour by fast features is, by exact ones, at most the error allowed farther away."""
    distances = np.linalg.norm(exact[:, None] - exact[None], axis=2)
    seen = np.linalg.norm(fast[:, None] - fast[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    np.fill_diagonal(seen, np.inf)
    chosen = distances[np.arange(len(exact)), seen.argmin(1)]
    return bool((chosen <= distances.min(1) + 2 * MAX_SPREAD_ERROR * spread).all())
