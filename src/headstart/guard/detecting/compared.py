"""Ways of detecting compared within a budget: as many folds, ways and pictures as its seconds allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.splits import Split
from headstart.errors import DataError
from headstart.guard.comparing.budget import RESERVE, left_out_words
from headstart.guard.comparing.deadline import OutOfTime, within
from headstart.guard.detecting.tried import Tried, Way, fold_of, picture_folds, some_rows
from headstart.guard.effort import Effort

#: Folds at most: each way learns that often, and four times inside to calibrate its scores.
FOLDS = 3
#: Pictures that are learned from in any case, and the part of what is left that the first folds may take.
FEWEST, _FIRST = 6, 0.5
#: Seconds of learning from all pictures, as a multiple of those of a fold.
_FINAL = 1.5

Answers = dict[int, Boxes]


@dataclass
class Compared:
    """What was compared on which pictures.

    Parameters
    ----------
    pool : Dataset
        The pictures that are learned from in the end.
    judged : Dataset
        Those of them that were held out once, to which ``results`` belong.
    splits : list of (train, test)
        Of the pool; the folds that were run.
    results : list of Tried
    left_out : list of dict
        Ways that were not compared: name, seconds, words.
    notes : list of str
    """

    pool: Dataset
    judged: Dataset
    splits: list[Split] = field(default_factory=list)
    results: list[Tried] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def fold(self) -> np.ndarray:
        """In which fold each judged picture was held out, (n,)."""
        tests = np.concatenate([test for _, test in self.splits])
        number = np.repeat(np.arange(len(self.splits)), [len(test) for _, test in self.splits])
        return number[np.argsort(tests, kind="stable")]


def compare(pool: Dataset, ways: Sequence[Way], effort: Effort) -> Compared:
    """Try ways on the same folds, within the seconds that there are.

    The first way that borrows is tried on one fold first. Where that does not end in half of the time, it is broken
    off, and half of the pictures, drawn at random, are left to learn from. The first way that borrows nothing follows
    on the same fold, where it ends in time; then as many folds are run as do, and further ways where theirs do.

    Parameters
    ----------
    pool : Dataset
        Pictures with boxes.
    ways : sequence of Way
        At least one.
    effort : Effort

    Raises
    ------
    DataError
        If no way can be used.
    """
    found = Compared(pool, pool)
    run = _Run(found, effort)
    least: list[Way] = []
    for side in (True, False):
        for way in (way for way in ways if way.transfer is side):
            least.append(way)
            if run.answers:
                run.further(way, range(1))
            else:
                run.first(way)
            if way in run.answers:
                break
    run.all_folds([way for way in least if way in run.answers])
    for way in ways:
        if way not in least:
            run.further(way, range(len(found.splits)))
    if not run.answers:
        raise DataError(
            " ".join(str(entry["words"]) for entry in found.left_out), "Give another source, or more pictures."
        )
    tests = np.sort(np.concatenate([test for _, test in found.splits])).tolist()
    found.judged = found.pool if len(tests) == len(found.pool) else found.pool.select(tests)
    for way in [way for way in ways if way in run.answers]:
        seconds = float(np.mean(run.seconds[way]))
        found.results.append(Tried.of(way, found.judged, [run.answers[way][i] for i in tests], seconds))
    return found


class _Run:
    """What the ways have found so far, and how long a fold of each took."""

    def __init__(self, found: Compared, effort: Effort) -> None:
        self.found, self.effort = found, effort
        self.answers: dict[Way, Answers] = {}
        self.seconds: dict[Way, list[float]] = {}

    @property
    def left(self) -> float:
        """Seconds until the final training has to begin."""
        last = max((max(each) for each in self.seconds.values()), default=0.0)
        return self.effort.budget * (1 - RESERVE) - self.effort.spent - _FINAL * last

    def fold(self, way: Way, k: int) -> None:
        """One fold of a way; what it finds is kept."""
        found = self.found
        boxes, seconds = fold_of(way, found.pool, found.splits[k], self.effort.progress, k, len(found.splits))
        self.answers.setdefault(way, {}).update(zip(found.splits[k][1].tolist(), boxes, strict=True))
        self.seconds.setdefault(way, []).append(seconds)

    def first(self, way: Way) -> None:
        """The first fold of a way, on as many pictures as it ends with in time."""
        found, effort = self.found, self.effort
        fewer = True
        while True:
            found.splits = picture_folds(found.pool, min(effort.n_splits, FOLDS), effort.seed)
            in_any_case = not fewer or len(found.pool) < 2 * FEWEST
            try:
                with within(None if in_any_case else max(1.0, _FIRST * (effort.budget - effort.spent))):
                    self.tried_on(way, range(1))
                return
            except OutOfTime:
                fewer = self.halve()

    def halve(self) -> bool:
        """Half of the pictures, in which every class stands; whether these are fewer by a quarter or more."""
        n = len(self.found.pool)
        rows = some_rows(np.arange(n), self.found.pool, 0.5, self.effort.seed)
        self.found.pool = self.found.judged = self.found.pool.select(rows)
        self.found.notes = [f"Learned from {len(rows):,} pictures drawn at random: the budget allows no more."]
        return len(rows) <= 0.75 * n

    def all_folds(self, ways: Sequence[Way]) -> None:
        """The other folds, as many as end in time; a fold counts where it has ended for every way."""
        for k in range(1, len(self.found.splits)):
            needed = sum(float(np.mean(self.seconds[way])) for way in ways)
            try:
                if needed > self.left:
                    raise OutOfTime
                with within(self.left):
                    for way in ways:
                        self.fold(way, k)
            except OutOfTime:
                n = len(self.found.splits)
                self.found.splits = self.found.splits[:k]
                words = f"Scores are those of {k} of {n} parts of the pictures: the budget allows no more."
                self.found.notes.append(words)
                return

    def further(self, way: Way, folds: Sequence[int]) -> None:
        """Folds of one more way, where they end in time."""
        priced = max((float(np.mean(each)) for each in self.seconds.values()), default=0.0) * len(folds)
        began = self.effort.spent
        try:
            if priced > self.left:
                raise OutOfTime
            with within(self.left):
                self.tried_on(way, folds)
        except OutOfTime:
            self.answers.pop(way, None)
            self.seconds.pop(way, None)
            priced = max(priced, 2 * (self.effort.spent - began))
            words = left_out_words(way.words, priced, began)
            self.found.left_out.append({"name": way.name, "seconds": priced, "words": words})

    def tried_on(self, way: Way, folds: Sequence[int]) -> None:
        """Some folds of a way; one that cannot be used is left out, and it is said why."""
        try:
            for k in folds:
                self.fold(way, k)
        except DataError as error:
            self.answers.pop(way, None)
            self.seconds.pop(way, None)
            words = f"{way.words}: it cannot be used here. {error}"
            self.found.left_out.append({"name": way.name, "seconds": 0.0, "words": words})
