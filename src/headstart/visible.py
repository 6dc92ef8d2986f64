"""Text that may hold anything, made safe to show: on a terminal, in a page, in a table that a spreadsheet opens."""

from __future__ import annotations

import re

#: Control characters but newline, those that turn the direction of what follows them, and halves of characters, as
#: names of files have them whose bytes are no text: no file or terminal takes them.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    """The text with every control character but newline, and every mark that turns its direction, as its number.

    So is half a character (U+D800 to U+DFFF), which cannot be written at all.

    Examples
    --------
    >>> visible("a\\x1b[2Jb\\n\\u202ec")
    'a\\\\u001b[2Jb\\n\\\\u202ec'
    """
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cell(value: object) -> object:
    """A cell of a table as text: what a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers.

    Examples
    --------
    >>> cell("=1+1"), cell("-x"), cell(-1.5), cell("plain"), cell("\\tcmd")
    ("'=1+1", "'-x", -1.5, 'plain', "'\\\\u0009cmd")
    """
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if value.startswith(_FORMULA) else shown
