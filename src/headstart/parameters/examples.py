"""What a source is pretrained on: labelled batches, from a data set or from a formula."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from headstart.data.augment import Augmentation, augmented
from headstart.data.canvases import canvases
from headstart.data.dataset import Dataset
from headstart.data.preprocessing import Preprocessing
from headstart.data.progress import Progress
from headstart.data.rendered import RenderedPictures
from headstart.data.splits import holdout
from headstart.errors import DataError

Batch = tuple[np.ndarray, np.ndarray]  # pictures (n, size, size, 3) uint8, classes (n,) int64
HELD_OUT = 2000  # pictures at most on which progress is measured


class Examples(ABC):
    """Labelled pictures in batches.

    Attributes
    ----------
    n : int
        Pictures to train on.
    class_names : tuple of str
        Name of each class.
    size : int
        Side of the pictures in pixels.
    words : str
        What they are, for the model card.
    licence : str or None
        Licence under which weights made of them may be given away; None: the user's business.
    key : str
        What decides the pictures, to tell one run from another.
    """

    n: int
    class_names: tuple[str, ...]
    size: int
    words: str
    licence: str | None
    key: str

    @abstractmethod
    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        """Pictures to train on in a given epoch; ``index`` (n,) in 0 to ``n - 1``."""

    @abstractmethod
    def held_out(self) -> Iterator[Batch]:
        """Pictures that are never trained on, in batches, always the same."""

    def batches(self, round_: int, rounds: int, batch_size: int, seed: int) -> Iterator[Batch]:
        """One of the ``rounds`` into which an epoch is divided; all rounds together hold every picture once.

        Parameters
        ----------
        round_ : int
            Counted through all epochs.
        rounds : int
            Rounds an epoch.
        batch_size : int
            Pictures a batch; the few left over at the end of a round are put off to another epoch.
        seed : int
            Decides the order.
        """
        epoch, part = divmod(round_, rounds)
        order = np.random.default_rng([seed, epoch]).permutation(self.n)
        rows = order[part * self.n // rounds : (part + 1) * self.n // rounds]
        for step in range(steps(len(rows), batch_size)):
            yield self.batch(np.sort(rows[step * batch_size : (step + 1) * batch_size]), epoch)


def steps(n: int, batch_size: int) -> int:
    """Batches that n pictures give: whole ones, but at least one.

    Examples
    --------
    >>> steps(300, 128), steps(5, 128)
    (2, 1)
    """
    return max(1, n // batch_size)


class FormulaExamples(Examples):
    """Pictures that are rendered while the network trains on them.

    Parameters
    ----------
    pictures : RenderedPictures
        The set. The held-out pictures are further ones of the same classes.
    """

    licence = "Apache-2.0"

    def __init__(self, pictures: RenderedPictures) -> None:
        self.pictures = pictures
        self.n = len(pictures)
        self.class_names = pictures.class_names
        self.size = pictures.size
        self.words = (
            f"{self.n:,} pictures of {pictures.n_classes} classes, rendered by headstart "
            f"(formula:{pictures.formula}, seed {pictures.seed}, {pictures.size} x {pictures.size} pixels)"
        )
        self.key = repr(pictures)

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        return self.pictures.batch(index)

    def held_out(self) -> Iterator[Batch]:
        p = self.pictures
        more = max(1, HELD_OUT // p.n_classes)
        further = RenderedPictures(p.formula, p.n_classes, p.per_class + more, p.seed, p.size)
        index = np.arange(len(p), min(len(further), len(p) + HELD_OUT))
        for start in range(0, len(index), 256):
            yield further.batch(index[start : start + 256])


class DatasetExamples(Examples):
    """A labelled data set, its training pictures randomly cropped, stretched, lit and mirrored.

    Parameters
    ----------
    dataset : Dataset
        Of a classification task. Its ``val`` part, or else a twentieth of the pictures, is held out; a ``test``
        part is not touched.
    size : int, default=64
        Side of the network's pictures in pixels.
    flip : bool, default=True
        Whether left and right may be exchanged; not for digits, letters and the like.
    random_state : int, default=0
        Decides what is held out, and the crops.
    progress : callable, optional
        Told how reading goes on.

    Raises
    ------
    DataError
        If the task is not classification.
    BadPictures
        If pictures cannot be read.
    """

    licence = None

    def __init__(
        self,
        dataset: Dataset,
        *,
        size: int = 64,
        flip: bool = True,
        random_state: int = 0,
        progress: Progress | None = None,
    ) -> None:
        if dataset.task != "classification" or dataset.classes is None:
            raise DataError(
                f"Expected one label a picture to pretrain on, found a task of type {dataset.task}.",
                "Name a column of labels, or put the pictures of each class in a folder.",
            )
        train, test = _rows(dataset, random_state)
        used = dataset.select(np.concatenate([train, test]))
        self.n, self.size, self.random_state = len(train), size, random_state
        self.class_names = tuple(str(name) for name in dataset.classes)
        side = math.ceil(1.25 * size)  # leaves detail for the crops
        self._canvases = canvases(used.pictures, _preprocessing(side), progress=progress)
        self._labels = np.searchsorted(np.asarray(dataset.classes), used.y).astype(np.int64)
        self._preprocessing = _preprocessing(size)
        self._augmentation = Augmentation(area=(0.4, 1.0), flip=flip)
        name = Path(dataset.root).name if dataset.root else "pictures in memory"
        self.words = f"{self.n:,} pictures of {len(self.class_names)} classes from {name}"
        content = hashlib.sha256(self._labels.tobytes())
        for canvas in self._canvases:
            content.update(canvas.tobytes())
        self.key = repr((content.hexdigest(), self.n, size, flip, random_state))

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        pictures = [
            augmented(
                self._canvases[i],
                self._preprocessing,
                self._augmentation,
                np.random.default_rng([self.random_state, epoch, i]),
            )
            for i in index.tolist()
        ]
        return np.stack(pictures), self._labels[index]

    def held_out(self) -> Iterator[Batch]:
        last = min(len(self._canvases), self.n + HELD_OUT)
        for start in range(self.n, last, 256):
            rows = range(start, min(last, start + 256))
            plain = [self._preprocessing.centre(self._preprocessing.canvas(self._canvases[i])) for i in rows]
            yield np.stack(plain), self._labels[rows.start : rows.stop]


def _preprocessing(side: int) -> Preprocessing:
    return Preprocessing(side, (side, side), (0.5,) * 3, (0.25,) * 3)


def _rows(dataset: Dataset, random_state: int) -> tuple[np.ndarray, np.ndarray]:
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
