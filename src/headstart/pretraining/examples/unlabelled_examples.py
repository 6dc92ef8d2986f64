"""Pictures or clips without labels to pretrain on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from headstart.data.inputs.canvases import canvases
from headstart.pretraining.examples.examples import Batch, Examples
from headstart.progress import Progress

DETAIL = 1.5  # how much larger than the network's input pictures are kept, for crops


class UnlabelledExamples(Examples):
    """Pictures or clips as they are; `TwoViews` makes of them what is learned from, and holds some out.

    Parameters
    ----------
    inputs : Pictures or Clips
    preprocessing : Preprocessing or SoundPreprocessing
        Of the network that is to be trained.
    name : str, default="memory"
        Where they are from, for the model card.
    progress : callable, optional
        Told how reading goes on.

    Raises
    ------
    BadPictures, BadClips
        If any cannot be read.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> from headstart.pretraining.examples.picture_examples import square
    >>> examples = UnlabelledExamples(Pictures([np.zeros((40, 60, 3), np.uint8)] * 9), square(32), name="a camera")
    >>> examples.n, examples.words, examples.raw(np.array([0]))[0].shape
    (9, '9 pictures without labels from a camera', (48, 72, 3))
    """

    class_names = ()
    licence = None

    def __init__(
        self, inputs: Any, preprocessing: Any, *, name: str = "memory", progress: Progress | None = None
    ) -> None:
        self._preprocessing = preprocessing
        self.n, self.size, self.input_type = len(inputs), min(preprocessing.size), inputs.kind.input_type
        self._canvases = canvases(inputs, preprocessing.detailed(DETAIL), progress=progress)
        self.words = f"{self.n:,} {inputs.kind.many} without labels from {name}"
        content = hashlib.sha256()
        for canvas in self._canvases:
            content.update(repr(canvas.shape).encode())
            content.update(np.ascontiguousarray(canvas).data)
        self.key = repr((content.hexdigest(), self.n, preprocessing.key()))

    @property
    def preprocessing(self) -> Any:
        return self._preprocessing

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        return [self._canvases[i] for i in index.tolist()]

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        return Batch(np.stack([self._window(self._canvases[i]) for i in index.tolist()]))

    def held_out(self) -> Iterator[Batch]:
        return iter(())

    def _window(self, canvas: np.ndarray) -> np.ndarray:
        """The middle of a picture at the network's size, or the loudest window of a clip."""
        window: np.ndarray = self._preprocessing.centre(self._preprocessing.canvas(canvas))
        return window
