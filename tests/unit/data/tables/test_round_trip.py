"""Tables written in any way are read equal to the truth they were written from, or refused: never a wrong value."""

from __future__ import annotations

import csv
import datetime
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.data.reading.options import Reading
from headstart.data.reading.values import read_values
from headstart.data.tables.cells import typed
from headstart.data.tables.column_plan import plan_columns
from headstart.data.tables.dates import days_since_1970
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.frame import read_frame
from headstart.errors import DataError

NUMBERS = st.integers(-(10**7), 10**7).map(lambda i: i / 1000)
PIECES = [
    *"abc ,;|\t\n\"'",
    "Größe",
    "café",
    "español",
    "żółw",
    "čas",
    "őr",
    "ışık",
    "жаба",
    "и",
    "λόγος",
    "日本",
    "语言",
]
WORDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map(lambda pieces: f"w {''.join(pieces)} w")
DATES = st.dates(datetime.date(1950, 1, 1), datetime.date(2050, 1, 1))


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(2, 8))

    def column(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=n, max_size=n))

    return pd.DataFrame(
        {
            "number": column(NUMBERS),
            "whole": column(st.integers(-5000, 5000)),
            "word": column(WORDS),
            "day": column(DATES),
            "gap": column(NUMBERS | st.none()),
        }
    )


def write(frame: pd.DataFrame, place: Path, form: str, encoding: str, **how: object) -> None:
    written = frame.assign(day=[day.strftime(form) for day in frame["day"]])
    content = written.to_csv(index=False, **how).encode(encoding)
    place.write_bytes(content)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp1250", "cp1251", "shift_jis", "gb18030"]
    ),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([".", ","]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y"]),
)
def test_csv(
    frame: pd.DataFrame, separator: str, encoding: str, quoting: int, decimal: str, ends: str, form: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "t.csv")
        try:
            write(frame, place, form, encoding, sep=separator, quoting=quoting, decimal=decimal, lineterminator=ends)
        except UnicodeEncodeError:
            return
        try:
            found = read_frame(place)
        except DataError as error:
            assert "--encoding" in str(error) or "quote" in str(error) or "none" in str(error), error
            return
    assert list(found.columns) == list(frame.columns) and len(found) == len(frame)
    assert found["word"].tolist() == frame["word"].tolist()
    plan = plan_columns(found, separator=found.attrs["separator"])
    rows = typed(found, plan.columns)
    for column in plan.columns:
        if column.kind == "number":
            truth = frame[column.name].astype(float).to_numpy()
            assert np.allclose(rows[column.name], truth, equal_nan=True), (column, found[column.name].tolist())
        elif column.kind == "date":
            truth = [days_since_1970(day) for day in frame[column.name]]
            assert rows[f"{column.name} (days)"].tolist() == truth, (column, found[column.name].tolist())
    for name, reason in plan.left_out:
        assert reason and (
            len(set(frame[name])) < 3 or name not in ("whole", "gap") or "rows" in reason or "comma" in reason
        )


@settings(max_examples=80)
@given(st.lists(NUMBERS, min_size=3, max_size=12), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from([".", ","]))
def test_targets(values: list[float], separator: str, decimal: str) -> None:
    frame = pd.DataFrame({"x": list("ab" * 6)[: len(values)], "y": values})
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "t.csv")
        frame.to_csv(place, index=False, sep=separator, decimal=decimal)
        try:
            found = read_values(place, Reading(label="y", task="regression")).target
        except DataError as error:
            assert "--decimal" in str(error)
            return
    assert np.allclose(found.y, values)


