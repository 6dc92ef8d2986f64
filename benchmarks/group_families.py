"""Groups that deviate in known ways: what a free covariance of deviations gives over two variances, and what it costs.

    python benchmarks/group_families.py [--repeats 10]

The error of each is the mean square of its answers' distance to what made the numbers, on new rows of the same groups;
its share of that of two variances (intercepts, slopes), mean over draws with the standard error. Noise has variance 1.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from common import parser
from headstart.math.linear.partial_pooling import partial_pooling

FAMILIES = ("nothing", "intercepts", "all alike", "one slope", "one direction", "two kinds", "columns of 0 and 1")
SHAPES = ((8, 30, 5), (30, 10, 8), (60, 40, 15))


def deviations(family: str, groups: int, p: int, rng: np.random.Generator) -> np.ndarray:
    """Of the intercept and p slopes of each group, (groups, p + 1)."""
    own = np.zeros((groups, p + 1))
    if family in ("intercepts", "one slope"):
        own[:, 0] = 0.5 * rng.normal(size=groups)
    if family == "one slope":
        own[:, 1] = 0.5 * rng.normal(size=groups)
    if family == "all alike":
        own = 0.5 * np.c_[rng.normal(size=groups), rng.normal(size=(groups, p)) / np.sqrt(p)]
    if family == "one direction":
        own = 0.5 * rng.normal(size=(groups, 1)) * np.r_[1.0, rng.normal(size=p) / np.sqrt(p)]
    if family == "two kinds":
        own = 0.5 * rng.choice([-1.0, 1.0], size=(groups, 1)) * rng.normal(size=p + 1) / np.sqrt(p)
    if family == "columns of 0 and 1":
        own = 0.3 * rng.normal(size=(groups, p + 1))
    return own


def share(family: str, groups: int, each: int, p: int, seed: int) -> float:
    """Error with the free covariance as a share of that with two variances."""
    rng = np.random.default_rng(seed)
    codes = np.tile(np.repeat(np.arange(groups), each), 3)
    n = len(codes)
    X = 2.0 * np.eye(p)[rng.integers(p, size=n)] if family == FAMILIES[-1] else rng.normal(size=(n, p))
    own = deviations(family, groups, p, rng)[codes]
    truth = X @ rng.normal(size=p) / np.sqrt(p) + own[:, 0] + (X * own[:, 1:]).sum(axis=1)
    y, seen = truth + rng.normal(size=n), slice(0, n // 3)
    Z = (X - X[seen].mean(axis=0)) / X[seen].std(axis=0)
    middle = y[seen].mean()
    free = partial_pooling(Z[seen], y[seen] - middle, codes[seen], groups)
    plain = dataclasses.replace(free, covariance=None)
    tied = partial_pooling(Z[seen], y[seen] - middle, codes[seen], groups, found=plain)
    lost = [((middle + one.answers(Z, codes) - truth)[n // 3 :] ** 2).mean() for one in (free, tied)]
    return float(lost[0] / lost[1])


def main() -> None:
    """Print a line a family."""
    repeats = parser("Groups that deviate in known ways.", 10).parse_args().repeats
    for groups, each, p in SHAPES:
        print(f"\n{groups} groups of {each} rows, {p} columns: error, share of that of two variances")
        for family in FAMILIES:
            found = [share(family, groups, each, p, seed) for seed in range(repeats)]
            error = np.std(found, ddof=1) / np.sqrt(repeats) if repeats > 1 else 0.0
            print(f"  {family:20s} {np.mean(found):.2f} ({error:.2f})", flush=True)


if __name__ == "__main__":
    main()
