"""Slices of volumes in NIfTI files, plain or packed with gzip (extra ``nifti``)."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any, BinaryIO

import numpy as np

from headstart.data.base.reasons import BadPicture, why_too_large

MAX_PIXELS = 89_478_485
#: Bytes of a header: of version 1 and of version 2.
_HEAD = 544
_STEP = 1 << 20
#: Where the values of a slice may begin.
_FARTHEST = 1 << 33


def is_nifti(content: bytes) -> bool:
    """Whether bytes begin as a NIfTI file with its values in it (``.nii``, ``.nii.gz``).

    Examples
    --------
    >>> is_nifti(bytes(344) + b"n+1\\0"), is_nifti(b"\\x1f\\x8b not packed")
    (True, False)
    """
    if content[:2] == b"\x1f\x8b":
        content = _unpacked_head(content)
    return content[344:348] == b"n+1\0" or content[4:8] == b"n+2\0"


def slices_of_nifti(content: bytes) -> int:
    """How many slices along the third axis a volume has."""
    shape = _header(content)[0].get_data_shape()
    return int(shape[2]) if len(shape) > 2 else 1


def pixels_of_nifti(content: bytes, page: int | None = None) -> np.ndarray:
    """One slice along the third axis as 8-bit grey (H, W) or RGB (H, W, 3), the second axis upwards.

    Of a series the first volume is meant. Values go from black to white as the header's display range says
    (``cal_min``, ``cal_max``), or else from the slice's smallest to its largest. Only this slice is held in memory.

    Parameters
    ----------
    content : bytes
    page : int, optional
        Which slice, from 1. Default: the middle one.

    Raises
    ------
    BadPicture
        Without nibabel, for slices that are not there, complex values, and for damage.
    """
    header, packed = _header(content)
    shape = [int(side) for side in header.get_data_shape()]
    if len(shape) < 2 or min(shape) < 1:
        raise BadPicture(f"it holds no picture (a volume of shape {tuple(shape)})")
    width, height, count = shape[0], shape[1], shape[2] if len(shape) > 2 else 1
    if width * height > MAX_PIXELS:
        raise BadPicture(why_too_large((width, height)))
    number = (count + 1) // 2 if page is None else page
    if number > count:
        raise BadPicture(f"it has {'1 slice' if count == 1 else f'{count} slices'}, slice {number} was asked for")
    kind = header.get_data_dtype()
    size = width * height * kind.itemsize
    start = int(header.get_data_offset()) + (number - 1) * size
    if not 0 <= start <= _FARTHEST:
        raise BadPicture(f"its header says that the slice begins at byte {start}")
    stored = np.frombuffer(_bytes_at(content, packed, start, size), kind).reshape(height, width)[::-1]
    if kind.names is not None:
        return np.ascontiguousarray(np.stack([stored[name] for name in kind.names[:3]], axis=2).astype(np.uint8))
    if kind.kind not in "iufb":
        raise BadPicture(f"its values are of type {kind}; whole numbers and floats are read")
    return _grey(header, np.asarray(stored, np.float64))


def _grey(header: Any, values: np.ndarray) -> np.ndarray:
    slope, intercept = header.get_slope_inter()
    if slope is not None:
        values = values * slope + (intercept or 0.0)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(header["cal_min"]), float(header["cal_max"])
    if not (np.isfinite([low, high]).all() and high > low):
        low, high = float(values.min()), float(values.max())
    shares = np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)
    return np.rint(255 * shares).astype(np.uint8)


def _header(content: bytes) -> tuple[Any, bool]:
    """The header, and whether the file is packed."""
    try:
        from nibabel.nifti1 import Nifti1Header
        from nibabel.nifti2 import Nifti2Header
    except ImportError:
        raise BadPicture("it is a NIfTI volume; to read it: pip install 'headstart[nifti]'") from None
    packed = content[:2] == b"\x1f\x8b"
    head = _unpacked_head(content) if packed else content[:_HEAD]
    kind = Nifti2Header if head[4:8] == b"n+2\0" else Nifti1Header
    try:
        return kind.from_fileobj(io.BytesIO(head), check=False), packed
    except Exception as error:  # of several kinds, by what is damaged
        raise BadPicture(f"the NIfTI header is damaged ({str(error)[:120]})") from error


def _unpacked_head(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content[:65536], _HEAD)
    except zlib.error:
        return b""


def _bytes_at(content: bytes, packed: bool, start: int, size: int) -> bytes:
    """So many bytes from a place on; what stands before them in a packed file is passed over in steps."""
    found = content[start : start + size]
    if packed:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                _pass_over(file, start)  # type: ignore[arg-type]
                found = file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise BadPicture("the volume is cut off or damaged") from error
    if len(found) < size:
        raise BadPicture("the volume is cut off: the file ends too early")
    return found


def _pass_over(file: BinaryIO, count: int) -> None:
    while count > 0:
        step = len(file.read(min(count, _STEP)))
        if not step:
            return
        count -= step
