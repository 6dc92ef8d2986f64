"""Files of equal rows, one row a picture: written whole or not at all, read by memory mapping, doubted when read."""

from __future__ import annotations

import json
import os
import uuid
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC, ALIGN = b"HSROWS2\n", 64
SUFFIX, PARTIAL = ".rows", ".partial"


@dataclass(frozen=True, eq=False)
class Shard:
    """A file with rows of one shape, in float32.

    Attributes
    ----------
    path : Path
    keys : tuple of str
        Digest of the picture of each row.
    shape : tuple of int
        Of one row.
    offset : int
        Where the rows begin in the file.
    checksum : int
        CRC-32 of keys, shape and rows.
    """

    path: Path
    keys: tuple[str, ...]
    shape: tuple[int, ...]
    offset: int
    checksum: int

    @property
    def n_bytes(self) -> int:
        """Bytes of the rows."""
        return 4 * len(self.keys) * int(np.prod(self.shape, dtype=np.int64))

    def rows(self) -> np.ndarray:
        """The rows, (n, *shape), mapped from the file and read-only."""
        return np.memmap(self.path, np.float32, "r", self.offset, (len(self.keys), *self.shape))

    def intact(self) -> bool:
        """Whether the rows are what was written; reads the whole file."""
        state = _said(self.keys, self.shape)
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                while block := file.read(1 << 20):
                    state = zlib.crc32(block, state)
        except OSError:
            return False
        return state == self.checksum


def write_shard(folder: Path, keys: Sequence[str], batches: Iterable[np.ndarray], shape: tuple[int, ...]) -> Shard:
    """Write rows to a new file in `folder`; it has its name only once it is whole.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    keys : sequence of n str
        Digest of each row's picture.
    batches : iterable of ndarray, (b, *shape)
        The rows, in order; n in all.
    shape : tuple of int
        Of one row.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written; nothing is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
    partial = path.with_suffix(PARTIAL)
    checksum = _said(keys, shape)
    try:
        with open(partial, "wb") as file:
            # The checksum is known last: leave room for it, ten digits wide, and fill it in at the end.
            offset = file.write(_header(keys, shape, 0))
            for batch in batches:
                data = np.ascontiguousarray(batch, np.float32).data
                checksum = zlib.crc32(data, checksum)
                file.write(data)
            file.seek(0)
            file.write(_header(keys, shape, checksum))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return Shard(path, tuple(keys), tuple(shape), offset, checksum)


def read_shard(path: Path) -> Shard | None:
    """What a file says about itself; None if it is not a whole file of rows."""
    try:
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= path.stat().st_size:
                return None
            fields = json.loads(file.read(length))
        keys, shape = tuple(map(str, fields["keys"])), tuple(map(int, fields["shape"]))
        offset = _aligned(len(MAGIC) + 8 + length)
        shard = Shard(path, keys, shape, offset, int(fields["checksum"]))
        return shard if path.stat().st_size == offset + shard.n_bytes else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _said(keys: Sequence[str], shape: Sequence[int]) -> int:
    """CRC-32 of what a file says of its rows."""
    return zlib.crc32(json.dumps([list(keys), list(shape)]).encode())


def _header(keys: Sequence[str], shape: tuple[int, ...], checksum: int) -> bytes:
    fields = {"checksum": f"{checksum:010d}", "shape": list(shape), "keys": list(keys)}
    text = json.dumps(fields).encode()
    head = MAGIC + len(text).to_bytes(8, "little") + text
    return head.ljust(_aligned(len(head)), b"\0")


def _aligned(n: int) -> int:
    return -(-n // ALIGN) * ALIGN
