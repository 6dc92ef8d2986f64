"""Values of pictures deeper than 8 bits, as a file or an array holds them, before anybody says which is white."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from headstart.data.base.reasons import BadPicture

_PHOTOMETRIC, _SMALLEST_IS_BLACK = 262, 1
_MAX_VALUE, _FLOAT_MAX_VALUE = 281, 341
_BITS, _SAMPLE_FORMAT, _PLANES = 258, 339, 284
_SIGNED = 2


@dataclass(frozen=True, eq=False)
class Values:
    """Values of one picture.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C), whole numbers or floats
        C is 1 to 4; 2 and 4 end with opacity.
    white : float, optional
        What is white by the format itself: 4095 in a TIFF of 12 bits a sample.
    top : float, optional
        The largest value that the type holds: 65535 for 16 bits; None for 32 bits and floats, where it says nothing.
    hint : float, optional
        The largest value as a tag of the file has it.
    inverted : bool, default=False
        0 is white and the largest value is black.
    premultiplied : bool, default=False
        Colours are multiplied with their opacity already.
    """

    array: np.ndarray
    white: float | None = None
    top: float | None = None
    hint: float | None = None
    inverted: bool = False
    premultiplied: bool = False

    @property
    def real(self) -> bool:
        """Whether they are floats."""
        return self.array.dtype.kind == "f"

    def highest(self) -> float:
        """The largest of them.

        Raises
        ------
        BadPicture
            For NaN, infinite or negative values, or a type that holds no numbers.
        """
        if self.array.dtype.kind not in "biuf":
            raise BadPicture(f"expected numbers, found arrays of type {self.array.dtype}")
        if not self.array.size:
            return 0.0
        low, high = float(self.array.min()), float(self.array.max())
        if not np.isfinite([low, high]).all():
            raise BadPicture("the array holds NaN or infinite values")
        if low < 0:
            raise BadPicture(f"expected values from 0 up, found {low:g}; give the pixels before any standardisation")
        return high


def values_of_array(array: np.ndarray) -> Values | None:
    """Values of an array, or None where they are 8-bit pixels already.

    Raises
    ------
    BadPicture
        For a shape that is no picture's.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        raise BadPicture(f"expected an array (H, W) or (H, W, C) with 1 to 4 channels, found shape {array.shape}")
    if array.size == 0:
        raise BadPicture(f"the array is empty: shape {array.shape}")
    if array.dtype == np.uint8:
        return None
    return Values(array, 1.0 if array.dtype.kind == "b" else None, 65535.0 if array.dtype == np.uint16 else None)


def values_of_image(
    image: Image.Image, again: Callable[[], Image.Image] | None = None, hint: float | None = None
) -> Values | None:
    """Values of a PIL picture that is deeper than 8 bits, or None where it is not.

    Of 16-bit colours Pillow keeps the upper bytes alone; the lower ones come from decoding once more in the other order
    of bytes.

    Parameters
    ----------
    image : PIL.Image.Image
        Not loaded yet, where it comes from a file.
    again : callable, optional
        Opens the same picture anew.
    hint : float, optional
        The largest value that its file speaks of elsewhere.

    Raises
    ------
    BadPicture
        For kinds of file whose values Pillow would get wrong.
    """
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        _refuse_misread(image, tags)
    raw = _raw_mode(image)
    if ";16" in raw and not image.mode.startswith("I"):
        if again is None:
            raise BadPicture("it has 16-bit colours and was opened but not read; give its path instead")
        return _colours(image, again, raw, hint)
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return None
    # Tags are read before the pixels are: loading forgets some.
    told = {"hint": hint} if tags is None else _told(tags, real=image.mode == "F")
    key = image.info.get("transparency")
    image.load()
    array = np.asarray(ImageOps.exif_transpose(image))
    if image.mode != "F" and (image.mode.startswith("I;16") or image.format == "PNG"):
        told = {"top": 65535.0, **told}
        array = array.astype(np.uint16, copy=False)
    return Values(_with_key(array, key), **told)


