"""Directions of edges and colours as maps: what a detector looks at where nothing is borrowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.data.boxes.letterbox import Letterbox
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.pictures import Pictures
from headstart.detection.maps import Letterboxed, Level, letterboxes_of
from headstart.detection.views import View
from headstart.errors import ParameterError
from headstart.math.signals.hog import hog
from headstart.progress import Progress

#: Pixels of a cell in which directions are counted, and what is counted of four cells together.
CELL, COUNTS = 8, 36


@dataclass(frozen=True)
class Edges:
    """Histograms of oriented gradients and mean colours on a grid: a body without a network.

    Parameters
    ----------
    size : int
        Side of the square on which pictures are seen, in pixels: a multiple of 8, from 32.

    Raises
    ------
    ParameterError

    References
    ----------
    Dalal & Triggs (2005), "Histograms of oriented gradients for human detection".

    Examples
    --------
    >>> Edges(64).maps(Pictures([np.zeros((40, 80, 3), np.uint8)]))[0][0].shape
    (7, 7, 39)
    """

    size: int

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or self.size % CELL or not 32 <= self.size <= 4096:
            raise ParameterError(f"Expected image_size as a multiple of 8 from 32 to 4096 pixels, found {self.size!r}.")

    @property
    def levels(self) -> tuple[Level, ...]:
        """The only map."""
        return (Level("edges", self.size // CELL - 1, COUNTS + 3),)

    @property
    def views(self) -> tuple[View, ...]:
        """A box and what is near it in cells fine enough to tell a shape; and its surroundings."""
        return View(0, 6, 1.2), View(0, 1, 1.8), View(0, 6, 1.4, of_offsets=True)

    @property
    def form(self) -> Letterboxed:
        """How pictures are seen."""
        return Letterboxed((self.size, self.size), None, (0.0,) * 3, (1.0,) * 3)

    def maps(
        self, pictures: Pictures, *, device: str = "cpu", progress: Progress | None = None
    ) -> list[tuple[np.ndarray, ...]]:
        """The map of each picture; arguments as of `headstart.detection.maps.maps_of`."""
        return [(_map(square),) for square in canvases(pictures, self.form, progress=progress)]

    def letterboxes(self, pictures: Pictures) -> list[Letterbox]:
        """Where each picture lies on its square."""
        return letterboxes_of(pictures, self.size)


def _map(square: np.ndarray) -> np.ndarray:
    side = len(square) // CELL
    edges = hog(square[None]).reshape(side - 1, side - 1, COUNTS)
    cells = square.reshape(side, CELL, side, CELL, 3).mean(axis=(1, 3), dtype=np.float32) / 255
    colours = (cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]) / 4
    return np.concatenate([edges, colours], axis=2, dtype=np.float32)
