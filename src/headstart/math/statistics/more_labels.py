"""The score to expect with more labels: a power law of the error, with a prior on how fast it falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.errors import ParameterError

#: The error falls as n to the power of minus this; its spread over sets, and what a measured curve is off by.
SLOPE, SPREAD, OFF = 0.35, 0.35, 0.5
#: Times as many labels as there are, at most: farther out nothing was ever measured.
MOST = 4.0
#: Standard errors on either side, and the smallest error that so many right answers leave possible.
_SIDES, _RARE = 1.96, 6.0


@dataclass(frozen=True)
class Expected:
    """A score with more labels: the middle, and where it lies in 9 of 10 cases."""

    value: float
    low: float
    high: float


def slope_of(n: np.ndarray, score: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    r"""How fast the error falls with labels, and the standard error of that: prior and curve together.

    The slope b of log(1 - score) = a - b log n by least squares, each point weighted by its interval and by what curves
    are off by; then the mean of it and of the prior, each weighted by its precision.

    Parameters
    ----------
    n, score, low, high : ndarray of shape (k,)
        Points of a learning curve with their 95% intervals; of fewer than two points the prior alone counts.

    Examples
    --------
    >>> few, none = np.array([10.0, 100.0]), np.array([])
    >>> slope_of(none, none, none, none)
    (0.35, 0.35)
    >>> b, spread = slope_of(few, np.array([0.5, 0.9]), np.array([0.45, 0.88]), np.array([0.55, 0.92]))
    >>> 0.35 < b < 0.7, spread < 0.35
    (True, True)
    """
    if len(n) < 2:
        return SLOPE, SPREAD
    middle, spread = _log_error(score, low, high)
    weight = 1.0 / (spread**2 + OFF**2)
    steps = np.log(n) - np.average(np.log(n), weights=weight)
    moment = float((weight * steps**2).sum())
    if moment <= 0:
        return SLOPE, SPREAD
    measured = -float((weight * steps * middle).sum()) / moment
    precision = moment + SPREAD**-2
    return (measured * moment + SLOPE * SPREAD**-2) / precision, precision**-0.5


def with_more_labels(
    score: float, interval: tuple[float, float], ratio: float, slope: tuple[float, float] = (SLOPE, SPREAD)
) -> Expected:
    r"""The score where ``ratio`` times as many labels are learned from.

    .. math:: \log(1 - s_r) = \log(1 - s) - b \log r \pm 1.96 \sqrt{\sigma^2 + \sigma_b^2 \log^2 r}

    More labels make nothing worse: the lower end is at least what it is without them.

    Parameters
    ----------
    score : float
        From 0 to 1, 1 the best.
    interval : (float, float)
        Its 95% interval, of which sigma is made.
    ratio : float
        From 1 to 5: four times the labels, of which a fifth was held out when the score was measured.
    slope : (float, float)
        b and its standard error, as `slope_of` gives them.

    Raises
    ------
    ParameterError
        For other ratios.

    References
    ----------
    Mukherjee et al. (2003), Estimating dataset size requirements for classifying DNA microarray data, equation 1, with
    the error of endless data taken as 0; a prior stands for what so few points cannot tell.

    Examples
    --------
    >>> found = with_more_labels(0.9, (0.8, 0.95), 4.0)
    >>> round(found.value, 3), found.low < 0.9 < found.high
    (0.938, True)
    """
    if not 1.0 <= ratio <= 1.25 * MOST + 1e-9:
        raise ParameterError(
            f"Expected from 1 to {1.25 * MOST:g} times the labels, found {ratio:g}.",
            f"Beyond {MOST:g} times as many nothing is said: label some of them, and fit again.",
        )
    middle, spread = _log_error(np.array([score]), np.array([interval[0]]), np.array([interval[1]]))
    b, uncertain = max(slope[0], 0.0), slope[1]
    worst = float(middle[0] + _SIDES * spread[0])
    centre = float(middle[0]) - b * np.log(ratio)
    half = _SIDES * float(np.hypot(spread[0], uncertain * np.log(ratio)))
    ends = [1.0 - min(1.0, float(np.exp(error))) for error in (centre, min(centre + half, worst), centre - half)]
    return Expected(*ends)


def _log_error(score: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of errors and their standard errors; no error at all is as one that was not seen."""
    worst = np.maximum(1.0 - low, 1e-6)
    error = np.maximum(1.0 - score, worst / _RARE)
    best = np.maximum(1.0 - high, error / _RARE)
    return np.log(error), (np.log(worst) - np.log(best)) / (2 * _SIDES)
