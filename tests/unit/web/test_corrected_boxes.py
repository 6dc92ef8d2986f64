"""Boxes put right: on the page in Chromium, and the table of them that fit reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boxed_pictures
import pytest
from opened_pages import opened
from served import Served, served
from tiny_detectors import random_detector

from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.web.corrections import append, replace
from headstart.web.limits import Refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "corrections"


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    with served(random_detector(False), folder) as found:
        yield found


def kept(folder: Path) -> list[list[str]]:
    with (folder / "corrections.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_boxes_are_drawn_dragged_named_and_deleted(browser: Any, server: Served, folder: Path, tmp_path: Path) -> None:
    for i, picture in enumerate(boxed_pictures.scenes(6, size=(120, 90))[0]):
        picture.save(tmp_path / f"{i}.png")
    page, wrong = opened(browser, server.address)
    page.set_input_files("#files", [str(tmp_path / "0.png")])
    page.get_by_role("button", name="Correct the boxes").click()
    rects, delete = page.locator(".found rect"), page.get_by_role("button", name="Delete the box")
    while rects.count():
        delete.click()
    assert delete.is_disabled()
    page.locator(".found svg").scroll_into_view_if_needed()
    area = page.locator(".found svg").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return area["x"] + x * area["width"] / 120, area["y"] + y * area["height"] / 90

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        page.mouse.move(*at(*start))
        page.mouse.down()
        page.mouse.move(*at(*end), steps=3)
        page.mouse.up()

    drag((12, 9), (48, 36))  # a new one
    page.get_by_label("what the chosen box holds").select_option("square")
    drag((30, 20), (42, 32))  # moved by 12, 12
    drag((60, 48), (72, 60))  # its lower right corner
    drag((90, 70), (90.5, 70.2))  # too small to be one
    drag((84, 6), (114, 27))
    page.get_by_label("what the chosen box holds").select_option("disc")
    assert rects.count() == 2
    rects.nth(1).focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Keep these boxes").click()
    page.get_by_text("Kept in corrections.csv").wait_for()
    head, *rows = kept(folder)
    assert head == ["path", "x", "y", "w", "h", "label"] and [row[-1] for row in rows] == ["square", "disc"]
    for row, wanted in zip(rows, [(24, 21, 48, 39), (82.8, 6, 30, 21)], strict=True):
        assert [float(cell) for cell in row[1:5]] == pytest.approx(wanted, abs=0.6)
    rects.nth(0).focus()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Keep these boxes").click()
    page.wait_for_function("document.querySelectorAll('.found rect').length === 1")
    page.get_by_text("Kept in corrections.csv").wait_for()
    assert wrong == []
    page.context.close()


def sent(server: Served, content: bytes, boxes: Any) -> Any:
    said = boxes if isinstance(boxes, str) else json.dumps(boxes)
    return server.send("/correct", [("file", "a.png", content)], {"boxes": said})


def test_what_was_kept_is_read_by_fit(server: Served, folder: Path, tmp_path: Path) -> None:
    """A picture's boxes are those that were kept of it last, cut at its edges; one without things is kept too."""
    contents = []
    for i, picture in enumerate(boxed_pictures.scenes(3, size=(120, 90))[0]):
        picture.save(tmp_path / f"{i}.png")
        contents.append((tmp_path / f"{i}.png").read_bytes())
    box = {"label": "disc", "corners": [10, 20, 40, 50]}
    for content, boxes in [(contents[0], [box]), (contents[1], []), (contents[2], [box, box | {"label": "square"}])]:
        assert sent(server, content, boxes).said == {"kept": "corrections.csv"}
    assert sent(server, contents[0], [{"label": "square", "corners": [-5, 30.123, 20, 400]}]).status == 200
    dataset = recognise(folder, Reading(boxes=folder / "corrections.csv")).dataset()
    found = sorted((one.labels.tolist(), one.corners.tolist()) for one in dataset.y)
    assert found == [
        ([], []),
        (["disc", "square"], [[10, 20, 40, 50]] * 2),
        (["square"], [[0, 30.12, 20, 90]]),
    ]


@pytest.mark.parametrize(
    "boxes",
    [
        "",
        "[" * 9999,
        "{}",
        [3],
        [{"label": "disc", "corners": [1, 2, 3]}],
        [{"label": "disc", "corners": [1, 2, True, 9]}],
        '[{"label": "disc", "corners": [NaN, 1, 9, 9]}]',
        [{"label": "<script>", "corners": [1, 1, 9, 9]}],
        [{"label": "disc", "corners": [1, 1, 2, 9]}],
        [{"label": "disc", "corners": [1, 1, 9, 9]}] * 1001,
    ],
)
def test_other_boxes_are_refused(server: Served, folder: Path, tmp_path: Path, boxes: Any) -> None:
    boxed_pictures.scenes(1)[0][0].save(tmp_path / "a.png")
    answer = sent(server, (tmp_path / "a.png").read_bytes(), boxes)
    assert answer.status == 422 and answer.said["error"].startswith("Expected ")
    assert not folder.exists()


def test_rows_are_replaced_by_what_they_are_of(tmp_path: Path) -> None:
    append(tmp_path, {"path": "a", "label": "one"})
    append(tmp_path, {"path": "b", "label": "two\nlines"})
    replace(tmp_path, [{"path": "a", "label": "=1"}, {"path": "a", "label": "three"}], "path")
    assert kept(tmp_path) == [["path", "label"], ["b", "two\nlines"], ["a", "'=1"], ["a", "three"]]
    with pytest.raises(Refused, match="Expected a table of path, x"):
        replace(tmp_path, [{"path": "a", "x": "1"}], "path")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["corrections.csv"]
