"""What `headstart advise` says before training, against what comes out: replays on cached features, and on tables.

A replay draws n labelled examples of a set, lets the adviser rank every source and borrowing nothing, and then learns a
logistic head on each from these n and scores it on all the others. Borrowing nothing is the better of such a head and
a forest on simple measures, chosen on the test rows, which flatters it. The regret of a ranking is what its first
place loses to the best place. How many standard errors a gain has to be away from 0, and what counts in the order
under 30 and from 30 labels on, were fitted on the sets under FITTED in `advice_rows.py`; they are judged on those
under JUDGED and TEXTS.

    python benchmarks/advice.py                 # all of it, about 5 minutes
    python benchmarks/advice.py --only tables
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from advice_rows import FITTED, JUDGED, TEXTS, rows_of
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from common import need_data, parser
from headstart.adviser.measuring import HELP, HURT, measure_features
from headstart.adviser.ranking import NONE, Offer, ranked
from headstart.adviser.table_sources import judge_rows

SIZES, DRAWS = (20, 50, 150), 6
LEAST_TEST = 60
#: Examples and weights of the sources, for the prior under 30 labels; blocks in the middle hold less.
STRENGTH = {"mobilenet_v2_1.0": 12.6, "mobilenet_v1_0.25": 11.8, "starter:pictures": 11.9, "starter": 11.0}
STRENGTH |= {"minilm": 10.4}


def strength(source: str) -> float:
    """As the adviser knows it from the card; random weights and no source nothing."""
    name, _, block = source.partition(", block ")
    found = STRENGTH.get(name, -1.0 if name == "random weights" else 0.0)
    return found - (3 - int(block) / 10 if block else 0)


def truth(X: np.ndarray, y: np.ndarray, test: np.ndarray, answers: np.ndarray, simple: bool) -> float:
    """Share right of what is learned from n examples, on the others."""
    scaler = StandardScaler().fit(X)
    head = LogisticRegression(C=0.01, max_iter=300).fit(scaler.transform(X), y)
    found = [head.score(scaler.transform(test), answers)]
    if simple:
        found.append(RandomForestClassifier(50, random_state=0).fit(X, y).score(test, answers))
    return float(max(found))


def drawn(rows: int, n: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the labelled examples of a draw, and of all others."""
    order = np.random.default_rng([n, draw]).permutation(rows)
    return order[:n], order[n:]


def replay(features: dict[str, np.ndarray], y: np.ndarray, n: int, draw: int) -> tuple[list[dict], dict[str, float]]:
    """The ranking on n examples, and the truth of each source."""
    train, test = drawn(len(y), n, draw)
    classes, codes = np.unique(y[train], return_inverse=True)
    columns = np.eye(len(classes))[codes]
    offers, true = [], {}
    for source, X in features.items():
        name = NONE if source == "simple" else source
        offers.append(Offer(name, "-", "-", measure_features(X[train], columns), strength=strength(name)))
        true[name] = truth(X[train], y[train], X[test], y[test], name == NONE)
    return ranked(offers), true


def replays(sets: tuple[str, ...], kept: Path, draws: int) -> None:
    """Print regret by size, and how often words were right."""
    regret: dict[tuple[str, int], list[float]] = defaultdict(list)
    help_, hurt, n_open = [], [], 0
    for name in sets:
        features, y = rows_of(name, kept)
        for n in SIZES:
            for draw in range(draws if n <= len(y) - LEAST_TEST else 0):
                if len(np.unique(y[drawn(len(y), n, draw)[0]])) < 2:
                    continue  # of one class alone nothing can be learned, and nothing is advised
                rows, true = replay(features, y, n, draw)
                best = max(true.values())
                strongest = max(true, key=strength)
                regret["advise", n].append(100 * (best - true[rows[0]["source"]]))
                regret["strongest first", n].append(100 * (best - true[strongest]))
                for row in rows:
                    came_out = 100 * (true[row["source"]] - true[NONE])
                    if row["verdict"] == HELP:
                        help_.append(came_out)
                    elif row["verdict"] == HURT:
                        hurt.append(came_out)
                    else:
                        n_open += row["source"] != NONE
    for (way, n), found in sorted(regret.items(), key=lambda item: item[0][1]):
        print(f"  {n:>4} labels, {way:<16} regret {np.mean(found):.1f}, worst {max(found):.0f} ({len(found)} draws)")
    bad, right = np.mean(np.array(help_) <= -2), np.mean(np.array(hurt) < 0)
    words = f"  help {len(help_)}: {100 * bad:.1f}% lose 2 points or more; hurt {len(hurt)}: {100 * right:.1f}% right"
    print(f"{words}; open {n_open}", flush=True)


