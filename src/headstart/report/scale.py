"""From values to places on a drawing: round ticks, linear and logarithmic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Place = Callable[[float], float]


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values that cover a range.

    Parameters
    ----------
    low, high : float
        The range; ``low <= high``.
    about : int, default=5
        How many steps are wanted.

    Returns
    -------
    list of float
        Ascending; the first is at most ``low``, the last at least ``high``, steps are 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> ticks(0.52, 0.97)
    [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    """
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def linear(low: float, high: float, start: float, end: float) -> Place:
    """A straight map from ``[low, high]`` to ``[start, end]``."""
    width = (high - low) or 1.0
    return lambda value: start + (value - low) / width * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Place:
    """A map that gives equal ratios equal room; ``low`` and ``high`` above zero."""
    straight = linear(math.log(low), math.log(high), start, end)
    return lambda value: straight(math.log(max(value, low * 1e-3)))


def apart(places: Sequence[float], room: float) -> list[bool]:
    """Which of ascending places can be labelled without touching; the last always, then from the end.

    Examples
    --------
    >>> apart([0, 10, 50, 100], 20)
    [False, True, True, True]
    """
    kept = [False] * len(places)
    free = math.inf
    for i in range(len(places) - 1, -1, -1):
        if free - places[i] >= room:
            kept[i] = True
            free = places[i]
    return kept
