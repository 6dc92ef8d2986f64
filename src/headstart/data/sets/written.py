"""What labels that are neither a few classes nor numbers look like, and what to do with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from headstart.data.tables.dates import dates_in
from headstart.data.tables.numbers import settled, unit_of

#: Share of the different labels that must be numbers for the others to be strays.
_MOST = 0.8
_SHOWN = 3


def looks_like(labels: Sequence[str]) -> str:
    """A sentence on labels that were meant as amounts; empty where they are none.

    Parameters
    ----------
    labels : sequence of str
        The different ones, as they are written.

    Examples
    --------
    >>> looks_like(["2021-03-19", "2021-04-02"])
    'They are dates: write them as numbers (days since a day) or as classes (the month).'
    >>> looks_like(["10 kg", "300 g", "2,5 kg"])
    "They are numbers with several units ('kg', 'g'): bring them to one unit."
    >>> looks_like(["1,5", "2,5", "3,25", "4,0", "oops"])
    "They are numbers but for 'oops': empty or repair these."
    >>> looks_like(["ant", "bee", "7"])
    ''
    """
    found = dates_in(labels)
    if found.order or found.unsure:
        return "They are dates: write them as numbers (days since a day) or as classes (the month)."
    carried = {label: unit_of(label) for label in labels}
    numbers = [label for label, unit in carried.items() if unit is not None]
    others = [label for label, unit in carried.items() if unit is None]
    if len(numbers) < 3 or len(numbers) < _MOST * len(labels):
        return ""
    units = [unit for unit, _ in Counter(unit for unit in carried.values() if unit is not None).most_common()]
    if len(units) > 1:
        shown = ", ".join(repr(unit) if unit else "no unit" for unit in units[:_SHOWN])
        more = ", ..." if len(units) > _SHOWN else ""
        return f"They are numbers with several units ({shown}{more}): bring them to one unit."
    form = settled(numbers)
    if not others or (form.form is None and not form.unsure):
        return ""
    shown = ", ".join(map(repr, others[:_SHOWN])) + (", ..." if len(others) > _SHOWN else "")
    return f"They are numbers but for {shown}: empty or repair these."
