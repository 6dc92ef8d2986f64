"""Numbers as people write them: one form for a column, decided by all its cells."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_SPACES = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u2212": "-", "\u2013": "-", "\uff0d": "-"}
    | {"\u2019": "'", "\u02bc": "'"}
)
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|RUB|BRL|AUD|CAD"
_MONEY = rf"US\$|R\$|[$€£¥₹₽₩₺₴₫฿₪₱]|(?:{_CODES}|Rs\.?|kr\.?)(?![a-z])"
_UNIT = r"(?![xX][0-9])[^\s\d.,;:()\[\]{}<>=+*?!|/\\#&@~_-][^\s\d,;:()\[\]{}]{0,7}(?:\^?-?[1-9])?(?: [^\W\d_]{1,6})?"
_CELL = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>{_MONEY})?\s*(?P<inner>[+-])?"
    r"(?P<body>[0-9](?:[0-9.,' ]*[0-9])?[.,]?|[.,][0-9]+)(?P<power>[eE][+-]?[0-9]+)?(?P<behind>-)?"
    rf"\s*(?P<after>{_UNIT})?\s*(?P<close>\))?"
)
_PLAIN = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
#: A line that is not such a number.
_NOT_PLAIN = re.compile(rf"^(?!(?:{_PLAIN.pattern})$)", re.MULTILINE)
_DOUBTFUL = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
#: Cells from which on loading what reads many at once is worth its time.
_MANY = 5_000
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity", "+infinity"})


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : {".", ","}
        What stands before the fraction.
    thousands : {"", ",", ".", " ", "'"}
        What may stand between groups of three digits.
    before, after : str
        A sign of currency or a unit that every cell carries; the number is read as it is written, 45% as 45.

    Examples
    --------
    >>> str(NumberForm()), str(NumberForm(",", ".", "€"))
    ('numbers', "numbers with a decimal comma, a point between thousands and '€'")
    """

    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        said = ["a decimal comma"] if self.decimal == "," else []
        said += [f"{_NAMES[self.thousands]} between thousands"] if self.thousands else []
        said += [repr(sign) for sign in (self.before, self.after) if sign]
        return "numbers" + (f" with {', '.join(said[:-1])}{' and ' if said[1:] else ''}{said[-1]}" if said else "")


_NAMES = {",": "a comma", ".": "a point", " ": "a space", "'": "an apostrophe"}
_MACHINE = NumberForm()
_FORMS = tuple(
    NumberForm(decimal, thousands)
    for thousands in ("", ",", ".", " ", "'")
    for decimal in (".", ",")
    if decimal != thousands
)


@dataclass(frozen=True)
class FoundNumbers:
    """What the texts of a column say of its numbers.

    Parameters
    ----------
    form : NumberForm or None
        None where they cannot be read as numbers of one form.
    unsure : str
        A cell that may be two different numbers, where no other cell decides.
    assumed : str
        What was taken for granted, as a sentence without its column; empty where the cells prove the form.
    proves : {"", ".", ","}
        What the cells prove to stand before fractions.
    """

    form: NumberForm | None = None
    unsure: str = ""
    assumed: str = ""
    proves: str = ""


