"""Labelled clips of sound to pretrain on."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.sets.dataset import Dataset
from headstart.pretraining.examples.examples import Batch
from headstart.pretraining.examples.labelled import LabelledExamples
from headstart.pretraining.examples.sound_views import FROM_LIFE, loudest_piece
from headstart.pretraining.speech.staging import RATE, Stage, sound_keys
from headstart.progress import Progress

BABBLERS = 300  # clips of which babble is made


class ClipExamples(LabelledExamples):
    """A labelled data set of clips; in every epoch other pieces of them, in other rooms, noises and levels.

    Parameters
    ----------
    dataset : Dataset
        Of a classification task on clips. Its ``val`` part, or else a twentieth of the clips, is held out, whole groups
        at a time; a ``test`` part is not touched.
    seconds : float, default=1.0
        Length of the pieces that are learned from. Held-out clips are judged by their loudest piece.
    preprocessing : SoundPreprocessing, optional
        Of the finished network, which may hear longer windows than it learned from. Default: the same length.
    random_state : int, default=0
        Decides what is held out, and how clips are varied.
    progress : callable, optional
    """

    input_type = "audio"
    held_out_batch = 128

    def __init__(
        self,
        dataset: Dataset,
        *,
        seconds: float = 1.0,
        preprocessing: SoundPreprocessing | None = None,
        random_state: int = 0,
        progress: Progress | None = None,
    ) -> None:
        self._window = SoundPreprocessing(RATE, round(seconds * RATE))
        super().__init__(dataset, self._window, random_state, progress)
        self.size = self._window.samples
        self._preprocessing = preprocessing or self._window
        self._staging = replace(FROM_LIFE, samples=self.size, seed=random_state)
        self.key = repr((self._read.digest, self.n, self._staging, self._preprocessing))

    @property
    def preprocessing(self) -> SoundPreprocessing:
        return self._preprocessing

    @cached_property
    def stage(self) -> Stage:
        """Rooms and noises; its babble is made of clips to train on."""
        some = np.random.default_rng([self.random_state, 5]).permutation(self.n)[:BABBLERS]
        return Stage(self._staging, [loudest_piece(wave, RATE) for wave in self.raw(some)])

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        return Batch(
            self.stage.staged(self.raw(index), sound_keys(self.random_state, index, epoch)), self._read.labels[index]
        )

    def _plain(self, canvas: np.ndarray) -> np.ndarray:
        return self._window.centre(canvas)
