"""Which found box is which drawn one, by COCO's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from headstart.math.boxes.overlap import overlaps

#: COCO's overlaps, from 0.5 to 0.95.
THRESHOLDS = np.linspace(0.5, 0.95, 10)
#: Found boxes of a class that count in one picture, those of the highest scores.
MOST = 100
#: COCO's ranges of area, in square pixels.
AREAS = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}


class Marked(Protocol):
    """The boxes of one picture; `headstart.data.boxes.boxes.Boxes` is such."""

    @property
    def corners(self) -> np.ndarray:
        """Left, top, right, bottom, (k, 4)."""

    @property
    def labels(self) -> np.ndarray:
        """Classes, (k,)."""

    @property
    def scores(self) -> np.ndarray | None:
        """Of boxes that were found, (k,)."""

    @property
    def crowd(self) -> np.ndarray:
        """Which hold many things, (k,)."""


@dataclass(frozen=True, eq=False)
class Matches:
    """All found boxes of one class in n pictures, highest scores first, and what became of them.

    Parameters
    ----------
    scores : array of shape (d,)
    picture : array of int of shape (d,)
        In which picture each was found.
    right : array of bool of shape (T, d)
        Whether it is a drawn box, for each of T overlaps that are asked for.
    left_out : array of bool of shape (T, d)
        Whether it counts neither as right nor as wrong: it is in a crowd, or of another size than is asked for.
    positives : array of int of shape (n,)
        Drawn boxes of each picture that are to be found.
    """

    scores: np.ndarray
    picture: np.ndarray
    right: np.ndarray
    left_out: np.ndarray
    positives: np.ndarray


def partners(
    found: np.ndarray, drawn: np.ndarray, set_aside: np.ndarray, crowd: np.ndarray, thresholds: np.ndarray = THRESHOLDS
) -> np.ndarray:
    """The drawn box that each found box of one class in one picture is.

    One after the other, highest scores first, each found box takes the drawn one that it overlaps most among those
    that no other has taken, if by at least the threshold. One that is to be found goes before one that is set aside;
    of those that it overlaps alike the last is taken; a crowd can be taken again and again.

    Parameters
    ----------
    found : array of shape (d, 4)
        Highest scores first.
    drawn : array of shape (k, 4)
    set_aside : array of bool of shape (k,)
        Drawn boxes that need not be found: crowds, and those of other sizes than are asked for.
    crowd : array of bool of shape (k,)
    thresholds : array of shape (T,), default=0.5, 0.55, ..., 0.95
        Overlaps that are asked for, above 0.

    Returns
    -------
    ndarray of int, shape (T, d)
        Position of the drawn box, or -1.

    References
    ----------
    Lin et al. (2014), Microsoft COCO: common objects in context; the rules of its evaluation.

    Examples
    --------
    >>> drawn, no = np.array([[0, 0, 10, 10], [20, 0, 30, 10]]), np.zeros(2, bool)
    >>> found = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [20, 0, 30, 6]])
    >>> partners(found, drawn, no, no, np.array([0.5, 0.7])).tolist()
    [[0, -1, 1], [0, -1, -1]]
    """
    shared = overlaps(found, drawn, crowd)
    partner = np.full((len(thresholds), len(found)), -1)
    if not shared.size:
        return partner
    order = np.argsort(set_aside, kind="stable")[::-1]  # argmax takes the first of equals: the last in COCO's order
    shared, aside, many = shared[:, order], set_aside[order], crowd[order]
    for t, least in enumerate(np.minimum(thresholds, 1 - 1e-10)):
        free = np.ones(len(drawn), bool)
        for d in np.flatnonzero(shared.max(axis=1) >= least):
            for group in (~aside, aside):
                open_to = np.where(group & free & (shared[d] >= least), shared[d], -1.0)
                best = int(open_to.argmax())
                if open_to[best] >= 0:
                    partner[t, d] = order[best]
                    free[best] = many[best]
                    break
    return partner


def matches_of(
    label: Any,
    drawn: Sequence[Marked],
    found: Sequence[Marked],
    *,
    thresholds: np.ndarray = THRESHOLDS,
    most: int = MOST,
    area: tuple[float, float] = AREAS["all"],
) -> Matches:
    """What was found of one class in some pictures, matched picture by picture.

    Parameters
    ----------
    label : hashable
        The class.
    drawn, found : sequence of n Marked
        The boxes of each picture; those that were found have scores.
    thresholds : array of shape (T,), default=0.5, 0.55, ..., 0.95
    most : int, default=100
        Found boxes that count in one picture, at least 1.
    area : (float, float)
        Least and greatest area of what is to be found, in square pixels.

    Returns
    -------
    Matches
    """
    parts: list[tuple[np.ndarray, ...]] = []
    positives = np.zeros(len(drawn), int)
    for i, (truth, answer) in enumerate(zip(drawn, found, strict=True)):
        wanted, mine = truth.labels == label, answer.labels == label
        if not wanted.any() and not mine.any():
            continue
        assert answer.scores is not None, "found boxes have scores"
        corners = truth.corners[wanted]
        crowd = truth.crowd[wanted]
        set_aside = crowd | _outside(corners, area)
        positives[i] = int((~set_aside).sum())
        best = np.flatnonzero(mine)[np.argsort(-answer.scores[mine], kind="stable")][:most]
        partner = partners(answer.corners[best], corners, set_aside, crowd, thresholds)
        taken = partner >= 0
        aside = np.append(set_aside, False)[partner]
        left_out = np.where(taken, aside, _outside(answer.corners[best], area))
        parts.append((answer.scores[best], np.full(len(best), i), taken & ~left_out, left_out))
    if not parts:
        nothing = np.zeros((len(thresholds), 0), bool)
        return Matches(np.zeros(0), np.zeros(0, int), nothing, nothing, positives)
    scores, picture, right, left_out = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    order = np.argsort(-scores, kind="stable")
    return Matches(scores[order], picture[order], right[:, order], left_out[:, order], positives)


def _outside(corners: np.ndarray, area: tuple[float, float]) -> np.ndarray:
    areas = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    return np.asarray((areas < area[0]) | (areas > area[1]))
