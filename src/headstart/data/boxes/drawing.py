"""Boxes drawn on pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from headstart.data.boxes.boxes import Boxes

#: Colours that tell classes apart, also by people who do not tell red from green (Okabe and Ito, 2008).
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
#: Right, wrong and missed boxes.
OUTCOMES = {"right": "#2e9e5b", "wrong": "#d5402b", "missed": "#f2b705"}


def drawn_boxes(rgb: np.ndarray, boxes: Boxes, classes: Sequence[str], side: int | None = None) -> Image.Image:
    """A picture with its boxes, a colour a class, with labels and scores.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    boxes : Boxes
    classes : sequence of str
        In the order that gives them their colours.
    side : int, optional
        Longest side of what is drawn on, in pixels. Default: as it is.

    Examples
    --------
    >>> found = drawn_boxes(np.zeros((40, 60, 3), np.uint8), Boxes([[5, 5, 30, 30]], ["car"], [0.9]), ["car"])
    >>> found.size, found.getpixel((5, 20))
    ((60, 40), (230, 159, 0))
    """
    known = [str(name) for name in classes]
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(known)}
    picture, factor = _resized(rgb, side)
    pen = _Pen(picture, factor)
    for k in range(len(boxes)):
        label = str(boxes.labels[k])
        score = "" if boxes.scores is None else f" {100 * boxes.scores[k]:.0f}%"
        pen.box(boxes.corners[k], colours.get(label, COLOURS[0]), f"{label}{score}")
    return picture


def picture_with_boxes(
    rgb: np.ndarray, marks: Sequence[tuple[Boxes, np.ndarray, str]], side: int | None = None
) -> Image.Image:
    """A picture with boxes by what became of them: right, wrong or missed (dashed).

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    marks : sequence of (Boxes, array of int, str)
        Boxes, which of them, and one of "right", "wrong" and "missed".
    side : int, optional
        Longest side in pixels.
    """
    picture, factor = _resized(rgb, side)
    pen = _Pen(picture, factor)
    for boxes, which, outcome in marks:
        for k in which.tolist():
            pen.box(boxes.corners[k], OUTCOMES[outcome], str(boxes.labels[k]), dashed=outcome == "missed")
    return picture


def _resized(rgb: np.ndarray, side: int | None) -> tuple[Image.Image, float]:
    picture = Image.fromarray(rgb)
    factor = 1.0 if side is None else side / max(picture.size)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return (picture.copy() if side is None else picture.resize(size, Image.Resampling.BILINEAR)), factor


class _Pen:
    """Draws on one picture, with lines and letters that go with its size."""

    def __init__(self, picture: Image.Image, factor: float) -> None:
        self.draw, self.factor, self.size = ImageDraw.Draw(picture), factor, picture.size
        self.width = max(1, round(max(picture.size) / 250))
        self.font = ImageFont.load_default(max(9.0, max(picture.size) / 45))

    def box(self, corners: np.ndarray, colour: str, words: str, dashed: bool = False) -> None:
        """One box, with its words above it or, where there is no room, inside."""
        left, top, right, bottom = (float(value) for value in corners * self.factor)
        right, bottom = min(right, self.size[0] - 1), min(bottom, self.size[1] - 1)
        if dashed:
            self._dashes(left, top, right, bottom, colour)
        else:
            self.draw.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=self.width)
        if max(self.size) < 50 or not words:
            return
        a, b, c, d = self.draw.textbbox((0, 0), words, font=self.font)
        above = top - (d - b) - 4
        x, y = max(0.0, min(left, self.size[0] - (c - a) - 4)), above if above >= 0 else top
        self.draw.rectangle((x, y, x + (c - a) + 4, y + (d - b) + 4), fill=colour)
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        ink = "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 140 else "white"
        self.draw.text((x + 2 - a, y + 2 - b), words, fill=ink, font=self.font)

    def _dashes(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        step = 4 * self.width
        for x in np.arange(left, right, 2 * step):
            for y in (top, bottom):
                self.draw.line((x, y, min(x + step, right), y), fill=colour, width=self.width)
        for y in np.arange(top, bottom, 2 * step):
            for x in (left, right):
                self.draw.line((x, y, x, min(y + step, bottom)), fill=colour, width=self.width)
