"""How often heads of F folds differ on new rows, beside how often they err on rows held out.

`Reference.differ` rests on it: heads that share no example differ as often as they err, those of F folds less by the
root of F - 1. `python drift_folds.py` prints the two, and the second by the first, over eight sets and three draws.
"""

from __future__ import annotations

import numpy as np
from drift import FITTED, draws
from drift_rows import TABLES

from common import need_data
from headstart.data.sets.splits import folds
from headstart.guard.evidence.reference import COLUMNS, NETWORK, rows_kept


def main() -> None:
    """Print a row a number of folds."""
    need_data()
    found: dict[int, list[tuple[float, float]]] = {}
    for name in FITTED:
        for made, X, y, _, seed in draws(name, 3):
            order = np.random.default_rng(seed).permutation(len(X))
            half = len(X) // 2
            new, learned = made.seen(X[order[:half]]), made.seen(X[order[half:]][:300])
            codes = np.searchsorted(made.classes, y[order[half:]][:300])
            for n in (2, 3, 4, 5, 8, 10):
                parts = folds(codes, "classification", n_splits=n, random_state=seed)
                sees = COLUMNS if name in TABLES else NETWORK
                kept, _ = rows_kept(sees, learned, np.eye(len(made.classes))[codes], parts, random_state=seed)
                wrong = float((kept.held.argmax(axis=1) != kept.codes).mean())
                found.setdefault(n, []).append((wrong, float(kept.differ(new).mean()) / np.sqrt(len(kept.heads) - 1)))
    print("| folds | held out, wrong | new, two heads differ | by the root of folds less one, over wrong |")
    print("| --- | --- | --- | --- |")
    for n, pairs in found.items():
        wrong, differ = np.mean(pairs, axis=0)
        print(f"| {n} | {100 * wrong:.1f}% | {100 * differ:.1f}% | {np.sqrt(n - 1) * differ / wrong:.2f} |")


if __name__ == "__main__":
    main()
