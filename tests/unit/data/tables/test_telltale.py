"""Columns that alone tell the label are named before training, and no others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headstart.data.reading.options import Reading
from headstart.data.reading.values import read_values

RNG = np.random.default_rng(0)
N = 60
Y = RNG.integers(0, 2, N)


@pytest.mark.parametrize(
    "column",
    [
        np.where(Y, "ill", "well"),
        Y * 2 + 1,
        np.where(Y, "", "x"),
        np.where(RNG.integers(0, 2, N), np.where(Y, "C34", "Z00"), np.where(Y, "C35", "Z01")),
        Y * 10 + RNG.random(N),
    ],
    ids=["renamed", "numbers", "gaps", "codes", "threshold"],
)
def test_it_is_named(column: np.ndarray) -> None:
    frame = pd.DataFrame({"code": column, "noise": RNG.random(N), "y": np.where(Y, "a", "b")})
    notes = read_values(frame, Reading(label="y")).target.notes
    assert (
        "The column 'code' alone tells the label of every row; if it is not known beforehand: --leave-out code."
        in notes
    )
    assert not any("'noise'" in note for note in notes)


def test_units_of_a_target_are_named() -> None:
    y = RNG.random(N)
    frame = pd.DataFrame({"inches": y / 2.54, "near": y + 0.01 * RNG.random(N), "y": y})
    notes = " ".join(read_values(frame, Reading(label="y")).target.notes)
    assert "The column 'inches' alone tells the target" in notes and "'near'" not in notes


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"code": ["p", "q"] * 5, "x": range(10, 20), "y": ["a", "b"] * 5}),
        pd.DataFrame({"code": [f"n{i}" for i in range(N)], "x": RNG.random(N), "y": np.where(Y, "a", "b")}),
        pd.DataFrame({"code": np.where(Y, "p", "q"), "x": RNG.random(N), "y": np.where(np.roll(Y, 1), "a", "b")}),
    ],
    ids=["tiny", "names of rows", "unlike"],
)
def test_tiny_tables_names_of_rows_and_others_are_not(frame: pd.DataFrame) -> None:
    assert not any("alone tells" in note for note in read_values(frame, Reading(label="y")).target.notes)
