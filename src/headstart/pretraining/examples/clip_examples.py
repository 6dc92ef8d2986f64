"""Labelled clips of sound to pretrain on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np

from headstart.data.clips.preprocessing import SoundPreprocessing, loudest_window
from headstart.data.sets.dataset import Dataset
from headstart.pretraining.examples.examples import HELD_OUT, Batch, Examples
from headstart.pretraining.examples.labelled import read_labelled
from headstart.pretraining.examples.sound_views import FROM_LIFE
from headstart.pretraining.speech.staging import RATE, Stage, sound_keys
from headstart.progress import Progress

BABBLERS = 300  # clips of which babble is made
CHUNK = 128  # held-out clips a batch


class ClipExamples(Examples):
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
        Told how reading goes on.

    Raises
    ------
    DataError
        If the task is not classification.
    BadClips
        If clips cannot be read.
    """

    input_type = "audio"
    licence = None

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
        self._read = read_labelled(dataset, self._window, random_state, progress)
        self.n, self.size, self.random_state = self._read.n, self._window.samples, random_state
        self.class_names, self.words = self._read.class_names, self._read.words
        self._preprocessing = preprocessing or self._window
        self._waves = self._read.canvases
        self._staging = replace(FROM_LIFE, samples=self.size, seed=random_state)
        self.key = repr((self._read.digest, self.n, self._staging, self._preprocessing))

    @property
    def preprocessing(self) -> SoundPreprocessing:
        return self._preprocessing

    @cached_property
    def stage(self) -> Stage:
        """Rooms and noises; its babble is made of clips to train on."""
        some = np.random.default_rng([self.random_state, 5]).permutation(self.n)[:BABBLERS]
        return Stage(self._staging, [self._loudest(int(i)) for i in some])

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        waves = [self._waves[i] for i in index.tolist()]
        return Batch(self.stage.staged(waves, sound_keys(self.random_state, index, epoch)), self._read.labels[index])

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        return [self._waves[i] for i in index.tolist()]

    def held_out(self) -> Iterator[Batch]:
        last = min(len(self._waves), self.n + HELD_OUT)
        for start in range(self.n, last, CHUNK):
            rows = range(start, min(last, start + CHUNK))
            plain = np.stack([self._window.centre(self._waves[i]) for i in rows])
            yield Batch(plain, self._read.labels[rows.start : rows.stop])

    def _loudest(self, i: int) -> np.ndarray:
        """A second's loudest piece of a clip, or all of a shorter one."""
        wave = self._waves[i]
        start = loudest_window(wave, RATE) if len(wave) > RATE else 0
        return wave[start : start + RATE]
