"""A source that saw fewer examples than the target has: said before training, for pictures and for sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from small_sounds import RATE, save_source, sound_network, tones

from headstart.cli.main import exit_code


def advice(data: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What ``headstart advise`` says."""
    capsys.readouterr()
    assert exit_code(["advise", str(data), "--source", str(source), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def verdict(found: dict[str, Any], check: str) -> str:
    return str(next(finding["verdict"] for finding in found["findings"] if finding["check"] == check))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """60 dark or light pictures of noise."""
    rng = np.random.default_rng(0)
    for i in range(60):
        folder = tmp_path / "pictures" / ("dark", "light")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 120, (32, 32, 3)) + 100 * (i % 2)
        Image.fromarray(noise.astype(np.uint8)).save(folder / f"{i}.png")
    return tmp_path / "pictures"


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """40 tones in a folder a class."""
    sounds, y = tones(40)
    for i, label in enumerate(y):
        folder = tmp_path / "clips" / ("low", "high")[label]
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{i}.wav", sounds.decode(i)[0], RATE)
    return tmp_path / "clips"


def test_a_source_pretrained_on_fewer_pictures(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--image-size", "32", "--batch-size", "32", "--classes", "4", "--per-class", "10"]
    assert exit_code(["pretrain", "formula:contours", *small, "--out", str(tmp_path / "source")]) == 0
    found = advice(pictures, tmp_path / "source", capsys)
    assert verdict(found, "size of the source") == "against" and not found["expected"]
    assert found["words"].startswith(
        "No gain is to be expected from this source: the source was trained on 40 examples"
    )
    assert verdict(advice(pictures, Path("starter:pictures"), capsys), "size of the source") == "neutral"


def test_a_source_for_sound_with_fewer_clips(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n, side in ((39, "against"), (400, "neutral")):
        source = save_source(tmp_path / f"source-{n}", sound_network(n))
        found = advice(clips, source, capsys)
        assert verdict(found, "size of the source") == side and verdict(found, "input type") == "neutral"
        assert any("on mel cepstra" in finding["words"] for finding in found["findings"])


def test_a_source_pretrained_on_clips_without_labels_says_how_many(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pretrain", str(clips / "low"), "--self-supervised", "--seconds", "0.5", "--epochs", "1"]
    assert exit_code([*words, "--batch-size", "10", "--out", str(tmp_path / "source")]) == 0
    found = advice(clips, tmp_path / "source", capsys)
    assert verdict(found, "size of the source") == "against" and not found["expected"]
