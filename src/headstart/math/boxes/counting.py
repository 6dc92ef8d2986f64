"""How well things are counted by finding them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.math.boxes.matching import Marked

#: Scores that are tried as a threshold.
_STEPS = 101


@dataclass(frozen=True)
class CountingError:
    """How far counts by a detector are from the truth, over pictures.

    Parameters
    ----------
    threshold : float
        Score from which a found box is counted.
    mean_absolute : float
        Mean over pictures of how many too many or too few were counted.
    bias : float
        Mean over pictures of those counted less those there; above 0 too many are counted.
    mean : float
        How many there are in a picture, on average.
    """

    threshold: float
    mean_absolute: float
    bias: float
    mean: float


def counting_error(
    drawn: Sequence[Marked], found: Sequence[Marked], label: Any, threshold: float | None = None
) -> CountingError:
    """Error of counting the things of one class in each picture.

    Things in a crowd cannot be counted; pictures that show one of the class are left out.

    Parameters
    ----------
    drawn, found : sequence of n Marked
    label : hashable
        The class.
    threshold : float, optional
        Score from which a box is counted. Default: the one with the least mean absolute error on these pictures; choose
        it on others than those that the error is told of.

    Returns
    -------
    CountingError
        NaN where no picture can be counted.

    Examples
    --------
    >>> from headstart.data.boxes.boxes import Boxes
    >>> drawn = [Boxes([[0, 0, 9, 9]], ["cell"]), Boxes([], [])]
    >>> found = [Boxes([[0, 0, 9, 9], [0, 0, 8, 8]], ["cell"] * 2, [0.9, 0.4]), Boxes([[0, 0, 9, 9]], ["cell"], [0.3])]
    >>> counting_error(drawn, found, "cell", 0.25)
    CountingError(threshold=0.25, mean_absolute=1.0, bias=1.0, mean=0.5)
    >>> counting_error(drawn, found, "cell").mean_absolute
    0.0
    """
    kept = [
        (int((one.labels == label).sum()), np.sort(_scores(other)[other.labels == label]))
        for one, other in zip(drawn, found, strict=True)
        if not (one.crowd & (one.labels == label)).any()
    ]
    if not kept:
        nan = float("nan")
        return CountingError(nan if threshold is None else threshold, nan, nan, nan)
    there = np.array([n for n, _ in kept], np.float64)

    def counted(least: float) -> np.ndarray:
        return np.array([len(scores) - np.searchsorted(scores, least) for _, scores in kept], np.float64)

    if threshold is None:
        every = np.unique(np.concatenate([scores for _, scores in kept]))
        steps = np.unique(np.linspace(0, len(every) - 1, _STEPS).astype(int)) if len(every) else np.zeros(0, int)
        tried = [*every[steps].tolist(), float("inf")]
        threshold = min(tried, key=lambda least: float(np.abs(counted(least) - there).mean()))
    off = counted(threshold) - there
    return CountingError(float(threshold), float(np.abs(off).mean()), float(off.mean()), float(there.mean()))


def _scores(found: Marked) -> np.ndarray:
    assert found.scores is not None, "found boxes have scores"
    return found.scores
