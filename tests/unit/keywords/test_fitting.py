"""Words against everything else: from folders to a detector that listens, and its evidence."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from small_sounds import save_source
from small_words import RATE, noise, with_words, write_words

import headstart
from headstart.cli.main import cli
from headstart.data.reading.read import read_dataset
from headstart.errors import DataError, ParameterError, SourceError
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.effort import Effort
from headstart.keywords import fitting as keyword_fit
from headstart.keywords import material as keyword_material
from headstart.keywords.fitting import KeywordTask
from headstart.keywords.listener import Event
from headstart.keywords.material import PARTS
from headstart.keywords.windows import Variation
from headstart.report.write import render

SAID = [(3.0, "up"), (7.0, "down"), (11.0, "up"), (14.0, "down")]


@pytest.fixture(scope="module", autouse=True)
def few_windows() -> Iterator[None]:
    """Enough for two sounds that no one could take for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyword_material, "_WINDOWS", (100, 100))
        patch.setattr(keyword_material, "_COMPARED", 60)
        patch.setattr(keyword_material, "_COMPARED_OTHER", 60)
        patch.setattr(keyword_material, "_VARIATION", Variation(snr=(10.0, 25.0), level=(-25.0, -15.0)))
        yield


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evening") / "evening.wav"
    soundfile.write(path, noise(40, np.random.default_rng(9)), RATE)
    return path


