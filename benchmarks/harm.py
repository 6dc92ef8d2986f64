"""Harm done and gain kept: the guard's own arithmetic on frozen features, and the safe choice with a few labels.

    python benchmarks/harm.py guard [--repeats 10] [--sets mnist,hymenoptera]
    python benchmarks/harm.py aligned [--repeats 10] [--pairs surf,coil,digits]

guard: without transfer a logistic head on simple features, and one on a network with random weights; with transfer one
on a small pretrained network, and on a poor source, its first 24 features. 20, 50 and 150 labels; the choice is that of
`headstart.guard.choosing.choose`. Harm is the share of draws in which the choice ends over 2 points below learning
alone, on pairs of a set and a source where transfer hurts on average; gain kept is the accuracy gained over learning
alone as a share of what always borrowing gains, where it helps.

aligned: `SafeAlignedClassifier` with 3 labels a class of the target and 300 rows of the source, against the target
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from common import DATA, NETWORK, digits, folder_pictures, need_data, parser
from headstart import SafeAlignedClassifier, Source
from headstart.data.inputs.inputs import inputs_in
from headstart.data.sets.splits import folds
from headstart.guard.choosing.choose import best, choose, tabulate
from headstart.guard.comparing.out_of_fold import fold_numbers
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed
from headstart.networks.running.simple_features import side_by_side, simple_features

SIZES, POOR, WIDE, MOST, LABELS = (20, 50, 150), 24, 40, 450, 3
SMALL = NETWORK.parent / "mobilenet_v1_0.25_128"
FOLDERS = {"hymenoptera": "train", "caltech101_subset": "", "office_caltech10_images/amazon": "", "pacs/sketch": ""}
Rows = tuple[np.ndarray, np.ndarray]


def narrow(X: np.ndarray) -> np.ndarray:
    """Forty principal components of standardised features, of standard deviation 2 in all."""
    found = PCA(WIDE, svd_solver="randomized", random_state=0).fit_transform(StandardScaler().fit_transform(X))
    return np.asarray(2 * found / found.std())


def features(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Features of a set of pictures by what computed them, and class numbers."""
    X, y = digits() if name == "mnist" else folder_pictures(name, FOLDERS[name])
    rows = np.random.default_rng(0).permutation(len(y))[:MOST]
    pictures = inputs_in(X[rows] if name == "mnist" else [X[i] for i in rows])
    network = load_network(str(SMALL))
    learned = np.asarray(embed(network, pictures).output)
    found = {
        "simple": narrow(side_by_side(simple_features(pictures, network.preprocessing), by_column=False)),
        "random": narrow(np.asarray(embed(random_network(network, 1), pictures).output)),
        "network": narrow(learned),
        "poor": StandardScaler().fit_transform(learned[:, :POOR]),
    }
    return found, np.unique(y[rows], return_inverse=True)[1]


def head() -> LogisticRegression:
    return LogisticRegression(C=0.3, tol=1e-3)


def draw(views: list[np.ndarray], y: np.ndarray, n: int, seed: int) -> tuple[float, float, float]:
    """Accuracy on the other rows of learning alone, of borrowing (the last view), and of the choice."""
    order = np.random.default_rng(seed).permutation(len(y))
    train, test = order[:n], order[n:]
    classes, codes = np.unique(y[train], return_inverse=True)
    parts = folds(codes, "classification", random_state=seed)
    held, right = [], []
    for X in views:
        said = np.zeros((n, len(classes)))
        for some, others in parts:
            fitted = head().fit(X[train][some], codes[some])
            said[np.ix_(others, fitted.classes_)] = fitted.predict_proba(X[train][others])
        held.append([said])
        right.append(float(np.mean(classes[head().fit(X[train], codes).predict(X[test])] == y[test])))
    transfer = np.arange(len(views)) == len(views) - 1
    table = tabulate("classification", codes, held, [fold_numbers(parts, n)], transfer.tolist())
    return right[best(table, ~transfer)], right[-1], right[choose(table)]


