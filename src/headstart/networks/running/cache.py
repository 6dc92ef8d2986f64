"""What a frozen network made of pictures, kept so that no picture goes through it twice."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np

from headstart.cache_folder import cache_folder
from headstart.networks.running.kept_rows import KeptRows, Opened, Run, pieces
from headstart.networks.running.shards import (
    SUFFIX,
    Shard,
    bytes_of,
    files_in,
    give_up,
    read_shard,
    room_in,
    write_shard,
)

_LOG = logging.getLogger("headstart")
SMALL = 4 << 20
MANY = 16
#: Bytes of new rows that are collected before they are written.
PIECE = 64 << 20
#: Memory for rows of what will not come again.
FEW = 4 << 20
#: Bytes of a file beside its rows and their keys, at most.
HEAD = 256
#: Of what is in files too, sets of this part of the memory are held in it: larger ones are read as fast from files.
_APART = 64
#: Bytes that a row in memory takes beside its values: its key, the array's head, its place.
BESIDE = 400


class FeatureCache:
    """Rows by space and picture: in memory up to a limit, and in files that outlive the process.

    A space is what the rows mean: network, preprocessing, and which activations. Within it each row goes by the
    digest of its picture, so a picture counts as known wherever its file lies. Safe to use from several threads and
    several processes: files appear whole, and files that are damaged or gone count as not there.

    Parameters
    ----------
    folder : Path or None
        Where files are kept; None keeps rows in memory only.
    memory_bytes : int, default=256 MiB
        Memory for rows; the least recently used go first. Of rows that are in files too, large sets are not held.
    disk_bytes : int, default=8 GiB
        Size of all files; beyond it the least recently used go, and where they would take the last GiB of the disk. Of
        a set that is larger than all of this the first rows are kept.

    Examples
    --------
    >>> cache = FeatureCache(None)
    >>> cache.put("space", ["a"], [np.ones((1, 3))], (3,))
    >>> rows = cache.get("space", ["a", "b"])
    >>> sorted(rows), rows["a"].tolist()
    (['a'], [1.0, 1.0, 1.0])
    """

    def __init__(self, folder: Path | None, memory_bytes: int = 256 << 20, disk_bytes: int = 8 << 30) -> None:
        self.folder = folder
        self.memory_bytes = memory_bytes
        self.disk_bytes = disk_bytes
        self._rows: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
        self._used = 0
        self._shards: dict[Path, Shard | None] = {}
        self._intact: set[Path] = set()
        self._lock = threading.RLock()

    def get(self, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The rows that are known, by key; read-only, those from files as views of the mapped file."""
        found: dict[str, np.ndarray] = {}
        with self._lock:
            for key in dict.fromkeys(keys):
                row = self._rows.get((space, key))
                if row is not None:
                    self._rows.move_to_end((space, key))
                    found[key] = row
        wanted = set(keys) - found.keys()
        return {**found, **self._from_disk(space, wanted)} if wanted and self.folder is not None else found

    def find(self, space: str, keys: Sequence[str], width: int) -> KeptRows:
        """Where the rows of n pictures are, (width,) each; what is in files is not read."""
        part, place = np.full(len(keys), -1), np.zeros(len(keys), np.int64)
        places: dict[str, list[int]] = {}
        for i, key in enumerate(keys):
            places.setdefault(key, []).append(i)
        with self._lock:
            held = {key: self._rows[space, key] for key in places if (space, key) in self._rows}
            for key in held:
                self._rows.move_to_end((space, key))
        parts: list[np.ndarray | Opened] = []

        def take(here: Iterable[tuple[int, str]], kept: np.ndarray | Opened) -> None:
            at, rows = np.array([(i, row) for row, key in here for i in places.pop(key)]).T
            part[at], place[at] = len(parts), rows
            parts.append(kept)

        if held:
            take(enumerate(held), np.stack(list(held.values())))
        for shard in self._shards_of(space) if places else ():
            here = [(row, key) for row, key in enumerate(shard.keys) if key in places]
            opened = self._opened(shard) if here and shard.shape == (width,) else None
            if opened is not None:
                take(here, opened)
        return KeptRows(parts, part, place, width)

    def rows(self, space: str, keys: Sequence[str], width: int, run: Run) -> KeptRows:
        """Rows of n pictures, (width,) each: those that are here, and the others computed, kept as they come.

        What has no room is held in memory.

        Parameters
        ----------
        space : str
            What the rows mean.
        keys : sequence of n str
            Digests of the pictures.
        width : int
        run : callable
            Computes the first of each content that is new; see `headstart.networks.running.kept_rows.Run`.
        """
        found = self.find(space, keys, width)
        first: dict[str, int] = {}
        for i in np.flatnonzero(found.part < 0).tolist():
            first.setdefault(keys[i], i)
        if not first:
            return found
        order, batches = run(list(first.values()))
        where: dict[str, tuple[int, int]] = {}
        for rows in pieces(batches, max(1, PIECE // (4 * width))):
            names = [keys[i] for i in order[len(where) : len(where) + len(rows)]]
            beside = [part.shard.path for part in found.parts if isinstance(part, Opened)]
            shard = self.put(space, names, [rows], (width,), beside=beside)
            opened = None if shard is None or len(rows) == len(order) else self._opened(shard)
            found.parts.append(rows if opened is None else opened)
            where |= {name: (len(found.parts) - 1, i) for i, name in enumerate(names)}
        new = np.flatnonzero(found.part < 0)
        found.part[new], found.place[new] = np.array([where[keys[i]] for i in new.tolist()]).T
        return found

    def put(
        self,
        space: str,
        keys: Sequence[str],
        batches: Iterable[np.ndarray],
        shape: tuple[int, ...],
        beside: Collection[Path] = (),
    ) -> Shard | None:
        """Keep the rows of n pictures.

        Parameters
        ----------
        space : str
            What the rows mean.
        keys : sequence of n str
            Digests of the pictures.
        batches : iterable of ndarray, (b, *shape)
            The rows in order, n in all. Rows that neither memory nor disk can take are not kept.
        shape : tuple of int
            Of one row.
        beside : collection of Path
            Files that are not given up for these rows.

        Returns
        -------
        Shard or None
            The file, if all of them were written.
        """
        width = 4 * int(np.prod(shape, dtype=np.int64))
        total, written = len(keys) * width, None
        limit, whole = self.limit(), width + 4 + max(map(len, keys), default=0)
        fit = min(len(keys), (limit - bytes_of(beside) - HEAD) // whole)
        if self.folder is not None and fit > 0:
            batches = list(batches) if total <= self.memory_bytes else batches
            try:
                give_up(self.folder, limit - fit * whole - HEAD, beside)
                some = batches if fit == len(keys) else _first(batches, fit)
                written = write_shard(self._folder_of(space), keys[:fit], some, shape)
                self._intact.add(written.path)
                if not beside:
                    self._merge(space)
                written = written if fit == len(keys) else None
            except OSError:
                pass
        if total <= self.memory_bytes // (1 if written is None else _APART):
            self._remember(space, keys, batches)
        return written

    def limit(self) -> int:
        """Bytes that all files may have, as the disk is now."""
        return 0 if self.folder is None else room_in(self.folder, self.disk_bytes)

    def mapped(self, space: str, keys: Sequence[str]) -> np.ndarray | None:
        """Rows of all keys as one memory-mapped array, if one file holds just these in this order."""
        for shard in self._shards_of(space):
            if shard.keys == tuple(keys):
                rows = self._rows_of(shard)
                if rows is not None:
                    return rows
        return None

    def size(self) -> int:
        """Bytes of all files."""
        return 0 if self.folder is None else sum(size for _, size, _ in files_in(self.folder))

    def clear(self) -> int:
        """Forget everything, on disk too; returns the bytes that were freed there."""
        with self._lock:
            self._rows.clear()
            self._shards.clear()
            self._used = 0
        freed = 0
        for _, size, path in [] if self.folder is None else files_in(self.folder):
            path.unlink(missing_ok=True)
            freed += size
        return freed

    def _remember(self, space: str, keys: Sequence[str], batches: Iterable[np.ndarray]) -> None:
        remaining = iter(keys)
        for batch in batches:
            with self._lock:
                for row in batch:
                    key = (space, next(remaining))
                    if row.size * 4 > self.memory_bytes or key in self._rows:
                        continue
                    kept = np.array(row, np.float32)
                    kept.flags.writeable = False
                    self._rows[key] = kept
                    self._used += kept.nbytes + BESIDE
                while self._used > self.memory_bytes:
                    _, old = self._rows.popitem(last=False)
                    self._used -= old.nbytes + BESIDE

    def _from_disk(self, space: str, wanted: set[str]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for shard in self._shards_of(space):
            here = wanted.intersection(shard.keys) - found.keys()
            rows = self._rows_of(shard) if here else None
            if rows is not None:
                found.update({key: rows[i] for i, key in enumerate(shard.keys) if key in here})
        if sum(row.nbytes for row in found.values()) <= self.memory_bytes // _APART:
            self._remember(space, list(found), [np.stack(list(found.values()))] if found else [])
        return found

    def _rows_of(self, shard: Shard) -> np.ndarray | None:
        """Rows of a file that was found intact; None where it is not."""
        try:
            return shard.rows() if self._usable(shard) else None
        except (OSError, ValueError):
            return None

    def _opened(self, shard: Shard) -> Opened | None:
        """The file of rows, open; None where it is not intact."""
        try:
            return Opened(shard) if self._usable(shard) else None
        except OSError:
            return None

    def _usable(self, shard: Shard) -> bool:
        """Whether a file is intact, which is checked once; it is deleted where it is not."""
        if shard.path not in self._intact:
            if not shard.intact():
                _LOG.warning("The features kept in %s are damaged: they are computed again.", shard.path)
                shard.path.unlink(missing_ok=True)
                return False
            self._intact.add(shard.path)
        os.utime(shard.path)
        return True

    def _shards_of(self, space: str) -> list[Shard]:
        if self.folder is None:
            return []
        try:
            folder = self._folder_of(space)
            paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
        except OSError:
            return []
        with self._lock:
            there = set(paths)
            for path in [path for path in self._shards if path not in there and path.parent == folder]:
                del self._shards[path]
                self._intact.discard(path)
            for path in paths:
                if path not in self._shards:
                    self._shards[path] = read_shard(path)
            found = [self._shards[path] for path in paths]
        return [shard for shard in found if shard is not None]

    def _merge(self, space: str) -> None:
        """Put many small files of a space into one."""
        small = [shard for shard in self._shards_of(space) if shard.n_bytes <= SMALL]
        if len(small) <= MANY:
            return
        rows: dict[str, np.ndarray] = {}
        for shard in small:
            if shard.shape == small[0].shape and shard.intact():
                rows.update(zip(shard.keys, shard.rows(), strict=True))
        if not rows:  # another thread or process has merged them
            return
        write_shard(self._folder_of(space), list(rows), [np.stack(list(rows.values()))], small[0].shape)
        for shard in small:
            if shard.shape == small[0].shape:
                shard.path.unlink(missing_ok=True)

    def _folder_of(self, space: str) -> Path:
        assert self.folder is not None
        return self.folder / hashlib.sha256(space.encode()).hexdigest()[:32]


def _first(batches: Iterable[np.ndarray], n: int) -> Iterator[np.ndarray]:
    """The first n rows.

    Examples
    --------
    >>> [len(batch) for batch in _first([np.zeros(2), np.zeros(2), np.zeros(2)], 3)]
    [2, 1]
    """
    for batch in batches:
        yield batch[:n]
        n -= len(batch)
        if n <= 0:
            return


def default_cache() -> FeatureCache:
    """The cache that this process shares.

    Its files lie in the folder named by the environment variable ``HEADSTART_CACHE``, else in
    ``$XDG_CACHE_HOME/headstart`` or ``~/.cache/headstart``; with ``HEADSTART_CACHE=off`` nothing goes to disk. Inside
    `few_rows` it holds few rows in memory.
    """
    folder = cache_folder() if _FILES.get() else None
    return _cache_in(None if folder is None else str(folder / "features"), _MEMORY.get())


def memory_cache() -> FeatureCache:
    """A new cache without files, for pictures that will not come again."""
    return FeatureCache(None)


def passing_cache() -> FeatureCache:
    """The cache that this process shares for networks that it trained itself: in memory alone."""
    return _passing(_MEMORY.get())


@contextmanager
def few_rows(files: bool = True) -> Iterator[None]:
    """Use shared caches that hold few rows in memory, for what will not come again.

    Parameters
    ----------
    files : bool, default=True
        Whether rows go to files, and come from them.
    """
    memory, on_disk = _MEMORY.set(FEW), _FILES.set(files and _FILES.get())
    try:
        yield
    finally:
        _MEMORY.reset(memory)
        _FILES.reset(on_disk)


_MEMORY: ContextVar[int] = ContextVar("memory of shared caches", default=256 << 20)
_FILES: ContextVar[bool] = ContextVar("whether shared caches have files", default=True)


@functools.cache
def _passing(memory: int) -> FeatureCache:
    return FeatureCache(None, memory)


@functools.cache
def _cache_in(folder: str | None, memory: int) -> FeatureCache:
    return FeatureCache(None if folder is None else Path(folder), memory)
