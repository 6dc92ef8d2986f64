"""Rendered pictures: the same picture every time, and classes that can be told apart."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import OutputError, ParameterError
from headstart.pretraining.formula.draws import chosen, picture_keys, uniform
from headstart.pretraining.formula.glyphs import characters, thinned
from headstart.pretraining.formula.rendered import FORMULAS, KINDS, RenderedPictures, contact_sheet, write_preview


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_picture_is_the_same_in_any_batch(formula: str) -> None:
    pictures = RenderedPictures(formula, n_classes=10, per_class=5, seed=3)
    together, labels = pictures.batch(np.arange(50))
    assert together.shape == (50, 64, 64, 3)
    assert together.dtype == np.uint8
    assert labels.tolist() == [i % 10 for i in range(50)]
    apart, label = RenderedPictures(formula, n_classes=10, per_class=5, seed=3).batch([37, 12])
    # a batch of another size may add the same floats in another order: at most one grey level
    assert np.abs(together[[37, 12]].astype(int) - apart).max() <= 1
    assert label.tolist() == [7, 2]


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_same_batch_is_bitwise_equal(formula: str) -> None:
    first = RenderedPictures(formula, n_classes=10, per_class=5).batch(np.arange(20))[0]
    again = RenderedPictures(formula, n_classes=10, per_class=5).batch(np.arange(20))[0]
    assert np.array_equal(first, again)


@pytest.mark.parametrize("formula", FORMULAS)
def test_another_seed_gives_other_pictures(formula: str) -> None:
    first = RenderedPictures(formula, 10, 5, seed=0).batch(np.arange(20))[0]
    other = RenderedPictures(formula, 10, 5, seed=1).batch(np.arange(20))[0]
    assert all(np.abs(a.astype(int) - b).mean() > 2 for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("formula", KINDS)
def test_every_picture_shows_something_and_no_two_are_alike(formula: str) -> None:
    pictures = RenderedPictures(formula, 20, 10).batch(np.arange(200))[0].astype(np.float32)
    # pure noise or an empty ground would have no contrast after smoothing
    smooth = pictures.reshape(200, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    assert (np.ptp(smooth, axis=(1, 2)).max(axis=1) > 8).mean() > 0.97
    flat = pictures.reshape(200, -1)
    distances = np.abs(flat[:, None, ::97] - flat[None, :, ::97]).mean(axis=2) + 999 * np.eye(200)
    assert distances.min() > 0.5


def _description(pictures: np.ndarray) -> np.ndarray:
    """A simple description without training: spectrum, and smooth coarse edges; the picture's contrast taken out."""
    n = len(pictures)
    grey = pictures.astype(np.float32).mean(axis=3)
    grey = (grey - grey.mean(axis=(1, 2), keepdims=True)) / (grey.std(axis=(1, 2), keepdims=True) + 1)
    spectrum = np.log1p(np.abs(np.fft.rfft2(grey)))[:, :24, :24].reshape(n, 12, 2, 12, 2).mean(axis=(2, 4))
    smooth = grey.reshape(n, 16, 4, 16, 4).mean(axis=(2, 4))
    edges = np.abs(np.diff(smooth, axis=1))[:, :, 1:] + np.abs(np.diff(smooth, axis=2))[:, 1:]
    edges /= edges.mean(axis=(1, 2), keepdims=True) + 1e-3
    parts = [spectrum.reshape(n, -1), edges.reshape(n, -1)]
    return np.concatenate([part / part.std() for part in parts], axis=1)


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_nearest_mean_tells_classes_apart(formula: str) -> None:
    pictures, labels = RenderedPictures(formula, 20, 80).batch(np.arange(1600))
    features = _description(pictures)
    means = np.stack([features[:1000][labels[:1000] == c].mean(axis=0) for c in range(20)])
    nearest = ((features[1000:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == labels[1000:]).mean() > 0.12  # chance: 0.05, standard error at most 0.013


def test_classes_of_the_mixture_are_in_fifths() -> None:
    names = RenderedPictures("mixed", 100, 1).class_names
    kinds = [name.split()[0] for name in names]
    assert [kinds.count(k) for k in ("glyph", "fractal", "contour", "texture")] == [40, 20, 20, 20]
    assert names[0] == "glyph U+0030 0"
    assert len(set(names)) == 100


@pytest.mark.parametrize("size", [16, 28, 100])
def test_other_sizes(size: int) -> None:
    pictures, _ = RenderedPictures("mixed", 5, 2, size=size).batch(np.arange(10))
    assert pictures.shape == (10, size, size, 3)


def test_an_empty_batch_is_empty() -> None:
    pictures, labels = RenderedPictures("mixed", 5, 2).batch([])
    assert pictures.shape == (0, 64, 64, 3)
    assert labels.shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("squares", 10, 10), "found 'squares'"),
        (("glyphs", 1, 10), "at least 2 classes"),
        (("glyphs", 10, 0), "1 picture a class"),
        (("glyphs", 10, 10, -1), "a seed of at least 0"),
        (("glyphs", 10, 10, 0, 500), "16 to 256 pixels, found 500"),
        (("glyphs", 9999, 10), "classes of glyphs, found 9999"),
    ],
)
def test_what_cannot_be_rendered_is_said(arguments: tuple, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        RenderedPictures(*arguments)


def test_a_picture_beyond_the_last_is_refused() -> None:
    with pytest.raises(ParameterError, match="Expected pictures 0 to 9, found 3 to 10"):
        RenderedPictures("textures", 5, 2).batch([3, 10])


def test_the_sheet_has_a_class_a_row() -> None:
    pictures = RenderedPictures("contours", 3, 4, size=32)
    sheet = np.asarray(contact_sheet(pictures))
    assert sheet.shape == (3 * 32, 4 * 32, 3)
    second = pictures.batch(np.arange(12))[0][1 + 2 * 3]  # class 1, number 2
    assert np.abs(sheet[32:64, 64:96].astype(int) - second).max() <= 1


def test_the_preview_is_written_whole(tmp_path: Path) -> None:
    write_preview(RenderedPictures("mixed", 4, 3), tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        sheet.load()
        assert sheet.size == (3 * 64, 4 * 64)
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]


def test_a_preview_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = RenderedPictures("contours", 4, 3)
    with pytest.raises(OutputError, match=r"ends in \.png, \.jpg or \.jpeg, found .*sheet.txt"):
        write_preview(pictures, tmp_path / "sheet.txt")
    (tmp_path / "sheet.png").write_bytes(b"old")

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="disk full"):
        write_preview(pictures, tmp_path / "sheet.png")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("sheet.png", b"old")]


