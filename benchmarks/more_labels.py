"""How well the score at four times the labels is foretold, on frozen features of pictures, clips, texts and tables.

    python benchmarks/more_labels.py [--draws 10] [--labels 50]

Each draw takes 50 labels by chance (two of a class at least), measures a logistic head out of fold on them and on 20 of
the 40 in each fold, foretells the accuracy with 200, and compares it with that of a head that learned from 200, on all
rows that are left. The prior's slope is given; its spread and what curves are off by were chosen on the first group of
sets, the second judges.
"""

from __future__ import annotations

import csv
import gzip

import numpy as np
from halves import picture_sets, sound_sets
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import StandardScaler

from common import DATA, need_data, parser
from headstart.data.inputs.inputs import as_inputs
from headstart.guard.comparing.curves import nested_order
from headstart.math.linear.logistic import solve_logistic
from headstart.math.statistics.intervals import score_interval
from headstart.math.statistics.more_labels import slope_of, with_more_labels
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.networks.running.simple_features import simple_features

FITTED = ("hymenoptera", "chest_xray", "mnist_subset", "office_amazon", "wake_words", "sms_spam", "mfeat_fou")
MOST, PENALTY = 800, 0.03


def features() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rows of length 1 and labels, of at most 800 rows a set."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    network = load_network(str(DATA / "networks" / "mobilenet_v1_0.25_128"))
    for name, real in picture_sets().items():
        rows = few(len(real.y))
        found[name] = embed(network, as_inputs([real.items[i] for i in rows], "image")).output, real.y[rows]
    for name, real in sound_sets().items():
        rows = few(len(real.y))
        blocks = simple_features(as_inputs([real.items[i] for i in rows], "audio"))
        found[name] = np.concatenate([unit(block) for block in blocks.values()], axis=1), real.y[rows]
    for name, file, label in (("ag_news", "ag_news_test", "label"), ("sms_spam", "sms_spam", "label")):
        with gzip.open(DATA / name.replace("news", "news_subset") / f"{file}.csv.gz", "rt", encoding="utf-8") as opened:
            lines = list(csv.DictReader(opened))
        lines = [lines[i] for i in few(len(lines))]
        terms = HashingVectorizer(n_features=2048, alternate_sign=False).transform([line["text"] for line in lines])
        found[name] = terms.toarray(), np.array([line[label] for line in lines])
    held = np.load(DATA / "multiview_digits" / "mfeat.npz")
    rows = few(len(held["y"]))
    for view in ("fou", "zer"):
        found[f"mfeat_{view}"] = StandardScaler().fit_transform(held[view])[rows], held["y"][rows]
    surf = np.load(DATA / "office_caltech10_surf" / "amazon.npz")
    found["surf_amazon"] = np.sqrt(surf["x"])[few(len(surf["y"]))], surf["y"][few(len(surf["y"]))]
    return {name: (unit(X), np.unique(y, return_inverse=True)[1]) for name, (X, y) in found.items()}


def few(n: int) -> np.ndarray:
    """At most 800 rows by chance."""
    return np.random.default_rng(0).permutation(n)[:MOST]


def unit(X: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    X = np.asarray(X, dtype=np.float64)
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)


def head(X: np.ndarray, codes: np.ndarray, n_classes: int, asked: np.ndarray) -> np.ndarray:
    """Answers of a logistic head."""
    solved = solve_logistic(X, np.eye(n_classes)[codes], penalties=[PENALTY])
    return np.argmax(asked @ solved.coef + solved.intercept, axis=1)


def curve(X: np.ndarray, codes: np.ndarray, n_classes: int, seed: int) -> dict[str, list[float]]:
    """Accuracy out of fold by the number of labels learned from."""
    rng, n = np.random.default_rng(seed), len(codes)
    fold, points = rng.permutation(n) % 5, {}
    for size in (20, 4 * n // 5):
        right = np.zeros(n)
        for f in range(5):
            train = np.flatnonzero(fold != f)
            train = train[nested_order(codes[train], "classification", np.random.default_rng(seed))][:size]
            test = fold == f
            right[test] = head(X[train], codes[train], n_classes, X[test]) == codes[test]
        points[size] = (right.mean(), *score_interval(right))
    columns = zip(*points.values(), strict=True)
    return {"n": list(points), **dict(zip(("score", "low", "high"), map(list, columns), strict=True))}


def draws(X: np.ndarray, codes: np.ndarray, labels: int, n: int) -> list[tuple[dict[str, list[float]], float]]:
    """Curves on so many labels, and the accuracy with four times as many."""
    n_classes, found = int(codes.max()) + 1, []
    for seed in range(n):
        order = nested_order(codes, "classification", np.random.default_rng(seed))
        now, later, rest = order[:labels], order[: 4 * labels], order[4 * labels :]
        truth = float((head(X[later], codes[later], n_classes, X[rest]) == codes[rest]).mean())
        found.append((curve(X[now], codes[now], n_classes, seed), truth))
    return found


def main() -> None:
    asked = parser(__doc__.splitlines()[0], 10)
    asked.add_argument("--labels", type=int, default=50)
    options = asked.parse_args()
    need_data()
    totals: dict[str, list[tuple[float, ...]]] = {"fitted": [], "judged": []}
    print("| set | group | now | at 4x | no change | prior alone | with the curve | covered | width |\n|" + "---|" * 9)
    for name, (X, codes) in sorted(features().items()):
        group, rows = "fitted" if name in FITTED else "judged", []
        for points, truth in draws(X, codes, options.labels, options.repeats):
            now, ends = points["score"][-1], (points["low"][-1], points["high"][-1])
            ratio = 4 * options.labels / points["n"][-1]
            prior = with_more_labels(now, ends, ratio)
            told = with_more_labels(now, ends, ratio, slope_of(*(np.array(part) for part in points.values())))
            off = (abs(now - truth), abs(prior.value - truth), abs(told.value - truth))
            rows.append((now, truth, *off, float(told.low <= truth <= told.high), told.high - told.low))
        totals[group] += rows
        print(f"| {name} | {group} | {written(rows)}", flush=True)
    for group, rows in totals.items():
        print(f"| all | {group} | {written(rows)}")


def written(rows: list[tuple[float, ...]]) -> str:
    """Means of the columns in per cent."""
    return " | ".join(f"{100 * value:.1f}" for value in np.mean(rows, axis=0)) + " |"


if __name__ == "__main__":
    main()
