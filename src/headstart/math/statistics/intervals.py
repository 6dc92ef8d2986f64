"""The one interval of a score: never of zero width, inside the score's range, for rows and for groups."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from headstart.math.statistics.comparison import wilson_interval

_BEFORE = 2.0


def score_interval(
    values: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    estimate: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
    design: float = 1.0,
    floor: float = 0.0,
    worth: float = 1.0,
) -> tuple[float, float]:
    r"""95% interval of a score whose single examples' shares are known.

    The spread of the shares s (over whole groups, where there are groups) says how many examples are worth one
    independent right-or-wrong answer,

    .. math:: D = \frac{\sum_g (\sum_{i \in g} (s_i - \bar s))^2 + 2 D_0}{n \bar s (1 - \bar s) + 2},

    and the interval is Wilson's for n / D answers, around the estimate. With few wrong answers they say little of D,
    so two more are added whose D is what one would think before: ``design``, times (1 + m) / 2 for groups of m
    examples. 40 right of 40 are thus 91 to 100%, and not 100 to 100%. A few groups say D with few degrees of freedom,
    which Student's t allows for; the added part is not estimated, so that k groups whose own part of the sum is f have
    (k - 1) / f^2 of them.

    Where a score has one bound alone, as a loss has, its distance to the bound is what Wilson's interval becomes for
    rare answers: those x whose distance to the one that was found is no more than t standard errors at x, of variance
    u x / n. The unit u is the sum of squares above over the sum of the distances; one answer that loses ``floor`` is
    added to both.

    Parameters
    ----------
    values : array of float, shape (n,)
        Share of each example; the mean is the score. For a score of a whole set, as the area under a curve, its
        influence values (see `headstart.math.statistics.influence`).
    groups : array, shape (n,), optional
        Examples of one group are not independent: the groups are what counts.
    estimate : float, optional
        Where the interval stands, as a score corrected for choosing. Default: the mean.
    low, high : float, default=0, 1
        Range of the score; at least one of them finite.
    design : float, default=1
        D before anything is seen: above 1 where rare examples decide.
    floor : float, default=0
        Where one bound alone is finite: the distance to it of an answer that was not seen.
    worth : float, default=1
        What part of an answer each is worth, where both bounds are finite: below 1 where what will answer is not what
        was measured.

    Returns
    -------
    (float, float)
        Lower and upper end, within ``low`` to ``high``.

    References
    ----------
    Wilson (1927), Probable inference; Korn and Graubard (1998), Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data, for the effective number of answers and its t
    quantiles; Satterthwaite (1946), An approximate distribution of estimates of variance components; Jaeckel (1972) for
    the variance from influence values. The two added answers are ours; benchmarks/coverage.py measures what they do.

    Examples
    --------
    >>> [round(end, 3) for end in score_interval(np.ones(40))]
    [0.912, 1.0]
    >>> [round(end, 2) for end in score_interval(np.ones(40), np.arange(40) // 5)]
    [0.78, 1.0]
    """
    v = np.asarray(values, dtype=np.float64)
    unit = np.arange(v.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    sums, sizes = np.bincount(unit, weights=v), np.bincount(unit).astype(np.float64)
    mean = float(v.mean())
    centre = mean if estimate is None else float(estimate)
    squares = float(((sums - mean * sizes) ** 2).sum())
    if math.isfinite(low) and math.isfinite(high):
        width = high - low
        n = worth * _answers((mean - low) / width, squares / width**2, sizes, design)
        ends = wilson_interval(n * min(max((centre - low) / width, 0.0), 1.0), n)
        return low + width * ends[0], low + width * ends[1]
    if math.isfinite(low):
        near, far = _distances(centre - low, mean - low, squares, sizes, floor)
        return low + near, low + far
    near, far = _distances(high - centre, high - mean, squares, sizes, floor)
    return high - far, high - near


def unpaired_difference(
    one: float, interval_of_one: Sequence[float], other: float, interval_of_other: Sequence[float]
) -> tuple[float, float]:
    r"""95% interval of the difference of two scores of different examples, one minus the other.

    .. math:: d - \sqrt{(s_1 - l_1)^2 + (u_2 - s_2)^2} \quad\text{to}\quad d + \sqrt{(u_1 - s_1)^2 + (s_2 - l_2)^2}

    Parameters
    ----------
    one, other : float
        The scores.
    interval_of_one, interval_of_other : (float, float)
        Their 95% intervals, as `score_interval` gives them; so groups count here too.

    References
    ----------
    Newcombe (1998), Interval estimation for the difference between independent proportions, method 10; Zou & Donner
    (2008), Construction of confidence limits about effect measures, for other scores.

    Examples
    --------
    >>> low, high = unpaired_difference(0.8, (0.7, 0.88), 0.9, (0.86, 0.93))
    >>> round(low, 3), round(high, 3)
    (-0.204, -0.011)
    """
    difference = one - other
    (low, high), (least, most) = interval_of_one, interval_of_other
    return difference - math.hypot(one - low, most - other), difference + math.hypot(high - one, other - least)


def _answers(mean: float, squares: float, sizes: np.ndarray, design: float) -> float:
    """How many independent right-or-wrong answers a score in 0..1 is worth."""
    n, units = float(sizes.sum()), len(sizes)
    p = min(max(mean, 0.0), 1.0)
    if units < n:
        squares *= units / max(units - 1, 1)
    before = _BEFORE * design * (1.0 + n / units) / 2.0
    answers = n / ((squares + before) / (n * p * (1.0 - p) + _BEFORE))
    if units < n:
        seen = squares / (squares + before)
        freedom = min((units - 1) / max(seen, 1e-3) ** 2, n - 1)
        answers *= (_t_quantile(n - 1) / _t_quantile(freedom)) ** 2
    return answers


def _distances(centre: float, mean: float, squares: float, sizes: np.ndarray, floor: float) -> tuple[float, float]:
    """Interval of a distance above 0 whose variance grows with it."""
    n, units = float(sizes.sum()), len(sizes)
    unseen = floor * n / units
    total = n * mean + unseen
    unit = (squares * units / max(units - 1, 1) + unseen**2) / total if total > 0 else 0.0
    shift = _t_quantile(units - 1) ** 2 * unit / (2.0 * n)
    middle = max(centre, 0.0)
    far = middle + shift + math.sqrt(shift * (2.0 * middle + shift))
    return (middle**2 / far if far > 0 else 0.0), far  # the two solve one quadratic equation


def _t_quantile(freedom: float) -> float:
    return float(stats.t.ppf(0.975, max(freedom, 1)))
