"""What every task of a comparison needs, packed once and opened once in each process that works on it."""

from __future__ import annotations

import functools
import hashlib
import pickle
from dataclasses import dataclass
from typing import Any

import cloudpickle
import numpy as np

_ALIGN = 64


@dataclass(frozen=True, eq=False)
class Parcel:
    """An object as one row of bytes, which joblib maps from a file, or a cluster scatters, as it does any large array.

    The arrays in it lie at multiples of 64 bytes and are read where they lie: processes of one machine share them.

    Parameters
    ----------
    content : array of uint8
    ends : tuple of int
        Where the parts end, padding left out: first what is said of the object, then its arrays.
    name : str
        Digest of the content.
    """

    content: np.ndarray
    ends: tuple[tuple[int, int], ...]
    name: str

    def __sizeof__(self) -> int:
        """Bytes of the content: a scheduler that sends large objects once asks for it."""
        return int(self.content.nbytes) + 1024


def packed(value: Any) -> Parcel:
    """Pack an object.

    Parameters
    ----------
    value : object
        Whatever can be sent to another process.

    Raises
    ------
    Exception
        What its parts raise that cannot be sent.

    Examples
    --------
    >>> opened(packed({"rows": np.arange(3)}))["rows"].tolist()
    [0, 1, 2]
    """
    buffers: list[pickle.PickleBuffer] = []
    parts = [cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)]
    parts += [buffer.raw() for buffer in buffers]
    ends, stop = [], 0
    for part in parts:
        ends.append((stop, stop + len(part)))
        stop = -(-(stop + len(part)) // _ALIGN) * _ALIGN
    content = _aligned(stop)
    for part, (begin, end) in zip(parts, ends, strict=True):
        content[begin:end] = np.frombuffer(part, np.uint8)
    return Parcel(content, tuple(ends), hashlib.sha256(content.data).hexdigest())


def opened(parcel: Parcel) -> Any:
    """The object, whose arrays are read-only; unpacked once in a process."""
    return _opened(_ByName(parcel))


class _ByName:
    """A parcel that equals another of the same content."""

    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel

    def __hash__(self) -> int:
        return hash(self.parcel.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByName) and other.parcel.name == self.parcel.name


@functools.lru_cache(maxsize=1)
def _opened(key: _ByName) -> Any:
    content = key.parcel.content
    if content.ctypes.data % _ALIGN:
        content = _aligned(len(content))
        content[:] = key.parcel.content
    content = content.view()
    content.flags.writeable = False
    first, *others = [content[begin:end] for begin, end in key.parcel.ends]
    return pickle.loads(first.data, buffers=others)


def _aligned(n: int) -> np.ndarray:
    """An array of n bytes that begins at a multiple of 64."""
    room = np.zeros(n + _ALIGN, np.uint8)
    start = -room.ctypes.data % _ALIGN
    return room[start : start + n]