def measured(draws: dict[tuple[str, str], np.ndarray]) -> tuple[float, float]:
    """Harm and gain kept over (set, source) pairs, each with draws of (alone, borrowed, chosen)."""
    hurt = [d for d in draws.values() if d[:, 1].mean() < d[:, 0].mean()]
    helped = [d for d in draws.values() if d[:, 1].mean() >= d[:, 0].mean()]
    harm = np.mean(np.concatenate([d[:, 2] < d[:, 0] - 0.02 for d in hurt])) if hurt else np.nan
    gained = sum((d[:, 2] - d[:, 0]).sum() for d in helped)
    return float(harm), float(gained / sum((d[:, 1] - d[:, 0]).sum() for d in helped)) if helped else np.nan


def guard(repeats: int, names: list[str]) -> None:
    found = {name: features(name) for name in names or ["mnist", *FOLDERS]}
    print("| labels | harm | gain kept |\n|---|---|---|")
    for n in SIZES:
        draws = {
            (name, source): np.array([draw([X["simple"], X["random"], X[source]], y, n, s) for s in range(repeats)])
            for name, (X, y) in found.items()
            for source in ("network", "poor")
            if len(y) > n + 60
        }
        harm, kept = measured(draws)
        print(f"| {n} | {100 * harm:.0f}% | {100 * kept:.0f}% |", flush=True)


def surf(name: str) -> Rows:
    """SURF features: rows divided by their sum, then standardised within the domain."""
    file = np.load(DATA / "office_caltech10_surf" / f"{name}.npz")
    return StandardScaler().fit_transform(file["x"] / file["x"].sum(axis=1, keepdims=True)), file["y"]


def coil(side: str) -> Rows:
    file = np.load(DATA / "coil20_pair" / "coil1_coil2.npz")
    return PCA(60, random_state=0).fit(file["x_src"]).transform(file[f"x_{side}"]), file[f"y_{side}"]


def pairs() -> Iterator[tuple[str, Callable[[], tuple[Rows, Rows]]]]:
    """Names and makers of (source, target)."""
    yield "surf: amazon to dslr", lambda: (surf("amazon"), surf("dslr"))
    yield "surf: dslr to amazon", lambda: (surf("dslr"), surf("amazon"))
    yield "coil: 1 to 2", lambda: (coil("src"), coil("tar"))
    yield "coil: 2 to 1", lambda: (coil("tar"), coil("src"))
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))
    here, there = rows[:800], rows[800:]
    wrong = np.random.default_rng(1).permutation(10)
    yield "digits: inverted", lambda: ((X[here] / 16, y[here]), (1 - X[there] / 16, y[there]))
    yield "digits: other labels", lambda: ((X[here] / 16, wrong[y[here]]), (X[there] / 16, y[there]))


def aligned(repeats: int, names: list[str]) -> None:
    print("| pair | target alone | safe choice | difference | worst draw |\n|---|---|---|---|---|")
    for name, make in pairs():
        if names and name.split(":")[0] not in names:
            continue
        (X_source, y_source), (X, y) = make()
        some = np.random.default_rng(7).permutation(len(X_source))[:300]
        scores = []
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            rows = np.concatenate([rng.choice(np.flatnonzero(y == c), LABELS, replace=False) for c in np.unique(y)])
            rest = rng.permutation(np.setdiff1d(np.arange(len(y)), rows))[:400]
            safe = SafeAlignedClassifier(source=Source(X_source[some], y_source[some])).fit(X[rows], y[rows])
            alone = LogisticRegression(max_iter=1000).fit(X[rows], y[rows])
            scores.append([100 * model.score(X[rest], y[rest]) for model in (alone, safe)])
        a, b = np.array(scores).T
        print(
            f"| {name} | {a.mean():.1f} | {b.mean():.1f} | {(b - a).mean():+.1f} | {(b - a).min():+.1f} |", flush=True
        )


def main() -> None:
    arguments = parser(__doc__ or "", repeats=10)
    arguments.add_argument("what", choices=("guard", "aligned"))
    arguments.add_argument("--sets", default="")
    arguments.add_argument("--pairs", default="")
    options = arguments.parse_args()
    need_data()
    if options.what == "guard":
        guard(options.repeats, [name for name in options.sets.split(",") if name])
    else:
        aligned(options.repeats, [name for name in options.pairs.split(",") if name])


if __name__ == "__main__":
    main()
