"""What examples of each kind of input are called in messages and reports."""

from __future__ import annotations

from headstart.data.kinds import KINDS, ROWS

_NOUNS = {kind.input_type: (kind.one, kind.many) for kind in (*KINDS, ROWS)}
_NOUNS["numbers"] = ("row of numbers", "rows of numbers")


def thing(input_type: str) -> str:
    """One example of a kind of input.

    Examples
    --------
    >>> thing("image"), thing("audio")
    ('picture', 'clip')
    """
    return _NOUNS.get(input_type, ("example", "examples"))[0]


def things(input_type: str) -> str:
    """Several examples of a kind of input.

    Examples
    --------
    >>> things("image"), things("audio"), things("numbers"), things("smell")
    ('pictures', 'clips', 'rows of numbers', 'examples')
    """
    return _NOUNS.get(input_type, ("example", "examples"))[1]
