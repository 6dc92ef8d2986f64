"""Overlap of boxes: known answers, bounds, symmetry."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headstart.math.boxes.overlap import overlaps

NUMBERS = st.floats(-50, 50, allow_nan=False)


def corners(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values[:, :2], values[:, :2] + np.abs(values[:, 2:])])


@given(arrays(float, (3, 4), elements=NUMBERS), arrays(float, (5, 4), elements=NUMBERS))
def test_overlap_is_symmetric_within_bounds_and_whole_with_itself(a: np.ndarray, b: np.ndarray) -> None:
    one, other = corners(a), corners(b)
    shared = overlaps(one, other)
    np.testing.assert_allclose(shared, overlaps(other, one).T)
    assert ((shared >= 0) & (shared <= 1 + 1e-12)).all()
    sized = np.prod(one[:, 2:] - one[:, :2], axis=1) > 1e-6
    np.testing.assert_allclose(np.diag(overlaps(one, one))[sized], 1)


def test_known_answers() -> None:
    found = np.array([[0, 0, 10, 10]])
    drawn = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4], [3, 3, 3, 3]])
    np.testing.assert_allclose(overlaps(found, drawn)[0], [1, 1 / 3, 0, 0.04, 0])


def test_of_a_crowd_the_found_area_alone_is_the_whole() -> None:
    found, drawn = np.array([[0, 0, 10, 10]]), np.array([[5, 0, 500, 500]])
    assert overlaps(found, drawn, np.array([True])).tolist() == [[0.5]]


def test_no_boxes_have_no_overlaps() -> None:
    assert overlaps(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)
    assert overlaps(np.zeros((2, 4)), []).shape == (2, 0)
