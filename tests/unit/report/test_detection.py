"""The section on a detector: lines, numbers, and nothing where nothing is known."""

from __future__ import annotations

from headstart.report.detection import detection, precision_over_recall

ROW = {
    "class": "car", "boxes": 120, "pictures": 40, "ap50": 0.41, "ap75": 0.1, "threshold": 0.35, "recall": [0.1, 0.5],
    "precision": [1.0, 0.6], "mean": 2.5, "error": 0.75, "bias": -0.25,
}  # fmt: skip


def test_classes_stand_by_their_boxes_and_say_what_was_measured() -> None:
    page = detection({"classes": [ROW | {"class": "bus", "boxes": 3}, ROW], "mistakes": []})
    assert page is not None
    assert [row["name"] for row in page["rows"]] == ["car", "bus"]
    first = page["rows"][0]
    assert (first["ap50"], first["least"], first["error"], first["bias"]) == ("41.0%", "35.0%", "0.75", "\u22120.25")
    assert first["mean"] == "2.50"
    assert [entry["name"] for entry in page["legend"]] == ["car", "bus"] and page["more"] == 0


def test_what_was_not_measured_is_no_number() -> None:
    empty = {"class": "tram", "boxes": 1, "pictures": 1, "threshold": 1.0, "recall": [], "precision": []}
    page = detection({"classes": [empty], "mistakes": []})
    assert page is not None and page["figure"] is None
    assert page["rows"][0]["ap50"] == page["rows"][0]["mean"] == "–"
    assert detection(None) is None and detection({"classes": []}) is None


def test_a_line_goes_from_the_surest_boxes_to_all() -> None:
    drawn = str(precision_over_recall([ROW]))
    assert drawn.count("<polyline") == 1 and "<title>car</title>" in drawn
    left, right = (tuple(map(float, point.split(","))) for point in drawn.split('points="')[1].split('"')[0].split())
    assert left[0] < right[0] and left[1] < right[1]  # more is found, fewer boxes are right: down the page


def test_six_lines_at_most_and_names_are_escaped() -> None:
    page = detection({"classes": [ROW | {"class": f"<b>{k}"} for k in range(8)], "mistakes": []})
    assert page is not None and len(page["legend"]) == 6 and page["more"] == 2
    assert "<b>" not in str(page["figure"])


def test_pictures_say_what_is_wrong_and_missed() -> None:
    shown = {"name": "a.jpg", "thumbnail": "/9j/AAAA", "wrong": ["car", "bus", "car"], "missed": [], "right": 2}
    page = detection({"classes": [ROW], "mistakes": [shown, {"name": "b", "thumbnail": "<script>"}]})
    assert page is not None
    first, second = page["cards"]
    assert (
        first["wrong"] == "2 car, 1 bus" and first["missed"] == "" and first["thumbnail"].startswith("data:image/jpeg")
    )
    assert second["thumbnail"] == ""
