"""Fitting on pictures with boxes: proof, saving, loading, and what makes no sense with boxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boxed_pictures as maker
import numpy as np
import pytest
from tiny_pictures import network, source

import headstart
from headstart.cli.main import exit_code
from headstart.cli.summary import summary
from headstart.data.boxes.boxes import Boxes
from headstart.data.clips.clips import Clips
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.errors import DataError, ParameterError
from headstart.guard.detecting.tried import Way
from headstart.report.write import render


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in parts and their annotation."""
    root = tmp_path_factory.mktemp("boxed")
    pictures, boxes = maker.scenes(20, size=(96, 72))
    maker.write(root, "coco", pictures, boxes)
    for i in range(20):
        part = root / "images" / ("train" if i < 14 else "test")
        part.mkdir(exist_ok=True)
        (root / "images" / f"{i:03d}.png").rename(part / f"{i:03d}.png")
    return root


@pytest.fixture(scope="module")
def model(place: Path) -> Any:
    out = place / "model"
    return headstart.fit(place / "images", source(), boxes=place / "boxes.json", out=out, n_splits=2, budget=600)


def test_the_evidence_holds_verdict_candidates_scores_and_what_was_read(model: Any) -> None:
    evidence = model.evidence
    assert evidence["data"]["n"] == 14 and evidence["data"]["parts"] == {"test": 6, "train": 14}
    assert [one["transfer"] for one in evidence["candidates"]] == [False, True]
    assert sum(one["chosen"] for one in evidence["candidates"]) == 1
    assert evidence["verdict"]["word"] == "cannot tell" and "14 pictures are too few" in evidence["verdict"]["sentence"]
    assert evidence["estimate"]["metric"] == "ap50" and 0 <= evidence["estimate"]["value"] <= 1
    assert evidence["test"]["n"] == 6 and {"ap50", "ap75", "ap", "interval"} <= set(evidence["test"])
    assert [row["class"] for row in evidence["detection"]["classes"]] == list(maker.CLASSES)
    assert "boxes=" in evidence["reproduce"]["code"]
    json.dumps(evidence, allow_nan=False)


def test_the_json_of_fit_holds_no_pictures(model: Any) -> None:
    assert model.evidence["detection"]["mistakes"]
    assert "thumbnail" not in json.dumps(summary(model.evidence))


def test_what_is_loaded_finds_the_same(model: Any, place: Path) -> None:
    again = headstart.load(place / "model", network())
    pictures = sorted((place / "images" / "test").iterdir())
    for one, other in zip(model.predict(pictures), again.predict(pictures), strict=True):
        np.testing.assert_allclose(one.corners, other.corners, atol=1e-6)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-9)
    assert again.thresholds == model.thresholds and again.classes_.tolist() == list(maker.CLASSES)
    for one in again.certain(pictures):
        assert all(score >= again.thresholds[label] for label, score in zip(one.labels, one.scores, strict=True))
    assert "pipeline_tag: object-detection" in (place / "model" / "README.md").read_text()


def test_the_report_shows_verdict_curves_classes_and_wrong_pictures(model: Any) -> None:
    page = render(model.evidence)
    assert "What it finds, class by class" in page and "Precision over recall of each class" in page
    assert "average precision (AP50)" in page and "Where it goes wrong" in page and "data:image/jpeg;base64" in page
    assert "Boxes of each class" in page and "macro F1" not in page and "AP75" in page


@pytest.mark.parametrize(
    ("option", "flag"),
    [
        ({"metric": "auc"}, "--metric"),
        ({"unlabelled": ["a.jpg"]}, "--unlabelled"),
        ({"views": 2}, "--views"),
        ({"class_weight": "balanced"}, "--class-weight"),
        ({"plain": True}, "--plain"),
        ({"ask": 5}, "--ask"),
        ({"text_windows": 2}, "--text-windows"),
    ],
)
def test_options_that_make_no_sense_with_boxes_are_refused_in_words(option: Any, flag: str, place: Path) -> None:
    with pytest.raises(
        ParameterError, match=f"say something of pictures with boxes, found {next(iter(option))}.*{flag}"
    ):
        headstart.fit(place / "images", None, boxes=place / "boxes.json", **option)


def test_options_of_reading_are_refused_too(place: Path) -> None:
    with pytest.raises(ParameterError, match=r"found text_column\. Leave it out \(--text-column\)"):
        headstart.fit(place / "images", None, boxes=place / "boxes.json", text_column="a")


