"""``headstart pretrain speech:synthetic``: from words to a source that a task starts from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from torch import nn

from headstart.cli.main import exit_code
from headstart.data.clips.clips import Clips
from headstart.errors import DataError, ParameterError
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.pretraining.distillation.taught_examples import teacher_lengths
from headstart.pretraining.examples.speech_sets import SpeechSettings, sound_views, speech_examples
from headstart.source import NetworkSource

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
SMALL = ["--words", "4", "--takes", "8", "--epochs", "1", "--batch-size", "16", "--seconds", "0.5"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def one_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(cache))


@needs_espeak
def test_words_make_a_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "source"
    assert exit_code(["pretrain", "speech:synthetic", *SMALL, "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["n_classes"] == 5 and printed["n_examples"] == 33 and "held_out_accuracy" in printed
    assert "headstart fit clips/ --source source" in (out / "README.md").read_text()
    network = load_network(out)
    assert network.input_type == "audio" and network.preprocessing.size == (8000,)
    assert network.card.class_names is not None and network.card.class_names[-1] == "(no word)"
    wave = np.random.default_rng(0).standard_normal(20000) * 0.1
    features = embed(network, Clips([wave], sampling_rate=16000))
    assert features.output.shape == (1, 384) and np.isfinite(features.output).all()


@needs_espeak
def test_words_and_clips_are_learned_from_a_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        soundfile.write(clips / f"{i}.wav", rng.standard_normal(12000) * 0.1, 16000)
    teacher = tmp_path / "teacher.py"
    teacher.write_text(
        "import torch\nfrom torch import nn\nfrom headstart.source import NetworkSource\n"
        "class Bands(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.body = nn.Conv1d(1, 12, 64, 32)\n"
        "    def forward(self, x):\n        return self.body(x[:, None]).abs().mean(2)\n"
        "def make():\n    torch.manual_seed(0)\n    return NetworkSource(Bands(), sampling_rate=16000, seconds=0.5)\n"
    )
    out = tmp_path / "source"
    command = ["pretrain", "speech:synthetic", str(clips), "--teacher", f"{teacher}:make", "--label-weight", "1"]
    command += ["--teacher", f"{teacher}:make", "--teacher-weight", "1", "--teacher-weight", "0.5", "--window", "0.75"]
    assert exit_code([*command, "--views", "2", *SMALL, "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["n_classes"] == 5 and printed["n_examples"] == 33 + 4
    assert {"loss", "accuracy", "cosine"} <= set(printed["held_out"])
    assert "4 clips without labels from clips" in printed["words"]
    network = load_network(out)
    assert network.input_type == "audio" and network.preprocessing.size == (12000,)


def test_without_the_synthesiser_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert exit_code(["pretrain", "speech:synthetic", *SMALL, "--out", str(tmp_path / "source")]) == 1
    assert (
        "needs the program espeak-ng, which was not found. Install it, on Debian with: apt install espeak-ng"
        in " ".join(capsys.readouterr().err.split())
    )


def test_other_speech_and_too_many_words_are_refused() -> None:
    with pytest.raises(ParameterError, match="Expected speech:synthetic, found 'speech:real'"):
        speech_examples("speech:real", SpeechSettings())
    with pytest.raises(ParameterError, match=r"Expected 2 to \d+ words, found 100000"):
        speech_examples("speech:synthetic", SpeechSettings(words=100_000))


def test_teachers_and_data_of_another_kind_are_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(4000, 8), nn.ReLU(), nn.Linear(8, 3))
    slow = load_network(NetworkSource(module, sampling_rate=8000, seconds=0.5, name="slow"))
    with pytest.raises(ParameterError, match="teachers for sounds at 16,000 Hz, found slow"):
        sound_views(["speech:synthetic"], [slow], SpeechSettings())
    soundfile.write(tmp_path / "a.wav", np.ones(8000) * 0.1, 16000)
    with pytest.raises(DataError, match="Expected speech:synthetic among the data"):
        sound_views([str(tmp_path)], [], SpeechSettings(), labelled=True)
    views = sound_views([str(tmp_path)], [], SpeechSettings(seconds=0.5), n_views=3)
    assert [(v.n, v.n_views, v.shape) for v in views] == [(1, 3, (8000,))]


def test_teachers_count_by_their_weights() -> None:
    one, two = teacher_lengths([2.0, 0.5], 2)
    a, b, c, d = (np.eye(2)[i] for i in (0, 1, 0, 0))  # the first teacher says 0, the second 1
    assert np.r_[one * a, two * c] @ np.r_[one * b, two * d] == pytest.approx(0.2)
    with pytest.raises(ParameterError, match=r"a weight above 0 for each of 2 teachers, found 1\.0\."):
        teacher_lengths([1.0], 2)
    with pytest.raises(ParameterError, match=r"found 1\.0, 0\.0"):
        teacher_lengths([1.0, 0.0], 2)
