"""How much better is A than B on the same examples? A test and the interval of the differences it does not reject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from headstart.math.statistics.comparison import Z, mcnemar_exact, wilson_interval


@dataclass(frozen=True)
class Paired:
    """A paired comparison.

    Parameters
    ----------
    difference : float
        Mean of A minus mean of B.
    p_value : float
        Two-sided, that there is no difference.
    low, high : float
        Ends of the interval; 0 lies outside exactly when ``p_value`` is under the level. Infinite where so few units
        differ that nothing can be rejected.
    test : str
        Name of the test that both come from.
    """

    difference: float
    p_value: float
    low: float
    high: float
    test: str


MCNEMAR = "exact McNemar test"
SIGN_FLIP = "paired sign-flip test"
GROUPED = "paired sign-flip test over groups"
_FLIPS = 9_999
_CHUNK = 4_000_000
_FEW = 6
_MOST = 2_000


def paired(
    a: np.ndarray, b: np.ndarray, groups: np.ndarray | None = None, *, level: float = 0.05, random_state: int = 0
) -> Paired:
    """Compare scores of the same examples, by the exact McNemar test or by sign flips.

    Right or wrong answers of independent examples: McNemar's test asks whether A's share of the answers in which the
    two differ is a half. The interval of that share (Clopper and Pearson), which leaves out a half exactly when the
    test rejects, times the share of examples that differ, is the interval of the difference; of the share of examples
    that differ that end of Wilson's interval (of 1.96 / sqrt 2 standard errors, since two uncertain shares are
    multiplied) is taken which makes it wider, so that it has a width where the two never differ.

    Everything else: if A is better by d, the sign of each unit's difference less d is a coin. A pattern of flips
    reaches the observed sum exactly when d is at least the mean difference of the units that it flips, or of those
    that it leaves. So the quantiles of the smaller and of the larger of these two means over all patterns are the ends
    of the interval, and the share of patterns whose smaller mean is at most 0 is the p-value. More than 2,000 units
    flip in random bundles.

    Parameters
    ----------
    a, b : array of float, shape (n,)
        Score of each example; larger is better.
    groups : array, shape (n,), optional
        Examples of one group flip together, because they are not independent.
    level : float, default=0.05
        Of the test; the interval has one minus it.
    random_state : int, default=0
        Seed of 9,999 random patterns.

    Returns
    -------
    Paired

    References
    ----------
    McNemar (1947); Clopper and Pearson (1934); Fagerland, Lydersen and Laake (2014), Recommended tests and confidence
    intervals for paired binomial proportions; Hartigan (1969), Using subsample values as typical values, for the means
    of flipped units.

    Examples
    --------
    >>> found = paired(np.ones(30), np.repeat([1.0, 0.0], [20, 10]))
    >>> round(found.p_value, 3), 0 < found.low < found.difference < found.high
    (0.002, True)
    >>> same = paired(np.ones(30), np.ones(30))
    >>> same.p_value, same.low < 0 < same.high
    (1.0, True)
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    grouped = groups is not None and len(np.unique(groups)) < len(a)
    if not grouped and right_or_wrong(a) and right_or_wrong(b):
        return _mcnemar(a > 0.5, b > 0.5, level)
    unit = np.unique(np.asarray(groups), return_inverse=True)[1] if grouped else np.arange(len(a))
    sums, sizes = np.bincount(unit, a - b), np.bincount(unit).astype(float)
    if len(sums) > _MOST:
        bundle = np.random.default_rng(random_state).permutation(len(sums)) % _MOST
        sums, sizes = np.bincount(bundle, sums), np.bincount(bundle, sizes)
    return _flips(sums, sizes, level, random_state, grouped)


def right_or_wrong(scores: np.ndarray) -> bool:
    """Whether each score is 0 or 1."""
    return bool(((scores == 0) | (scores == 1)).all())


def _mcnemar(a: np.ndarray, b: np.ndarray, level: float) -> Paired:
    n, only_a, only_b = len(a), int((a & ~b).sum()), int((b & ~a).sum())
    differ = only_a + only_b
    least = stats.beta.ppf(level / 2, only_a, only_b + 1) if only_a else 0.0
    most = stats.beta.ppf(1 - level / 2, only_a + 1, only_b) if only_b else 1.0
    fewest, largest = wilson_interval(differ, n, z=Z / np.sqrt(2.0))
    ends = [2.0 * float(share) - 1.0 for share in (least, most)]
    low = ends[0] * (largest if ends[0] < 0 else fewest)
    high = ends[1] * (largest if ends[1] > 0 else fewest)
    difference = (only_a - only_b) / n
    return Paired(difference, mcnemar_exact(a, b), min(low, difference), max(high, difference), MCNEMAR)


def _flips(sums: np.ndarray, sizes: np.ndarray, level: float, random_state: int, grouped: bool) -> Paired:
    name = GROUPED if grouped else SIGN_FLIP
    difference = float(sums.sum() / sizes.sum())
    tiny = 1e-12 * float(np.abs(sums).sum()) / sizes.sum()
    smaller, larger = _means(sums, sizes, random_state)
    side = smaller if difference > 0 else -larger
    p_value = 1.0 if difference == 0 else float((1 + (side <= tiny).sum()) / (1 + len(side)))
    k = int(np.ceil(level * (1 + _FLIPS) - 1e-9)) - 2
    low, high = float(np.sort(smaller)[k]), float(-np.sort(-larger)[k])
    differ = int((sums != 0).sum())
    if p_value >= level:
        low, high = min(low, 0.0), max(high, 0.0)
        if differ < _FEW:  # nothing to flip: as many more may differ as were not seen to
            most = wilson_interval(differ, len(sums))[1] * (float(np.abs(sums / sizes).max()) or 1.0)
            low, high = min(low, -most), max(high, most)
    return Paired(difference, p_value, low, high, name)


def _means(sums: np.ndarray, sizes: np.ndarray, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Of random patterns, the smaller and the larger of the mean of flipped units and that of the others."""
    rng = np.random.default_rng(random_state)
    smaller, larger = np.empty(_FLIPS), np.empty(_FLIPS)
    step = max(1, _CHUNK // len(sums))
    both = np.column_stack([sums, sizes])
    for start in range(0, _FLIPS, step):
        flipped = rng.integers(0, 2, size=(min(step, _FLIPS - start), len(sums)), dtype=np.int8) @ both
        rest = both.sum(axis=0) - flipped
        whole = (flipped[:, 1] == 0) | (rest[:, 1] == 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.stack([flipped[:, 0] / flipped[:, 1], rest[:, 0] / rest[:, 1]])
        rows = slice(start, start + len(whole))
        smaller[rows] = np.where(whole, -np.inf, means.min(axis=0))
        larger[rows] = np.where(whole, np.inf, means.max(axis=0))
    return smaller, larger
