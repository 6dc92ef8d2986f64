"""Solving a detector on cached maps: examples of boxes, logistic regression with hard negatives, ridge for offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.detection.solved import BESIDE, THIN, SolvedDetector, windows_of
from headstart.detection.views import Shapes, View, columns_of
from headstart.errors import DataError
from headstart.math.boxes.offsets import offsets, shifted
from headstart.math.boxes.overlap import overlaps
from headstart.math.boxes.shapes import typical_sides
from headstart.math.boxes.suppression import suppressed
from headstart.math.linear.logistic import solve_logistic
from headstart.math.linear.ridge import solve_ridge

#: Typical sizes of boxes that the search begins with.
SIZES = 8
#: Boxes drawn around each that is to be found: how many at most and at least, and about how many in all.
AROUND, FEWEST, IN_ALL = 40, 8, 6000
#: Least and largest spread of these boxes, as a share of the thing: of two thirds of them, and of the others.
SPREADS = (0.02, 0.35), (0.35, 0.6)
#: Overlap from which a box is an example of its class, and below which it is of nothing.
RIGHT, WRONG = 0.6, 0.4
#: Overlap from which a box tells an offset, and from which it tells its overlap.
NEAR, FAR = 0.35, 0.15
#: Boxes of nothing that a picture gives at first, and in each of the rounds in which the hardest are looked for.
AT_FIRST, HARD, ROUNDS = 40, 15, 2
#: Weight of all boxes of something as a part of that of all boxes of nothing.
SHARE = 0.5
#: Principal coordinates in which everything is solved, and boxes from which they are found.
COORDINATES, LOOKED_AT = 300, 1000
#: Spread of what a lent detector answers, in units of a column's.
LOUD = 20.0
#: Penalties, as multiples of the mean squared norm of a row: of log-odds, and of offsets.
FOR_ODDS, FOR_OFFSETS = 2.0, 10.0

Maps = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Drawn:
    """The boxes of one picture that are to be found.

    Parameters
    ----------
    boxes : ndarray of shape (k, 4)
        As shares of the picture.
    codes : ndarray of int of shape (k,)
        Number of each one's class.
    crowds : ndarray of shape (c, 4)
        Places of many things, of which nothing is learned.
    """

    boxes: np.ndarray
    codes: np.ndarray
    crowds: np.ndarray

    def overlap(self, boxes: np.ndarray) -> np.ndarray:
        """How much each of some boxes overlaps anything in the picture, (m,)."""
        whole = np.concatenate([self.boxes, self.crowds])
        crowd = np.arange(len(whole)) >= len(self.boxes)
        return overlaps(boxes, whole, crowd).max(axis=1, initial=0.0)


@dataclass(frozen=True, eq=False)
class Examples:
    """What was seen of boxes in n pictures, in principal coordinates: a detector of all or of some of them is solved.

    Parameters
    ----------
    n_classes : int
    views : tuple of View
    shapes : sequence of tuple
        Height, width and channels of each level's map.
    sides : ndarray of shape (s, 2)
        Typical widths and heights of boxes, as shares of the picture.
    axes : tuple of two Axes
        Of what tells classes, and of what tells offsets.
    near : sequence of n Near
        Boxes around things.
    offsets, something, nothing : list of n ndarray
        Coordinates of these boxes; of those that are examples of their class; and of boxes of nothing.
    """

    n_classes: int
    views: tuple[View, ...]
    shapes: Shapes
    sides: np.ndarray
    axes: tuple[Axes, Axes]
    near: Sequence[Near]
    offsets: list[np.ndarray]
    something: list[np.ndarray]
    nothing: list[np.ndarray]

    def solved(self, pictures: Sequence[int] | None = None) -> SolvedDetector:
        """The detector of some of the pictures, by their places; default: all of them. It is not calibrated.

        Raises
        ------
        DataError
            If nothing stands in these pictures.
        """
        rows = range(len(self.near)) if pictures is None else pictures
        return self.with_moves(self.moves(rows), rows)

    def moves(self, pictures: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts of the offsets from boxes near things to these, and of the overlap with them."""
        every = Near.joined([self.near[i] for i in pictures])
        if not len(every.boxes):
            raise DataError("Expected boxes to learn from, found none in these pictures.", "Give some with boxes.")
        X, axes = np.concatenate([self.offsets[i] for i in pictures]), self.axes[1]
        close = every.wanted[:, 4] >= NEAR
        told = []
        for rows, columns in ((close, slice(0, 4)), (np.full(len(X), True), slice(4, 5))):
            weights = every.weights[rows] * AROUND
            penalty = axes.share * FOR_OFFSETS * len(weights) / weights.sum()
            told.append(solve_ridge(X[rows], every.wanted[rows, columns], sample_weight=weights, penalties=[penalty]))
        coef, intercept = np.hstack([one.coef for one in told]), np.concatenate([one.intercept for one in told])
        return axes.raw(coef, intercept)

    def with_moves(self, moves: tuple[np.ndarray, np.ndarray], pictures: Sequence[int]) -> SolvedDetector:
        """The detector of some of the pictures whose offsets are known."""
        every = Near.joined([self.near[i] for i in pictures])
        right, axes = every.codes > 0, self.axes[0]
        positive, negative = (np.concatenate([rows[i] for i in pictures]) for rows in (self.something, self.nothing))
        told = (positive, every.codes[right], every.weights[right], negative, self.n_classes)
        odds = axes.raw(*_odds(*told, axes.share * FOR_ODDS))
        return SolvedDetector.of(self.views, self.shapes, self.sides, odds, moves)


