"""A labelled data set in memory, to pretrain on: what is learned from first, what is held out behind it."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headstart.data.inputs.canvases import canvases
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.splits import holdout
from headstart.errors import DataError
from headstart.pretraining.examples.examples import HELD_OUT, Batch, Examples
from headstart.progress import Progress


@dataclass(frozen=True, eq=False)
class Labelled:
    """Examples with their classes.

    Parameters
    ----------
    canvases : sequence of ndarray
        Those to learn from, then those that are held out.
    labels : ndarray of int64
        Of all of them.
    n : int
        How many are learned from.
    class_names : tuple of str
    words : str
        What they are, for a model card.
    digest : str
        Of their content.
    """

    canvases: Any
    labels: np.ndarray
    n: int
    class_names: tuple[str, ...]
    words: str
    digest: str


class LabelledExamples(Examples):
    """A labelled data set to pretrain on, its canvases in memory.

    Parameters
    ----------
    dataset, kept, random_state, progress
        As of `read_labelled`.
    """

    licence = None
    held_out_batch: ClassVar[int]

    def __init__(self, dataset: Dataset, kept: Any, random_state: int, progress: Progress | None) -> None:
        self._read = read_labelled(dataset, kept, random_state, progress)
        self.n, self.random_state = self._read.n, random_state
        self.class_names, self.words = self._read.class_names, self._read.words

    @abstractmethod
    def _plain(self, canvas: np.ndarray) -> np.ndarray:
        """The network's input for a canvas, not varied."""

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        return [self._read.canvases[i] for i in index.tolist()]

    def held_out(self) -> Iterator[Batch]:
        last = min(len(self._read.canvases), self.n + HELD_OUT)
        for start in range(self.n, last, self.held_out_batch):
            rows = slice(start, min(last, start + self.held_out_batch))
            plain = [self._plain(canvas) for canvas in self._read.canvases[rows]]
            yield Batch(np.stack(plain), self._read.labels[rows])


def read_labelled(dataset: Dataset, kept: Any, random_state: int, progress: Progress | None = None) -> Labelled:
    """Read a data set of one label an example.

    Parameters
    ----------
    dataset : Dataset
        Its ``val`` part, or else a twentieth, is held out, whole groups at a time; a ``test`` part is not touched.
    kept : Preprocessing or SoundPreprocessing
        Decides size or rate at which the examples are kept.
    random_state : int
        Decides what is held out.
    progress : callable, optional

    Raises
    ------
    DataError
        If the task is not classification.
    BadPictures, BadClips
        If any cannot be read.
    """
    one, many = dataset.inputs.kind.one, dataset.inputs.kind.many
    if dataset.task != "classification" or dataset.classes is None:
        raise DataError(
            f"Expected one label a {one} to pretrain on, found a task of type {dataset.task}.",
            f"Name a column of labels, or put the {many} of each class in a folder.",
        )
    train, test = rows_of(dataset, random_state)
    used = dataset.select(np.concatenate([train, test]))
    found = canvases(used.inputs, kept, progress=progress)
    labels = np.searchsorted(np.asarray(dataset.classes), used.y).astype(np.int64)
    names = tuple(str(name) for name in dataset.classes)
    place = Path(dataset.root).name if dataset.root else f"{many} in memory"
    content = hashlib.sha256(labels.tobytes())
    for canvas in found:
        content.update(np.ascontiguousarray(canvas).data)
    words = f"{len(train):,} {many} of {len(names)} classes from {place}"
    return Labelled(found, labels, len(train), names, words, content.hexdigest())


def rows_of(dataset: Dataset, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to measure on."""
    everything = np.arange(len(dataset.y))
    if dataset.parts is not None and "train" in dataset.parts:
        train = everything[dataset.parts == "train"]
        test = everything[dataset.parts == "val"]
        if len(test):
            return train, test
        everything = train
    groups = None if dataset.groups is None else dataset.groups[everything]
    train, test = holdout(dataset.y[everything], dataset.task, groups=groups, fraction=0.05, random_state=random_state)
    return everything[train], everything[test]
