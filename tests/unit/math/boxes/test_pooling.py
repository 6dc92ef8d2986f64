"""Pooling by integral images against adding up squares one by one; what stands outside does not count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.math.boxes.pooling import integral_image, pooling_matrix


def slow_mean(maps: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Mean of a map, constant on its squares, over a box: each square by the part of it that the box covers."""
    height, width, _ = maps.shape
    left, top, right, bottom = np.clip(box, 0, 1) * [width, height, width, height]
    total, area = np.zeros(maps.shape[2]), 0.0
    for y in range(height):
        for x in range(width):
            part = max(0.0, min(right, x + 1) - max(left, x)) * max(0.0, min(bottom, y + 1) - max(top, y))
            total, area = total + part * maps[y, x], area + part
    return np.asarray(total / area)


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 7),
    st.integers(1, 7),
    st.integers(1, 3),
    st.tuples(*(st.floats(-0.3, 0.9),) * 2),
    st.tuples(*(st.floats(0.05, 0.6),) * 2),
)
def test_means_over_cells_equal_adding_up(
    seed: int, height: int, width: int, bins: int, corner: tuple[float, float], sides: tuple[float, float]
) -> None:
    maps = np.random.default_rng(seed).normal(size=(height, width, 2))
    box = np.array([*corner, *np.add(corner, sides)])
    found = pooling_matrix(box[None], height, width, bins) @ integral_image(maps).reshape(-1, 2)
    for row in range(bins):
        for column in range(bins):
            x, y = corner[0] + sides[0] * np.arange(bins + 1) / bins, corner[1] + sides[1] * np.arange(bins + 1) / bins
            cell = np.array([x[column], y[row], x[column + 1], y[row + 1]])
            inside = np.clip(cell, 0, 1)
            if min((inside[2] - inside[0]) * width, (inside[3] - inside[1]) * height) < 0.01:
                continue
            np.testing.assert_allclose(found[row * bins + column], slow_mean(maps, cell), atol=1e-8)


def test_the_integral_ends_in_the_whole_sum_of_every_picture() -> None:
    maps = np.random.default_rng(0).normal(size=(3, 4, 5, 2))
    np.testing.assert_allclose(integral_image(maps)[:, -1, -1], maps.sum(axis=(1, 2)))
    assert not integral_image(maps)[:, 0].any() and not integral_image(maps)[:, :, 0].any()


@pytest.mark.parametrize("box", [[1.2, 0.1, 1.4, 0.3], [0.5, 0.5, 0.5, 0.5], [-1, -1, -0.5, -0.5]])
def test_a_box_outside_or_of_no_size_gives_the_nearest_place(box: list[float]) -> None:
    maps = np.random.default_rng(1).uniform(1, 2, (4, 4, 1))
    found = pooling_matrix(np.array([box]), 4, 4) @ integral_image(maps).reshape(-1, 1)
    assert 1 <= found[0, 0] <= 2
