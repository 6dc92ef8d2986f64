"""The command ``headstart pretrain``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import headstart
from headstart.cli.main import exit_code
from headstart.cli.pretrain import command
from headstart.errors import ParameterError
from headstart.networks.reading.loading import load_network
from headstart.pretraining.self_supervised import objective as self_supervised

SMALL = ["--classes", "4", "--per-class", "20", "--image-size", "32", "--batch-size", "32"]


def test_a_formula_makes_a_source_and_a_preview(tmp_path: Path) -> None:
    words = ["formula:mixed", *SMALL, "--out", str(tmp_path / "s"), "--preview", str(tmp_path / "s.png"), "--json"]
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert record["n_examples"] == 80
    assert load_network(tmp_path / "s").card.n_classes == 4
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (16 * 32, 4 * 32)


def test_a_preview_alone_trains_nothing(tmp_path: Path) -> None:
    words = ["formula:contours", *SMALL, "--preview", str(tmp_path / "s.png")]
    assert CliRunner().invoke(command, words, catch_exceptions=False).exit_code == 0
    assert [file.name for file in tmp_path.iterdir()] == ["s.png"]


def test_a_folder_makes_a_source(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(8):
            noise = rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / "pictures" / name / f"{i}.png")
    words = ["pretrain", str(tmp_path / "pictures"), "--out", str(tmp_path / "s"), "--epochs", "1", "--no-flip"]
    assert exit_code([*words, "--image-size", "32", "--no-half"]) == 0
    assert load_network(tmp_path / "s").card.class_names == ("one", "two")


def test_without_anywhere_to_write_it_is_wrong_usage() -> None:
    result = CliRunner().invoke(command, ["formula:mixed"])
    assert result.exit_code == 2
    assert "Missing option '--out'" in result.output


def test_errors_are_one_message(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert exit_code(["pretrain", "formula:squares", "--out", str(tmp_path / "s")]) == 1
    said = capsys.readouterr().err
    assert "Expected a formula of glyphs" in said
    assert "found 'squares'" in said
    assert exit_code(["pretrain", str(tmp_path), "--preview", str(tmp_path / "s.png")]) == 1
    assert "Expected a formula to preview" in capsys.readouterr().err


def test_pictures_without_labels_make_a_source_and_collapse_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_supervised, "LEAST_EVENNESS", 1.1)  # as if all features were the same
    for i in range(24):
        folder = tmp_path / "pictures" / str(i % 5) / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(folder / f"{i}.png")
    words = [str(tmp_path / "pictures"), "--self-supervised", "--out", str(tmp_path / "s"), "--image-size", "32"]
    result = CliRunner().invoke(command, [*words, "--epochs", "1", "--batch-size", "8"], catch_exceptions=False)
    assert result.exit_code == 0
    network = load_network(tmp_path / "s")
    assert network.card.class_names is None
    assert network.card.n_examples == 24
    assert "24 pictures without labels from pictures" in (tmp_path / "s" / "README.md").read_text()
    assert "evenness" in result.stdout
    assert "It has collapsed" in result.stderr
    assert "It has collapsed" in (tmp_path / "s" / "README.md").read_text()


def test_learning_without_labels_takes_one_set_and_no_teacher(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    both = ["a", "--self-supervised", "--teacher", "b", "--out", str(tmp_path / "s")]
    result = CliRunner().invoke(command, both)
    assert result.exit_code == 2
    assert "Take --self-supervised or --teacher, not both" in result.output
    assert exit_code(["pretrain", "a", "b", "--self-supervised", "--out", str(tmp_path / "s")]) == 1
    assert "Expected one set to learn from without labels, found 2: a, b" in capsys.readouterr().err


def test_a_teacher_with_several_kinds_of_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "loose.npz", x=rng.integers(0, 255, (12, 28, 28), dtype=np.uint8))
    words = ["formula:textures", str(tmp_path / "loose.npz"), "--teacher", "starter:pictures", "--views", "2", "--json"]
    more = ["--epochs", "1", "--licence", "MIT", "--note", "Twelve of them are noise.", "--out", str(tmp_path / "s")]
    result = CliRunner().invoke(command, [*words, *SMALL, *more], catch_exceptions=False)
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert record["recipe"]["views"] == 2
    assert set(record["held_out"]) == {"loss", "cosine"}
    assert record["notes"][0] == "Twelve of them are noise."
    assert record["notes"][1].startswith("Teacher: starter:pictures")
    assert load_network(tmp_path / "s").card.licence == "MIT"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loose.npz", "s"]


def test_teachers_and_no_labels_exclude_each_other(tmp_path: Path) -> None:
    words = ["formula:mixed", "--teacher", "starter:pictures", "--self-supervised", "--out", str(tmp_path / "s")]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert "--self-supervised or --teacher, not both" in result.output


def test_in_python(tmp_path: Path) -> None:
    small = {"classes": 4, "per_class": 20, "image_size": 32, "batch_size": 32}
    record = headstart.pretrain("formula:leaves", tmp_path / "s", **small)
    assert record["n_examples"] == 80 and record["out"] == str(tmp_path / "s")
    with pytest.raises(ParameterError, match="Expected self_supervised or teachers, found both"):
        headstart.pretrain("a", tmp_path / "t", self_supervised=True, teachers=["b"])
    with pytest.raises(ParameterError, match="Expected out=, a folder for the source, or preview=, found neither"):
        headstart.pretrain("formula:leaves")
    with pytest.raises(ParameterError, match="image_size"):
        headstart.pretrain("formula:leaves", tmp_path / "t", image_size=8)
    with pytest.raises(ParameterError, match="Expected one labelled set, found 2: a, b"):
        headstart.pretrain(["a", "b"], tmp_path / "t")
