"""Checks of options at fit: a mistyped word or a number outside its range is an error that names what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

from headstart.errors import ParameterError


def check_option(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Refuse a value that is not among the allowed ones.

    Raises
    ------
    ParameterError
        Which names them all.

    Examples
    --------
    >>> check_option("kernel", "rfb", ("linear", "rbf"))
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected kernel to be one of 'linear', 'rbf', found 'rfb'.
    """
    if not any(type(value) is type(entry) and value == entry for entry in allowed):
        words = ", ".join(repr(entry) for entry in allowed)
        raise ParameterError(f"Expected {name} to be one of {words}, found {value!r}.")


def check_number(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    whole: bool = False,
    optional: bool = False,
) -> None:
    """Refuse a value that is no number in [low, high] (or without an end where it is open), or not whole.

    None passes where the number is optional.

    Raises
    ------
    ParameterError
        Which says the range.

    Examples
    --------
    >>> check_number("gamma", 0.0, 0.0, open_low=True)
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected gamma to be a number above 0, found 0.0.
    """
    if optional and value is None:
        return
    kind = Integral if whole else Real
    good = isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)
    if (
        good
        and (low < value or (value == low and not open_low))
        and (value < high or (value == high and not open_high))
    ):
        return
    ends = []
    if low > -math.inf:
        ends.append(f"above {low:g}" if open_low else f"of at least {low:g}")
    if high < math.inf:
        ends.append(f"below {high:g}" if open_high else f"of at most {high:g}")
    what = "a whole number" if whole else "a number"
    raise ParameterError(f"Expected {name} to be {what}{' ' if ends else ''}{' and '.join(ends)}, found {value!r}.")
