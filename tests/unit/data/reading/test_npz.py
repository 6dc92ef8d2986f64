"""Labelled pictures in .npz files, and pictures without labels wherever they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.reading.read import read_dataset
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.errors import DataError

RNG = np.random.default_rng(0)


def block(n: int, *shape: int) -> np.ndarray:
    return RNG.integers(0, 255, (n, *(shape or (9, 8))), dtype=np.uint8)


def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_x_and_y(tmp_path: Path) -> None:
    x = block(6)
    dataset = read_dataset(saved(tmp_path / "a.npz", x=x, y=np.array([0, 1, 2, 0, 1, 2])))
    assert dataset.classes == (0, 1, 2)
    assert dataset.parts is None
    assert dataset.names[4] == "x[4]"
    np.testing.assert_array_equal(dataset.inputs.decode(4), np.repeat(x[4][:, :, None], 3, axis=2))


def test_parts_and_names_of_classes(tmp_path: Path) -> None:
    names = np.array(["cat", "ant"])
    path = saved(
        tmp_path / "a.npz",
        x_train=block(4, 8, 8, 3),
        y_train=np.array([0, 1, 0, 1]),
        x_test=block(2, 8, 8, 3),
        y_test=np.array([1, 1]),
        classes=names,
    )
    dataset = read_dataset(path)
    assert dataset.classes == ("ant", "cat")
    assert dataset.y.tolist() == ["cat", "ant", "cat", "ant", "ant", "ant"]
    assert dataset.parts is not None
    assert dataset.parts.tolist() == ["train"] * 4 + ["test"] * 2


def test_columns_of_labels_and_part_first_names(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", train_images=block(3), train_labels=np.array([[0], [1], [1]], dtype=np.uint8))
    dataset = read_dataset(path)
    assert dataset.task == "classification"
    assert dataset.y.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.zeros(3)}, r"Expected pictures and labels in .*found the arrays a \(3,\)\. Keys are x and y"),
        ({"x_train": block(3)}, r"Expected pictures with labels in .*found 'x_train' alone"),
        ({"x": block(3), "y": np.arange(2)}, "as many labels as pictures .* found 3 in x and 2 in y"),
        ({"x": np.zeros((3, 800)), "y": np.arange(3)}, r"pictures as \(n, H, W\).* found the shape \(3, 800\)"),
        ({"x": block(3), "y": np.array([0, 1, 5]), "classes": np.array(["a", "b"])}, "labels 0 to 1, .* found 0 to 5"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_dataset(saved(tmp_path / "a.npz", **arrays))


def test_python_objects_are_never_loaded(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=block(2), y=np.array([{}, {}], dtype=object))
    with pytest.raises(DataError, match="found Python objects, which are never loaded"):
        read_dataset(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_broken_files_are_said_to_be_broken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="Expected a NumPy file in"):
        read_dataset(tmp_path / "a.npz")


def photos(folder: Path) -> list[Path]:
    made = []
    for name in ("a.png", "deep/b.png", "deep/er/c.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(block(1, 12, 12, 3)[0]).save(folder / name)
        made.append(folder / name)
    (folder / "notes.txt").write_text("a list of nothing")
    return made


def test_unlabelled_folders_are_searched_to_the_bottom(tmp_path: Path) -> None:
    photos(tmp_path)
    assert read_unlabelled(tmp_path).names == ("a.png", "deep/b.png", "deep/er/c.jpg")


def test_unlabelled_lists_and_tables(tmp_path: Path) -> None:
    made = photos(tmp_path / "pictures")
    (tmp_path / "list.txt").write_text(f"# mine\npictures/a.png\n\n{made[1]}\n")
    pictures = read_unlabelled(tmp_path / "list.txt")
    assert [pictures.decode(i).shape for i in range(2)] == [(12, 12, 3)] * 2
    (tmp_path / "table.csv").write_text("file,anything\npictures/a.png,3\npictures/deep/er/c.jpg,\n")
    assert read_unlabelled(tmp_path / "table.csv").names == ("pictures/a.png", "pictures/deep/er/c.jpg")


def test_unlabelled_arrays_of_all_parts(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x_train=block(3), x_test=block(2), y_train=np.arange(3))
    assert len(read_unlabelled(path)) == 5
    assert len(read_unlabelled(saved(tmp_path / "b.npz", frames=block(4)))) == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere", "found nothing at"),
        ("empty", "Expected pictures in .*, found 0 other files"),
        ("film.mp4", r"a file that ends in \.txt, \.csv, \.tsv, \.parquet or \.npz, found"),
        ("list.txt", "Expected a path in each line of .*, found none"),
        ("numbers.npz", r"Expected pictures in .*, found the arrays a \(3,\)"),
    ],
)
def test_no_pictures_is_said_with_what_there_is(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "film.mp4").write_bytes(b"film")
    (tmp_path / "list.txt").write_text("# nothing\n")
    saved(tmp_path / "numbers.npz", a=np.zeros(3))
    with pytest.raises(DataError, match=words):
        read_unlabelled(tmp_path / name)
