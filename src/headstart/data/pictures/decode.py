"""One picture, whatever it is stored in, to 8-bit RGB pixels."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps, ImagePalette

from headstart.data.base.content import read_bytes
from headstart.data.base.reasons import BadPicture, why_too_large, why_undecodable
from headstart.data.pictures import fast_jpeg as fastjpeg
from headstart.data.pictures.depth import Depth, white_of
from headstart.data.pictures.dicom import is_dicom, pixels_of_dicom
from headstart.data.pictures.heif import image_of_heif, is_heif
from headstart.data.pictures.netpbm import is_netpbm, values_of_netpbm
from headstart.data.pictures.nifti import is_nifti, pixels_of_nifti
from headstart.data.pictures.values import Values, significant_bits, values_of_array, values_of_image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF")
MAX_PIXELS = 89_478_485

_ORIENTATION, _COLORMAP = 0x0112, 320
_PIL_LOCK = threading.Lock()
#: 255 / the largest value of so many bits, by the raw mode that Pillow reads them in.
_SPREAD = {"L;2": 85, "L;4": 17}


Pixels: TypeAlias = Image.Image | np.ndarray


def decode(item: Any, min_side: int | None = None, depth: Depth | None = None) -> np.ndarray:
    """Decode a picture to 8-bit RGB.

    Grey values are repeated in three channels; transparency is laid over white; deeper values are divided by what is
    white, never clipped; CMYK is converted; the turn that a camera noted in EXIF is carried out; of an animation or a
    multi-page file the first picture is taken, or the one that ``depth`` says; of a volume (NIfTI) the middle slice.

    Parameters
    ----------
    item : path-like, PIL.Image.Image or ndarray
        The picture. Arrays are (H, W) or (H, W, C) with 1 to 4 channels.
    min_side : int, optional
        A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, which is much faster, as long as its shorter side stays
        at least this many pixels. None decodes every pixel.
    depth : Depth, optional
        What is white, decided for the whole set that the picture belongs to (`Pictures` does so). Default: 65535 for 16
        bits; for 32 bits and floats by this picture's own values.

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
    return as_array(open_rgb(item, min_side, depth))


def as_array(picture: Pixels) -> np.ndarray:
    """Pixels of an RGB picture as an array of shape (H, W, 3), uint8."""
    return picture if isinstance(picture, np.ndarray) else np.asarray(picture)


def open_rgb(item: Any, min_side: int | None = None, depth: Depth | None = None) -> Pixels:
    """Decode as :func:`decode` does, to whichever of PIL picture or (H, W, 3) uint8 array comes without a copy."""
    if isinstance(item, np.ndarray):
        return rgb_from_array(item, depth)
    if isinstance(item, Image.Image):
        with _PIL_LOCK:
            return _guarded(lambda: _rgb(item, None, depth))
    return rgb_from_bytes(read_bytes(item, BadPicture), min_side, depth)


def rgb_from_bytes(content: bytes, min_side: int | None = None, depth: Depth | None = None) -> Pixels:
    """Decode the content of a picture file, to a PIL picture or an array of shape (H, W, 3), uint8."""

    def work() -> Pixels:
        page = 1 if depth is None else depth.frame
        if is_netpbm(content):
            return rgb_from_values(_netpbm(content, page), depth)
        if is_dicom(content):
            return _three(pixels_of_dicom(content, page))
        if is_nifti(content):
            return _three(pixels_of_nifti(content, *(depth or Depth()).cut))
        if is_heif(content):
            return _to_rgb(image_of_heif(content, page))
        image = _opened(content, page)
        whole = image.size
        if image.format in ("JPEG", "MPO") and page == 1 and min_side:
            image.draft(image.mode, (min_side, min_side))
        if image.width * image.height > MAX_PIXELS:
            raise BadPicture(why_too_large(image.size))
        if image.format == "JPEG" and image.size == whole and turn_of(image) == 1:
            fast = fastjpeg.decode(content, image.mode)
            if fast is not None:
                return fast
        return _rgb(image, content, depth)

    return _guarded(work, content)


def values_of_file(content: bytes, page: int = 1) -> Values | None:
    """Values of a picture file that is deeper than 8 bits; None of others.

    Raises
    ------
    BadPicture
    """

    def work() -> Values | None:
        if is_netpbm(content):
            return _netpbm(content, page)
        image = _opened(content, page)
        if image.width * image.height > MAX_PIXELS:
            raise BadPicture(why_too_large(image.size))
        return _values(image, content, page)

    return _guarded(work, content)


