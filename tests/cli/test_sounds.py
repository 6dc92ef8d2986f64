"""Clips as people have them, through the command line: right, or refused in words; never a traceback."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_families import a_wave, family
from scipy.signal import resample_poly
from small_sounds import save_source

from headstart.cli.main import exit_code
from headstart.errors import HeadstartError
from headstart.models import fitting as fit_module

REACHED = "the data were accepted"


def tone(label: str, rate: int, seconds: float, seed: int) -> np.ndarray:
    return a_wave(rate, seconds, (2, 20)[["low", "high"].index(label)] + seed % 3)


def recorded(folder: Path, n: int = 4) -> Path:
    """Clips of two classes, of several lengths and rates, mono and stereo."""
    for label in ("low", "high"):
        (folder / label).mkdir(parents=True)
        for i in range(n):
            rate, seconds = (8000, 44100, 16000)[i % 3], (0.5, 0.3, 1.2)[i % 3]
            wave = tone(label, rate, seconds, i) + 0.001 * np.random.default_rng(i).standard_normal(
                round(rate * seconds)
            )
            sound = np.stack([wave, 0.5 * wave], axis=1) if i % 4 == 1 else wave
            soundfile.write(folder / label / f"{i}.wav", sound, rate)
    return folder


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    def run(*words: str) -> tuple[int, str, str]:
        code = exit_code([str(word) for word in words])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err and "did not expect" not in captured.err
        return code, captured.out, captured.err

    return run


def mp3(wave: np.ndarray, rate: int) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, wave, rate, format="MP3", subtype="MPEG_LAYER_III")
    return stream.getvalue()


def test_a_folder_as_people_have_it_gives_a_model_with_notes(tmp_path: Path, said) -> None:
    data = recorded(tmp_path / "data")
    soundfile.write(data / "low" / "silent.wav", np.zeros(8000), 8000)
    soundfile.write(data / "high" / "silent.wav", np.zeros(8000), 8000)
    soundfile.write(data / "high" / "clipped.wav", np.clip(20 * tone("high", 8000, 0.5, 1), -1, 1), 8000)
    (data / "low" / "renamed.wav").write_bytes(mp3(tone("low", 44100, 0.5, 2), 44100))
    soundfile.write(data / "low" / "shortest.wav", tone("low", 8000, 0.5, 2)[:80], 8000)
    soundfile.write(data / "high" / "long.flac", tone("high", 8000, 9.0, 2), 8000)
    (data / "low" / "nothing.wav").touch()
    source, out = save_source(tmp_path / "net"), tmp_path / "model"
    code, _, err = said("fit", data, "--source", source, "--out", out, "--budget", "2s")
    assert code == 1 and "low/nothing.wav: the file is empty (0 bytes)" in err and "--skip-bad" in err
    assert not out.exists()
    code, printed, err = said("fit", data, "--source", source, "--out", out, "--budget", "2s", "--skip-bad", "--json")
    assert code == 0, err
    evidence = json.loads(printed)
    notes = " ".join(evidence["data"]["notes"])
    assert "2 clips are silent (no sample above -60 dB of full scale): high/silent.wav, low/silent.wav." in notes
    assert "1 clip is clipped" in notes and "high/clipped.wav" in notes
    assert [row["name"] for row in evidence["data"]["dropped"]] == ["low/nothing.wav"]
    assert evidence["data"]["n"] == 14 and evidence["verdict"]["word"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "2 clips are silent" in page and "high/clipped.wav" in page
    code, printed, err = said("predict", out, data / "low", "--json")
    assert code == 1 and "nothing.wav" in err
    (data / "low" / "nothing.wav").unlink()
    code, printed, err = said("predict", out, data / "low", "--json")
    assert code == 0, err
    assert len(json.loads(printed)["predictions"]) == 7


def test_a_rate_of_44100_is_heard_as_well_as_the_networks_own(tmp_path: Path) -> None:
    """A copy at another rate gets nearly the same features."""
    from headstart.data.clips.clips import Clips
    from headstart.networks.reading.loading import load_network
    from headstart.networks.running.embed import embed

    network = load_network(family("ast", tmp_path / "ast"))
    high, another = a_wave(44100, 0.48), a_wave(44100, 0.48, 4)
    own, other = (resample_poly(wave, 160, 441).astype(np.float32) for wave in (high, another))
    clips = Clips([(np.stack([high, high], axis=1), 44100), (own, 16000), (other, 16000)])
    found = embed(network, clips, exact=True).output
    assert np.linalg.norm(found[0] - found[1]) < 0.2 * np.linalg.norm(found[1] - found[2])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.wav", b"", "the file is empty (0 bytes)"),
        ("text.wav", b"hello, this is a text and not a sound" * 9, "text.wav"),
        ("head.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "head.wav"),
        ("noise.mp3", bytes(range(256)) * 20, "noise.mp3"),
        ("film.m4a", b"\x00\x00\x00\x20ftypM4A " + b"\x00" * 200, "film.m4a"),
    ],
    ids=["empty", "text", "head", "noise", "foreign"],
)
def test_broken_clips_are_named(
    name: str, content: bytes, words: str, tmp_path: Path, said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accepted(*args: object, **kwargs: object) -> None:
        raise HeadstartError(REACHED)

    monkeypatch.setattr(fit_module.SafeTransferClassifier, "fit", accepted)
    data = recorded(tmp_path / "data", 3)
    (data / "low" / name).write_bytes(content)
    code, _, err = said("fit", data, "--source", "none", "--out", tmp_path / "out")
    assert code == 1 and words in err
    code, _, err = said("fit", data, "--source", "none", "--out", tmp_path / "out", "--skip-bad")
    assert code == 1 and (REACHED in err or "m4a" in err)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 61.0])
def test_any_length_is_predicted(seconds: float, tmp_path: Path, said) -> None:
    data = recorded(tmp_path / "data", 4)
    code, _, err = said("fit", data, "--source", "none", "--out", tmp_path / "out", "--budget", "2s")
    assert code == 0, err
    soundfile.write(tmp_path / "new.wav", tone("low", 8000, seconds, 1), 8000)
    code, printed, err = said("predict", tmp_path / "out", tmp_path / "new.wav")
    assert code == 0 and ("low" in printed or "high" in printed), err


def test_a_network_of_an_audio_family_is_fitted_from_a_table(tmp_path: Path, said) -> None:
    data = recorded(tmp_path / "data", 3)
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "sound"])
        writer.writerows([f"data/{p.parent.name}/{p.name}", p.parent.name] for p in sorted(data.rglob("*.wav")))
    source = family("wav2vec2-pretrained", tmp_path / "w2v")
    out = tmp_path / "out"
    code, printed, err = said(
        "fit", tmp_path / "clips.csv", "--label", "sound", "--source", source, "--out", out, "--budget", "2s", "--json"
    )
    assert code == 0, err
    assert json.loads(printed)["source"]["name"] == "w2v"


def test_views_are_compared_too(tmp_path: Path, said) -> None:
    data = recorded(tmp_path / "data", 4)
    source, out = save_source(tmp_path / "net"), tmp_path / "out"
    words = ("fit", data, "--source", source, "--out", out, "--budget", "2s", "--json")
    code, printed, err = said(*words, "--views", "3")
    assert code == 0, err
    evidence = json.loads(printed)
    assert "head, 3 views" in [row["name"] for row in evidence["candidates"] + evidence["left_out"]]
    assert "--views 3" in evidence["reproduce"]["command"]
    code, _, err = said(*words, "--views", "0")
    assert code == 1 and "Expected views to be a whole number of at least 1 and of at most 64, found 0" in err


def test_networks_for_something_else_are_refused(tmp_path: Path, said) -> None:
    data = recorded(tmp_path / "data", 3)
    code, _, err = said("fit", data, "--source", "starter:pictures", "--out", tmp_path / "out")
    assert code == 1 and "Expected a network for sounds, found starter:pictures, which takes pictures" in err
    source = family("hubert", tmp_path / "hubert")
    (source / "preprocessor_config.json").unlink()
    code, _, err = said("fit", data, "--source", source, "--out", tmp_path / "out")
    assert code == 1 and "Expected preprocessor_config.json in" in err and "Get it from where" in err
