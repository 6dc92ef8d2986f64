"""Labels that were meant as amounts: what they look like is said where they are refused."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.checks import check_labels
from headstart.data.sets.labels import read_label_cells
from headstart.data.sets.written import looks_like
from headstart.errors import DataError

UNITS = [f"{i}.5 kg" if i % 2 else f"{i}400 g" for i in range(1, 13)]
DATES = [f"2021-03-{day:02d}" for day in range(1, 13)]
COMMAS = [*(f"{i},5" for i in range(1, 12)), "oops"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [(UNITS, "several units ('kg', 'g')"), (DATES, "They are dates"), (COMMAS, "They are numbers but for 'oops'")],
)
def test_what_amounts_in_disorder_look_like_is_said(labels: list[str], words: str) -> None:
    with pytest.raises(DataError, match="targets of a regression") as refused:
        read_label_cells(labels, [f"row {i}" for i in range(1, 13)], "regression")
    assert words in str(refused.value)
    with pytest.raises(DataError, match="examples of every class") as refused:
        check_labels(from_arrays(np.zeros((12, 8, 8), np.uint8), labels))
    assert words in str(refused.value)


@pytest.mark.parametrize("labels", [["3D", "2D", "flat"], ["a1", "b2", "c3"], ["7", "8", "ant", "bee"], []])
def test_names_of_classes_are_no_amounts(labels: list[str]) -> None:
    assert looks_like(labels) == ""


def test_numbers_some_of_which_have_no_unit_are_said_so() -> None:
    told = looks_like(["1", "2", "3 kg", "4 kg", "5", "6 kg", "7"])
    assert told == "They are numbers with several units (no unit, 'kg'): bring them to one unit."
