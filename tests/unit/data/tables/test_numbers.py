"""Numbers as people write them: one form a column, certain by its cells, or unsure and said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.tables import numbers
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.numbers import NumberForm, number_of, numbers_in, settled
from headstart.errors import DataError


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1.234,56", "7"], [1234.56, 7]),
        (["12,345.67", "3"], [12345.67, 3]),
        (["1 234,5", "2"], [1234.5, 2]),
        (["1\u202f234\u202f567", "1,5"], [1234567, 1.5]),
        (["1'234.5", "1’000"], [1234.5, 1000]),
        (["12,34,567", "5"], [1234567, 5]),
        (["1,234,567", "935"], [1234567, 935]),
        (["1,275", "12,5"], [1.275, 12.5]),
        (["1,275", "1040"], [1.275, 1040]),
        (["1.275", "0.5"], [1.275, 0.5]),
        (["$1200", "$ 80"], [1200, 80]),
        (["€ 5", "€ 6,50"], [5, 6.5]),
        (["5 €", "1.006,50 €"], [5, 1006.5]),
        (["USD 1,200.50", "USD 3"], [1200.5, 3]),
        (["12 kg", "13kg"], [12, 13]),
        (["5 m2", "7.5 m2"], [5, 7.5]),
        (["45%", "4.5 %"], [45, 4.5]),
        (["-5", "(5)", "−3", "4-", "+2"], [-5, -5, -3, -4, 2]),
        (["1e-5", "2.5E+3", "-.5", "5."], [1e-5, 2500, -0.5, 5]),
        (["1,5e3", "2"], [1500, 2]),
    ],
)
def test_numbers_that_are_certain(cells: list[str], values: list[float]) -> None:
    form = numbers_in(cells).form
    assert form is not None
    assert [number_of(cell, form) for cell in cells] == pytest.approx(values)


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "12"],
        ["1,5", "2.5"],
        ["$5", "5"],
        ["5 kg", "5 g"],
        ["45%", "0.45"],
        ["12", "tall"],
        ["a1", "a2"],
        ["0x1F", "0x2A"],
        ["1.2.3", "1.2.4"],
        ["2024-01-31"],
        ["12:30"],
        ["1/2"],
        ["1-2"],
        ["<5", "7"],
        ["1,23,4"],
        ["(1)", "(2)"],
        ["٣"],
        [],
    ],
)
def test_what_is_no_column_of_numbers(cells: list[str]) -> None:
    found = numbers_in(cells)
    assert found.form is None and not found.unsure


def test_a_comma_that_may_be_either_is_decided_by_the_user_the_file_or_not_at_all() -> None:
    cells = ["1,275", "935", "12,345"]
    assert numbers_in(cells).unsure == "1,275"
    assert numbers_in(cells, decimal=".").form == NumberForm(".", ",") and not numbers_in(cells, decimal=".").assumed
    assert numbers_in(cells, decimal=",").form == NumberForm(",")
    assert numbers_in(cells, lean=",").assumed == "1,275 is 1.275, by how the file is written"
    assert settled(cells, semicolons=True).form == NumberForm(",")
    point = numbers_in(["1.275", "935"])
    assert point.form == NumberForm() and point.assumed == "1.275 has a decimal point"
    assert not numbers_in(["1.275", "2.310"]).assumed


def test_new_cells_are_read_in_the_form_of_the_column_alone() -> None:
    comma = NumberForm(",")
    assert [number_of(cell, comma) for cell in ("1,275", "1.5", "1.275", "x")] == [1.275, 1.5, None, None]
    assert number_of("1,275", NumberForm()) is None
    assert number_of("5", NumberForm(after="%")) is None and number_of("5 g", NumberForm(after="kg")) is None
    assert number_of("-inf", comma) == float("-inf")


def _written(value: float, form: NumberForm) -> str:
    whole, _, rest = f"{abs(value):,.{3 if value % 1 else 0}f}".partition(".")
    rest = rest.rstrip("0")
    digits = whole.replace(",", form.thousands) + (form.decimal + rest if rest else "")
    return f"{'-' if value < 0 else ''}{form.before}{digits}{form.after}"


@settings(max_examples=300)
@given(
    st.lists(st.integers(-(10**9), 10**9).map(lambda i: i / 1000) | st.integers(-5000, 5000).map(float), min_size=1),
    st.sampled_from(
        [
            NumberForm(d, t, b, a)
            for d, t in (".,", ",.", ". ", ", ", ".'")
            for b, a in (("", ""), ("$", ""), ("", "kg"))
        ]
    ),
)
def test_numbers_written_in_any_form_are_read_right_or_not_at_all(values: list[float], form: NumberForm) -> None:
    texts = [_written(value, form) for value in values]
    found = numbers_in(texts)
    if found.form is not None and not found.assumed and "." not in form.thousands:
        assert [number_of(text, found.form) for text in texts] == pytest.approx(values)
    told = numbers_in(texts, decimal=form.decimal)
    assert told.form is not None and [number_of(text, told.form) for text in texts] == pytest.approx(values)


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=True, width=64).map(repr),
            st.integers(-(10**25), 10**25).map(str),
            st.sampled_from(
                ["1.", "+1", "-0", "1e5", "1E+400", "1e-400", "007", "1\n", "\n", "", " 1", "1,5", "\ud800", "1_0"]
            ),
            st.sampled_from([None, 1, 1.5, b"1", True]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_many_numbers_are_read_as_few_are(cells: list[Any]) -> None:
    few, many = numbers.plain_floats(cells), numbers._many_floats(cells)
    assert (few is None) == (many is None)
    assert few is None or many is None or few.tobytes() == many.tobytes()


def test_new_rows_may_be_written_otherwise_than_those_that_were_learned_from() -> None:
    n = 30
    plain = pd.DataFrame(
        {
            "dose": [f"{i}.5" for i in range(n)],
            "steps": [f"{1000 + 7 * i}" for i in range(n)],
            "seen": [f"{i % 28 + 1:02}.03.2024" for i in range(n)],
        }
    )
    commas = plain.assign(dose=plain["dose"].str.replace(".", ","))
    for learned in (plain, commas):
        encoder = TableEncoder().fit(learned)
        known = encoder.transform(learned)
        others = [
            plain,
            commas,
            plain.assign(dose=plain["dose"].astype(float), steps=plain["steps"].astype(int)),
            plain.assign(seen=[f"2024-03-{i % 28 + 1:02}" for i in range(n)]),
            plain.assign(steps=[f"{int(value):,}" for value in plain["steps"]]),
            commas.assign(steps=[f"{int(value):,}".replace(",", ".") for value in plain["steps"]]),  # 1.007 by 0,5
        ]
        for other in others:
            assert np.allclose(encoder.transform(other), known)
            assert np.allclose(encoder.transform(other[4:5]), known[4:5])
    with pytest.raises(DataError, match="Expected numbers in the column 'dose'"):
        encoder.transform(plain.assign(dose="much"))
