"""Near copies are found, kept together and told across parts; inputs that are merely alike are not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from headstart.data.base.near import Prints, near_pairs, unit
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.reading.read import read_dataset
from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.overlap import connected
from headstart.data.sets.screen import screen
from headstart.data.sets.splits import folds
from headstart.data.texts.plain_text import PlainText
from headstart.data.texts.texts import Texts

SMALL = Preprocessing(64, (64, 64), (0.5,) * 3, (0.5,) * 3)


def scene(seed: int, side: int = 96) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "re-encoded": lambda image: encoded(image, 50),
    "smaller": lambda image: image.resize((90, 90)),
    "half the size": lambda image: image.resize((48, 48)),
    "mirrored": ImageOps.mirror,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.08),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "all of it": lambda image: encoded(ImageOps.mirror(image).resize((93, 93)), 70),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_pictures_are_near_copies(change: str) -> None:
    pictures = [np.asarray(scene(i)) for i in range(12)] + [np.asarray(CHANGES[change](scene(i))) for i in range(3)]
    dataset = screen(from_arrays(pictures, ["a", "b"] * 6 + ["a", "b", "a"]), SMALL)
    assert dataset.near == tuple((f"picture {i}", f"picture {12 + i}") for i in range(3))
    assert any(note.startswith("3 sets of near copies among the pictures were found, 6") for note in dataset.notes)
    for train, test in folds(dataset.y, dataset.task, groups=dataset.groups, n_splits=3):
        for i in range(3):
            assert (i in train) == (12 + i in train) != (i in test)


def test_near_copies_on_both_sides_of_given_parts_are_said_loudly(tmp_path: Path) -> None:
    for label, first in (("a", 0), ("b", 6)):
        for part in ("train", "test"):
            (tmp_path / part / label).mkdir(parents=True)
        for i in range(6):
            scene(first + i).save(tmp_path / "train" / label / f"{i}.png")
            scene(first + i).save(tmp_path / "test" / label / f"c{i}.jpg", quality=95)
    dataset = screen(read_dataset(tmp_path), SMALL)
    (loud,) = [note for note in dataset.notes if note.startswith("WARNING")]
    assert "12 test pictures have a near copy in the training part" in loud
    assert len(dataset) == 24
    assert len(dataset.near) == 12


def test_near_copies_under_two_labels_are_told() -> None:
    pictures = [np.asarray(scene(i)) for i in range(8)] + [np.asarray(encoded(scene(0), 60))]
    dataset = screen(from_arrays(pictures, ["a", "b"] * 4 + ["b"]), SMALL)
    assert any("1 of these sets of near copies carry more than one label" in note for note in dataset.notes)


def words(seed: int, n: int = 16000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    course = np.interp(np.arange(n), np.linspace(0, n, 12), rng.uniform(0, 1, 12))
    return (0.5 * course * rng.uniform(-1, 1, n)).astype(np.float32)


@pytest.mark.parametrize(
    "change",
    [
        lambda wave: 0.3 * wave,
        lambda wave: np.pad(wave, (1600, 2400)),
        lambda wave: np.pad(-0.5 * wave, (800, 0)),
        lambda wave: np.round(wave * 20000).astype(np.int16),
        lambda wave: np.pad(wave, 2000) + np.random.default_rng(0).normal(0, 1e-4, len(wave) + 4000).astype(np.float32),
    ],
    ids=["quieter", "silence around", "turned over", "16 bits", "faint noise around"],
)
def test_changed_clips_are_near_copies(change: Callable[[np.ndarray], np.ndarray]) -> None:
    waves = [(words(i), 16000) for i in range(10)] + [(change(words(3)), 16000)]
    dataset = screen(from_arrays(waves, ["a", "b"] * 5 + ["b"]), SoundPreprocessing())
    assert dataset.near == (("clip 3", "clip 10"),)


def test_texts_that_differ_by_spaces_and_ends_are_near_copies() -> None:
    texts = ["Free prize, call now!", "see you at nine", "no way, sorry", "the match is over", "OK!", "so it goes then"]
    copies = ["  free prize, call now", "Free prize,  call now !!!", "(see you at nine)", "Freeprize, call now", "ok"]
    dataset = screen(from_arrays(Texts([*texts, *copies]), ["a", "b"] * 3 + ["a", "a", "b", "a", "b"]), PlainText())
    assert dataset.near == (("text 0", "text 6", "text 7", "text 9"), ("text 1", "text 8"))
    assert dataset.groups is not None
    assert len(set(dataset.groups[[0, 6, 7, 9]])) == 1


def test_exact_copies_stay_what_they_were() -> None:
    pictures = [np.asarray(scene(i)) for i in range(8)] + [np.asarray(scene(0))]
    dataset = screen(from_arrays(pictures, ["a", "b"] * 4 + ["a"]), SMALL)
    assert dataset.near == ()
    assert dataset.duplicates == (("picture 0", "picture 8"),)


def test_blank_and_alike_pictures_are_no_copies() -> None:
    blank = [np.full((64, 64), 120 + i, np.uint8) for i in range(6)]
    crops = [np.asarray(scene(0, 128))[i : i + 80, i : i + 80] for i in range(0, 48, 12)]
    assert screen(from_arrays(blank + crops, ["a", "b"] * 5), SMALL).near == ()


@pytest.mark.parametrize(
    ("place", "preprocessing"),
    [
        ("hymenoptera", SMALL),
        ("chest_xray", SMALL),
        ("mnist_subset/mnist_t10k_first5000.npz", SMALL),
        ("cifar10_subset/cifar10_subset.npz", SMALL),
        ("esc10", SoundPreprocessing()),
    ],
)
def test_sets_without_copies_give_none(shared_data: Path, place: str, preprocessing: object) -> None:
    dataset = read_dataset(shared_data / place)
    some = dataset.select(np.random.default_rng(0).permutation(len(dataset))[:700])
    assert screen(some, preprocessing).near == ()


def test_mirrored_pictures_of_a_well_known_set_are_found(shared_data: Path) -> None:
    dataset = screen(read_dataset(shared_data / "caltech101_subset"), SMALL)
    assert ("Leopards/image_0088.jpg", "Leopards/image_0188.jpg") in dataset.near
    assert 5 <= len(dataset.near) <= 12


def brute(prints: Prints) -> set[tuple[int, int]]:
    assert prints.vectors is not None
    found = set()
    for i in range(len(prints)):
        for j in range(i + 1, len(prints)):
            one, other = prints.vectors[i], prints.vectors[j]
            ways = [one, one[:, ::-1]] if prints.mirrored else [one]
            if min(float(np.square(way - other).sum()) for way in ways) <= prints.close:
                found.add((i, j))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_no_pair_is_missed_that_comparing_all_would_find(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(30, 16, 16))
    near = base[rng.integers(0, 30, 40)] + rng.normal(size=(40, 16, 16)) * rng.uniform(0, 0.1, (40, 1, 1))
    turned = near[:10, :, ::-1]
    vectors = np.stack([unit(v, 0.0) for v in [*base, *near, *turned]])
    prints = Prints(vectors=vectors, mirrored=True)
    found, all_of_them = near_pairs(prints), brute(prints)
    assert set(found) <= all_of_them
    assert connected(found) == connected(all_of_them)
    assert near_pairs(prints.at(np.array([0]))) == []


def test_a_thousand_equal_prints_are_no_million_pairs() -> None:
    vectors = np.repeat(unit(np.random.default_rng(0).normal(size=(16, 16)), 0.0)[None], 1000, axis=0)
    assert len(near_pairs(Prints(vectors=vectors))) == 999


def test_many_that_are_nearly_equal_are_connected_by_few_pairs() -> None:
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(2, 1, 8, 8)) + 0.02 * rng.normal(size=(2, 2000, 8, 8))
    vectors = np.stack([unit(frame, 0.0) for frame in frames.reshape(-1, 8, 8)])
    found = near_pairs(Prints(vectors=vectors, mirrored=True))
    assert connected(found) == [list(range(2000)), list(range(2000, 4000))]
    assert len(found) < 50_000  # of 2,000,000 in each set


def test_equal_ones_of_two_shapes_are_two_sets() -> None:
    vectors = np.repeat(unit(np.random.default_rng(0).normal(size=(8, 8)), 0.0)[None], 4, axis=0)
    assert near_pairs(Prints(vectors=vectors, extents=np.array([0.0, 1.0, 1.0, 0.0]))) == [(0, 3), (1, 2)]


def test_rows_that_nothing_connects_are_in_no_set() -> None:
    assert connected([]) == []


def test_screening_of_a_dataset_with_groups_keeps_them() -> None:
    pictures = [np.asarray(scene(i)) for i in range(8)] + [np.asarray(encoded(scene(0), 60))]
    given = from_arrays(pictures, ["a", "b"] * 4 + ["a"], groups=[f"g{i}" for i in range(9)])
    dataset: Dataset = screen(given, SMALL)
    assert dataset.groups is not None
    assert dataset.groups[8] == dataset.groups[0]
