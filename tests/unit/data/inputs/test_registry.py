"""A kind of input is one folder and one entry: with a kind made here everything works, in its own words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from number_sequences import ENTRY, SEQUENCES, SequencePreprocessing, Sequences, write_sequences

import headstart
from headstart.cli.main import exit_code
from headstart.data.base.kinds import CLIPS, kind_named
from headstart.data.inputs.inputs import as_inputs, inputs_in
from headstart.data.inputs.registry import preprocessing_of, register, unregister
from headstart.errors import BadInputs, DataError, ParameterError
from headstart.models.model import Model


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    register(ENTRY)
    yield write_sequences(tmp_path_factory.mktemp("data") / "curves")
    unregister(SEQUENCES)


@pytest.fixture(scope="module")
def fitted(sequences: Path) -> tuple[Model, Path]:
    out = sequences.parent / "model"
    return headstart.fit(sequences, None, budget=5, out=out), out


def test_a_new_kind_is_inspected(sequences: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["inspect", str(sequences)]) == 0
    said = capsys.readouterr().out
    assert "24 sequences" in said and "falling (12), rising (12)" in said and "20 to 39 numbers" in said
    assert "picture" not in said and "example" not in said


def test_what_is_in_memory_is_told_apart(sequences: Path) -> None:
    files = sorted(sequences.rglob("*.seq"))
    assert isinstance(inputs_in([str(file) for file in files]), Sequences)
    assert inputs_in(["some words", "and more"]).kind is not SEQUENCES
    rows = as_inputs(files)
    assert as_inputs(rows) is rows
    with pytest.raises(DataError, match=r"Expected sequences, found clips among them; b\.wav is a clip"):
        inputs_in([*map(str, files[:1]), "b.wav"])
    with pytest.raises(DataError, match="Expected sequences, found clips"):
        ENTRY.convert(headstart.Clips([np.zeros(800)], sampling_rate=8000))


def test_a_new_kind_is_learned_saved_and_predicted(
    sequences: Path, fitted: tuple[Model, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = fitted
    assert model.evidence["data"]["input_type"] == "sequence"
    assert model.evidence["metrics"]["accuracy"] > 0.6
    again = headstart.load(out)
    files = sorted(sequences.rglob("*.seq"))
    assert np.allclose(again.predict_proba(files), model.predict_proba(files))
    capsys.readouterr()
    assert exit_code(["predict", str(out), str(sequences), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    said = rows if isinstance(rows, list) else rows["predictions"]
    assert len(said) == 24
    card = (out / "README.md").read_text()
    assert 'model.predict(["numbers.seq"])' in card and "A new sequence is worth checking" in card
    assert "24 sequences, classification." in card and "picture" not in card


def test_a_table_may_name_its_files(
    sequences: Path, fitted: tuple[Model, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    names = [file.relative_to(sequences).as_posix() for file in sorted(sequences.rglob("*.seq"))]
    table = sequences / "table.csv"
    table.write_text("\n".join(["file,what", *(f"{name},{name.split('/')[0]}" for name in names)]))
    assert exit_code(["inspect", str(table)]) == 0
    assert "24 sequences" in capsys.readouterr().out
    assert exit_code(["predict", str(fitted[1]), str(table), "--json"]) == 0
    table.unlink()


def test_the_report_has_its_nouns(fitted: tuple[Model, Path]) -> None:
    out = fitted[1]
    assert exit_code(["report", str(out)]) == 0
    page = (out / "report.html").read_text()
    assert "24 labelled sequences" in page and "accuracy on new sequences" in page
    assert "picture" not in page and "example" not in page
    wrong = fitted[0].evidence["mistakes"][0]
    assert wrong["text"] in page and len(wrong["text"].split()) == 12, "a mistake is shown by its first numbers"


def test_what_cannot_be_read_is_named(sequences: Path, tmp_path: Path) -> None:
    write_sequences(tmp_path / "more", 4)
    (tmp_path / "more" / "rising" / "0.seq").write_text("1 2 three")
    with pytest.raises(BadInputs, match=r"rising/0\.seq: it holds something else than numbers"):
        headstart.fit(tmp_path / "more", None, budget=5)


def test_its_preprocessing_is_read_again(sequences: Path) -> None:
    assert preprocessing_of("sequence", {"centred": True}) == SequencePreprocessing(True)


def test_it_has_no_network_to_pretrain(sequences: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Expected clips or pictures to pretrain on, found sequences"):
        headstart.pretrain(sequences, tmp_path / "source")


def test_a_kind_is_registered_once(sequences: Path) -> None:
    with pytest.raises(ParameterError, match="Expected a new kind of input, found a second 'sequence'"):
        register(ENTRY)
    same_files = dataclasses.replace(SEQUENCES, input_type="track")
    with pytest.raises(ParameterError, match=r"Expected suffixes that no other kind has, found \.seq"):
        register(dataclasses.replace(ENTRY, kind=same_files))
    assert kind_named("track").many == "examples"
    assert kind_named("audio") is CLIPS
