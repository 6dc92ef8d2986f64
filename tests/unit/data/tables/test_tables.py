"""Tables of values: what the columns hold, how they become numbers, and what is refused."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.reading.options import Reading
from headstart.data.reading.read import read_dataset
from headstart.data.reading.roles import without_left_out
from headstart.data.reading.values import read_values
from headstart.data.tables.cells import Column, typed
from headstart.data.tables.column_plan import other_units, plan_columns
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.records import Records
from headstart.data.tables.rows import as_frame
from headstart.errors import DataError, MissingExtra, SourceError
from headstart.source import Source

PATIENTS = """case_id,age,smoker,town,seen,height,y
a1,31,yes,Ulm,2024-01-31,"1,71",ill
a2,,no,Bonn,2024-02-29,"1,80",well
a3,45,yes,?,2024-12-24,"1,65",ill
a4,52,no,Ulm,2023-05-01,"1,90",well
"""
OTHERS = "height;y;town;age;smoker;weight\n1.6;well;Rome;20;no;50\n1.7;ill;Ulm;old;yes;60\n1.8;well;Ulm;30;yes;70\n"


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    (tmp_path / "patients.csv").write_text(PATIENTS)
    (tmp_path / "others.csv").write_text(OTHERS)
    return tmp_path / "patients.csv"


def test_columns_hold_numbers_categories_dates_or_nothing() -> None:
    n = 30
    frame = pd.DataFrame(
        {
            "patient_id": range(100, 100 + n),
            "row": range(n),
            "name": [f"person {i}" for i in range(n)],
            "zip": [f"0{i % 7}123" for i in range(n)],
            "count": [str(i % 9) for i in range(n)],
            "price": [f"{i},5" for i in range(n)],
            "flag": [bool(i % 2) for i in range(n)],
            "day": [datetime.date(2024, 1, 1 + i) for i in range(n)],
            "us day": [f"{1 + i % 12}/{1 + i % 28}/2024" for i in range(n)],
            "any day": [f"{1 + i % 12}/{1 + i % 7}/2024" for i in range(n)],
            "one": ["x"] * n,
            "none": [None] * n,
            "mixed": [1 if i % 2 else "a" for i in range(n)],
            "level": [0.5 * i for i in range(n)],
        }
    )
    plan = plan_columns(frame)
    columns, notes = plan.columns, (*plan.notes, *plan.doubts)
    assert {column.name: column.kind for column in columns} == {
        "zip": "category",
        "count": "number",
        "price": "number",
        "flag": "category",
        "day": "date",
        "us day": "date",
        "mixed": "category",
        "level": "number",
    }
    said = " ".join(notes)
    for words in (
        "'patient_id' numbers its rows",
        "'row' numbers its rows",
        "'name' names its rows",
        "'any day' holds dates such as '1/1/2024', whose day and month cannot be told apart",
        "'one' holds one value (x) everywhere",
        "'none' is empty",
        "'day' holds dates; they were read as days since 1970, month and weekday",
    ):
        assert words in said
    rows = typed(frame, columns)
    assert rows["price"].tolist()[:2] == [0.5, 1.5]
    assert rows["day (days)"].tolist()[:2] == [19723.0, 19724.0]
    assert rows["day (month)"].iloc[0] == 1 and rows["day (weekday)"].iloc[0] == 0


def test_long_texts_are_left_out() -> None:
    texts = [f"words {i % 180} and more" for i in range(200)]
    notes = plan_columns(pd.DataFrame({"text": texts, "x": np.arange(200) % 3})).notes
    words = "With --text-column (text_column=...) it would be learned from, alone."
    assert notes == (f"The column 'text' holds texts (180 different ones in 200); it was left out. {words}",)


def test_a_target_and_a_source_are_read_together(patients: Path) -> None:
    found = read_values(patients, Reading(label="y"), sources=[patients.parent / "others.csv"], unlabelled=[patients])
    assert found.target.task == "classification" and found.target.classes == ("ill", "well")
    assert found.sources[0].name == "others.csv" and found.sources[0].y.tolist() == ["well", "ill", "well"]
    assert "y" not in found.target.inputs.frame and "y" not in found.unlabelled
    encoder = TableEncoder().fit(
        found.target.inputs, others=[("others.csv", found.sources[0].X), ("unlabelled", found.unlabelled)]
    )
    said = " ".join(encoder.notes_)
    assert "'case_id' names its rows" in said and "others.csv lacks the column 'seen'" in said
    assert "The target lacks the column 'weight' of others.csv; it was left out." in said
    assert "1 cells of the column 'age' of others.csv are no numbers, such as 'old'" in said
    names = encoder.get_feature_names_out().tolist()
    assert names[:3] == ["seen (days)", "seen (month)", "seen (weekday)"] and "missing age" in names
    assert {"town=Bonn", "town=Rome", "town=Ulm", "town=missing", "smoker=yes", "smoker=no"} <= set(names)
    rows = encoder.transform(found.target.inputs)
    assert rows.shape == (4, len(names)) and np.isfinite(rows).all()
    assert encoder.lacking(found.sources[0].X) == ["seen"]


def test_numbers_are_imputed_by_the_median_of_both_sides_and_scaled() -> None:
    target = pd.DataFrame({"x": [1.0, np.nan, 3.0], "c": ["a", "b", "a"]})
    source = pd.DataFrame({"x": [10.0, 12.0], "c": ["b", "z"]})
    rows = TableEncoder().fit(target, others=[("s", source)]).transform(target)
    values = np.array([1.0, 6.5, 3.0, 10.0, 12.0])
    assert np.allclose(rows[:, 0], (values[:3] - values.mean()) / values.std())
    new = pd.DataFrame({"c": ["never seen", "a"], "x": ["7", "unreadable"], "more": [1, 2]})
    encoder = TableEncoder().fit(target, others=[("s", source)])
    again = encoder.transform(new)
    assert np.isfinite(again).all()
    categories = [i for i, name in enumerate(encoder.get_feature_names_out()) if name.startswith("c=")]
    assert again[0, categories].tolist() == [0.0] * len(categories)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_files_of_every_kind_give_the_same_numbers(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.0, 4.0], "b": ["u", "v", "u", "v"], "y": [0, 1, 0, 1]})
    file = tmp_path / f"t.{suffix}"
    {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}[suffix](file, index=False)
    dataset = read_dataset(file, label="y")
    assert isinstance(dataset.inputs, Records) and dataset.input_type == "table" and dataset.classes == (0, 1)
    rows = TableEncoder().fit(dataset.inputs).transform(dataset.inputs)
    assert np.allclose(rows, TableEncoder().fit(frame[["a", "b"]]).transform(frame))


def test_frames_of_polars_and_sources_in_memory() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3], "y": ["p", "q", "p"]})
    found = read_values(frame, Reading(label="y"), sources=[Source(pl.DataFrame({"a": [5]}), ["q"], name="old")])
    assert found.sources[0].name == "old" and found.sources[0].y.tolist() == ["q"]
    assert as_frame(frame).columns.tolist() == ["a", "y"]


def test_numbers_as_targets_several_labels_groups_and_parts(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(6), "who": list("ppqqrr"), "split": ["train"] * 4 + ["test"] * 2})
    frame = frame.assign(y=[0.5, 1.5, 2.0, 3.0, 4.0, 5.5], z=[0, 1, 0, 1, 0, 1], w=[1, 0, 0, 1, 1, 0])
    found = read_dataset_of(tmp_path, frame, label="y", group_by="who")
    assert found.task == "regression" and found.parts.tolist() == ["train"] * 4 + ["test"] * 2
    assert found.groups.tolist() == list("ppqqrr") and list(found.inputs.frame) == ["a", "z", "w"]
    several = read_dataset_of(tmp_path, frame, label=["z", "w"])
    assert several.task == "multilabel" and several.classes == ("z", "w")


def read_dataset_of(folder: Path, frame: pd.DataFrame, **reading: object) -> object:
    frame.to_csv(folder / "f.csv", index=False)
    return read_dataset(folder / "f.csv", **reading)


def test_a_table_in_latin_1_is_read_and_the_encoding_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("a,b,y\nKöln,1,2\nAachen,2,3\n".encode("latin-1"))
    dataset = read_dataset(tmp_path / "t.csv", label="y")
    assert dataset.inputs.frame["a"].tolist() == ["Köln", "Aachen"]
    assert "The table was read as Windows-1252." in dataset.notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "found an empty file"),
        (b"a,y\n", "without any; its columns are 'a', 'y'"),
        (b"a,y\n\x00\x01\x02,1\n", "Expected text in .*, found none: it is something unknown, not plain text"),
        (b"a,x\n1,2\n2,3\n", "Expected a column 'y' with the labels, found the columns 'a', 'x'"),
        (b"a,y\n1,\n2,\n", "Expected labels, found none: all 2 rows are without one"),
        (b"a,y\n1,0.5\n2,inf\n3,0.25\n", r"found 1 that are infinite: row 2\."),
        (b"y\n1\n2\n", "Expected columns to learn from beside the labels"),
        (b"a,y\n1,2,3,4\n1,2\n", "2 cells in each row, as in the first line .*found rows with more: line 2 has 4"),
    ],
    ids=["empty", "no rows", "binary", "no label", "no value", "infinite", "no features", "ragged"],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_dataset(tmp_path / "t.csv", label="y")


def test_sources_that_do_not_fit_are_refused_in_words(patients: Path) -> None:
    (patients.parent / "bare.csv").write_text("age\n3\n4\n")
    with pytest.raises(SourceError, match=r"Expected the column 'y' with labels in bare.csv.*--unlabelled"):
        read_values(patients, Reading(label="y"), sources=[patients.parent / "bare.csv"])
    frame = pd.DataFrame({"age": [1.0, 2.5, 3.0]})
    with pytest.raises(DataError, match=r"none of 'age' among 'size'"):
        TableEncoder().fit(frame, others=[("other.csv", pd.DataFrame({"size": [1]}))])
    with pytest.raises(DataError, match=r"Expected numbers in the column 'age' of other.csv.*found 'tall'"):
        TableEncoder().fit(frame, others=[("other.csv", pd.DataFrame({"age": ["tall", "small"]}))])
    with pytest.raises(DataError, match="found none of the name 'age' among 'b'"):
        TableEncoder().fit(frame).transform(pd.DataFrame({"b": [1]}))
    with pytest.raises(DataError, match="Expected a column to learn from"):
        TableEncoder().fit(pd.DataFrame({"a": ["x", "x"]}))
    with pytest.raises(DataError, match="different names, found 'a' more than once"):
        as_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_excel_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"Expected an Excel table in .*cannot be read"):
        read_dataset(tmp_path / "t.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"Reading an Excel file needs openpyxl.*headstart\[excel\]"):
        read_dataset(tmp_path / "t.xlsx")


def test_a_column_called_image_may_hold_values(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,y\n3,a\n4,b\n3,a\n")
    assert read_dataset(tmp_path / "t.csv").input_type == "table"
    (tmp_path / "p.csv").write_text("image,y\nx/1,a\nx/2,b\n")
    with pytest.raises(DataError, match="Expected pictures at the paths"):
        read_dataset(tmp_path / "p.csv")


def test_rows_that_repeat_are_noted(patients: Path) -> None:
    found = read_values(pd.concat([pd.read_csv(patients)] * 2), Reading(label="y"))
    assert "4 rows repeat earlier ones in every column." in " ".join(found.target.notes)


def test_records_are_rows_that_can_be_taken() -> None:
    rows = Records(pd.DataFrame({"a": [1, 2, 3]}))
    assert rows[1:].names == ("row 2", "row 3") and len(rows[np.array([0, 2])]) == 2
    assert rows.digest(0) == rows[:1].digest(0) != rows.digest(1)
    with pytest.raises(DataError, match="a name for each of 3 rows"):
        Records(rows.frame, ["x"])


def test_columns_that_are_named_a_little_otherwise_are_pointed_out() -> None:
    rng = np.random.default_rng(0)
    target = pd.DataFrame({"age": rng.normal(size=30), "blood pressure": rng.normal(size=30)})
    other = target.rename(columns={"blood pressure": "Blood_Pressure [mmHg]"})
    hint = "Its 'Blood_Pressure [mmHg]' may be 'blood pressure': give both tables the same names."
    encoder = TableEncoder().fit(target, others=[("elsewhere", other)])
    assert hint in " ".join(encoder.notes_)
    with pytest.raises(DataError, match="Its 'Blood_Pressure"):
        encoder.transform(other)
    with pytest.raises(DataError, match="'Age' may be 'age' and its 'BLOOD PRESSURE' may be 'blood pressure'"):
        TableEncoder().fit(
            target, others=[("elsewhere", target.rename(columns=str.upper).rename(columns={"AGE": "Age"}))]
        )


@settings(max_examples=25)
@given(
    power=st.sampled_from([18.0, 1000.0, 1 / 38.7, 0.001, 5.5]), spread=st.floats(0.05, 0.4), seed=st.integers(0, 999)
)
def test_numbers_in_another_unit_are_pointed_out(power: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"a": np.exp(spread * rng.normal(size=90)), "b": rng.normal(size=90), "c": rng.normal(size=90)})
    target, source = rows[:30], rows[30:].assign(b=1000 * rows["b"])
    columns = [Column(name, "number") for name in "abc"]
    (said,) = other_units(columns, target, "there.csv", source.assign(a=power * source["a"]))
    times = float(said.split("about ")[1].split(" times")[0].replace(",", ""))
    assert said.startswith("In 'a'") and 0.6 < times / power < 1.6 and "'b'" not in said  # b has both signs
    assert other_units(columns, target, "there.csv", source) == []
    assert other_units(columns, target, "there.csv", source.assign(a=np.nan)) == []


def test_another_place_is_no_other_unit() -> None:
    """Values of another range, or a column that varies where the other hardly does."""
    column, rng = [Column("days", "number")], np.random.default_rng(0)
    young = pd.DataFrame({"days": rng.uniform(1, 14, 50)})
    assert other_units(column, young, "there", pd.DataFrame({"days": rng.uniform(80, 100, 50)})) == []
    assert other_units(column, young, "there", pd.DataFrame({"days": np.full(50, 90.0)})) == []
    assert other_units(column, young, "there", 3 * young) == []


SPELLINGS = {
    "capitals": (["north", "south east", "x"], ["NORTH", "South_East ", "X"]),
    "signs": (["sea-waves", "rain"], ["sea waves", "Rain"]),
    "TRUE": (["True", "False"], ["TRUE", "false"]),
    "one and zero": (["True", "False"], ["1", "0"]),
    "yes": (["yes", "no"], ["True", "False"]),
    "composed": (["caf\u00e9", "bar"], ["cafe\u0301", "bar"]),
    "floats": (["1", "2", "A"], ["1.0", "2.0", "a"]),
}


@pytest.mark.parametrize("way", sorted(SPELLINGS))
def test_categories_spelt_otherwise_are_the_same(way: str) -> None:
    ours, theirs = SPELLINGS[way]
    rng = np.random.default_rng(0)
    codes = rng.integers(len(ours), size=60)
    target = pd.DataFrame({"kind": np.array(ours, dtype=object)[codes], "size": rng.normal(size=60)})
    other = target.assign(kind=np.array(theirs, dtype=object)[codes])
    alone, both = TableEncoder().fit(target), TableEncoder().fit(target, others=[("there", other)])
    np.testing.assert_array_equal(alone.transform(other), alone.transform(target))
    assert both.get_feature_names_out().tolist() == alone.get_feature_names_out().tolist()
    said = " ".join(both.notes_)
    assert ("of there were read as" in said) == (way != "floats") or "'a' of there" in said
    assert alone.unknown(other) == [] and other["kind"].tolist() == [theirs[code] for code in codes]


def test_what_may_be_another_category_stays_one() -> None:
    target = pd.DataFrame({"grade": ["A", "B", "F", "f"] * 10})
    encoder = TableEncoder().fit(target)
    new = pd.DataFrame({"grade": ["A+", "b", "F", "f", "1-5", None]})
    assert encoder.unknown(new) == ["Unknown in 'grade': 'A+', '1-5', in 2 of 6 rows; learned were 'A', 'B', 'F', 'f'."]
    rows = dict(zip(encoder.get_feature_names_out(), encoder.transform(new).T, strict=True))
    assert rows["grade=B"].tolist() == [0, 1, 0, 0, 0, 0]
    assert rows["grade=F"].tolist() == [0, 0, 1, 0, 0, 0] and rows["grade=f"].tolist() == [0, 0, 0, 1, 0, 0]
    apart = TableEncoder().fit(target, others=[("there", pd.DataFrame({"grade": ["good", "bad"]}))])
    assert apart.notes_[-1] == "In 'grade' there has 'good', 'bad', the target 'A', 'B', 'F', 'f': write both alike."


@pytest.mark.parametrize("said", [[True, False], ["True", "False"], ["yes", "no"], ["Y", "N"]])
def test_yes_and_no_are_one_and_zero_where_numbers_were_learned(said: list[Any]) -> None:
    target = pd.DataFrame({"smoker": [0, 1, 1, 0] * 10, "age": np.arange(40.0)})
    new = target.assign(smoker=pd.Series([said[1 - one] for one in target["smoker"]], dtype=object))
    encoder = TableEncoder().fit(target, others=[("there", new)])
    np.testing.assert_array_equal(encoder.transform(new), encoder.transform(target))
    with pytest.raises(DataError, match=r"found 'maybe'. Give both tables the same meaning.$"):
        encoder.transform(target.assign(smoker="maybe"))


def test_a_column_called_none_can_be_left_out() -> None:
    frame = pd.DataFrame({"none": [1, 2], "age": [3, 4], "y": ["a", "b"]})
    assert list(without_left_out(frame, Reading(label="y", leave_out="none"))) == ["age", "y"]
    with pytest.raises(DataError, match="found 'y' among both"):
        without_left_out(frame, Reading(label="Y", leave_out=["none", "y"]))


_ENDS = ("2024-03-04", "2024-05-01")


@settings(max_examples=20)
@given(st.integers(-4000, 4000))
def test_a_day_beyond_all_that_were_learned_from_counts_as_the_first_or_last(days: int) -> None:
    def visits(*seen: str | None) -> pd.DataFrame:
        return pd.DataFrame({"age": [40.0] * len(seen), "seen": [*seen]})

    encoder = TableEncoder().fit(visits("2024-03-04", None, "2024-04-19"), others=[("more", visits("2024-05-01"))])
    when, first, last = datetime.date(2024, 4, 1) + datetime.timedelta(days), *map(datetime.date.fromisoformat, _ENDS)
    found, ends = (encoder.transform(visits(*map(str, days))) for days in ([when], _ENDS))
    place = list(encoder.get_feature_names_out()).index("seen (days)")
    nearest = encoder.transform(visits(str(min(max(when, first), last))))
    assert found[0, place] == pytest.approx(nearest[0, place]) and (found <= ends.max(axis=0) + 1e-9)[0, place]
    assert encoder.later(visits(str(when))) == (
        []
        if first <= when <= last
        else [
            f"'seen' is {'later' if when > last else 'earlier'} in 100% of the rows than in all that was learned from, "
            f"and counts as {last if when > last else first}."
        ]
    )


def test_numbers_without_a_square_are_gaps_as_infinity_is() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30)})
    whole = TableEncoder().fit(frame).transform(frame.assign(a=frame["a"].where(frame.index != 3)))
    for odd in (np.inf, -np.inf, 1e200, -1.7e308):
        assert np.array_equal(
            TableEncoder().fit(frame).transform(frame.assign(a=frame["a"].where(frame.index != 3, odd))), whole
        )
        assert np.isfinite(
            TableEncoder().fit_transform(frame.assign(b=np.where(frame.index > 20, odd, frame["b"])))
        ).all()


def test_words_among_numbers_of_new_rows_are_said() -> None:
    encoder = TableEncoder().fit(pd.DataFrame({"a": [str(i / 2) for i in range(20)], "s": ["u", "v"] * 10}))
    new = pd.DataFrame({"a": ["1.5", "oops", "NA", "2.5", ""], "s": ["u"] * 5})
    assert encoder.unknown(new) == ["No number in 'a': 'oops', in 1 of 5 rows; missing there."]
    assert encoder.unknown(new.assign(a=[1.5, None, 2.0, np.inf, 3.0])) == []