def examples_of(
    maps: Sequence[Maps],
    drawn: Sequence[Drawn],
    rng: np.random.Generator,
    *,
    n_classes: int,
    views: tuple[View, ...],
    lent: SolvedDetector | None = None,
) -> Examples:
    r"""Examples of boxes from the maps of n pictures, with which a detector is solved.

    Of each box around a thing and of boxes of nothing it is seen what `columns_of` says, brought to 300 principal
    coordinates z. Then

    .. math:: \min_{W} \sum_i w_i\,\ell(c_i, W^\top z_i) + \tfrac{\lambda}{2}\|W\|^2, \qquad
        \min_{B} \sum_i v_i\,\|t_i - B^\top z_i\|^2 + \mu\|B\|^2

    with the softmax loss over nothing and the K classes, and t the offsets from a box that was shifted at random to
    the one that is meant, and its overlap with it. After the first solution the boxes of nothing with the highest
    scores in each picture are added, and W is solved again, twice.

    Parameters
    ----------
    maps : sequence of n sequences of ndarray of shape (H, W, C)
    drawn : sequence of n Drawn
    rng : numpy.random.Generator
    n_classes : int
        K.
    views : tuple of View
        How boxes are looked at.
    lent : SolvedDetector, optional
        Of other classes, on the same maps with the same views. What it answers is so many coordinates more, 20 times
        as large: W and B shrink towards multiples of its coefficients, which cost next to nothing, instead of towards
        nothing.

    Returns
    -------
    Examples

    References
    ----------
    Girshick et al. (2014), "Rich feature hierarchies for accurate object detection": candidates, hard negatives, ridge
    regression of the box (appendix C). Where we differ: boxes everywhere instead of proposals, linear functions of
    means, which need no features of a box (`headstart.detection.views.Answers`), one softmax, two moves of a box.
    Tommasi, Orabona & Caputo (2010), "Safety in numbers: learning categories from few examples with multi model
    knowledge transfer": shrinking towards multiples of what other classes taught, chosen with the rest.
    """
    shapes = [one.shape for one in maps[0]]
    telling, moving = ([view for view in views if view.of_offsets is kind] for kind in (False, True))
    boxes = np.concatenate([one.boxes for one in drawn])
    sides = typical_sides(boxes[:, 2:] - boxes[:, :2], SIZES, rng)
    windows, around = windows_of(sides), int(np.clip(IN_ALL // len(boxes), FEWEST, AROUND))
    near = [_near(one, around, rng) for one in drawn]
    ends = [columns_of(one, these.boxes, moving) for one, these in zip(maps, near, strict=True)]
    to_move = Axes.of(np.concatenate(ends), rng, None if lent is None else lent.part(of_offsets=True))
    offset = [to_move(one) for one in ends]
    del ends
    seen = [columns_of(one, these.boxes[these.codes > 0], telling) for one, these in zip(maps, near, strict=True)]
    nothing = [_nothing(one, these, telling, windows, rng) for one, these in zip(maps, drawn, strict=True)]
    axes = Axes.of(np.concatenate([*nothing, *seen]), rng, None if lent is None else lent.part(of_offsets=False))
    rows = [axes(one) for one in seen], [axes(one) for one in nothing]
    found = Examples(n_classes, views, shapes, sides, (axes, to_move), near, offset, *rows)
    every = range(len(maps))
    moves = found.moves(every)
    for _ in range(ROUNDS):
        solved = found.with_moves(moves, every)
        for i in every:
            hard = columns_of(maps[i], _hardest(solved, maps[i], drawn[i]), telling)
            found.nothing[i] = np.concatenate([found.nothing[i], axes(hard)])
    return found


def _odds(
    positive: np.ndarray, codes: np.ndarray, share: np.ndarray, negative: np.ndarray, n_classes: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and intercepts of the log-odds of each class against nothing."""
    told = np.eye(n_classes + 1)[np.concatenate([codes, np.zeros(len(negative), int)])]
    weight = np.concatenate([share * (SHARE * len(negative) / share.sum()), np.ones(len(negative))])
    X = np.concatenate([positive, negative])
    found = solve_logistic(X, told, sample_weight=weight, penalties=[penalty])
    return found.coef[:, 1:] - found.coef[:, :1], found.intercept[1:] - found.intercept[0]


@dataclass(frozen=True, eq=False)
class Near:
    """Boxes around things.

    Parameters
    ----------
    boxes : ndarray of shape (m, 4)
    codes : ndarray of int of shape (m,)
        Number of the class from 1 on; 0 where a box is too far from the thing to be an example of it.
    weights : ndarray of shape (m,)
        Those around one thing sum to 1.
    wanted : ndarray of shape (m, 5)
        Offsets to the thing, and the overlap with it.
    """

    boxes: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    wanted: np.ndarray

    @classmethod
    def joined(cls, some: Sequence[Near]) -> Near:
        """Those of several pictures."""
        names = ("boxes", "codes", "weights", "wanted")
        return cls(*(np.concatenate([getattr(one, name) for one in some]) for name in names))


def _near(drawn: Drawn, around: int, rng: np.random.Generator) -> Near:
    """Boxes around all things of a picture, themselves among them."""
    found = [Near(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0), np.zeros((0, BESIDE)))]
    spread = np.repeat(SPREADS, [around, around // 2], axis=0).T
    for box, code in zip(drawn.boxes, drawn.codes, strict=True):
        far = rng.uniform(*spread)[:, None] * rng.normal(0, [0.5, 0.5, 0.7, 0.7], (spread.shape[1], 4))
        near = np.clip(shifted(np.repeat(box[None], len(far), 0), far), 0.0, 1.0)
        near = np.vstack([box, near[(near[:, 2:] - near[:, :2] > THIN).all(axis=1)]])
        shared = overlaps(near, box[None])[:, 0]
        near, shared = near[shared >= FAR], shared[shared >= FAR]
        codes = np.where(shared >= RIGHT, code + 1, 0)
        wanted = np.column_stack([offsets(near, np.repeat(box[None], len(near), 0)), shared])
        found.append(Near(near, codes, np.full(len(near), 1 / len(near)), wanted))
    return Near.joined(found)


def _nothing(
    maps: Maps, drawn: Drawn, views: Sequence[View], windows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Columns of boxes of nothing: half of them anywhere, half where something is near."""
    shared = drawn.overlap(windows)
    anywhere, close = np.flatnonzero(shared < WRONG), np.flatnonzero((shared >= 0.1) & (shared < WRONG))
    half = AT_FIRST // 2
    taken = [rng.choice(some, min(half, len(some)), replace=False) for some in (anywhere, close)]
    return columns_of(maps, windows[np.concatenate(taken).astype(int)], views)


def _hardest(solved: SolvedDetector, maps: Maps, drawn: Drawn) -> np.ndarray:
    """What is taken for something by mistake, with the highest scores and apart from one another."""
    boxes, odds, _ = solved.candidates(maps)
    wrong = drawn.overlap(boxes) < WRONG
    boxes, best = boxes[wrong], odds[wrong].max(axis=1)
    return np.asarray(boxes[suppressed(overlaps(boxes, boxes), best, 0.7)[:HARD]])


@dataclass(frozen=True, eq=False)
class Axes:
    """Standardised columns in the strongest of their principal directions, and before them what a detector answers.

    Parameters
    ----------
    mean : ndarray of shape (d,)
    directions : ndarray of shape (d, r)
        What coordinates are of columns less their mean.
    share : float
        Of the squared norm of a row, what is not a lent detector's: penalties go by it.
    """

    mean: np.ndarray
    directions: np.ndarray
    share: float = 1.0

    @classmethod
    def of(cls, X: np.ndarray, rng: np.random.Generator, lent: np.ndarray | None = None) -> Axes:
        """Those of some rows; ``lent`` are coefficients of another detector, (d, k)."""
        mean, spread = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
        scale = spread + 1e-3 * float(np.sqrt((spread**2).mean())) + 1e-12
        some = X if len(X) <= LOOKED_AT else X[np.sort(rng.choice(len(X), LOOKED_AT, replace=False))]
        Z = ((some - mean) / scale).astype(np.float32)
        gram = Z @ Z.T if len(Z) < Z.shape[1] else Z.T @ Z
        values, vectors = np.linalg.eigh(gram)
        kept = np.flatnonzero(values > 1e-6 * values[-1])[-COORDINATES:]
        directions = np.asarray(vectors[:, kept], np.float64)
        if len(Z) < Z.shape[1]:
            directions = Z.T @ (directions / np.sqrt(values[kept]))
        directions /= scale[:, None]
        if lent is None:
            return cls(mean, directions)
        own, loud = float(values[kept].sum()) / len(Z), LOUD**2 * lent.shape[1]
        answered = (some - mean) @ lent
        directions = np.column_stack([LOUD * lent / (answered.std(axis=0) + 1e-12), directions])
        return cls(mean, directions, own / (own + loud))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Coordinates of rows, (m, r), float32."""
        return np.asarray((X - self.mean).astype(np.float32) @ self.directions.astype(np.float32))

    def raw(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients of coordinates as coefficients of columns, with their intercepts."""
        of_columns = self.directions @ coef
        return of_columns, intercept - self.mean @ of_columns
