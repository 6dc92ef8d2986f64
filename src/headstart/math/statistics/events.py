"""Events in a score that runs along time: peaks, false alarms an hour, the threshold for a stated number of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

#: Peaks from which the tail of their distribution is told.
_FEWEST, _MOST = 10, 30
COUNTED = 5.0


class Peak(NamedTuple):
    """A moment at which something may have been said.

    Attributes
    ----------
    step : int
        Of the largest smoothed score.
    word : int
        Its number.
    score : float
    middle : float
        Mean of the steps around it at which this word's score was high enough to count: the word lies in the middle of
        the windows that hold it.
    """

    step: int
    word: int
    score: float
    middle: float


def smoothed(scores: np.ndarray, smooth: int) -> np.ndarray:
    """Mean of each row (n, words) and those before it, ``smooth`` in all; fewer at the beginning.

    Examples
    --------
    >>> smoothed(np.array([[2.0], [4.0], [6.0]]), 2).ravel().tolist()
    [2.0, 3.0, 5.0]
    """
    sums = np.vstack([np.zeros(scores.shape[1]), np.cumsum(scores, axis=0, dtype=np.float64)])
    ends = np.arange(1, len(scores) + 1)
    starts = np.maximum(0, ends - smooth)
    return (sums[ends] - sums[starts]) / (ends - starts)[:, None]


class PeakPicker:
    """Smooth scores over a few steps and pick the highest of each stretch, as they come.

    The score of a step is the mean over the last ``smooth`` steps of each word's; the word with the largest counts.
    A peak is given out when nothing larger has come for half of ``apart`` steps; until ``apart`` steps after it
    nothing else is.

    Parameters
    ----------
    apart : int
        Steps between two events, at least 1.
    smooth : int, default=3
        Steps that are averaged, at least 1.
    least : float, default=-inf
        Peaks below this are not given out.

    Examples
    --------
    >>> picker = PeakPicker(apart=4, smooth=1, least=0.5)
    >>> scores = np.array([[0, 0], [1, 0], [3, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 2], [0, 0]], float)
    >>> [*picker.feed(scores), *picker.finish()]
    [Peak(step=2, word=0, score=3.0, middle=2.0), Peak(step=7, word=1, score=2.0, middle=7.0)]
    """

    def __init__(self, apart: int, smooth: int = 3, least: float = -np.inf) -> None:
        self.apart, self.smooth, self.least = apart, smooth, least
        self._last: np.ndarray | None = None
        self._step = 0
        self._best: Peak | None = None
        self._high: list[tuple[int, int]] = []
        self._free = 0

    def feed(self, scores: np.ndarray) -> Iterator[Peak]:
        """Take the scores of further steps, (n, words); give out what is settled."""
        for row in np.asarray(scores, np.float64):
            self._last = row[None] if self._last is None else np.vstack([self._last, row])[-self.smooth :]
            mean = self._last.mean(axis=0)
            word = int(mean.argmax())
            step, score = self._step, float(mean[word])
            self._step += 1
            if step >= self._free and score >= self.least:
                self._high.append((step, word))
            if self._best is not None and score <= self._best.score:
                if step - self._best.step >= max(1, self.apart // 2):
                    yield self._out()
                continue
            if step >= self._free and score >= self.least and np.isfinite(score):
                self._best = Peak(step, word, score, step)
            elif self._best is None:
                self._high.clear()

    def finish(self) -> Iterator[Peak]:
        """What is left at the end."""
        if self._best is not None:
            yield self._out()

    def _out(self) -> Peak:
        peak = self._best
        assert peak is not None
        near = [step for step, word in self._high if word == peak.word and abs(step - peak.step) <= self.apart]
        self._best, self._free = None, peak.step + self.apart
        self._high.clear()
        return peak._replace(middle=float(np.mean(near)))


@dataclass(frozen=True)
class Tail:
    r"""How often peaks of background reach a score: counted as far as there are enough, beyond it an exponential tail.

    Above the m-th largest peak u the rate is taken to fall as :math:`(m / T) e^{-(s - u) / \beta}`, with
    :math:`\beta` the mean excess: the limit law of peaks over a high threshold with shape 0 (Pickands 1975).

    Parameters
    ----------
    peaks : ndarray of shape (n,)
        Scores of the peaks, largest first.
    hours : float
        Length of the background they were found in.
    """

    peaks: np.ndarray
    hours: float

    @property
    def size(self) -> int:
        """Peaks that the tail is told from: the largest tenth, from 10 to 30."""
        return int(min(len(self.peaks), np.clip(len(self.peaks) // 10, _FEWEST, _MOST)))

    @property
    def scale(self) -> float:
        """Mean excess beta over the last of them."""
        excess = self.peaks[: self.size] - self.peaks[self.size - 1] if self.size else np.zeros(1)
        return float(max(excess.mean() * self.size / max(self.size - 1, 1), 1e-3))

    def alarms(self, threshold: float) -> int:
        """Peaks at or above a threshold."""
        return int(np.sum(self.peaks >= threshold))

    def rate(self, threshold: float) -> float:
        """Peaks an hour at or above a threshold: counted where there are five or more, else by the tail."""
        count = self.alarms(threshold)
        if count >= COUNTED or not self.size:
            return count / self.hours
        beyond = self.size * np.exp(min(0.0, (self.peaks[self.size - 1] - threshold) / self.scale))
        return float(min(beyond, COUNTED) / self.hours)

    def threshold(self, rate: float) -> float:
        """The lowest threshold that is expected to give no more than so many peaks an hour.

        Counted where the background is long enough for five of them; otherwise by the tail, and never at or below a
        peak that so few do not allow for.

        Examples
        --------
        >>> tail = Tail(np.sort(np.random.default_rng(0).exponential(2.0, 300))[::-1], hours=0.2)
        >>> 10 < tail.threshold(1.0) < 25, tail.alarms(tail.threshold(1.0))
        (True, 0)
        """
        if not self.size:
            return 0.0
        allowed = rate * self.hours
        if allowed >= COUNTED:
            return float(np.nextafter(self.peaks[min(int(allowed), len(self.peaks) - 1)], np.inf))
        by_tail = self.peaks[self.size - 1] + self.scale * np.log(self.size / allowed)
        seen = np.nextafter(self.peaks[min(int(allowed), len(self.peaks) - 1)], np.inf)
        return float(max(by_tail, seen))


def at_most(alarms: int, hours: float, confidence: float = 0.95) -> float:
    """Upper bound of the true rate an hour when so many alarms were counted in so many hours (Garwood 1936).

    Examples
    --------
    >>> round(at_most(0, 0.2), 1), round(at_most(3, 1.0), 2)
    (15.0, 7.75)
    """
    return float(chi2.ppf(confidence, 2 * (alarms + 1)) / 2 / hours)
