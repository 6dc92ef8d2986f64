"""Pictures of the Netpbm family: ``.pbm``, ``.pgm``, ``.ppm``, ``.pnm``, in plain text or in bytes."""

from __future__ import annotations

import re

import numpy as np

from headstart.data.base.reasons import BadPicture, why_too_large
from headstart.data.pictures.values import Values

_START = re.compile(rb"P[1-6][\s#]")
_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])+"
_BITMAP = re.compile(rb"P[1-6]" + 2 * (_SPACE + rb"(\d{1,9})") + rb"\s")
_VALUED = re.compile(rb"P[1-6]" + 3 * (_SPACE + rb"(\d{1,9})") + rb"\s")
_MAX_PIXELS = 89_478_485


def is_netpbm(content: bytes) -> bool:
    """Whether bytes begin as those of a Netpbm picture do.

    Examples
    --------
    >>> is_netpbm(b"P2 3 2 255 "), is_netpbm(b"PK")
    (True, False)
    """
    return _START.match(content) is not None


def values_of_netpbm(content: bytes) -> Values:
    """Values of the first picture in a Netpbm file; the header's largest value is white, in a bitmap 1 is black.

    Where the header says 65535, which many programs write for whatever stands in 16 bits, it is the type's largest
    value and no more.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    BadPicture
        If it is cut off or damaged, or has too many pixels.

    Examples
    --------
    >>> found = values_of_netpbm(b"P2 # grey\\n3 1\\n100\\n0 50 100\\n")
    >>> found.array.tolist(), found.white
    ([[0, 50, 100]], 100.0)
    """
    kind = content[1] - ord("0")
    bitmap, plain, channels = kind in (1, 4), kind <= 3, 3 if kind in (3, 6) else 1
    head = _head(content)
    if head is None:
        raise BadPicture("the picture is damaged (its Netpbm header holds no width, height and largest value)")
    width, height = int(head[1]), int(head[2])
    most = 1 if bitmap else int(head[3])
    if not (width and height and 1 <= most <= 65535):
        raise BadPicture(
            f"the picture is damaged (its header claims {width} x {height} pixels with values up to {most})"
        )
    if width * height > _MAX_PIXELS:
        raise BadPicture(why_too_large((width, height)))
    body = content[head.end() :]
    values = (_written if plain else _packed)(body, (height, width, channels), most, bitmap)
    if values.size and int(values.max()) > most:
        raise BadPicture(f"the picture is damaged (a value of {values.max()} where its header claims {most} at most)")
    array = values[:, :, 0] if channels == 1 else values
    return Values(array.astype(np.uint16), None if most == 65535 else float(most), 65535.0, inverted=bitmap)


def largest_of_netpbm(content: bytes) -> int:
    """The largest value that a header allows, from the first bytes of a file; 1 for a bitmap or a damaged header."""
    head = _head(content)
    return 1 if head is None or head.re is _BITMAP else int(head[3])


def _head(content: bytes) -> re.Match[bytes] | None:
    return (_BITMAP if content[1:2] in (b"1", b"4") else _VALUED).match(content)


def _packed(body: bytes, shape: tuple[int, int, int], most: int, bitmap: bool) -> np.ndarray:
    """Values in one or two bytes each, the upper first; of a bitmap in bits, each row from a byte of its own on."""
    height, width, channels = shape
    row = -(-width // 8) if bitmap else width * channels * (1 if most < 256 else 2)
    if len(body) < row * height:
        raise BadPicture("the picture is cut off: the file ends too early")
    used = np.frombuffer(body, np.uint8, row * height).reshape(height, row)
    if bitmap:
        return np.unpackbits(used, axis=1)[:, :width, None]
    return (used if most < 256 else used.view(">u2").astype(np.uint16)).reshape(shape)


def _written(body: bytes, shape: tuple[int, int, int], most: int, bitmap: bool) -> np.ndarray:
    """Values in figures; those of a bitmap may stand without spaces between."""
    body = re.sub(rb"#[^\r\n]*", b"", body)
    count = shape[0] * shape[1] * shape[2]
    words = re.findall(rb"[01]", body) if bitmap else body.split(None, count)[:count]
    if len(words) < count:
        raise BadPicture("the picture is cut off: the file ends too early")
    try:
        return np.array(words[:count]).astype(np.int64).reshape(shape)
    except (ValueError, OverflowError) as error:
        raise BadPicture("the picture is damaged (it holds something else than numbers)") from error
