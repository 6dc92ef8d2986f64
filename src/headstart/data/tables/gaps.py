"""The words of a cell that holds nothing: one list for features, labels, groups and texts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

_EMPTY = ("", "nan", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nat", "null", "(null)", "\\n", "?", "??")
_ERRORS = ("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!")
_WORDS = ("none", "-", "--", "---", "–", "—", ".", "..", "...", "…", "missing")
GAPS = frozenset({*_EMPTY, *_ERRORS, *_WORDS})
"""What says that a cell holds nothing, in small letters."""
_LONGEST = 16
_BETWEEN, _YES, _NO = (
    re.compile(r"(?<=\w)[\s_-]+(?=\w)"),
    {"true", "yes", "1", "y", "t"},
    {"false", "no", "0", "n", "f"},
)
_WHOLE = re.compile(r"[+-]?\d+\.0+", re.ASCII)
#: Types of pandas that stand for no value; named, so that they are known without loading it.
_NOTHING = ("NAType", "NaTType")
PERHAPS = frozenset(_WORDS)
"""Those of them that may be the name of a class: "none", "-"; among labels they are one."""


def is_missing(value: Any) -> bool:
    """Whether a cell of a typed table is missing: None, NaN, NaT or NA."""
    if isinstance(value, str):
        return False
    return value is None or type(value).__name__ in _NOTHING or (isinstance(value, float) and value != value)


def absent(value: Any) -> bool:
    """Whether a cell holds nothing: NaN, None, or a text that says so.

    Examples
    --------
    >>> [absent(value) for value in (None, " ", "?", "N/A", "none", "0", 0)]
    [True, True, True, True, True, False, False]
    """
    if not isinstance(value, str):
        return is_missing(value)
    return (len(value) <= _LONGEST or value.isspace()) and value.strip().casefold() in GAPS


def name_in(value: Any) -> str:
    """The name that a cell holds, of a category or a group: a whole number is the same however it is stored.

    A column of whole numbers becomes one of fractions (3.0) where a program finds a gap in it.

    Examples
    --------
    >>> [name_in(value) for value in (3, 3.0, "3.0", " north ", "007", "2.50")]
    ['3', '3', '3', 'north', '007', '2.50']
    """
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(value)) if whole else str(value).strip()
    return text.split(".")[0] if _WHOLE.fullmatch(text) else text


def spelt_as(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Which names are known ones in other capitals, spaces, hyphens or underscores, as 1 and 0 for yes and no, or whole
    numbers with more or fewer zeros in front.

    Examples
    --------
    >>> spelt_as(["F", "m ", "x"], ["f", "m"]), spelt_as(["TRUE", "0"], ["True", "False"]), spelt_as(["A+"], ["A"])
    ({'F': 'f', 'm ': 'm'}, {'TRUE': 'True', '0': 'False'}, {})
    >>> spelt_as(["7", "12"], ["007", "012"]), spelt_as(["7"], ["07", "007"])
    ({'7': '007', '12': '012'}, {})
    """
    own = list(known)
    exact = set(own)
    keys = [without_zeros(_spelling(name)) for name in own]
    times = Counter(keys)
    lookup = {key: name for key, name in zip(keys, own, strict=True) if times[key] == 1}
    spoken = {key in _YES: name for key, name in lookup.items() if key in _YES | _NO}
    if len(own) == len(spoken) == 2:
        lookup = {word: spoken[word in _YES] for word in _YES | _NO} | lookup
    strange = {name: without_zeros(_spelling(name)) for name in names if name not in exact}
    return {name: lookup[key] for name, key in strange.items() if key in lookup}


def as_one_and_zero(cells: list[Any]) -> list[Any]:
    """Cells of a column of numbers, as they are; where all that hold something say yes or no, 1 and 0.

    Examples
    --------
    >>> as_one_and_zero([True, None, False]), as_one_and_zero(["yes", "no"]), as_one_and_zero(["yes", 31])
    ([1, None, 0], [1, 0], ['yes', 31])
    """
    words = [None if absent(cell) else _spelling(str(cell)) for cell in cells]
    said = {word for word in words if word is not None}
    if not said or said <= {"0", "1"} or not said <= _YES | _NO:
        return cells
    return [None if word is None else int(word in _YES) for word in words]


def same_answers(names: Iterable[str]) -> list[list[str]]:
    """Names that say the same where all say yes or no: "yes" beside 1, "false" beside 0.

    Examples
    --------
    >>> same_answers(["0", "1", "no", "Yes"]), same_answers(["0", "1"]), same_answers(["T", "N", "Y"])
    ([['1', 'Yes'], ['0', 'no']], [], [])
    """
    spelt = {name: _spelling(name) for name in names}
    if not spelt or not set(spelt.values()) <= _YES | _NO:
        return []
    groups = [[name for name, word in spelt.items() if word in words] for words in (_YES, _NO)]
    return [group for group in groups if len(group) > 1 and any(len(name) > 1 for name in group)]


def _spelling(name: str) -> str:
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", name).casefold().strip())


def without_zeros(name: str) -> str:
    """A whole number without the zeros in front that a spreadsheet drops; zeros alone (0, 00) stay.

    Examples
    --------
    >>> [without_zeros(name) for name in ("007", "7", "00", "07a")]
    ['7', '7', '00', '07a']
    """
    return name.lstrip("0") or name if name.isdecimal() else name


def unlabelled(label: Any) -> bool:
    """Whether a label is none: as `absent`, but for the words that may be the name of a class.

    Examples
    --------
    >>> [unlabelled(label) for label in (None, float("nan"), " ", "NA", "?", "none", "-", "ant", 0)]
    [True, True, True, True, True, False, False, False, False]
    """
    return absent(label) and not (isinstance(label, str) and label.strip().casefold() in PERHAPS)
