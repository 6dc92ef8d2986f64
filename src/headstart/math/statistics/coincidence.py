"""How many rows of two sets would be equal by chance, so that more are copies; and whether rows of one name are one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy.stats import binom, rankdata

#: Standard deviations of a count beyond which it is no chance.
_SPREADS = 3.0
#: Rows of one name from which it can be seen whether they agree.
TELLING = 20
#: Part of their range that numbers fill where they were dealt in order, and names to a pattern of words.
_FILLED, _NAMES_A_PATTERN = 0.2, 5.0
#: How far from a whole number of steps numbers of a count may be.
_EVEN = 1e-3
#: With how many wrong partners on each side a pair is compared, and how many standard deviations it must be ahead.
_PARTNERS, _AHEAD = 15, 5.0
#: The same for words that are equal so often with a chance below this.
_AHEAD_BY_COUNT, _CHANCE = 3.0, 1e-5
_MOST_PAIRS = 2000
_DIGITS = re.compile(r"\d{1,15}")  # longer runs are several: they are no number that could be counted


def equal_by_chance(one: np.ndarray, other: np.ndarray) -> float:
    r"""How many rows of one set are expected to have an equal in the other, if none is a copy.

    Two rows of one set are equal with a chance c that the pairs within both sets tell (one pair more is counted, so
    that c is above 0); then a row has an equal among m others with the chance :math:`1 - e^{-mc}`, or less where some
    rows are commoner than others.

    Parameters
    ----------
    one, other : array of shape (n,), (m,)
        Keys, equal for equal rows.

    Returns
    -------
    float
        From 0 to n.

    Examples
    --------
    >>> round(equal_by_chance(np.arange(60), np.arange(160)), 2), equal_by_chance(np.zeros(60), np.zeros(160)) > 59
    (0.66, True)
    """
    met, pairs = 1.0, 1.0
    for keys in (one, other):
        counts = np.unique(keys, return_counts=True)[1].astype(np.float64)
        met += float((counts * (counts - 1)).sum()) / 2
        pairs += len(keys) * (len(keys) - 1) / 2
    return float(len(one) * -np.expm1(-len(other) * met / pairs))


def unseen_by_chance(keys: np.ndarray, n: int) -> float:
    """How many of n new rows are expected to have no equal among those seen, by the share of keys seen once.

    Where every key is seen a whole number of times more (a table pasted below itself), that number counts as once.

    Parameters
    ----------
    keys : array of shape (m,)
        Of the rows seen.
    n : int

    References
    ----------
    Good (1953), The population frequencies of species and the estimation of population parameters, Eq. (9).

    Examples
    --------
    >>> unseen_by_chance(np.array([1, 1, 2, 3]), 10), unseen_by_chance(np.array([1, 1, 2, 2]), 10)
    (5.0, 10.0)
    """
    counts = np.unique(keys, return_counts=True)[1]
    once = int(np.gcd.reduce(counts))
    return n * float((counts == once).sum() * once / counts.sum())


def beyond_chance(found: float, expected: float) -> bool:
    """Whether a count is above what is expected by more than three standard deviations (Poisson) and one.

    Examples
    --------
    >>> beyond_chance(2, 0.01), beyond_chance(1, 0.01), beyond_chance(60, 29)
    (True, False, True)
    """
    return bool(found > expected + _SPREADS * np.sqrt(expected) + 1.0 - 1e-9 and found > 1)


def dealt_in_order(names: np.ndarray) -> bool:
    """Whether names are numbers of a count (1, 2, 3; P007; hours; wells of a plate), as any other table may have them.

    Numbers then lie on a grid of even steps and fill a fifth of it or more. Words fall into patterns (digits apart),
    five names or more to each, and the numbers of a pattern fill their grid.

    Parameters
    ----------
    names : array of shape (n,)
        Numbers (NaN where missing) or words.

    Examples
    --------
    >>> [dealt_in_order(np.array(names)) for names in (["P1", "P2", "P3", "P5", "P8"], ["P17", "P9120", "P333", "P58"])]
    [True, False]
    >>> dealt_in_order(np.arange(3.0, 9.0, 0.25)), dealt_in_order(np.array([0.1, 0.25, 0.7, 0.75, 0.91]))
    (True, False)
    """
    if names.dtype.kind in "biuf":
        numbers = np.asarray(names, dtype=float)
        numbers = numbers[np.isfinite(numbers)]
        return len(numbers) > 1 and len(np.unique(numbers)) >= _FILLED * _room(numbers)
    patterns: dict[str, list[list[int]]] = {}
    for name in names.tolist():
        patterns.setdefault(_DIGITS.sub("#", name), []).append([int(run) for run in _DIGITS.findall(name)])
    if len(names) < _NAMES_A_PATTERN * len(patterns):
        return False
    grids = [np.array(runs, dtype=float).T for pattern, runs in patterns.items() if "#" in pattern]
    room = sum(float(np.prod([_room(run) for run in grid])) for grid in grids)
    return len(np.unique(names)) >= _FILLED * (room + len(patterns) - len(grids))


def in_order(names: np.ndarray) -> np.ndarray:
    """Places of names in the order in which they were dealt, (n,): words by what is no digit, then by their numbers.

    Examples
    --------
    >>> in_order(np.array(["P10", "P9", "A1"])).tolist(), in_order(np.array([3.0, 1.0])).tolist()
    ([2, 1, 0], [1, 0])
    """
    if names.dtype.kind in "biuf":
        return np.argsort(names, kind="stable")
    keys = [(_DIGITS.sub("#", name), [int(run) for run in _DIGITS.findall(name)]) for name in names.tolist()]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=int)


def _room(numbers: np.ndarray) -> float:
    """How many places a grid of even steps has from the least number to the largest; infinite off any grid."""
    known = np.unique(numbers)
    if len(known) < 2:
        return 1.0
    step = float(np.diff(known).min())
    places = (known - known[0]) / step
    return float(places[-1]) + 1.0 if np.abs(places - np.round(places)).max() < _EVEN else np.inf


def pairs_agree(columns: Sequence[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Whether pairs of rows are alike as only one thing seen twice is: more than with the partners of pairs nearby.

    Parameters
    ----------
    columns : sequence of (array of shape (k,), array of shape (k,))
        What either row of the pairs holds, numbers (NaN where missing) or words, in an order of the pairs in which
        both tables may be sorted by something: a row is compared with the partners of up to 15 pairs before and behind
        it. Pairs agree where one column, or all together, are more alike than with those by five standard deviations;
        of words three are enough where the binomial chance of so many equal ones is below 1e-5.

    Examples
    --------
    >>> ages = np.random.default_rng(0).normal(size=40)
    >>> pairs_agree([(ages, ages.round(1))]), pairs_agree([(ages, ages[::-1])]), pairs_agree([(np.arange(40),) * 2])
    (True, False, False)
    """
    k = min([len(one) for one, _ in columns], default=0)
    reach = min(_PARTNERS, (k - 1) // 2)
    if reach < 2:
        return False
    kept = np.linspace(0, k - 1, min(k, _MOST_PAIRS)).astype(int)
    shifts = [shift for shift in range(-reach, reach + 1) if shift]
    ahead = []
    for one, other in (_ranked(*pair) for pair in columns):
        alike = np.array([_likeness(one[kept], other[(kept + shift) % k]) for shift in (0, *shifts)])
        ahead.append((alike - alike[1:].mean()) / max(float(alike[1:].std(ddof=1)), 1.0 / len(kept)))
        met, n = alike[0] * len(kept), len(kept)
        if (
            one.dtype.kind == "U"
            and ahead[-1][0] > _AHEAD_BY_COUNT
            and binom.sf(met - 0.5, n, alike[1:].mean()) < _CHANCE
        ):
            return True
    together = np.sum(ahead, axis=0)
    together /= max(float(together[1:].std(ddof=1)), 1e-9)
    return bool(max(together[0], *(each[0] for each in ahead)) > _AHEAD)


def _ranked(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of both sides as their common ranks, 0 to 1, NaN where missing; words as they are."""
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return one.astype(str), other.astype(str)
    ranks = rankdata(np.concatenate([one, other]).astype(float), nan_policy="omit") / (len(one) + len(other))
    return ranks[: len(one)], ranks[len(one) :]


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Mean likeness of pairs: of words whether they are equal, of numbers how near their ranks are."""
    if one.dtype.kind == "U":
        return float(np.mean(one == other))
    apart = np.abs(one - other)
    return 1.0 - float(np.nanmean(apart)) if not np.isnan(apart).all() else 0.0