@pytest.fixture(scope="module")
def folder(words: Path, evening: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved detector on mel cepstra."""
    out = tmp_path_factory.mktemp("model") / "model"
    headstart.fit(words, None, task="keyword", background=evening, budget=5, n_splits=2, out=out)
    return out


def right(events: list[Event]) -> bool:
    return [event.word for event in events] == [word for _, word in SAID] and all(
        abs(event.time - when) < 0.5 for event, (when, _) in zip(events, SAID, strict=True)
    )


def test_words_are_heard_once_each_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    wave = with_words(16, SAID)
    soundfile.write(tmp_path / "a.flac", wave, RATE)
    model = headstart.load(folder)
    events = list(headstart.listen(model, tmp_path / "a.flac", threshold=0.0))
    assert right(events), events
    assert right(list(headstart.listen(folder, wave, sampling_rate=RATE, threshold=0.0)))


def test_a_raw_stream_gives_the_same_as_the_file(folder: Path, tmp_path: Path) -> None:
    raw = np.round(with_words(16, SAID) * 32767).astype("<i2")
    soundfile.write(tmp_path / "a.wav", raw, RATE, subtype="PCM_16")
    from_file = list(headstart.listen(folder, tmp_path / "a.wav", threshold=0.0))
    stream = io.BytesIO(raw.tobytes())
    assert list(headstart.listen(folder, stream, sampling_rate=RATE, threshold=0.0)) == from_file


def test_evidence_says_how_far_the_background_goes(folder: Path) -> None:
    keyword = headstart.load(folder).evidence["keyword"]
    assert keyword["words"] == ["down", "up"]
    assert keyword["n_clips"] == 16
    assert not keyword["counted"]
    assert "too little background to count" in keyword["sentence"]
    assert keyword["alarms_at_most"] > 60
    rates = [point["false_alarms"] for point in keyword["curve"]]
    missed = [point["missed"] for point in keyword["curve"]]
    assert rates == sorted(rates, reverse=True)
    assert missed == sorted(missed)


def test_report_draws_the_curve(folder: Path) -> None:
    page = render(headstart.load(folder).evidence)
    assert "Missed words against false alarms an hour" in page
    assert "false alarms an hour (missed words: upwards)" in page
    assert "<script" not in page


def test_a_network_learns_words_and_travels_with_its_detector(words: Path, evening: Path, tmp_path: Path) -> None:
    source = save_source(tmp_path / "net")
    out = tmp_path / "model"
    only = {"new layers": headstart.TransferClassifier(str(source), head="hidden", random_state=0)}
    settings = {"task": "keyword", "background": evening, "budget": 5, "n_splits": 2, "candidates": only}
    model = headstart.fit(words, str(source), out=out, **settings)
    loaded = headstart.load(out)
    assert loaded.detector == model.detector
    wave = with_words(10, [(5.0, "up")])
    each = [list(headstart.listen(m, wave, sampling_rate=RATE, threshold=-50)) for m in (loaded, model)]
    assert each[0] == each[1]


@pytest.mark.parametrize("many", [1, 10**6])
def test_one_linear_head_is_offered_where_windows_are_few(
    words: Path, evening: Path, tmp_path: Path, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyword_fit, "_MANY", many)
    source = str(save_source(tmp_path / "net"))
    data = read_dataset(words)
    effort = Effort(budget=5)
    made = KeywordTask.of(data, source, effort, background=evening, false_alarms=1.0, skip_bad=False).material
    names = [candidate.name for candidate in keyword_fit.keyword_candidates(made, device="cpu", seed=0)]
    assert ("linear head" in names) is (many > 1)
    last = next(c for c in keyword_fit.keyword_candidates(made, device="cpu", seed=0) if c.name == "last layers")
    assert last.instead_of == ("new layers" if many == 1 else "")
    assert "new layers" in names
    assert "head" not in names


def test_last_layers_are_offered_and_priced_with_all_that_is_learned_in_the_end(
    words: Path, evening: Path, tmp_path: Path
) -> None:
    source = str(save_source(tmp_path / "net"))
    data = read_dataset(words)
    effort = Effort(budget=5)
    made = KeywordTask.of(data, source, effort, background=evening, false_alarms=1.0, skip_bad=False).material
    found = {c.name: c for c in keyword_fit.keyword_candidates(made, device="cpu", seed=0)}
    assert "last layers" in found
    assert not {"last block", "last 2 blocks"} & set(found)
    assert made.network is not None
    blocks = int(found["last layers"].estimator.train.removeprefix("last:"))
    assert blocks == round(0.4 * len(made.network.chain.blocks))
    parts = sum(np.mean(made.part != k) for k in range(PARTS))
    assert 1.5 < parts < PARTS
    for candidate in found.values():
        more = (len(made.whole) / len(made.dataset), 1 + parts) if candidate.dear else (1.0, 1.0)
        assert (candidate.final_rows, candidate.final_fits) == pytest.approx(more)


def test_a_tuned_network_learns_from_all_windows_and_goes_on_after_a_kill(
    words: Path, evening: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = save_source(tmp_path / "net"), tmp_path / "model"
    tuned = headstart.TransferClassifier(
        str(source), train="last:1", head=[8], epochs=3, learning_rate=1e-2, random_state=0, augment=None
    )
    settings = {"task": "keyword", "background": evening, "budget": 20, "n_splits": 2, "out": out}
    settings |= {"candidates": [Candidate("tuned", tuned, True, "tuned", dear=True)], "random_state": 3}
    sizes: list[int] = []
    places: list[Path] = []
    ready = keyword_fit.fit_on

    def fit_on(candidate: Candidate, material: Any, *rest: Any, **kept: Any) -> Any:
        sizes.append(len(material))
        places.append(kept["checkpoint"])
        found = ready(candidate, material, *rest, **kept)
        if len(sizes) == 1:
            assert kept["checkpoint"].exists()
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(keyword_fit, "fit_on", fit_on)
    with pytest.raises(KeyboardInterrupt):
        headstart.fit(words, str(source), **settings)
    model = headstart.fit(words, str(source), resume=True, **settings)
    assert sizes[0] == sizes[1] > model.evidence["data"]["n"]
    assert places[0] == places[1]
    monkeypatch.setattr(keyword_fit, "fit_on", ready)
    whole = headstart.fit(words, str(source), **settings)
    wave = with_words(10, [(5.0, "up")])
    each = [list(headstart.listen(m, wave, sampling_rate=RATE, threshold=-50)) for m in (model, whole)]
    assert each[0] == each[1]
    assert model.detector == whole.detector


def test_other_words_in_a_folder_serve_as_background(words: Path, tmp_path: Path) -> None:
    place = write_words(tmp_path / "words", n=6)
    rng = np.random.default_rng(0)
    (place / "_other_").mkdir()
    for i in range(12):
        soundfile.write(place / "_other_" / f"{i}.wav", noise(3, rng), RATE)
    model = headstart.fit(place, None, task="keyword", budget=4, n_splits=2)
    assert model.detector is not None
    assert set(model.detector.words) == {"down", "up"}
    assert str(model.classes_[0]) == "_other_"


def test_without_background_it_says_what_to_do(words: Path) -> None:
    with pytest.raises(DataError, match=r"Expected background.*found none.*_background_.*--background"):
        headstart.fit(words, None, task="keyword", budget=4)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"background": "x.wav"}, "Expected background with the task 'keyword'"),
        ({"task": "keyword", "false_alarms": 0}, "false_alarms to be a number above 0 and of at most 1000"),
        ({"task": "keyword", "background": 3}, "Expected background as a path"),
    ],
    ids=["no task", "rate 0", "no path"],
)
def test_arguments_are_checked(tmp_path: Path, settings: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        headstart.fit(write_words(tmp_path, n=2), None, **settings)


def test_a_model_without_words_does_not_listen(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(12) % 2
    clips = headstart.Clips([0.1 * rng.normal(size=4000) * (1 + k) for k in y], sampling_rate=RATE)
    model = headstart.fit((clips, y), None, budget=3, n_splits=2)
    with pytest.raises(SourceError, match=r"Expected a model for words.*--task keyword"):
        headstart.listen(model, "a.wav")


def test_the_command_prints_events_as_lines(folder: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", with_words(16, SAID), RATE)
    arguments = ["listen", str(folder), str(tmp_path / "a.wav"), "--threshold", "0"]
    shown = CliRunner().invoke(cli, arguments)
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.strip().splitlines()
    assert [line.split()[1] for line in lines] == [word for _, word in SAID]
    assert lines[0].startswith("0:00:0")
    plain = CliRunner().invoke(cli, [*arguments, "--json"])
    events = [json.loads(line) for line in plain.stdout.strip().splitlines()]
    assert [event["word"] for event in events] == [word for _, word in SAID]
    assert set(events[0]) == {"time", "word", "score"}


def test_the_command_hears_standard_input(folder: Path) -> None:
    raw = np.round(with_words(12, [(6.0, "up")]) * 32767).astype("<i2").tobytes()
    shown = CliRunner().invoke(cli, ["listen", str(folder), "-", "--rate", str(RATE), "--threshold", "0"], input=raw)
    assert shown.exit_code == 0, shown.output
    assert [line.split()[1] for line in shown.stdout.strip().splitlines()] == ["up"]


def test_rate_is_for_standard_input_alone(folder: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli, ["listen", str(folder), str(tmp_path / "a.wav"), "--rate", "8000"])
    assert shown.exit_code == 2
    assert "a file says its own" in shown.output
