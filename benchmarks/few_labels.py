"""Accuracy with 10, 50, 100 and 1,000 labels on four real sets, against scratch and a tuned logistic regression.

    python benchmarks/few_labels.py [--labels 10 50 100 1000] [--repeats 10] [--safe 90] [--scratch]

All rows that are not drawn as labels are the test. ``LR``: scikit-learn's logistic regression on the same network's
features, C tuned over 8 values by cross-validated accuracy. ``classical``: edges, colours and pixels without transfer.
``head``: `TransferClassifier` with its defaults. ``safe``: `SafeTransferClassifier` with that many seconds of budget.
``scratch``: the same network from random weights.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, StratifiedShuffleSplit

from common import NETWORK, digits, folder_pictures, need_data, parser
from headstart import SafeTransferClassifier, TransferClassifier
from headstart.data.pictures.pictures import Pictures, as_pictures
from headstart.guard.baselines.classical import BaselineClassifier
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed


def sets() -> dict[str, tuple[Pictures, np.ndarray]]:
    """The four sets; hymenoptera with both its parts."""
    ants, ant_labels = folder_pictures("hymenoptera", "train")
    more, more_labels = folder_pictures("hymenoptera", "val")
    numbers, number_labels = digits()
    caltech, xray = folder_pictures("caltech101_subset"), folder_pictures("chest_xray")
    return {
        "hymenoptera": (as_pictures(ants + more), np.r_[ant_labels, more_labels]),
        "caltech101_subset": (as_pictures(caltech[0]), caltech[1]),
        "chest_xray": (as_pictures(xray[0]), xray[1]),
        "mnist_subset": (as_pictures(numbers), number_labels),
    }


def tuned_logistic(X: np.ndarray, y: np.ndarray, seed: int) -> GridSearchCV:
    """The peer: logistic regression with C tuned by accuracy."""
    smallest = np.unique(y, return_counts=True)[1].min()
    model, grid = LogisticRegression(max_iter=1000), {"C": np.logspace(-4, 3, 8)}
    if smallest < 2:
        return model.fit(X, y)
    folds = StratifiedKFold(min(5, smallest), shuffle=True, random_state=seed)
    return GridSearchCV(model, grid, cv=folds).fit(X, y)


def safely(rows: Pictures, labels: np.ndarray, seed: int, budget: float) -> SafeTransferClassifier:
    """The guard; says on standard error what it compared and what it took."""
    model = SafeTransferClassifier(str(NETWORK), budget=budget, random_state=seed).fit(rows, labels)
    compared = {item["name"]: round(item["score"], 3) for item in model.evidence_["candidates"]}
    chosen = [item["name"] for item in model.evidence_["candidates"] if item["chosen"]]
    left_out = [item["words"] for item in model.evidence_["left_out"]]
    line = {"seed": seed, "chosen": chosen, "compared": compared, "left out": left_out}
    print(json.dumps(line), file=sys.stderr, flush=True)
    return model


def accuracies(pictures: Pictures, y: np.ndarray, train, test, seed: int, options) -> dict[str, float]:
    """Accuracy of every way on one draw of labels."""
    features = embed(load_network(str(NETWORK)), pictures).output
    rows, labels, truth = pictures[train], y[train], y[test]
    ways = {
        "LR": lambda: tuned_logistic(features[train], labels, seed).predict(features[test]),
        "classical": lambda: BaselineClassifier(random_state=seed).fit(rows, labels).predict(pictures[test]),
        "head": lambda: fast_predict(
            TransferClassifier(str(NETWORK), random_state=seed).fit(rows, labels), pictures, test
        ),
    }
    if options.safe:
        ways["safe"] = lambda: fast_predict(safely(rows, labels, seed, options.safe), pictures, test)
    if options.scratch:
        ways["scratch"] = lambda: (
            TransferClassifier(None, network=str(NETWORK), image_size=96, epochs=40, random_state=seed)
            .fit(rows, labels)
            .predict(pictures[test])
        )
    return {name: 100 * float((way() == truth).mean()) for name, way in ways.items()}


def fast_predict(model, pictures: Pictures, test: np.ndarray) -> np.ndarray:
    """Predictions; a head on frozen features reuses the features that are there."""
    inner = getattr(model, "best_estimator_", model)
    fitted = getattr(inner, "fitted_", None)
    if fitted is not None and fitted.solved is not None and fitted.network is load_network(str(NETWORK)):
        scores = fitted.scores(embed(fitted.network, pictures)[test])
        return inner.classes_[scores.argmax(axis=1)]
    return model.predict(pictures[test])


def main() -> None:
    arguments = parser(__doc__ or "", repeats=10)
    arguments.add_argument("--labels", type=int, nargs="+", default=[10, 50, 100, 1000])
    arguments.add_argument("--safe", type=float, default=0.0, help="budget in seconds; 0 leaves it out")
    arguments.add_argument("--scratch", action="store_true")
    arguments.add_argument("--sets", nargs="+", default=None)
    arguments.add_argument("--test", type=int, default=1000, help="most test pictures")
    options = arguments.parse_args()
    need_data()
    warnings.filterwarnings("ignore")
    data = {name: value for name, value in sets().items() if options.sets is None or name in options.sets}
    for n in options.labels:
        table: dict[str, dict[str, list[float]]] = {}
        for name, (pictures, y) in data.items():
            if n > 0.8 * len(y):
                continue
            started = time.monotonic()
            splits = StratifiedShuffleSplit(options.repeats, train_size=n, random_state=0).split(y, y)
            for seed, (train, test) in enumerate(splits):
                found = accuracies(pictures, y, train, test[: options.test], seed, options)
                for way, accuracy in found.items():
                    table.setdefault(way, {}).setdefault(name, []).append(accuracy)
            line = {way: round(float(np.mean(rows[name])), 2) for way, rows in table.items()}
            print(f"{n} labels, {name}: {json.dumps(line)} ({time.monotonic() - started:.0f} s)", flush=True)
        if table:
            means = {way: np.mean([np.mean(v) for v in rows.values()]) for way, rows in table.items()}
            print(f"{n} labels, mean over sets: " + json.dumps({k: round(float(v), 2) for k, v in means.items()}))
            for way in means:
                if way != "LR":
                    worst = min(np.mean(table[way][s]) - np.mean(table["LR"][s]) for s in table["LR"])
                    print(f"  {way}: {means[way] - means['LR']:+.2f} against LR, worst set {worst:+.2f}", flush=True)


if __name__ == "__main__":
    main()
