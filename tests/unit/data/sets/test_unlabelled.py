"""Examples without labels: broken ones and copies of labelled ones are left out; blank labels are such examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart import Pictures, Texts
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.recognise import recognise
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.unlabelled import apart_from
from headstart.errors import DataError


def scenes(n: int, seed: int = 0) -> list[np.ndarray]:
    """Smooth pictures that differ."""
    rng = np.random.default_rng(seed)
    return [np.kron(rng.integers(0, 255, (6, 6, 3)), np.ones((12, 12, 1))).astype(np.uint8) for _ in range(n)]


def test_broken_ones_and_copies_are_left_out_and_said(tmp_path: Path) -> None:
    own, others = scenes(6), scenes(4, seed=1)
    Image.fromarray(own[2]).save(tmp_path / "again.png")
    for name in ("smaller.jpg", "the same.jpg"):  # of the part for the test, encoded anew, and a copy of that
        Image.fromarray(own[5]).save(tmp_path / name, quality=85)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    for i, scene in enumerate(others):
        Image.fromarray(scene).save(tmp_path / f"other{i}.png")
    dataset = Dataset(
        Pictures(own),
        np.array(["a", "b"] * 3),
        "classification",
        ("a", "b"),
        parts=np.array(["train"] * 4 + ["test"] * 2),
    )
    more = read_unlabelled(tmp_path)
    kept, notes = apart_from(dataset, more, simple_of(dataset.kind).preprocessing)
    assert sorted(Path(name).name for name in more[kept].names) == [f"other{i}.png" for i in range(4)]
    assert notes == (
        "1 of 8 pictures without labels cannot be read; they were left out.",
        "3 of 8 pictures without labels are copies of labelled ones; they were left out.",
    )
    assert not len(apart_from(dataset, Pictures(own[:2]), simple_of(dataset.kind).preprocessing)[0])


def test_texts_are_copies_whatever_their_spaces() -> None:
    dataset = Dataset(
        Texts(["See you at eight", "a free prize"]), np.array(["ham", "spam"]), "classification", ("ham", "spam")
    )
    kept, _ = apart_from(
        dataset, Texts(["see  you at eight ", "something else"]), simple_of(dataset.kind).preprocessing
    )
    assert kept.tolist() == [1]


def test_blank_labels_are_examples_without_labels_but_not_those_of_the_test(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": [f"this is sentence number {i}" for i in range(8)],
            "label": ["a", "b", "a", "b", None, "", "a", None],
            "split": ["train"] * 6 + ["test"] * 2,
        }
    )
    frame.to_csv(tmp_path / "texts.csv", index=False)
    dataset = recognise(tmp_path / "texts.csv").dataset()
    assert len(dataset) == 5 and dataset.unlabelled == 3
    assert list(dataset.without_label) == ["this is sentence number 4", "this is sentence number 5"]
    assert dataset.select([0]).without_label is dataset.without_label


def test_texts_of_a_table_are_read_by_the_columns_of_the_target(tmp_path: Path) -> None:
    pd.DataFrame({"title": ["One", "Two"], "body": ["first", "second"], "label": ["x", None]}).to_csv(
        tmp_path / "more.csv", index=False
    )
    assert list(read_unlabelled(tmp_path / "more.csv", text_columns=("title", "body"))) == ["One\nfirst", "Two\nsecond"]
    with pytest.raises(DataError, match="subject"):
        read_unlabelled(tmp_path / "more.csv", text_columns=("subject",))
