"""Few labels a class: how far what is held out is from what comes out.

    python benchmarks/few_folds.py [--repeats 10] [--sets chest mnist sketch digits agnews office]

Frozen features and the logistic head of `unlabelled.py`; so many labels of every class, or two of every class and
the others by chance, so many in the mean. Accuracy on rows that are held out minus that of the head of all labels on
up to 400 other rows, points.
*One out*: each row is left out alone. *Folds of equal size*: five, classes are dealt out to them one after the other.
*Ours*: `headstart.data.sets.splits.folds`, of which every class of so many labels loses equally many to each fold.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
from unlabelled import SETTINGS, features, head

from common import need_data, parser
from headstart.data.sets.assign import deal
from headstart.data.sets.splits import folds
from headstart.guard.comparing.out_of_fold import fold_numbers

kept = cache(features)
PER_CLASS = (2, 3, 4, 6, 8, 12, 20)
WAYS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "one out": lambda y, seed: np.arange(len(y)),
    "folds of equal size": lambda y, seed: deal(y, 5, np.random.default_rng(seed)),
    "ours": lambda y, seed: fold_numbers(folds(y, "classification", n_splits=5, random_state=seed), len(y)),
}


def held_out(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> float:
    """Share right of rows that were held out."""
    right = np.zeros(len(y))
    for f in np.unique(fold):
        test = fold == f
        right[test] = head().fit(X[~test], y[~test]).predict(X[test]) == y[test]
    return float(right.mean())


def gaps(name: str, per: int, repeats: int, natural: bool) -> list[list[float]]:
    """Of each draw the true accuracy, and how far each way is from it."""
    X, y = kept(name)
    K, found = y.max() + 1, []
    for seed in range(repeats):
        order = np.random.default_rng(seed).permutation(len(y))
        test, rest = np.split(order, [min(400, len(y) // 3)])
        few = np.concatenate([rest[y[rest] == k][: 2 if natural else per] for k in range(K)])
        if natural:
            few = np.concatenate([few, np.setdiff1d(rest, few, assume_unique=True)[: per * K - len(few)]])
        true = float((head().fit(X[few], y[few]).predict(X[test]) == y[test]).mean())
        found.append([true, *(held_out(X[few], y[few], way(y[few], seed)) - true for way in WAYS.values())])
    return found


def main() -> None:
    """Print a table."""
    need_data()
    made = parser(__doc__ or "", repeats=10)
    made.add_argument("--sets", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    options = made.parse_args()
    print("| labels a class | right | " + " | ".join(WAYS) + " |\n| --- | --- |" + " --- |" * len(WAYS))
    for natural in (False, True):
        for per in PER_CLASS[natural:]:
            each = np.array([row for name in options.sets for row in gaps(name, per, options.repeats, natural)])
            means = 100 * each.mean(axis=0)
            label = f"2 and more, {per} in the mean" if natural else str(per)
            print(f"| {label} | {means[0]:.1f} | " + " | ".join(f"{gap:+.1f}" for gap in means[1:]) + " |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
