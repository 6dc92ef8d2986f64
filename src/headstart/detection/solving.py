"""Solving a detector on cached maps: examples of boxes, logistic regression with hard negatives, ridge for offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.detection.solved import THIN, SolvedDetector, windows_of
from headstart.detection.views import Shapes, View, columns_of
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
#: Overlap from which a box is an example of its class, from which it tells an offset, and below which it is of nothing.
RIGHT, NEAR, WRONG = 0.6, 0.35, 0.4
#: Boxes of nothing that a picture gives at first, and in each of the rounds in which the hardest are looked for.
AT_FIRST, HARD, ROUNDS = 40, 15, 2
#: Weight of all boxes of something as a part of that of all boxes of nothing.
SHARE = 0.5
#: Principal coordinates in which everything is solved, and boxes from which they are found.
COORDINATES, LOOKED_AT = 300, 1500
#: Spread of what a lent detector answers, in units of a column's.
LOUD = 20.0
#: Penalties, as multiples of the mean squared norm of a row: of log-odds, and of offsets.
FOR_ODDS, FOR_OFFSETS = 2.0, 2.4

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


def solve_detector(
    maps: Sequence[Maps],
    drawn: Sequence[Drawn],
    n_classes: int,
    rng: np.random.Generator,
    *,
    views: tuple[View, ...],
    lent: SolvedDetector | None = None,
) -> SolvedDetector:
    r"""Learn to find boxes from the maps of n pictures.

    Of each box around a thing and of boxes of nothing it is seen what `columns_of` says, brought to 300 principal
    coordinates z. Then

    .. math:: \min_{W} \sum_i w_i\,\ell(c_i, W^\top z_i) + \tfrac{\lambda}{2}\|W\|^2, \qquad
        \min_{B} \sum_i v_i\,\|t_i - B^\top z_i\|^2 + \mu\|B\|^2

    with the softmax loss over nothing and the K classes, and t the offsets from a box that was shifted at random to
    the one that is meant. After the first solution the boxes of nothing with the highest scores in each picture are
    added, and W is solved again, twice.

    Parameters
    ----------
    maps : sequence of n sequences of ndarray of shape (H, W, C)
    drawn : sequence of n Drawn
    n_classes : int
        K.
    rng : numpy.random.Generator
    views : tuple of View
        How boxes are looked at.
    lent : SolvedDetector, optional
        Of other classes, on the same maps with the same views. What it answers is so many coordinates more, 20 times
        as large: W and B shrink towards multiples of its coefficients, which cost next to nothing, instead of towards
        nothing.

    Returns
    -------
    SolvedDetector
        Not calibrated.

    References
    ----------
    Girshick et al. (2014), "Rich feature hierarchies for accurate object detection": candidates, hard negatives, ridge
    regression of the box (appendix C). Where we differ: boxes everywhere instead of proposals, linear functions of
    means, which need no features of a box (`headstart.detection.views.Answers`), one softmax, two moves of a box.
    Tommasi, Orabona & Caputo (2010), "Safety in numbers: learning categories from few examples with multi model
    knowledge transfer": shrinking towards multiples of what other classes taught, chosen with the rest.
    """
    shapes = [one.shape for one in maps[0]]
    boxes = np.concatenate([one.boxes for one in drawn])
    sides = typical_sides(boxes[:, 2:] - boxes[:, :2], SIZES, rng)
    windows, around = windows_of(sides), int(np.clip(IN_ALL // len(boxes), FEWEST, AROUND))
    seen = [_near(one, these, views, around, rng) for one, these in zip(maps, drawn, strict=True)]
    X, codes, weights, wanted = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    nothing = [_nothing(one, these, views, windows, rng) for one, these in zip(maps, drawn, strict=True)]
    right = codes > 0
    axes = Axes.of(np.concatenate([*nothing, X[right]]), rng, lent)
    seen_near = axes(X)
    rows = weights * AROUND
    offset = solve_ridge(
        seen_near, wanted, sample_weight=rows, penalties=[axes.share * FOR_OFFSETS * len(rows) / rows.sum()]
    )
    positive, told, share = seen_near[right], codes[right], weights[right]
    negative = [axes(part) for part in nothing if len(part)]
    for left in range(ROUNDS, -1, -1):
        odds = _odds(positive, told, share, np.concatenate(negative), n_classes, axes.share * FOR_ODDS)
        coef = np.concatenate([odds[0], offset.coef], axis=1)
        solved = axes.solved(views, shapes, sides, coef, np.concatenate([odds[1], offset.intercept]))
        if left:
            negative += [_hardest(solved, one, these, axes) for one, these in zip(maps, drawn, strict=True)]
    return solved


def _odds(
    positive: np.ndarray, codes: np.ndarray, share: np.ndarray, negative: np.ndarray, n_classes: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and intercepts of the log-odds of each class against nothing."""
    told = np.eye(n_classes + 1)[np.concatenate([codes, np.zeros(len(negative), int)])]
    weight = np.concatenate([share * (SHARE * len(negative) / share.sum()), np.ones(len(negative))])
    X = np.concatenate([positive, negative])
    found = solve_logistic(X, told, sample_weight=weight, penalties=[penalty])
    return found.coef[:, 1:] - found.coef[:, :1], found.intercept[1:] - found.intercept[0]


