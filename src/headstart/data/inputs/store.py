"""Where resized pictures and resampled clips are kept while the process lives: memory, then a temporary file."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import IO, TypeAlias

import numpy as np

Key: TypeAlias = tuple[str, str]
#: A temporary file begins a new one from this size on; what is forgotten is one of them.
_FULL = 64 << 20
#: Bytes of the disk that are left to others.
_SPARE = 1 << 30


class CanvasStore:
    """Canvases by content of the input and preprocessing; safe to use from several threads.

    Parameters
    ----------
    limit_bytes : int, default=64 MiB
        Memory to use, in bytes; what was not used for longest goes on to temporary files without a name, which vanish
        with the process. They are read, not mapped, so that what lies there takes no memory.
    file_bytes : int, default=16 GiB
        Size that these files may reach; beyond it, and where they would take the last GiB of the disk, those go that
        were not read from for longest.

    Examples
    --------
    >>> store = CanvasStore(limit_bytes=100)
    >>> _ = store.put("digest", "key", np.zeros((8, 8, 3), dtype=np.uint8))
    >>> store.get("digest", "key").shape, store.memory_bytes, store.file_bytes_used
    ((8, 8, 3), 0, 192)
    """

    def __init__(self, limit_bytes: int = 64 << 20, file_bytes: int = 16 << 30) -> None:
        self.limit_bytes = limit_bytes
        self.file_bytes = file_bytes
        self.memory_bytes = 0
        self._kept: OrderedDict[Key, np.ndarray] = OrderedDict()
        self._files: list[_File] = []
        self._clock = itertools.count()
        self._placed: dict[Key, tuple[_File, int, np.dtype, tuple[int, ...]]] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._kept) + len(self._placed)

    @property
    def file_bytes_used(self) -> int:
        """Bytes in temporary files."""
        return sum(file.size for file in self._files)

    def get(self, digest: str, key: str) -> np.ndarray | None:
        """The canvas of an input under a preprocessing, read-only, or None if it is not kept."""
        with self._lock:
            kept = self._kept.get((digest, key))
            if kept is not None:
                self._kept.move_to_end((digest, key))
                return kept
            placed = self._placed.get((digest, key))
            if placed is None:
                return None
            placed[0].used = next(self._clock)
            return _read(*placed)

    def put(self, digest: str, key: str, canvas: np.ndarray) -> np.ndarray:
        """Keep a canvas; return it as it is kept, of the same shape and type, read-only."""
        with self._lock:
            found = self.get(digest, key)
            if found is not None:
                return found
            kept = canvas.copy() if canvas.flags.writeable else canvas.view()
            kept.flags.writeable = False
            self._kept[digest, key] = kept
            self.memory_bytes += kept.nbytes
            while self.memory_bytes > self.limit_bytes:
                name, old = self._kept.popitem(last=False)
                self.memory_bytes -= old.nbytes
                self._to_file(name, old)
            return kept

    def clear(self) -> None:
        """Forget everything; memory is freed once nobody holds a canvas any more."""
        with self._lock:
            self._kept.clear()
            self._placed.clear()
            while self._files:
                self._files.pop().content.close()
            self.memory_bytes = 0

    def _to_file(self, name: Key, canvas: np.ndarray) -> None:
        full = not self._files or self._files[-1].size >= min(_FULL, self.file_bytes // 4)
        if full and shutil.disk_usage(tempfile.gettempdir()).free < _SPARE:
            self.file_bytes = min(self.file_bytes, self.file_bytes_used)
        while self._files and self.file_bytes_used + canvas.nbytes > self.file_bytes:
            self._forget_one()
        if canvas.nbytes > self.file_bytes:
            return
        if not self._files or self._files[-1].size >= min(_FULL, self.file_bytes // 4):
            self._files.append(_File())
        file = self._files[-1]
        file.used = next(self._clock)
        try:
            file.content.seek(file.size)
            whole = file.content.write(np.ascontiguousarray(canvas).data) == canvas.nbytes
        except OSError:
            whole = False
        if not whole:  # the disk is full: the same as a smaller bound
            self.file_bytes = self.file_bytes_used
            return
        self._placed[name] = (file, file.size, canvas.dtype, canvas.shape)
        file.names.append(name)
        file.size += canvas.nbytes

    def _forget_one(self) -> None:
        file = min(self._files, key=lambda one: one.used)
        self._files.remove(file)
        for name in file.names:
            del self._placed[name]
        file.content.close()


@dataclass(eq=False)
class _File:
    """One temporary file, and the canvases in it."""

    content: IO[bytes] = field(default_factory=lambda: tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
    names: list[Key] = field(default_factory=list)
    size: int = 0
    used: int = 0


def _read(file: _File, start: int, kind: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    canvas = np.empty(shape, kind)
    file.content.seek(start)
    file.content.readinto(canvas.reshape(-1).view(np.uint8).data)  # type: ignore[attr-defined]
    canvas.flags.writeable = False
    return canvas
