"""Arguments of a public call: a mistyped name, word or number is refused in plain words before anything is read."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from math import inf
from typing import Any, ParamSpec, TypeVar

from headstart.contract.options import check_number
from headstart.errors import ParameterError, refuse_call
from headstart.math.statistics.two_classes import check_prevalence

Taken = ParamSpec("Taken")
Given = TypeVar("Given")
Rule = Callable[[str, Any], None]


def whole(low: int, high: float = inf) -> Rule:
    """A whole number in a range."""
    return partial(check_number, low=low, high=high, whole=True)


def above(low: float, high: float = inf, *, open_high: bool = False) -> Rule:
    """A number above ``low``, and perhaps below ``high``."""
    return partial(check_number, low=low, high=high, open_low=True, open_high=open_high)


def within(low: float, high: float = inf) -> Rule:
    """A number in a range with both its ends."""
    return partial(check_number, low=low, high=high)


def _flag(name: str, value: Any) -> None:
    if not (isinstance(value, bool) or type(value).__name__ == "bool_"):
        raise ParameterError(f"Expected {name} to be True or False, found {value!r}.")


def _called(name: str, value: Any) -> None:
    if not callable(value):
        raise ParameterError(f"Expected {name} to be a function, found {value!r}.")


def a(what: str, *kinds: type) -> Rule:
    """A thing of some types, or what these words say of it."""

    def rule(name: str, value: Any) -> None:
        if not isinstance(value, kinds):
            raise ParameterError(f"Expected {name} to be {what}, found {value!r}.")

    return rule


def several(what: str, kind: type | tuple[type, ...]) -> Rule:
    """A list of things of a type; a single one is none."""

    def rule(name: str, value: Any) -> None:
        listed = isinstance(value, Sequence) or hasattr(value, "dtype")
        if isinstance(value, str | bytes) or not listed:
            raise ParameterError(f"Expected {name} to be a list of {what}, found {value!r}.")
        for one in value:
            if not isinstance(one, kind):
                raise ParameterError(f"Expected {name} to be a list of {what}, found {one!r} in it.")

    return rule


def _sources(name: str, value: Any) -> None:
    lent = value.values() if isinstance(value, Mapping) else value if isinstance(value, Sequence) else [value]
    for one in lent:
        if not (hasattr(one, "X") or hasattr(one, "inputs")):
            raise ParameterError(f"Expected {name} to be a list of Source(X, y), found {one!r} in it.")


def _model(name: str, value: Any) -> None:
    if not (isinstance(value, str | os.PathLike) or hasattr(value, "evidence")):
        raise ParameterError(f"Expected {name} to be a model or its folder, found {value!r}.")


def _candidates(name: str, value: Any) -> None:
    if not isinstance(value, Mapping | list | tuple):
        raise ParameterError(f"Expected {name} as a dict or list of (name, estimator), found {value!r}.")


def _prevalence(name: str, value: Any) -> None:
    check_number(name, value)
    check_prevalence(value)


def _jobs(name: str, value: Any) -> None:
    check_number(name, value, whole=True)
    if value == 0:
        raise ParameterError(f"Expected {name} of 1 or more, -1 for all processors, or None, found 0.")


def _weights(name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for label, weight in value.items():
            check_number(f"the weight of {label!r} in {name}", weight, 0)
    elif not isinstance(value, str) or value != "balanced":
        raise ParameterError(f"Expected {name} to be 'balanced' or a dict of classes to weights, found {value!r}.")


_word, _place = a("a name", str), a("the path of a file or folder", str, os.PathLike)
#: What each argument is wherever it is taken; None passes where it is the default.
RULES: dict[str, Rule] = {
    **dict.fromkeys(("device", "metric", "partial_pooling", "labels"), _word),
    **dict.fromkeys(("out", "adapt", "preview"), _place),
    **dict.fromkeys(("skip_bad", "resume", "plain", "reference", "self_supervised", "flip", "half"), _flag),
    **dict.fromkeys(("progress", "also"), _called),
    **dict.fromkeys(("n", "text_windows", "sampling_rate", "epochs"), whole(1)),
    **dict.fromkeys(("threshold", "sensitivity", "specificity", "cost_miss", "cost_false"), within(-inf)),
    "prevalence": _prevalence,
    "budget": above(0),
    "n_splits": whole(2),
    "random_state": whole(0, 2**32 - 1),
    "views": whole(1, 64),
    "n_jobs": _jobs,
    "auxiliary": _sources,
    "candidates": _candidates,
    "model": _model,
    "positive": a("the name of a class", str, int, float),
    "curves": a("'dropout'", str),
    "ask": whole(0),
    "false_alarms": above(0, 1000),
    "class_weight": _weights,
    "plan": a("the folder of a model, or a plan", str, os.PathLike, dict),
    "classes": several("classes", object),
}


def check_arguments(given: Mapping[str, Any], defaults: Mapping[str, Any], **own: Rule) -> None:
    """Refuse arguments that are not what they are called.

    Parameters
    ----------
    given : mapping
        Names and values; of a name that is not known nothing is asked.
    defaults : mapping
        What stands for what is not given; None passes where it does.
    **own : callable
        What is asked of arguments that mean something else here.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> check_arguments({"budget": "5s"}, {"budget": 600.0})
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected budget to be a number above 0, found '5s'.
    """
    for name, value in given.items():
        rule = own.get(name, RULES.get(name))
        if rule is not None and not (value is None and defaults.get(name, name) is None):
            rule(name, value)


def plainly(**own: Rule) -> Callable[[Callable[Taken, Given]], Callable[Taken, Given]]:
    """Make a function check its arguments by their names before it does anything, see `check_arguments`."""

    def decorate(function: Callable[Taken, Given]) -> Callable[Taken, Given]:
        taken = inspect.signature(function).parameters
        defaults = {name: one.default for name, one in taken.items() if one.default is not one.empty}

        @wraps(function)
        def called(*args: Taken.args, **named: Taken.kwargs) -> Given:
            refuse_call(function, args, named)
            check_arguments({**dict(zip(taken, args, strict=False)), **named}, defaults, **own)
            return function(*args, **named)

        return called

    return decorate
