"""Dates as people write them: one order a column, proven by a cell, by rule, or left open."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.tables.dates import DAY, MONTH, NAMED, YEAR, date_of, dates_in, days_since_1970


@pytest.mark.parametrize(
    ("cells", "order", "last"),
    [
        (["19.03.2025", "1.2.2025"], DAY, (2025, 2, 1)),
        (["1/2/2025", "19/3/2025 14:30"], DAY, (2025, 3, 19, 14, 30)),
        (["2/19/2025", "1/2/2025 5:30 PM"], MONTH, (2025, 1, 2, 17, 30)),
        (["2025-03-19", "2025-3-1T10:00:00+02:00"], YEAR, (2025, 3, 1, 8)),
        (["2025/03/19", "2025/03/20 23:59:59.5Z"], YEAR, (2025, 3, 20, 23, 59, 59, 500000)),
        (["19 March 2025", "1st Apr 2024"], NAMED, (2024, 4, 1)),
        (["March 19, 2025", "Sept 1, 2024"], NAMED, (2024, 9, 1)),
        (["19-Mar-25", "01-Dec-99"], NAMED, (1999, 12, 1)),
        (["Wed, 19 Mar 2025 10:00:00 +0100"], NAMED, (2025, 3, 19, 9)),
        (["3. März 2025", "1. Mai 2025"], NAMED, (2025, 5, 1)),
        (["2024Q1", "2024-Q3"], "quarters", (2024, 7, 1)),
        (["2024-03", "2024-12"], "months", (2024, 12, 1)),
    ],
)
def test_orders_that_are_certain(cells: list[str], order: str, last: tuple[int, ...]) -> None:
    assert dates_in(cells).order == order
    assert date_of(cells[-1], order) == datetime.datetime(*last)


@pytest.mark.parametrize(
    "cells",
    [
        ["19.03.2025", "03.19.2025"],
        ["31.02.2025"],
        ["2025-13-01"],
        ["1.2.3"],
        ["192.168.1.10"],
        ["1990-95"],
        ["2025"],
        ["12.5"],
        ["Marchy 3, 2025"],
        ["2025-01-01 25:00"],
        ["soon"],
        [],
    ],
)
def test_what_is_no_column_of_dates(cells: list[str]) -> None:
    assert dates_in(cells).order == "" and not dates_in(cells).unsure


def test_what_no_cell_proves_is_unsure_or_said() -> None:
    assert dates_in(["1/2/2025", "3/4/2025"]).unsure == "1/2/2025"
    assert dates_in(["3-4-2025"]).unsure
    assert dates_in(["5/5/2025", "6/6/2025"]).order == DAY and not dates_in(["5/5/2025"]).assumed
    assert dates_in(["1.2.2025"]).assumed == "1.2.2025 has its day first"
    assert "years such as that of 19.3.25 are of 1969 to 2068" in dates_in(["19.3.25"]).assumed


@settings(max_examples=200)
@given(
    st.lists(st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1)), min_size=1, max_size=6),
    st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%d %B %Y", "%b %d, %Y", "%Y/%m/%d"]
    ),
)
def test_dates_are_read_right_or_not_at_all(dates: list[datetime.datetime], form: str) -> None:
    texts = [when.strftime(form) for when in dates]
    found = dates_in(texts)
    assert found.order or found.unsure
    if found.order:
        for when, text in zip(dates, texts, strict=True):
            read = date_of(text, found.order)
            assert read is not None and math.floor(days_since_1970(read)) == days_since_1970(when.date())
