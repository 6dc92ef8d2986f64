"""Ways within a budget: fewer folds, fewer pictures, fewer ways; and what cannot be used is named."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boxed_pictures as maker
import numpy as np
import pytest

from headstart.data.boxes.boxes import Boxes
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.boxes import with_boxes
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError
from headstart.guard.comparing.deadline import OutOfTime
from headstart.guard.detecting import compared
from headstart.guard.detecting.compared import compare
from headstart.guard.detecting.tried import Way
from headstart.guard.effort import Effort


class Slow:
    """Takes so many seconds a picture to learn, and finds nothing."""

    def __init__(self, seconds: float = 0.0, refuses: bool = False) -> None:
        self.seconds, self.refuses = seconds, refuses

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"seconds": self.seconds, "refuses": self.refuses}

    def fit(self, pictures: Pictures, boxes: list[Boxes]) -> Slow:
        if self.refuses:
            raise DataError("Expected things that it sees, found none.", "Take another.")
        end = time.monotonic() + self.seconds * len(pictures)
        while time.monotonic() < end:
            time.sleep(0.001)
        return self

    def predict(self, pictures: Pictures) -> list[Boxes]:
        return [Boxes(np.zeros((0, 4)), np.zeros(0, object), np.zeros(0)) for _ in pictures.names]


@pytest.fixture(scope="module")
def pool() -> Dataset:
    pictures, boxes = maker.scenes(48)
    return with_boxes(Pictures(pictures), boxes)


def ways(*seconds: float) -> list[Way]:
    return [Way(f"way {i}", Slow(each), i > 0, f"way {i}") for i, each in enumerate(seconds)]


def test_with_time_all_is_compared(pool: Dataset) -> None:
    found = compare(pool, ways(0, 0, 0), Effort(budget=600))
    assert found.judged is pool is found.pool and len(found.splits) == 3 and not found.left_out and not found.notes
    assert [one.way.name for one in found.results] == ["way 0", "way 1", "way 2"]
    assert sorted(found.fold.tolist()) == sorted(np.repeat(range(3), 16).tolist())
    for k, (_, test) in enumerate(found.splits):
        assert (found.fold[test] == k).all()


def test_as_many_pictures_as_there_are_classes_are_learned_from_whatever_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def never(seconds: float | None) -> Iterator[None]:
        if seconds is not None:
            raise OutOfTime
        yield

    monkeypatch.setattr(compared, "within", never)
    pictures = Pictures(np.zeros((40, 8, 8, 3), np.uint8))
    many = with_boxes(pictures, [Boxes([[0, 0, 4, 4]], [f"class {i % 30}"]) for i in range(40)])
    found = compare(many, ways(0, 0), Effort(budget=600))
    assert len(found.pool) == 30 == len(found.pool.classes) and [one.way.name for one in found.results] == ["way 1"]
    assert found.notes[0] == "Learned from 30 pictures drawn at random: the budget allows no more."


def test_a_way_that_cannot_be_used_is_named_and_the_others_go_on(pool: Dataset) -> None:
    refusing = Way("blind", Slow(refuses=True), True, "blind")
    found = compare(pool, [*ways(0), refusing], Effort(budget=600))
    assert [one.way.name for one in found.results] == ["way 0"]
    assert found.left_out[0]["words"].startswith("blind: it cannot be used here. Expected things that it sees")
    with pytest.raises(DataError, match="blind: it cannot be used here"):
        compare(pool, [refusing], Effort(budget=600))


def test_a_budget_is_a_limit_by_folds_by_ways_and_by_pictures(pool: Dataset) -> None:
    effort = Effort(budget=6.0)
    found = compare(pool, ways(0.03, 0.03, 0.03), effort)  # a fold of all takes 1 s a way, all folds 9 s
    assert effort.spent < 6.0
    assert "way 2" in {entry["name"] for entry in found.left_out} or len(found.splits) < 3
    effort = Effort(budget=2.0)
    found = compare(pool, ways(0.2, 0.2), effort)  # a fold of all takes 13 s
    assert effort.spent < 7.0 and len(found.pool) < 24 and found.notes[0].startswith(f"Learned from {len(found.pool)} ")
    assert len(found.results) + len(found.left_out) == 2 and found.results[-1].way.name == "way 1"
    assert len(found.results[0].found) == len(found.judged) == len(found.fold)
