"""The turn that a camera noted in EXIF, and what it does to points."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.content import key_of_file
from headstart.data.pictures.decode import FORMATS, turn_of
from headstart.data.pictures.dicom import is_dicom, size_of_dicom
from headstart.data.pictures.heif import is_heif, size_of_heif
from headstart.data.pictures.nifti import is_nifti, size_of_nifti


@dataclass(frozen=True)
class Frame:
    """Size of a picture as it is stored, and the turn that makes it upright.

    Parameters
    ----------
    width, height : int
        In pixels, as stored.
    turn : int, default=1
        From 1 (none) to 8, as EXIF numbers them.

    Examples
    --------
    >>> frame = Frame(40, 30, 6)
    >>> frame.upright, frame.to_upright([[0, 0, 10, 5]]).tolist()
    ((30, 40), [[25.0, 0.0, 30.0, 10.0]])
    """

    width: int
    height: int
    turn: int = 1

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height as stored."""
        return self.width, self.height

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return self.stored if self.turn < 5 else (self.height, self.width)

    def to_upright(self, corners: np.ndarray | list[list[float]]) -> np.ndarray:
        """Boxes on the stored picture, (k, 4), as boxes on the upright one."""
        x, y = np.asarray(corners, np.float64).reshape(-1, 2, 2).transpose(2, 0, 1)
        across, down = self.width - x, self.height - y
        x, y = {1: (x, y), 2: (across, y), 3: (across, down), 4: (x, down)}.get(self.turn) or {
            5: (y, x),
            6: (down, x),
            7: (down, across),
            8: (y, across),
        }[self.turn]
        points = np.stack([x, y], axis=-1)
        return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def frame_of(item: Any) -> Frame | None:
    """Size and turn of a picture by its header; None where it cannot be read.

    Examples
    --------
    >>> frame_of(np.zeros((30, 40, 3), np.uint8))
    Frame(width=40, height=30, turn=1)
    """
    if isinstance(item, np.ndarray):
        return Frame(int(item.shape[1]), int(item.shape[0])) if item.ndim >= 2 else None
    if isinstance(item, Image.Image):
        return Frame(*item.size, turn_of(item))
    if not os.path.isfile(item):
        return None
    try:
        return _at(*key_of_file(item))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


@lru_cache(1 << 15)
def _at(path: str, length: int, changed: int) -> Frame | None:
    """Of a file, read once as long as it is the same."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
        for fits, size in _SIZES:
            if fits(head):
                return _by_header(head if size is size_of_nifti else head + file.read(), size)
    with Image.open(path, formats=(*FORMATS, "PPM")) as image:
        return Frame(*image.size, turn_of(image))


#: Bytes in which a packed volume's header ends.
_HEAD = 1 << 16
_SIZES = ((is_dicom, size_of_dicom), (is_nifti, size_of_nifti), (is_heif, size_of_heif))


def _by_header(content: bytes, size: Callable[[bytes], tuple[int, int]]) -> Frame | None:
    """What another library's reader says of a size; None where it is not installed, and for damage of any kind."""
    try:
        return Frame(*size(content))
    except Exception:
        return None