def numbers_in(texts: Iterable[str], decimal: str | None = None, lean: str | None = None) -> FoundNumbers:
    """Decide how the numbers of a column are written.

    The rule: a form must fit every cell, with the same sign of currency and the same unit on each. If several forms fit
    and give different numbers, which happens where each comma (or point) stands before exactly three digits, then

    1. ``decimal`` decides where it is given (the user said so);
    2. else ``lean`` decides, and it is said (the other columns of the file are written so, or semicolons part it);
    3. else a point is a decimal point, as programs write it; it is said if whole numbers stand beside it;
    4. else, of a comma, nothing decides: the column is unsure.

    Zeros in front ("007") make a name, not a number. Brackets around some of the numbers make them negative.

    Parameters
    ----------
    texts : iterable of str
        The cells that hold something.
    decimal, lean : {".", ","}, optional

    Examples
    --------
    >>> numbers_in(["1.234,56", "7"]).form
    NumberForm(decimal=',', thousands='.', before='', after='')
    >>> numbers_in(["1,275", "935"]).unsure, numbers_in(["1,275", "93,5"]).form.decimal
    ('1,275', ',')
    >>> numbers_in(["$1,200", "$80"], decimal=".").form.before, numbers_in(["007", "12"]).form
    ('$', None)
    """
    texts = list(dict.fromkeys(texts))
    if _all_plain(texts):
        return FoundNumbers(NumberForm(), proves="." if any("." in text for text in texts) else "")
    cells = []
    for text in texts:
        cell = _CELL.fullmatch(text.strip().translate(_SPACES))
        if cell is not None:
            cells.append(cell)
        elif text.strip().casefold() not in _INFINITE:
            return FoundNumbers()
    if not cells:
        return FoundNumbers()
    if len({(cell["before"], cell["after"]) for cell in cells}) > 1 or not all(map(_balanced, cells)):
        return FoundNumbers()
    bracketed = [cell[0] for cell in cells if cell["open"]]
    if len(bracketed) == len(cells):
        return FoundNumbers()
    signs = {"before": cells[0]["before"] or "", "after": cells[0]["after"] or ""}
    found = _decided(list(dict.fromkeys(cell["body"] for cell in cells)), decimal, lean)
    if found.form is None:
        return found
    brackets = f"brackets make numbers negative, as in {bracketed[0]}" if bracketed else ""
    said = " and ".join(words for words in (found.assumed, brackets) if words)
    return FoundNumbers(
        NumberForm(found.form.decimal, found.form.thousands, **signs), assumed=said, proves=found.proves
    )


def unit_of(text: str) -> str | None:
    """The unit or sign of currency that a number carries, "" of a bare one; None where the text is no number.

    Examples
    --------
    >>> unit_of("300 g"), unit_of("$80"), unit_of("1,5"), unit_of("oops")
    ('g', '$', '', None)
    """
    cell = _CELL.fullmatch(text.strip().translate(_SPACES))
    return (cell["before"] or cell["after"] or "") if cell is not None and _balanced(cell) else None


def settled(
    texts: Iterable[str], decimal: str | None = None, lean: str | None = None, semicolons: bool = False
) -> FoundNumbers:
    """As `numbers_in`; where a comma stays open and semicolons part the cells of the file, it is decimal, and said.

    Examples
    --------
    >>> settled(["1,275", "935"], semicolons=True).assumed
    '1,275 is 1.275, by how the file is written'
    """
    texts = list(dict.fromkeys(texts))
    found = numbers_in(texts, decimal, lean)
    return numbers_in(texts, lean=",") if found.unsure and semicolons else found


def plain_floats(cells: Sequence[Any]) -> np.ndarray | None:
    """Numbers of texts that are all written as programs write them, (n,) float64; None where one is not.

    Many times as fast as `number_of` for each, and faster still where there are many and pyarrow is there.

    Examples
    --------
    >>> plain_floats(["1", "-2.5e3"]), plain_floats(["1", ""]), plain_floats(["1", "007"]), plain_floats([1.0])
    (array([ 1.0e+00, -2.5e+03]), None, None, None)
    """
    if len(cells) >= _MANY and importlib.util.find_spec("pyarrow") is not None:
        return _many_floats(cells)
    try:
        lines = "\n".join(cells)
    except TypeError:
        return None
    if not cells or lines.count("\n") != len(cells) - 1 or _NOT_PLAIN.search(lines):
        return None
    return np.array(list(map(float, cells)))


def _many_floats(cells: Sequence[Any]) -> np.ndarray | None:
    """The same, four times as fast where there are many."""
    import pyarrow as pa
    from pyarrow import compute

    if not all(isinstance(cell, str) for cell in cells):
        return None
    try:
        texts = pa.array(cells, pa.string())
    except (pa.ArrowException, UnicodeError):
        return None
    if not compute.all(compute.match_substring_regex(texts, rf"\A(?:{_PLAIN.pattern})\z")).as_py():
        return None
    return np.asarray(compute.cast(texts, pa.float64()))


def _all_plain(texts: list[str]) -> bool:
    """Whether all are numbers as programs write them, and none may be another number."""
    if plain_floats(texts) is None:
        return False
    pointed = [text for text in texts if "." in text]
    return not pointed or not all(map(_DOUBTFUL.fullmatch, pointed))


