"""The guard, its baseline, its evidence and its models on clips."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from small_sounds import RATE, save_source, sound_network, tones

import headstart
from headstart import SafeTransferClassifier
from headstart.cli.main import exit_code
from headstart.data.clips.clips import Clips
from headstart.data.clips.specimen import sound_base64
from headstart.data.inputs.registry import specimen
from headstart.data.pictures.pictures import Pictures
from headstart.errors import DataError, SourceError
from headstart.guard.baselines.classical import BaselineClassifier, BaselineRegressor
from headstart.guard.candidates.for_inputs import standard_for_inputs
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.train_size import train_size
from headstart.guard.evidence.before import expected, findings, input_type
from headstart.math.signals.mfcc import cepstral_features
from headstart.models.saving.baselines import load_baseline, save_baseline
from headstart.networks.running.simple_features import simple_features
from headstart.report.write import render

NETWORK = sound_network()


def words(n: int, seed: int = 0) -> tuple[Clips, np.ndarray]:
    """Two tones one after the other, low then high or high then low, somewhere in noise: only their order tells."""
    rng = np.random.default_rng(seed)
    y, waves = np.arange(n) % 2, []
    t = np.arange(1600) / RATE
    for label in y:
        low, high = (np.sin(2 * np.pi * f * t) for f in (rng.uniform(300, 400), rng.uniform(1500, 1800)))
        wave = rng.normal(0, 0.02, 8000)
        start = rng.integers(0, 4000)
        wave[start : start + 3200] += 0.3 * np.concatenate([low, high] if label == 0 else [high, low])
        waves.append(wave.astype(np.float32))
    return Clips(waves, sampling_rate=RATE), y


def test_the_baseline_hears_what_comes_first() -> None:
    clips, y = words(60)
    model = BaselineClassifier().fit(clips[:40], y[:40])
    assert model.score(clips[40:], y[40:]) == 1.0 and "course" in model.features_
    assert model.input_type_ == "audio"


def test_the_baseline_predicts_numbers_and_several_labels() -> None:
    clips, y = tones(60)
    assert BaselineRegressor().fit(clips[:40], 2.0 * y[:40]).score(clips[40:], 2.0 * y[40:]) > 0.9
    several = BaselineClassifier().fit(clips[:40], np.column_stack([y, 1 - y])[:40])
    assert (several.predict(clips[40:])[:, 0] == y[40:]).mean() > 0.9


@pytest.mark.parametrize("numbers", [False, True])
def test_the_baseline_is_saved_without_pickle(numbers: bool, tmp_path: Path) -> None:
    clips, y = tones(30)
    seen = NETWORK.preprocessing
    model = BaselineRegressor(seen).fit(clips, y * 1.5) if numbers else BaselineClassifier(seen).fit(clips, y)
    described = json.loads(json.dumps(save_baseline(model, tmp_path)))
    again = load_baseline(tmp_path, described)
    assert np.array_equal(again.predict(clips), model.predict(clips)) and again.preprocessing == seen
    described["features"] = "edges"
    with pytest.raises(SourceError, match="Expected a baseline"):
        load_baseline(tmp_path, described)


def test_simple_features_are_those_of_the_whole_clip_and_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clips, _ = tones(5, seed=9)
    found = simple_features(clips, NETWORK.preprocessing)
    timbre, course = cepstral_features(clips.decode(3)[0], RATE)
    assert np.array_equal(found["timbre"][3], timbre) and np.array_equal(found["course"][3], course)
    from headstart.data.clips import simple as sound_features

    monkeypatch.setattr(sound_features, "cepstral_features", None)
    assert np.array_equal(simple_features(clips[[3]], NETWORK.preprocessing)["course"][0], course)


def test_what_is_said_beforehand_names_clips_and_cepstra() -> None:
    clips, y = tones(40)
    found = findings(Material(clips, y, "classification", network=NETWORK))
    assert expected(found) and {f["verdict"] for f in found if f["check"] == "input type"} == {"neutral"}
    assert sum("on mel cepstra" in f["words"] for f in found) == 2
    few = findings(Material(clips, y, "classification", network=sound_network(39)))
    assert not expected(few)
    assert input_type("image", "audio")["verdict"] == "against"


def test_the_candidates_are_the_same_as_for_pictures_but_for_the_baseline() -> None:
    names = [c.name for c in standard_for_inputs(NETWORK, "classification", input_type="audio", n=40)]
    like = [c.name for c in standard_for_inputs(NETWORK, "classification", input_type="image", n=40)]
    assert names[0] == "mel cepstra" and like[0] == "edges and colours" and names[1:] == like[1:]
    assert train_size(NETWORK) is None


def test_a_mistake_is_shown_as_a_picture_and_heard() -> None:
    rate = 44100
    wave = np.zeros(8 * rate, np.float32)
    wave[6 * rate : 7 * rate] = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(rate) / rate)
    shown = specimen(Clips([wave], sampling_rate=rate), 0)
    assert shown["seconds"] == 8.0 and len(shown["thumbnail"]) < 30_000
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["thumbnail"]))).convert("L"))
    assert picture.shape == (120, 256)
    lit = picture[40:].max(axis=1)
    assert 30 < lit.argmax() < 50, "2 kHz lies about the middle of a mel axis up to 8 kHz"
    sound, heard_rate = soundfile.read(io.BytesIO(base64.b64decode(shown["sound"])))
    assert heard_rate == 16000 and 4.9 < len(sound) / heard_rate < 5.3
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.1)


def test_silence_and_shortest_clips_are_shown_too() -> None:
    for n in (80, 100, 4000):
        shown = specimen(Clips([np.zeros(n, np.float32)], sampling_rate=RATE), 0)
        Image.open(io.BytesIO(base64.b64decode(shown["thumbnail"]))).load()


def test_where_mp3_cannot_be_written_it_is_wav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(sound_base64(np.full(800, 2.0, np.float32), 16000))))
    assert len(sound) == 800 and sound.max() == pytest.approx(1, abs=1e-3) and rate == 16000


def test_the_guard_measures_and_hands_over() -> None:
    clips, y = tones(40)
    model = SafeTransferClassifier(NETWORK, budget=60.0, n_splits=3).fit(clips, np.array(["low", "high"])[y])
    assert model.score(clips, np.array(["low", "high"])[y]) > 0.9
    assert model.evidence_["data"]["input_type"] == "audio"
    assert {"mel cepstra", "random features", "head", "linear head"} <= {
        c["name"] for c in model.evidence_["candidates"]
    }
    with pytest.raises(DataError, match="Expected clips, as in fit, found pictures"):
        model.predict(Pictures([np.zeros((8, 8), np.uint8)]))
    with pytest.raises(SourceError, match="Expected clips, because the source takes clips"):
        SafeTransferClassifier(NETWORK).fit(np.zeros((12, 3)), np.arange(12) % 2)
    with pytest.raises(DataError, match="Expected a label for each of 40 clips"):
        SafeTransferClassifier(NETWORK).fit(clips, y[:4])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of three speakers, one of them put aside as test."""
    root = tmp_path_factory.mktemp("data") / "tones"
    clips, y = tones(48)
    for i, label in enumerate(y):
        place = root / ("test" if i >= 36 else "train") / ("low", "high")[label]
        place.mkdir(parents=True, exist_ok=True)
        soundfile.write(place / f"speaker{i // 6}_{i}.flac", clips.decode(i)[0], RATE)
    return root


