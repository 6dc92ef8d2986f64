"""Dates as people write them: one order of day, month and year for a column, decided by all its cells."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

YEAR, DAY, MONTH, NAMED, MONTHS, QUARTERS = (
    "year first",
    "day first",
    "month first",
    "month named",
    "months",
    "quarters",
)
_TIME = re.compile(
    r"(?:(?:T|,? +)([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d|60)(?:[.,](\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_NUMERIC = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)")
_YEAR = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +", re.IGNORECASE)
_DAY_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]?(?:of )?([^\W\d_]{3,10})\.?,?[ -]?(\d{4}|\d{2})(?!\d)")
_NAME_DAY = re.compile(r"([^\W\d_]{3,10})\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4})(?!\d)")
_NAME_YEAR = re.compile(r"([^\W\d_]{3,10})\.?,?[ -](\d{4})")
_YEAR_MONTH, _QUARTER = re.compile(r"(\d{4})-(0[1-9]|1[0-2])"), re.compile(r"(\d{4})[ -]?Q([1-4])")
_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
_MONTHS = {name: i for names in _LANGUAGES for i, name in enumerate(names.split(), start=1)}
_MONTHS |= {name[:3]: i for i, name in enumerate(_LANGUAGES[0].split(), start=1)} | {"sept": 9, "mär": 3, "okt": 10}
_MONTHS |= {"dez": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12}
_EPOCH = datetime.datetime(1970, 1, 1)


@dataclass(frozen=True)
class FoundDates:
    """What the texts of a column say of its dates.

    Parameters
    ----------
    order : str
        "year first", "day first", "month first", "month named", "months" or "quarters"; empty where they are no dates
        of one order.
    unsure : str
        A date whose day and month may be exchanged, where no other cell decides.
    assumed : str
        What was taken for granted; empty where the cells prove the order.
    """

    order: str = ""
    unsure: str = ""
    assumed: str = ""


def dates_in(texts: Iterable[str]) -> FoundDates:
    """Decide how the dates of a column are written.

    The rule: one order must make a true date of every cell. Where day first and month first both do, points mean day
    first, which is said (no country writes the month first with points); with strokes or hyphens the column is unsure.
    Two digits for a year stand last: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068, which is said.

    Parameters
    ----------
    texts : iterable of str
        The cells that hold something.

    Examples
    --------
    >>> dates_in(["19.03.2025", "01.02.2025"]).order, dates_in(["2/19/2025", "1/2/2025"]).order
    ('day first', 'month first')
    >>> dates_in(["1/2/2025"]).unsure, dates_in(["1.2.2025"]).assumed
    ('1/2/2025', '1.2.2025 has its day first')
    """
    cells = [text.strip() for text in dict.fromkeys(texts)]
    if not cells or not any(letter.isdigit() for letter in cells[0]):
        return FoundDates()
    possible = [order for order in _READERS if all(_READERS[order](cell) is not None for cell in cells)]
    if not possible:
        return FoundDates()
    match = _NUMERIC.match(cells[0])
    short = f"years such as that of {cells[0]} are of 1969 to 2068" if match and len(match[4]) == 2 else ""
    if possible != [DAY, MONTH]:
        return FoundDates(possible[0], assumed=short if possible[0] in (DAY, MONTH) else "")
    same = all((found := _NUMERIC.match(cell)) is not None and int(found[1]) == int(found[3]) for cell in cells)
    if same or all(cell.count(".") >= 2 for cell in cells):
        first = "" if same else f"{cells[0]} has its day first"
        return FoundDates(DAY, assumed=" and ".join(words for words in (first, short) if words))
    return FoundDates(unsure=cells[0])


def date_of(text: str, order: str) -> datetime.datetime | None:
    """The date in a cell of a column of this order, in UTC; None where it holds none.

    A cell that begins with its year is read in any column.

    Examples
    --------
    >>> str(date_of("19.03.2025 14:30", "day first")), date_of("31.02.2025", "day first")
    ('2025-03-19 14:30:00', None)
    """
    found = _READERS[order](text.strip())
    return _year_first(text.strip()) if found is None and order != YEAR else found


def days_since_1970(when: datetime.datetime | datetime.date) -> float:
    """Days from the beginning of 1970, with the time of the day as a fraction; times of a zone are brought to UTC."""
    if not isinstance(when, datetime.datetime):
        when = datetime.datetime(when.year, when.month, when.day)
    if when.tzinfo is not None:
        when = when.astimezone(datetime.UTC).replace(tzinfo=None)
    return (when - _EPOCH).total_seconds() / 86400


def _year_first(text: str) -> datetime.datetime | None:
    match = _YEAR.match(text)
    return None if match is None else _built(match[1], match[3], match[4], text[match.end() :])


def _numeric(text: str, day_first: bool) -> datetime.datetime | None:
    match = _NUMERIC.match(text)
    if match is None:
        return None
    day, month = (match[1], match[3]) if day_first else (match[3], match[1])
    return _built(match[4], month, day, text[match.end() :])


def _named(text: str) -> datetime.datetime | None:
    text = _WEEKDAY.sub("", text, count=1) if _WEEKDAY.match(text) else text
    for pattern, (day, name, year) in ((_DAY_NAME, (1, 2, 3)), (_NAME_DAY, (2, 1, 3))):
        match = pattern.match(text)
        if match is not None and match[name].casefold() in _MONTHS:
            return _built(match[year], str(_MONTHS[match[name].casefold()]), match[day], text[match.end() :])
    match = _NAME_YEAR.fullmatch(text)
    if match is None or match[1].casefold() not in _MONTHS:
        return None
    return _built(match[2], str(_MONTHS[match[1].casefold()]), "1", "")


def _month(text: str) -> datetime.datetime | None:
    match = _YEAR_MONTH.fullmatch(text)
    return None if match is None else _built(match[1], match[2], "1", "")


def _quarter(text: str) -> datetime.datetime | None:
    match = _QUARTER.fullmatch(text)
    return None if match is None else _built(match[1], str(3 * int(match[2]) - 2), "1", "")


_READERS: dict[str, Callable[[str], datetime.datetime | None]] = {
    YEAR: _year_first,
    DAY: partial(_numeric, day_first=True),
    MONTH: partial(_numeric, day_first=False),
    NAMED: _named,
    MONTHS: _month,
    QUARTERS: _quarter,
}


def _built(year: str, month: str, day: str, rest: str) -> datetime.datetime | None:
    """A date with the time that follows it; None where it is none."""
    time = _TIME.fullmatch(rest.strip() if not rest.startswith(("T", " ", ",")) else rest.rstrip())
    if time is None:
        return None
    full = int(year) + ((2000 if int(year) < 69 else 1900) if len(year) == 2 else 0)
    hour, half = int(time[1] or 0), (time[5] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    micro = int((time[4] or "0")[:6].ljust(6, "0"))
    try:
        found = datetime.datetime(full, int(month), int(day), hour % 24, int(time[2] or 0), 0, micro)
        found += datetime.timedelta(seconds=int(time[3] or 0), days=hour // 24)
        return found - _offset(time[6])
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> datetime.timedelta:
    if not zone or zone[0] not in "+-":
        return datetime.timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return hours if zone[0] == "+" else -hours
