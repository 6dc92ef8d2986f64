"""``headstart inspect``: what was read, on a terminal and as JSON; what a fit would refuse; tables in predict."""

from __future__ import annotations

import json
from pathlib import Path

import boxed_pictures
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.cli.main import exit_code


def painted(root: Path, *names: str, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    for name in names:
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8))
        small.resize((32, 32), Image.Resampling.BICUBIC).save(place)
    return root


def test_a_folder_is_described_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = painted(tmp_path / "data", *(f"{k}/{i}.png" for k in "ab" for i in range(3)))
    (root / "a" / "broken.png").write_bytes(b"no picture")
    before = sorted(tmp_path.rglob("*"))
    assert exit_code(["inspect", str(root)]) == 0
    said = capsys.readouterr().out
    assert "6 pictures, a folder for each class" in said and "a (3), b (3)" in said and "32 x 32 pixels" in said
    assert "Left out: 1 (a/broken.png: " in said
    assert sorted(tmp_path.rglob("*")) == before


def test_json_holds_the_same_and_what_would_be_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    pd.DataFrame({"age": [31, 45, 28, 60], "y": ["ill", "well", "ill", "well"]}).to_csv(table, index=False)
    assert exit_code(["inspect", str(table), "--label", "y", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["classes"] == {"ill": 2, "well": 2} and found["form"]["separator"] == "comma"
    assert [(c["name"], c["role"]) for c in found["columns"]] == [("age", "feature"), ("y", "label")]
    parts = painted(tmp_path / "parts", "train/1.png", "test/2.png")
    assert exit_code(["inspect", str(parts), str(table), "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert "found files without labels" in first["refused"] and second["refused"] is None


def test_fit_says_first_what_it_read_and_predict_takes_the_same_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    painted(tmp_path / "img", *(f"{i}.png" for i in range(12)))
    table = tmp_path / "t.csv"
    pd.DataFrame({"image_id": range(12), "kind": ["ant", "bee"] * 6}).to_csv(table, index=False)
    out = tmp_path / "model"
    assert exit_code(["fit", str(table), "--source", "none", "--budget", "2s", "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.index("12 pictures, a table of files") >= 0 and "ant (6), bee (6)" in printed.err
    assert json.loads(printed.out)["data"]["read"]["layout"] == "a table of files"
    assert exit_code(["predict", str(out), str(table), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["predictions"]) == 12


def test_boxes_are_counted_and_what_is_wrong_with_them_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures, boxes = boxed_pictures.scenes(6)
    pictures[5] = pictures[4]
    boxes[5] = boxes[4]
    place = boxed_pictures.write(tmp_path, "yolo", pictures, boxes)
    (place / "003.txt").unlink()
    assert exit_code(["inspect", str(tmp_path / "images"), "--boxes", str(place)]) == 0
    said = capsys.readouterr().out
    assert "6 pictures, boxes in YOLO text" in said and "Task: detection, 2 classes: disc (" in said
    assert "below 32 x 32 pixels" in said and "without any; at most" in said and "  disc: " in said
    assert "Equal: 1 sets" in said and "1 picture has no label file, and counts as without things" in said
    assert exit_code(["inspect", str(tmp_path / "images"), "--boxes", str(tmp_path / "data.yaml"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["boxes"]["n"] == sum(found["classes"].values()) and found["boxes"]["classes"]["disc"]["pictures"] > 0
    (place / "000.txt").write_text("7 0.5 0.5 0.1 0.1")
    assert exit_code(["inspect", str(tmp_path / "images"), "--boxes", str(place)]) == 1
    assert "Refused: Expected one of 2 classes" in capsys.readouterr().out


def test_folders_of_pictures_and_labels_say_which_option_names_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxed_pictures.write(tmp_path, "yolo", *boxed_pictures.scenes(3))
    assert exit_code(["inspect", str(tmp_path)]) == 1
    assert "Boxes of things in the pictures are named with --boxes" in capsys.readouterr().out
