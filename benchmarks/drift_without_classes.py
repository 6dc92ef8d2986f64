"""Models that do not choose one of several classes: how often `headstart check` says that data differ.

Models of several labels, of several views and those that find things keep rows and no heads, so the tests alone decide.
*Several labels*: which vehicles a picture shows, features of MobileNetV2 at 128 pixels. *Several views*: handwritten
digits in six views, each missing in 30% of the rows. *Things*: vehicles, and blood cells, by the simple features that
such a model keeps. A reference of 300 rows (blood cells: 60), and batches of other rows of the set, as they are and
spoiled; a batch of spoiled rows is drawn anew for each reference.

    python benchmarks/drift_without_classes.py [--repeats 20] [--batches 10] [--only "several views"]
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from detection import scenes
from drift_rows import SPOILED, embedded, kept

from common import DATA, need_data, parser
from headstart import Pictures
from headstart.drift.compared import LEVEL, compared
from headstart.guard.evidence.reference import COLUMNS, NETWORK, SIMPLE, features_for, ranks_of, rows_kept, unit

SIZES = (20, 50, 200)
_NONE = np.zeros((0, 0), dtype=np.float32)
_GAPS = 0.3


@dataclass(frozen=True)
class Rows:
    """What a reference sees, rows as they are and spoiled, (n, d) each, and which of them are of one sort."""

    sees: str
    X: np.ndarray
    spoiled: dict[str, np.ndarray]
    sort: np.ndarray
    n: int = 300


def pictures(
    name: str, items: list[np.ndarray], see: Callable[[list[np.ndarray]], np.ndarray]
) -> dict[str, np.ndarray]:
    """Features of pictures, as they are ("") and spoiled."""

    def spoil(how: str) -> list[np.ndarray]:
        rng = np.random.default_rng(1)
        return [np.asarray(SPOILED["pictures"][how](one, rng)) for one in items] if how else items

    ways = ("", *SPOILED["pictures"])
    return {how: kept(f"{name} {how}".strip(), lambda how=how: (see(spoil(how)),))[0] for how in ways}


def vehicles() -> tuple[list[np.ndarray], np.ndarray]:
    """Pictures, and the kind of vehicle of the first box, "" where there is none."""
    found = [scene for part in ("train", "valid", "test") for scene in scenes(part)]
    inputs = Pictures([path for path, _ in found])
    kinds = [str(boxes.labels[0]) if len(boxes.labels) else "" for _, boxes in found]
    return [inputs.decode(i) for i in range(len(inputs))], np.array(kinds)


def several_labels() -> Rows:
    """Pictures of vehicles by a network."""
    items, sort = vehicles()
    found = pictures("vehicles", items, lambda some: embedded("pictures", some))
    return Rows(NETWORK, found.pop(""), found, sort)


def things() -> Rows:
    """Pictures of vehicles by simple features."""
    items, sort = vehicles()
    found = pictures("vehicles simple", items, simple)
    return Rows(SIMPLE, found.pop(""), found, sort)


def cells() -> Rows:
    """Pictures of blood cells by simple features."""
    inputs = Pictures(sorted(str(path) for path in (DATA / "blood_cells" / "images").iterdir()))
    items = [inputs.decode(i) for i in range(len(inputs))]
    found = pictures("cells simple", items, simple)
    return Rows(SIMPLE, found.pop(""), found, np.zeros(len(items)), n=60)


def simple(items: list[np.ndarray]) -> np.ndarray:
    """What a model that finds things keeps of pictures."""
    return features_for(SIMPLE, Pictures(items), None, "cpu", _NONE)


def several_views() -> Rows:
    """Digits in six views with gaps."""
    with np.load(DATA / "multiview_digits" / "mfeat.npz", allow_pickle=False) as file:
        y = file["y"]
        views = [np.asarray(file[key], dtype=np.float64) for key in sorted(file) if key != "y"]
    rng = np.random.default_rng(0)

    def joined(some: list[np.ndarray]) -> np.ndarray:
        there = rng.random((len(y), len(some))) >= _GAPS
        return np.concatenate([np.where(there[:, [i]], view, np.nan) for i, view in enumerate(some)], axis=1)

    first = views[0]
    made = {
        "noise in a view": first + rng.normal(size=first.shape) * first.std(axis=0),
        "a view in another unit": first * 2.54,
        "a view never there": np.full_like(first, np.nan),
        "columns of a view swapped": np.roll(first, 1, axis=1),
    }
    return Rows(COLUMNS, joined(views), {how: joined([one, *views[1:]]) for how, one in made.items()}, y)


WAYS = {"several labels": several_labels, "several views": several_views, "vehicles": things, "blood cells": cells}


def shares(rows: Rows, references: int, batches: int) -> dict[tuple[str, int], list[bool]]:
    """Whether batches were said to differ, by how they were spoiled ("": not at all) and their size."""
    found: dict[tuple[str, int], list[bool]] = {}
    for seed in range(references):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(rows.X))
        train, rest = order[: rows.n], order[rows.n :]
        ranks = ranks_of(rows.X[train]) if rows.sees == COLUMNS else _NONE

        def seen(X: np.ndarray, ranks: np.ndarray = ranks) -> np.ndarray:
            return unit(features_for(COLUMNS, X, None, "cpu", ranks) if rows.sees == COLUMNS else X)

        reference, _ = rows_kept(rows.sees, seen(rows.X[train]), None, (), random_state=seed)
        one_sort = rest[rows.sort[rest] == rng.choice(rows.sort[rest])]
        drawn = {"": (rows.X, rest, batches), "one class alone": (rows.X, one_sort, 1)}
        drawn |= {how: (X, rest, 1) for how, X in rows.spoiled.items()}
        for how, (X, pool, times) in drawn.items():
            for m in SIZES if how != "one class alone" or len(one_sort) < len(rest) else ():
                for _ in range(times if m <= 0.8 * len(pool) else 0):
                    batch = seen(X[rng.permutation(pool)[:m]])
                    said = compared(reference, batch, None, None, random_state=int(rng.integers(10**6)))
                    found.setdefault((how, m), []).append(said.p_value < LEVEL)
    return found


def main() -> None:
    """A table for each kind of model."""
    asked = parser(__doc__ or "", 20)
    asked.add_argument("--batches", type=int, default=10, help="honest batches a reference and size")
    asked.add_argument("--only", choices=sorted(WAYS))
    told = asked.parse_args()
    need_data()
    print("| model | batches | " + " | ".join(f"{m} rows" for m in SIZES) + " |\n| --- " + "| --- " * 4 + "|")
    for name in (told.only,) if told.only else WAYS:
        started = time.process_time()
        found = shares(WAYS[name](), told.repeats, told.batches)
        for how in dict.fromkeys(how for how, _ in found):
            each = [found.get((how, m), []) for m in SIZES]
            told_of = [f"{100 * np.mean(one):.1f}% of {len(one)}" if one else "-" for one in each]
            print(f"| {name} | {how or 'honest'} | {' | '.join(told_of)} |", flush=True)
        print(f"{name}: {time.process_time() - started:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
