"""Classes of a source that are the target's but for capitals, spaces or signs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np


def plain_spelling(label: Any) -> str:
    """A label without what spellings differ by.

    Examples
    --------
    >>> plain_spelling(" Sea-Waves"), plain_spelling("sea_waves"), plain_spelling("1.0"), plain_spelling("10")
    ('seawaves', 'seawaves', '1', '10')
    """
    try:
        return f"{float(label):.15g}"
    except ValueError:
        return re.sub(r"[\W_]+", "", str(label).casefold()) or str(label)


def spelling_hints(theirs: Any, ours: Any, name: str | None) -> list[str]:
    """What of a source's classes looks like one of the target's under another spelling.

    Parameters
    ----------
    theirs, ours : array of labels
    name : str or None
        The source's.

    Examples
    --------
    >>> spelling_hints(["Ant ", "bee"], ["ant", "bee"], "there")
    ["The class 'Ant ' of there looks like your 'ant': write both alike, and its rows can be borrowed."]
    """
    mine = {plain_spelling(label): str(label) for label in np.unique(np.asarray(ours).astype(str))}
    found = []
    for label in np.unique(np.asarray(theirs).astype(str)):
        own = mine.get(plain_spelling(label), str(label))
        if own != str(label) and str(label) not in mine.values():
            words = f"The class {str(label)!r} of {name or 'the source'} looks like your {own!r}"
            found.append(f"{words}: write both alike, and its rows can be borrowed.")
    return found
