"""Durations on the command line: 90, 90s, 10m, 1h, 1h30m."""

from __future__ import annotations

import re
from typing import Any

import click

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def seconds_of(text: str) -> float:
    """Read a duration; a bare number is in seconds.

    Parameters
    ----------
    text : str
        Such as ``"90"``, ``"90s"``, ``"10m"``, ``"1h"`` or ``"1h30m"``.

    Returns
    -------
    float
        Seconds, above zero.

    Raises
    ------
    ValueError
        When the text is no duration, or zero.

    Examples
    --------
    >>> seconds_of("90"), seconds_of("10m"), seconds_of("1h30m")
    (90.0, 600.0, 5400.0)
    """
    compact = text.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        seconds = float(compact)
    elif re.fullmatch(f"(?:{PART.pattern})+", compact):
        seconds = sum(float(number) * SECONDS[unit] for number, unit in PART.findall(compact))
    else:
        raise ValueError(f"expected a duration such as 90, 90s, 10m or 1h, found {text!r}")
    if not seconds > 0:
        raise ValueError(f"expected a duration above zero, found {text!r}")
    return seconds


class Duration(click.ParamType):
    """A click type that turns ``10m`` into 600.0 seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return seconds_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
