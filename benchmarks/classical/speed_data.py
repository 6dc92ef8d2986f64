"""Two artificial domains of any size for the measurements of speed; NumPy only, for peers' environments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

CLASSES = 5
BLOCK = 2**14


@dataclass(frozen=True)
class Pair:
    """A source with classes and numbers as labels, a target without.

    Attributes
    ----------
    Xs, Xt : ndarray of shape (n, d)
    ys : ndarray of shape (n,)
        Classes 0 to 4.
    numbers : ndarray of shape (n,)
        The source's labels for regression.
    """

    Xs: np.ndarray
    ys: np.ndarray
    numbers: np.ndarray
    Xt: np.ndarray
    made_with: dict[str, Any]

    def again(self, n: int) -> Pair:
        """Other rows from the same two distributions."""
        return make_pair(**{**self.made_with, "n": n, "draw": 1})


def make_pair(
    n: int, d: int = 64, *, kind: str = "covariates", dtype: str = "float64", seed: int = 0, draw: int = 0
) -> Pair:
    """Five Gaussian classes in each domain, filled in place and by blocks, so that making them needs no extra memory.

    Parameters
    ----------
    n : int
        Rows of each domain.
    kind : {"covariates", "labels"}
        "covariates": the target is moved and stretched by column; "labels": it has other shares of the classes only.
    seed : int
        Of the distributions.
    draw : int
        Of the rows.
    """
    made_with = {"n": n, "d": d, "kind": kind, "dtype": dtype, "seed": seed, "draw": draw}
    rng = np.random.default_rng([seed, 0])
    centres = rng.normal(size=(CLASSES, d))
    shares = np.full(CLASSES, 1 / CLASSES)
    other = np.arange(1, CLASSES + 1) / np.arange(1, CLASSES + 1).sum() if kind == "labels" else shares
    slope = rng.normal(size=d) / np.sqrt(d)
    move, stretch = (
        (np.zeros(d), np.ones(d)) if kind == "labels" else (0.5 * rng.normal(size=d), rng.uniform(0.7, 1.4, d))
    )
    rng = np.random.default_rng([seed, 1, draw])

    def domain(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = rng.choice(CLASSES, n, p=share)
        X = np.empty((n, d), dtype)
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            X[rows] = rng.standard_normal((len(y[rows]), d)) + centres[y[rows]]
        return X, y

    Xs, ys = domain(shares)
    Xt, _ = domain(other)
    for start in range(0, n, BLOCK):
        Xt[start : start + BLOCK] = Xt[start : start + BLOCK] * stretch + move
    numbers = (Xs @ slope.astype(dtype)).astype(np.float64) + 0.1 * rng.normal(size=n)
    return Pair(Xs, ys, numbers, Xt, made_with)
