"""What one column holds, decided by all its cells, and why it is left out where it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from headstart.data.tables.cells import CATEGORY, DATE, DURATION, NUMBER, Column, kind_of_value, seconds_of
from headstart.data.tables.dates import FoundDates, dates_in
from headstart.data.tables.numbers import FoundNumbers, number_of, numbers_in, settled


@dataclass(frozen=True)
class Seen:
    """The present cells of a column, by what they are.

    Parameters
    ----------
    values : list
    texts : list of str
        Those that are text.
    kinds : frozenset of str
        What the values are, see `headstart.data.tables.cells.kind_of_value`.
    numbers, dates
        What the texts say of numbers and dates.
    """

    values: list[Any]
    texts: list[str]
    kinds: frozenset[str]
    numbers: FoundNumbers = field(default_factory=FoundNumbers)
    dates: FoundDates = field(default_factory=FoundDates)

    def hold(self, kind: str) -> bool:
        """Whether the values are texts and this."""
        return self.kinds <= {"text", kind}


_ID_NAME = re.compile(
    r"(.*[_\s.-])?(id|ids|index|idx|uuid|guid|key|nr|no|rownames?)|unnamed: ?\d+|.*[a-z]ID", re.IGNORECASE
)
_VALUES = frozenset({"text", NUMBER, CATEGORY, DATE, DURATION})
_MOST_TEXTS, _SENTENCE, _SAMPLE = 100, 4, 200
_TEXTS_ALONE = "With --text-column (text_column=...) it would be learned from, alone."


@dataclass(frozen=True)
class Judgement:
    """What a column holds.

    Parameters
    ----------
    column : Column or None
        None where it is left out.
    reason : str
        Why it is left out.
    todo : str
        What the reader can do about that.
    assumed : str
        What was taken for granted.
    undecided : bool
        Whether it is left out because it may be read in two ways.
    """

    column: Column | None
    reason: str = ""
    todo: str = ""
    assumed: str = ""
    undecided: bool = False


def seen(values: list[Any], decimal: str | None = None, lean: str | None = None) -> Seen:
    """Look at the present cells of a column.

    Parameters
    ----------
    values : list
    decimal, lean
        See `headstart.data.tables.numbers.numbers_in`.
    """
    texts = [value for value in values if isinstance(value, str)]
    found = Seen(values, texts, frozenset(map(kind_of_value, values)))
    numbers = numbers_in(texts, decimal, lean) if found.hold(NUMBER) and texts else FoundNumbers()
    dates = FoundDates()
    if found.hold(DATE) and texts and numbers.form is None and not numbers.unsure:
        dates = dates_in(texts)
    return Seen(values, texts, found.kinds, numbers, dates)


def judged(column: pd.Series, cells: Seen, elsewhere: Sequence[list[Any]], semicolons: bool = False) -> Judgement:
    """Decide what a column holds; the rule is that of `headstart.data.tables.column_plan.plan_columns`.

    Parameters
    ----------
    column : Series
        All cells of the target.
    cells : Seen
        Those that hold something.
    elsewhere : sequence of list
        Present cells of the same column of other tables.
    semicolons : bool, default=False
        Whether semicolons part the cells of its file.

    Examples
    --------
    >>> column = pd.Series(["1,5", "2,25"], name="size")
    >>> str(judged(column, seen(column.tolist()), []).column)
    'numbers with a decimal comma'
    """
    name, n, values = str(column.name), len(column), cells.values
    if not values:
        return Judgement(None, "is empty")
    foreign = sorted(cells.kinds - _VALUES)
    if foreign:
        return Judgement(None, f"holds {foreign[0]}, which are no values to learn from")
    gaps = len(values) < n
    first = str(values[0])
    alike = all(str(value) == first for part in [values, *elsewhere] for value in part)
    if alike and not gaps:
        return Judgement(None, f"holds one value ({values[0]}) everywhere")
    distinct = len({str(value) for value in values})
    if alike or isinstance(column.dtype, pd.CategoricalDtype):
        return Judgement(Column(name, CATEGORY, gaps=gaps, distinct=distinct))
    if cells.hold(NUMBER) and (not cells.texts or cells.numbers.form or cells.numbers.unsure):
        return _of_numbers(name, cells, distinct, n, semicolons)
    if cells.hold(DATE) and (not cells.texts or cells.dates.order):
        return Judgement(Column(name, DATE, gaps=gaps, order=cells.dates.order), assumed=cells.dates.assumed)
    if cells.hold(DURATION) and all(seconds_of(value) is not None for value in values):
        clock = f"{cells.texts[0]} is hours and minutes" if cells.texts and cells.texts[0].count(":") == 1 else ""
        return Judgement(Column(name, NUMBER, gaps=gaps, order=DURATION), assumed=clock)
    return _of_texts(name, cells, distinct, n)


def _of_numbers(name: str, cells: Seen, distinct: int, n: int, semicolons: bool) -> Judgement:
    gaps = len(cells.values) < n
    found = settled(cells.texts, semicolons=True) if cells.numbers.unsure and semicolons else cells.numbers
    if found.unsure:
        return Judgement(
            None,
            f"holds numbers such as {found.unsure!r}, whose comma may stand before a fraction or between thousands",
            "Say what it is (--decimal ',' or --decimal '.', decimal=...).",
            undecided=True,
        )
    form = found.form
    column = Column(name, NUMBER, gaps=gaps) if form is None else Column(name, NUMBER, gaps, **vars(form))
    if distinct == n and n > 2 and not (column.before or column.after):
        numbers = [number_of(v, column.form) if isinstance(v, str) else float(v) for v in cells.values]
        whole = all(number is not None and float(number).is_integer() for number in numbers)
        counted = numbers[0] in (0.0, 1.0) and all(number == numbers[0] + i for i, number in enumerate(numbers))
        if whole and (_ID_NAME.fullmatch(name.strip()) or counted):
            return Judgement(None, "numbers its rows")
    return Judgement(column, assumed=found.assumed)


def _of_texts(name: str, cells: Seen, distinct: int, n: int) -> Judgement:
    """What a column that holds neither numbers nor plain dates is."""
    values, gaps = cells.values, len(cells.values) < n
    if cells.dates.unsure:
        reason = f"holds dates such as {cells.dates.unsure!r}, whose day and month cannot be told apart"
        return Judgement(None, reason, "Written as 2024-12-31 they can be used.", undecided=True)
    many = f"({distinct:,} different ones in {len(values):,})"
    mixed = _mixture(cells)
    texts = mixed or f"holds texts {many}"
    if 2 * distinct > len(values) and sum(len(str(value).split()) for value in values) >= _SENTENCE * len(values):
        return Judgement(None, texts, "" if mixed else _TEXTS_ALONE, undecided=bool(mixed))
    if distinct == n and n > 2 and (_ID_NAME.fullmatch(name.strip()) or n >= 20):
        return Judgement(None, mixed or "names its rows", undecided=bool(mixed))
    if distinct > _MOST_TEXTS and distinct > len(values) / 2:
        return Judgement(None, texts, undecided=bool(mixed))
    said = f"not all is of one kind: it {mixed}; each is a category" if mixed else ""
    return Judgement(Column(name, CATEGORY, gaps=gaps, distinct=distinct), assumed=said)


def _mixture(cells: Seen) -> str:
    """Words for a column of which at least half the cells are numbers, or dates, and the others are not."""
    some = cells.values[:_SAMPLE]
    for kind, words in ((NUMBER, "numbers"), (DATE, "dates")):
        like = [_is_one(value, kind) for value in some]
        if 2 * sum(like) >= len(some) and not any(_zero_first(value) for value in some):
            if all(like):
                return f"holds {words} that are not written alike, such as {_two(some)}"
            other = some[like.index(False)]
            return f"holds {words} such as {str(some[like.index(True)])!r} and others such as {str(other)!r}"
    return ""


def _two(values: list[Any]) -> str:
    first = str(values[0])
    second = next((str(v) for v in values if re.sub(r"\d", "", str(v)) != re.sub(r"\d", "", first)), str(values[-1]))
    return f"{first!r} and {second!r}"


def _is_one(value: Any, kind: str) -> bool:
    if not isinstance(value, str):
        return kind_of_value(value) == kind
    if kind == NUMBER:
        found = numbers_in([value])
        return found.form is not None or bool(found.unsure)
    dates = dates_in([value])
    return bool(dates.order or dates.unsure)


def _zero_first(value: Any) -> bool:
    """Whether a value is a number with zeros in front, as names are that look like numbers."""
    return isinstance(value, str) and re.fullmatch(r"0\d+", value.strip()) is not None
