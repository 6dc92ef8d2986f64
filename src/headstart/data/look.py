"""The base of what one pass over all inputs sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from headstart.data.duplicates import fingerprint, same_canvases


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

    @abstractmethod
    def notes(self, rows: np.ndarray, names: Sequence[str]) -> list[str]:
        """What the reader of a report should know about the inputs at ``rows``."""
