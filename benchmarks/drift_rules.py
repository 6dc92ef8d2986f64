"""Other rules for `headstart check` on batches that `drift.py` has measured, in seconds.

    python benchmarks/drift.py --results found.jsonl
    python benchmarks/drift_rules.py found.jsonl

A rule makes an expected fall of what a batch's line tells: the falls by confidence, by neighbours and by heads,
outliers, and signs that are not used (`drift_tried.py`). On the sets under FITTED in `drift.py` weights are fitted
(least squares, none negative), and the fall from which on a model is invalid (of tables 1.3 times as much) is chosen so
that 4% of the batches that fell less are called invalid; all is judged on those under JUDGED, and on batches of all
sets whose looks and shares of the classes both changed, which weights and threshold have not seen. The first row is the
rule as it is, with its own threshold.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from drift import FITTED, JUDGED
from drift_rows import TABLES
from scipy.optimize import nnls

from headstart.drift.compared import (
    APART,
    LEVEL,
    MUCH,
    MUCH_EXPECTED,
    MUCH_OF_TABLES,
    OVERTURNED,
    SOME_EXPECTED,
    UNTOLD,
)

_FALSE = 0.04
Columns = Callable[["Batches"], np.ndarray]


class Batches:
    """Shifted batches of 200 rows of some sets, or those of other shares beside other looks; a number each a column."""

    def __init__(self, lines: list[list[dict]], sets: tuple[str, ...], both: bool = False) -> None:
        rows = [row for each in lines for row in each if row["set"] in sets]
        rows = [row for row in rows if (row.get("both") if both else row.get("size") == 200)]
        names = ("confidence", "neighbours", "heads", "outliers")
        self.confidence, self.neighbours, self.heads, self.outliers = (
            np.array([row["falls"][name] for row in rows]) for name in names
        )
        names = ("p", "promised", "true", "farther", "moved", "m", "usual")
        self.p, self.promised, self.true, self.farther, self.moved, self.m, usual = (
            np.array([row[name] for row in rows], dtype=float) for name in names
        )
        self.tried = {name: np.array([row["tried"][name] for row in rows]) for name in rows[0]["tried"]}
        self.fall = usual - self.true
        self.times = np.where([row["set"] in TABLES for row in rows], MUCH_OF_TABLES / MUCH_EXPECTED, 1.0)
        self.model = np.unique([f"{row['set']}, {row['seed']}" for row in rows], return_inverse=True)[1]
        group = np.array([f"{row['set']}, {row['how']}" for row in rows])
        self.weight = 1 / np.array([(group == one).sum() for one in group])


def _up(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0.0)


def _two(b: Batches) -> np.ndarray:
    return 0.5 * (_up(b.confidence) + _up(b.neighbours))


def _mean(b: Batches) -> np.ndarray:
    return 0.4 * (_up(b.tried["mean"]) + _up(b.neighbours)) + 0.2 * _up(b.heads)


def _now(b: Batches) -> np.ndarray:
    return 0.4 * (_up(b.confidence) + _up(b.neighbours)) + 0.2 * _up(b.heads)


def _each(b: Batches) -> list[np.ndarray]:
    return [_up(b.confidence), _up(b.neighbours), _up(b.heads), b.outliers]


#: Expected falls with weights that stand, and columns whose weights are fitted.
FIXED: dict[str, Columns] = {
    "as it is": lambda b: _now(b) + b.outliers,
    "as it was: the mean of the confidence": lambda b: _mean(b) + b.outliers,
    "no heads": lambda b: _two(b) + b.outliers,
    "outliers by distance": lambda b: _now(b) + b.tried["far"],
    "outliers twice": lambda b: _now(b) + 2 * b.outliers,
    "the larger of confidence and neighbours": lambda b: np.maximum(_up(b.confidence), _up(b.neighbours)) + b.outliers,
    "confidence alone": lambda b: _up(b.confidence) + b.outliers,
    "neighbours alone": lambda b: _up(b.neighbours) + b.outliers,
    "heads alone": lambda b: _up(b.heads) + b.outliers,
    "half of the shares of the answers on top": lambda b: _now(b) + b.outliers + 0.5 * b.tried["shares"],
}
SIGNS: dict[str, Columns] = {
    "fitted": lambda b: np.stack(_each(b), 1),
    "fitted, and confidence by how wrong the model was": lambda b: np.stack(
        [*_each(b), _up(b.confidence) * (1 - b.promised)], 1
    ),
} | {
    f"fitted, and {name}": lambda b, name=name: np.stack([*_each(b), _up(b.tried[name])], 1)
    for name in ("threshold", "transport", "nuclear", "entropy", "critic", "backwards", "projection", "shares")
}


def told(expected: np.ndarray, batches: Batches, much: float) -> np.ndarray:
    """Whether each batch is called valid, and invalid, and the error, in points; (3, n)."""
    differs = batches.p < LEVEL
    unsure = (batches.moved >= OVERTURNED) | (batches.farther >= APART)
    untold = expected < np.maximum(UNTOLD, batches.m**-0.5)
    valid = np.where(differs, (expected < SOME_EXPECTED) & ~unsure, untold)
    error = np.abs(batches.promised - expected - batches.true)
    return 100 * np.stack([valid, differs & (expected >= much * batches.times), error])


def summed(said: np.ndarray, big: np.ndarray) -> np.ndarray:
    """Of batches that fell much: valid, invalid; of those that fell less: invalid; the error; of these: valid."""
    (valid, invalid, _), (less_valid, less, _) = said[:, big].mean(axis=1), said[:, ~big].mean(axis=1)
    return np.array([valid, invalid, less, said[2].mean(), less_valid])


def line(expected: np.ndarray, batches: Batches, much: float) -> str:
    """What a rule says of batches, as cells of a table."""
    numbers = summed(told(expected, batches, much), batches.fall >= MUCH)[:4]
    return ", ".join(f"{number:.1f}" for number in numbers)


def change(batches: Batches) -> str:
    """The rule as it is minus the one before on the same batches, each with standard errors over models."""
    now, before = (told(FIXED[name](batches), batches, MUCH_EXPECTED) for name in list(FIXED)[:2])
    big, rng, models = batches.fall >= MUCH, np.random.default_rng(0), batches.model.max() + 1
    drawn = []
    for _ in range(500):
        at = np.concatenate([np.flatnonzero(batches.model == one) for one in rng.integers(models, size=models)])
        drawn.append(summed(now[:, at], big[at]) - summed(before[:, at], big[at]))
    gained = summed(now, big) - summed(before, big)
    names = ("valid", "invalid", "less: invalid", "error", "less: valid")
    parts = zip(names, gained, np.std(drawn, axis=0), strict=True)
    return ", ".join(f"{name} {gain:+.1f} ({error:.1f})" for name, gain, error in parts)


def best_possible(batches: Batches) -> str:
    """What who knows the exact loss of each batch would say of as many other rows that lose as much."""
    rng, found = np.random.default_rng(0), []
    for _ in range(200):
        fall = batches.fall + batches.true - rng.binomial(batches.m.astype(int), batches.true) / batches.m
        big = fall >= MUCH
        line = np.quantile(batches.fall[~big], 0.95)
        found.append(((batches.fall[big] >= line).mean(), np.abs(fall - batches.fall).mean()))
    share, error = 100 * np.mean(found, axis=0)
    return f"{share:.0f}% invalid where 5% of what fell less are, error {error:.1f}"


def main() -> None:
    """Print a row a rule."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("results", type=Path)
    lines = [json.loads(one) for one in asked.parse_args().results.read_text().splitlines()]
    chosen, judged = Batches(lines, FITTED), Batches(lines, JUDGED)
    both = Batches(lines, FITTED + JUDGED, both=True)
    sizes = [f"{len(batches.fall)} batches {of}" for batches, of in ((chosen, "chosen on"), (judged, "judged on"))]
    print(f"{', '.join(sizes)}, {len(both.fall)} of other looks and shares")
    print("| rule | from | chosen on: valid, invalid, less: invalid, error | judged on | other looks and shares |")
    print("| --- | --- | --- | --- | --- |")
    rules = dict(FIXED)
    for name, columns in SIGNS.items():
        A, root = columns(chosen), np.sqrt(chosen.weight)
        weights = nnls(A * root[:, None], chosen.fall * root)[0]
        rules[f"{name} ({', '.join(f'{w:.1f}' for w in weights)})"] = lambda b, c=columns, w=weights: c(b) @ w
    for name, rule in rules.items():
        less = chosen.fall < MUCH
        seen = np.where(chosen.p < LEVEL, rule(chosen) / chosen.times, -1.0)[less]
        much = MUCH_EXPECTED if name == "as it is" else float(np.quantile(seen, 1 - _FALSE))
        cells = [line(rule(batches), batches, much) for batches in (chosen, judged, both)]
        print(f"| {name} | {100 * much:.1f} | {' | '.join(cells)} |", flush=True)
    everything = Batches(lines, FITTED + JUDGED)
    for of, batches in (("chosen on", chosen), ("judged on", judged), ("all", everything), ("other shares", both)):
        print(f"as it is less as it was, both from {100 * MUCH_EXPECTED:.1f} points, {of}: {change(batches)}")
    big = everything.fall >= MUCH
    invalid = told(_now(everything) + everything.outliers, everything, MUCH_EXPECTED)[1] > 0
    near = 100 * (everything.fall[big & ~invalid] < 0.13).mean()
    print(f"with the loss known: {best_possible(everything)}; of what is missed {near:.0f}% fell 10 to 13 points")


if __name__ == "__main__":
    main()
