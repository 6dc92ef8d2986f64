"""Prints of inputs by which near copies are found: re-encoded, resized, mirrored, at another level, in other spaces."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: Extents (shape of a picture, seconds of a clip) of one input differ by no more than this, relatively.
SAME_EXTENT = 0.06
#: How many are compared with how many at a time, and what single precision may lose of vectors of length 1.
_ROWS, _COLUMNS, _ROUNDING = 512, 8192, 1e-5


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

    Vectors are compared in full only where their lowest frequencies are close, which products tell: those are an
    orthonormal part of the vectors, so that no pair is missed. Memory grows with n, not with its square.
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
    firsts: dict[bytes, list[int]] = defaultdict(list)
    found = set()
    for i in told.tolist():  # equal ones are chained, so that a thousand of them are no million pairs
        alike = firsts[blake2b(prints.vectors[i].tobytes(), digest_size=16).digest()]
        first = next((j for j in alike if _same_extent(prints, i, j)), None)
        if first is None:
            alike.append(i)
        else:
            found.add((first, i))
    rows = np.sort(np.fromiter(itertools.chain.from_iterable(firsts.values()), dtype=np.intp))
    low, sets = _lowest(prints.vectors, rows), np.arange(len(rows))
    reach = float(np.sqrt(prints.close))
    for turned in (False, True) if prints.mirrored else (False,):
        # mirrored, every second frequency across changes its sign
        other = low * np.where(np.arange(low.shape[2]) % 2, -1, 1).astype(np.float32) if turned else low
        for pairs in _within(other.reshape(len(rows), -1), low.reshape(len(rows), -1), reach):
            near, sets = _close(prints, rows, pairs, sets, turned)
            found |= near
    return found


def _within(one: np.ndarray, other: np.ndarray, reach: float) -> Iterator[np.ndarray]:
    """Positions i < j, (k, 2), of rows that lie within a distance of each other; some of a little more among them."""
    across = int(other.std(axis=0).argmax())
    orders = np.argsort(one[:, across]), np.argsort(other[:, across])
    one, other = one[orders[0]], other[orders[1]]
    squares = np.square(one).sum(axis=1), np.square(other).sum(axis=1)
    for start in range(0, len(one), _ROWS):
        rows = one[start : start + _ROWS]
        ends = rows[0, across] - reach - _ROUNDING, rows[-1, across] + reach + _ROUNDING
        first, last = np.searchsorted(other[:, across], ends)
        for begin in range(first, last, _COLUMNS):
            part = slice(begin, min(begin + _COLUMNS, last))
            apart = squares[0][start : start + _ROWS, None] + squares[1][part] - 2 * rows @ other[part].T
            i, j = np.nonzero(apart <= reach**2 + _ROUNDING)
            pairs = np.stack([orders[0][start + i], orders[1][begin + j]], axis=1)
            yield pairs[pairs[:, 0] < pairs[:, 1]]


def _close(
    prints: Prints, rows: np.ndarray, pairs: np.ndarray, sets: np.ndarray, turned: bool
) -> tuple[set[tuple[int, int]], np.ndarray]:
    """Those of the pairs that are near copies and not of one set yet; and the sets with them."""
    assert prints.vectors is not None
    found: set[tuple[int, int]] = set()
    for start in range(0, len(pairs), 4096):
        part = pairs[start : start + 4096]
        part = part[sets[part[:, 0]] != sets[part[:, 1]]]
        i, j = rows[part].T
        one = prints.vectors[i][:, :, ::-1] if turned else prints.vectors[i]
        apart = np.square(one - prints.vectors[j], dtype=np.float32).sum(axis=(1, 2))
        part = part[(apart <= prints.close) & _same_extents(prints, i, j)]
        if len(part):
            found.update(map(tuple, rows[part].tolist()))
            joined = coo_array((np.ones(len(part)), sets[part].T), shape=(len(rows), len(rows)))
            sets = connected_components(joined, directed=False)[1][sets]
    return found, sets


def _same_extents(prints: Prints, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    if prints.extents is None:
        return np.ones(len(i), dtype=bool)
    return np.asarray(np.abs(prints.extents[i] - prints.extents[j]) <= SAME_EXTENT)


def _same_extent(prints: Prints, i: int, j: int) -> bool:
    return bool(_same_extents(prints, np.array([i]), np.array([j]))[0])


def _lowest(vectors: np.ndarray, rows: np.ndarray, side: int = 5) -> np.ndarray:
    """The lowest frequencies of some of the vectors, (n, h, w)."""
    parts = np.array_split(rows, 1 + len(rows) // 4096)
    turned = [dctn(vectors[part], axes=(1, 2), norm="ortho")[:, :side, :side].copy() for part in parts]
    return np.concatenate(turned).astype(np.float32)
