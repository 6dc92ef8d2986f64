"""The base of what one pass over all inputs sees."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from headstart.data.base.near import Prints


class Look(ABC):
    """Measures of each input, taken in the threads that decode.

    Attributes
    ----------
    prints : list of n bytes
        Fingerprint of each canvas.
    """

    def __init__(self, n: int) -> None:
        self.prints: list[bytes] = [b""] * n

    def visit(self, i: int, canvas: np.ndarray) -> None:
        """Look at one canvas."""
        self.prints[i] = fingerprint(canvas)
        self._measure(i, canvas)

    def _measure(self, i: int, canvas: np.ndarray) -> None:  # noqa: B027 (a look may need the fingerprint alone)
        """Note what is needed for reasons and notes."""

    def same(self, rows: np.ndarray, canvases: Sequence[np.ndarray]) -> list[list[int]]:
        """Sets of equal inputs among those at ``rows``, whose canvases these are, as positions in ``rows``."""
        return same_canvases(canvases, [self.prints[i] for i in rows])

    def reasons(self) -> list[tuple[int, str]]:
        """Inputs that can be decoded but hold nothing to learn from, with the reason."""
        return []

    def near(self, rows: np.ndarray) -> Prints:
        """Prints by which near copies among the inputs at ``rows`` are found; none by default."""
        return Prints((b"",) * len(rows))

    def class_notes(self, classes: Mapping[Any, np.ndarray]) -> list[str]:
        """What else gives a class away than what the inputs show; ``classes`` holds the rows of each."""
        return []

    @abstractmethod
    def notes(self, rows: np.ndarray, names: Sequence[str]) -> list[str]:
        """What the reader of a report should know about the inputs at ``rows``."""


def fingerprint(canvas: np.ndarray) -> bytes:
    """Short hash of a part of a canvas; equal ones have equal hashes, different ones hardly ever.

    Parameters
    ----------
    canvas : ndarray of shape (h, w, 3) or (T,)
    """
    state = hashlib.blake2b(str(canvas.shape).encode(), digest_size=16)
    if canvas.ndim == 1:
        some = canvas[:: max(1, len(canvas) // 4096)]
    else:
        step = max(1, min(canvas.shape[:2]) // 32)
        some = canvas[step // 2 :: step, step // 2 :: step]
    state.update(np.ascontiguousarray(some).data)
    return state.digest()


def same_canvases(canvases: Sequence[np.ndarray], prints: Sequence[bytes] | None = None) -> list[list[int]]:
    """Find the sets of exactly equal pictures or clips.

    Parameters
    ----------
    canvases : sequence of n ndarray of shape (h, w, 3) or (T,)
    prints : sequence of n bytes, optional
        Their fingerprints, where they are known already.

    Returns
    -------
    list of list of int
        Positions, ascending, of each set of two or more; one without a double is in none.

    Examples
    --------
    >>> one, two = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    >>> same_canvases([one, two, one.copy()])
    [[0, 2]]
    """
    prints = [fingerprint(canvas) for canvas in canvases] if prints is None else prints
    alike: dict[bytes, list[int]] = defaultdict(list)
    for i, key in enumerate(prints):
        alike[key].append(i)
    found = []
    for rows in alike.values():
        while len(rows) > 1:
            first = canvases[rows[0]]
            equal = [rows[0], *(i for i in rows[1:] if np.array_equal(first, canvases[i]))]
            rows = sorted(set(rows).difference(equal))
            if len(equal) > 1:
                found.append(equal)
    return sorted(found)
