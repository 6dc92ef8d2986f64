"""Average precision of found boxes, as COCO defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.math.boxes.matching import AREAS, MOST, THRESHOLDS, Marked, Matches, matches_of
from headstart.math.statistics.paired import Paired, paired

#: Recalls at which precision is read off.
RECALLS = np.linspace(0, 1, 101)
_CHUNK = 4_000_000


@dataclass(frozen=True, eq=False)
class AveragePrecision:
    """How well boxes were found, class by class.

    Parameters
    ----------
    classes : tuple
        Those of which some box was to be found.
    table : array of shape (T, K)
        Average precision at each overlap that was asked for, of each class, from 0 to 1.
    thresholds : array of shape (T,)

    Attributes
    ----------
    ap, ap50, ap75 : float
        Mean over classes: over all overlaps, at 0.5, at 0.75; NaN where nothing was to be found, or that overlap was
        not asked for.
    """

    classes: tuple[Any, ...]
    table: np.ndarray
    thresholds: np.ndarray

    @property
    def ap(self) -> float:
        """Mean over classes and overlaps."""
        return float(self.table.mean()) if self.table.size else float("nan")

    @property
    def ap50(self) -> float:
        """Mean over classes at an overlap of 0.5."""
        return self._at(0.5)

    @property
    def ap75(self) -> float:
        """Mean over classes at an overlap of 0.75."""
        return self._at(0.75)

    def of_class(self, threshold: float | None = None) -> dict[Any, float]:
        """Average precision by class, over all overlaps or at one of them."""
        rows = slice(None) if threshold is None else np.isclose(self.thresholds, threshold)
        return dict(zip(self.classes, self.table[rows].mean(axis=0).tolist(), strict=True))

    def _at(self, threshold: float) -> float:
        rows = self.table[np.isclose(self.thresholds, threshold)]
        return float(rows.mean()) if rows.size else float("nan")


def average_precision(
    drawn: Sequence[Marked],
    found: Sequence[Marked],
    classes: Sequence[Any] | None = None,
    *,
    thresholds: Sequence[float] | np.ndarray = THRESHOLDS,
    most: int = MOST,
    area: str = "all",
) -> AveragePrecision:
    r"""Area under precision over recall, by COCO's rules, of each class of boxes.

    Found boxes of all pictures are sorted by score; with precision :math:`p(k) = TP_k / (TP_k + FP_k)` of the first k
    and recall :math:`r(k) = TP_k / P`,

    .. math:: AP = \frac{1}{101} \sum_{r \in \{0, 0.01, \ldots, 1\}} \max_{k: r(k) \ge r} p(k)

    A picture without boxes counts by what was found in it all the same. Equal to COCO's own program, but that the area
    of a drawn thing is that of its box.

    Parameters
    ----------
    drawn, found : sequence of n Marked
        The boxes of each picture; those that were found have scores.
    classes : sequence, optional
        Which are looked at. Default: those that were drawn. Those of which nothing is to be found are passed over.
    thresholds : sequence of T float, default=0.5, 0.55, ..., 0.95
        Overlaps that are asked for, above 0 and at most 1.
    most : int, default=100
        Found boxes of a class that count in one picture.
    area : {"all", "small", "medium", "large"}, default="all"
        Of what is to be found: below 32 x 32 pixels, from there to 96 x 96, or above.

    Returns
    -------
    AveragePrecision

    References
    ----------
    Lin et al. (2014), Microsoft COCO: common objects in context.

    Examples
    --------
    >>> from headstart.data.boxes.boxes import Boxes
    >>> drawn = [Boxes([[0, 0, 10, 10]], ["car"]), Boxes([], [])]
    >>> found = [Boxes([[0, 0, 10, 8]], ["car"], [0.9]), Boxes([[5, 5, 9, 9]], ["car"], [0.95])]
    >>> score = average_precision(drawn, found)
    >>> round(score.ap50, 3), round(score.ap75, 3), round(score.ap, 3)
    (0.5, 0.5, 0.35)
    """
    every = all_matches(drawn, found, classes, thresholds=thresholds, most=most, area=area)
    columns = [_whole(one) for one in every.values()]
    table = np.concatenate(columns, axis=1) if columns else np.zeros((len(thresholds), 0))
    return AveragePrecision(tuple(every), table, np.asarray(thresholds, np.float64))


def all_matches(
    drawn: Sequence[Marked],
    found: Sequence[Marked],
    classes: Sequence[Any] | None = None,
    *,
    thresholds: Sequence[float] | np.ndarray = THRESHOLDS,
    most: int = MOST,
    area: str = "all",
) -> dict[Any, Matches]:
    """What was found of each class of which something was to be found; parameters as of `average_precision`."""
    known = sorted({label for boxes in drawn for label in boxes.labels.tolist()}) if classes is None else classes
    asked = np.asarray(thresholds, np.float64)
    every = {label: matches_of(label, drawn, found, thresholds=asked, most=most, area=AREAS[area]) for label in known}
    return {label: one for label, one in every.items() if one.positives.any()}


def precision_recall(matches: Matches, t: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision of the first k found boxes, each of shape (d,), at overlap number ``t``.

    Examples
    --------
    >>> yes, no = np.array([[True, False, True]]), np.zeros((1, 3), bool)
    >>> recall, precision = precision_recall(Matches(np.array([0.9, 0.8, 0.7]), np.arange(3), yes, no, np.array([2])))
    >>> recall.tolist(), precision.round(2).tolist()
    ([0.5, 0.5, 1.0], [1.0, 0.5, 0.67])
    """
    counted = ~matches.left_out[t]
    right = matches.right[t][counted].cumsum()
    return right / max(int(matches.positives.sum()), 1), right / np.arange(1, len(right) + 1)