def every_type(n: int = 24) -> pd.DataFrame:
    at = np.arange(n)
    return pd.DataFrame(
        {
            "int8": pd.array(at % 5, dtype="Int8"),
            "uint64": (at * 7 % 11).astype("uint64"),
            "float32": (at * 3 % 13 / 4).astype("float32"),
            "nullable": pd.array([None if i % 6 == 0 else i % 7 for i in at], dtype="Int64"),
            "decimal": [Decimal(int(i * 5 % 17)) / 8 for i in at],
            "flag": pd.array([None if i % 5 == 0 else i % 3 == 0 for i in at], dtype="boolean"),
            "text": pd.array([None if i % 7 == 0 else "uvw"[i % 3] for i in at], dtype="string"),
            "stamp": pd.date_range("2024-01-30", periods=n, freq="36h"),
            "zone": pd.date_range("2024-01-30", periods=n, freq="36h", tz="Europe/Berlin"),
            "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(i * 5 % 31)) for i in at],
            "delta": pd.to_timedelta(at * 5 % 9, unit="h"),
            "clock": [datetime.time(int(i * 5 % 24), 30) for i in at],
            "y": ["p", "q", "q"] * (n // 3),
        }
    )


def truth_of(frame: pd.DataFrame) -> dict[str, list]:
    numbers = {
        name: frame[name].astype("Float64").to_numpy(float, na_value=np.nan) for name in ("int8", "uint64", "float32")
    }
    days = {name: [days_since_1970(day.to_pydatetime()) for day in frame[name]] for name in ("stamp", "zone")}
    return {
        **{name: list(values) for name, values in numbers.items()},
        "nullable": list(frame["nullable"].to_numpy(float, na_value=np.nan)),
        "decimal": [float(value) for value in frame["decimal"]],
        "delta": [value.total_seconds() for value in frame["delta"]],
        "clock": [value.hour * 3600.0 + 1800 for value in frame["clock"]],
        **{f"{name} (days)": values for name, values in days.items()},
        "day (days)": [days_since_1970(day) for day in frame["day"]],
    }


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "csv", "jsonl", "frame", "pyarrow"])
def test_every_type_of_pandas(tmp_path: Path, suffix: str) -> None:
    frame = every_type()
    place = tmp_path / f"t.{suffix}"
    left = {"xlsx": ["zone", "delta", "clock"], "jsonl": ["delta", "clock", "stamp", "zone", "day", "decimal"]}.get(
        suffix, []
    )
    kept = frame.drop(columns=left)
    if suffix in ("parquet", "pyarrow"):
        frame.to_parquet(tmp_path / "t.parquet")
        given = pd.read_parquet(tmp_path / "t.parquet", dtype_backend="pyarrow") if suffix == "pyarrow" else place
    else:
        given = kept if suffix == "frame" else place
        {"xlsx": kept.to_excel, "csv": kept.to_csv}.get(suffix, lambda *a, **k: None)(place, index=False)
        if suffix == "jsonl":
            kept.to_json(place, orient="records", lines=True)
    target = read_values(given, Reading(label="y")).target
    columns = target.inputs.plan.columns
    assert {c.name for c in columns} == set(kept.columns) - {"y"}, target.columns
    rows = typed(target.inputs.frame, columns)
    for name, truth in truth_of(frame).items():
        if name.split(" (")[0] not in left:
            assert np.allclose(rows[name], truth, equal_nan=True, atol=1e-6), name
    assert {c.kind for c in columns if c.name in ("flag", "text")} == {"category"}


def test_what_holds_no_values_is_left_out_with_the_true_reason() -> None:
    frame = pd.DataFrame(
        {
            "list": [[1, 2]] * 20,
            "bytes": [b"x", b"y"] * 10,
            "complex": np.arange(20) * 1j,
            "object": [{"a": 1}] * 20,
            "mixed": [str(i) if i % 4 else "tall" for i in range(20)],
            "points": ["1,5" if i % 2 else f"2.{i}" for i in range(20)],
            "zip": [f"0{i % 7}123" for i in range(20)],
            "span": pd.cut(np.arange(20), 3),
            "month": pd.period_range("2024-01", periods=20, freq="M"),
            "grade": pd.Categorical([3, 4] * 10),
        }
    )
    plan = plan_columns(frame)
    assert plan.became("list")[1] == "holds lists, which are no values to learn from"
    assert "holds bytes" in plan.became("bytes")[1] and "complex numbers" in plan.became("complex")[1]
    assert "objects with names and values" in plan.became("object")[1]
    said = " ".join(plan.doubts)
    assert "numbers such as '1' and others such as 'tall'" in said and "not written alike" in said
    became = {column.name: column.kind for column in plan.columns}
    assert (became["zip"], became["span"], became["month"], became["grade"]) == (
        "category",
        "category",
        "date",
        "category",
    )


def test_new_rows_are_read_in_the_form_that_was_learned() -> None:
    frame = pd.DataFrame({"a": ["1,275", "12,5", "3,25", "7"], "d": ["3.4.2024", "19.3.2024", "1.1.2024", "2.2.2024"]})
    encoder = TableEncoder().fit(read_values(frame.assign(y=list("pqpq")), Reading(label="y")).target.inputs)
    alone = encoder.transform(pd.DataFrame({"a": ["1,275"], "d": ["3.4.2024"]}))
    assert np.allclose(alone, encoder.transform(frame)[:1])
    with pytest.raises(
        DataError, match=r"Expected numbers in the column 'a' of the new rows, .*decimal comma.* found '1.275'"
    ):
        encoder.transform(pd.DataFrame({"a": ["1.275"], "d": ["3.4.2024"]}))
