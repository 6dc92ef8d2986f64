"""Boxes turn as the pixels do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from headstart.data.pictures.turns import Frame, frame_of


@given(st.integers(1, 8), st.integers(0, 10), st.integers(0, 6), st.integers(1, 9), st.integers(1, 7))
def test_a_box_stays_on_what_it_was_drawn_on(turn: int, left: int, top: int, width: int, height: int) -> None:
    pixels = np.zeros((13, 19), np.uint8)
    pixels[top : top + height, left : left + width] = 255
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = turn
    upright = np.asarray(ImageOps.exif_transpose(image))
    frame = frame_of(image)
    assert frame == Frame(19, 13, turn) and frame.upright == upright.shape[::-1]
    a, b, c, d = frame.to_upright([[left, top, left + width, top + height]])[0].astype(int)
    assert (upright[b:d, a:c] == 255).all() and (c - a) * (d - b) == (upright == 255).sum()


def test_what_is_no_picture_has_no_frame(tmp_path: object) -> None:
    assert frame_of(f"{tmp_path}/none.png") is None
    assert frame_of(np.zeros(3)) is None


@pytest.mark.parametrize("item", [np.zeros((3, 5), np.uint8), Image.new("L", (5, 3))])
def test_pictures_in_memory_have_one_too(item: object) -> None:
    assert frame_of(item) == Frame(5, 3)