def _near(
    maps: Maps, drawn: Drawn, views: tuple[View, ...], around: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Boxes around those that are to be found: columns, class (0 where too far), weight, offsets to what is meant."""
    boxes, codes, weights, wanted = [np.zeros((0, 4))], [np.zeros(0, int)], [np.zeros(0)], [np.zeros((0, 4))]
    for box, code in zip(drawn.boxes, drawn.codes, strict=True):
        far = rng.uniform(0.02, 0.35, (around, 1)) * rng.normal(0, [0.5, 0.5, 0.7, 0.7], (around, 4))
        near = np.clip(shifted(np.repeat(box[None], around, 0), far), 0.0, 1.0)
        near = np.vstack([box, near[(near[:, 2:] - near[:, :2] > THIN).all(axis=1)]])
        shared = overlaps(near, box[None])[:, 0]
        near, shared = near[shared >= NEAR], shared[shared >= NEAR]
        boxes.append(near)
        codes.append(np.where(shared >= RIGHT, code + 1, 0))
        weights.append(np.full(len(near), 1 / len(near)))
        wanted.append(offsets(near, np.repeat(box[None], len(near), 0)))
    every = np.concatenate(boxes)
    return columns_of(maps, every, views), np.concatenate(codes), np.concatenate(weights), np.concatenate(wanted)


def _nothing(
    maps: Maps, drawn: Drawn, views: tuple[View, ...], windows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Columns of boxes of nothing: half of them anywhere, half where something is near."""
    shared = drawn.overlap(windows)
    anywhere, close = np.flatnonzero(shared < WRONG), np.flatnonzero((shared >= 0.1) & (shared < WRONG))
    half = AT_FIRST // 2
    taken = [rng.choice(some, min(half, len(some)), replace=False) for some in (anywhere, close)]
    return columns_of(maps, windows[np.concatenate(taken).astype(int)], views)


def _hardest(solved: SolvedDetector, maps: Maps, drawn: Drawn, axes: Axes) -> np.ndarray:
    """What is taken for something by mistake, with the highest scores and apart from one another."""
    boxes, odds = solved.candidates(maps)
    wrong = drawn.overlap(boxes) < WRONG
    boxes, best = boxes[wrong], odds[wrong].max(axis=1)
    apart = suppressed(overlaps(boxes, boxes), best, 0.7)[:HARD]
    return axes(columns_of(maps, boxes[apart], solved.views))


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
    def of(cls, X: np.ndarray, rng: np.random.Generator, lent: SolvedDetector | None = None) -> Axes:
        """Those of some rows."""
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
        own, loud = float(values[kept].sum()) / len(Z), LOUD**2 * lent.coef.shape[1]
        answered = (some - mean) @ lent.coef
        directions = np.column_stack([LOUD * lent.coef / (answered.std(axis=0) + 1e-12), directions])
        return cls(mean, directions, own / (own + loud))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Coordinates of rows, (m, r), float32."""
        return np.asarray((X - self.mean).astype(np.float32) @ self.directions.astype(np.float32))

    def solved(
        self, views: tuple[View, ...], shapes: Shapes, sides: np.ndarray, coef: np.ndarray, intercept: np.ndarray
    ) -> SolvedDetector:
        """The detector of functions of these coordinates."""
        raw = self.directions @ coef
        return SolvedDetector(views, shapes, sides, raw, intercept - self.mean @ raw)