def test_digits_and_letters_come_first_and_no_character_twice() -> None:
    names = characters()
    assert "".join(names[:36]) == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert len(set(names)) == len(names) > 800
    assert "А" not in names  # the Cyrillic letter that looks like A


def test_thinning_leaves_lines_that_connect() -> None:
    ring = np.zeros((1, 24, 24), dtype=bool)
    y, x = np.mgrid[:24, :24] - 11.5
    ring[0] = (np.hypot(x, y) < 10) & (np.hypot(x, y) > 5)
    line = thinned(ring)[0]
    assert line.sum() < 0.4 * ring.sum()
    around = sum(np.roll(line, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0))
    assert (around[line] >= 2).all()  # closed: no loose end


def test_draws_depend_on_every_part_of_the_key() -> None:
    base = uniform(picture_keys(0, "a", np.arange(50), 0), "x", 4)
    others = [
        uniform(picture_keys(1, "a", np.arange(50), 0), "x", 4),
        uniform(picture_keys(0, "b", np.arange(50), 0), "x", 4),
        uniform(picture_keys(0, "a", np.arange(50), 1), "x", 4),
        uniform(picture_keys(0, "a", np.arange(50), -1), "x", 4),
        uniform(picture_keys(0, "a", np.arange(50), 0), "y", 4),
    ]
    assert all(np.abs(np.corrcoef(base.ravel(), other.ravel())[0, 1]) < 0.25 for other in others)
    assert base.min() >= 0 and base.max() < 1


def test_chances_follow_the_weights() -> None:
    keys = picture_keys(0, "a", np.arange(4000), 0)
    shares = np.bincount(chosen(keys, "c", (1.0, 2.0, 1.0)), minlength=3) / 4000
    assert np.abs(shares - [0.25, 0.5, 0.25]).max() < 0.03
