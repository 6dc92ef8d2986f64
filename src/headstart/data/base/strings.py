"""Whether a string is a text or the name of a file."""

from __future__ import annotations

import os

from headstart.data.base.kinds import PICTURES, TEXTS, Kind, kind_of_suffix

_LONGEST_NAME = 4096


def kind_of_string(item: str | os.PathLike[str]) -> Kind:
    """What a string or a path stands for: a picture, a clip or a text.

    The suffix of a picture or a clip makes it the name of one. A path without a known suffix is taken for a picture's,
    as is a string that names a file that is there; every other string is a text.

    Examples
    --------
    >>> from pathlib import Path
    >>> kind_of_string("a.jpg").one, kind_of_string("so it goes. ").one, kind_of_string(Path("a.txt")).one
    ('picture', 'text', 'text')
    """
    named = os.fspath(item)
    if isinstance(item, str) and not _could_be_a_name(named):
        return TEXTS
    kind = kind_of_suffix(os.path.splitext(named)[1])
    if kind is not None:
        return kind
    return TEXTS if isinstance(item, str) and not os.path.lexists(named) else PICTURES


def names_a_text_file(text: str) -> bool:
    """Whether a string looks like the name of a text file.

    Examples
    --------
    >>> names_a_text_file("mails/17.txt"), names_a_text_file("see you")
    (True, False)
    """
    return _could_be_a_name(text) and os.path.splitext(text)[1].lower() in TEXTS.suffixes


def _could_be_a_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and not any(letter in text for letter in "\n\r\0")
