"""Pre-training on labelled clips: what is learned from, what is held out, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from headstart.cli.pretrain import command
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError
from headstart.networks.reading.loading import load_network
from headstart.pretraining.examples.clip_examples import ClipExamples

PITCHES = {"high": 2200, "low": 300, "middle": 900}


def tones(n: int, seconds: float = 0.6, rate: int = 16_000) -> tuple[list[np.ndarray], np.ndarray]:
    """Tones of three pitches, each a little off."""
    rng = np.random.default_rng(4)
    labels = np.array(sorted(PITCHES))[np.arange(n) % 3]
    t = np.arange(round(seconds * rate)) / rate
    waves = [0.3 * np.sin(2 * np.pi * PITCHES[label] * rng.uniform(0.9, 1.1) * t) for label in labels]
    return [(wave + rng.normal(0, 0.01, len(t))).astype(np.float32) for wave in waves], labels


def dataset(n: int = 60, groups: np.ndarray | None = None) -> Dataset:
    waves, labels = tones(n)
    return from_arrays(Clips(waves, sampling_rate=16_000), labels, groups=groups)


def test_an_example_follows_from_its_number_and_the_epoch_alone() -> None:
    examples = ClipExamples(dataset(), seconds=0.5)
    one, other = np.array([3, 7, 11]), np.array([11, 20])
    first, again = examples.batch(one, 0), examples.batch(other, 0)
    assert first.x.shape == (3, 8000) and first.x.dtype == np.float32
    assert np.array_equal(first.x[2], again.x[0])
    assert not np.array_equal(first.x, examples.batch(one, 1).x)
    assert np.abs(first.x).max() <= 1


def test_held_out_clips_are_not_among_those_that_are_learned_from() -> None:
    groups = np.arange(60) // 6
    data = dataset(groups=groups)
    examples = ClipExamples(data, seconds=0.5)
    held = list(examples.held_out())
    assert sum(len(batch.x) for batch in held) == 60 - examples.n > 0
    learned = {wave.tobytes() for wave in examples.raw(np.arange(examples.n))}
    whole = {data.inputs.items[i][0].tobytes(): groups[i] for i in range(60)}
    known = {whole[wave] for wave in learned}
    assert len(known) + len({g for wave, g in whole.items() if wave not in learned}) == 10  # no group on both sides
    window = SoundPreprocessing(16_000, 8000)
    kept = [window.centre(np.frombuffer(wave, np.float32)) for wave in whole if wave not in learned]
    assert {x.tobytes() for x in kept} == {x.tobytes() for batch in held for x in batch.x}


def test_numbers_are_no_classes() -> None:
    waves, _ = tones(12)
    data = from_arrays(Clips(waves, sampling_rate=16_000), np.linspace(0, 1, 12), task="regression")
    with pytest.raises(DataError, match=r"Expected one label a clip to pretrain on, found a task of type regression"):
        ClipExamples(data)


def test_a_folder_of_clips_makes_a_source(tmp_path: Path) -> None:
    waves, labels = tones(96)
    for i, (wave, label) in enumerate(zip(waves, labels, strict=True)):
        (tmp_path / "clips" / label).mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "clips" / label / f"{i}.wav", wave, 16_000)
    words = [str(tmp_path / "clips"), "--seconds", "0.5", "--window", "1", "--epochs", "4", "--batch-size", "16"]
    result = CliRunner().invoke(command, [*words, "--out", str(tmp_path / "s"), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert record["words"] == "91 clips of 3 classes from clips"
    assert record["held_out"]["accuracy"] > 0.5  # by chance 0.33
    network = load_network(tmp_path / "s")
    assert network.input_type == "audio"
    assert network.card.class_names == ("high", "low", "middle")
    assert network.preprocessing.samples == 16_000
