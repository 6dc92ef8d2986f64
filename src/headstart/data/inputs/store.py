"""Where resized pictures and resampled clips are kept while the process lives: memory, then a temporary file."""

from __future__ import annotations

import mmap
import os
import tempfile
import threading

import numpy as np

_SEGMENT = 256 << 20
_ALIGNED = 16


class CanvasStore:
    """Canvases by content of the input and preprocessing; safe to use from several threads.

    Parameters
    ----------
    limit_bytes : int, optional
        Memory to use, in bytes; what comes after goes to a temporary file without a name, which vanishes with the
        process. Default: a quarter of the machine's memory, at most 4 GiB.
    file_bytes : int, default=32 GiB
        Size that the temporary file may reach. What does not fit there (or on the disk) is not kept.

    Examples
    --------
    >>> store = CanvasStore(limit_bytes=100)
    >>> _ = store.put("digest", "key", np.zeros((8, 8, 3), dtype=np.uint8))
    >>> store.get("digest", "key").shape, store.memory_bytes, store.file_bytes_used
    ((8, 8, 3), 0, 192)
    """

    def __init__(self, limit_bytes: int | None = None, file_bytes: int = 32 << 30) -> None:
        self.limit_bytes = _default_limit() if limit_bytes is None else limit_bytes
        self.file_bytes = file_bytes
        self.memory_bytes = 0
        self.file_bytes_used = 0
        self._kept: dict[tuple[str, str], np.ndarray] = {}
        self._segment: mmap.mmap | None = None
        self._free = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, digest: str, key: str) -> np.ndarray | None:
        """The canvas of an input under a preprocessing, read-only, or None if it is not kept."""
        return self._kept.get((digest, key))

    def put(self, digest: str, key: str, canvas: np.ndarray) -> np.ndarray:
        """Keep a canvas; return it as it is kept, of the same shape and type, read-only."""
        with self._lock:
            kept = self._kept.get((digest, key))
            if kept is not None:
                return kept
            if self.memory_bytes + canvas.nbytes <= self.limit_bytes:
                kept = canvas.copy() if canvas.flags.writeable else canvas.view()
                self.memory_bytes += canvas.nbytes
            else:
                kept = self._in_file(canvas)
            if kept is None:
                return canvas
            kept.flags.writeable = False
            self._kept[digest, key] = kept
            return kept

    def clear(self) -> None:
        """Forget everything; memory and file are freed once nobody holds a canvas any more."""
        with self._lock:
            self._kept.clear()
            self._segment = None
            self._free = self.memory_bytes = self.file_bytes_used = 0

    def _in_file(self, canvas: np.ndarray) -> np.ndarray | None:
        """A copy of the canvas in the temporary file, or None where there is no room."""
        if self.file_bytes_used + canvas.nbytes > self.file_bytes:
            return None
        if self._segment is None or self._free + canvas.nbytes > len(self._segment):
            segment = _new_segment(max(_SEGMENT, canvas.nbytes))
            if segment is None:
                return None
            self._segment, self._free = segment, 0
        kept = np.frombuffer(self._segment, canvas.dtype, canvas.size, self._free).reshape(canvas.shape)
        kept[...] = canvas
        self._free += -(-canvas.nbytes // _ALIGNED) * _ALIGNED
        self.file_bytes_used += canvas.nbytes
        return kept


def _new_segment(n_bytes: int) -> mmap.mmap | None:
    """Memory-mapped temporary file with its space reserved, or None if the disk has not that much."""
    try:
        with tempfile.TemporaryFile() as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            else:
                file.truncate(n_bytes)
            return mmap.mmap(file.fileno(), n_bytes)
    except OSError:
        return None


def _default_limit() -> int:
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        memory = 8 << 30
    return min(4 << 30, memory // 4)
