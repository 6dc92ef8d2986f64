"""One order of everything that could be borrowed, and of borrowing nothing, with what is to be expected of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.adviser.measuring import HELP, HURT, OPEN, Gain, Measure, gain_of
from headstart.math.statistics.intervals import score_interval

#: Labels from which what is measured decides alone; below, how much a source has seen has a say.
FEW = 30
MEASURED, PRIOR, REFUSED = "measured", "prior", "refused"
NONE = "none"


@dataclass(frozen=True, eq=False)
class Offer:
    """One way to borrow, or none.

    Parameters
    ----------
    source : str
        Its name; "none" for borrowing nothing.
    what : str
        "parameters", "features", "instances" or "-".
    how : str
        The algorithm, in a phrase.
    measure : Measure, optional
        What it is worth; None where it was not measured.
    why : str
        The reason for its place beyond the figures, or why it is refused.
    refused : bool, default=False
        Whether nothing should be borrowed of it, whatever was measured.
    strength : float, default=0
        How much the source has seen and can hold, as a logarithm.
    seconds : float, default=0
        What measuring took.
    sure : bool, default=True
        Whether a gain beyond chance is one; False where it is the best of several ways and may be luck: it stays open.
    """

    source: str
    what: str
    how: str
    measure: Measure | None = None
    why: str = ""
    refused: bool = False
    strength: float = 0.0
    seconds: float = 0.0
    sure: bool = True


def ranked(offers: Sequence[Offer], groups: np.ndarray | None = None, *, numbers: bool = False) -> list[dict[str, Any]]:
    r"""Rows of the ranking, the best first.

    From 30 labels on the left-out squared error of ridge regression orders what was measured, the evidence of a linear
    model (LogME) breaks ties. Below, three things count alike, each standardised over the offers: that error, how far
    classes are apart (GBC), and how much the source has seen. What hurts, or is open without a gain, stands below
    borrowing nothing; what was not measured follows by how much it has seen; what is refused comes last.

    Parameters
    ----------
    offers : sequence of Offer
        One of them "none", measured.
    groups : array of shape (n,), optional
    numbers : bool, default=False
        Whether scores are R^2, which has no lower bound.

    Returns
    -------
    list of dict
        ``rank``, ``source``, ``what``, ``how``, ``expected``, ``interval``, ``gain``, ``gain_interval``, ``verdict``,
        ``basis``, ``seconds``, ``why``.

    Examples
    --------
    >>> weak = Measure(np.zeros(40), np.zeros(40), error=0.5)
    >>> good = Measure(np.ones(40), np.ones(40), error=0.1)
    >>> found = ranked([Offer("none", "-", "-", weak), Offer("a", "parameters", "new output layer", good)])
    >>> [(row["source"], row["verdict"]) for row in found]
    [('a', 'help'), ('none', 'none')]
    """
    without = next(one.measure for one in offers if one.source == NONE)
    assert without is not None, "borrowing nothing is always measured"
    usable = [one for one in offers if one.measure is not None and not one.refused]
    gains = {id(one): _gain(one, without, groups) for one in usable}
    keys = _keys(usable)
    order = [usable[i] for i in sorted(range(len(usable)), key=lambda i: keys[i])]
    ahead = [one for one in order if one.source != NONE and _worth_it(gains[id(one)])]
    rest = [one for one in order if one.source != NONE and one not in ahead]
    behind = sorted(rest, key=lambda one: -gains[id(one)].value)
    order = [*ahead, *(one for one in order if one.source == NONE)]
    unknown = sorted((o for o in offers if o.measure is None and not o.refused), key=lambda o: -o.strength)
    refused = [one for one in offers if one.refused]
    rows = []
    for rank, one in enumerate([*order, *behind, *unknown, *refused], 1):
        rows.append({"rank": rank, **_row(one, gains.get(id(one)), groups, numbers)})
    return rows


def _gain(one: Offer, without: Measure, groups: np.ndarray | None) -> Gain:
    assert one.measure is not None
    gain = gain_of(one.measure.right, without.right, groups)
    return gain if one.sure or gain.word != HELP else replace(gain, word=OPEN)


def _keys(offers: Sequence[Offer]) -> list[tuple[float, float]]:
    """What orders the offers, the smallest first."""
    measures = [one.measure for one in offers if one.measure is not None]
    if not measures or len(measures[0].right) >= FEW:
        return [(round(one.error, 3), -one.evidence) for one in measures]
    strength = [one.strength for one in offers]
    total = sum(map(_standard, ([one.error for one in measures], [-one.apart for one in measures])))
    return [(float(value), 0.0) for value in total - _standard(_places(strength))]


def _worth_it(gain: Gain) -> bool:
    """Whether a way belongs above borrowing nothing: there is a gain, sure or not."""
    return gain.word != HURT and gain.value > 0


def _places(values: Sequence[float]) -> list[float]:
    """The place of each among the others: how much one source has seen more than another is of no known worth."""
    return [float(np.mean(np.asarray(values) < value)) for value in values]


def _standard(values: Sequence[float]) -> np.ndarray:
    x = np.asarray(values, dtype=np.float64)
    return (x - x.mean()) / (x.std() + 1e-12)


def _row(one: Offer, gain: Gain | None, groups: np.ndarray | None, numbers: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"source": one.source, "what": one.what, "how": one.how}
    row |= {"expected": None, "interval": None, "gain": None, "gain_interval": None}
    row |= {"verdict": "refused" if one.refused else "not measured"}
    row |= {"basis": REFUSED if one.refused else PRIOR, "seconds": one.seconds, "why": one.why}
    if one.measure is None or gain is None:
        return row
    low = -np.inf if numbers else 0.0
    interval = score_interval(one.measure.head, groups, low=low, high=1.0)
    row |= {"expected": float(one.measure.head.mean()), "interval": list(interval), "basis": MEASURED}
    if one.source == NONE:
        return row | {"verdict": NONE}
    return row | {"gain": gain.value, "gain_interval": [gain.low, gain.high], "verdict": gain.word}