def significant_bits(content: bytes) -> float | None:
    """The largest value that a 16-bit PNG's ``sBIT`` chunk speaks of; None without one, or where it names 16 bits."""
    at = content.find(b"sBIT", 0, 4096)
    if not content.startswith(b"\x89PNG") or at < 0:
        return None
    bits = max(content[at + 4 : at + 4 + int.from_bytes(content[at - 4 : at], "big")], default=16)
    return float((1 << bits) - 1) if 8 < bits < 16 else None


def _raw_mode(image: Image.Image) -> str:
    tiles: Any = getattr(image, "tile", ())
    args = tiles[0].args if tiles else ""
    first = args if isinstance(args, str) else args[0] if args else ""
    return first if isinstance(first, str) else ""


def _refuse_misread(image: Image.Image, tags: Any) -> None:
    get = tags.get
    bits = max(get(_BITS, (1,)))
    if get(_PHOTOMETRIC) is None and image.mode in ("1", "L", "I", "F", "I;16", "I;16B"):
        raise BadPicture("its tags do not say whether 0 is black or white (PhotometricInterpretation); save it anew")
    if bits == 8 and _SIGNED in get(_SAMPLE_FORMAT, (1,)):
        raise BadPicture("it holds signed 8-bit values; save them as unsigned ones, from 0 up")
    if bits > 8 and get(_PLANES, 1) != 1 and len(get(_BITS, (1,))) > 1:
        raise BadPicture(
            f"it holds {bits}-bit channels one after the other (planes); save it with interleaved channels"
        )
    if image.mode == "CMYK" and bits > 8:
        raise BadPicture(f"it holds {bits}-bit CMYK values; save it in 8 bits or as RGB")


def _told(tags: Any, *, real: bool) -> dict[str, Any]:
    """What a TIFF's tags say of range and polarity."""
    get = tags.get
    bits, signed = max(get(_BITS, (1,))), _SIGNED in get(_SAMPLE_FORMAT, (1,))
    found: dict[str, Any] = {"inverted": get(_PHOTOMETRIC) != _SMALLEST_IS_BLACK}
    if not real and bits < 16:
        found["white"] = float((1 << bits) - 1)
    elif not real and bits == 16:
        found["top"] = 32767.0 if signed else 65535.0
    said = get(_FLOAT_MAX_VALUE) or get(_MAX_VALUE)
    said = max(said) if isinstance(said, tuple) else said
    natural = 65535.0 if bits == 16 else float(1 << 31)
    if said is not None and 0 < float(said) < natural:
        found["hint"] = float(said)
    return found


def _colours(image: Image.Image, again: Callable[[], Image.Image], raw: str, hint: float | None) -> Values:
    """Two bytes a channel, of a PNG or TIFF in colour."""
    plain = raw.replace("RGBa", "RGBA")
    key = image.info.get("transparency")
    if plain.startswith("LA"):
        every = _decoded(again(), "RGBA")
        return Values(every[..., 0::2].astype(np.uint16) * 256 + every[..., 1::2], top=65535.0, hint=hint)
    big = plain.endswith("B") or (plain.endswith("N") and sys.byteorder == "big")
    upper, lower = ("B", "L") if big else ("L", "B")
    values = _decoded(image, plain[:-1] + upper).astype(np.uint16) * 256 + _decoded(again(), plain[:-1] + lower)
    return Values(_with_key(values, key), top=65535.0, hint=hint, premultiplied=plain != raw)


def _decoded(image: Image.Image, raw: str) -> np.ndarray:
    opened: Any = image
    opened.tile = [
        tile._replace(args=raw if isinstance(tile.args, str) else (raw, *tile.args[1:])) for tile in opened.tile
    ]
    image.load()
    return np.asarray(ImageOps.exif_transpose(image))


def _with_key(array: np.ndarray, key: object) -> np.ndarray:
    """With opacity behind the channels, where a PNG says which value (or colour) is transparent."""
    if not isinstance(key, int | tuple) or array.dtype.kind == "f":
        return array
    colours = array if array.ndim == 3 else array[:, :, None]
    hidden = (colours == np.asarray(key)).all(axis=2, keepdims=True)
    return np.concatenate([colours, np.where(hidden, 0, 65535).astype(array.dtype)], axis=2)
