"""What fits into the time that was given, and what it would take to admit the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

RESERVE = 0.10
_STEPS = (60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 86400)


@dataclass(frozen=True)
class Price:
    """What a candidate costs, predicted from measured speed.

    Parameters
    ----------
    name : str
        The candidate.
    fold : float
        Seconds of one of ``n_splits`` folds.
    refit : float
        Seconds of the final training on all examples, should it win.
    n_splits : int, default=5
        Folds that ``fold`` was predicted for; with fewer folds each trains on less.
    once : float, default=0.0
        Seconds of what is computed once for all folds.
    """

    name: str
    fold: float
    refit: float
    n_splits: int = 5
    once: float = 0.0

    def folds(self, n_splits: int) -> float:
        """Seconds of one cross-validation with this many folds.

        Examples
        --------
        >>> Price("all", fold=30.0, refit=40.0).folds(5), Price("all", fold=30.0, refit=40.0, n_splits=3).folds(3)
        (150.0, 90.0)
        """
        share = (1.0 - 1.0 / n_splits) / (1.0 - 1.0 / self.n_splits)
        return self.once + self.fold * share * n_splits


def splits_that_fit(price: Price, n_splits: int, available: float) -> int:
    """Folds of all candidates: ``n_splits``, or three where only they let the most promising dear one in.

    Parameters
    ----------
    price : Price
        Of the dear candidate with the largest expected gain.
    n_splits : int
        Folds that were asked for.
    available : float
        Seconds for its folds and refit.

    Examples
    --------
    >>> [splits_that_fit(Price("all", 30, 40), 5, seconds) for seconds in (200, 150, 100)]
    [5, 3, 5]
    """
    for k in (n_splits, min(3, n_splits)):
        if price.folds(k) + price.refit <= available:
            return k
    return n_splits


def budget_that_admits(seconds: float, spent: float) -> float:
    """A round budget that would admit a candidate, with the reserve.

    Parameters
    ----------
    seconds : float
        Folds and refit of the candidate.
    spent : float
        What the rest of the run takes.

    Returns
    -------
    float
        Seconds: a round number of minutes or hours.

    Examples
    --------
    >>> budget_that_admits(1860, 60) / 60
    45.0
    """
    needed = (seconds + spent) / (1.0 - RESERVE)
    return next((float(step) for step in _STEPS if step >= needed * 1.05), math.ceil(needed / 86400) * 86400.0)


def left_out_words(words: str, seconds: float, spent: float) -> str:
    """What was left out, its price, and the budget that would admit it.

    Examples
    --------
    >>> left_out_words("fine-tuning all layers", 1860, 60)
    'fine-tuning all layers: about 31 minutes; --budget 45m'
    """
    return f"{words}: about {spell(seconds)}; --budget {short(budget_that_admits(seconds, spent))}"


def spell(seconds: float) -> str:
    """A duration in words.

    Examples
    --------
    >>> spell(42), spell(95), spell(150), spell(1860), spell(3600), spell(9000)
    ('42 seconds', '95 seconds', '2.5 minutes', '31 minutes', '1 hour', '2.5 hours')
    """
    if seconds < 119.5 and round(seconds) != 60:
        number, unit = f"{max(1, round(seconds))}", "second"
    elif seconds < 3570:
        size, unit = seconds / 60, "minute"
        number = f"{size:.1f}".removesuffix(".0") if size < 9.95 else f"{size:.0f}"
    else:
        number, unit = f"{seconds / 3600:.1f}".removesuffix(".0"), "hour"
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def short(seconds: float) -> str:
    """A duration as the command line takes it.

    Examples
    --------
    >>> short(600), short(5400), short(7200), short(90)
    ('10m', '90m', '2h', '90s')
    """
    if seconds % 60:
        return f"{math.ceil(seconds)}s"
    return f"{round(seconds / 3600)}h" if seconds % 3600 == 0 else f"{round(seconds / 60)}m"
