"""Folders, tables and arrays become a Dataset; what cannot is refused in words that name what was found."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.read import read_dataset
from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError, ParameterError


def paint(path: Path, value: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 6), (value % 256, value // 256, 9)).save(path)
    return path


def painted(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        paint(root / name, i)
    return root


def table(folder: Path, frame: pd.DataFrame, name: str = "labels.csv") -> Path:
    for i, picture in enumerate(frame.iloc[:, 0]):
        if isinstance(picture, str) and not Path(picture).is_absolute():
            paint(folder / picture, i)
    path = folder / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def test_a_folder_per_class(tmp_path: Path) -> None:
    root = painted(tmp_path, "bees/b1.png", "ants/a2.jpg", "ants/deep/a1.PNG", "ants/.hidden.png", "ants/Thumbs.db.png")
    (root / "ants" / "Thumbs.db").write_bytes(b"x")
    (root / "ants" / ".DS_Store").write_bytes(b"x")
    (root / "README.md").write_text("hello")
    (root / "empty").mkdir()
    paint(root / "bees" / "wrong.txt.png").rename(root / "bees" / "really_a_picture.txt")
    dataset = read_dataset(root)
    assert dataset.names == (
        "ants/Thumbs.db.png",
        "ants/a2.jpg",
        "ants/deep/a1.PNG",
        "bees/b1.png",
        "bees/really_a_picture.txt",
    )
    assert dataset.y.tolist() == ["ants"] * 3 + ["bees"] * 2
    assert dataset.classes == ("ants", "bees")
    assert (dataset.task, dataset.parts, dataset.groups, dataset.input_type) == ("classification", None, None, "image")
    assert dataset.notes == (
        "1 file is no picture and took no part: README.md.",
        "The folder empty holds no pictures and took no part.",
    )
    assert dataset.n_per_class() == {"ants": 3, "bees": 2}
    assert dataset.root == str(root)


def test_folders_named_by_numbers_become_numbers_in_their_order(tmp_path: Path) -> None:
    assert read_dataset(painted(tmp_path, "10/a.png", "2/b.png")).classes == (2, 10)
    assert read_dataset(painted(tmp_path / "x", "010/a.png", "2/b.png")).classes == ("010", "2")


def test_train_val_and_test_folders(tmp_path: Path) -> None:
    root = painted(tmp_path, "Train/a/1.png", "Train/b/2.png", "valid/a/3.png", "test/b/4.png", "extra/c/5.png")
    dataset = read_dataset(root)
    assert dict(zip(dataset.names, dataset.parts.tolist(), strict=True)) == {
        "Train/a/1.png": "train",
        "Train/b/2.png": "train",
        "valid/a/3.png": "val",
        "test/b/4.png": "test",
    }
    assert dataset.dropped == (("extra/c/5.png", "it lies in no class's folder"),)
    assert dataset.held_out == "test"
    assert dataset.part("train", "val").held_out == "val"
    assert dataset.part("test").names == ("test/b/4.png",)
    assert dataset.select([0, 2]).parts.tolist() == ["train", "test"]
    with pytest.raises(DataError, match="Expected a part dev, found only test, train, val"):
        dataset.part("dev")
    with pytest.raises(DataError, match="Expected one folder for the part 'val', found 'dev' and 'valid'"):
        read_dataset(painted(root, "dev/a/3.png"))


def test_classes_may_be_called_train_and_test_where_that_is_said(tmp_path: Path) -> None:
    root = painted(tmp_path, "train/1.png", "test/2.png", "bus/3.png")
    with pytest.raises(DataError, match=r"cannot be told whether test/ is a class or a part"):
        read_dataset(root)
    dataset = read_dataset(root, label="re:^([^/]+)/")
    assert dataset.parts is None and dataset.classes == ("bus", "test", "train")
    with pytest.raises(DataError, match="Expected data divided into parts, found none"):
        dataset.part("test")


def test_groups_by_regular_expression(tmp_path: Path) -> None:
    root = painted(tmp_path, "a/p1_x.png", "a/p2_x.png", "b/p1_y.png")
    assert read_dataset(root, group_by=r"p(\d+)_").groups.tolist() == ["1", "2", "1"]
    assert read_dataset(root, group_by=r"p\d+").groups.tolist() == ["p1", "p2", "p1"]
    with pytest.raises(DataError, match=r"match every path, found 2 of 3 that it does not match: a/p1_x.png, b/p1_y"):
        read_dataset(root, group_by=r"p2")
    with pytest.raises(ParameterError, match="Expected a regular expression"):
        read_dataset(root, group_by=r"p(")


def test_groups_of_real_radiographs(shared_data: Path) -> None:
    dataset = read_dataset(shared_data / "chest_xray", group_by=r"_(\d{3})\d\.jpg")
    assert len(dataset) == 562
    assert dataset.n_per_class() == {"covid19": 62, "normal": 250, "pneumonia": 250}
    first = dataset.names[0]
    assert dataset.groups[0] == first.split("_")[-1][:3]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    root = painted(tmp_path / "data", "a/1.png", "b/2.png")
    painted(tmp_path / "elsewhere", "3.png")
    (root / "c").symlink_to(tmp_path / "elsewhere")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "gone.png").symlink_to(tmp_path / "nothing.png")
    dataset = read_dataset(root)
    assert dataset.n_per_class()["c"] == 1
    assert "a/gone.png" in dataset.names
    (root / "a" / "up").unlink()
    (root / "a" / "me").symlink_to(root / "a")
    assert read_dataset(root).n_per_class()["a"] == 2


def test_names_that_are_no_text_can_still_be_printed(tmp_path: Path) -> None:
    root = painted(tmp_path, "a/äöü 日本語 \U0001f41c.png", "b/new\nline.png")
    os.rename(paint(root / "a" / "x.png"), os.fsencode(root / "a") + b"/\xff\xfe.png")
    dataset = read_dataset(root)
    json.dumps(dataset.names, ensure_ascii=False).encode("utf-8")
    assert all(dataset.inputs.decode(i).shape == (6, 6, 3) for i in range(len(dataset)))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "found an empty folder"),
        (("1.png", "2.png"), "found 2 pictures in no such folder"),
        (("only/ants/1.png", "only/bees/2.png"), "found only only, which holds the folders ants, bees. Give .*only"),
    ],
)
def test_folders_without_classes_say_so(tmp_path: Path, names: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_dataset(painted(tmp_path, *names))


def test_folders_with_other_things_say_so(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    with pytest.raises(DataError, match="found 0 folders and 1 files without any picture"):
        read_dataset(tmp_path)
    painted(tmp_path, "1.png")
    (tmp_path / "labels.csv").write_text("path,label\n1.png,a\n")
    with pytest.raises(DataError, match=r"found the table labels.csv. Give the table itself: .*labels.csv"):
        read_dataset(tmp_path)
    with pytest.raises(ParameterError, match="Expected label only with a table"):
        read_dataset(tmp_path, label="x")
    with pytest.raises(ParameterError, match="Expected a table for task='regression'"):
        read_dataset(painted(tmp_path / "y", "a/1.png", "b/2.png"), task="regression")


def test_places_that_are_no_data_say_so(tmp_path: Path) -> None:
    painted(tmp_path / "flowers", "a/1.png")
    with pytest.raises(DataError, match=r"found nothing at .*flowrs. Did you mean '.*flowers'\?"):
        read_dataset(tmp_path / "flowrs")
    with pytest.raises(DataError, match="found the single picture"):
        read_dataset(tmp_path / "flowers" / "a" / "1.png")
    (tmp_path / "x.docx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"a file that ends in .csv, .tsv, .parquet, .jsonl, .xlsx or .npz"):
        read_dataset(tmp_path / "x.docx")
    with pytest.raises(DataError, match="Expected a folder or a table"):
        read_dataset("nul\x00byte")


@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv", "labels.parquet"])
def test_tables_with_relative_and_absolute_paths(tmp_path: Path, name: str) -> None:
    far = paint(tmp_path / "far" / "x.png", 99)
    frame = pd.DataFrame(
        {"file": ["a/1.png", "a/2.png", str(far)], "class": ["ant", "bee", "ant"], "id": ["p", "q", "p"]}
    )
    path = table(tmp_path / "t", frame, name)
    if name.endswith("tsv"):
        frame.to_csv(path, index=False, sep="\t")
    dataset = read_dataset(path, group_by="ID")
    assert dataset.y.tolist() == ["ant", "bee", "ant"]
    assert dataset.names == ("a/1.png", "a/2.png", str(far))
    assert dataset.groups.tolist() == ["p", "q", "p"]
    assert dataset.inputs.decode(2)[0, 0].tolist() == [99, 0, 9]
    assert dataset.notes == ("Labels were taken from the column class.", "The class 'bee' has a single example.")
    assert read_dataset(path, label="class", group_by=r"(\d|x)\.png").groups.tolist() == ["1", "2", "x"]


def test_semicolons_marks_and_windows_paths(tmp_path: Path) -> None:
    painted(tmp_path, "a/1.png", "a/2.png")
    path = tmp_path / "l.csv"
    path.write_text("\ufeffPath;Label\na\\1.png;x\na\\2.png;y\n", encoding="utf-8")
    dataset = read_dataset(path)
    assert dataset.inputs.decode(1).shape == (6, 6, 3)
    assert dataset.classes == ("x", "y")


@pytest.mark.parametrize(
    ("cells", "task", "classes", "kind"),
    [
        (["3", "1", "2", "1"], "classification", (1, 2, 3), "i"),
        (["007", "012", "007", "1"], "classification", ("007", "012", "1"), "U"),
        (["1.5", "2", "0.25", "-3e2"], "regression", None, "f"),
        (["1.0", "0.0", "1.0", "0.0"], "classification", (0, 1), "i"),
        (["NA", "None", "ok", "ok"], "classification", ("None", "ok"), "U"),
        (["True", "False", "True", "True"], "classification", ("False", "True"), "U"),
        (["a;b", "b", "", "c; a"], "multilabel", ("a", "b", "c"), "i"),
        (['["a", "b"]', "[]", '["b"]', '["a"]'], "multilabel", ("a", "b"), "i"),
        (["a|b", "b", "a", "a"], "multilabel", ("a", "b"), "i"),
    ],
)
@pytest.mark.parametrize("name", ["l.csv", "l.parquet"])
def test_cells_are_read_as_they_mean(
    tmp_path: Path, cells: list[str], task: str, classes: tuple | None, kind: str, name: str
) -> None:
    frame = pd.DataFrame({"path": [f"{i}.png" for i in range(4)], "label": cells})
    dataset = read_dataset(table(tmp_path, frame, name))
    assert (dataset.task, dataset.classes, dataset.y.dtype.kind) == (task, classes, kind)


def test_typed_columns_of_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "path": [f"{i}.png" for i in range(3)],
            "number": [1.5, 2.5, 3.0],
            "whole": [3, 1, 3],
            "flag": [True, False, True],
            "many": [["a", "b"], [], ["b"]],
            "kind": pd.Categorical(["x", "y", "x"]),
        }
    )
    path = table(tmp_path, frame, "l.parquet")
    found = {name: read_dataset(path, label=name) for name in frame.columns[1:]}
    assert found["number"].task == "regression"
    assert found["whole"].classes == (1, 3)
    assert found["flag"].classes == ("False", "True")
    assert found["many"].y.tolist() == [[1, 1], [0, 0], [0, 1]]
    assert found["kind"].classes == ("x", "y")
    assert read_dataset(path, label="whole", task="regression").y.tolist() == [3.0, 1.0, 3.0]


def test_several_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"path": ["1.png", "2.png"], "cat": [0, 1], "dog": [1, 1], "weight": [1.5, 2.0], "name": ["x", "y"]}
    )
    path = table(tmp_path, frame)
    several = read_dataset(path, label=["cat", "dog"])
    assert (several.task, several.classes, several.y.tolist()) == ("multilabel", ("cat", "dog"), [[0, 1], [1, 1]])
    targets = read_dataset(path, label=["cat", "weight"])
    assert (targets.task, targets.classes, targets.y.tolist()) == (
        "regression",
        ("cat", "weight"),
        [[0, 1.5], [1, 2.0]],
    )
    assert several.n_per_class() == {"cat": 1, "dog": 2}
    with pytest.raises(DataError, match="Expected numbers in each of several label columns, found 'x' in 'name'"):
        read_dataset(path, label=["cat", "name"])
    with pytest.raises(DataError, match="Expected different columns"):
        read_dataset(path, label=["cat", "cat"])


def test_a_split_column_is_found_by_name_and_content(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "path": ["1.png", "2.png", "3.png"],
            "label": ["a", "b", "a"],
            "split": ["train", "test", "Validation"],
            "k": 1,
        }
    )
    path = table(tmp_path, frame)
    assert read_dataset(path).parts.tolist() == ["train", "test", "val"]
    assert read_dataset(path, label="split").parts is None
    with pytest.raises(DataError, match=r"Expected train, val or test in column 'k', found '1' in row 1 \(1.png\)"):
        read_dataset(path, split_column="k")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"label": "labels"}, r"Expected a column 'labels' .* found the columns 'path', 'kind', 'n'. Did you mean"),
        ({"path_column": "x"}, "Expected a column 'x' with the paths, found the columns 'path', 'kind', 'n'"),
        ({}, "Expected a column with labels, found the columns 'path', 'kind', 'n'. Name it"),
        (
            {"label": "kind", "group_by": "patient"},
            "to be a column or a regular expression over the paths, found the col",
        ),
        ({"label": "kind", "task": "regression"}, r"Expected numbers as targets .* found 'ant' in row 1 \(1.png\)"),
        ({"label": "n", "task": "classification"}, "Expected classes, found numbers with fractions such as 0.5"),
        ({"label": "kind", "task": "magic"}, "found 'magic'"),
    ],
)
def test_tables_that_do_not_fit_name_their_columns(tmp_path: Path, arguments: dict, words: str) -> None:
    frame = pd.DataFrame({"path": ["1.png", "2.png"], "kind": ["ant", "bee"], "n": [0.5, 1.0]})
    if arguments.get("label") == "labels":
        words = words.replace("'kind'", "'label'").replace(", 'n'", ", 'n'")
        frame = frame.rename(columns={"kind": "label"})
    with pytest.raises((DataError, ParameterError), match=words):
        read_dataset(table(tmp_path, frame), **arguments)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "found an empty file"),
        (b"path,label\n", "found a table without any; its columns are 'path', 'label'"),
        (b"\xff\xfe" + b"\x00\xd8" * 9, "Expected text in .*, found none: it begins like a text in UTF-16"),
        (b"path,label\n1.png,a\n2.png,b,c,d\n", "found rows with more: line 3 has 4"),
        (b"a,b\n1,2\n", "Expected a column with labels, found the columns 'a', 'b'"),
        (b"path,label\n,a\n1.png,b\n", "found none in 1 rows, the first of them row 1"),
        (b"path,label\n8.png,a\n9.png,b\n", "found none of the 2 there; the first one was looked for at .*8.png"),
        (b"path,label\n1.png,\n2.png,\n", "Expected labels, found none: all 2 rows are without one"),
        (b"path,label\n1.png,1.5\n2.png,\n3.png,inf\n4.png,3\n", r"that are infinite: row 3 \(3.png\)"),
    ],
)
def test_damaged_tables_say_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    painted(tmp_path, "1.png", "2.png", "3.png", "4.png")
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_dataset(tmp_path / "t.csv")


def test_other_damaged_tables(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match="cannot be read"):
        read_dataset(tmp_path / "t.parquet")
    frame = pd.DataFrame({"path": ["1.png", "2.png"], "label": ["a", "b"], "patient": ["p", None]})
    with pytest.raises(DataError, match=r"Expected a group in every row, found 1 without one: 2.png"):
        read_dataset(table(tmp_path, frame), group_by="patient")


def test_arrays() -> None:
    X = np.zeros((4, 8, 8), np.uint8)
    assert from_arrays(X, [True, False, True, True]).classes == (0, 1)
    assert from_arrays(X, [0.5, 1, 2, 3]).task == "regression"
    assert from_arrays(X, [["a"], [], ["a", "b"], []]).classes == ("a", "b")
    assert from_arrays(X, pd.DataFrame({"p": [0, 1, 1, 0], "q": [1, 1, 0, 0]})).classes == ("p", "q")
    assert from_arrays(X, np.zeros((4, 1), int)).y.shape == (4,)
    assert from_arrays(X, [1, 2, 3, 4], task="regression", groups=[1, 1, 2, 2]).groups.tolist() == ["1", "1", "2", "2"]
    for y, words in [
        ([1, 2], "a label for each of 4 pictures, found 2"),
        ([1.5, np.inf, 2, 3], r"infinite: row 2 \(picture 1\)"),
        ([None] * 4, "all 4 pictures are without one"),
        (["a", 1, "b", "a"], "mixture of int, str"),
    ]:
        with pytest.raises(DataError, match=words):
            from_arrays(X, y)
    with pytest.raises(DataError, match="a group for each of 4 rows, found 2"):
        from_arrays(X, [1, 2, 1, 2], groups=["a", "b"])
    with pytest.raises(DataError, match="Expected 0 or 1 in every column"):
        from_arrays(X, np.full((4, 2), 3), task="multilabel")


def test_a_dataset_checks_its_lengths() -> None:
    pictures = Pictures([np.zeros((4, 4), np.uint8)] * 2)
    with pytest.raises(DataError, match=r"as many labels as pictures \(2\), found 1"):
        Dataset(pictures, np.array([1]), "classification")
    with pytest.raises(DataError, match="Expected a task of"):
        Dataset(pictures, np.array([1, 2]), "magic")
