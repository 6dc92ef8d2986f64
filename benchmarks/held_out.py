"""What answers that were held out are good for: wrong labels found, sets that hold the truth, answers left to others.

    python benchmarks/held_out.py [--repeats 10] [--labels 150]

Frozen features of the sets of benchmarks/more_labels.py, a logistic head, 150 labels (300 for wrong labels, of which 5%
are changed by chance to another class; how much surer a model has to be was chosen on the
first group of sets). Sets are asked to hold the truth in 90%, answers to be wrong in at most 5%;
both are set by out-of-fold probabilities of the labelled rows and counted on all other rows with the final head.
"""

from __future__ import annotations

import numpy as np
from more_labels import FITTED, PENALTY, features
from scipy.special import softmax

from common import need_data, parser
from headstart.errors import ParameterError
from headstart.guard.comparing.curves import nested_order
from headstart.guard.evidence.label_errors import likely_wrong
from headstart.math.linear.logistic import solve_logistic
from headstart.math.statistics.calibration import temperature
from headstart.math.statistics.conformal import answer_threshold, prediction_sets, set_threshold


def shares(X: np.ndarray, codes: np.ndarray, n_classes: int, asked: np.ndarray) -> np.ndarray:
    """Probabilities of a logistic head."""
    solved = solve_logistic(X, np.eye(n_classes)[codes], penalties=[PENALTY])
    return softmax(asked @ solved.coef + solved.intercept, axis=1)


def out_of_fold(X: np.ndarray, codes: np.ndarray, n_classes: int, seed: int) -> np.ndarray:
    """Probabilities of each row by a head of the other four folds."""
    fold = np.random.default_rng(seed).permutation(len(codes)) % 5
    found = np.empty((len(codes), n_classes))
    for f in range(5):
        found[fold == f] = shares(X[fold != f], codes[fold != f], n_classes, X[fold == f])
    return found


def doubtful(X: np.ndarray, codes: np.ndarray, n_classes: int, seed: int) -> tuple[float, float, float]:
    """Labels listed, the share of them that had been changed, and the share of the changed ones among them."""
    rng, n = np.random.default_rng(seed), len(codes)
    changed = rng.choice(n, n // 20, replace=False)
    said = codes.copy()
    said[changed] = (codes[changed] + rng.integers(1, n_classes, len(changed))) % n_classes
    given = np.log(np.maximum(out_of_fold(X, said, n_classes, seed), 1e-12))
    rows, _ = likely_wrong(softmax(given / temperature(given, said), axis=1), said)
    right = float(np.isin(rows, changed).mean()) if len(rows) else np.nan
    return len(rows), right, float(np.isin(changed, rows).mean())


def promised(X: np.ndarray, codes: np.ndarray, n_classes: int, rows: np.ndarray, seed: int) -> tuple[float, ...]:
    """Share of sets that hold the truth, their mean size, right of all, wrong of those answered, share answered."""
    now, rest = rows
    held, truth = out_of_fold(X[now], codes[now], n_classes, seed), codes[rest]
    new = shares(X[now], codes[now], n_classes, X[rest])
    sets = prediction_sets(new, set_threshold(held[np.arange(len(now)), codes[now]], 0.1))
    right = new.argmax(axis=1) == truth
    try:
        answered = new.max(axis=1) >= answer_threshold(held.max(axis=1), held.argmax(axis=1) == codes[now], 0.05)
    except ParameterError:
        answered = np.zeros(len(rest), dtype=bool)
    wrong = float((~right[answered]).mean()) if answered.any() else np.nan
    covered = float(sets[np.arange(len(rest)), truth].mean())
    return covered, sets.sum(axis=1).mean(), right.mean(), wrong, answered.mean()


def main() -> None:
    asked = parser(__doc__.splitlines()[0], 10)
    asked.add_argument("--labels", type=int, default=150)
    options = asked.parse_args()
    need_data()
    print("| set | group | listed of 300 | of these changed | found | in the set | size | right | wrong | answered |")
    print("|" + "---|" * 10)
    total: dict[str, list[np.ndarray]] = {"fitted": [], "judged": []}
    for name, (X, codes) in sorted(features().items()):
        n_classes, rows = int(codes.max()) + 1, []
        for seed in range(options.repeats):
            order = nested_order(codes, "classification", np.random.default_rng(seed))
            found = doubtful(X[order[:300]], codes[order[:300]], n_classes, seed)
            parts = order[: options.labels], order[options.labels :]
            rows.append((*found, *promised(X, codes, n_classes, parts, seed)))
        group = "fitted" if name in FITTED else "judged"
        total[group].append(np.nanmean(rows, axis=0))
        print(f"| {name} | {group} | {written(total[group][-1])}", flush=True)
    for group, found in total.items():
        print(f"| mean | {group} | {written(np.nanmean(found, axis=0))}")


def written(values: np.ndarray) -> str:
    """Counts as they are, shares in per cent."""
    counts = (0, 4)
    return " | ".join(f"{v:.1f}" if i in counts else f"{100 * v:.0f}%" for i, v in enumerate(values)) + " |"


if __name__ == "__main__":
    main()
