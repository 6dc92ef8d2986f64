"""Examples that a teacher has spoken about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from headstart.errors import DataError, ParameterError
from headstart.math.linear.whitening import partial_whitening
from headstart.pretraining.distillation.lessons import Lessons
from headstart.pretraining.distillation.objective import DistillationRecipe
from headstart.pretraining.examples.examples import HELD_OUT, Batch, Examples

FIT_ON = 100_000  # views at most that the whitening is fitted to


class TaughtExamples(Examples):
    """Views with the teachers' partly whitened features as targets.

    Where there are several teachers, the vectors of each are made of length 1 and put side by side, so that each
    counts alike, or by its weight.

    Parameters
    ----------
    lessons : Lessons
        Learned. Examples that could not be read are left out.
    recipe : DistillationRecipe
    seed : int, default=0
        Decides what is held out, and the slight changes of what the student sees.
    labelled : bool, default=False
        Whether the classes of the examples are learned too.
    weights : sequence of float, default=()
        Of each teacher in the cosine between student and teachers, above 0; without them all count alike.

    Raises
    ------
    DataError
        If labels are wanted and not all sets have the same classes, or too few examples are left.
    """

    def __init__(
        self,
        lessons: Lessons,
        recipe: DistillationRecipe,
        seed: int = 0,
        labelled: bool = False,
        weights: Sequence[float] = (),
    ) -> None:
        views = lessons.views
        self.lessons, self.seed, self.labelled = lessons, seed, labelled
        first = views[0]
        self.input_type, self.size, self._preprocessing = first.input_type, first.shape[0], first.preprocessing
        self.class_names = _classes(lessons) if labelled else ()
        self._labels = np.concatenate([v.labels for v in views if v.labels is not None]) if labelled else None
        self._train, self._test, self._n_examples = _rows(lessons, seed)
        self.n = len(self._train)
        self._targets = targets(lessons, self._train, recipe, weights)
        self.n_components = self._targets.shape[1]
        taught = " and ".join(teacher.name for teacher in lessons.teachers)
        say = "says" if len(lessons.teachers) == 1 else "say"
        self.words = f"{'; '.join(v.words for v in views)}; what {taught} {say} about {self.n:,} views of them"
        licences = {v.licence for v in views} | {teacher.card.licence for teacher in lessons.teachers}
        self.licence = licences.pop() if len(licences) == 1 else None
        self.key = repr((lessons.key, recipe, seed, labelled, self.n, *(float(weight) for weight in weights)))

    @property
    def n_examples(self) -> int:
        """Different examples that the student sees; those of its teachers are theirs."""
        return self._n_examples

    @property
    def preprocessing(self) -> Any:
        return self._preprocessing

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        rows = self._train[index]
        varied = [
            self._views_of(row).varied(self.lessons.x[row], np.random.default_rng([self.seed, epoch, row]))
            for row in rows.tolist()
        ]
        return self._batch(rows, np.stack(varied))

    def held_out(self) -> Iterator[Batch]:
        for start in range(0, len(self._test), 256):
            rows = self._test[start : start + 256]
            yield self._batch(rows, self.lessons.x[rows])

    def _views_of(self, row: int) -> Any:
        return self.lessons.views[int(np.searchsorted(self.lessons.starts, row, side="right")) - 1]

    def _batch(self, rows: np.ndarray, x: np.ndarray) -> Batch:
        y = None if self._labels is None else self._labels[self.lessons.example[rows]]
        return Batch(x, y, self._targets[rows])


def targets(
    lessons: Lessons, fit_on: np.ndarray, recipe: DistillationRecipe, weights: Sequence[float] = ()
) -> np.ndarray:
    """What the student is to say about every view, (N, components) in float32, of length 1."""
    lengths = teacher_lengths(weights, len(lessons.features))
    chosen = fit_on[:: max(1, len(fit_on) // FIT_ON)]
    parts = []
    for features, length in zip(lessons.features, lengths, strict=True):
        whitening = partial_whitening(features[np.sort(chosen)], recipe.whitening, recipe.components)
        blocks = [whitening(features[start : start + 8192]) for start in range(0, len(features), 8192)]
        parts.append(np.concatenate(blocks) * np.float32(length))
    return np.concatenate(parts, axis=1)


def teacher_lengths(weights: Sequence[float], n: int) -> np.ndarray:
    """How long the vectors of each of n teachers are where all together have length 1: the cosine of two such is the
    mean of the teachers' cosines with these weights.

    Raises
    ------
    ParameterError
        If there are weights, and not one above 0 for each teacher.

    Examples
    --------
    >>> teacher_lengths([3, 1], 2).round(3).tolist(), teacher_lengths([], 4).tolist()
    ([0.866, 0.5], [0.5, 0.5, 0.5, 0.5])
    """
    if len(weights) not in (0, n) or any(not weight > 0 for weight in weights):
        raise ParameterError(
            f"Expected a weight above 0 for each of {n} teachers, found {', '.join(map(str, weights))}.",
            "Give as many as there are teachers, or none.",
        )
    shares = np.asarray(weights if len(weights) else np.ones(n), dtype=np.float64)
    return np.sqrt(shares / shares.sum())


def _rows(lessons: Lessons, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Views to train on, views to measure on (the first of each held-out example), and the number of examples."""
    n = sum(views.n for views in lessons.views)
    good = np.setdiff1d(np.arange(n), np.array([i for i, _ in lessons.bad], dtype=np.int64))
    if len(good) < 4:
        raise DataError(f"Expected at least 4 examples to pretrain on, found {len(good)}.", "Give more.")
    order = np.random.default_rng([seed, n]).permutation(good)
    held = np.zeros(n, dtype=bool)
    held[order[: max(2, min(HELD_OUT, len(good) // 20))]] = True
    usable = np.zeros(n, dtype=bool)
    usable[good] = True
    example = lessons.example
    first = np.r_[True, example[1:] != example[:-1]]
    return np.flatnonzero(usable[example] & ~held[example]), np.flatnonzero(held[example] & first), len(good)


def _classes(lessons: Lessons) -> tuple[str, ...]:
    found = {views.class_names for views in lessons.views}
    if len(found) != 1 or any(views.labels is None for views in lessons.views):
        raise DataError(
            "Expected labels of the same classes for all examples, to learn them together with the teacher; found "
            f"{len(found)} different lists of classes.",
            "Leave the labels out (--label-weight 0), or give data with the same classes.",
        )
    return found.pop()
