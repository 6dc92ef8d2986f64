"""Boxes on pictures, and in COCO's result format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import ImageColor

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.drawing import COLOURS, OUTCOMES, drawn_boxes, picture_with_boxes
from headstart.data.boxes.results import coco_results


def test_a_box_is_drawn_at_its_edges_in_the_colour_of_its_class_and_the_picture_stays() -> None:
    grey = np.full((200, 300, 3), 90, np.uint8)
    boxes = Boxes([[50, 60, 150, 160]], ["bus"], [0.5])
    drawn = np.asarray(drawn_boxes(grey, boxes, ["ant", "bus"]))
    wanted = ImageColor.getrgb(COLOURS[1])
    assert tuple(drawn[160, 100]) == wanted and tuple(drawn[110, 50]) == wanted and tuple(drawn[110, 150]) == wanted
    assert (drawn[70:150, 60:140] == 90).all() and (grey == 90).all()


@pytest.mark.parametrize("corners", [[0, 0, 300, 200], [-5, -5, 3, 3], [299.5, 199.5, 300, 200]])
def test_boxes_at_the_edges_and_tiny_ones_are_drawn_without_a_fault(corners: list[float]) -> None:
    picture = drawn_boxes(
        np.zeros((200, 300, 3), np.uint8), Boxes([corners], ["a very long label " * 9]), ["x"], side=150
    )
    assert picture.size == (150, 100)


def test_outcomes_have_their_colours_and_missed_things_are_dashed() -> None:
    boxes = Boxes([[20, 60, 280, 180]], ["car"])
    drawn = {
        outcome: np.asarray(picture_with_boxes(np.zeros((200, 300, 3), np.uint8), [(boxes, np.array([0]), outcome)]))
        for outcome in OUTCOMES
    }
    painted = {
        name: int((image[180] == ImageColor.getrgb(OUTCOMES[name])).all(axis=1).sum()) for name, image in drawn.items()
    }
    assert painted["right"] == painted["wrong"] == 261 and 100 < painted["missed"] < 200


def test_results_number_pictures_by_their_names_where_these_are_numbers() -> None:
    one = Boxes([[10, 20, 40, 60]], ["car"], [0.875])
    named = coco_results([(0, Path("000139.jpg"), one), (1, Path("7.jpg"), one)], ["bus", "car"])
    assert [row["image_id"] for row in named] == [139, 7]
    assert named[0] == {
        "image_id": 139, "category_id": 2, "bbox": [10, 20, 30, 40], "score": 0.875, "file": "000139.jpg",
        "category": "car",
    }  # fmt: skip
    placed = coco_results([(0, Path("a/1.jpg"), one), (1, Path("b/1.jpg"), one)], ["car"])
    assert [row["image_id"] for row in placed] == [1, 2]


def test_coco_s_own_program_takes_the_results(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    given = coco.COCO()
    given.dataset = {"images": [{"id": 139}], "annotations": [], "categories": [{"id": 1, "name": "car"}]}
    given.createIndex()
    rows = coco_results([(0, Path("139.jpg"), Boxes([[1, 2, 3, 5]], ["car"], [0.5]))], ["car"])
    assert given.loadRes(rows).getAnnIds() == [1]
