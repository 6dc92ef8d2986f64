"""Prints of inputs by which near copies are found: re-encoded, resized, mirrored, at another level, in other spaces."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import dctn
from scipy.spatial import cKDTree

#: Extents (shape of a picture, seconds of a clip) of one input differ by no more than this, relatively.
SAME_EXTENT = 0.06


@dataclass(frozen=True, eq=False)
class Prints:
    """Prints of n inputs.

    Parameters
    ----------
    keys : tuple of n bytes
        Equal for near copies; empty where there is none (then the vectors alone tell).
    vectors : ndarray of shape (n, h, w), float32, or None
        Small pictures of the inputs, each of unit length with mean 0; zeros where an input has nothing to tell it by.
    extents : ndarray of shape (n,) or None
        Logarithm of what near copies share beside the vectors.
    close : float, default=0.006
        Vectors whose squared distance is at most this are of one input; at most 4, for they are of length 1.
    mirrored : bool, default=False
        Whether vectors that are mirrored left and right are of near copies too.

    Examples
    --------
    >>> prints = Prints((b"a", b"b", b"a"))
    >>> near_pairs(prints)
    [(0, 2)]
    """

    keys: tuple[bytes, ...] = ()
    vectors: np.ndarray | None = None
    extents: np.ndarray | None = None
    close: float = 0.006
    mirrored: bool = False

    def __len__(self) -> int:
        return len(self.keys) if self.vectors is None else len(self.vectors)

    def at(self, rows: np.ndarray) -> Prints:
        """The prints of some rows."""
        return Prints(
            tuple(self.keys[i] for i in rows.tolist()) if self.keys else (),
            None if self.vectors is None else self.vectors[rows],
            None if self.extents is None else self.extents[rows],
            self.close,
            self.mirrored,
        )

    def joined(self, other: Prints) -> Prints:
        """These prints and then others of the same kind."""
        both = [(self.vectors, other.vectors), (self.extents, other.extents)]
        vectors, extents = (None if a is None or b is None else np.concatenate([a, b]) for a, b in both)
        return Prints((*self.keys, *other.keys), vectors, extents, self.close, self.mirrored)


def near_pairs(prints: Prints) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of near copies; of a set of m copies at least m - 1 that connect them.

    Vectors are compared in full only where their lowest frequencies are close, which a tree tells: those are an
    orthonormal part of the vectors, so that no pair is missed.
    """
    found = set(_by_key(prints.keys))
    if prints.vectors is not None and len(prints.vectors) > 1:
        found |= _by_vector(prints)
    return sorted(found)


def unit(values: np.ndarray, least: float) -> np.ndarray:
    """Values with mean 0 and length 1; zeros where they vary less than ``least``.

    Examples
    --------
    >>> unit(np.array([1.0, 3.0]), 0.1).tolist()
    [-0.7071067690849304, 0.7071067690849304]
    """
    flat = values.astype(np.float64) - values.mean()
    if flat.std() < least:
        return np.zeros(values.shape, np.float32)
    return (flat / np.linalg.norm(flat)).astype(np.float32)


def _by_key(keys: Sequence[bytes]) -> list[tuple[int, int]]:
    alike: dict[bytes, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        if key:
            alike[key].append(i)
    return [pair for rows in alike.values() for pair in itertools.pairwise(rows)]


def _by_vector(prints: Prints) -> set[tuple[int, int]]:
    assert prints.vectors is not None
    told = np.flatnonzero(prints.vectors.reshape(len(prints.vectors), -1).any(axis=1))
    if len(told) < 2:
        return set()
    seen: dict[bytes, int] = {}
    found = set()
    for i in told.tolist():  # equal ones are chained, so that a thousand of them are no million pairs
        first = seen.setdefault(prints.vectors[i].tobytes(), i)
        if first != i and _same_extent(prints, first, i):
            found.add((first, i))
    rows = np.array(sorted(seen.values()))
    vectors = prints.vectors[rows]
    low = _lowest(vectors)
    tree, radius = cKDTree(low), float(np.sqrt(prints.close))
    found |= _close(prints, rows, vectors, vectors, tree.query_pairs(radius, output_type="ndarray"))
    if prints.mirrored:
        turned = vectors[:, :, ::-1]
        other = cKDTree(_lowest(turned)).sparse_distance_matrix(tree, radius, output_type="coo_matrix")
        pairs = np.stack([other.row, other.col], axis=1)
        found |= _close(prints, rows, turned, vectors, pairs[pairs[:, 0] < pairs[:, 1]])
    return found


def _close(
    prints: Prints, rows: np.ndarray, one: np.ndarray, other: np.ndarray, pairs: np.ndarray
) -> set[tuple[int, int]]:
    found = set()
    for start in range(0, len(pairs), 4096):
        part = pairs[start : start + 4096]
        apart = np.square(one[part[:, 0]] - other[part[:, 1]], dtype=np.float32).sum(axis=(1, 2))
        for i, j in rows[part[apart <= prints.close]].tolist():
            if _same_extent(prints, i, j):
                found.add((min(i, j), max(i, j)))
    return found


def _same_extent(prints: Prints, i: int, j: int) -> bool:
    return prints.extents is None or abs(float(prints.extents[i] - prints.extents[j])) <= SAME_EXTENT


def _lowest(vectors: np.ndarray, side: int = 5) -> np.ndarray:
    """The lowest frequencies of each vector, (n, k)."""
    turned = dctn(vectors, axes=(1, 2), norm="ortho")[:, :side, :side]
    return np.ascontiguousarray(turned.reshape(len(vectors), -1), dtype=np.float64)
