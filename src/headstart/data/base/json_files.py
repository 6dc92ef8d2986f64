"""JSON that somebody may have handed over: read once, strictly, and checked against what it has to hold."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from headstart.data.base.content import plain_file
from headstart.data.base.reasons import BadInput
from headstart.errors import SourceError


@dataclass(frozen=True)
class Shape:
    """What a JSON value has to be.

    Parameters
    ----------
    words : str
        What is expected, as "a number above 0".
    holds : callable
        Value -> whether it is that, its parts aside.
    parts : callable, optional
        Value -> (key, part, its shape), for each part.
    """

    words: str
    holds: Callable[[Any], bool]
    parts: Callable[[Any], Iterable[tuple[str, Any, Shape]]] = lambda value: ()


MOST_BYTES = 256 << 20
DEEPEST = 64
_AGAIN = "It is damaged, or was not written for this: get the folder again."


ANY = Shape("a value", lambda value: True)
TEXT = Shape("a text", lambda value: isinstance(value, str))
FLAG = Shape("true or false", lambda value: isinstance(value, bool))


def number(low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> Shape:
    """A finite number from ``low``, or above it, to ``high``."""
    words = "a finite number" if low == -math.inf else f"a number {'above' if above else 'of at least'} {low:g}"
    words += "" if high == math.inf else f" and at most {high:g}"
    return Shape(words, lambda x: _is_number(x) and low <= x <= high and not (above and x == low))


def whole(low: int, high: int) -> Shape:
    """A whole number from ``low`` to ``high``."""
    return Shape(f"a whole number from {low} to {high}", lambda x: type(x) is int and low <= x <= high)


def one_of(*values: Any) -> Shape:
    """One of some values, and of their types."""
    known = {(type(value), value) for value in values}
    words = f"one of {', '.join(json.dumps(value) for value in values)}"
    return Shape(words, lambda x: isinstance(x, str | int) and (type(x), x) in known)


def maybe(shape: Shape) -> Shape:
    """That, or null."""
    return Shape(
        f"{shape.words} or null", lambda x: x is None or shape.holds(x), lambda x: () if x is None else shape.parts(x)
    )


def several(shape: Shape, least: int = 0, most: int = 1_000_000) -> Shape:
    """A list of them."""
    exact = f"{least}" if least == most else f"{least} to {most}"
    return Shape(
        f"a list of {exact} entries, each {shape.words}",
        lambda x: isinstance(x, list) and least <= len(x) <= most,
        lambda x: ((str(i), part, shape) for i, part in enumerate(x)),
    )


def table_of(shape: Shape) -> Shape:
    """An object with any keys, and such a value for each."""
    return Shape(
        f"a JSON object whose values are each {shape.words}",
        lambda x: isinstance(x, dict),
        lambda x: ((key, part, shape) for key, part in x.items()),
    )


def record(must: Mapping[str, Shape], may: Mapping[str, Shape] | None = None, *, closed: bool = False) -> Shape:
    """An object with the keys of ``must``, perhaps those of ``may``, and where it is not closed any others."""
    known = {**must, **(may or {})}
    only = f" and no others but {', '.join(may)}" if closed and may else " and no others" if closed else ""
    return Shape(
        f"a JSON object{' with ' if must else ''}{', '.join(must)}{only}",
        lambda x: isinstance(x, dict) and set(must) <= set(x) and (not closed or set(x) <= set(known)),
        lambda x: ((key, part, known[key]) for key, part in x.items() if key in known),
    )


def checked(value: Any, shape: Shape, where: str, key: str = "", todo: str = _AGAIN) -> Any:
    """The value, if it is what it has to be.

    Parameters
    ----------
    value : JSON
    shape : Shape
    where : str
        The file.
    key : str, default=""
        Which part of it this is; "" is the whole.
    todo : str

    Raises
    ------
    SourceError
        With file, key, what was expected and what was found.

    Examples
    --------
    >>> checked({"n": 3}, record({"n": whole(1, 5)}), "a.json")
    {'n': 3}
    >>> checked({"n": [3, 0]}, record({"n": several(number(0, above=True))}), "a.json")
    Traceback (most recent call last):
    ...
    headstart.errors.SourceError: Expected a number above 0 as n.1 in a.json, found 0. It is damaged, or was not \
written for this: get the folder again.
    """
    if not shape.holds(value):
        refuse(shape.words, key, where, told(value), todo)
    for name, part, inner in shape.parts(value):
        checked(part, inner, where, f"{key}.{name}" if key else name, todo)
    return value


def refuse(expected: str, key: str, where: str, found: str, todo: str = _AGAIN) -> NoReturn:
    """Say that a key of a file does not hold what it has to."""
    raise SourceError(f"Expected {expected}{f' as {key}' if key else ''} in {where}, found {found}.", todo)


def read_json(
    file: str | Path, shape: Shape = ANY, *, what: str = "JSON", todo: str = _AGAIN, most: int = MOST_BYTES
) -> Any:
    """Content of a JSON file that is what it has to be.

    Names that come twice, NaN, infinite numbers, more than 64 levels and more than ``most`` bytes are refused: what
    one reader takes them for is not what another does.

    Parameters
    ----------
    file : path-like
    shape : Shape, optional
    what : str, default="JSON"
        What the file is, for the words about one that cannot be read at all.
    todo : str
        What to do about a file that is not.
    most : int, default=256 MiB
        Bytes.

    Raises
    ------
    SourceError
    """
    try:
        size = plain_file(file).st_size
        if size > most:
            raise ValueError(f"{size} bytes; at most {most} are read")
        found = parsed(Path(file).read_bytes())
    except BadInput as error:
        raise SourceError(f"Expected {what} in {file}, found: {error.reason}.", todo) from error
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"Expected {what} in {file}, found: {error}.", todo) from error
    return checked(found, shape, str(file), todo=todo)


def parsed(content: bytes, deepest: int = DEEPEST) -> Any:
    """JSON by the letter, of at most so many levels.

    Raises
    ------
    ValueError
        In words.

    Examples
    --------
    >>> parsed(b'{"a": 1e999}')
    Traceback (most recent call last):
    ...
    ValueError: the number 1e999, which is not finite
    """
    try:
        text = content.decode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise ValueError("bytes that are not UTF-8") from error
    _require_shallow(found, deepest)
    return found


def told(value: Any) -> str:
    """What a value is, in a few words.

    Examples
    --------
    >>> told("a" * 99)[:20], told([1, 2]), told({"a": 1, "b": 2}), told(None), told(True)
    ("'aaaaaaaaaaaaaaaaaaa", 'a list of 2', 'an object with a, b', 'null', 'true')
    """
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        more = ", ..." if len(value) > 8 else ""
        return f"an object with {', '.join(str(key)[:40] for key in list(value)[:8]) or 'nothing'}{more}"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return repr(value[:60]) if isinstance(value, str) else str(value)[:60]


def _is_number(value: Any) -> bool:
    return (type(value) is int and abs(value) < 1 << 1000) or (type(value) is float and math.isfinite(value))


def _require_shallow(value: Any, deepest: int) -> None:
    level = [value]
    for _ in range(deepest):
        level = [
            part
            for held in level
            if isinstance(held, list | dict)
            for part in (held if isinstance(held, list) else held.values())
            if isinstance(part, list | dict)
        ]
        if not level:
            return
    raise ValueError(f"more than {deepest} levels")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that is given twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no JSON")


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"the number {text}, which is not finite")
    return found
