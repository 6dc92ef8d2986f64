"""Words to pretrain on, spoken by a synthesiser and staged by us."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import ParameterError
from headstart.pretraining.examples.examples import HELD_OUT, Batch, Examples
from headstart.pretraining.speech.spoken import SpokenWords
from headstart.pretraining.speech.staging import RATE, Stage, Staging, sound_keys
from headstart.progress import Progress

SILENCE = "(no word)"
BABBLERS = 3000  # takes of which babble is made
CHUNK = 128  # held-out sounds a batch


class SpeechExamples(Examples):
    """Spoken words in windows, each epoch in other rooms, noises and levels; one more class has no word at all.

    Parameters
    ----------
    words : SpokenWords
        The takes; spoken when first needed. The held-out ones are spoken by voices that are never trained on.
    staging : Staging, optional
        How they are varied, and how long the windows are.
    background : float, default=0.03
        Share of windows without a word: noise, babble, tones.
    preprocessing : SoundPreprocessing, optional
        Of the finished network, which may hear longer windows than it learned from. Default: the same length.
    progress : callable, optional
        Told how the speaking goes on.
    """

    licence = "Apache-2.0"
    input_type = "audio"

    def __init__(
        self,
        words: SpokenWords,
        staging: Staging | None = None,
        *,
        background: float = 0.03,
        preprocessing: SoundPreprocessing | None = None,
        progress: Progress | None = None,
    ) -> None:
        if not 0 <= background < 1:
            raise ParameterError(f"Expected a share of windows without a word of 0 to below 1, found {background}.")
        self.takes, self.staging = words, staging or Staging()
        words.speak_all(progress)
        self._quiet = round(len(words) * background / (1 - background))
        self.n = len(words) + self._quiet
        self.class_names = words.words + ((SILENCE,) if self._quiet else ())
        self.size = self.staging.samples
        self._preprocessing = preprocessing or SoundPreprocessing(RATE, self.size)
        self.words = (
            f"{len(words.words):,} English words, {words.per_word} takes of each, spoken by espeak-ng in many voices "
            f"and staged by headstart in rooms and noises (speech:synthetic, seed {words.seed}, windows of "
            f"{self.size / RATE:g} s)"
        )
        self.key = repr((words, self.staging, background, self._preprocessing))

    @property
    def preprocessing(self) -> SoundPreprocessing:
        return self._preprocessing

    @cached_property
    def stage(self) -> Stage:
        """Rooms and noises; its babble is made of takes to train on."""
        some = np.random.default_rng([self.staging.seed, 3]).permutation(len(self.takes))[:BABBLERS]
        return Stage(self.staging, [self.takes.sound(int(i)) for i in some])

    def labels(self, index: np.ndarray) -> np.ndarray:
        """Classes of examples, 0 to ``n - 1``; int64."""
        return np.where(index < len(self.takes), self.takes.labels(index), len(self.takes.words))

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        index = np.asarray(index, dtype=np.int64)
        sounds = [self._take(int(i)) for i in index]
        return Batch(self.stage.staged(sounds, self._keys(index, epoch)), self.labels(index))

    def raw(self, index: np.ndarray) -> list[np.ndarray]:
        return [self._take(int(i)).astype(np.float32) / 32768 for i in index]

    def held_out(self) -> Iterator[Batch]:
        first, last = len(self.takes), self.takes.n_takes
        some = np.random.default_rng([self.staging.seed, 4]).permutation(np.arange(first, last))[:HELD_OUT]
        for start in range(0, len(some), CHUNK):
            index = np.sort(some[start : start + CHUNK])
            sounds = [self.takes.sound(int(i)) for i in index]
            yield Batch(self.stage.staged(sounds, self._keys(index, 1 << 30)), self.takes.labels(index))

    def _take(self, i: int) -> np.ndarray:
        """A take; behind the last one there is nothing to hear."""
        return self.takes.sound(i) if i < len(self.takes) else np.zeros(0, np.int16)

    def _keys(self, index: np.ndarray, epoch: int) -> np.ndarray:
        return sound_keys(self.takes.seed, index, epoch)