def test_classes_are_those_that_are_named(place: Path) -> None:
    with pytest.raises(ParameterError, match="Expected classes among disc, square, found cube"):
        headstart.fit(place / "images", None, boxes=place / "boxes.json", classes=["cube"])


def test_too_few_pictures_are_too_few() -> None:
    pictures, boxes = maker.scenes(4)
    with pytest.raises(DataError, match="at least 6 pictures to learn from, found 4"):
        headstart.fit((pictures, boxes), None)


def test_other_inputs_and_other_uses_are_refused(model: Any) -> None:
    with pytest.raises(DataError, match="Expected pictures, found clips"):
        model.predict(Clips(["a.wav"]))
    with pytest.raises(ParameterError, match="for what to label next, found one that finds things"):
        headstart.label_next(["a.jpg"], model=model)


@pytest.fixture
def saved(model: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the model, loaded by commands with its module."""
    import headstart.models.model as loading

    monkeypatch.setattr(loading, "load", lambda folder, module=None: model)
    return place / "model"


def test_predict_prints_a_row_a_box_that_is_read_again_as_boxes(
    saved: Path, place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert exit_code(["predict", str(saved), str(place / "images" / "test"), "--csv", "--least", "0.05"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "file,label,score,xmin,ymin,xmax,ymax,error" and len(rows) >= 7
    table = tmp_path / "found.csv"
    table.write_text("\n".join(rows) + "\n")
    found = recognise(place / "images", Reading(boxes=table)).dataset()
    assert len(found) == 6 and found.unlabelled == 14


def test_predict_prints_coco_s_result_format(saved: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", str(saved), str(place / "images" / "test"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"image_id", "category_id", "bbox", "score"} <= set(rows[0])
    assert {row["image_id"] for row in rows} <= set(range(14, 20)) and {row["category_id"] for row in rows} <= {1, 2}


def test_predict_draws_into_a_folder_and_names_what_cannot_be_read(
    saved: Path, place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    inputs = [str(place / "images" / "test"), str(broken)]
    assert exit_code(["predict", str(saved), *inputs, "--draw", str(tmp_path / "out"), "--least", "0.05"]) == 1
    told = capsys.readouterr()
    assert "Drawn: 6 pictures" in told.err and "broken.png" in told.err and "file" in told.out
    drawn = sorted((tmp_path / "out").rglob("*.png"))
    assert [path.name for path in drawn] == [f"{i:03d}.png" for i in range(14, 20)]
    assert exit_code(["predict", str(saved), inputs[0], "--draw", inputs[0]]) == 1
    assert "another folder to draw into than that of the pictures" in capsys.readouterr().err


def test_options_of_other_models_are_refused(saved: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", str(saved), str(place / "images"), "--sets", "0.1"]) == 2
    assert "--sets say nothing of a model that finds things" in capsys.readouterr().err


class Blind:
    """Finds nothing."""

    def __init__(self) -> None:
        self.classes_ = np.array(maker.CLASSES, object)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def fit(self, pictures: Any, boxes: Any) -> Blind:
        return self

    def predict(self, pictures: Any) -> list[Boxes]:
        return [Boxes(np.zeros((0, 4)), np.zeros(0, object), np.zeros(0))] * len(pictures)


def test_in_memory_and_a_detector_that_finds_nothing_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    import headstart.models.detecting as detecting

    ways = [Way("blind", Blind(), False, "nothing"), Way("boxes", Blind(), True, "nothing")]
    monkeypatch.setattr(detecting, "offered", lambda source, effort: (ways, None))
    pictures, boxes = maker.scenes(24)
    model = headstart.fit((pictures, boxes), None)
    assert model.evidence["lead"]["words"] == "Finds nothing in new pictures that is worth a box."
    assert model.evidence["estimate"]["value"] == 0 and "hardly better than nothing" in model.evidence["warnings"][0]
    assert model.evidence["verdict"]["word"] == "no evidence either way" and len(model.evidence["curves"]) == 2
    assert "Finds nothing in new pictures" in render(model.evidence)
    none = headstart.fit((pictures, boxes), None, budget=1e-6)
    assert none.evidence["curves"] == [] and "more than the budget" in none.evidence["warnings"][-1]
