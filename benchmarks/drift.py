"""How often `headstart check` is right: honest batches, and shifted ones whose true loss of accuracy is known.

A model learns from a draw of a set. Honest batches are other rows of the set; shifted ones are spoiled (noise, blur,
light, sampling rates, typing errors, columns), of another domain or speaker, have other shares of classes, or a class
that the model does not know. `python drift.py` prints the tables of docs/valid.md; features are embedded the first time
(minutes) and kept in files, see `drift_rows.py`.

``--results found.jsonl`` writes what was found for each model to a file, a line a model: the tests, the falls
that the estimate is made of, what was promised and what is true. Run again it goes on where it ended, and from that
file other rules are judged in seconds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drift_rows import TABLES, base, shifted
from drift_tried import tried
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import cross_val_predict

from common import need_data
from headstart.data.sets.splits import folds
from headstart.drift.compared import DOUBTFUL, INVALID, LEVEL, MUCH, VALID, compared
from headstart.guard.choosing.without_labels import domain_auc
from headstart.guard.evidence.reference import COLUMNS, NETWORK, Reference, features_for, ranks_of, rows_kept, unit
from headstart.math.linear.logistic import solve_logistic

#: Constants were chosen on the first sets, and are judged on the second.
FITTED = ("photo", "hymenoptera", "mnist", "spoken but theo", "spoken but jackson", "books", "spam", "breast cancer")
JUDGED = ("amazon", "sketch", "chest", "caltech", "cifar", "spoken but nicolas", "spoken but yweweler")
JUDGED += ("news", "electronics", "wine", "mushroom", "surf amazon")
SIZES = (20, 50, 200, 1000)
SPEAKERS = ("jackson", "nicolas", "theo", "yweweler")


@dataclass(frozen=True, eq=False)
class Learned:
    """A model of a draw of rows, and what it keeps of them."""

    reference: Reference
    model: Any
    classes: np.ndarray
    promised: float

    def seen(self, X: np.ndarray) -> np.ndarray:
        """Features as the reference has them."""
        return unit(
            features_for(COLUMNS, X, None, "cpu", self.reference.ranks) if self.reference.sees == COLUMNS else X
        )

    def answers(self, X: np.ndarray) -> np.ndarray:
        """Numbers of the classes that are answered."""
        if isinstance(self.model, ExtraTreesClassifier):
            return self.model.predict(X)
        return (X @ self.model.coef + self.model.intercept).argmax(axis=1)


def learned(X: np.ndarray, y: np.ndarray, table: bool, seed: int) -> Learned:
    """Trees for tables, a logistic head for features; the accuracy that is promised is cross-validated."""
    classes, codes = np.unique(y, return_inverse=True)
    Y, parts = np.eye(len(classes))[codes], folds(codes, "classification", random_state=seed)
    if table:
        ranks = ranks_of(X)
        model = ExtraTreesClassifier(100, random_state=seed)
        held = cross_val_predict(model, X, codes, cv=parts)
        found, _ = rows_kept(COLUMNS, features_for(COLUMNS, X, None, "cpu", ranks), Y, parts, random_state=seed)
        object.__setattr__(found, "ranks", ranks)
        return Learned(found, model.fit(X, codes), classes, float((held == codes).mean()))
    model = solve_logistic(X.astype(np.float64), Y, folds=parts)
    found, _ = rows_kept(NETWORK, X, Y, parts, random_state=seed)
    return Learned(found, model, classes, float((model.out_of_fold.argmax(axis=1) == codes).mean()))


def the_set(name: str) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Rows, labels and the shifted rows of a set, with the positions of what they were made of (-1: other examples)."""
    if not name.startswith("spoken but "):
        X, y = base(name)
        return X, y, {how: (s.X, s.y, s.at) for how, s in shifted(name).items()}
    other = SPEAKERS.index(name.split()[-1])
    X, y = base("digits spoken")
    speaker = np.repeat(np.arange(4), 500)
    place = np.cumsum(speaker != other) - 1
    found = {}
    for how, s in shifted("digits spoken").items():
        mine = speaker[s.at] != other
        found[how] = (s.X[mine], s.y[mine], place[s.at[mine]])
    theirs = speaker == other
    found["other speaker"] = (X[theirs], y[theirs], np.full(int(theirs.sum()), -1))
    return X[~theirs], y[~theirs], found


