"""Tables of files: which column names them, and what is said where they are not found."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from headstart.data.reading.file_column import file_column
from headstart.data.reading.read import read_dataset
from headstart.data.reading.values import read_values
from headstart.data.tables.frame import read_frame
from headstart.errors import DataError

IDS = [f"ISIC_{i:04d}" for i in range(12)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for i, name in enumerate(IDS):
        (tmp_path / "img" / "deep").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 6), (i, 0, 0)).save(tmp_path / "img" / "deep" / f"{name}.png")
    return tmp_path


def table(folder: Path, values: list[str], column: str = "image_id") -> Path:
    rows = "".join(f"{value},{i % 5},{'ab'[i % 2]}\n" for i, value in enumerate(values))
    (folder / "t.csv").write_text(f"{column},age,label\n{rows}")
    return folder / "t.csv"


@pytest.mark.parametrize("column", ["image_id", "id", "Name", "lesion"])
@pytest.mark.parametrize("form", [str, str.lower, "img/deep/{}".format])
def test_ids_are_names_of_files_below(pictures: Path, column: str, form: object) -> None:
    dataset = read_dataset(table(pictures, [form(one) for one in IDS], column), label="label")
    assert [dataset.inputs.decode(i)[0, 0, 0] for i in range(12)] == list(range(12))
    assert f"Files were found by the names in the column {column}, as in img/deep/ISIC_0000.png." in dataset.notes
    assert [str(c) for c in dataset.columns][:2] == [
        f"path '{column}': paths of pictures",
        "left out 'age': took no part",
    ]


@pytest.mark.parametrize(
    "form",
    [
        "img/deep/{}.png",
        "./img/deep/{}.png",
        "img\\deep\\{}.png",
        " img/deep/{}.png ",
        "IMG/deep/{}.PNG",
        "img/../img/deep/{}.png",
    ],
)
def test_paths_in_other_writings_are_found(pictures: Path, form: str) -> None:
    names = [form.format(one) if i % 2 else f"img/deep/{one}.png" for i, one in enumerate(IDS)]
    dataset = read_dataset(table(pictures, names, "path"), label="label")
    assert [dataset.inputs.decode(i)[0, 0, 0] for i in range(12)] == list(range(12))
    assert ("6 paths differ from files by capitals alone" in " ".join(dataset.notes)) == ("IMG" in form)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (
            "C:\\Users\\x\\img\\deep\\{}.png",
            r"is a path of another machine. Beside the table there is img/deep/ISIC_0000.png",
        ),
        ("/home/x/img/deep/{}.png", "is a path of another machine. Beside the table there is img/deep/ISIC_0000.png"),
        ("/home/x/{}.png", "is a path of another machine. Write paths relative"),
        ("https://x.org/{}.png", "found 12 web addresses, such as 'https://x.org/ISIC_0000.png'. Download"),
        ("s3://bucket/{}.png", "found 12 web addresses"),
        ("X{}", "found none of them beside the table and below, where there are 12 pictures"),
    ],
)
def test_what_is_not_there_is_refused_in_words(pictures: Path, form: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_dataset(table(pictures, [form.format(one) for one in IDS]), label="label")


def test_ids_without_any_file_are_refused_and_others_are_values(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="where there are no such files at all"):
        read_dataset(table(tmp_path, IDS), label="label")
    assert read_dataset(table(tmp_path, IDS, "patient"), label="label").input_type == "table"
    frame = read_frame(table(tmp_path, [str(i) for i in range(12)]))
    assert file_column(frame, tmp_path / "t.csv") is None
    assert read_values(frame).target.columns[0].became == "numbers its rows"


def test_files_that_are_missing_or_double_are_named(pictures: Path) -> None:
    dataset = read_dataset(table(pictures, [*IDS[:10], "X1", "X2"]), label="label")
    assert "2 of 12 pictures are not where the table says: X1, X2." in dataset.notes
    Image.new("RGB", (6, 6)).save(pictures / "ISIC_0003.jpg")
    with pytest.raises(DataError, match=r"one picture called 'ISIC_0003' .* found ISIC_0003.jpg and img/deep"):
        read_dataset(table(pictures, IDS), label="label")
