"""``headstart demo speech``: its clips, and the way from them to verdict and report."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
from small_sounds import save_source

from headstart.cli.demos.wake_words import FOLDER, wake_words
from headstart.cli.main import exit_code
from headstart.networks.reading import folder_source, loading
from headstart.pretraining.speech.word_list import word_marks


def test_no_voice_stands_on_both_sides_and_every_voice_says_every_name() -> None:
    for seed in (0, 1):
        data = wake_words(40, seed)
        train, test = data.part("train"), data.part("test")
        assert train.n_per_class() == dict.fromkeys(data.classes or (), 10) and len(test) == 80
        assert train.groups is not None and test.groups is not None
        assert not set(train.groups) & set(test.groups)
        assert set(Counter(train.groups.tolist()).values()) == {4}
    other = wake_words(40, 2).part("train")
    assert other.groups is not None and set(other.groups) != set(train.groups)


def test_the_clips_are_sound_and_small_and_new_to_the_starter() -> None:
    data = wake_words(40, 0)
    waves = [data.inputs.decode(i)[0] for i in range(len(data))]
    assert {len(wave) for wave in waves} == {19200} and data.inputs.decode(0)[1] == 16000
    level = 20 * np.log10([np.sqrt(np.mean(wave**2)) for wave in waves])
    assert level.min() > -35 and level.max() < -12 and max(np.abs(wave).max() for wave in waves) < 1.1
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 700_000
    assert not set(data.classes or ()) & set(word_marks())


def test_it_ends_with_a_verdict_and_a_page_to_listen_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_source(tmp_path / "starters" / "speech")
    monkeypatch.setattr(folder_source, "_STARTERS", tmp_path / "starters")
    monkeypatch.setattr(loading, "_loaded", OrderedDict())  # else other tests get this one by the starter's name
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")  # espeak-ng is not needed
    out = tmp_path / "model"
    assert exit_code(["demo", "speech", "--labels", "24", "--budget", "3s", "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["demo"]["n"] == 96 and printed["source"]["name"] == "starter:speech"
    assert printed["data"]["n_groups"] == 6 and printed["reproduce"]["command"].startswith("headstart demo speech --l")
    assert "mel cepstra" in {candidate["name"] for candidate in printed["candidates"]}
    assert all("sound" not in mistake for mistake in printed["mistakes"])
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<audio controls" in page and "data:audio/mpeg;base64," in page and "data:image/png;base64," in page
    assert len(page) < 3_000_000 and "labelled clips" in page and "picture" not in page
    assert exit_code(["predict", str(out), str(FOLDER / "clips.ogg"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["predictions"][0]
    assert answer["label"] in ("athena", "aurora", "juniper", "orion")


@pytest.mark.parametrize(("what", "labels"), [("speech", 8), ("speech", 41), ("speech", 120), ("pictures", 5)])
def test_numbers_of_labels_that_there_are_not_are_wrong_usage(
    what: str, labels: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["demo", what, "--labels", str(labels)]) == 2
    assert "Expected --labels from" in capsys.readouterr().err
