"""How often `headstart check` is right of models of several views, as `drift.py` says it of those of one.

Sets: *six views*: handwritten digits in six views, each missing in 30% of the rows. *Two views*: of these the Fourier
and the morphological ones, without gaps. *Gaps*: the same two, each missing in 30%. *Pairs*: a picture of a digit with
a spoken one of the same class, features of the starters. A model is the product of a head a view
(`MultiViewClassifier`); every second one does not know one of the classes. Batches are other rows, as they are and with
noise in a view or in all, a view in another unit, its columns swapped, a view that is never there, and other shares of
the classes. Heads of the folds are kept here as tables keep them; such models keep none, for what this shows.

    python benchmarks/drift_views.py [--draws 12] [--honest 3] [--sets "two views,pairs"] [--results found.jsonl]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drift
import numpy as np
from drift_rows import kept
from several_views import paired, picture_and_sound, six_views

from common import need_data
from headstart import MultiViewClassifier
from headstart.data.sets.splits import folds
from headstart.guard.evidence.reference import COLUMNS, features_for, ranks_of, rows_kept

_GAPS = 0.3
SETS = ("six views", "two views", "gaps", "pairs")


@dataclass(frozen=True, eq=False)
class Learned(drift.Learned):
    """A model of several views, and what it keeps."""

    def answers(self, X: np.ndarray) -> np.ndarray:
        """Numbers of the classes that are answered."""
        return np.asarray(self.model.predict(X))


def views_of(name: str) -> tuple[list[np.ndarray], np.ndarray, float]:
    """The views of a set, its labels, and the share of each view that is missing."""
    if name == "pairs":
        views, y = paired(0, kept("picture and sound", picture_and_sound))
        return views, y, 0.0
    views, y = six_views()
    return (views, y, _GAPS) if name == "six views" else ([views[1], views[3]], y, _GAPS if name == "gaps" else 0.0)


def spoiled(views: list[np.ndarray], rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """The views as they are ("") and spoiled."""
    noisy = [view + rng.normal(size=view.shape) * view.std(axis=0) for view in views]
    first, *rest = views
    return {
        "": views,
        "noise in a view": [noisy[0], *rest],
        "noise in all views": noisy,
        "a view in another unit": [first * 2.54, *rest],
        "columns of a view swapped": [np.roll(first, 1, axis=1), *rest],
        "a view never there": [np.full_like(first, np.nan), *rest],
        "another view never there": [*views[:-1], np.full_like(views[-1], np.nan)],
    }


def learned(X: np.ndarray, y: np.ndarray, columns: dict[str, slice], seed: int) -> Learned:
    """The product of a head a view; the accuracy that is promised is cross-validated."""
    classes, codes = np.unique(y, return_inverse=True)
    parts, held = folds(codes, "classification", random_state=seed), np.empty(len(codes), dtype=int)

    def fitted(rows: np.ndarray) -> Any:
        return MultiViewClassifier(columns, fusion="product", source=None).fit(X[rows], codes[rows])

    for train, test in parts:
        held[test] = fitted(train).predict(X[test])
    ranks = ranks_of(X)
    features = features_for(COLUMNS, X, None, "cpu", ranks)
    found, _ = rows_kept(COLUMNS, features, np.eye(len(classes))[codes], parts, random_state=seed)
    object.__setattr__(found, "ranks", ranks)
    return Learned(found, fitted(np.arange(len(X))), classes, float((held == codes).mean()))


def draws(name: str, repeats: int) -> Iterator[tuple[Learned, np.ndarray, np.ndarray, dict[str, Any], int]]:
    """Models of draws of a set, with the rows that are left, as they are and spoiled."""
    views, y, gaps = views_of(name)
    stops = np.cumsum([0, *(view.shape[1] for view in views)]).tolist()
    columns = {f"view {i}": slice(*stops[i : i + 2]) for i in range(len(views))}
    classes = np.unique(y)
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        there = rng.random((len(y), len(views))) >= gaps
        there[~there.any(axis=1), 0] = True
        made = {
            how: np.concatenate([np.where(there[:, [i]], view, np.nan) for i, view in enumerate(some)], axis=1)
            for how, some in spoiled(views, rng).items()
        }
        X, order, n = made.pop(""), rng.permutation(len(y)), (150, 300, 900)[seed % 3]
        train, rest = order[:n], order[n:]
        left_out = classes[rng.integers(len(classes))] if seed % 2 else None
        train, own = train[y[train] != left_out], rest[y[rest] != left_out]
        here = {}
        for how, rows in made.items():
            whole = own[~np.isnan(rows[own]).all(axis=1)]  # a row without any view is refused
            here[how] = (rows[whole], y[whole])
        if left_out is not None:
            strangers = rest[y[rest] == left_out]
            mixed = np.concatenate([own[: 4 * len(strangers)], strangers])
            here["a new class"] = (X[mixed], y[mixed])
        codes = np.searchsorted(classes, y[own])
        chance = rng.dirichlet(np.full(len(classes), 0.3))[codes]
        moved = own[rng.random(len(own)) < chance / chance.max()]
        if len(moved) >= 25:
            here["other shares of classes"] = (X[moved], y[moved])
        yield learned(X[train], y[train], columns, seed), X[own], y[own], here, seed


def records(name: str, repeats: int, honest: int, file: Path | None) -> list[dict[str, Any]]:
    """All batches of a set."""
    started, found = time.process_time(), []
    for made, X, y, here, seed in draws(name, repeats):
        found += [{"set": name} | row for row in drift.of_a_model(made, X, y, here, seed, honest)]
    if file is not None:
        with file.open("a") as more:
            more.writelines(json.dumps(row) + "\n" for row in found)
    promised = 100 * np.mean([row["promised"] for row in found])
    print(
        f"{name}: {len(found)} batches, promised {promised:.0f}%, {time.process_time() - started:.0f} CPU s", flush=True
    )
    return found


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=12, help="models a set")
    asked.add_argument("--honest", type=int, default=3, help="honest batches a model and size")
    asked.add_argument("--sets", default=",".join(SETS))
    asked.add_argument("--results", type=Path, help="file of JSON lines to write")
    told = asked.parse_args()
    need_data()
    each = {name: records(name, told.draws, told.honest, told.results) for name in told.sets.split(",")}
    for name, found in (*each.items(), ("all", [row for some in each.values() for row in some])):
        print(f"\n{name}\n")
        for table in (drift.honest_table, drift.shifted_table, drift.by_shift):
            table(found)
            print()


if __name__ == "__main__":
    main()
