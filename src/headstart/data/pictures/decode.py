"""One picture, whatever it is stored in, to 8-bit RGB pixels."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from headstart.data.base.content import read_bytes
from headstart.data.base.reasons import BadPicture, why_too_large, why_undecodable
from headstart.data.pictures import fast_jpeg as fastjpeg

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF")
MAX_PIXELS = 89_478_485

_ORIENTATION = 0x0112
_PIL_LOCK = threading.Lock()


Pixels: TypeAlias = Image.Image | np.ndarray


def decode(item: Any, min_side: int | None = None) -> np.ndarray:
    """Decode a picture to 8-bit RGB.

    Grey values are repeated in three channels; transparency is laid over white; 16-bit values are divided by 257
    (65535 becomes 255), never clipped; CMYK is converted; the turn that a camera noted in EXIF is carried out; of an
    animation or a multi-page file the first picture is taken.

    Parameters
    ----------
    item : path-like, PIL.Image.Image or ndarray
        The picture. Arrays are (H, W) or (H, W, C) with 1 to 4 channels; floats are taken as 0..1, or as 0..255 if
        some value is above 1.
    min_side : int, optional
        A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, which is much faster, as long as its shorter side stays
        at least this many pixels. None decodes every pixel.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Raises
    ------
    BadPicture
        If it cannot be decoded; the message says why.

    Examples
    --------
    >>> decode(np.array([[0, 65535]], dtype=np.uint16)).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    return as_array(open_rgb(item, min_side))


def as_array(picture: Pixels) -> np.ndarray:
    """Pixels of an RGB picture as an array of shape (H, W, 3), uint8."""
    return picture if isinstance(picture, np.ndarray) else np.asarray(picture)


def open_rgb(item: Any, min_side: int | None = None) -> Pixels:
    """Decode as :func:`decode` does, to whichever of PIL picture or (H, W, 3) uint8 array comes without a copy."""
    if isinstance(item, np.ndarray):
        return rgb_from_array(item)
    if isinstance(item, Image.Image):
        with _PIL_LOCK:
            return _guarded(lambda: _to_rgb(_upright(item)))
    return rgb_from_bytes(read_bytes(item, BadPicture), min_side)


def rgb_from_bytes(content: bytes, min_side: int | None = None) -> Pixels:
    """Decode the content of a picture file, to a PIL picture or an array of shape (H, W, 3), uint8."""

    def work() -> Pixels:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        whole = image.size
        if image.format in ("JPEG", "MPO") and min_side:
            image.draft(image.mode, (min_side, min_side))
        if image.width * image.height > MAX_PIXELS:
            raise BadPicture(why_too_large(image.size))
        if image.format == "JPEG" and image.size == whole and _turn(image) == 1:
            fast = fastjpeg.decode(content, image.mode)
            if fast is not None:
                return fast
        return _to_rgb(_upright(image))

    return _guarded(work, content)


def rgb_from_array(array: np.ndarray, full: float | None = None) -> np.ndarray:
    """Turn one picture in an array into (H, W, 3) uint8; the caller's array is never written to.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C), C from 1 to 4
        Two channels are grey and opacity, four are RGB and opacity.
    full : float, optional
        The value that stands for white: 1, 255 or 65535. Default: seen from the type and the largest value.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        raise BadPicture(f"expected an array (H, W) or (H, W, C) with 1 to 4 channels, found shape {array.shape}")
    if array.size == 0:
        raise BadPicture(f"the array is empty: shape {array.shape}")
    pixels = _to_uint8(array, full)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[2] in (2, 4):
        pixels = _over_white(pixels)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def white_value(arrays: list[np.ndarray]) -> float:
    """The value that stands for white in arrays of one type: 1, 255 or 65535.

    Parameters
    ----------
    arrays : list of ndarray
        Pictures of one set; they share the value, so that a dark one among them is not brightened.

    Raises
    ------
    BadPicture
        For NaN, negative values, values above the range, or a type that holds no numbers.
    """
    kinds = {array.dtype.kind for array in arrays}
    if kinds - set("biuf"):
        raise BadPicture(f"expected numbers, found arrays of type {arrays[0].dtype}")
    if all(array.dtype == np.uint8 for array in arrays):
        return 255.0
    if kinds == {"b"}:
        return 1.0
    low = min(float(array.min()) for array in arrays if array.size) if any(a.size for a in arrays) else 0.0
    high = max(float(array.max()) for array in arrays if array.size) if any(a.size for a in arrays) else 0.0
    if not np.isfinite([low, high]).all():
        raise BadPicture("the array holds NaN or infinite values")
    if low < 0:
        raise BadPicture(f"expected values from 0 up, found {low:g}; give the pixels before any standardisation")
    if "f" in kinds and high <= 1:
        return 1.0
    if high <= 255:
        return 255.0
    if "f" not in kinds and high <= 65535:
        return 65535.0
    raise BadPicture(f"expected values in 0..1 or 0..255, found {high:g}; scale the pixels first")


def _to_uint8(array: np.ndarray, full: float | None) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16 and full is None:
        full = 65535.0
    full = white_value([array]) if full is None else full
    return np.rint(np.multiply(array, 255.0 / full, dtype=np.float64)).astype(np.uint8)


def _over_white(pixels: np.ndarray) -> np.ndarray:
    alpha = pixels[:, :, -1:].astype(np.uint32)
    laid = pixels[:, :, :-1] * alpha + 255 * (255 - alpha)
    return ((laid + 127) // 255).astype(np.uint8)


def _turn(image: Image.Image) -> int:
    """Turn that EXIF asks for, from 1 (none) to 8; 1 where EXIF is absent or damaged."""
    try:
        turn = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1
    return turn if turn in range(2, 9) else 1


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    return image if _turn(image) == 1 else ImageOps.exif_transpose(image)


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return rgb_from_array(np.asarray(image), 65535.0)
    if image.mode in ("I", "F"):
        return rgb_from_array(np.asarray(image))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        straight = {"RGBa": "RGBA", "La": "LA"}.get(image.mode, image.mode)
        with_alpha = image.convert(straight).convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, with_alpha).convert("RGB")
    return image.convert("RGB")


def _guarded(work: Callable[[], Pixels], content: bytes = b"") -> Pixels:
    """Run a decoder; whatever it raises comes out as a BadPicture with the reason in plain words."""
    try:
        return work()
    except BadPicture:
        raise
    except Exception as error:
        raise BadPicture(why_undecodable(error, content)) from error
