"""The screen: broken pictures, duplicates, leaks and hopeless labels are caught before anything is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.base.inspection import same_canvases
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.reading.read import read_dataset
from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.groups import merge
from headstart.data.sets.screen import screen
from headstart.data.sets.splits import folds
from headstart.errors import BadPictures, DataError

PLAIN = Preprocessing(16, (14, 14), (0.5,) * 3, (0.5,) * 3)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 24, 20, 3), dtype=np.uint8)


def saved(root: Path, pixels: dict[str, int]) -> Path:
    block = noise(100)
    for name, i in pixels.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(block[i]).save(root / name)
    return root


def four_each(part: str = "", first: int = 0) -> dict[str, int]:
    return {f"{part}{label}/{i}.png": first + 4 * k + i for k, label in enumerate("ab") for i in range(4)}


def test_clean_data_pass_unchanged(tmp_path: Path) -> None:
    dataset = read_dataset(saved(tmp_path, four_each()))
    screened = screen(dataset, PLAIN)
    assert screened.names == dataset.names
    assert (screened.groups, screened.duplicates, screened.dropped, screened.notes) == (None, (), (), ())


def test_broken_pictures_stop_the_run_or_are_listed(tmp_path: Path) -> None:
    root = saved(tmp_path, four_each())
    (root / "a" / "bad.jpg").write_text("no picture at all " * 20)
    (root / "b" / "cut.png").write_bytes((root / "b" / "0.png").read_bytes()[:500])
    dataset = read_dataset(root)
    with pytest.raises(BadPictures, match=r"2 pictures that cannot be read: a/bad.jpg: it is text.*; b/cut.png: .*cut"):
        screen(dataset, PLAIN)
    screened = screen(dataset, PLAIN, skip_bad=True)
    assert [name for name, _ in screened.dropped] == ["a/bad.jpg", "b/cut.png"]
    assert "2 broken pictures were left out." in screened.notes
    assert len(screened) == len(screened.y) == 8


def test_all_broken_is_an_error_even_when_skipping(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"found all 4 broken; a/1.jpg: the file is empty"):
        screen(read_dataset(tmp_path), PLAIN, skip_bad=True)


def test_a_class_lost_to_broken_pictures_is_an_error(tmp_path: Path) -> None:
    root = saved(tmp_path, four_each())
    for i in range(2):
        (root / "c").mkdir(exist_ok=True)
        (root / "c" / f"{i}.jpg").touch()
    with pytest.raises(DataError, match=r"at least 2 examples of every class, found 'c' \(0 pictures\)"):
        screen(read_dataset(root), PLAIN, skip_bad=True)


def test_duplicates_become_one_group_even_across_formats(tmp_path: Path) -> None:
    root = saved(tmp_path, four_each() | {"a/copy.bmp": 0, "a/again.png": 0, "b/twin.tif": 5})
    dataset = screen(read_dataset(root), PLAIN)
    assert dataset.duplicates == (("a/0.png", "a/again.png", "a/copy.bmp"), ("b/1.png", "b/twin.tif"))
    assert dataset.notes == (
        "2 pictures occur more than once, 5 times in all; each set of duplicates counts as one group.",
    )
    group = dict(zip(dataset.names, dataset.groups.tolist(), strict=True))
    assert group["a/0.png"] == group["a/copy.bmp"] == group["a/again.png"]
    assert len(set(group.values())) == 8
    for train, test in folds(dataset.y, dataset.task, groups=dataset.groups, n_splits=4):
        assert not set(dataset.groups[train]) & set(dataset.groups[test])


def test_duplicates_join_the_groups_that_were_given(tmp_path: Path) -> None:
    X = noise(8)
    X[4] = X[0]
    dataset = screen(from_arrays(X, [0, 0, 1, 1] * 2, groups=["p", "q", "p", "q", "r", "s", "r", "t"]), PLAIN)
    assert dataset.groups[0] == dataset.groups[2] == dataset.groups[4] == dataset.groups[6]
    assert len(set(dataset.groups.tolist())) == 4


def test_one_picture_under_two_labels_is_an_error_that_names_both(tmp_path: Path) -> None:
    root = saved(tmp_path, four_each() | {"b/ant_again.png": 0})
    with pytest.raises(DataError, match=r"found one picture under two: a/0.png \(a\) and b/ant_again.png \(b\)"):
        screen(read_dataset(root), PLAIN)
    X = noise(6)
    X[1] = X[0]
    y = np.array([[1, 0], [1, 1], [0, 1], [0, 1], [1, 0], [0, 0]])
    with pytest.raises(DataError, match=r"picture 0 \(0\) and picture 1 \(0 \+ 1\)"):
        screen(from_arrays(X, y), PLAIN)
    numbers = screen(from_arrays(X, [1.0, 2.5, 3, 4, 5, 6]), PLAIN)
    assert "1 of these pictures have more than one target." in numbers.notes


@pytest.mark.parametrize("held_out", ["val", "test"])
def test_a_leak_into_the_held_out_part_is_dropped_from_training(tmp_path: Path, held_out: str) -> None:
    pixels = four_each("train/") | four_each(f"{held_out}/", 20) | {f"{held_out}/a/leak.png": 1}
    if held_out == "test":
        pixels |= {"val/b/also.png": 23 + 4, "val/a/x.png": 50}
    dataset = screen(read_dataset(saved(tmp_path, pixels)), PLAIN)
    assert ("train/a/1.png", f"the same picture is in {held_out}: {held_out}/a/leak.png") in dataset.dropped
    assert "train/a/1.png" not in dataset.names
    assert f"{held_out}/a/leak.png" in dataset.names
    n = 2 if held_out == "test" else 1
    assert any(note.startswith(f"{n} training pictures were left out") for note in dataset.notes)
    aside = dataset.parts == held_out
    assert not set(dataset.groups[aside]) & set(dataset.groups[~aside])


def test_a_group_on_both_sides_of_the_held_out_part_is_an_error(tmp_path: Path) -> None:
    pixels = {
        f"{part}/{label}/p{i}.png": 10 * k + 5 * j + i
        for k, part in enumerate(("train", "test"))
        for j, label in enumerate("ab")
        for i in range(3)
    }
    with pytest.raises(DataError, match="every group on one side of the test part, found 3 on both: 0, 1, 2"):
        screen(read_dataset(saved(tmp_path, pixels), group_by=r"p(\d)"), PLAIN)


@pytest.mark.parametrize(
    ("y", "groups", "words"),
    [
        (["ant"] * 6, None, r"Expected at least two classes, found one: 'ant' \(6 pictures\)"),
        (["ant"] * 5 + ["bee"], None, r"at least 2 examples of every class, found 'bee' \(1 picture\)"),
        (["Ant", "ant "] * 3, None, "differ only by case, spaces or zeros in front: 'Ant' and 'ant '"),
        (["caf\u00e9", "cafe\u0301"] * 3, None, "differ only by case, spaces or zeros in front"),
        (["yes", "no", "1"] * 2, None, "found some that say the same: '1' and 'yes'. Write yes"),
        (["07", "7", "x"] * 2, None, "zeros in front: '07' and '7'"),
        (["ice cream", "icecream"] * 3, None, "differ only by case, spaces or zeros in front"),
        (
            ["a", "b"] * 3,
            ["p", "q", "p", "r", "p", "q"],
            r"from at least 2 groups .* 'a' \(3 pictures, all of one group\)",
        ),
        ([2.5] * 6, None, "Expected a target that varies, found the same value in all 6 pictures: 2.5"),
        (np.array([[1, 0], [1, 1], [1, 0]] * 2), None, "absent somewhere, found 0 on all pictures"),
        (np.array([[1, 0], [0, 0], [1, 0]] * 2), None, "set somewhere, found 1 on no picture"),
        (np.array([[1, 0], [0, 1], [1, 0], [1, 0], [1, 0], [0, 0]]), None, r"found 1 \(1 picture\)"),
    ],
)
def test_labels_that_cannot_be_learned_from_are_refused(y: object, groups: list | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        screen(from_arrays(noise(6), y, groups=groups), PLAIN)


def test_nan_targets_and_no_rows_are_refused() -> None:
    pictures = Pictures(list(noise(3)))
    with pytest.raises(DataError, match="found 1 rows with NaN or infinity: picture 1"):
        screen(Dataset(pictures, np.array([1.0, np.nan, 2.0]), "regression"), PLAIN)
    with pytest.raises(DataError, match="Expected labelled pictures, found none"):
        screen(Dataset(Pictures([]), np.array([]), "classification", ()), PLAIN)


def test_a_class_of_the_held_out_part_alone_is_refused(tmp_path: Path) -> None:
    pixels = four_each("train/") | {"test/c/1.png": 30, "test/c/2.png": 31}
    with pytest.raises(DataError, match="found 'c' in test alone"):
        screen(read_dataset(saved(tmp_path, pixels)), PLAIN)


def test_labels_are_refused_before_pictures_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = saved(tmp_path, {"a/1.png": 1, "a/2.png": 2, "A/3.png": 3, "A/4.png": 4})
    monkeypatch.setattr(Pictures, "load", None)
    with pytest.raises(DataError, match="differ only by case"):
        screen(read_dataset(root), PLAIN)


def test_12_bit_pictures_in_16_bit_files_are_noted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(6):
        path = tmp_path / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 4090, (20, 20), dtype=np.uint16)).save(path)
    (note,) = screen(read_dataset(tmp_path), PLAIN).notes
    assert note.startswith("6 16-bit pictures have values up to 40")
    assert note.endswith("of 65535: 4095 is taken for white, for all of them and for new ones.")


def test_a_class_told_by_its_depth_or_its_darkness_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(8):
        (tmp_path / "deep" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "dark" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        grey = rng.integers(0, 256, (20, 20)).astype(np.uint8)
        values = grey if i % 2 else grey.astype(np.uint16) * 16
        Image.fromarray(values).save(tmp_path / "deep" / "ab"[i % 2] / f"{i}.png")
        Image.fromarray(grey // 25 if i % 2 else grey).save(tmp_path / "dark" / "ab"[i % 2] / f"{i}.png")
    deep = screen(read_dataset(tmp_path / "deep"), PLAIN)
    assert any("a 4 of 4, b 0 of 4: the class can be told from the depth of a file" in note for note in deep.notes)
    assert np.ptp([deep.inputs.decode(i).mean() for i in range(8)]) < 30
    dark = screen(read_dataset(tmp_path / "dark"), PLAIN)
    assert any("All 4 pictures of class 'b' are nearly black" in note for note in dark.notes)


def test_real_duplicates_are_found(shared_data: Path) -> None:
    dataset = screen(read_dataset(shared_data / "office_caltech10_images" / "amazon"), PLAIN)
    assert dataset.duplicates
    for names in dataset.duplicates:
        first, *others = [dataset.inputs.decode(dataset.names.index(name)) for name in names]
        assert all(np.array_equal(first, other) for other in others)


def test_same_canvases_needs_more_than_equal_fingerprints() -> None:
    block = list(noise(4))
    assert same_canvases([block[0], block[1], block[2]], [b"x"] * 3) == []
    assert same_canvases([block[0], block[1], block[0], block[1]], [b"x"] * 4) == [[0, 2], [1, 3]]


def test_merge_joins_chains() -> None:
    assert merge(None, [], 3) is None
    assert merge(np.array(["a", "b", "c", "d"]), [[0, 1], [1, 2]], 4).tolist() == ["a", "a", "a", "d"]