def rgb_from_array(array: np.ndarray, depth: Depth | None = None) -> np.ndarray:
    """Turn one picture in an array into (H, W, 3) uint8; the caller's array is never written to.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C), C from 1 to 4
        Two channels are grey and opacity, four are RGB and opacity.
    depth : Depth, optional
        As in :func:`decode`.
    """
    values = values_of_array(array)
    return _three(array) if values is None else rgb_from_values(values, depth)


def rgb_from_values(values: Values, depth: Depth | None = None) -> np.ndarray:
    """Values of a deep picture as (H, W, 3) uint8."""
    factor = 255.0 / white_of(values, depth)
    scaled = np.rint(np.multiply(values.array, factor, dtype=np.float64)).clip(0, 255).astype(np.uint8)
    return _three(255 - scaled if values.inverted else scaled, values.premultiplied)


def _three(pixels: np.ndarray, premultiplied: bool = False) -> np.ndarray:
    """Three channels out of one to four, opacity laid over white."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[2] in (2, 4):
        pixels = _over_white(pixels, premultiplied)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _over_white(pixels: np.ndarray, premultiplied: bool) -> np.ndarray:
    alpha = pixels[:, :, -1:].astype(np.uint32)
    laid = pixels[:, :, :-1] * (np.uint32(255) if premultiplied else alpha) + 255 * (255 - alpha)
    return ((laid + 127) // 255).clip(0, 255).astype(np.uint8)


def _netpbm(content: bytes, page: int) -> Values:
    if page != 1:
        raise BadPicture(_no_page(page, 1))
    return values_of_netpbm(content)


def _opened(content: bytes, page: int) -> Image.Image:
    """A picture file at a page, not loaded yet."""
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    if page != 1:
        pages = getattr(image, "n_frames", 1)
        if page > pages:
            raise BadPicture(_no_page(page, pages))
        image.seek(page - 1)
    return image


def _no_page(page: int, pages: int) -> str:
    return f"it has {'1 page' if pages == 1 else f'{pages} pages'}, page {page} was asked for"


def turn_of(image: Image.Image) -> int:
    """Turn that EXIF asks for, from 1 (none) to 8; 1 where EXIF is absent or damaged."""
    try:
        turn = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1
    return turn if turn in range(2, 9) else 1


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    return image if turn_of(image) == 1 else ImageOps.exif_transpose(image)


def _rgb(image: Image.Image, content: bytes | None, depth: Depth | None) -> Pixels:
    values = _values(image, content, 1 if depth is None else depth.frame)
    if values is not None:
        return rgb_from_values(values, depth)
    _mend(image)
    return _to_rgb(_upright(image))


def _values(image: Image.Image, content: bytes | None, page: int) -> Values | None:
    if content is None:
        named = getattr(image, "filename", "")
        return values_of_image(image, (lambda: Image.open(named)) if named else None)
    return values_of_image(image, lambda: _opened(content, page), significant_bits(content))


def _mend(image: Image.Image) -> None:
    """Two things that Pillow takes by the letter: a transparent grey of 2 or 4 bits, and a colour map of 8 bits."""
    spread = _SPREAD.get(next((tile.args for tile in getattr(image, "tile", ()) if isinstance(tile.args, str)), ""))
    if spread and isinstance(image.info.get("transparency"), int):
        image.info["transparency"] *= spread
    colours = getattr(image, "tag_v2", {}).get(_COLORMAP, ()) if image.mode in ("P", "PA") else ()
    if colours and max(colours) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(colours))


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        straight = {"RGBa": "RGBA", "La": "LA"}.get(image.mode, image.mode)
        with_alpha = image.convert(straight).convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, with_alpha).convert("RGB")
    if image.mode == "LAB":
        raise BadPicture("it is stored in L*a*b* colours; save it as RGB")
    return image.convert("RGB")


def _guarded(work: Callable[[], Any], content: bytes = b"") -> Any:
    """Run a decoder; whatever it raises comes out as a BadPicture with the reason in plain words."""
    try:
        return work()
    except BadPicture:
        raise
    except Exception as error:
        raise BadPicture(why_undecodable(error, content)) from error
