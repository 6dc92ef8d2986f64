"""Faster JPEG decoding by the optional library simplejpeg, used only where it gives the same pixels as Pillow."""

from __future__ import annotations

import functools
import importlib
import io
from typing import Any

import numpy as np
from PIL import Image


def decode(content: bytes, mode: str) -> np.ndarray | None:
    """Decode a whole JPEG, or return None where Pillow has to do it.

    Parameters
    ----------
    content : bytes
        The file's content.
    mode : str
        The mode that Pillow sees in it; only ``"RGB"`` and ``"L"`` are decoded here.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, or None
        None when simplejpeg is not installed, differs from Pillow on this machine, or does not like the file.
    """
    library = _library()
    if library is None or mode not in ("RGB", "L"):
        return None
    try:
        return _decode_with(library, content)
    except Exception:
        return None


def _decode_with(library: Any, content: bytes) -> np.ndarray:
    return library.decode_jpeg(content, colorspace="RGB", fastdct=False, fastupsample=False)


@functools.cache
def _library() -> Any | None:
    """The library, if it is there and gives Pillow's pixels on a picture with colour, subsampling and odd sides."""
    try:
        library = importlib.import_module("simplejpeg")
        ramp = np.arange(37 * 53 * 3, dtype=np.uint32).reshape(37, 53, 3)
        pixels = ((ramp * 2654435761) >> 7).astype(np.uint8) // 2 + (ramp % 97).astype(np.uint8)
        for quality, subsampling in ((90, 0), (75, 2), (85, 1)):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
            if not np.array_equal(_decode_with(library, file.getvalue()), np.asarray(Image.open(file))):
                return None
    except Exception:
        return None
    return library
