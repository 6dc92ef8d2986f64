"""A detector of linear answers: boxes everywhere, the best ones moved to where things stand, the best of those kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.special import expit

from headstart.detection.views import Answers, Shapes, View, rows_of, summing_matrices
from headstart.math.boxes.offsets import shifted
from headstart.math.boxes.overlap import overlaps
from headstart.math.boxes.shapes import boxes_everywhere
from headstart.math.boxes.suppression import supported, suppressed, voted

#: Boxes of a picture that are moved, those with the highest scores; and how often.
BEST, MOVES = 150, 3
#: Overlap above which the worse of two boxes of a class is left out, and from which it still has a vote.
SAME, VOTING = 0.3, 0.6
#: How much votes count together, from the surest alone to their number.
HEAT = 2.0
#: Log-odds that a box gains where it is answered that it overlaps its thing wholly.
WHOLE = 12.0
#: What is answered of a box beside the classes: four offsets, and the overlap with what is meant.
BESIDE = 5
#: Least logarithm of a vote, beside the surest.
FAINT = -50.0
#: Most boxes that a picture keeps of a class, and least score that they have.
KEPT, LEAST = 100, 1e-3
#: Least side of a box, as a share of the picture.
THIN = 0.01


@dataclass(frozen=True, eq=False)
class SolvedDetector:
    """What was learned: linear functions of what is seen of a box.

    Parameters
    ----------
    views : tuple of View
    shapes : sequence of tuple
        Height, width and channels of each level's map.
    sides : ndarray of shape (s, 2)
        Typical widths and heights of boxes, as shares of the picture.
    coef : ndarray of shape (d, K + 5)
        Of the log-odds of each class, of the offsets to the box that is meant, and of the overlap with it.
    intercept : ndarray of shape (K + 5,)
    slope, level : float
        What makes of ranks (log-odds and 12 times the overlap) of boxes that agree the log-odds that they are right:
        ``slope * rank + level``.
    """

    views: tuple[View, ...]
    shapes: Shapes
    sides: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    slope: float = 1.0
    level: float = 0.0

    @classmethod
    def of(
        cls,
        views: tuple[View, ...],
        shapes: Shapes,
        sides: np.ndarray,
        odds: tuple[np.ndarray, np.ndarray],
        moves: tuple[np.ndarray, np.ndarray],
    ) -> SolvedDetector:
        """From coefficients and intercepts of log-odds and of offsets with overlap, of the columns that views give."""
        coef = np.zeros((len(rows_of(views, shapes, False)), len(odds[1]) + BESIDE))
        coef[rows_of(views, shapes, False), : len(odds[1])] = odds[0]
        coef[rows_of(views, shapes, True), len(odds[1]) :] = moves[0]
        return cls(views, shapes, sides, coef, np.concatenate([odds[1], moves[1]]))

    def part(self, of_offsets: bool) -> np.ndarray:
        """Coefficients of offsets and overlap, or of the log-odds, of the columns that their views give."""
        columns = slice(self.n_classes, None) if of_offsets else slice(0, self.n_classes)
        return np.asarray(self.coef[rows_of(self.views, self.shapes, of_offsets), columns])

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.intercept) - BESIDE

    @cached_property
    def windows(self) -> np.ndarray:
        """The boxes with which the search begins, (m, 4), closer to one another where they are small."""
        return windows_of(self.sides)

    @cached_property
    def _matrices(self) -> list[sparse.csr_matrix]:
        return summing_matrices(self.shapes, self.windows, self._views(False))

    def _views(self, of_offsets: bool) -> list[View]:
        return [view for view in self.views if view.of_offsets is of_offsets]

    def _answers(self, maps: Sequence[np.ndarray], of_offsets: bool) -> Answers:
        """Offsets and overlap, or log-odds, of any box of a picture: each from the views that tell them alone."""
        intercept = self.intercept[self.n_classes :] if of_offsets else self.intercept[: self.n_classes]
        return Answers(maps, self._views(of_offsets), self.part(of_offsets), intercept)

    def candidates(self, maps: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The best boxes of a picture, moved to where they belong, (m, 4), log-odds of each class, (m, K), and overlap.

        The overlap that is answered, from 0 to 1, of shape (m,), is that with the thing that a box means.
        """
        odds, moves = self._answers(maps, False), self._answers(maps, True)
        boxes = self.windows[promising(odds.at(self.windows, self._matrices))]
        for _ in range(MOVES):
            moved = np.clip(shifted(boxes, moves(boxes)[:, :4]), 0.0, 1.0)
            there = (moved[:, 2:] - moved[:, :2] > THIN).all(axis=1)
            boxes = np.where(there[:, None], moved, boxes)
        return boxes, odds(boxes), np.clip(moves(boxes)[:, 4], 0.0, 1.0)

    def detect(self, maps: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes in one picture.

        Parameters
        ----------
        maps : sequence of ndarray of shape (H, W, C)

        Returns
        -------
        boxes : ndarray of shape (k, 4)
            As shares of the picture, those with the highest scores first.
        codes : ndarray of int of shape (k,)
            Number of each one's class.
        scores : ndarray of shape (k,)
            From 0 to 1.
        """
        boxes, odds, overlap = self.candidates(maps)
        ranks = against_rest(odds) + WHOLE * overlap[:, None]
        shared, found = overlaps(boxes, boxes), []
        for code, rank in enumerate(ranks.T):
            kept = suppressed(shared, rank, SAME)[:KEPT]
            scores = expit(self.slope * supported(rank, shared[kept], VOTING, HEAT) + self.level)
            kept, scores = kept[scores >= LEAST], scores[scores >= LEAST]
            votes = np.exp(np.maximum(rank - rank.max(), FAINT))
            moved = np.clip(voted(boxes, votes, shared[kept], VOTING), 0.0, 1.0)
            found.append((moved, np.full(len(kept), code), scores))
        corners, codes, each = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(-each, kind="stable")
        return corners[order], codes[order], each[order]


def promising(odds: np.ndarray) -> np.ndarray:
    """The boxes worth a closer look: one with the highest log-odds of any class, one that each class names in turn.

    Without turns many things of one class leave none for another that is rarer or less sure of itself.

    Parameters
    ----------
    odds : ndarray of shape (m, K)

    Returns
    -------
    ndarray of int
        Positions of 150 boxes, or of all where there are fewer.

    Examples
    --------
    >>> promising(np.array([[9.0, 0.0], [8.0, 0.0], [7.0, 0.0], [0.0, 1.0]])).tolist()
    [0, 1, 3, 2]
    """
    best = np.argsort(-odds.max(axis=1), kind="stable")[:BEST]
    turns = np.argsort(-odds, axis=0, kind="stable")[:BEST].ravel()[: len(best)]
    named = np.column_stack([best, turns]).ravel()
    _, first = np.unique(named, return_index=True)
    return np.asarray(named[np.sort(first)][:BEST])


def against_rest(odds: np.ndarray) -> np.ndarray:
    r"""Log-odds of each class against nothing and all other classes, from those against nothing alone.

    .. math:: \log\frac{p_k}{1 - p_k} = o_k - \log\Bigl(1 + \sum_{j \neq k} e^{o_j}\Bigr)

    What is surely a bus is then no good truck, although it is more of a truck than nothing is. Of one class they are
    the same.

    Parameters
    ----------
    odds : ndarray of shape (m, K)

    Returns
    -------
    ndarray of shape (m, K)

    Examples
    --------
    >>> against_rest(np.log([[3.0, 1.0]])).round(3).tolist(), against_rest(np.array([[2.0]])).tolist()
    ([[0.405, -1.386]], [[2.0]])
    """
    every = np.column_stack([np.zeros(len(odds)), odds, np.full(len(odds), -np.inf)])
    before = np.logaddexp.accumulate(every, axis=1)[:, :-2]
    after = np.logaddexp.accumulate(every[:, ::-1], axis=1)[:, ::-1][:, 2:]
    return np.asarray(odds - np.logaddexp(before, after))


def windows_of(sides: np.ndarray) -> np.ndarray:
    """Boxes of typical sides all over a picture, a third of their shorter side apart, at most 32 in a row."""
    return np.concatenate(
        [boxes_everywhere(side[None], int(np.clip(np.ceil(3 / side.min()), 6, 32))) for side in sides]
    )
