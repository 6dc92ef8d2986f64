"""How many rounds a run has, by epochs or by the time given."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from headstart.data.base.sealed import write_note
from headstart.errors import ParameterError
from headstart.networks.reading.loading import load_network
from headstart.pretraining import rounds as planning
from headstart.pretraining.architectures import new_network
from headstart.pretraining.examples import picture_examples
from headstart.pretraining.examples.picture_examples import FormulaExamples
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.pretraining.objectives import ClassLabels
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.rounds import chosen_plan, plan_for_budget, plan_for_epochs
from headstart.pretraining.train_source import train_source

TINY = {"model_type": "resnet", "layer_type": "basic", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}


def examples(per_class: int = 40) -> FormulaExamples:
    return FormulaExamples(RenderedPictures("textures", 4, per_class, 0, 32))


def recipe(folder: Path, **settings: object) -> Recipe:
    (folder / "config.json").write_text(json.dumps(TINY))
    return Recipe(str(folder), batch_size=16, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "epochs", "rounds"), [(100, 3, 1), (25_600, 1, 1), (25_601, 2, 2), (400_000, 1, 16)])
def test_rounds_of_epochs(n: int, epochs: int, rounds: int) -> None:
    plan = plan_for_epochs(n, epochs)
    assert (plan.rounds, plan.total, plan.epochs) == (rounds, rounds * epochs, epochs)


@pytest.mark.parametrize("n", [40, 3000, 25_600, 1_000_000])
@pytest.mark.parametrize("seconds", [5.0, 600.0, 36_000.0])
@pytest.mark.parametrize("speed", [20.0, 700.0])
def test_a_budget_is_kept_and_used(n: int, seconds: float, speed: float) -> None:
    plan = plan_for_budget(n, seconds, speed, 32)
    seen = plan.total * (n / plan.rounds)
    assert plan.rounds <= max(1, n // 32)
    if seconds * speed > n / max(1, n // 32):  # there is time for a round of one batch
        assert seen <= seconds * speed
        assert seen >= 0.6 * seconds * speed or plan.total <= 2
    assert plan.total >= 1


@pytest.mark.parametrize("a_step", [0.01, 0.04])
def test_a_run_ends_in_the_time_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, a_step: float) -> None:
    """By a clock that moves a step of training at a time, whatever else the machine does."""
    monkeypatch.setattr(picture_examples, "HELD_OUT", 32)
    passed = [0.0]
    loss = ClassLabels.loss

    def slow(objective: ClassLabels, batch: Any) -> Any:
        passed[0] += a_step
        return loss(objective, batch)

    monkeypatch.setattr(ClassLabels, "loss", slow)
    monkeypatch.setattr(time, "monotonic", lambda: passed[0])
    record = train_source(examples(4000), tmp_path / "source", recipe(tmp_path, budget=6.0))
    seconds = sum(row["seconds"] for row in record["history"])
    assert 0.75 * 6 < seconds < 6
    assert seconds < passed[0] < 6 + a_step  # with what measuring the speed took
    assert len(record["history"]) >= 4
    assert record["recipe"]["epochs"] < 1
    assert record["recipe"]["budget"] == 6.0
    assert load_network(tmp_path / "source").card.n_classes == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "source"]


def test_a_resumed_run_keeps_to_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = recipe(tmp_path, budget=100.0)
    objective = ClassLabels(new_network(str(tmp_path), examples().class_names, 0), examples().class_names)
    objective.preprocessing = examples().preprocessing
    before = {name: tensor.clone() for name, tensor in objective.modules.state_dict().items()}
    note = tmp_path / "plan"
    monkeypatch.setattr(planning, "LONGEST", 0.2)
    first = chosen_plan(objective, examples(), settings, "this run", note, resume=False)
    assert all((tensor == before[name]).all() for name, tensor in objective.modules.state_dict().items())
    monkeypatch.setattr(planning, "measured_speed", lambda *_: 1.0)
    assert chosen_plan(objective, examples(), settings, "this run", note, resume=True) == first
    other = chosen_plan(objective, examples(), settings, "another run", note, resume=True)
    assert other == plan_for_budget(160, 100.0, 1.0, 16)


def test_no_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"a budget above 0.*found budget=0"):
        train_source(examples(), tmp_path / "source", Recipe(budget=0.0))


def test_progress_tells_the_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_examples, "HELD_OUT", 32)
    told: list[tuple[str, int, int]] = []
    train_source(
        examples(600), tmp_path / "s", recipe(tmp_path), RunOptions(progress=lambda *words: told.append(words))
    )
    training = [words for words in told if words[0].startswith("training")]
    assert [done for _, done, _ in training] == list(range(1, 151))
    assert {total for _, _, total in training} == {150}
    assert training[-1][0].endswith(" examples a second") or training[-1][0] == "training"


def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Any]:
    """A noted plan, and what reads it again: with another speed, so that a plan made anew differs."""
    note, settings = tmp_path / "plan", Recipe(budget=100.0, batch_size=16)
    monkeypatch.setattr(planning, "measured_speed", lambda *_: 50.0)
    made = chosen_plan(None, examples(), settings, "this run", note, resume=False)  # type: ignore[arg-type]
    monkeypatch.setattr(planning, "measured_speed", lambda *_: 1.0)
    anew = plan_for_budget(160, 100.0, 1.0, 16)
    assert made != anew

    def again() -> str:
        plan = chosen_plan(None, examples(), settings, "this run", note, resume=True)  # type: ignore[arg-type]
        return {made: "kept", anew: "anew"}[plan]

    return note, again


def test_a_damaged_plan_is_said_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    note, again = noted(tmp_path, monkeypatch)
    assert again() == "kept" and not caplog.messages
    whole = note.read_bytes()
    for place in range(8 * 8, 8 * len(whole), 5):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        note.write_bytes(bytes(damaged))
        assert again() == "anew"
    for length in range(len(whole)):
        note.write_bytes(whole[:length])
        assert again() == "anew"
    assert all("is damaged (" in line and "the speed is measured anew" in line for line in caplog.messages)


@pytest.mark.parametrize("what", ["old", "thesis", "zero", "text"])
def test_what_is_no_plan_of_this_version_is_refused_and_left_alone(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, again = noted(tmp_path, monkeypatch)
    if what == "old":
        note.write_text('{"key": "this run", "rounds": 3, "total": 5}')
    elif what == "thesis":
        note.write_text("my thesis")
    else:
        write_note(note, {"key": "this run", "rounds": 0 if what == "zero" else "3", "total": 5})
    before = note.read_bytes()
    with pytest.raises(ParameterError, match=r"Expected a note of this version of headstart or nothing at .*Remove it"):
        again()
    assert note.read_bytes() == before


def test_a_plan_of_another_run_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    note, again = noted(tmp_path, monkeypatch)
    write_note(note, {"key": "another run", "rounds": 3, "total": 5})
    assert again() == "anew" and "is of other examples or settings: the speed is measured anew" in caplog.text
