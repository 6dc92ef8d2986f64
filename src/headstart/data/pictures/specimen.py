"""A picture as a report shows it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.whole import write_whole
from headstart.data.pictures.pictures import Pictures

_SIDE = 192


def specimen(pictures: Pictures, i: int) -> dict[str, Any]:
    """``thumbnail``: picture ``i`` as a small JPEG in base64."""
    return {"thumbnail": thumbnail_base64(pictures.decode(i, min_side=_SIDE))}


def thumbnail_base64(rgb: np.ndarray, side: int = _SIDE) -> str:
    """A picture as a small JPEG in base64.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
    side : int, default=192
        Longest side in pixels; smaller pictures keep their size.

    Returns
    -------
    str
    """
    small = Image.fromarray(rgb)
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def write_picture(target: Path, picture: Image.Image, option: str = "--out") -> None:
    """Write a picture whole or not at all: as JPEG where its name ends so, else as PNG.

    Raises
    ------
    OutputError
        If it cannot be written; see `headstart.data.base.whole.write_whole`.
    """
    stream = io.BytesIO()
    if target.suffix.lower() in (".jpg", ".jpeg"):
        picture.save(stream, "JPEG", quality=92)
    else:
        picture.save(stream, "PNG")
    write_whole(target, stream.getvalue(), "a picture", option)
