"""Preprocessing gives transformers' pixels, bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import AutoImageProcessor, ViTImageProcessorPil

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import ParameterError

HALF = (0.5, 0.5, 0.5)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "resize", "crop"), [("mobilenet_v2_1.0_224", 256, 224), ("mobilenet_v1_0.25_128", 146, 128)]
)
def test_equals_the_processors_of_the_mobilenets(shared_data: Path, name: str, resize: int, crop: int) -> None:
    processor = AutoImageProcessor.from_pretrained(shared_data / "networks" / name, backend="pil")
    preprocessing = Preprocessing(resize, (crop, crop), HALF, HALF, scale=0.00392156862745098)
    photos = [Image.open(p).convert("RGB") for p in sorted((shared_data / "hymenoptera/val/ants").glob("*.jpg"))[:8]]
    pictures = [np.asarray(photo) for photo in photos]
    pictures += [noise(*shape) for shape in ((256, 256), (31, 33), (500, 71), (300, 301), (7, 90), (1, 1), (1000, 900))]
    for picture in pictures:
        theirs = np.asarray(
            processor(picture, return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
        )
        ours = preprocessing.array(preprocessing.canvas(picture))
        assert ours.dtype == theirs.dtype == np.float32
        assert np.array_equal(ours, theirs), picture.shape


@pytest.mark.parametrize("resample", ["bilinear", "bicubic", "lanczos", "nearest"])
@pytest.mark.parametrize("size", [(224, 224), (32, 48)])
def test_equals_vit_with_exact_sizes(size: tuple[int, int], resample: str) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    number = Image.Resampling[resample.upper()]
    processor = ViTImageProcessorPil(
        size={"height": size[0], "width": size[1]}, resample=number, image_mean=list(mean), image_std=list(std)
    )
    preprocessing = Preprocessing(size, None, mean, std, resample=resample)
    for shape in ((60, 90), (300, 20), size):
        picture = noise(*shape)
        theirs = np.asarray(
            processor(picture, return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
        )
        assert np.array_equal(preprocessing.array(preprocessing.canvas(picture)), theirs), shape


@settings(max_examples=30)
@given(height=st.integers(1, 300), width=st.integers(1, 300), resize=st.integers(1, 60), crop=st.integers(1, 80))
def test_equals_transformers_at_any_size(height: int, width: int, resize: int, crop: int) -> None:
    if max(height, width) > 16 * min(height, width):
        return
    processor = ViTImageProcessorPil(
        size={"shortest_edge": resize},
        do_center_crop=True,
        crop_size={"height": crop, "width": crop + 3},
        image_mean=list(HALF),
        image_std=list(HALF),
    )
    preprocessing = Preprocessing(resize, (crop, crop + 3), HALF, HALF)
    picture = noise(height, width)
    theirs = np.asarray(processor(picture, return_tensors="np", input_data_format="channels_last")["pixel_values"][0])
    assert np.array_equal(preprocessing.array(preprocessing.canvas(picture)), theirs)


def test_pil_and_array_give_the_same_canvas_and_the_caller_keeps_his() -> None:
    picture = noise(50, 70)
    before = picture.copy()
    preprocessing = Preprocessing(32, (28, 28), HALF, HALF)
    canvas = preprocessing.canvas(picture)
    assert np.array_equal(canvas, preprocessing.canvas(Image.fromarray(picture)))
    assert preprocessing.centre(canvas).shape == (28, 28, 3)
    preprocessing.array(canvas)
    assert np.array_equal(picture, before)


def test_small_canvases_are_padded_with_zeros() -> None:
    preprocessing = Preprocessing(4, (8, 6), HALF, HALF)
    centre = preprocessing.centre(np.full((4, 4, 3), 9, np.uint8))
    assert centre.shape == (8, 6, 3)
    assert centre[2:6, 1:5].min() == 9
    assert centre.sum() == 9 * 16 * 3


@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (2, 4000)])
def test_a_strip_cannot_fill_the_memory(shape: tuple[int, int]) -> None:
    preprocessing = Preprocessing(64, (56, 56), HALF, HALF)
    picture = np.zeros((*shape, 3), np.uint8)
    for canvas in (preprocessing.canvas(picture), preprocessing.canvas(Image.fromarray(picture))):
        assert max(canvas.shape) == 16 * 64
        assert preprocessing.centre(canvas).shape == (56, 56, 3)


def test_grey_input() -> None:
    preprocessing = Preprocessing((8, 8), None, (0.0,), (1.0,), channels=1)
    array = preprocessing.array(preprocessing.canvas(np.full((20, 20, 3), 255, np.uint8)))
    assert array.shape == (1, 8, 8)
    assert np.allclose(array, 1.0)


def test_keys_tell_settings_apart_and_survive_json() -> None:
    one = Preprocessing(256, (224, 224), HALF, HALF)
    other = Preprocessing(256, (224, 224), (0.4,) * 3, HALF)
    assert one.key() == Preprocessing.from_dict(one.to_dict()).key()
    assert one.key() != other.key()
    assert one.canvas_key() == other.canvas_key()
    assert one.canvas_key() != one.resized(160).canvas_key()
    assert one.resized(160).size == (160, 160)
    assert one.resized(224) == one
    assert Preprocessing((64, 32), None, HALF, HALF).resized(16).resize == (32, 16)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, None, HALF, HALF), "sides from 1 to 16384"),
        ((32, (0, 8), HALF, HALF), "sides from 1 to 16384"),
        ((32, None, (0.5,), HALF), "a mean and a standard deviation each"),
        ((32, None, HALF, (0.5, 0.0, 0.5)), "above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments: tuple, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Preprocessing(*arguments)
    with pytest.raises(ParameterError, match="Expected resample in"):
        Preprocessing(32, None, HALF, HALF, resample="magic")
    with pytest.raises(ParameterError, match="found also"):
        Preprocessing.from_dict({"resize": 3, "colour": 1})
