"""What the folders of a data set stand for: classes, parts, domains, folds, pictures and masks, wrappers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.reading.read import read_dataset
from headstart.errors import DataError


def painted(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 6, 3), 40 * i % 251, np.uint8)).save(place)
    return root


REFUSED = {
    "domains": (
        ("amazon/mug/1.png", "amazon/bike/2.png", "dslr/mug/3.png", "dslr/bike/4.png"),
        r"found amazon/, dslr/ with the same folders in them \(bike/, mug/\): they look like domains.*--group-by",
    ),
    "domains in a part": (
        ("train/a/mug/1.png", "train/b/mug/2.png", "test/a/mug/3.png", "test/b/mug/4.png"),
        "same folders in them",
    ),
    "folds": (
        ("fold1/x/1.png", "fold1/y/2.png", "fold2/x/3.png", "fold2/y/4.png", "fold3/x/5.png", "fold3/y/6.png"),
        "they look like folds",
    ),
    "years that differ a little": (
        ("2019/x/1.png", "2019/y/2.png", "2020/x/3.png", "2020/y/4.png", "2020/z/5.png"),
        "with the same folders in them",
    ),
    "pictures and masks": (("images/1.png", "images/2.png", "masks/1.png", "masks/2.png"), "what was drawn on them"),
    "scans and annotations": (
        ("scans/a.png", "scans/b.png", "annotations/a.png", "annotations/b.png"),
        "drawn on them",
    ),
    "pictures and masks in parts": (
        ("train/images/1.png", "train/masks/1.png", "test/images/2.png", "test/masks/2.png"),
        "what was drawn on them",
    ),
    "parts without classes": (("train/1.png", "train/2.png", "test/3.png"), "found files without labels in"),
    "parts by other names": (("train_set/1.png", "Test Set/3.png"), "found files without labels in"),
    "a part beside classes": (("cats/1.png", "dogs/2.png", "test/3.png"), "whether test/ is a class or a part"),
    "a part with classes beside classes": (
        ("cats/1.png", "dogs/2.png", "test/cats/3.png", "test/dogs/4.png"),
        "whether test/ is a class or a part",
    ),
    "validation beside classes": (("cats/1.png", "dogs/2.png", "validation/3.png"), "whether validation/ is a class"),
    "two wrappers": (
        ("data/images/ants/1.png", "data/images/bees/2.png"),
        r"ants, bees in .*data/images. Give .*data/images",
    ),
    "three wrappers": (("a/b/c/ants/1.png", "a/b/c/bees/2.png"), r"Give .*a/b/c\."),
}


@pytest.mark.parametrize(("names", "words"), REFUSED.values(), ids=REFUSED)
def test_folders_that_are_no_classes_are_refused_in_words(tmp_path: Path, names: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_dataset(painted(tmp_path, *names))


def test_what_the_words_propose_works(tmp_path: Path) -> None:
    root = painted(tmp_path, "amazon/mug/1.png", "amazon/bike/2.png", "dslr/mug/3.png", "dslr/bike/4.png")
    dataset = read_dataset(root, label="re:^[^/]+/([^/]+)/", group_by="^([^/]+)/")
    assert dataset.classes == ("bike", "mug") and set(dataset.groups) == {"amazon", "dslr"}
    assert read_dataset(root, label="re:^([^/]+)/").classes == ("amazon", "dslr")
    assert read_dataset(root / "amazon").classes == ("bike", "mug")


def test_parts_by_other_names_are_parts(tmp_path: Path) -> None:
    names = ("train_set/a/1.png", "train_set/b/2.png", "test-set/a/3.png", "Evaluation/b/4.png")
    dataset = read_dataset(painted(tmp_path, *names))
    assert dataset.classes == ("a", "b") and sorted(dataset.parts) == ["test", "train", "train", "val"]
    assert dataset.layout == "parts with a folder for each class in them"


def test_parts_inside_the_classes_are_parts_and_it_is_said(tmp_path: Path) -> None:
    names = ("cats/train/1.png", "cats/test/2.png", "dogs/train/3.png", "dogs/test/4.png")
    dataset = read_dataset(painted(tmp_path, *names))
    assert dataset.classes == ("cats", "dogs") and sorted(dataset.parts) == ["test", "test", "train", "train"]
    assert dataset.y.tolist() == ["cats", "cats", "dogs", "dogs"]
    assert "test/, train/: these are the parts" in dataset.notes[0]


def test_folders_in_classes_are_told_of(tmp_path: Path) -> None:
    names = ("dogs/pug/1.png", "dogs/beagle/2.png", "cats/manx/3.png", "cats/birman/4.png")
    dataset = read_dataset(painted(tmp_path, *names))
    assert dataset.classes == ("cats", "dogs") and "were not told apart" in dataset.notes[0]


def test_classes_of_nearly_one_name_and_classes_of_one_part_are_told_of(tmp_path: Path) -> None:
    assert "nearly the same" in read_dataset(painted(tmp_path / "a", "Cat/1.png", "cat_/2.png", "dog/3.png")).notes[0]
    dataset = read_dataset(painted(tmp_path / "b", "train/x/1.png", "train/y/2.png", "test/x/3.png", "test/z/4.png"))
    assert "z is not in the train part" in dataset.notes[0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF-1.7", "2 PDF documents"),
        ("film", b"\x1aE\xdf\xa3", "2 Matroska or WebM files"),
        ("a.npy", b"\x93NUMPY", "2 single NumPy arrays"),
        ("a.pkl", b"\x80\x04", "2 pickles, which are never loaded"),
    ],
)
def test_files_that_no_reader_takes_are_named_as_what_they_are(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    for label in ("x", "y"):
        (tmp_path / label).mkdir()
        (tmp_path / label / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_dataset(tmp_path)


def test_spaces_at_the_ends_of_a_folder_are_no_part_of_its_class(tmp_path: Path) -> None:
    whole = read_dataset(painted(tmp_path / "a", "Cat/1.png", "Cat /2.png", " dog/3.png"))
    assert whole.classes == ("Cat", "dog") and whole.y.tolist().count("Cat") == 2
    assert "The folders 'Cat' and 'Cat ' are one class." in whole.notes
    parts = read_dataset(painted(tmp_path / "b", "train/Cat/1.png", "train/dog/2.png", "val/Cat /3.png"))
    assert parts.classes == ("Cat", "dog") and not any("not in the train" in note for note in parts.notes)


def test_a_folder_of_arrays_is_told_to_be_given_by_its_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "Some.npz", images=np.zeros((2, 8, 8), np.uint8), labels=[0, 1])
    with pytest.raises(DataError, match=r"found the file of arrays Some\.npz\. Give the file itself"):
        read_dataset(tmp_path)


def test_pictures_beside_files_of_boxes_are_no_class(tmp_path: Path) -> None:
    root = painted(tmp_path, "images/1.png", "images/2.png")
    for ending, folder in ((".xml", "annotations"), (".txt", "labels")):
        place = root / folder
        place.mkdir()
        for i in (1, 2):
            (place / f"{i}{ending}").write_text("0 0.5 0.5 0.1 0.1")
        with pytest.raises(DataError, match="what was drawn on them"):
            read_dataset(root)
        shutil.rmtree(place)


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    with pytest.raises(DataError, match="found"):
        read_dataset(tmp_path)
