"""The whole way with what is bundled: demo, then predict, report and a further fit with what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.cli.demos.digits import digits
from headstart.cli.main import exit_code


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that ``headstart demo`` writes, from 30 labels in a few seconds."""
    room = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", str(room / "cache"))
        assert exit_code(["demo", "--labels", "30", "--budget", "5s", "--out", str(room / "model"), "--debug"]) == 0
        yield room / "model"


def test_the_digits_are_divided_evenly() -> None:
    data = digits(50, seed=1)
    assert len(data) == 1797 and data.inputs.decode(0).shape == (64, 64, 3)
    assert np.bincount(data.part("train").y).tolist() == [5] * 10
    assert data.held_out == "test" and len(data.part("test")) == 1747


def test_the_demo_proves_what_it_hands_over(demo: Path) -> None:
    evidence: dict[str, Any] = json.loads((demo / "evidence.json").read_text(encoding="utf-8"))
    assert evidence["test"]["n"] == 1767 and evidence["test"]["accuracy"] > 0.6
    assert {candidate["transfer"] for candidate in evidence["candidates"]} == {True, False}
    assert evidence["reproduce"]["command"] == "headstart demo --labels 30 --seed 0"
    page = (demo / "report.html").read_text(encoding="utf-8")
    assert "30 handwritten digits" in page and "data:image/jpeg;base64," in page


def test_its_model_labels_pictures_and_names_the_broken(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = digits(50, seed=0)
    for i in range(20):
        Image.fromarray(data.inputs.decode(i)).save(tmp_path / f"{i:02d}.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "00.png").read_bytes()[:60])
    assert exit_code(["predict", str(demo), str(tmp_path), "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    right = [row["label"] == data.y[i] for i, row in enumerate(printed["predictions"])]
    assert len(right) == 20 and np.mean(right) > 0.6
    assert [Path(entry["file"]).name for entry in printed["failed"]] == ["broken.png"]
    for row in printed["predictions"]:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_advice_before_training(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = digits(20, seed=0)
    for i in range(30):
        folder = tmp_path / f"digit {data.y[i]}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(data.inputs.decode(i)).save(folder / f"{i:02d}.png")
    assert exit_code(["advise", str(tmp_path), "--source", "starter:pictures", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {"input type", "trained weights", "nearest neighbours"} <= {found["check"] for found in printed["findings"]}
    assert printed["words"].endswith(".") and isinstance(printed["expected"], bool)
    assert exit_code(["advise", str(tmp_path), "--source", str(demo / "absent")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_its_report_can_be_written_again(demo: Path, tmp_path: Path) -> None:
    assert exit_code(["report", str(demo), "--out", str(tmp_path / "again.html")]) == 0
    assert (tmp_path / "again.html").read_text() == (demo / "report.html").read_text()


def test_somebody_s_own_folder_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert exit_code(["demo", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "Expected an empty folder or an earlier result" in said and "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
