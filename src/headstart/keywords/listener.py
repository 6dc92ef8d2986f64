"""Listening: a window slides over a recording of any length, and what is heard comes out as it happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from headstart.data.clips.preprocessing import placed
from headstart.keywords.window_scores import Scorer
from headstart.math.statistics.events import PeakPicker

HOP_SECONDS = 0.1
#: Fewest and most windows over which scores are averaged.
SMOOTH = (3, 7)
#: Log-odds below which a window does not count in the mean: one that is sure of nothing cannot hide a word.
FLOOR = -2.0
BATCH = 32
_LEAST_APART = 0.8


class Event(NamedTuple):
    """A word that was heard.

    Attributes
    ----------
    time : float
        Middle of the word, in seconds from the beginning.
    word : str
    score : float
        Logarithm of the odds that it was this word and not another, or none.
    """

    time: float
    word: str
    score: float


@dataclass(frozen=True)
class Detector:
    """How a model listens.

    Parameters
    ----------
    columns : tuple of int
        Where they stand among the model's classes.
    rate, samples : int
        Of its windows.
    threshold : float
        Log-odds from which on a word counts as heard.
    false_alarms : float
        An hour; what the threshold was chosen for.
    hop : int
        Samples from one window to the next; a tenth of a second.
    smooth : int
        Windows over which scores are averaged.
    floor : float
        Log-odds of a window are taken to be no less.

    Examples
    --------
    >>> detector = Detector(("hey",), (1,), 16000, 24000, 2.0, 1.0, 1600)
    >>> detector.apart, Detector.from_dict(detector.to_dict()) == detector
    (15, True)
    """

    words: tuple[str, ...]
    columns: tuple[int, ...]
    rate: int
    samples: int
    threshold: float
    false_alarms: float
    hop: int
    smooth: int = SMOOTH[1]
    floor: float = FLOOR

    @property
    def apart(self) -> int:
        """Steps between two events: a window, at least 0.8 s."""
        return max(1, round(max(self.samples, _LEAST_APART * self.rate) / self.hop))

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON types."""
        return {**dataclasses.asdict(self), "words": list(self.words), "columns": list(self.columns)}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Detector:
        """What :meth:`to_dict` gave."""
        return cls(
            **{**settings, "words": tuple(settings["words"]), "columns": tuple(int(k) for k in settings["columns"])}
        )

    def scores(self, blocks: Iterable[np.ndarray], score: Scorer) -> Iterator[np.ndarray]:
        """Log-odds of the words, (n, words) at a time, for windows that begin ``hop`` samples apart."""
        for windows in slid(blocks, self.samples, self.hop):
            yield np.maximum(score(windows), self.floor)

    def events(self, blocks: Iterable[np.ndarray], score: Scorer, threshold: float | None = None) -> Iterator[Event]:
        """Words as they are heard, each once."""
        picker = PeakPicker(self.apart, self.smooth, self.threshold if threshold is None else threshold)
        for scores in self.scores(blocks, score):
            for peak in picker.feed(scores):
                yield self._event(peak)
        for peak in picker.finish():
            yield self._event(peak)

    def _event(self, peak: Any) -> Event:
        step = max(0.0, peak.middle - (self.smooth - 1) / 2)
        return Event(
            round((step * self.hop + self.samples / 2) / self.rate, 3),
            self.words[peak.word],
            round(float(peak.score), 3),
        )


def slid(blocks: Iterable[np.ndarray], samples: int, hop: int) -> Iterator[np.ndarray]:
    """Windows (n, samples) at every ``hop`` samples, all of them within the recording; a shorter one is one window.

    Examples
    --------
    >>> [len(windows) for windows in slid([np.zeros(30), np.zeros(50)], 20, 10)]
    [2, 5]
    """
    waiting, any_yet = np.zeros(0, np.float32), False
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        n = (len(waiting) - samples) // hop + 1
        if n < 1:
            continue
        view = np.lib.stride_tricks.sliding_window_view(waiting, samples)[: (n - 1) * hop + 1 : hop]
        for start in range(0, n, BATCH):
            yield np.array(view[start : start + BATCH])
        waiting, any_yet = np.array(waiting[n * hop :]), True
    if not any_yet:
        yield placed(waiting, -((samples - len(waiting)) // 2), samples)[None]