def _decided(bodies: list[str], decimal: str | None, lean: str | None) -> FoundNumbers:
    """The form of bare numbers, by the rule of `numbers_in`."""
    for strict in (True, False):
        fitting = {form: values for form in _FORMS if (values := _values(bodies, form, strict)) is not None}
        if fitting:
            break
    else:
        return FoundNumbers()
    first = next(iter(fitting))
    if len(set(fitting.values())) == 1:
        decimals = {form.decimal for form in fitting}
        return FoundNumbers(first, proves=first.decimal if len(decimals) == 1 else "")
    ways = list(fitting.values())
    doubtful = next(body for i, body in enumerate(bodies) if len({way[i] for way in ways}) > 1)
    told = decimal or lean
    if told is not None:
        form = next((form for form in fitting if form.decimal == told), first)
        number = fitting[form][bodies.index(doubtful)]
        return FoundNumbers(form, assumed="" if decimal else f"{doubtful} is {number}, by how the file is written")
    if "," in doubtful:
        return FoundNumbers(unsure=doubtful)
    whole = any(body.isdigit() for body in bodies)
    return FoundNumbers(first, assumed=f"{doubtful} has a decimal point" if whole else "")


def _values(bodies: list[str], form: NumberForm, strict: bool) -> tuple[str, ...] | None:
    """The numbers as Python writes them; None if one does not fit."""
    pattern = _PATTERNS[form, strict]
    if not all(map(pattern.fullmatch, bodies)):
        return None
    return tuple(str(float(_machine(body, form))) for body in bodies)


def _pattern(form: NumberForm, strict: bool) -> re.Pattern[str]:
    sign, mark = re.escape(form.thousands), re.escape(form.decimal)
    whole = "0|[1-9][0-9]*"
    if form.thousands:
        groups = rf"[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}})+" + (
            r"|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}" if form.thousands == "," else ""
        )
        whole = f"{groups}|{'0|[1-9][0-9]{0,2}' if strict else whole}"
    return re.compile(rf"(?:{whole})(?:{mark}[0-9]*)?|{mark}[0-9]+")


_PATTERNS = {(form, strict): _pattern(form, strict) for form in _FORMS for strict in (True, False)}


def _machine(body: str, form: NumberForm) -> str:
    bare = body.replace(form.thousands, "") if form.thousands else body
    return bare.replace(form.decimal, ".")


def _balanced(cell: re.Match[str]) -> bool:
    minus = sum(cell[name] is not None for name in ("sign", "inner", "behind"))
    return (cell["open"] is None) == (cell["close"] is None) and minus + (cell["open"] is not None) <= 1


def number_of(text: str, form: NumberForm) -> float | None:
    """The number in a cell of a column of this form; None where it holds none.

    A cell that the form does not fit is taken as a program writes numbers (``12.5``), unless the form would make
    another number of it.

    Examples
    --------
    >>> comma = NumberForm(",")
    >>> number_of("1,5", comma), number_of("1.5", comma), number_of("tall", comma), number_of("(3,5)", comma)
    (1.5, 1.5, None, -3.5)
    >>> number_of("1.275", comma), number_of("45", NumberForm(after="%"))
    (None, None)
    """
    if form == _MACHINE and _PLAIN.fullmatch(text):
        return float(text)
    plain = text.strip().translate(_SPACES)
    if plain.casefold() in _INFINITE:
        return float(plain)
    cell = _CELL.fullmatch(plain)
    if cell is None or not _balanced(cell):
        return None
    if (cell["before"] or "", cell["after"] or "") != (form.before, form.after):
        return None
    bare = NumberForm(form.decimal, form.thousands)
    body = cell["body"]
    if _PATTERNS[bare, False].fullmatch(body):
        digits = _machine(body, bare)
    elif _PLAIN.fullmatch(body) and not _DOUBTFUL.fullmatch(body):
        digits = body
    else:
        return None
    minus = cell["open"] or "-" in (cell["sign"], cell["inner"], cell["behind"])
    return float(f"{'-' if minus else ''}{digits}{cell['power'] or ''}")
