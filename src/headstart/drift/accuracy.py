"""How often a classifier is right on new rows without labels, from how sure it is and what their neighbours are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

#: Neighbours that are asked, and what the estimate is off by beyond the chance of so many rows.
NEIGHBOURS, OFF = 5, 0.05


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
    outside: float = 0.0,
    chance: float = 0.0,
    random_state: int = 0,
) -> ExpectedAccuracy:
    r"""Accuracy on new rows from a threshold on confidence, together with the agreement of neighbours.

    The threshold t is set where as many of the held-out rows are above it as the model is promised to have right; then
    as many of the new rows are expected right as are above it. Confidence alone trusts what a model is wrongly sure of;
    so the mean is taken with the promised accuracy times the fall of the neighbours' agreement.

    Parameters
    ----------
    promised : float
        Accuracy on data like those learned from.
    held : ndarray of shape (m,)
        Greatest probability of each row that was held out.
    said : ndarray of shape (n,)
        The same of the new rows, by models of the same folds.
    outside : float, default=0
        Share of the new rows that lie where none was before: of these nothing is known, and they count half of the way
        to ``chance``.
    chance : float, default=0
        Accuracy of guessing.
    agreement, new_agreement : ndarray of shape (m,) and (n,)
        Share of the nearest labelled rows with the class that was answered.
    random_state : int, default=0

    References
    ----------
    Garg et al. (2022), Leveraging unlabeled data to predict out-of-distribution performance (ATC), equation 1.

    Examples
    --------
    >>> sure, same = np.linspace(0.5, 1, 50), np.ones(50)
    >>> found = expected_accuracy(0.8, sure, sure, same, same)
    >>> round(found.value, 2), found.low < 0.8 < found.high
    (0.8, True)
    """
    threshold = np.quantile(held, 1 - promised) if promised < 1 else held.min()
    right = (said >= threshold).astype(np.float64)
    level = max(float(agreement.mean()), 1e-9)

    def estimate(rows: np.ndarray) -> float:
        near = min(1.0, promised * float(new_agreement[rows].mean()) / level)
        found = 0.5 * (float(right[rows].mean()) + near)
        return found - 0.5 * outside * max(0.0, found - chance)

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
    for start in range(0, len(asked), 1000):
        part = slice(start, start + 1000)
        distance = cdist(asked[part], rows)
        if own:
            at = np.arange(len(distance))
            distance[at, start + at] = np.inf
        nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
        found[part] = (codes[nearest] == answers[part, None]).mean(axis=1)
    return found


def strangeness(rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Mean distance to the five nearest rows, (n,): how unlike what was learned from each new row is."""
    k = min(NEIGHBOURS, len(rows))
    parts = [
        np.sort(np.partition(cdist(asked[start : start + 1000], rows), k - 1, axis=1)[:, :k], axis=1).mean(axis=1)
        for start in range(0, len(asked), 1000)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)
