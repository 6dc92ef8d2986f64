"""Two classes, one of which is looked for: what each threshold finds and spares, and what an answer is then worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from headstart.errors import ParameterError
from headstart.math.statistics.intervals import score_interval

#: Points of a curve that are kept at most, and the least step between thresholds.
POINTS, STEP = 200, 1e-6

Share = tuple[float, float, float]
"""A share and the ends of its 95% interval."""


@dataclass(frozen=True, eq=False)
class OperatingPoints:
    """What each threshold finds and spares: an example whose score reaches it is taken for the class looked for.

    Parameters
    ----------
    threshold : ndarray of shape (m,)
        Rising, from 0 (all are taken) to just above 1 (none is).
    sensitivity, specificity : ndarray of shape (m, 3)
        Share of those of the class that are found, and of the others that are spared, with its 95% interval.
    n_positive, n_negative : int
        Examples of the class, and others.
    """

    threshold: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray
    n_positive: int
    n_negative: int

    def at(self, threshold: float) -> int:
        """Position of the first point that is no lower than a threshold.

        Scores were seen at the points; between two of them nothing changes but what was left out of a long curve.
        """
        return min(int(np.searchsorted(self.threshold, threshold - STEP / 2)), len(self.threshold) - 1)

    def finding(self, sensitivity: float) -> int:
        r"""Position of the highest threshold that finds so much among new examples, on average.

        With w of the n examples of the class below a threshold, the highest one with

        .. math:: \frac{w + 1}{n + 1} \le 1 - s;

        a new example of the class is as likely to fall into each of the n + 1 gaps between their scores.

        Parameters
        ----------
        sensitivity : float
            Above 0, below 1.

        Raises
        ------
        ParameterError
            For no share, or one that so few examples cannot promise.

        References
        ----------
        Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, section 4.2.
        """
        return int(_surely(self.sensitivity[:, 0], self.n_positive, sensitivity, "sensitivity")[-1])

    def sparing(self, specificity: float) -> int:
        """Position of the lowest threshold that spares so much among new examples, on average; see `finding`."""
        return int(_surely(self.specificity[:, 0], self.n_negative, specificity, "specificity")[0])

    def turned(self) -> OperatingPoints:
        """The same where the other class is looked for, whose score is one minus this one.

        Examples
        --------
        >>> points = operating_points(np.array([0.2, 0.7, 0.9]), np.array([False, True, True]))
        >>> other = points.turned()
        >>> k = other.at(0.5)
        >>> float(other.sensitivity[k, 0]), float(other.specificity[k, 0]), other.n_positive
        (1.0, 1.0, 1)
        """
        # who is below a threshold is at most at the one before it
        threshold = np.append(np.round(1.0 - self.threshold[-2::-1], 6), 1.0 + STEP)
        return OperatingPoints(
            threshold, self.specificity[::-1], self.sensitivity[::-1], self.n_negative, self.n_positive
        )


def operating_points(
    score: np.ndarray, positive: np.ndarray, groups: np.ndarray | None = None, worth: float = 1.0
) -> OperatingPoints:
    """Sensitivity and specificity at each threshold that changes an answer, with their intervals.

    Of many different scores a hundred that part those of the class, and a hundred that part the others, in equal
    shares are kept, and 0.5.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Probability of the class that is looked for.
    positive : ndarray of bool, shape (n,)
        Which examples are of the class; at least one is, and one is not.
    groups : ndarray of shape (n,), optional
        Examples of one group are not independent.
    worth : float, default=1
        What part of an answer each is worth, see `headstart.math.statistics.intervals.score_interval`.

    Examples
    --------
    >>> points = operating_points(np.array([0.2, 0.4, 0.7, 0.9]), np.array([False, True, False, True]))
    >>> points.threshold[:3].tolist(), points.sensitivity[:, 0].tolist(), points.specificity[:, 0].tolist()
    ([0.0, 0.2, 0.4], [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.0], [0.0, 0.0, 0.5, 0.5, 0.5, 1.0, 1.0])
    """
    score = np.floor(np.asarray(score, dtype=np.float64) / STEP + 1e-3) * STEP
    positive = np.asarray(positive, dtype=bool)
    steps = np.unique(score)
    if len(steps) > POINTS - 3:
        shares = np.linspace(0, 1, POINTS // 2 - 1)
        steps = np.concatenate([np.quantile(score[side], shares, method="lower") for side in (positive, ~positive)])
    steps = np.unique(np.round([0.0, *steps, 0.5, 1.0 + STEP], 6))
    found: list[list[Share]] = []
    for side in (positive, ~positive):
        own, of = score[side], None if groups is None else np.asarray(groups)[side]
        taken = own[None, :] >= steps[:, None] - STEP / 2
        found.append([_share(row if side is positive else ~row, of, worth) for row in taken])
    sensitivity, specificity = (np.array(side) for side in found)
    return OperatingPoints(steps, sensitivity, specificity, int(positive.sum()), int((~positive).sum()))


def _share(right: np.ndarray, groups: np.ndarray | None, worth: float) -> Share:
    return (float(right.mean()), *score_interval(right.astype(np.float64), groups, worth=worth))


def _surely(share: np.ndarray, n: int, wanted: float, name: str) -> np.ndarray:
    """Positions at which new examples are right so often, on average."""
    if not 0 < wanted < 1:
        raise ParameterError(f"Expected a {name} between 0 and 1, found {wanted:g}.", "0.95 is 95 of 100.")
    wrong = np.round((1.0 - share) * n)
    reached = np.flatnonzero((wrong + 1) / (n + 1) <= 1.0 - wanted + 1e-12)
    if not len(reached):
        needed = math.ceil(wanted / (1.0 - wanted) - 1e-9)
        raise ParameterError(
            f"Expected {needed} or more examples to promise a {name} of {wanted:g}, found {n}.",
            "Label more, or ask for less.",
        )
    return reached


def predictive_values(sensitivity: Share, specificity: Share, prevalence: float) -> tuple[Share | None, Share | None]:
    r"""How often each of the two answers is right where a share of all examples is of the class looked for.

    .. math::
        \mathrm{PPV} = \frac{\pi}{\pi + (1 - \pi)\, q},\; q = \frac{1 - \mathrm{spec}}{\mathrm{sens}}, \qquad
        \mathrm{NPV} = \frac{1 - \pi}{1 - \pi + \pi\, r},\; r = \frac{1 - \mathrm{sens}}{\mathrm{spec}}.

    The intervals are those of the ratios q and r, recovered from the intervals of sensitivity and specificity.

    Parameters
    ----------
    sensitivity, specificity : (value, low, high)
        Of different examples.
    prevalence : float
        Above 0, below 1.

    Returns
    -------
    (value, low, high) or None, twice
        Positive and negative predictive value; None for an answer that is never given.

    Raises
    ------
    ParameterError
        For a prevalence that is no share.

    References
    ----------
    Donner & Zou (2012), Closed-form confidence intervals for functions of the normal mean and standard deviation, for
    the ratio of two estimates with their intervals; Mercaldo, Lau & Zhou (2007), Confidence intervals for predictive
    values with an emphasis to case-control studies, for predictive values at a stated prevalence.

    Examples
    --------
    >>> ppv, npv = predictive_values((0.9, 0.85, 0.94), (0.8, 0.75, 0.84), 0.1)
    >>> [round(end, 3) for end in ppv], round(npv[0], 3)
    ([0.333, 0.284, 0.386], 0.986)
    """
    check_prevalence(prevalence)
    odds = (1.0 - prevalence) / prevalence
    found: list[Share | None] = []
    for hit, other, weight in ((sensitivity, specificity, odds), (specificity, sensitivity, 1.0 / odds)):
        ratio = _ratio((1.0 - other[0], 1.0 - other[2], 1.0 - other[1]), hit)
        if ratio is None:
            found.append(None)
        else:
            value, low, high = (1.0 / (1.0 + weight * end) for end in ratio)
            found.append((value, high, low))
    return found[0], found[1]


def check_prevalence(prevalence: float) -> None:
    """Refuse what is no share of all examples.

    Raises
    ------
    ParameterError
    """
    if not 0 < prevalence < 1:
        raise ParameterError(
            f"Expected a prevalence between 0 and 1, found {prevalence:g}.",
            "0.05: of 100 examples where the model is used, 5 are of the class looked for.",
        )


def _ratio(one: Share, other: Share) -> Share | None:
    """One share over another, of other examples; None where both can be nothing at once."""
    (a, low_a, high_a), (b, low_b, high_b) = one, other
    if b <= 0 or low_b <= 0:
        return None
    product = a * b
    below = product**2 - low_a * high_b * (2 * a - low_a) * (2 * b - high_b)
    above = product**2 - high_a * low_b * (2 * a - high_a) * (2 * b - low_b)
    low = (product - math.sqrt(max(below, 0.0))) / (high_b * (2 * b - high_b)) if 2 * b > high_b else 0.0
    high = (product + math.sqrt(max(above, 0.0))) / (low_b * (2 * b - low_b))
    return a / b, max(0.0, min(low, a / b)), max(high, a / b)
