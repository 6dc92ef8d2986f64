"""Typical sides of boxes and boxes of these sides everywhere."""

import numpy as np

from headstart.math.boxes.shapes import boxes_everywhere, typical_sides


def test_groups_of_sizes_are_found_whatever_the_seed() -> None:
    rng = np.random.default_rng(0)
    groups = np.array([[0.05, 0.1], [0.3, 0.3], [0.9, 0.4]])
    sides = np.repeat(groups, 30, axis=0) * np.exp(rng.normal(0, 0.02, (90, 2)))
    for seed in range(10):
        found = typical_sides(sides, 3, np.random.default_rng(seed))
        np.testing.assert_allclose(found[np.argsort(found[:, 0])], groups, rtol=0.03)


def test_fewer_sizes_than_asked_for() -> None:
    found = typical_sides(np.full((5, 2), 0.5), 8, np.random.default_rng(0))
    np.testing.assert_allclose(found, [[0.5, 0.5]])


def test_sides_are_not_written_to() -> None:
    sides = np.random.default_rng(0).uniform(0.1, 1, (20, 2))
    kept = sides.copy()
    typical_sides(sides, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(sides, kept)


def test_boxes_stand_in_the_picture_and_cover_it() -> None:
    found = boxes_everywhere(np.array([[0.25, 0.5], [1.0, 1.0]]), 8)
    assert found.min() >= 0 and found.max() <= 1
    assert (np.prod(found[:, 2:] - found[:, :2], axis=1) >= 0.6 * 0.125 - 1e-9).all()
    for point in np.random.default_rng(0).uniform(0, 1, (50, 2)):
        assert ((found[:, :2] <= point) & (point <= found[:, 2:])).all(axis=1).any()
    assert (found == [0, 0, 1, 1]).all(axis=1).sum() == 1


def test_a_box_larger_than_the_picture_is_the_picture() -> None:
    assert boxes_everywhere(np.array([[1.5, 1.5]]), 1, least=1.0).tolist() == [[0, 0, 1, 1]]
