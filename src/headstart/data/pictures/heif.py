"""Pictures in HEIC and HEIF files, as telephones take them (extra ``heic``)."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from headstart.data.base.reasons import BadPicture, why_too_large

MAX_PIXELS = 89_478_485
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def is_heif(content: bytes) -> bool:
    """Whether bytes begin as a HEIC or HEIF file.

    Examples
    --------
    >>> is_heif(b"\\0\\0\\0\\x18ftypheic"), is_heif(b"\\0\\0\\0\\x18ftypM4A ")
    (True, False)
    """
    return content[4:8] == b"ftyp" and content[8:12] in _BRANDS


def pictures_in_heif(content: bytes) -> int:
    """How many pictures a file holds."""
    return len(_opened(content))


def size_of_heif(content: bytes) -> tuple[int, int]:
    """Width and height of the largest picture of a file, by their headers."""
    opened = _opened(content)
    sizes = [opened[k].size for k in range(len(opened))]
    return max(((int(w), int(h)) for w, h in sizes), key=lambda size: size[0] * size[1])


def image_of_heif(content: bytes, page: int = 1) -> Image.Image:
    """A picture of a HEIC or HEIF file, upright: the decoder turns it, so what EXIF says of turns is done.

    Raises
    ------
    BadPicture
        Without pillow-heif, for pictures that are not there, and for damage.
    """
    opened = _opened(content)
    if page > len(opened):
        n = len(opened)
        raise BadPicture(f"it has {'1 picture' if n == 1 else f'{n} pictures'}, picture {page} was asked for")
    chosen = opened[page - 1] if len(opened) > 1 else opened
    if chosen.size[0] * chosen.size[1] > MAX_PIXELS:
        raise BadPicture(why_too_large(chosen.size))
    image: Image.Image = chosen.to_pillow()
    image.info = {}
    return image


def _opened(content: bytes) -> Any:
    try:
        import pillow_heif
    except ImportError:
        raise BadPicture("it is a HEIC picture; to read it: pip install 'headstart[heic]'") from None
    try:
        return pillow_heif.open_heif(io.BytesIO(content), convert_hdr_to_8bit=True)
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
        raise BadPicture(f"the HEIC picture is damaged ({' '.join(str(error).split())[:120]})") from error