def draws(name: str, repeats: int) -> Iterator[tuple[Learned, np.ndarray, np.ndarray, dict[str, Any], int]]:
    """Models of draws of a set, with the rows that are left, as they are and shifted."""
    X, y, spoiled = the_set(name)
    classes = np.unique(y)
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        n = min(len(X) // 2, (150, 300, 900)[seed % 3])
        order = rng.permutation(len(X))
        train, rest = order[:n], order[n:]
        left_out = classes[rng.integers(len(classes))] if seed % 2 and len(classes) > 3 else None
        if left_out is not None:
            train = train[y[train] != left_out]
        own = rest if left_out is None else rest[y[rest] != left_out]
        made = learned(X[train], y[train], name in TABLES, seed)
        here = {}
        for how, (A, b, at) in spoiled.items():
            new = (at < 0) | np.isin(at, own)
            here[how] = (A[new], b[new])
        if left_out is not None:
            strangers = rest[y[rest] == left_out]
            mixed = np.concatenate([own[: 4 * len(strangers)], strangers])
            here["a new class"] = (X[mixed], y[mixed])
        there, codes, counts = np.unique(y[own], return_inverse=True, return_counts=True)
        chance = rng.dirichlet(np.full(len(there), 0.3))[codes] / counts[codes]
        keep = own[rng.random(len(own)) < chance / chance.max()]
        if len(keep) >= 25:
            here["other shares of classes"] = (X[keep], y[keep])
        yield made, X[own], y[own], here, seed


def judged(made: Learned, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, Any]:
    """What is said of a batch, and what is true of it."""
    answers, features = made.answers(X), made.seen(X)
    found = compared(made.reference, features, answers, made.promised, random_state=seed)
    assert found.expected is not None
    right, e = float((made.classes[answers] == y).mean()), found.expected
    said = {"p": found.p_value, "verdict": found.verdict(made.promised), "expected": e.value, "falls": e.falls}
    said["farther"] = e.farther
    said |= {"tests": {name: [test.statistic, test.p_value] for name, test in found.tests.items()}}
    said |= {"moved": float(np.abs(found.after - found.before).max())} if found.after is not None else {}
    said |= {"classes": len(made.classes), "n": len(made.reference.rows)}
    said |= {"tried": tried(made.reference, features, answers, made.promised)}
    return said | {"low": e.low, "high": e.high, "true": right, "promised": made.promised, "m": len(y)}


def _shared(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of 200 rows at most with shares of the classes by chance."""
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    chance = rng.dirichlet(np.ones(len(counts)))[codes] / counts[codes]
    return rng.permutation(np.flatnonzero(rng.random(len(y)) < chance / chance.max()))[:200]


def of_a_model(
    made: Learned, X: np.ndarray, y: np.ndarray, spoiled: dict[str, Any], seed: int, honest: int
) -> list[dict[str, Any]]:
    """All batches of one model."""
    usual, rng, found = float((made.classes[made.answers(X)] == y).mean()), np.random.default_rng(seed), []
    for m in SIZES:
        for _ in range(max(1, honest // (4 if m == 1000 else 1)) if m <= 0.7 * len(X) else 0):
            at = rng.permutation(len(X))[:m]
            found.append({"how": "honest"} | judged(made, X[at], y[at], int(rng.integers(10**6))))
    for how, (A, b) in spoiled.items():
        for m in (50, 200):
            at = rng.permutation(len(A))[:m]
            if len(at) >= 0.5 * m:
                found.append({"how": how, "size": m} | judged(made, A[at], b[at], seed))
    for how, (A, b) in spoiled.items():
        if how in ("a new class", "other shares of classes"):
            continue
        at = _shared(b, rng)  # other looks and other shares of the classes, in no table here
        if len(at) >= 80:
            found.append({"how": f"{how}, other shares", "both": True} | judged(made, A[at], b[at], seed))
    return [row | {"usual": usual, "seed": seed} for row in found]


def records(names: tuple[str, ...], repeats: int, honest: int, file: Path | None) -> list[dict[str, Any]]:
    """All batches of the sets; models that a file tells of already are taken from there."""
    lines = file.read_text().splitlines() if file is not None and file.is_file() else []
    known = {(rows[0]["set"], rows[0]["seed"]): rows for rows in map(json.loads, lines)}
    found = []
    for name in names:
        if all((name, seed) in known for seed in range(repeats)):
            found += [row for seed in range(repeats) for row in known[name, seed]]
            continue
        started = time.process_time()
        for made, X, y, spoiled, seed in draws(name, repeats):
            rows = known.get((name, seed))
            if rows is None:
                rows = [{"set": name} | row for row in of_a_model(made, X, y, spoiled, seed, honest)]
                if file is not None:
                    with file.open("a") as more:
                        more.write(json.dumps(rows) + "\n")
            found += rows
        print(f"{name}: {len(found)} batches so far, {time.process_time() - started:.0f} CPU s", flush=True)
    return found


def honest_table(found: list[dict[str, Any]]) -> None:
    """Honest batches: how many are called different, and invalid."""
    print("| rows | batches | called different | called invalid |\n| --- | --- | --- | --- |")
    for m in SIZES:
        rows = [row for row in found if row["how"] == "honest" and row["m"] == m]
        if rows:
            differs = np.mean([row["p"] < LEVEL for row in rows])
            invalid = np.mean([row["verdict"] == INVALID for row in rows])
            print(f"| {m:,} | {len(rows):,} | {100 * differs:.1f}% | {100 * invalid:.1f}% |")


def shifted_table(found: list[dict[str, Any]]) -> None:
    """Shifted batches: verdicts by the true fall, and the error of the accuracy that is expected."""
    print(
        "| rows | fell 10 or more: batches, valid, invalid | fell less: batches, invalid | error | unchanged | covers |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for m in (50, 200):
        rows = [row for row in found if row.get("size") == m]
        big = [row for row in rows if row["usual"] - row["true"] >= MUCH]
        small = [row for row in rows if row["usual"] - row["true"] < MUCH]
        if not big or not small:
            continue
        shares = {v: 100 * np.mean([row["verdict"] == v for row in big]) for v in (VALID, INVALID)}
        wrong = 100 * np.mean([row["verdict"] == INVALID for row in small])
        error = 100 * np.mean([abs(row["expected"] - row["true"]) for row in rows])
        same = 100 * np.mean([abs(row["promised"] - row["true"]) for row in rows])
        covers = 100 * np.mean([row["low"] <= row["true"] <= row["high"] for row in rows])
        print(
            f"| {m} | {len(big)}, {shares[VALID]:.1f}%, {shares[INVALID]:.0f}% | {len(small)}, {wrong:.1f}% | "
            f"{error:.1f} | {same:.1f} | {covers:.0f}% |"
        )


def by_shift(found: list[dict[str, Any]]) -> None:
    """Each way of shifting, at 200 rows."""
    print("| shift, 200 rows | batches | true fall | expected fall | valid, doubtful, invalid |")
    print("| --- | --- | --- | --- | --- |")
    for how in sorted({row["how"] for row in found if row.get("size") == 200}):
        rows = [row for row in found if row["how"] == how and row.get("size") == 200]
        fell = 100 * np.mean([row["usual"] - row["true"] for row in rows])
        said = 100 * np.mean([row["promised"] - row["expected"] for row in rows])
        verdicts = ", ".join(str(sum(row["verdict"] == v for row in rows)) for v in (VALID, DOUBTFUL, INVALID))
        print(f"| {how} | {len(rows)} | {fell:.0f} | {said:.0f} | {verdicts} |")


def cost() -> None:
    """CPU seconds of 200 rows against 1,000, features at hand."""
    X, y = base("mnist")
    made = learned(X[:1000], y[:1000], False, 0)
    seconds = []
    for seed in range(3):
        started = time.process_time()
        judged(made, X[1000:1200], y[1000:1200], seed)
        domain_auc(made.reference.rows.astype(np.float64), made.reference.projected(made.seen(X[1000:1200])), seed)
        seconds.append(time.process_time() - started)
    print(f"200 rows against 1,000: {np.median(seconds):.2f} CPU s (median of 3)")


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=6, help="models a set")
    asked.add_argument("--honest", type=int, default=8, help="honest batches a model and size; of 1,000 rows a quarter")
    asked.add_argument("--sets", default="", help="comma-separated; default: all, fitted and judged ones apart")
    asked.add_argument("--results", type=Path, help="file of JSON lines to go on with")
    told = asked.parse_args()
    need_data()
    groups = {"chosen on": FITTED, "judged on": JUDGED}
    if told.sets:
        groups = {"sets": tuple(told.sets.split(","))}
    everything = {name: records(sets, told.draws, told.honest, told.results) for name, sets in groups.items()}
    for name, found in everything.items():
        print(f"\n{name}: {', '.join(groups[name])}\n")
        for table in (honest_table, shifted_table, by_shift):
            table(found)
            print()
    cost()


if __name__ == "__main__":
    main()
