"""Pictures in any form, taken apart without being copied, and told apart by content."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.utils import _safe_indexing

from headstart.data.base import content
from headstart.data.pictures import pictures as module
from headstart.data.pictures.pictures import Pictures, as_pictures, is_pictures
from headstart.errors import DataError


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = []
    for i in range(6):
        path = tmp_path / f"p{i}.png"
        Image.fromarray(np.full((5, 7, 3), 40 * i, np.uint8)).save(path)
        paths.append(path)
    return paths


def test_rows_keep_their_names_and_share_their_pixels(files: list[Path]) -> None:
    array = np.zeros((4, 4), np.uint8)
    pictures = Pictures([*files, array], [f"n{i}" for i in range(7)])
    assert len(pictures) == 7
    assert pictures[2] == files[2]
    assert pictures[[0, 6]].names == ("n0", "n6")
    assert pictures[[0, 6]][1] is array
    assert pictures[1:3].names == ("n1", "n2")
    assert pictures[np.array([True] + [False] * 6)].names == ("n0",)
    assert len(pictures[[]]) == 0
    assert pictures[:][6] is array
    with pytest.raises(DataError, match="Expected a name for each of 1 pictures, found 2 names"):
        Pictures([array], ["a", "b"])


def test_scikit_learn_can_split_pictures(files: list[Path]) -> None:
    pictures = as_pictures(files)
    assert isinstance(_safe_indexing(pictures, np.array([3, 1])), Pictures)

    class Counter(BaseEstimator):
        def fit(self, X: Pictures, y: np.ndarray) -> Counter:
            assert isinstance(X, Pictures)
            return self

        def score(self, X: Pictures, y: np.ndarray) -> float:
            return float(len(X.names))

    y = np.array([0, 1, 0, 1, 0, 1])
    assert cross_val_score(Counter(), pictures, y, cv=StratifiedKFold(3)).tolist() == [2, 2, 2]


def test_every_form_gives_the_same_pixels(files: list[Path]) -> None:
    arrays = [np.full((5, 7, 3), 40 * i, np.uint8) for i in range(6)]
    forms = [
        files,
        [str(f) for f in files],
        np.array([str(f) for f in files]),
        np.array(files, dtype=object),
        pd.Series([str(f) for f in files]),
        arrays,
        np.stack(arrays),
        np.stack(arrays).astype(np.float64),
        np.stack(arrays) / 255,
        np.stack(arrays)[..., 0],
        np.stack(arrays).astype(np.int64),
        [Image.fromarray(a) for a in arrays],
        Pictures(files),
    ]
    for form in forms:
        assert is_pictures(form), type(form)
        pictures = as_pictures(form)
        assert pictures.shape == (6,)
        for i in range(6):
            assert np.array_equal(pictures.decode(i), arrays[i]), type(form)


def test_white_is_decided_for_the_whole_set() -> None:
    block = np.zeros((2, 3, 3))
    block[0, 0, 0] = 0.5
    block[1, 0, 0] = 200.0
    assert as_pictures(block).decode(0).max() == 0
    assert as_pictures(list(block)).decode(1).max() == 200
    deep = np.zeros((2, 3, 3), np.uint16)
    deep[0, 0, 0], deep[1, 0, 0] = 255, 65535
    assert as_pictures(deep).decode(0).max() == 1


def test_features_are_no_pictures() -> None:
    for features in (
        np.zeros((5, 4)),
        pd.DataFrame({"a": [1.0]}),
        [[1.0, 2.0]],
        pd.Series([1.0, 2.0]),
        [],
        b"bytes",
        7,
    ):
        assert not is_pictures(features)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros((2, 3, 16, 16)), r"channels first: shape \(2, 3, 16, 16\). Give X.transpose\(0, 2, 3, 1\)"),
        (np.zeros((2, 16, 16, 5)), "found an array of shape"),
        (np.zeros((5, 4)), "found an array of shape"),
        (np.zeros((64, 64, 3)), r"looks like one, of shape \(64, 64, 3\). Give \[picture\]"),
        (np.zeros((0, 8, 8)), "at least one picture"),
        (np.full((2, 8, 8), np.nan), "NaN"),
        (np.full((2, 8, 8), -1.0), "before any standardisation"),
        ([np.full((8, 8), 900.0)], "found 900"),
        (np.full((2, 8, 8), "a"), "expected numbers, found arrays of type"),
        ([1, 2], "Expected a picture at position 0, found int"),
        (7, "Expected pictures, found int"),
        ({"a": 1}, "Expected pictures, found dict"),
    ],
)
def test_other_things_are_refused_in_words(X: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        as_pictures(X)


def test_digest_follows_content_not_name(files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(files[0].read_bytes())
    pictures = Pictures([files[0], copy, files[1]])
    assert pictures.digest(0) == pictures.digest(1) != pictures.digest(2)
    assert len(pictures.digest(0)) == 32
    reads = []
    monkeypatch.setattr(content, "read_bytes", lambda path, bad: reads.append(path))
    assert pictures.digest(0) == Pictures([files[0]]).known_digest(0)
    assert not reads
    monkeypatch.undo()
    copy.write_bytes(files[1].read_bytes())
    os.utime(copy, ns=(1, 1))
    assert pictures.digest(1) == pictures.digest(2)


def test_digest_of_arrays_knows_shape_type_and_strides() -> None:
    block = np.arange(24, dtype=np.uint8)
    pictures = Pictures(
        [
            block.reshape(4, 6),
            block.reshape(6, 4),
            block.reshape(6, 4).T,
            block.reshape(6, 4).T.copy(),
            block.reshape(2, 4, 3),
        ]
    )
    digests = [pictures.digest(i) for i in range(5)]
    assert digests[2] == digests[3]
    assert len(set(digests)) == 4
    pil = Pictures([Image.fromarray(block.reshape(4, 6)), Image.fromarray(block.reshape(6, 4))])
    assert pil.digest(0) != pil.digest(1)


def test_load_reads_a_file_once(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    real = module.read_bytes
    monkeypatch.setattr(module, "read_bytes", lambda path, bad: (reads.append(path), real(path))[1])
    rgb, digest = Pictures(files).load(3)
    assert np.asarray(rgb).shape == (5, 7, 3)
    assert digest == Pictures(files).digest(3)
    assert len(reads) == 1