def test_from_a_folder_to_a_saved_model_and_its_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = save_source(tmp_path / "source"), tmp_path / "model"
    words = ["fit", str(folder), "--source", str(source), "--out", str(out), "--budget", "2s"]
    assert exit_code([*words, "--group-by", "speaker[0-9]+", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["test"]["n"] == 12 and printed["test"]["accuracy"] > 0.7 and printed["data"]["n_groups"] == 6
    model = headstart.load(out)
    assert model.input_type == "audio"
    files = sorted((folder / "test").rglob("*.flac"))
    assert exit_code(["predict", str(out), str(folder / "test"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["predictions"]
    assert [row["file"] for row in said] == [str(file) for file in files]
    assert np.mean([row["label"] == Path(row["file"]).parent.name for row in said]) == printed["test"]["accuracy"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "36 labelled clips" in page and "picture" not in page and "media-src data:" in page
    with pytest.raises(DataError, match="Expected clips, as the model learned from, found pictures"):
        model.predict(Pictures([np.zeros((8, 8), np.uint8)]))


def test_broken_clips_are_named_by_predict(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model"
    headstart.fit(folder, None, budget=2, n_splits=2, out=out)
    new = tmp_path / "new"
    new.mkdir()
    good = next((folder / "test").rglob("*.flac"))
    (new / "good.flac").write_bytes(good.read_bytes())
    (new / "empty.wav").write_bytes(b"")
    (new / "text.mp3").write_text("no sound")
    assert exit_code(["predict", str(out), str(new), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [Path(row["file"]).name for row in found["predictions"]] == ["good.flac"]
    assert [Path(row["file"]).name for row in found["failed"]] == ["empty.wav", "text.mp3"]


def test_a_page_of_twelve_long_mistakes_stays_small() -> None:
    rng = np.random.default_rng(0)
    clips = Clips([rng.normal(0, 0.3, 30 * 16000).astype(np.float32) for _ in range(12)], sampling_rate=16000)
    mistakes = [
        {"name": f"{i}", "true": "a", "predicted": "b", "probability": 0.9} | specimen(clips, i) for i in range(12)
    ]
    assert all(len(mistake["thumbnail"]) < 30_000 for mistake in mistakes)
    page = render({"data": {"n": 12, "input_type": "audio", "task": "classification"}, "mistakes": mistakes})
    assert page.count("<audio controls") == 12 and len(page) < 3_000_000 and "(30 s)" in page
