"""What choosing the next labels gains over drawing them: right answers with 10, 20 and 50 labels, on the same pools.

Labels are asked for ten at a time, with the quarter by chance that `headstart label-next` draws. A logistic head on
frozen features learns from them and is tested on rows outside the pool.

    python benchmarks/label_next.py [--sets photo,news] [--repeats 12] [--peer PYTHON]

``--peer``: a Python with scikit-activeml, whose ways choose from the same pools in steps of as many labels, with its
defaults and no quarter by chance; the same head learns from what they choose. It is left out where it is not installed,
and that is said.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from drift_rows import base
from peers import missing

from common import need_data, parser
from headstart.adviser.next_labels import next_labels
from headstart.math.linear.logistic import solve_logistic

SETS = ("photo", "sketch", "amazon", "hymenoptera", "chest", "caltech", "mnist", "cifar", "digits spoken")
SETS += ("news", "books", "spam", "mushroom")
LABELS = (10, 20, 50)
_POOL, _STEP, _PENALTY = 500, 10, 0.03
PEER = """
import sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import Badge, CoreSet, MaxHerding, TypiClust, UncertaintySampling
warnings.simplefilter("ignore")
task = np.load(sys.argv[1])
X, truth, seed, step, most = task["X"], task["y"], int(task["seed"]), int(task["step"]), int(task["most"])
head = lambda: SklearnClassifier(LogisticRegression(C=10, max_iter=1000), classes=np.unique(truth))
ways = {
    "TypiClust": (TypiClust(random_state=seed), False),
    "MaxHerding": (MaxHerding(random_state=seed), False),
    "CoreSet": (CoreSet(random_state=seed), False),
    "margin": (UncertaintySampling(method="margin_sampling", random_state=seed), True),
    "Badge": (Badge(random_state=seed), True),
}
found = {}
for name, (way, asks) in ways.items():
    y, chosen = np.full(len(X), np.nan), []
    while len(chosen) < most:
        rows = way.query(X, y, **({"clf": head()} if asks else {}), batch_size=step)
        chosen += [int(row) for row in rows]
        y[rows] = truth[rows]
    found[name] = np.array(chosen)
np.savez(sys.argv[2], **found)
"""


def right(X: np.ndarray, y: np.ndarray, A: np.ndarray, b: np.ndarray) -> float:
    """Share of the rows A that a head learned from X answers rightly."""
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        return float((b == classes[0]).mean())
    solved = solve_logistic(X, np.eye(len(classes))[codes], penalties=[_PENALTY])
    return float((classes[(A @ solved.coef + solved.intercept).argmax(axis=1)] == b).mean())


def by_peer(python: str, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Rows of a pool in the order in which each way of the peer chooses them."""
    with tempfile.TemporaryDirectory() as folder:
        task, answer = Path(folder) / "task.npz", Path(folder) / "answer.npz"
        codes = np.unique(y, return_inverse=True)[1].astype(float)
        np.savez(task, X=X, y=codes, seed=seed, step=_STEP, most=max(LABELS))
        subprocess.run([python, "-c", PEER, str(task), str(answer)], check=True)
        with np.load(answer) as file:
            return {name: file[name] for name in file.files}


def scores(X: np.ndarray, y: np.ndarray, seed: int, peer: str | None) -> dict[str, list[float]]:
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
    for name, order in (by_peer(peer, X[pool], y[pool], seed) if peer else {}).items():
        found[name] = [right(X[pool[order[:n]]], y[pool[order[:n]]], X[test], y[test]) for n in LABELS]
    return found


def main() -> None:
    """Print points over random, set by set."""
    asked = parser(__doc__ or "", 12)
    asked.add_argument("--sets", default=",".join(SETS))
    asked.add_argument("--peer", help="a Python that has scikit-activeml")
    told = asked.parse_args()
    need_data()
    reason = missing(told.peer, "skactiveml") if told.peer else ""
    print(reason, end="\n" if reason else "")
    peer = None if reason else told.peer
    print(f"{'set':<16}{'way':<12}" + "".join(f"  {n:>3} labels: drawn, gain" for n in LABELS))
    gains: dict[str, list[np.ndarray]] = {}
    drawn = []
    started = time.process_time()
    for name in told.sets.split(","):
        X, y = base(name)
        X = np.asarray(X, dtype=np.float64)
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
        each = [scores(X, y, seed, peer) for seed in range(told.repeats)]
        drawn.append(100 * np.mean([one["drawn"] for one in each], axis=0))
        for way in [way for way in each[0] if way != "drawn"]:
            gain = 100 * np.mean([np.subtract(one[way], one["drawn"]) for one in each], axis=0)
            gains.setdefault(way, []).append(gain)
            line = "".join(f"  {a:>17.1f}, {g:+5.1f}" for a, g in zip(drawn[-1], gain, strict=True))
            print(f"{name:<16}{way:<12}{line}", flush=True)
    for way, found in gains.items():
        both = zip(np.mean(drawn, axis=0), np.mean(found, axis=0), strict=True)
        print(f"{'mean':<16}{way:<12}" + "".join(f"  {a:>17.1f}, {g:+5.1f}" for a, g in both))
    print(f"{time.process_time() - started:.0f} CPU s")


if __name__ == "__main__":
    main()
