"""Whether the names of files look as if several belonged to one thing: frames of a film, sides of a patient."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from headstart.data.sets.groups import groups_by_regex

#: Fewest files, groups and mean members of a group that make a hint.
_FILES, _GROUPS, _MEMBERS = 8, 3, 1.5
#: What a group must hold at least this share of the files.
_SHARE = 0.9
#: Words that number the members of a group; those of things name groups.
_MEMBER = r"(?:frame|frm|fr|aug|crop|tile|patch|slice|view|page|part|seg|segment|copy|shot|angle|z|t|v)"
_THING = (
    r"(?:patient|pat|subject|subj|sub|person|speaker|spk|video|vid|movie|film|clip|case|scene|session|sess|site|cam"
    r"|camera|plate|well|slide|study|participant|user|animal|mouse|rat|id|p|s)"
)
_SIDES = r"(?:left|right|l|r|front|back|top|bottom|up|down|a|b|orig|original|flip|flipped|rot\d*|noisy|clean)"
_MEMBER_LAST, _SIDE_LAST = re.compile(rf"[_.-]({_MEMBER})[_-]?\d+$"), re.compile(rf"\d[_.-]?({_SIDES})$")


@dataclass(frozen=True)
class GroupHint:
    """A way to tell groups by the names of files.

    Parameters
    ----------
    pattern : str
        Regular expression for ``--group-by``; its parenthesis is the group.
    groups : int
        How many it makes.
    files : int
        How many files there are.
    examples : tuple of str
        Names of one group.

    Examples
    --------
    >>> str(GroupHint("(video[0-9]+)", 3, 12, ("video1_frame1.png", "video1_frame2.png")))[:60]
    'Names such as video1_frame1.png and video1_frame2.png look a'
    """

    pattern: str
    groups: int
    files: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"Names such as {' and '.join(self.examples[:2])} look as if {self.files} files came from {self.groups} "
            f"things. If so, keep each on one side of every split: --group-by '{self.pattern}'."
        )


def group_hint(names: Sequence[str]) -> GroupHint | None:
    r"""Propose a regular expression for groups where names have a stem that recurs with numbered members.

    Three forms count: a thing and a number, then more (``patient12_left``, ``video3_frame004``); anything, then a word
    for members and a number (``IMG_0001_aug3``, ``cells_7_crop12``); anything, then a side (``ann7_left``). Files that
    are numbered through (``img_001``), or that differ by their class's folder alone, are no groups.

    Parameters
    ----------
    names : sequence of str
        Paths with ``/``.

    Returns
    -------
    GroupHint or None
        None where nothing recurs.

    Examples
    --------
    >>> hint = group_hint([f"a/video{v}_frame{f:03d}.png" for v in range(4) for f in range(5)])
    >>> hint.pattern, hint.groups
    ('(?<![A-Za-z])(video[_-]?[0-9]+)[_.-]', 4)
    >>> group_hint([f"a/img_{i:03d}.jpg" for i in range(20)])
    """
    if len(names) < _FILES:
        return None
    for pattern in _patterns(names):
        if not all(re.search(pattern, name) for name in names):
            continue
        groups = groups_by_regex(pattern, names)
        found, counts = np.unique(groups, return_counts=True)
        many = counts[counts > 1].sum() / len(names)
        if len(found) >= _GROUPS and len(names) / len(found) >= _MEMBERS and many >= _SHARE:
            first = found[counts > 1][0]
            members = tuple(str(name) for name, group in zip(names, groups, strict=True) if group == first)
            return GroupHint(pattern, len(found), len(names), members[:3])
    return None


def _patterns(names: Sequence[str]) -> list[str]:
    """Expressions that may tell groups: things by the word that most names begin with, then members by theirs."""
    stems = [PurePosixPath(name).stem.casefold() for name in names]
    found = []
    things = Counter(m[1] for stem in stems if (m := re.search(rf"(?:^|[_.-])({_THING})[_-]?\d+[_.-]", stem)))
    for word, count in things.most_common(2):
        if count >= _SHARE * len(names) and _varied(stems, rf"(?:^|[_.-]){word}[_-]?(\d+)[_.-]"):
            spelt = _spelling(names, word)
            found.append(f"(?<![A-Za-z])({spelt}[_-]?[0-9]+)[_.-]")
    for last, head in ((_MEMBER_LAST, r"(.*[^/_.-])[_.-]+"), (_SIDE_LAST, r"(.*[0-9])[_.-]?")):
        words = Counter(m[1] for stem in stems if (m := last.search(stem)))
        if words.total() >= _SHARE * len(names):
            number = r"[_-]?[0-9]+" if last is _MEMBER_LAST else ""
            found.append(rf"{head}(?i:{'|'.join(sorted(words))}){number}\.[^./]*$")
    return found


def _varied(stems: Sequence[str], pattern: str) -> bool:
    """Whether the rest of the names differs within a group, so that it numbers members."""
    rest: dict[str, set[str]] = defaultdict(set)
    for stem in stems:
        match = re.search(pattern, stem)
        if match is not None:
            rest[match[1]].add(stem[: match.start()] + "|" + stem[match.end() :])
    return sum(len(members) > 1 for members in rest.values()) >= _GROUPS


def _spelling(names: Sequence[str], word: str) -> str:
    """The word as it is written in the names, or in either case where it is written in several ways."""
    written = {m[0] for name in names if (m := re.search(word, PurePosixPath(name).stem, re.IGNORECASE))}
    return written.pop() if len(written) == 1 else f"(?i:{word})"
