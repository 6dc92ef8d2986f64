"""Labelled pictures to pretrain on: rendered from a formula, or from a data set."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import torch

from headstart.data.pictures.augment import Augmentation, augmented
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.sets.dataset import Dataset
from headstart.pretraining.examples.examples import HELD_OUT, Batch, Examples
from headstart.pretraining.examples.labelled import LabelledExamples
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.progress import Progress

AT_ONCE = 1024  # pictures rendered in one go on a device that starts many small computations slowly
MEAN, STD = 0.5, 0.25  # of pixels scaled to 0..1, every channel: what networks pretrained here are given


def square(side: int) -> Preprocessing:
    """What a network pretrained here wants done to a picture: its middle, ``side`` pixels wide and high."""
    return Preprocessing(side, (side, side), (MEAN,) * 3, (STD,) * 3)


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
        self._device: torch.device | None = None

    def compute_on(self, device: torch.device) -> None:
        self._device = None if device.type == "cpu" else device

    @property
    def preprocessing(self) -> Preprocessing:
        return square(self.size)

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        return self._rendered(self.pictures, index)

    def batches(
        self, round_: int, rounds: int, batch_size: int, seed: int, part: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        if self._device is None:
            yield from super().batches(round_, rounds, batch_size, seed, part)
            return
        indices, together = self.indices(round_, rounds, batch_size, seed, part), max(1, AT_ONCE // batch_size)
        while group := list(itertools.islice(indices, together)):
            rendered = self.batch(np.concatenate(group), round_ // rounds)
            ends = np.cumsum([len(index) for index in group]).tolist()
            yield from (rendered[end - len(index) : end] for index, end in zip(group, ends, strict=True))

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        return list(self.pictures.batch(index)[0])

    def held_out(self) -> Iterator[Batch]:
        p = self.pictures
        more = max(1, HELD_OUT // p.n_classes)
        further = RenderedPictures(p.formula, p.n_classes, p.per_class + more, p.seed, p.size)
        index = np.arange(len(p), min(len(further), len(p) + HELD_OUT))
        for start in range(0, len(index), 256):
            yield self._rendered(further, index[start : start + 256])

    def _rendered(self, pictures: RenderedPictures, index: np.ndarray) -> Batch:
        return Batch(*(pictures.batch(index) if self._device is None else pictures.batch(index, self._device)))


class DatasetExamples(LabelledExamples):
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
    """

    held_out_batch = 256

    def __init__(
        self,
        dataset: Dataset,
        *,
        size: int = 64,
        flip: bool = True,
        random_state: int = 0,
        progress: Progress | None = None,
    ) -> None:
        side = math.ceil(1.25 * size)  # leaves detail for the crops
        super().__init__(dataset, square(side), random_state, progress)
        self.size = size
        self._augmentation = Augmentation(area=(0.4, 1.0), flip=flip)
        self.key = repr((self._read.digest, self.n, size, flip, random_state))

    @property
    def preprocessing(self) -> Preprocessing:
        return square(self.size)

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        pictures = [
            augmented(
                self._read.canvases[i],
                self.preprocessing,
                self._augmentation,
                np.random.default_rng([self.random_state, epoch, i]),
            )
            for i in index.tolist()
        ]
        return Batch(np.stack(pictures), self._read.labels[index])

    def _plain(self, canvas: np.ndarray) -> np.ndarray:
        return self.preprocessing.centre(self.preprocessing.canvas(canvas))
