"""Rows of features, computed once: held in memory where they are few, and otherwise read from files as asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from headstart.networks.running.shards import Shard

#: Rows of a file that are read at a time.
_BLOCK = 1024
Run: TypeAlias = Callable[[list[int]], tuple[list[int], Iterable[np.ndarray]]]
"""From positions of inputs to these in the order in which they are run, and their rows, (b, width) at a time."""


class Opened:
    """A file of rows that is open, so that it can be read after its name is gone; safe to use from several threads."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.width = int(np.prod(shard.shape, dtype=np.int64))
        self._file = open(shard.path, "rb", buffering=0)  # noqa: SIM115 (closed with the object)
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        return Opened, (self.shard,)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def blocks(self, rows: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Which of ``rows``, that ascend, and those rows, (b, width): as many as stand near one another."""
        start = 0
        while start < len(rows):
            first = int(rows[start])
            end = int(np.searchsorted(rows, first + _BLOCK))
            last = int(rows[end - 1]) + 1
            block = np.empty((last - first, self.width), np.float32)
            with self._lock:
                self._file.seek(self.shard.offset + 4 * self.width * first)
                if self._file.readinto(block.reshape(-1).view(np.uint8).data) != block.nbytes:
                    raise OSError(f"Expected {block.nbytes} bytes of rows in {self.shard.path}, found fewer.")
            yield slice(start, end), block[rows[start:end] - first]
            start = end


class KeptRows:
    """n rows in one or several places.

    Parameters
    ----------
    parts : sequence of ndarray (m, width) or Opened
    part : array of int, (n,)
        In which of them a row is; -1 for one that is nowhere.
    place : array of int, (n,)
        And where in it.
    width : int

    Examples
    --------
    >>> rows = KeptRows([np.arange(6.0).reshape(3, 2)], np.zeros(2, int), np.array([2, 0]), 2)
    >>> rows.columns(1, 2).tolist(), rows[1:].columns(0, 2).tolist()
    ([[5.0], [1.0]], [[0.0, 1.0]])
    """

    def __init__(self, parts: Sequence[np.ndarray | Opened], part: np.ndarray, place: np.ndarray, width: int) -> None:
        self.parts, self.part, self.place, self.width = list(parts), part, place, width

    def __len__(self) -> int:
        return len(self.part)

    def __getitem__(self, index: Any) -> KeptRows:
        """Some of the rows: a slice, positions or a boolean mask."""
        return KeptRows(self.parts, self.part[index], self.place[index], self.width)

    @property
    def nbytes(self) -> int:
        """What all rows take in memory."""
        return 4 * len(self) * self.width

    def columns(self, first: int, last: int) -> np.ndarray:
        """Some columns of all rows, (n, last - first), float32: a new array."""
        found = np.empty((len(self), last - first), np.float32)
        for number, part in enumerate(self.parts):
            mine = np.flatnonzero(self.part == number)
            if isinstance(part, np.ndarray):
                found[mine] = part[self.place[mine], first:last]
                continue
            mine = mine[np.argsort(self.place[mine], kind="stable")]
            for which, block in part.blocks(self.place[mine]):
                found[mine[which]] = block[:, first:last]
        return found


def pieces(batches: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The same rows, at least so many at a time.

    Examples
    --------
    >>> [len(piece) for piece in pieces(iter([np.zeros((2, 1))] * 5), 3)]
    [4, 4, 2]
    """
    pending: list[np.ndarray] = []
    for batch in batches:
        pending.append(batch)
        if sum(map(len, pending)) >= size:
            yield np.concatenate(pending)
            pending = []
    if pending:
        yield np.concatenate(pending)
