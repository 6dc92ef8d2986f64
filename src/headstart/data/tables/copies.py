"""Which rows of one table are in another too: as they are, or written, rounded, ordered or named otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse as sp

from headstart.data.tables.cells import DATE, Column, adapted, typed
from headstart.data.tables.near_rows import near_rows
from headstart.math.statistics.coincidence import (
    TELLING,
    beyond_chance,
    dealt_in_order,
    equal_by_chance,
    in_order,
    pairs_agree,
    unseen_by_chance,
)


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of n rows in a form in which copies are equal.

    Parameters
    ----------
    numbers : array of shape (n, p)
        NaN where missing.
    words : array of str, shape (n, q)
        Small letters, single spaces; empty where missing.
    names : array of str, shape (n, r)
        Further columns that may name the rows.
    """

    numbers: np.ndarray
    words: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=str))
    names: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=str))

    def __len__(self) -> int:
        return len(self.numbers)

    def columns(self) -> list[np.ndarray]:
        """All columns, one after the other."""
        return [*self.numbers.T, *self.words.T, *self.names.T]


#: Share of the other table that equal rows may be of to be taken for copies without a further look.
_FEW = 0.05
#: Share of rows that may have an equal by chance where equal rows are told from chance by their number.
_SELDOM = 0.1
#: Columns of numbers are measured where two values are equal in fewer pairs than this; names differ in so many rows.
_MEASURED, _NAMES = 0.02, 0.95
#: Bits that equal rows must have beyond those of choosing a pair.
_SURE = 4.0
_DIGITS = 9
_NAME, _NUMBER = "name", "number"
_ALL_BUT_ONE, _ALL_BUT_TWO = 60, 12
_SKETCH = 3
_MOST_TIMES = 4


def cells_of(one: Any, other: Any, columns: Sequence[Column] | None = None) -> tuple[Cells, Cells]:
    """Cells of two tables, as far as both have them.

    Parameters
    ----------
    one, other : frames, or arrays or CSR matrices of shape (n, d)
    columns : sequence of Column, optional
        What the columns of frames hold. Other columns that both frames have count as names of rows.
    """
    if columns is None:
        return Cells(_plain(one)), Cells(_plain(other))
    tables = (one, other)
    shared = [column for column in columns if all(column.name in frame.columns for frame in tables)]
    taken = {column.name for column in columns}
    names = [n for n in one.columns if n not in taken and all(n in frame.columns for frame in tables)]
    found = []
    derived = [part for column in shared if column.kind == DATE for part in column.parts[1:]]
    for frame in tables:
        rows = typed(frame, adapted(shared, frame)).drop(columns=derived)
        numbers = [name for name in rows.columns if rows[name].dtype.kind == "f"]
        words = [name for name in rows.columns if name not in numbers]
        found.append(Cells(rows[numbers].to_numpy(dtype=float), _words(rows[words]), _words(frame[names])))
    return found[0], found[1]


def _plain(table: Any) -> np.ndarray:
    """Rows of numbers; of a sparse matrix a few random sums of its columns, which are equal for equal rows."""
    if sp.issparse(table):
        sums = np.random.default_rng(0).normal(size=(table.shape[1], _SKETCH))
        return np.asarray(table @ sums)
    return np.asarray(table, dtype=np.float64)


def _words(frame: pd.DataFrame) -> np.ndarray:
    def plain(value: Any) -> str:
        return "" if value is None or value != value else " ".join(str(value).casefold().split())

    cells = [[plain(value) for value in frame[name].tolist()] for name in frame.columns]
    return np.array(cells, dtype=str).T if cells else np.empty((len(frame), 0), dtype=str)


