"""A text as a report shows it."""

from __future__ import annotations

from typing import Any

from headstart.data.texts.texts import Texts

_CHARACTERS = 400


def specimen(texts: Texts, i: int) -> dict[str, Any]:
    """``text``: the first 400 characters of text ``i``."""
    return {"thumbnail": None, "text": shortened(texts.decode(i))}


def shortened(text: str, most: int = _CHARACTERS) -> str:
    """The beginning of a text, up to the end of a word, with spaces as single ones.

    Examples
    --------
    >>> shortened("so  it goes on and on", 10), shortened("well")
    ('so it goes …', 'well')
    """
    plain = " ".join(text[: 20 * most].split())
    if len(plain) <= most and len(text) <= 20 * most:
        return plain
    begun = plain[: most + 1]
    return (begun.rsplit(" ", 1)[0] if " " in begun else begun[:most]) + " …"
