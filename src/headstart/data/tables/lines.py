"""The lines of a text as rows of cells: which separator, which quotes, and whether every line is accounted for."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

from headstart.data.tables.numbers import numbers_in

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "spaces"}
_SAID = re.compile(r"\s*sep=(.)\s*\n")
_QUOTED = re.compile(r'\s*".*"\s*')
_SAMPLE = 1 << 22


@dataclass(frozen=True)
class Grid:
    """Rows of cells as they stand in a file, the names of the columns among them.

    Parameters
    ----------
    rows : list of list
    lines : list of int
        In which line of the file each row begins, from 1.
    ends : list of int, optional
        In which line it ends; default: where it begins.
    """

    rows: list[list[Any]]
    lines: list[int]
    separator: str = ""
    notes: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        """Which row of the file each is, where empty lines count and a cell of several lines is in one row."""
        if not self.ends:
            return self.lines
        more = accumulate((end - line for line, end in zip(self.lines, self.ends, strict=True)), initial=0)
        return [line - before for line, before in zip(self.lines, more, strict=False)]


def grid_of(text: str) -> Grid:
    r"""Part a text into rows and cells.

    The rule: the separator is the comma, semicolon, tab or bar by which, with quotes closed, the most lines have the
    same number of cells, two or more; of several the one that makes most cells. Where none does, and all lines have as
    many words, blanks part them. Quotes are doubled inside quotes (``""``), or else escaped (``\"``); in a text in
    which no cell is in quotes they are letters like others, which is said.

    Parameters
    ----------
    text : str
        With line ends as ``\n``.

    Raises
    ------
    ValueError
        If a quote is not closed or takes in lines that are rows of their own; it names the line.

    Examples
    --------
    >>> grid_of('a;b\n1,5;"x;y"\n').rows
    [['a', 'b'], ['1,5', 'x;y']]
    """
    said = _SAID.match(text)
    if said is not None:  # an empty line in its place, so that lines keep their numbers
        text = "\n" * said[0].count("\n") + text[said.end() :]
    candidates = [mark for mark in SEPARATORS if mark != " " and mark in text] if said is None else [said[1]]
    best = max((_best_parse(text[:_SAMPLE], mark) for mark in candidates), key=_rank, default=None)
    if best is None or best.width < 2:
        best = _by_blanks(text) or best or _best_parse(text, ",")
    elif len(text) > _SAMPLE:
        best = _best_parse(text, best.separator)
    if best.fault:
        raise ValueError(best.fault)
    _refuse_swallowed(best, text.split("\n"))
    notes = [best.note] if best.note else []
    return Grid(best.rows, best.lines, best.separator, notes, best.ends)


@dataclass(frozen=True)
class _Parse:
    """One way to part a text."""

    separator: str
    rows: list[list[str]]
    lines: list[int]
    ends: list[int]
    fault: str = ""
    note: str = ""

    @cached_property
    def width(self) -> int:
        """The commonest number of cells in a row."""
        counts = Counter(len(row) for row in self.rows)
        return max(counts, key=lambda width: (counts[width], width), default=0)

    @cached_property
    def even(self) -> float:
        """Share of the rows of this width."""
        width = self.width
        return sum(len(row) == width for row in self.rows) / max(len(self.rows), 1)


def _rank(parse: _Parse) -> tuple[bool, bool, float, int]:
    return parse.width > 1, not parse.fault, parse.even, parse.width


def _best_parse(text: str, separator: str) -> _Parse:
    """The first way of quoting by which the rows are even; else the plain one."""
    plain = _parse(text, separator)
    mark = re.escape(separator)
    padded = re.search(rf'(?:^|{mark}) +"', text, re.MULTILINE) is not None if separator != " " else False
    if plain.even == 1 and not plain.fault and not padded:
        return plain
    tries = []
    if padded:
        tight = re.sub(rf'" +(?={mark}|$)', '"', text, flags=re.MULTILINE)
        tries.append(_parse(tight, separator, skipinitialspace=True))
    if '\\"' in text:
        tries.append(_parse(text, separator, escapechar="\\", doublequote=False))
    if plain.fault:
        bare = _parse(text, separator, quoting=csv.QUOTE_NONE)
        if bare.even == 1 and bare.width > 1 and not any(_QUOTED.fullmatch(cell) for row in bare.rows for cell in row):
            note = "Quotes are not in pairs and no cell is in quotes; they were read as letters like others."
            tries.append(_Parse(separator, bare.rows, bare.lines, bare.ends, note=note))
    return max((plain, *tries), key=_rank) if plain.even < 1 or plain.fault else max((*tries, plain), key=_rank)


def _parse(text: str, separator: str, **how: Any) -> _Parse:
    rows: list[list[str]] = []
    lines: list[int] = []
    ends: list[int] = []
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=separator, strict=True, **how)
    before, most = 0, csv.field_size_limit(max(len(text), 1) + 1)
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(before + 1)
                ends.append(reader.line_num)
            before = reader.line_num
    except csv.Error as error:
        what = (
            "is never closed" if "end of data" in str(error) else "is closed before its cell ends, or was never closed"
        )
        fault = f"a quote in the row that begins in line {before + 1} {what}; close it, or double quotes inside cells"
        return _Parse(separator, rows, lines, ends, fault)
    finally:
        csv.field_size_limit(most)
    return _Parse(separator, rows, lines, ends)


def _by_blanks(text: str) -> _Parse | None:
    """Cells parted by runs of blanks, where all lines have as many and some column holds numbers alone."""
    numbered = [(i, line.split()) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
    widths = {len(row) for _, row in numbered}
    if len(numbered) < 3 or len(widths) != 1 or widths == {1} or '"' in text:
        return None
    columns = zip(*(row for _, row in numbered[1:]), strict=True)
    if not any(numbers_in(column).form for column in columns):
        return None
    lines = [i for i, _ in numbered]
    return _Parse(" ", [row for _, row in numbered], lines, lines, note="The cells were parted at blanks.")


def _refuse_swallowed(parse: _Parse, text: Sequence[str]) -> None:
    """Refuse a cell that takes in whole rows, because a quote was not closed where it should have been.

    Lines are rows of their own if each has as many cells as the table and they are four or more, or their first or last
    cell is what others of its column are.
    """
    width = parse.width
    long = [i for i, (start, end) in enumerate(zip(parse.lines, parse.ends, strict=True)) if end > start]
    if not long or width < 2:
        return
    firsts, lasts = (_Cells([row[j] for row in parse.rows if len(row) == width]) for j in (0, -1))
    for i in long:
        inside = text[parse.lines[i] - 1 : parse.ends[i]]
        alone = [line.split(parse.separator) for line in inside if line.strip()]
        read = [next(csv.reader([line], delimiter=parse.separator), []) for line in inside if line.strip()]
        whole = [width in (len(cells), len(other)) for cells, other in zip(alone, read, strict=True)]
        if not all(whole[1:]) or not any(whole) or len(whole) < 2:
            continue
        known = all(firsts.like(cells[0]) or lasts.like(cells[-1]) for cells in alone[1:] if len(cells) == width)
        if (len(whole) > 3 and (width > 2 or all(whole))) or (known and (width > 2 or len(whole) > 3)):
            raise ValueError(
                f"a quote in line {parse.lines[i]} is closed in line {parse.ends[i]} only, and each line between has "
                f"{width} cells like a row of its own; close or double it"
            )


class _Cells:
    """The cells of a column, to tell whether another is like them."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.counts = Counter(cell.strip() for cell in cells)
        some = list(self.counts)[:200]
        self.numbers = 2 * sum(numbers_in([cell]).form is not None for cell in some) > len(some)

    def like(self, cell: str) -> bool:
        """Whether a cell is one that recurs, or a number among numbers."""
        bare = cell.strip().strip('"')
        return self.counts[bare] > 1 or (self.numbers and numbers_in([bare]).form is not None)
