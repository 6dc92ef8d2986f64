"""Few labelled rows of a table and many without labels: what learns from both, and what the safe choice makes of it.

    python benchmarks/unlabelled_tables.py [--repeats 10] [--sets cancer made] [--labels 2 5 10 20] [--constant 0]

A draw keeps up to 400 rows (a third) for the test, gives so many labels a class, and up to 1,000 rows without labels.
*Linear*: logistic regression on standardised columns. *Discriminant*, *propagation*: the two candidates of
`headstart.guard.candidates.for_tables.by_unlabelled`. *Without*, *guard*: `SafeTransferClassifier` without and with the
rows that have no labels. The columns are mean accuracy and the worst draw: of the candidates against *linear*, of the
guard against *without*. The last lines say what the guard keeps of the gain of the better candidate.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from common import DATA, parser
from headstart import LabelPropagationClassifier, SafeTransferClassifier, SemiSupervisedDiscriminantClassifier

WAYS = ("linear", "discriminant", "propagation", "without", "guard")


def sets() -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    """Tables and their classes."""
    found = {}
    loads = {"cancer": load_breast_cancer, "wine": load_wine, "iris": load_iris, "digits": load_digits}
    for name, load in loads.items():
        X, y = load(return_X_y=True)
        found[name] = (pd.DataFrame(X).rename(columns="x{}".format), y)
    X, y = make_classification(1500, 20, n_informative=8, flip_y=0.05, random_state=0)
    found["made"] = (pd.DataFrame(X).rename(columns="x{}".format), y)
    if DATA.is_dir():
        table = pd.read_csv(DATA / "mushroom" / "mushroom.csv").sample(1500, random_state=0, ignore_index=True)
        label = table.columns[0] if "class" not in table else "class"
        found["mushroom"] = (table.drop(columns=[label, "odor"], errors="ignore").astype(str), table[label].to_numpy())
        concrete = pd.read_csv(DATA / "concrete" / "concrete.csv")
        strength = concrete.iloc[:, -1]
        found["concrete, thirds"] = (concrete.iloc[:, :-1], np.digitize(strength, strength.quantile([1 / 3, 2 / 3])))
    return found


def rights(X: pd.DataFrame, y: np.ndarray, per: int, seed: int, constant: float) -> list[float]:
    """Accuracy of all ways on one draw, in %."""
    order = np.random.default_rng(seed).permutation(len(y))
    n_test = min(400, len(y) // 3)
    test, rest = order[:n_test], order[n_test:]
    few = np.concatenate([rest[y[rest] == k][:per] for k in np.unique(y)])
    more = np.setdiff1d(rest, few)[:1000]
    numbers = pd.get_dummies(X).to_numpy(np.float64)
    numbers = StandardScaler().fit(numbers[np.r_[few, more]]).transform(numbers)
    linear = LogisticRegression(max_iter=1000)
    ways = [linear] + [
        kind(clone(linear), constant=constant, unlabelled=numbers[more])
        for kind in (SemiSupervisedDiscriminantClassifier, LabelPropagationClassifier)
    ]
    found = [100 * way.fit(numbers[few], y[few]).score(numbers[test], y[test]) for way in ways]
    for given in (None, X.iloc[more]):
        safe = SafeTransferClassifier(None, unlabelled=given, reference=False, random_state=0, budget=600)
        found.append(100 * safe.fit(X.iloc[few], y[few]).score(X.iloc[test], y[test]))
    return found


def lines(repeats: int, labels: list[int], chosen: list[str], constant: float) -> Iterator[str]:
    """The tables."""
    yield "| set | labels a class | " + " | ".join(WAYS) + " |"
    yield "| --- " * (len(WAYS) + 2) + "|"
    every = []
    for name, (X, y) in sets().items():
        if chosen and name not in chosen:
            continue
        for per in labels:
            found = np.array([rights(X, y, per, seed, constant) for seed in range(repeats)])
            every.append(found)
            told = [f"{found[:, w].mean():.1f}" for w in range(len(WAYS))]
            for w, base in ((1, 0), (2, 0), (4, 3)):
                told[w] += f" ({(found[:, w] - found[:, base]).min():+.1f})"
            yield f"| {name} | {per} | {' | '.join(told)} |"
    all_ = np.concatenate(every)
    gain, best = all_[:, 4] - all_[:, 3], np.maximum(all_[:, 1], all_[:, 2]) - all_[:, 3]
    yield ""
    hurt, better = 100 * (gain < -1).mean(), best.mean()
    error = gain.std() / len(gain) ** 0.5
    yield f"{len(gain)} draws: mean gain of the guard {gain.mean():+.2f} (s.e. {error:.2f}), worst {gain.min():+.1f}, "
    yield f"hurt by over 1 point {hurt:.0f}%; the better candidate, chosen with the answers, {better:+.2f}"


def main() -> None:
    """Print what was measured."""
    made = parser((__doc__ or "").splitlines()[0], 10)
    made.add_argument("--sets", nargs="*", default=[])
    made.add_argument("--labels", type=int, nargs="+", default=[2, 5, 10, 20])
    made.add_argument("--constant", type=float, default=1.5, help="of the two candidates by themselves")
    options = made.parse_args()
    warnings.simplefilter("ignore")
    for line in lines(options.repeats, options.labels, options.sets, options.constant):
        print(line, flush=True)


if __name__ == "__main__":
    main()