def picture_values(
    drawn: Sequence[Marked],
    found: Sequence[Marked],
    classes: Sequence[Any] | None = None,
    *,
    thresholds: Sequence[float] | np.ndarray = THRESHOLDS,
) -> np.ndarray:
    r"""What each picture adds to the average precision: numbers whose mean it is, by the jackknife.

    .. math:: v_i = AP + (n - 1) \, (\overline{AP_{(\cdot)}} - AP_{(i)})

    with :math:`AP_{(i)}` that without picture i. Average precision is no mean over pictures; these values behave as if
    it were, so that intervals and paired tests over pictures take them. A class that only one picture shows stays as it
    is without that picture.

    Parameters
    ----------
    drawn, found, classes, thresholds
        As of `average_precision`.

    Returns
    -------
    ndarray of shape (n,)
        NaN where nothing was to be found.

    References
    ----------
    Quenouille (1956), Notes on bias in estimation; Tukey (1958). We centre them, so that the mean is AP itself.

    Examples
    --------
    >>> from headstart.data.boxes.boxes import Boxes
    >>> drawn = [Boxes([[0, 0, 10, 10]], ["car"])] * 3
    >>> found = [Boxes([[0, 0, 10, 10]], ["car"], [0.9])] * 2 + [Boxes([], [], [])]
    >>> picture_values(drawn, found).round(2).tolist()
    [0.99, 0.99, 0.0]
    """
    every = all_matches(drawn, found, classes, thresholds=thresholds)
    n = len(drawn)
    if not every:
        return np.full(n, np.nan)
    without = np.mean([_without_each(one, n) for one in every.values()], axis=0)
    whole = float(np.mean([_whole(one) for one in every.values()]))
    return np.asarray(whole + (n - 1) * (without.mean() - without))


def paired_precision(
    drawn: Sequence[Marked],
    one: Sequence[Marked],
    other: Sequence[Marked],
    classes: Sequence[Any] | None = None,
    *,
    groups: np.ndarray | None = None,
    thresholds: Sequence[float] | np.ndarray = THRESHOLDS,
    random_state: int = 0,
) -> Paired:
    """By how much one detector's average precision is above another's on the same pictures: a test and an interval.

    The values of `picture_values` are compared by sign flips over pictures, or over groups of them.

    Parameters
    ----------
    drawn : sequence of n Marked
    one, other : sequence of n Marked
        What each detector found in each picture.
    classes, thresholds
        As of `average_precision`.
    groups : array of shape (n,), optional
        Pictures of one group are not independent.
    random_state : int, default=0
        Seed of the flips.

    Returns
    -------
    headstart.math.statistics.paired.Paired

    Examples
    --------
    >>> from headstart.data.boxes.boxes import Boxes
    >>> drawn = [Boxes([[0, 0, 10, 10]], ["car"])] * 12
    >>> good, bad = [Boxes([[0, 0, 10, 10]], ["car"], [0.9])] * 12, [Boxes([[0, 0, 1, 1]], ["car"], [0.9])] * 12
    >>> found = paired_precision(drawn, good, bad)
    >>> round(found.difference, 3), found.p_value < 0.01
    (1.0, True)
    """
    a, b = (picture_values(drawn, found, classes, thresholds=thresholds) for found in (one, other))
    return paired(a, b, groups, random_state=random_state)


def _without_each(one: Matches, n: int) -> np.ndarray:
    """Average precision of one class, over overlaps, without each of n pictures in turn, shape (n,)."""
    total = int(one.positives.sum())
    rows = np.flatnonzero(one.positives < total)
    found = np.zeros(n)
    step = max(1, _CHUNK // max(len(one.scores), 1))
    stays = np.setdiff1d(np.arange(n), rows)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        weights = (one.picture[None] != some[:, None]).astype(np.float64)
        left = total - one.positives[some]
        found[some] = _at_overlaps(one, weights, left).mean(axis=0)
    if len(stays):
        found[stays] = _whole(one).mean()
    return found


def _whole(one: Matches) -> np.ndarray:
    """Average precision of one class at each overlap, (T, 1)."""
    return _at_overlaps(one, np.ones((1, len(one.scores))), one.positives.sum(keepdims=True))


def _at_overlaps(one: Matches, weights: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Average precision of one class at each overlap under each row of weights, (T, m)."""
    rows = [_precision(right, out, weights, positives) for right, out in zip(one.right, one.left_out, strict=True)]
    return np.stack(rows)


def _precision(right: np.ndarray, left_out: np.ndarray, weights: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Average precision under each row of weights of found boxes, (m, d), with that many to be found, (m,)."""
    true = np.cumsum(weights * right, axis=1)
    wrong = np.cumsum(weights * ~(right | left_out), axis=1)
    recall = true / positives[:, None]
    precision = true / (true + wrong + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    best = np.column_stack([best, np.zeros(len(best))])
    return np.array([row[np.searchsorted(r, RECALLS)].mean() for row, r in zip(best, recall, strict=True)])