def tables() -> None:
    """Print what is said of sources made from a table: the same, labels shuffled, pure noise, labels moved by one,
    columns in other units."""
    said: dict[str, Counter] = defaultdict(Counter)
    for load in (load_breast_cancer, load_wine, load_digits):
        X, y = load(return_X_y=True)
        X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
        k = int(y.max()) + 1
        for n in SIZES:
            for draw in range(10 if 2 * n <= len(y) else 0):
                rng = np.random.default_rng([n, draw])
                order = rng.permutation(len(y))
                here, there = order[:n], order[n : n + 400]
                if np.bincount(y[here], minlength=k).min() < 2:
                    continue
                one_hot, same = np.eye(k), y[there]
                made = {
                    "the same": (X[there], same),
                    "shuffled": (X[there], rng.permutation(same)),
                    "noise": (rng.normal(size=X[there].shape), same),
                    "opposite": (X[there], (same + 1) % k),
                    "units": ((X[there] + 5) * 10.0 ** rng.integers(-2, 3, X.shape[1]), same),
                }
                sources = [(rows, one_hot[labels]) for rows, labels in made.values()]
                _, _, found = judge_rows(X[here], one_hot[y[here]], sources, y[here], names=[str(i) for i in range(k)])
                for kind, one in zip(made, found, strict=True):
                    word = one.gains[one.best].word
                    if one.refused:
                        word = "swapped" if "swapped" in one.refused else "refused"
                    said[kind][word] += 1
    for kind, counts in said.items():
        print(f"  {kind:<9}", ", ".join(f"{word} {count}" for word, count in counts.most_common()), flush=True)


def cost(kept: Path) -> None:
    """Print the CPU seconds of ranking six sources on 150 labels once their features are there."""
    features, y = rows_of("caltech", kept)
    some = {name: features[name] for name in ("simple", *[name for name in features if name != "simple"][:6])}
    started = time.process_time()
    columns = np.eye(len(np.unique(y)))[np.unique(y, return_inverse=True)[1][:150]]
    offers = [
        Offer(NONE if name == "simple" else name, "-", "-", measure_features(X[:150], columns))
        for name, X in some.items()
    ]
    ranked(offers)
    print(f"  {len(some) - 1} sources, 150 labels: {time.process_time() - started:.1f} CPU s", flush=True)


if __name__ == "__main__":
    options = parser(__doc__ or "", DRAWS)
    options.add_argument("--only", choices=["tables", "networks", "texts", "cost"])
    options.add_argument("--kept", type=Path, default=Path.home() / ".cache" / "headstart" / "advice")
    asked = options.parse_args()
    need_data()
    groups = {"fitted on": FITTED, "judged on": JUDGED} if asked.only in (None, "networks") else {}
    groups |= {"texts, judged on": TEXTS} if asked.only in (None, "texts") else {}
    for title, group in groups.items():
        print(f"{title} {', '.join(group)}:")
        replays(group, asked.kept, asked.repeats)
    if asked.only in (None, "tables"):
        print("tables:")
        tables()
    if asked.only in (None, "cost"):
        print("cost:")
        cost(asked.kept)
