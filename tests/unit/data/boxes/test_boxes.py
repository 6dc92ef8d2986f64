"""One picture's boxes hold together, or are refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.data.boxes.boxes import Boxes
from headstart.errors import DataError


def test_no_box_is_an_example() -> None:
    empty = Boxes(np.zeros((0, 4)), np.array([]))
    assert len(empty) == 0 and empty.areas.shape == (0,) and empty.crowd is not None and empty.crowd.shape == (0,)


def test_what_does_not_hold_together_is_refused() -> None:
    with pytest.raises(DataError, match=r"labels of 1 boxes, shape \(1,\), found shape \(2,\)"):
        Boxes(np.array([[0, 0, 1, 1]]), np.array(["a", "b"]))
    with pytest.raises(DataError, match=r"right > left and bottom > top, found \[5.0, 5.0, 3.0, 9.0\]"):
        Boxes(np.array([[0, 0, 1, 1], [5, 5, 3, 9]]), np.array(["a", "b"]))
    with pytest.raises(DataError, match="found"):
        Boxes(np.array([[0, 0, np.nan, 1]]), np.array(["a"]))
