"""Where several tables are read, what is refused names the file that it stands in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from headstart.data.reading.options import Reading
from headstart.errors import HeadstartError, about
from headstart.models.target import read_target

GOOD = "age,sex,y\n" + "".join(f"{20 + i},{'fm'[i % 2]},{('no', 'yes')[i // 15]}\n" for i in range(30))
#: Tables that cannot be used in the place of the labelled ones, and what is said of them.
BAD = {
    "empty": b"",
    "no rows": b"age,sex,y\n",
    "no labels": GOOD.replace(",yes", ",").replace(",no", ",").encode(),
    "another column": GOOD.replace("sex,y", "sex,z").encode(),
    "two of a name": GOOD.replace("age,sex", "age,age").encode(),
    "one class": GOOD.replace(",yes", ",no").encode(),
    "fractions": ("age,sex,y\n" + "".join(f"{i},f,{i * 1.37}\n" for i in range(30))).encode(),
    "few": b"age,sex,y\n31,f,yes\n40,m,no\n",
    "odd row": f"{GOOD}1,f,yes,3\n".encode(),
    "no text": b"\0" * 500,
    "no columns": ("y\n" + "yes\nno\n" * 10).encode(),
}
#: What a source may be, and examples without labels.
TAKEN = {
    "source": {"one class", "fractions", "few"},
    "unlabelled": {"no labels", "another column", "one class", "fractions", "few"},
}


def said_of(place: Path, role: str, bad: bytes, reading: Reading) -> str:
    (place / "here.csv").write_bytes(bad if role == "data" else GOOD.encode())
    (place / "there.csv").write_bytes(GOOD.encode() if role == "data" else bad)
    more: dict[str, Any] = {"unlabelled": [str(place / "there.csv")]} if role == "unlabelled" else {}
    with pytest.raises(HeadstartError) as caught:
        read_target(str(place / "here.csv"), None if more else str(place / "there.csv"), reading, **more)
    return str(caught.value)


@pytest.mark.parametrize("role", ["data", "source", "unlabelled"])
@pytest.mark.parametrize("name", BAD)
def test_the_table_that_is_meant_is_named(name: str, role: str, tmp_path: Path) -> None:
    if name in TAKEN.get(role, ()) or (name == "no columns" and role != "data"):
        pytest.skip("it is read")
    said = said_of(tmp_path, role, BAD[name], Reading(label="y"))
    meant, other = ("here.csv", "there.csv") if role == "data" else ("there.csv", "here.csv")
    assert re.search(rf"\b{meant}", said) and not re.search(rf"\b{other}", said), said


@pytest.mark.parametrize("role", ["data", "source"])
def test_a_wrong_label_is_named_by_its_own_row(role: str, tmp_path: Path) -> None:
    rows = [f"{i},f,{i * 1.5 if i != 7 else 'tall'}" for i in range(40)]
    bad = "\n".join(["age,sex,y", *rows[:3], "", *rows[3:]]).encode()
    good = ("age,sex,y\n" + "\n".join(rows).replace("tall", "10.5")).encode()
    (tmp_path / "here.csv").write_bytes(bad if role == "data" else good)
    (tmp_path / "there.csv").write_bytes(good if role == "data" else bad)
    wrong = "here" if role == "data" else "there"
    with pytest.raises(HeadstartError, match=rf"found 'tall' in {wrong}\.csv row 9\."):
        read_target(str(tmp_path / "here.csv"), str(tmp_path / "there.csv"), Reading(label="y", task="regression"))


def test_a_table_without_labels_is_named_by_its_file(tmp_path: Path) -> None:
    words = ("age,sex\n" + "".join(f"word{i},f\n" for i in range(30))).encode()
    assert "in the column 'age' of there.csv" in said_of(tmp_path, "unlabelled", words, Reading(label="y"))


def test_a_labelled_set_of_texts_is_named(tmp_path: Path) -> None:
    text = "said,y\n" + "".join(f"a word {i} and some more of it,{'ab'[i % 2]}\n" for i in range(20))
    (tmp_path / "here.csv").write_text(text)
    (tmp_path / "there.csv").write_text(text.replace("said,y", "said,z"))
    told = Reading(label="y", text_column="said")
    for data, source in (("here.csv", "there.csv"), ("there.csv", "here.csv")):
        with pytest.raises(HeadstartError, match=r"^In there\.csv: Expected a column 'y'"):
            read_target(str(tmp_path / data), ["starter:pictures", str(tmp_path / source)], told)


def refused_in(place: str, words: str) -> None:
    with about(place), about(None), about(""):
        raise HeadstartError(words, "Add one.")


def test_the_inner_name_tells_and_one_that_was_said_is_not_said_again() -> None:
    with pytest.raises(HeadstartError, match=r"^In b\.csv: Expected two, found one\. Add one\.$"), about("a.csv"):
        refused_in("x/b.csv", "Expected two, found one.")
    with pytest.raises(HeadstartError, match=r"^Expected rows in b\.csv\. Add one\.$"), about("a.csv"):
        refused_in("b.csv", "Expected rows in b.csv.")
    with pytest.raises(HeadstartError, match=r"^In here\.csv: Expected rows in there\.csv\."):
        refused_in("here.csv", "Expected rows in there.csv.")
