"""Is A better than B on the same examples? Exact tests and intervals for paired results."""

from __future__ import annotations

import numpy as np
from scipy import stats

Z = float(stats.norm.ppf(0.975))
_EXACT_PAIRS = 20


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


def holm(p_values: np.ndarray) -> np.ndarray:
    """P-values of many tests, so that one of them below a level is wrong that often at most, whatever holds.

    Parameters
    ----------
    p_values : ndarray of shape (m,)

    Returns
    -------
    ndarray of shape (m,)
        The k-th smallest times m - k + 1, at least as large as those before it, and at most 1.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    found = np.empty(len(p))
    found[order] = np.minimum(stepped, 1.0)
    return found


def wilson_interval(successes: float, n: float, *, z: float = Z) -> tuple[float, float]:
    """Wilson score interval of a proportion.

    Parameters
    ----------
    successes : float
        Number of successes, 0..n; fractions are allowed (means over repeats).
    n : float
        Number of trials; 0 gives (0, 1).
    z : float, default=1.96
        Standard errors on each side; the default gives 95%.

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
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes <= 0 else float(max(0.0, centre - half))
    high = 1.0 if successes >= n else float(min(1.0, centre + half))
    return low, high
