"""How often a classifier is right on new rows without labels: how sure it is, what is near them, what others answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from headstart.math.statistics.calibration import temperature
from headstart.math.statistics.probability import logits, probabilities

#: Neighbours that are asked, and what the estimate is off by beyond the chance of so many rows.
NEIGHBOURS, OFF = 5, 0.10
#: The power mean of calibrated confidence, and how much more is lost than it falls: where the heads see what the model
#: sees, and elsewhere.
_TRUSTED = {True: (4.0, 2.25), False: (1.0, 1.5)}
#: The weights of confidence, neighbours and heads; how much is lost of outliers among rows that are else as usual, and
#: how fast that fades where the others moved too.
_WEIGHTS, _OUTLIERS, _FADES = (0.4, 0.4, 0.2), 0.7, 4.0


@dataclass(frozen=True)
class ExpectedAccuracy:
    """An estimate without labels, and where the truth lies in 9 of 10 cases, each from 0 to 1.

    ``falls`` are those by confidence, by neighbours and by heads, of which a mean is expected, and by outliers, which
    comes on top. ``farther`` is the share of new rows, less a half, that are farther off than the median of those held
    out.
    """

    value: float
    low: float
    high: float
    falls: dict[str, float] = field(default_factory=dict)
    farther: float = 0.0


@dataclass(frozen=True, eq=False)
class Signs:
    """What tells of rows whether they are answered rightly.

    Attributes
    ----------
    probabilities : ndarray of shape (n, K)
        By heads that did not learn from these rows.
    agreement : ndarray of shape (n,)
        Share of the nearest labelled rows with the class that was answered.
    distance : ndarray of shape (n,)
        Mean distance to the nearest labelled rows.
    mistaken : ndarray of shape (n,)
        How much of an error the heads make of a row: 0 or 1 where its label is known, else what they `differ` by.
    """

    probabilities: np.ndarray
    agreement: np.ndarray
    distance: np.ndarray
    mistaken: np.ndarray


def expected_accuracy(
    promised: float, codes: np.ndarray, held: Signs, new: Signs, *, like_model: bool = False, random_state: int = 0
) -> ExpectedAccuracy:
    r"""Accuracy on new rows from how much confidence, the agreement of neighbours and of heads fall, and from outliers.

    .. math:: \hat a = a - 0.4\, t\,(M_p(c) - M_p(c'))_+ - 0.4\, (a - a\, \bar g' / \bar g)_+
        - 0.2\, (\bar e' - \bar e)_+ - 0.7\, (1 - k_{10})_+ (1 - 4\,(1 - k_{50} / k_{10})_+)_+

    a is the promised accuracy, c and c' the confidence of rows that were held out and of new ones after one temperature
    that fits the labels of those held out, g and g' the agreement of neighbours, e the error of the heads on rows held
    out and e' what they differ by on new ones. :math:`M_p(c) = (\overline{c^p})^{1/p}` with p = 4 counts most what was
    sure and is no longer, and all the more where little is sure; t is 2.25. That holds of heads that see what the model
    sees; of others, as beside the trees of a table, the plain mean is taken (p = 1, t = 1.5). Confidence alone trusts
    what a model is wrongly sure of, even calibrated: on data of another kind its mean falls by about two thirds of what
    the accuracy does. Neighbours alone take every change of looks for a loss. A sign that rises is no sign of a gain
    (answers that all become one class agree with their neighbours, noise can make a head surer), so none makes up for
    another.

    Rows are ranked among those held out by how near they are to labelled rows and by how far the leading class stands
    above the mean of all, and the two ranks are added: :math:`k_q` is the share of new rows above the q-th percentile
    of these sums, over that of rows held out. Where a share of the rows is something new, such as a class that the
    model does not know, and the others are as usual, both are less by that share, and most of those few are wrong,
    however sure the model is of them; where all have moved, the middle falls before the tail.

    A threshold on confidence (ATC) was tried too: it errs more where hardly anything was wrong before, since the
    threshold then rests on a few rows.

    Parameters
    ----------
    promised : float
        Accuracy on data like those learned from.
    codes : ndarray of int, shape (m,)
        Classes of the rows that were held out.
    held, new : Signs
        Of these m rows, and of n new ones.
    like_model : bool, default=False
        Whether the heads see what the model sees.
    random_state : int, default=0

    References
    ----------
    Guillory et al. (2021), Predicting with confidence on unseen distributions (DoC), equation 3; Xie et al.
    (2024), MaNo: exploiting matrix norm for unsupervised accuracy estimation under distribution shifts, for the fourth
    power, there of all probabilities; Guo et al. (2017), On calibration of modern neural networks, section 4.2; Jiang
    et al. (2022), Assessing generalization via disagreement, for heads. The sum and its constants are ours.

    Examples
    --------
    >>> p, one = np.linspace(0.5, 1, 50), np.ones(50)
    >>> rows = Signs(np.stack([p, 1 - p], axis=1), one, one, 0 * one)
    >>> found = expected_accuracy(0.8, np.zeros(50, dtype=int), rows, rows)
    >>> round(found.value, 2), found.low < 0.8 < found.high
    (0.8, True)
    """
    before, after = (logits(side.probabilities, multilabel=False) for side in (held, new))
    scale = temperature(before, codes)
    power, trusted = _TRUSTED[like_model]
    usual, sure = (probabilities(z / scale, multilabel=False).max(axis=1) ** power for z in (before, after))
    level = max(float(held.agreement.mean()), 1e-9)
    ours, theirs = _usual((before, held.distance), (after, new.distance))
    tail, middle = np.quantile(ours, [0.1, 0.5])
    inner, upper = (ours >= tail).mean(), (ours >= middle).mean()

    def falls(rows: np.ndarray) -> tuple[float, float, float, float]:
        unsure = trusted * (float(usual.mean()) ** (1 / power) - float(sure[rows].mean()) ** (1 / power))
        near = promised - min(1.0, promised * float(new.agreement[rows].mean()) / level)
        apart = float(new.mistaken[rows].mean()) - float(held.mistaken.mean())
        within = float((theirs[rows] >= tail).mean()) / inner
        alike = float((theirs[rows] >= middle).mean()) / upper / max(within, 1e-9)
        strange = max(0.0, 1.0 - within) * max(0.0, 1.0 - _FADES * max(0.0, 1.0 - alike))
        return unsure, near, apart, _OUTLIERS * strange

    def estimate(unsure: float, near: float, apart: float, strange: float) -> float:
        lost = sum(w * max(0.0, fall) for w, fall in zip(_WEIGHTS, (unsure, near, apart), strict=True))
        return min(1.0, max(0.0, promised - lost - strange))

    rng = np.random.default_rng(random_state)
    everyone = np.arange(len(sure))
    found = falls(everyone)
    value = estimate(*found)
    drawn = [estimate(*falls(rng.choice(everyone, len(everyone)))) for _ in range(200)]
    width = 1.645 * float(np.hypot(np.std(drawn), OFF))
    parts = dict(zip(("confidence", "neighbours", "heads", "outliers"), found, strict=True))
    farther = float((new.distance > np.median(held.distance)).mean()) - 0.5
    return ExpectedAccuracy(value, max(0.0, value - width), min(1.0, value + width), parts, farther)


def _usual(*sides: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """How usual rows are among the first side's, by logits (n, K) and distances (n,): the sum of two ranks, a side."""
    stands = [z.max(axis=1) - z.mean(axis=1) for z, _ in sides]
    far = [distance for _, distance in sides]
    return [_ranks(stands[0], ours) + 1.0 - _ranks(far[0], theirs) for ours, theirs in zip(stands, far, strict=True)]


def _ranks(among: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Ranks from 0 to 1 of values among others, the middle of equal ones."""
    order = np.sort(among)
    return np.asarray(np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")) / 2 / len(order)


def neighbours_agree(
    rows: np.ndarray, codes: np.ndarray, asked: np.ndarray, answers: np.ndarray, *, own: bool = False
) -> np.ndarray:
    """Share of the nearest labelled rows that have the class that was answered, (n,).

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    codes : ndarray of shape (m,)
    asked : ndarray of shape (n, d)
    answers : ndarray of shape (n,)
    own : bool, default=False
        Whether ``asked`` are the labelled rows themselves; none is its own neighbour then.

    Examples
    --------
    >>> rows = np.array([[0.0], [0.1], [5.0]])
    >>> neighbours_agree(rows, np.array([0, 0, 1]), np.array([[0.0]]), np.array([0])).round(2).tolist()
    [0.67]
    """
    k = min(NEIGHBOURS, len(rows) - own)
    found = np.empty(len(asked))
    for part, distance in _distances(rows, asked, own):
        nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
        found[part] = (codes[nearest] == answers[part, None]).mean(axis=1)
    return found


def strangeness(rows: np.ndarray, asked: np.ndarray, *, own: bool = False) -> np.ndarray:
    """Mean distance to the five nearest rows, (n,): how unlike what was learned from each new row is.

    With ``own=True`` the rows that are asked about are these rows, and none counts as its own neighbour.
    """
    k = min(NEIGHBOURS, len(rows) - own)
    found = np.empty(len(asked))
    for part, distance in _distances(rows, asked, own):
        found[part] = np.partition(distance, k - 1, axis=1)[:, :k].mean(axis=1)
    return found


def _distances(rows: np.ndarray, asked: np.ndarray, own: bool) -> Iterator[tuple[slice, np.ndarray]]:
    """Distances of 1,000 rows at a time; with ``own`` a row is infinitely far from itself."""
    for start in range(0, len(asked), 1000):
        part = slice(start, start + 1000)
        distance = cdist(asked[part], rows)
        if own:
            at = np.arange(len(distance))
            distance[at, start + at] = np.inf
        yield part, distance
