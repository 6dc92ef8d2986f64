"""How often a classifier is right on new rows without labels, from how sure it is and what their neighbours are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

#: Neighbours that are asked, and what the estimate is off by beyond the chance of so many rows.
NEIGHBOURS, OFF = 5, 0.10


@dataclass(frozen=True)
class ExpectedAccuracy:
    """An estimate without labels, and where the truth lies in 9 of 10 cases, each from 0 to 1."""

    value: float
    low: float
    high: float


def expected_accuracy(
    promised: float,
    held: np.ndarray,
    said: np.ndarray,
    agreement: np.ndarray,
    new_agreement: np.ndarray,
    *,
    random_state: int = 0,
) -> ExpectedAccuracy:
    r"""Accuracy on new rows from how much confidence falls, together with the agreement of neighbours.

    .. math:: \hat a = \tfrac12\,(a - \bar c + \bar c') + \tfrac12\, a\, \bar g' / \bar g

    a is the promised accuracy, c and c' the confidence of rows that were held out and of new ones, g and g' the share
    of their neighbours with the class that was answered. Confidence alone trusts what a model is wrongly sure of, and
    neighbours alone take every change of looks for a loss; the mean of both errs least. A threshold on confidence (ATC)
    was tried too: it errs more where hardly anything was wrong before, since the threshold then rests on a few rows.

    Parameters
    ----------
    promised : float
        Accuracy on data like those learned from.
    held : ndarray of shape (m,)
        Greatest probability of each row that was held out.
    said : ndarray of shape (n,)
        The same of the new rows, by models of the same folds.
    agreement, new_agreement : ndarray of shape (m,) and (n,)
        Share of the nearest labelled rows with the class that was answered.
    random_state : int, default=0

    References
    ----------
    Guillory et al. (2021), Predicting with confidence on unseen distributions (DoC), equation 3.

    Examples
    --------
    >>> sure, same = np.linspace(0.5, 1, 50), np.ones(50)
    >>> found = expected_accuracy(0.8, sure, sure, same, same)
    >>> round(found.value, 2), found.low < 0.8 < found.high
    (0.8, True)
    """
    level, usual = max(float(agreement.mean()), 1e-9), float(held.mean())

    def estimate(rows: np.ndarray) -> float:
        sure = promised - usual + float(said[rows].mean())
        near = promised * float(new_agreement[rows].mean()) / level
        return 0.5 * (min(1.0, max(0.0, sure)) + min(1.0, near))

    rng = np.random.default_rng(random_state)
    everyone = np.arange(len(said))
    value = estimate(everyone)
    drawn = [estimate(rng.choice(everyone, len(everyone))) for _ in range(200)]
    half = 1.645 * float(np.hypot(np.std(drawn), OFF))
    return ExpectedAccuracy(value, max(0.0, value - half), min(1.0, value + half))


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
