"""Tables and folders of texts: which column is meant, how it is written, and what is said where it cannot be told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data.base.kinds import PICTURES, TEXTS
from headstart.data.reading.options import Reading
from headstart.data.reading.read import read_dataset
from headstart.data.reading.recognise import recognise
from headstart.data.sets.dataset import Dataset
from headstart.data.texts.texts import Texts
from headstart.errors import DataError, ParameterError
from headstart.models.offered import kind_offered

ROWS = [
    ("a free prize, now", "spam"),
    ("see you at eight", "ham"),
    ("win the cash today", "spam"),
    ("my bus is late", "ham"),
]
FRAME = pd.DataFrame(ROWS, columns=["message", "label"])


def said(dataset: Dataset) -> list[str]:
    assert isinstance(dataset.inputs, Texts)
    return [dataset.inputs.decode(i) for i in range(len(dataset))]


def written(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        FRAME.to_parquet(path)
        return path
    if ".json" in name:
        objects = [{"message": text, "label": label} for text, label in ROWS]
        content = json.dumps(objects) if name == "t.json" else "\n".join(json.dumps(one) for one in objects)
    else:
        content = FRAME.to_csv(index=False, sep="\t" if ".tsv" in name else ",")
    path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return path


def text_dataset(data: Any, source: Any, **said: Any) -> Dataset | None:
    """The texts that data hold, or None where they hold something else."""
    found = recognise(data, Reading(**said), wanted=lambda: kind_offered(source))
    return found.dataset() if found.kind is TEXTS else None


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet", "t.jsonl", "t.jsonl.gz", "t.json", "lines.json"]
)
def test_a_table_whose_only_other_column_holds_sentences_holds_texts(tmp_path: Path, name: str) -> None:
    dataset = read_dataset(written(tmp_path, name))
    assert said(dataset) == [text for text, _ in ROWS] and dataset.y.tolist() == [label for _, label in ROWS]
    assert dataset.names == ("row 1", "row 2", "row 3", "row 4") and dataset.text_columns == ("message",)
    assert "Texts were taken from the column message." in dataset.notes


def test_several_columns_are_joined_by_a_new_line(tmp_path: Path) -> None:
    frame = FRAME.assign(title=["Hi", "", "You", "Late"], part=["train", "train", "train", "test"], sender=list("abac"))
    frame.to_csv(tmp_path / "t.csv", index=False)
    dataset = read_dataset(tmp_path / "t.csv", text_column=["title", "MESSAGE"], group_by="sender", label="label")
    assert said(dataset) == [
        "Hi\na free prize, now",
        "see you at eight",
        "You\nwin the cash today",
        "Late\nmy bus is late",
    ]
    assert dataset.parts is not None and dataset.parts.tolist() == ["train", "train", "train", "test"]
    assert dataset.groups is not None and dataset.groups.tolist() == ["a", "b", "a", "c"]
    assert "A text is the columns title and message, one below the other." in dataset.notes


def test_labels_may_be_several_or_numbers(tmp_path: Path) -> None:
    frame = FRAME.assign(label=["a;b", "b", "a", "b;c"])
    assert text_dataset(frame, None, label="label").classes == ("a", "b", "c")
    frame = FRAME.drop(columns="label").assign(a=[1, 0, 1, 0], b=[0, 1, 1, 0])
    several = text_dataset(frame, None, label=["a", "b"])
    assert several.task == "multilabel" and several.y.tolist() == [[1, 0], [0, 1], [1, 1], [0, 0]]
    assert text_dataset(FRAME.assign(label=[0.5, 1.25, 2.0, 3.5]), None).task == "regression"


def test_where_it_cannot_be_told_the_columns_and_the_option_are_named() -> None:
    two = FRAME.assign(title=["so it goes", "on and on", "a new day", "the old way"])
    with pytest.raises(DataError, match=r"2 that may be meant: 'message', 'title'. Name one.*--text-column"):
        text_dataset(two, None, label="label")
    with pytest.raises(
        DataError, match=r"Expected a column 'body' with the texts .*found the columns 'message', 'label'"
    ):
        text_dataset(FRAME, None, text_column="body", label="label")
    with pytest.raises(DataError, match="Expected different columns with texts"):
        text_dataset(FRAME, None, text_column=["message", "message"], label="label")
    with pytest.raises(DataError, match="Expected text in column 'message', found list in row 1"):
        text_dataset(FRAME.assign(message=[["a"]] * 4), None, text_column="message", label="label")
    with pytest.raises(ParameterError, match="Expected text_column only with a table"):
        text_dataset((["a", "b"], [0, 1]), None, text_column="message")


def test_values_beside_texts_stay_a_table_unless_the_column_is_named_or_a_text_network_is_offered(minilm: Path) -> None:
    mixed = FRAME.assign(age=[31, 45, 28, 60])
    assert text_dataset(mixed, None, label="label") is None
    assert said(text_dataset(mixed, None, text_column="message", label="label")) == [text for text, _ in ROWS]
    assert said(text_dataset(mixed, str(minilm), label="label")) == [text for text, _ in ROWS]
    with pytest.raises(DataError, match="because the source takes texts, found none among the columns 'age', 'label'"):
        text_dataset(mixed[["age", "label"]], str(minilm), label="label")
    assert kind_offered("starter:pictures") is PICTURES
    assert kind_offered(FRAME) is None and kind_offered("nowhere/at all") is None


def test_frames_with_labels_beside_them_are_read_too() -> None:
    dataset = text_dataset((FRAME[["message"]], FRAME["label"].to_numpy(), np.array([1, 1, 2, 2])), None)
    assert said(dataset) == [text for text, _ in ROWS] and dataset.groups.tolist() == ["1", "1", "2", "2"]
    assert text_dataset((np.zeros((4, 2)), [0, 1, 0, 1]), None) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a": "x y"}\n{oops\n', "line 2 holds no JSON"),
        ('{"a": "x y"}\n[1]\n', "line 2 holds no object with names and values"),
        ("[1, 2]", "entry 1 is no object"),
        ("[" * 100_000, "its JSON is damaged"),
        ("", "found an empty file"),
        ("\n\n", "found a table without any"),
    ],
    ids=["broken", "list", "numbers", "deep", "empty", "blank"],
)
def test_damaged_json_lines_say_what_is_wrong(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "t.jsonl").write_text(content)
    with pytest.raises(DataError, match=words):
        read_dataset(tmp_path / "t.jsonl", label="y")


def test_a_table_that_is_not_packed_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(b"text,label\na b,c\n")
    with pytest.raises(DataError, match="cannot be read: Not a gzipped file"):
        read_dataset(tmp_path / "t.csv.gz")


def mails(root: Path) -> Path:
    for text, label in ROWS:
        (root / label).mkdir(parents=True, exist_ok=True)
        (root / label / f"{text[:3].strip()}.txt").write_text(text)
    return root


def test_a_folder_of_text_files_by_class(tmp_path: Path) -> None:
    (mails(tmp_path) / "README.md").write_text("about")
    dataset = read_dataset(tmp_path)
    assert dataset.input_type == "text" and dataset.classes == ("ham", "spam")
    assert set(said(dataset)) == {text for text, _ in ROWS}
    assert dataset.notes == ("1 file is no text and took no part: README.md.",)
    assert read_dataset(tmp_path, label=r"re:^(\w)").classes == ("h", "s")


def test_texts_beside_pictures_are_notes_about_them(tmp_path: Path) -> None:
    for label in ("ants", "bees"):
        (tmp_path / label).mkdir()
        for i in range(2):
            Image.new("RGB", (8, 8), (i, 0, 0)).save(tmp_path / label / f"{i}.png")
        (tmp_path / label / "labels.txt").write_text("all of them")
    (tmp_path / "captions").mkdir()
    (tmp_path / "captions" / "one.txt").write_text("a bee")
    dataset = read_dataset(tmp_path)
    assert dataset.input_type == "image" and len(dataset) == 4 and dataset.classes == ("ants", "bees")
    assert (
        "3 files are no pictures and took no part: ants/labels.txt, bees/labels.txt, captions/one.txt." in dataset.notes
    )
    assert "The folder captions holds no pictures and took no part." in dataset.notes


def test_a_picture_among_many_texts_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(mails(tmp_path) / "ham" / "logo.png")
    with pytest.raises(DataError, match=r"found both: 1 picture \(ham/logo.png\) and 4 texts|4 texts .* and 1 picture"):
        read_dataset(tmp_path)


def test_documents_are_named_and_not_passed_over(tmp_path: Path) -> None:
    (mails(tmp_path) / "ham" / "letter.docx").write_bytes(b"PK\x03\x04word/document.xml")
    assert "ham/letter.docx" in read_dataset(tmp_path).names
