"""Pictures on a square keep their shape, and boxes come back where they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headstart.data.boxes.letterbox import GREY, Letterbox, letterboxed
from headstart.errors import ParameterError

SIDE = st.integers(1, 5000)


@given(SIDE, SIDE, st.integers(1, 1333), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_boxes_come_back_exactly(width: int, height: int, size: int, shares: list[float]) -> None:
    corners = np.multiply([shares], [width, height, width, height])
    letterbox = Letterbox(width, height, size)
    there = letterbox.to_square(corners)
    assert (there >= -1e-9).all() and (there <= size + 1e-9).all()
    np.testing.assert_allclose(letterbox.to_picture(there), corners, atol=1e-7 * max(width, height))


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (128, 128), (60, 900)])
def test_a_box_on_the_square_holds_what_it_held(size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    corners = np.array([[width // 3, height // 4, width * 2 // 3, height * 3 // 4]])
    left, top, right, bottom = corners[0]
    pixels[top:bottom, left:right] = 255
    square, letterbox = letterboxed(pixels, 256)
    a, b, c, d = letterbox.to_square(corners)[0]
    mask = np.zeros((256, 256))
    mask[round(b) : round(d), round(a) : round(c)] = 255
    assert np.abs(square[..., 0].astype(float) - mask)[square[..., 0] != GREY].mean() < 12


def test_one_factor_for_both_sides_and_bars_beside() -> None:
    square, letterbox = letterboxed(Image.new("RGB", (300, 100), (9, 9, 9)), 90)
    assert (square == 9).all(axis=2).sum() == 90 * 30
    assert letterbox.offset == (0, 30) and (square[:30] == GREY).all()


def test_corners_beyond_the_picture_are_cut_at_its_edges() -> None:
    assert Letterbox(100, 50, 100).to_picture([[-5, 0, 120, 100]]).tolist() == [[0, 0, 100, 50]]


def test_a_side_of_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"at least 1 pixel, found a picture of 0 x 5 on a square of 9\."):
        Letterbox(0, 5, 9)
