"""Is A better than B on the same examples? Exact tests and intervals for paired results."""

from __future__ import annotations

import numpy as np
from scipy import stats

_EXACT_PAIRS = 20
_SAMPLES = 2000


def mcnemar_exact(correct_a: np.ndarray, correct_b: np.ndarray) -> float:
    """Two-sided exact McNemar test of two classifiers on the same examples.

    Only the examples on which exactly one of the two is right tell them apart; if neither is better, each of
    those goes to A or B by the flip of a fair coin, so their number is binomial(m, 1/2).

    Parameters
    ----------
    correct_a, correct_b : array of bool, shape (n,)
        Whether each classifier is right on each example.

    Returns
    -------
    float
        Two-sided p-value in (0, 1]; 1.0 when the two never differ.

    References
    ----------
    McNemar (1947), Note on the sampling error of the difference between correlated proportions. The exact form
    replaces the chi-square approximation by the binomial distribution.

    Examples
    --------
    >>> mcnemar_exact([1, 1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 0])
    0.03125
    """
    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    only_a, only_b = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    if only_a + only_b == 0:
        return 1.0
    return float(min(1.0, 2.0 * stats.binom.cdf(min(only_a, only_b), only_a + only_b, 0.5)))


def sign_flip(
    difference: np.ndarray, groups: np.ndarray | None = None, *, n_flips: int = 10_000, random_state: int = 0
) -> float:
    """Two-sided paired sign-flip (randomisation) test that differences are symmetric about zero.

    If A and B are exchangeable, the sign of each paired difference is a coin flip. The statistic is the absolute
    sum. Up to 20 nonzero differences all 2^n sign patterns are counted; beyond that ``n_flips`` random ones,
    with the observed pattern counted among them so that the test stays valid.

    Parameters
    ----------
    difference : array of float, shape (n,)
        Result of A minus result of B, per example.
    groups : array, shape (n,), optional
        Examples of one group (patient, speaker) flip together, because they are not independent.
    n_flips : int, default=10000
        Random sign patterns when there are too many for all.
    random_state : int, default=0
        Seed of those patterns.

    Returns
    -------
    float
        Two-sided p-value in (0, 1].

    References
    ----------
    Fisher (1935), The design of experiments, section 21; Phipson and Smyth (2010) for counting the observed one.

    Examples
    --------
    >>> sign_flip([1.0, 2.0, 3.0])
    0.25
    """
    d = np.asarray(difference, dtype=np.float64)
    if groups is not None:
        index = np.unique(np.asarray(groups), return_inverse=True)[1]
        d = np.bincount(index, weights=d).astype(np.float64)
    d = d[d != 0]
    if d.size == 0:
        return 1.0
    observed = abs(d.sum()) - 1e-12 * np.abs(d).sum()
    if d.size <= _EXACT_PAIRS:
        sums = np.zeros(1)
        for value in d:
            sums = np.concatenate([sums + value, sums - value])
        return float(np.mean(np.abs(sums) >= observed))
    rng = np.random.default_rng(random_state)
    chunk = max(1, 4_000_000 // d.size)
    reached = 0
    for start in range(0, n_flips, chunk):
        rows = min(chunk, n_flips - start)
        signs = rng.integers(0, 2, size=(rows, d.size), dtype=np.int8)
        reached += int(np.sum(np.abs(2.0 * (signs @ d) - d.sum()) >= observed))
    return (1 + reached) / (1 + n_flips)


def wilson_interval(successes: float, n: int) -> tuple[float, float]:
    """Wilson score interval of a proportion, of 95%.

    Parameters
    ----------
    successes : float
        Number of successes, 0..n; fractions are allowed (means over repeats).
    n : int
        Number of trials; 0 gives (0, 1).

    Returns
    -------
    (float, float)
        Lower and upper end, within 0..1.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    >>> tuple(round(end, 3) for end in wilson_interval(8, 10))
    (0.49, 0.943)
    """
    if n == 0:
        return 0.0, 1.0
    z = float(stats.norm.ppf(0.975))
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes <= 0 else float(max(0.0, centre - half))
    high = 1.0 if successes >= n else float(min(1.0, centre + half))
    return low, high


def newcombe_paired(correct_a: np.ndarray, correct_b: np.ndarray) -> tuple[float, float]:
    """95% interval of the difference of two accuracies measured on the same examples (Newcombe's method 10).

    The two Wilson intervals are put together, with the correlation of the two classifiers taken into account.
    Unlike the textbook interval it does not shrink to a point when the two never differ.

    Parameters
    ----------
    correct_a, correct_b : array of bool, shape (n,)
        As in `mcnemar_exact`.

    Returns
    -------
    (float, float)
        Ends of the interval of accuracy A minus accuracy B, within -1..1.

    References
    ----------
    Newcombe (1998), Improved confidence intervals for the difference between binomial proportions based on
    paired data, Statistics in Medicine 17:2635, method 10.

    Examples
    --------
    >>> low, high = newcombe_paired([1] * 30, [1] * 20 + [0] * 10)
    >>> 0.1 < low < 1 / 3 < high < 0.6
    True
    """
    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    n = a.size
    both, only_a = int(np.sum(a & b)), int(np.sum(a & ~b))
    only_b, none = int(np.sum(~a & b)), int(np.sum(~a & ~b))
    low_a, high_a = wilson_interval(both + only_a, n)
    low_b, high_b = wilson_interval(both + only_b, n)
    p_a, p_b = (both + only_a) / max(n, 1), (both + only_b) / max(n, 1)
    margins = float(both + only_a) * (only_b + none) * (both + only_b) * (only_a + none)
    cross = float(both * none - only_a * only_b)
    cross = max(0.0, cross - n / 2) if cross >= 0 else cross
    phi = 0.0 if margins == 0 else cross / np.sqrt(margins)
    down_a, up_a, down_b, up_b = p_a - low_a, high_a - p_a, p_b - low_b, high_b - p_b
    below = np.sqrt(max(0.0, down_a**2 - 2 * phi * down_a * up_b + up_b**2))
    above = np.sqrt(max(0.0, up_a**2 - 2 * phi * up_a * down_b + down_b**2))
    difference = (only_a - only_b) / max(n, 1)
    return float(max(-1.0, difference - below)), float(min(1.0, difference + above))


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray | None = None, *, random_state: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean, of coverage 95% from 2,000 samples; whole groups are drawn if given.

    Parameters
    ----------
    values : array of float, shape (n,)
        One value per example.
    groups : array, shape (n,), optional
        Examples of one group are drawn together.
    random_state : int, default=0
        Seed.

    Returns
    -------
    (float, float)
        Lower and upper end.

    References
    ----------
    Efron and Tibshirani (1993), An introduction to the bootstrap, chapter 13.

    Examples
    --------
    >>> bootstrap_mean([2.0, 2.0, 2.0])
    (2.0, 2.0)
    """
    v = np.asarray(values, dtype=np.float64)
    index = np.arange(v.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    sums, counts = np.bincount(index, weights=v), np.bincount(index).astype(np.float64)
    rng = np.random.default_rng(random_state)
    means = np.empty(_SAMPLES)
    for b in range(_SAMPLES):
        drawn = rng.integers(0, sums.size, size=sums.size)
        means[b] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
