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
#: Most bytes of a volume that is cut across, and so unpacked whole; and the plane that each axis of the body cuts.
_MOST, _PLANES = 1 << 29, {"sagittal": 0, "coronal": 1, "axial": 2}


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


def size_of_nifti(content: bytes) -> tuple[int, int]:
    """Width and height of the largest slice of a volume by its header, whichever way it is cut."""
    sides = sorted((int(side) for side in _header(content)[0].get_data_shape()[:3]), reverse=True)
    return (sides[0], sides[1]) if len(sides) > 1 else (0, 0)


def pixels_of_nifti(content: bytes, plane: str | None = None, page: int | None = None) -> np.ndarray:
    """One slice as 8-bit grey (H, W) or RGB (H, W, 3).

    Without a plane it is one along the third axis as it is stored, the second axis upwards, and nothing but this slice
    is held in memory. With a plane the header's orientation decides: superior is up in coronal and sagittal slices,
    anterior in axial ones; the patient's right (of sagittal slices the front) is on the right. A header that names no
    orientation counts as stored from left to right, back to front, and from the feet up. Of a series the first volume
    is meant. Values go from black to white as the header's display range says (``cal_min``, ``cal_max``), or else from
    the slice's smallest to its largest.

    Parameters
    ----------
    content : bytes
    plane : {"axial", "coronal", "sagittal"}, optional
    page : int, optional
        Which slice, from 1; with a plane counted from the feet, the back or the left. Default: the middle one.

    Raises
    ------
    BadPicture
        Without nibabel, for slices that are not there, complex values, and for damage.
    """
    header, packed = _header(content)
    shape = [int(side) for side in header.get_data_shape()]
    if len(shape) < 2 or min(shape) < 1:
        raise BadPicture(f"it holds no picture (a volume of shape {tuple(shape)})")
    shape = [*shape, 1][:3]
    axes, flips = (None, None) if plane is None else _oriented(header)
    cut = 2 if axes is None else axes[_PLANES[plane or ""]]
    height, width = (shape[1], shape[0]) if axes is None else (max(shape), sorted(shape)[1])
    if width * height > MAX_PIXELS:
        raise BadPicture(why_too_large((width, height)))
    number = (shape[cut] + 1) // 2 if page is None else page
    if number > shape[cut]:
        count = "1 slice" if shape[cut] == 1 else f"{shape[cut]} slices"
        raise BadPicture(f"it has {count}, slice {number} was asked for")
    kind = header.get_data_dtype()
    size = width * height * kind.itemsize if axes is None else int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    start = int(header.get_data_offset()) + ((number - 1) * size if axes is None else 0)
    if not 0 <= start <= _FARTHEST or (axes is not None and size > _MOST):
        raise BadPicture(f"its header says that {size:,} bytes begin at byte {start}")
    values = np.frombuffer(_bytes_at(content, packed, start, size), kind)
    if axes is None or flips is None:
        stored = values.reshape(height, width)[::-1]
    else:  # from left to right, back to front, and from the feet up
        volume = values.reshape(shape, order="F").transpose(axes)[tuple(slice(None, None, step) for step in flips)]
        stored = np.take(volume, number - 1, axis=_PLANES[plane or ""]).T[::-1]
    if kind.names is not None:
        return np.ascontiguousarray(np.stack([stored[name] for name in kind.names[:3]], axis=2).astype(np.uint8))
    if kind.kind not in "iufb":
        raise BadPicture(f"its values are of type {kind}; whole numbers and floats are read")
    return _grey(header, np.asarray(stored, np.float64))


def _oriented(header: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which stored axis runs from left to right, back to front and feet to head, and -1 where it runs the other way."""
    from nibabel.orientations import io_orientation

    if not (header["qform_code"] > 0 or header["sform_code"] > 0):
        return (0, 1, 2), (1, 1, 1)
    try:
        found = np.asarray(io_orientation(header.get_best_affine()))
        axes = tuple(int(axis) for axis in np.argsort(found[:, 0]))
        flips = tuple(int(found[axis, 1]) for axis in axes)
    except Exception as error:  # of several kinds, by what is damaged
        raise BadPicture(f"the NIfTI header's orientation is damaged ({str(error)[:120]})") from error
    if sorted(found[:, 0].tolist()) != [0, 1, 2]:
        raise BadPicture("the NIfTI header's orientation is damaged (two axes run the same way)")
    return axes, flips


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
