"""A new class layer for a detector's queries: which of them name what was drawn, and logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import expit, softmax

from headstart.detection.solving import SHARE, Drawn
from headstart.errors import DataError
from headstart.math.boxes.overlap import overlaps
from headstart.math.linear.logistic import solve_logistic

#: Overlap from which the query that is nearest to a thing is right.
RIGHT = 0.5
#: Queries of nothing that a picture gives: those that are the surest of something, and others.
SURE, OTHERS = 40, 10
#: Least score of a box that is named.
LEAST = 1e-3
#: Weight of an overlap, of distances of corners, and of how sure a query is, where queries are dealt to things.
_DEAL = (2.0, 5.0, 1.0)
_FOLDS = 5

Seen = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class SolvedQueries:
    """A linear layer of what queries saw.

    Parameters
    ----------
    coef : ndarray of shape (d, K)
    intercept : ndarray of shape (K,)
    one_of : bool
        Whether classes and nothing, whose log-odds are 0, share one softmax.
    slope, level : float
        What makes log-odds those of a box that is right: ``slope * log-odds + level``.
    """

    coef: np.ndarray
    intercept: np.ndarray
    one_of: bool
    slope: float = 1.0
    level: float = 0.0

    @property
    def layer(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights (K, d) and biases (K,) of a layer whose outputs are the calibrated log-odds."""
        return self.slope * self.coef.T, self.slope * self.intercept + self.level

    def detect(self, seen: Seen) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes in one picture, one a query; as `headstart.detection.solved.SolvedDetector.detect`.

        Parameters
        ----------
        seen : sequence of ndarray
            From `headstart.detection.queries.Queries.maps`.
        """
        weights, biases = self.layer
        odds = seen[0].astype(np.float64) @ weights.T + biases
        with_nothing = np.column_stack([odds, np.zeros(len(odds))])
        shares = softmax(with_nothing, axis=1)[:, :-1] if self.one_of else expit(odds)
        codes, scores = shares.argmax(axis=1), shares.max(axis=1)
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= LEAST]
        return np.clip(seen[1][order], 0.0, 1.0), codes[order], scores[order]


@dataclass(frozen=True, eq=False)
class QueryExamples:
    """Queries of n pictures of which it is known what they name; a layer of all or of some pictures is solved.

    Parameters
    ----------
    n_classes : int
    one_of : bool
        Whether classes and nothing share one softmax.
    n_things : int
        That were drawn.
    X : ndarray of shape (m, d)
        What queries saw.
    codes : ndarray of int of shape (m,)
        Number of the class from 1 on; 0 for nothing.
    picture : ndarray of int of shape (m,)
        Place of each one's picture.
    seed : int
    """

    n_classes: int
    one_of: bool
    n_things: int
    X: np.ndarray
    codes: np.ndarray
    picture: np.ndarray
    seed: int

    def solved(self, pictures: Sequence[int] | None = None) -> SolvedQueries:
        """The layer of some of the pictures, by their places; default: all of them. It is not calibrated.

        Raises
        ------
        DataError
            If no query names any thing that was drawn.
        """
        rows = np.full(len(self.X), True) if pictures is None else np.isin(self.picture, pictures)
        X, code, picture = self.X[rows], self.codes[rows], self.picture[rows]
        right = code > 0
        if not right.any():
            raise DataError(
                f"Expected a detector that sees the things that were drawn, found none of {self.n_things} boxes that "
                "it names by half.",
                "Borrow from a network for pictures instead, or from a detector of things that look like these.",
            )
        told = np.eye(self.n_classes + 1)[code]
        told = np.column_stack([told[:, 1:], told[:, 0]]) if self.one_of else told[:, 1:]
        weight = np.where(right, SHARE * (~right).sum() / right.sum(), 1.0)
        folds = _by_picture(picture, code, np.random.default_rng(self.seed))
        found = solve_logistic(X, told, sample_weight=weight, folds=folds, multilabel=not self.one_of)
        coef, intercept = found.coef, found.intercept
        if self.one_of:
            coef, intercept = coef[:, :-1] - coef[:, -1:], intercept[:-1] - intercept[-1]
        return SolvedQueries(coef, intercept, self.one_of)


def queries_of(
    maps: Sequence[Seen], drawn: Sequence[Drawn], rng: np.random.Generator, *, n_classes: int, one_of: bool
) -> QueryExamples:
    r"""Examples of queries that name a thing of each class, and of nothing; boxes stay as the detector names them.

    Each thing that was drawn is dealt one query, as in the detector's own training: those pairs are chosen that

    .. math:: \max \sum_{(q, t)} 2 J(b_q, b_t) - 5 \|b_q - b_t\|_1 / 4 + o_q

    for the overlap J and the detector's own certainty o that something stands there. It is an example of its class
    where it overlaps the thing by half or more; of the other queries the surest and some at random are examples of
    nothing, also those on the same thing, so that each thing is named once. Logistic regression, its penalty chosen by
    folds over pictures, makes the new layer.

    Parameters
    ----------
    maps : sequence of n tuples
        From `headstart.detection.queries.Queries.maps`.
    drawn : sequence of n Drawn
    rng : numpy.random.Generator
    n_classes : int
    one_of : bool
        Whether classes and nothing share one softmax.

    Returns
    -------
    QueryExamples

    References
    ----------
    Carion et al. (2020), "End-to-end object detection with transformers", equation 1: one query a thing, by an
    assignment. Where we differ: the detector is frozen, so that the layer is solved and not trained.
    """
    rows, codes, pictures = [], [], []
    for number, (seen, these) in enumerate(zip(maps, drawn, strict=True)):
        meant = dealt(seen, these)
        nothing = np.flatnonzero(meant == 0)
        sure = nothing[np.argsort(-seen[2][nothing], kind="stable")]
        rest = rng.permutation(sure[SURE:])[:OTHERS]
        kept = np.concatenate([np.flatnonzero(meant > 0), sure[:SURE], rest])
        rows.append(seen[0][kept])
        codes.append(meant[kept])
        pictures.append(np.full(len(kept), number))
    X, code, picture = np.concatenate(rows), np.concatenate(codes), np.concatenate(pictures)
    n_things = sum(len(one.boxes) for one in drawn)
    return QueryExamples(n_classes, one_of, n_things, X, code, picture, int(rng.integers(1 << 31)))


def dealt(seen: Seen, drawn: Drawn) -> np.ndarray:
    """Of each query the number of the class that it is an example of, from 1 on; 0 for nothing, -1 where none can tell.

    Examples
    --------
    >>> boxes = np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.52, 0.5], [0.6, 0.6, 0.9, 0.9]])
    >>> drawn = Drawn(np.array([[0.1, 0.1, 0.5, 0.5]]), np.array([3]), np.zeros((0, 4)))
    >>> dealt((np.zeros((3, 1)), boxes, np.full(3, 0.5)), drawn).tolist()
    [4, 0, 0]
    """
    _, boxes, sure = seen
    codes = np.zeros(len(boxes), int)
    if len(drawn.boxes):
        shared = overlaps(boxes, drawn.boxes)
        apart = np.abs(boxes[:, None] - drawn.boxes[None]).mean(axis=2)
        value = _DEAL[0] * shared - _DEAL[1] * apart + _DEAL[2] * sure[:, None]
        query, thing = linear_sum_assignment(-value)
        met = shared[query, thing] >= RIGHT
        codes[query[met]] = drawn.codes[thing[met]] + 1
    if len(drawn.crowds):
        inside = overlaps(boxes, drawn.crowds, np.ones(len(drawn.crowds), bool)).max(axis=1) >= RIGHT
        codes[inside & (codes == 0)] = -1
    return codes


def _by_picture(picture: np.ndarray, code: np.ndarray, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds of rows that keep each picture's together; only where every class is on every training side."""
    number = rng.permutation(picture.max() + 1) % _FOLDS
    found = []
    for fold in range(_FOLDS):
        held = number[picture] == fold
        if held.any() and len(np.unique(code[~held])) == len(np.unique(code)):
            found.append((np.flatnonzero(~held), np.flatnonzero(held)))
    return found
