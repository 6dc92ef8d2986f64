"""What headstart says when it cannot go on: what was expected, what was found, what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

Callee = TypeVar("Callee", bound=Callable[..., Any])


def did_you_mean(word: str, known: Iterable[Any]) -> str:
    """The question for the known name that is nearest to a mistyped one; empty where none is near.

    Examples
    --------
    >>> did_you_mean("Buget", ["budget", "label"]), did_you_mean("zzz", ["budget"])
    ("Did you mean 'budget'?", '')
    """
    near = nearest(word, known)
    return "" if near is None else f"Did you mean {near!r}?"


def nearest(word: str, known: Iterable[Any]) -> str | None:
    """The known name that is nearest to a mistyped one, whatever its capitals; None where none is near.

    Examples
    --------
    >>> nearest("FLOWRS", ["flowers", "trees", 3]), nearest("zzz", ["flowers"])
    ('flowers', None)
    """
    import difflib  # no command that goes well needs it

    names = {name.casefold(): name for name in known if isinstance(name, str)}
    return next((names[near] for near in difflib.get_close_matches(word.casefold(), names, 1)), None)


class HeadstartError(Exception):
    """Base of every error that headstart raises on purpose.

    The command line prints its message alone, without a traceback, and exits with 1.

    Parameters
    ----------
    message : str
        What was expected and what was found, in one or two sentences.
    todo : str, default=""
        What the reader can do about it; joined to the message.

    Examples
    --------
    >>> str(HeadstartError("Expected two classes, found one ('ants').", "Add pictures of another class."))
    "Expected two classes, found one ('ants'). Add pictures of another class."
    """

    #: Name of the file that it is about, once that was said.
    about = ""

    def __init__(self, message: str, todo: str = "") -> None:
        self.message = message
        self.todo = todo
        super().__init__(f"{message} {todo}".strip())

    def __reduce__(self) -> Any:
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[HeadstartError], arguments: tuple[Any, ...], state: dict[str, Any]) -> HeadstartError:
    """The same error in another process, whatever its class is made from."""
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


@contextmanager
def about(place: Any) -> Iterator[None]:
    """Name the file that what is refused within stands in, where several are read and the words name none.

    Parameters
    ----------
    place : path-like or anything
        What is no path, or an empty one, is not named. Where blocks stand in one another, the inner one tells.

    Raises
    ------
    HeadstartError
        What was raised within.

    Examples
    --------
    >>> with about("old/rows.csv"):
    ...     raise HeadstartError("Expected two classes, found one.")
    Traceback (most recent call last):
    headstart.errors.HeadstartError: In rows.csv: Expected two classes, found one.
    """
    try:
        yield
    except HeadstartError as error:
        name = os.path.basename(os.path.normpath(place)) if isinstance(place, str | os.PathLike) and place else ""
        if name and not error.about:
            error.about = name
            said = re.search(rf"(?<![\w.-]){re.escape(name)}(?!\w)", error.message)
            error.message = error.message if said else f"In {name}: {error.message}"
            error.args = (f"{error.message} {error.todo}".strip(),)
        raise


@contextmanager
def of_task(name: str) -> Iterator[None]:
    """Name the task of which what is refused within is said, where there are several.

    Raises
    ------
    HeadstartError
        What was raised within.

    Examples
    --------
    >>> with of_task("colour"):
    ...     raise HeadstartError("Expected two classes, found one.")
    Traceback (most recent call last):
    headstart.errors.HeadstartError: colour: Expected two classes, found one.
    """
    try:
        yield
    except HeadstartError as error:
        error.message = f"{name}: {error.message}"
        error.args = (f"{error.message} {error.todo}".strip(),)
        raise


class DataError(HeadstartError, ValueError):
    """The data cannot be used as they are: labels, groups, files or shapes."""


class NoLabels(DataError):
    """The data hold no labels; with a labelled set beside them they can be learned from all the same."""


class BadInputs(DataError):
    """One or more inputs cannot be decoded; :class:`BadPictures`, :class:`BadClips` or :class:`BadTexts`.

    Parameters
    ----------
    bad : list of (str, str)
        Name and reason of every broken input.
    """

    one = "input"
    many = "inputs"
    used = "read"

    def __init__(self, bad: list[tuple[str, str]]) -> None:
        self.bad = list(bad)
        shown = "; ".join(f"{name}: {reason}" for name, reason in self.bad[:10])
        more = f"; and {len(self.bad) - 10} more" if len(self.bad) > 10 else ""
        count = f"1 {self.one}" if len(self.bad) == 1 else f"{len(self.bad)} {self.many}"
        super().__init__(
            f"Expected readable {self.many}, found {count} that cannot be {self.used}: {shown}{more}.",
            "Repair or remove them, or go on without them (--skip-bad, skip_bad=True).",
        )


class BadPictures(BadInputs):
    """One or more pictures cannot be decoded."""

    one = "picture"
    many = "pictures"


class BadClips(BadInputs):
    """One or more clips of sound cannot be decoded, or hold nothing to learn from."""

    one = "clip"
    many = "clips"
    used = "used"


class BadTexts(BadInputs):
    """One or more texts cannot be decoded, or hold nothing to learn from."""

    one = "text"
    many = "texts"
    used = "used"


class SourceError(HeadstartError, ValueError):
    """What was offered to borrow from cannot be used."""


class ParameterError(HeadstartError, ValueError):
    """An argument is outside its range or contradicts another."""


class MissingExtra(HeadstartError, ImportError):
    """An optional library is needed that is not installed.

    Parameters
    ----------
    library : str
        The library that is missing.
    extra : str
        The extra of headstart that brings it.
    purpose : str
        What it is needed for.
    """

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {library}, which is not installed.", f"Install it with: pip install 'headstart[{extra}]'"
        )


class MissingProgram(HeadstartError, OSError):
    """A program is needed that is not installed.

    Parameters
    ----------
    program : str
        Name of the program.
    command : str
        What installs it.
    purpose : str
        What it is needed for.
    """

    def __init__(self, program: str, command: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the program {program}, which was not found.", f"Install it, on Debian with: {command}"
        )


class OutputError(HeadstartError, OSError):
    """A result cannot be written where it was asked to go; what was there before is untouched."""


class TransferWarning(UserWarning):
    """A transfer goes on, but something about it deserves a look: a collapsed weighting, a scale left untouched."""


class GuessingWarning(TransferWarning):
    """A model is not shown to be better than guessing, or has an answer that it never gives; its report says so too."""


def unknown_options(call: str, unknown: Sequence[str], known: Sequence[str]) -> ParameterError:
    """The error for options that a call has not.

    Examples
    --------
    >>> print(unknown_options("fit", ["buget"], ["budget", "label"]))
    Expected options of fit, found buget. Did you mean 'budget'? Known are budget, label.
    """
    return ParameterError(
        f"Expected options of {call}, found {', '.join(unknown)}.",
        f"{did_you_mean(unknown[0], known)} Known are {', '.join(sorted(known))}.".lstrip(),
    )


def refuse_call(function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Refuse arguments that a function or method does not take, and a call that lacks one; pass any other.

    Raises
    ------
    ParameterError
        Which says the nearest name, and all that there are.

    Examples
    --------
    >>> refuse_call(nearest, (), {"wrd": 1, "known": []})
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected options of nearest, found wrd. Did you mean 'word'? Known are known, word.
    """
    import inspect  # no call that goes well needs it

    signature = inspect.signature(function)
    try:
        signature.bind(*args, **named)
    except TypeError as error:
        said = str(error)
    else:
        return
    *_, owner, name = ("", *function.__qualname__.split("."))
    name = owner if name == "__init__" else name
    taken = signature.parameters.values()
    known = [one.name for one in taken if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    known = [one for one in known if one != "self"]
    unknown = [one for one in named if one not in known]
    if unknown and not any(one.kind is one.VAR_KEYWORD for one in taken):
        raise unknown_options(name, unknown, known) from None
    raise ParameterError(f"Expected {name}({', '.join(known)}), found a call with other arguments: {said}.") from None


def called_rightly(callee: Callee) -> Callee:
    """Make a function, or all public methods of a class, say wrong names of arguments as `refuse_call` does.

    Signature and docstring stay. Nothing is asked of a call that goes well.
    """
    if isinstance(callee, type):
        for name, method in list(vars(callee).items()):
            if hasattr(method, "__code__") and (name == "__init__" or not name.startswith("_")):
                setattr(callee, name, called_rightly(method))
        return callee

    @wraps(callee)
    def called(*args: Any, **named: Any) -> Any:
        try:
            return callee(*args, **named)
        except TypeError:
            refuse_call(callee, args, named)
            raise

    return called  # type: ignore[return-value]
