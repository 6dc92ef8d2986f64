"""Counting things by finding them."""

import numpy as np

from headstart.data.boxes.boxes import Boxes
from headstart.math.boxes.counting import counting_error


def cells(n: int, scores: list[float] | None = None, crowd: bool = False) -> Boxes:
    corners = [[10 * i, 0, 10 * i + 9, 9] for i in range(n)]
    return Boxes(corners, ["cell"] * n, scores, [crowd] * n)


def test_too_many_and_too_few_add_up_in_the_error_and_cancel_in_the_bias() -> None:
    found = counting_error([cells(3), cells(1)], [cells(2, [0.9, 0.8]), cells(2, [0.7, 0.6])], "cell", 0.5)
    assert (found.mean_absolute, found.bias, found.mean) == (1.0, 0.0, 2.0)


def test_a_box_at_the_threshold_is_counted() -> None:
    assert counting_error([cells(1)], [cells(1, [0.5])], "cell", 0.5).mean_absolute == 0


def test_the_threshold_is_the_best_one_and_above_every_score_where_nothing_is_there() -> None:
    assert counting_error([cells(1), cells(0)], [cells(2, [0.9, 0.3]), cells(1, [0.4])], "cell").mean_absolute == 0
    assert counting_error([cells(0)], [cells(2, [0.9, 0.3])], "cell").threshold == np.inf
    assert counting_error([cells(0)], [cells(0, [])], "cell").mean_absolute == 0


def test_pictures_with_a_crowd_are_left_out() -> None:
    found = counting_error([cells(1, crowd=True), cells(2)], [cells(0, []), cells(2, [0.9, 0.9])], "cell", 0.5)
    assert (found.mean_absolute, found.mean) == (0.0, 2.0)
    assert np.isnan(counting_error([cells(1, crowd=True)], [cells(0, [])], "cell").mean_absolute)
