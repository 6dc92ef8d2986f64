"""A detector whose scores are probabilities: what they mean is told by pictures that were held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import logit

from headstart.detection.solving import Drawn, Maps
from headstart.errors import DataError
from headstart.math.boxes.matching import partners
from headstart.math.linear.logistic import solve_logistic
from headstart.progress import Progress

#: Parts into which pictures are divided; each is held out once.
PARTS = 3
#: Overlap from which a found box is right.
RIGHT = np.array([0.5])
#: Least found boxes of either outcome that can tell what scores mean.
FEWEST = 5


#: From what was seen of pictures, what was drawn in them and a generator to examples, which have a method ``solved``.
Gather = Callable[[Sequence[Maps], Sequence[Drawn], np.random.Generator], Any]


def calibrated_detector(
    maps: Sequence[Maps], drawn: Sequence[Drawn], gather: Gather, seed: int, progress: Progress | None = None
) -> Any:
    """Solve a detector, and again without each third of the pictures, in which its scores are compared with the truth.

    Examples are gathered once: without a third of the pictures theirs are left out, and the others, the hard negatives
    among them, stay.

    Parameters
    ----------
    maps, drawn
        Of n pictures.
    gather : callable
        `headstart.detection.solving.examples_of` or `headstart.detection.query_solving.queries_of`.
    seed : int
    progress : callable, optional
        Called as ``progress("solving detectors", done, 4)``.

    Returns
    -------
    SolvedDetector or SolvedQueries
        Of all pictures. Where there are too few to hold any out its scores stay as they are.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", on held-out examples, over all classes together.
    """
    rng = np.random.default_rng(seed)
    examples = gather(maps, drawn, rng)
    solved = examples.solved()
    fold = rng.permutation(np.arange(len(maps)) % PARTS)
    odds, right = [np.zeros(0)], [np.zeros(0, bool)]
    for part in range(PARTS):
        if progress is not None:
            progress("solving detectors", part + 1, PARTS + 1)
        held, rest = np.flatnonzero(fold == part).tolist(), np.flatnonzero(fold != part).tolist()
        if not held or not rest:
            continue
        try:
            without = examples.solved(rest)
        except DataError:  # what is left tells nothing
            continue
        for i in held:
            boxes, codes, scores = without.detect(maps[i])
            odds.append(logit(np.clip(scores, 1e-9, 1 - 1e-9)))
            right.append(correct(boxes, codes, drawn[i]))
    if progress is not None:
        progress("solving detectors", PARTS + 1, PARTS + 1)
    slope, level = platt(np.concatenate(odds), np.concatenate(right))
    return dataclasses.replace(solved, slope=slope, level=level)


def correct(boxes: np.ndarray, codes: np.ndarray, drawn: Drawn) -> np.ndarray:
    """Which found boxes of a picture, best first, are things that were drawn, (k,)."""
    found = np.zeros(len(boxes), bool)
    for code in np.unique(codes):
        mine, theirs = codes == code, drawn.boxes[drawn.codes == code]
        no = np.zeros(len(theirs), bool)
        found[mine] = partners(boxes[mine], theirs, no, no, RIGHT)[0] >= 0
    return found


def platt(odds: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and level that make log-odds those of being right; (1, 0) where too few of either outcome tell.

    Examples
    --------
    >>> odds = np.repeat([-2.0, 2.0], 100)
    >>> slope, level = platt(odds, np.arange(200) % 4 < np.where(odds > 0, 3, 1))
    >>> round(slope, 2), round(abs(level), 2)
    (0.55, 0.0)
    """
    if min(right.sum(), (~right).sum()) < FEWEST:
        return 1.0, 0.0
    found = solve_logistic(odds[:, None], np.eye(2)[right.astype(int)], penalties=[1e-6])
    slope = float(found.coef[0, 1] - found.coef[0, 0])
    return (slope, float(found.intercept[1] - found.intercept[0])) if slope > 0 else (1.0, 0.0)