def copies(one: Cells, other: Cells, labels: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Pairs (row of one, row of other) that are one thing in two tables; each row of the other is in one pair at most.

    Equal in every column, numbers to nine digits. Such rows are copies where they are at most a twentieth of the other
    table; where the columns tell rows apart (each column's bits are the negative logarithm of the share of pairs of
    rows that it has equal; half of their sum, since columns say the same in part, is four bits above the logarithm of
    the number of pairs); or where they are more than can be by chance. Rows of a few categories are equal by nature:
    those are let be, unless the labels tell. Then, of n rows, so many should lack an equal with the same label as the
    share of single ones among the other table's rows tells; where far fewer lack one, the other table holds copies, and
    each row of one claims one equal row of its label.

    So are rows that are equal in all columns but one or two, where they are more than the pairs within both tables let
    expect (one mixture tested at five ages is no copy); rows of numbers that are much
    nearer than neighbours are (`near_rows`); and rows of one name, where nearly every row of both tables has a name of
    its own and names are shared beyond chance. A column that numbers the rows of both (1, 2, 3; P001; day after day) is
    left out of all this: there rows are one thing only where the others, or the labels, agree (`pairs_agree`).

    Parameters
    ----------
    one, other : Cells
    labels : pair of arrays of shape (n,), (m,), optional

    Returns
    -------
    array of int, shape (k, 2)
        In order of the rows of the other table.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> there = rng.normal(size=(30, 3))
    >>> copies(Cells(there[[7, 3, 9]].round(3)), Cells(there)).tolist()
    [[1, 3], [0, 7], [2, 9]]
    """
    if not len(one) or not len(other):
        return np.empty((0, 2), dtype=int)
    naming = [_naming(*pair) for pair in zip(one.columns(), other.columns(), strict=True)]
    named = _of_one_name(one, other, labels, naming)
    one, other = _without_counts(one, other, naming)
    a, b = _codes(one, other)
    bits = _bits(a, b)
    sure = 2 * (np.log2(len(one) * len(other)) + _SURE)
    found = [_equal(a, b, bits.sum() >= sure, labels)]
    rest = np.setdiff1d(np.arange(len(one)), found[0][:, 0])
    found += [_at(rest, pairs) for pairs in _all_but_a_few(a[rest], b, bits, sure)]
    found.append(named)
    measured = bits[: one.numbers.shape[1]] > -np.log2(_MEASURED)
    kept = measured if measured.sum() > 1 else np.ones_like(measured)
    mine, theirs = (np.nan_to_num(side.numbers[:, kept]) for side in (one, other))
    free = np.setdiff1d(np.arange(len(other)), np.concatenate(found)[:, 1])
    for _ in range(_MOST_TIMES):  # a copy of a copy is the next nearest
        near = near_rows(mine, theirs[free], ties=bool(measured.sum() > 1))
        found.append(np.column_stack([near[:, 0], free[near[:, 1]]]))
        free = np.delete(free, near[:, 1])
        if not len(near):
            break
    pairs = np.concatenate(found)
    return pairs[np.unique(pairs[:, 1], return_index=True)[1]]


def equal_pairs(one: Cells, other: Cells, pairs: np.ndarray) -> np.ndarray:
    """Which of such pairs are equal in every column, (k,) of bool; others are near copies, or rows of one name.

    Examples
    --------
    >>> one, other = Cells(np.array([[0.5, 1.5]])), Cells(np.array([[0.5, 1.5], [0.5, 2.5]]))
    >>> equal_pairs(one, other, np.array([[0, 0], [0, 1]])).tolist()
    [True, False]
    """
    a, b = map(_keys, _codes(one, other))
    found: np.ndarray = a[pairs[:, 0]] == b[pairs[:, 1]]
    return found


def twins(one: Cells) -> list[tuple[int, int]]:
    """Pairs of rows of one table that are equal in every column, where that is no chance; a chain of each set of them.

    That is where the columns tell rows apart as in `copies`, or equal rows are at most a twentieth.

    Examples
    --------
    >>> twins(Cells(np.array([[0.5, 1.5], [2.5, 3.25], [0.5, 1.5]] + [[i + 0.5, i / 7] for i in range(3, 60)])))
    [(0, 2)]
    """
    if not len(one):
        return []
    codes = _codes(one, one)[0]
    key, counts = np.unique(_keys(codes), return_inverse=True, return_counts=True)[1:]
    key = key.reshape(-1)
    rows = np.flatnonzero(counts[key] > 1)
    if len(rows) > _FEW * len(one) and _bits(codes, codes).sum() < 2 * (2 * np.log2(len(one)) - 1 + _SURE):
        return []
    order = rows[np.argsort(key[rows], kind="stable")].tolist()
    return [(i, j) for i, j in pairwise(order) if key[i] == key[j]]


def _at(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.column_stack([rows[pairs[:, 0]], pairs[:, 1]])


def _codes(one: Cells, other: Cells) -> tuple[np.ndarray, np.ndarray]:
    """A random 64-bit number for each value of each column, the same on both sides, (n, d) and (m, d)."""
    columns = [_rounded(np.concatenate([one.numbers[:, j], other.numbers[:, j]])) for j in range(one.numbers.shape[1])]
    columns += [np.concatenate([one.words[:, j], other.words[:, j]]) for j in range(one.words.shape[1])]
    rng = np.random.default_rng(0)
    codes = np.empty((len(one) + len(other), len(columns)), dtype=np.uint64)
    for j, column in enumerate(columns):
        values, inverse = np.unique(column, return_inverse=True)
        codes[:, j] = rng.integers(0, 2**64, len(values), dtype=np.uint64)[inverse.reshape(-1)]
    return codes[: len(one)], codes[len(one) :]


def _rounded(values: np.ndarray) -> np.ndarray:
    """Numbers to nine digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.where(values != 0, np.floor(np.log10(np.abs(values))), 0.0)
    scale = 10.0 ** np.clip(_DIGITS - 1 - power, -290, 290)
    return np.round(values * scale) / scale


def _keys(codes: np.ndarray) -> np.ndarray:
    return codes.sum(axis=1, dtype=np.uint64)


def _bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How well each column tells rows apart, on the side where it does so better; rows equal altogether count once."""
    found = []
    for side in (a, b):
        alone = side[np.unique(_keys(side), return_index=True)[1]]
        n = len(alone)
        counts = [np.unique(alone[:, j], return_counts=True)[1].astype(np.float64) for j in range(side.shape[1])]
        met = np.array([float((c * (c - 1)).sum()) / 2 for c in counts])
        found.append(-np.log2((met + 1) / (n * (n - 1) / 2 + 1)))
    return np.maximum(*found)


def _pairs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """For each key of b that is in a, the first row there."""
    known, first = np.unique(a, return_index=True)
    place = np.minimum(np.searchsorted(known, b), len(known) - 1)
    rows = np.flatnonzero(known[place] == b)
    return np.column_stack([first[place[rows]], rows])


def _equal(a: np.ndarray, b: np.ndarray, sure: bool, labels: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
    """Rows that are equal in every column, where that is no chance."""
    one, other = _keys(a), _keys(b)
    pairs = _pairs(one, other)
    if sure or len(pairs) <= _FEW * len(other) or _rare(one, other):
        return pairs
    if labels is None:
        return pairs[:0]
    own = _codes(*(Cells(np.empty((len(y), 0)), np.asarray(y).astype(str).reshape(len(y), -1)) for y in labels))
    return _claimed(one + _keys(own[0]), other + _keys(own[1]))


def _rare(one: np.ndarray, other: np.ndarray, most: float = _SELDOM) -> bool:
    """Whether more keys are shared than by chance, of which at most a share of all rows is to be expected."""
    expected = equal_by_chance(one, other)
    return expected < most * len(one) and beyond_chance(int(np.isin(one, other).sum()), expected)


def _claimed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """For each row of one a row of the other with its key, none twice; nothing where enough rows lack such a one."""
    expected = unseen_by_chance(other, len(one))
    if not beyond_chance(expected - int((~np.isin(one, other)).sum()) - 3 * np.sqrt(expected), 0.0):
        return np.empty((0, 2), dtype=int)
    free: dict[int, list[int]] = {}
    for row, key in enumerate(other.tolist()):
        free.setdefault(key, []).append(row)
    found = [(i, free[key].pop()) for i, key in enumerate(one.tolist()) if free.get(key)]
    return np.array(found, dtype=int).reshape(-1, 2)


def _all_but_a_few(a: np.ndarray, b: np.ndarray, bits: np.ndarray, sure: float) -> list[np.ndarray]:
    """Rows that are equal but for a column, or for two where there are few columns."""
    d, found = a.shape[1], []
    one, other = _keys(a), _keys(b)
    sets: list[tuple[int, ...]] = [(j,) for j in range(d)] if 3 <= d <= _ALL_BUT_ONE else []
    sets += combinations(range(d), 2) if 5 <= d <= _ALL_BUT_TWO else []
    for left in sets if len(a) else []:
        out = list(left)
        mine, theirs = one - _keys(a[:, out]), other - _keys(b[:, out])
        if _rare(mine, theirs, 0.5 if bits.sum() - bits[out].sum() >= sure else _SELDOM):
            found.append(_pairs(mine, theirs))
    return found


def _naming(one: np.ndarray, other: np.ndarray) -> str:
    """Whether nearly every row of both tables has a value of its own in a column: its name, or only its number."""
    if min(len(one), len(other)) < 3 or min(len(np.unique(side)) / len(side) for side in (one, other)) < _NAMES:
        return ""
    return _NUMBER if dealt_in_order(one) or dealt_in_order(other) else _NAME


def _without_counts(one: Cells, other: Cells, naming: Sequence[str]) -> tuple[Cells, Cells]:
    """Both without columns that number their rows (1, 2, 3; day after day), in which any two tables are alike."""
    kept = np.array([how != _NUMBER for how in naming], dtype=bool)
    p, q = one.numbers.shape[1], one.words.shape[1]
    if not kept[: p + q].any():
        return one, other
    mine, theirs = (
        Cells(side.numbers[:, kept[:p]], side.words[:, kept[p : p + q]], side.names) for side in (one, other)
    )
    return mine, theirs


def _of_one_name(
    one: Cells, other: Cells, labels: tuple[np.ndarray, np.ndarray] | None, naming: Sequence[str]
) -> np.ndarray:
    """Rows of the same name, for the columns of words or whole numbers that name rows.

    Other tables too have names that were dealt in order (rows 1, 2, 3), and numbers of one size: rows of such a name
    are one thing only where what else they hold, or their labels, agree. Too few numbers to tell count as names.
    """
    found, columns = [np.empty((0, 2), dtype=int)], list(zip(one.columns(), other.columns(), strict=True))
    telling = [pair for pair, how in zip(columns, naming, strict=True) if how != _NUMBER]
    telling += [] if labels is None else [labels]
    for (mine, theirs), how in zip(columns, naming, strict=True):
        pairs = _pairs(mine, theirs) if how else found[0]
        if not len(pairs):
            continue
        numbers = pd.to_numeric(pd.Series(np.concatenate([mine, theirs])), errors="coerce").to_numpy(dtype=float)
        if how == _NAME and not beyond_chance(len(np.unique(pairs[:, 0])), _names_met(mine, theirs, numbers)):
            continue
        if how == _NUMBER or (not np.isnan(numbers).any() and len(pairs) >= TELLING):
            rows = pairs[in_order(mine[pairs[:, 0]])].T
            if not pairs_agree([(x[rows[0]], z[rows[1]]) for x, z in telling if x is not mine]):
                continue
        found.append(pairs)
    return np.concatenate(found)


def _names_met(one: np.ndarray, other: np.ndarray, numbers: np.ndarray) -> float:
    """How many names are shared by chance: whole numbers fill their range; numbers that are not whole are no names."""
    if np.isnan(numbers).any():
        return 0.0 if one.dtype.kind == "U" else float(len(one))
    if (numbers % 1 != 0).any():
        return float(len(one))
    return max(equal_by_chance(one, other), len(one) * min(len(other) / (float(np.ptp(numbers)) + 1), 1.0))
