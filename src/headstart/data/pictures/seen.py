"""Which part of a picture a network is shown."""

from __future__ import annotations

from headstart.data.pictures.preprocessing import LONGEST, Preprocessing


def seen_part(preprocessing: Preprocessing, height: int, width: int) -> tuple[float, float, float, float]:
    """The part of a picture that lies in a network's input after resize and crop.

    Parameters
    ----------
    preprocessing : Preprocessing
    height, width : int
        Of the picture, in pixels.

    Returns
    -------
    top, left, bottom, right : float
        In pixels of the picture from its upper left corner; beyond the picture where the input has a border around it.

    Examples
    --------
    >>> half = Preprocessing(100, (50, 50), (0.5,) * 3, (0.5,) * 3)
    >>> seen_part(half, 200, 400)
    (50.0, 150.0, 150.0, 250.0)
    """
    above = before = 0
    if isinstance(preprocessing.resize, int):
        above, before = max(0, height - LONGEST * width) // 2, max(0, width - LONGEST * height) // 2
        height, width = min(height, LONGEST * width), min(width, LONGEST * height)
    canvas = preprocessing.canvas_size(height, width)
    ends = []
    for start, length, resized, side in zip((above, before), (height, width), canvas, preprocessing.size, strict=True):
        first = (resized - side) // 2
        ends.append([start + at * length / resized for at in (first, first + side)])
    (top, bottom), (left, right) = ends
    return top, left, bottom, right
