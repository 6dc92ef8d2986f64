"""Files of equal rows, one row a picture: written whole or not at all, read by memory mapping, doubted when read."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC, ALIGN = b"HSROWS2\n", 64
SUFFIX, PARTIAL = ".rows", ".partial"
#: Bytes of the disk that are left to others.
SPARE = 1 << 30
STALE_SECONDS = 86_400


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


def files_in(folder: Path) -> list[tuple[float, int, Path]]:
    """Time of last use, size and path of every file of rows in the folders of a cache."""
    found = []
    for path in folder.glob("*/*"):
        try:
            status = path.stat()
        except OSError:  # another process gave it up
            continue
        if path.suffix in (SUFFIX, PARTIAL):
            found.append((status.st_mtime, status.st_size, path))
    return found


def bytes_of(paths: Iterable[Path]) -> int:
    """Size of files, of those that are there."""
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def room_in(folder: Path, most: int) -> int:
    """Bytes that all files of a cache may have: at most so many, and none of the last GiB of the disk."""
    parent = next((place for place in (folder, *folder.parents) if place.exists()), None)
    free = 0 if parent is None else shutil.disk_usage(parent).free
    return max(0, min(most, sum(size for _, size, _ in files_in(folder)) + free - SPARE))


def give_up(folder: Path, total: int, kept: Collection[Path] = ()) -> None:
    """Delete the files that were not used for longest until so many bytes are left, and what killed processes left.

    Files that are ``kept`` stay, and count.
    """
    files = sorted(files_in(folder))
    left = sum(size for _, size, _ in files)
    for used, size, path in files:
        stale = path.suffix == PARTIAL and used < time.time() - STALE_SECONDS
        if stale or (left > total and path.suffix == SUFFIX and path not in kept):
            path.unlink(missing_ok=True)
            left -= size


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
