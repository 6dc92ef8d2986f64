"""What choosing the next labels gains over drawing them: right answers with 10, 20 and 50 labels, on the same pools.

Labels are asked for ten at a time, with the quarter by chance that `headstart label-next` draws. A logistic head on
frozen features learns from them and is tested on rows outside the pool.
"""

from __future__ import annotations

import time

import numpy as np
from drift_rows import base

from common import need_data, parser
from headstart.adviser.next_labels import next_labels
from headstart.math.linear.logistic import solve_logistic

SETS = ("photo", "sketch", "amazon", "hymenoptera", "chest", "caltech", "mnist", "cifar", "digits spoken")
SETS += ("news", "books", "spam", "mushroom")
LABELS = (10, 20, 50)
_POOL, _STEP, _PENALTY = 500, 10, 0.03


def right(X: np.ndarray, y: np.ndarray, A: np.ndarray, b: np.ndarray) -> float:
    """Share of the rows A that a head learned from X answers rightly."""
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        return float((b == classes[0]).mean())
    solved = solve_logistic(X, np.eye(len(classes))[codes], penalties=[_PENALTY])
    return float((classes[(A @ solved.coef + solved.intercept).argmax(axis=1)] == b).mean())


def scores(X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, list[float]]:
    """Right answers at each number of labels, chosen and drawn."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    cut = min(_POOL, (2 * len(X)) // 3)
    pool, test = order[:cut], order[cut : cut + 500]
    drawn, chosen = rng.permutation(pool), np.zeros(0, dtype=np.int64)
    found: dict[str, list[float]] = {"drawn": [], "chosen": []}
    while len(chosen) < max(LABELS):
        free = np.setdiff1d(pool, chosen)
        more = {"labelled": X[chosen], "y": y[chosen]} if len(chosen) else {}
        picked = next_labels(X[free], _STEP, random_state=seed * 100 + len(chosen), **more)
        chosen = np.r_[chosen, free[picked.rows]]
        if len(chosen) in LABELS:
            for name, rows in (("drawn", drawn[: len(chosen)]), ("chosen", chosen)):
                found[name].append(right(X[rows], y[rows], X[test], y[test]))
    return found


def main() -> None:
    """Print points over random, set by set."""
    asked = parser(__doc__ or "", 12)
    asked.add_argument("--sets", default=",".join(SETS))
    told = asked.parse_args()
    need_data()
    print(f"{'set':<16}" + "".join(f"  {n:>3} labels: drawn, gain" for n in LABELS))
    gains, drawn = [], []
    started = time.process_time()
    for name in told.sets.split(","):
        X, y = base(name)
        X = np.asarray(X, dtype=np.float64)
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
        each = [scores(X, y, seed) for seed in range(told.repeats)]
        low = 100 * np.mean([one["drawn"] for one in each], axis=0)
        gain = 100 * np.mean([np.subtract(one["chosen"], one["drawn"]) for one in each], axis=0)
        gains.append(gain)
        drawn.append(low)
        print(f"{name:<16}" + "".join(f"  {a:>17.1f}, {g:+5.1f}" for a, g in zip(low, gain, strict=True)), flush=True)
    both = zip(np.mean(drawn, axis=0), np.mean(gains, axis=0), strict=True)
    print(f"{'mean':<16}" + "".join(f"  {a:>17.1f}, {g:+5.1f}" for a, g in both))
    print(f"{time.process_time() - started:.0f} CPU s")


if __name__ == "__main__":
    main()
