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


def likely_meant(theirs: Any, ours: Any) -> dict[str, str]:
    """Labels that are none of ours, and which of ours each looks like.

    Examples
    --------
    >>> likely_meant(["Ant ", "bee", "01"], ["ant", "bee", "1"])
    {'01': '1', 'Ant ': 'ant'}
    """
    mine = {plain_spelling(label): str(label) for label in np.unique(np.asarray(ours).astype(str))}
    strange = [str(label) for label in np.setdiff1d(np.asarray(theirs).astype(str), list(mine.values()))]
    return {label: mine[plain_spelling(label)] for label in strange if plain_spelling(label) in mine}


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
    return [
        f"The class {label!r} of {name or 'the source'} looks like your {own!r}: write both alike, and its rows can be "
        "borrowed."
        for label, own in likely_meant(theirs, ours).items()
    ]
