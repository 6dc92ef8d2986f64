"""Offsets between boxes: shifting takes them back, units and places do not matter."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headstart.math.boxes.offsets import FARTHEST, offsets, shifted


def boxes_of(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values[:, :2], values[:, :2] + values[:, 2:]])


PLACES = arrays(float, (6, 4), elements=st.floats(1, 2.5))


@given(PLACES, PLACES)
def test_shifting_by_the_offsets_gives_the_other_box(a: np.ndarray, b: np.ndarray) -> None:
    one, other = boxes_of(a), boxes_of(b)
    np.testing.assert_allclose(shifted(one, offsets(one, other)), other, atol=1e-9)


@given(PLACES, PLACES, st.floats(0.1, 10), st.floats(-5, 5))
def test_offsets_do_not_change_with_the_unit_or_the_origin(a: np.ndarray, b: np.ndarray, k: float, at: float) -> None:
    one, other = boxes_of(a), boxes_of(b)
    np.testing.assert_allclose(offsets(k * one + at, k * other + at), offsets(one, other), atol=1e-7)


def test_a_side_grows_by_no_more_than_the_limit() -> None:
    found = shifted(np.array([[0.0, 0, 1, 1]]), np.array([[0.0, 0, 50, -50]]))
    np.testing.assert_allclose(found[0, 2:] - found[0, :2], [np.exp(FARTHEST), np.exp(-FARTHEST)])
