"""A picture on a square of fixed size in its own shape, and boxes there and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from headstart.errors import ParameterError

#: Grey of the bars beside a picture that is not square.
GREY = 114


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies on a square, and what that does to boxes.

    The picture is resized by one factor, so that its longer side is that of the square, and stands in its middle;
    nothing is stretched, but for the rounding of the shorter side to whole pixels, which both directions know.

    Parameters
    ----------
    width, height : int
        Of the upright picture, at least 1 pixel.
    size : int
        Side of the square, at least 1 pixel.

    Raises
    ------
    ParameterError
        For a side below 1 pixel.

    Examples
    --------
    >>> letterbox = Letterbox(400, 200, 100)
    >>> letterbox.inner, letterbox.offset
    ((100, 50), (0, 25))
    >>> there = letterbox.to_square([[40, 20, 80, 100]])
    >>> there.tolist(), letterbox.to_picture(there).tolist()
    ([[10.0, 30.0, 20.0, 50.0]], [[40.0, 20.0, 80.0, 100.0]])
    """

    width: int
    height: int
    size: int

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.size) < 1:
            raise ParameterError(
                f"Expected sides of at least 1 pixel, found a picture of {self.width} x {self.height} on a square of "
                f"{self.size}."
            )

    @property
    def inner(self) -> tuple[int, int]:
        """Width and height of the picture on the square, in whole pixels."""
        factor = self.size / max(self.width, self.height)
        return max(1, round(self.width * factor)), max(1, round(self.height * factor))

    @property
    def offset(self) -> tuple[int, int]:
        """Left and upper edge of the picture on the square, in pixels."""
        width, height = self.inner
        return (self.size - width) // 2, (self.size - height) // 2

    def to_square(self, corners: np.ndarray | list[list[float]]) -> np.ndarray:
        """Corners in pixels of the picture, (k, 4), as corners in pixels of the square."""
        return _four(corners) * self._factors + np.tile(self.offset, 2)

    def to_picture(self, corners: np.ndarray | list[list[float]]) -> np.ndarray:
        """Corners in pixels of the square, (k, 4), as corners in pixels of the picture, cut at its edges."""
        back = (_four(corners) - np.tile(self.offset, 2)) / self._factors
        return np.clip(back, 0, np.tile((self.width, self.height), 2))

    @property
    def _factors(self) -> np.ndarray:
        return np.tile(np.divide(self.inner, (self.width, self.height)), 2)


@dataclass(frozen=True)
class Shares:
    """Boxes of a picture as shares of its own sides, whatever its shape: a letterbox of size 1 that stretches.

    Examples
    --------
    >>> shares = Shares(400, 200)
    >>> shares.to_square([[40, 20, 80, 100]]).tolist(), shares.to_picture([[0.1, 0.1, 0.2, 0.5]]).tolist()
    ([[0.1, 0.1, 0.2, 0.5]], [[40.0, 20.0, 80.0, 100.0]])
    """

    width: int
    height: int
    size: int = 1

    def to_square(self, corners: np.ndarray | list[list[float]]) -> np.ndarray:
        """Corners in pixels, (k, 4), as shares."""
        return _four(corners) / np.tile((self.width, self.height), 2)

    def to_picture(self, corners: np.ndarray | list[list[float]]) -> np.ndarray:
        """Shares, (k, 4), as corners in pixels, cut at the picture's edges."""
        sides = np.tile((self.width, self.height), 2)
        return np.clip(_four(corners) * sides, 0, sides)


def letterboxed(picture: np.ndarray | Image.Image, size: int, grey: int = GREY) -> tuple[np.ndarray, Letterbox]:
    """A picture on a square, with grey bars beside it where it is not square.

    Parameters
    ----------
    picture : ndarray of shape (H, W, 3), uint8, or PIL.Image.Image of mode RGB
    size : int
        Side of the square in pixels, at least 1.
    grey : int, default=114
        Of the bars, from 0 to 255.

    Returns
    -------
    square : ndarray of shape (size, size, 3), uint8
    letterbox : Letterbox
        What takes boxes there and back.

    Examples
    --------
    >>> square, letterbox = letterboxed(np.full((20, 40, 3), 255, np.uint8), 32)
    >>> square.shape, int(square[0, 0, 0]), int(square[16, 16, 0]), letterbox.offset
    ((32, 32, 3), 114, 255, (0, 8))
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    letterbox = Letterbox(image.width, image.height, size)
    (width, height), (left, top) = letterbox.inner, letterbox.offset
    square = np.full((size, size, 3), grey, np.uint8)
    small = image if image.size == (width, height) else image.resize((width, height), Image.Resampling.BILINEAR)
    square[top : top + height, left : left + width] = np.asarray(small)
    return square, letterbox


def _four(corners: np.ndarray | list[list[float]]) -> np.ndarray:
    return np.asarray(corners, np.float64).reshape(-1, 4)
