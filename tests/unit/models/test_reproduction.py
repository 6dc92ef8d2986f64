"""The command and the code that a report prints give the same model again, with everything that was said to fit."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import headstart
from headstart.cli.fit import command as fit_command
from headstart.data.reading.options import Reading
from headstart.models.reproduction import given_to_fit, reproduction

SAID: dict[str, Any] = {
    "label": "y",
    "group_by": "site",
    "leave_out": ["when"],
    "budget": 20.5,
    "random_state": 3,
    "device": "cpu",
    "class_weight": {"ill, very": 1 / 3, "well": 2.0},
    "positive": "ill, very",
    "prevalence": 0.123456789,
    "reference": False,
    "n_jobs": 1,
}
VALUES: dict[str, Any] = {
    "reference": False,
    "view": {"lab": ["a", "b"]},
    "class_weight": {"a": 2},
    "classes": ["a"],
    "task": "regression",
    "decimal": ".",
    "budget": 7,
    "n_splits": 3,
}
DEFAULTS = {name: one.default for name, one in inspect.signature(headstart.fit).parameters.items()}


def table(place: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(96, 2)), columns=["a", "b"])
    frame["site"] = frame["when"] = np.arange(96) % 8
    frame["y"] = np.where(frame["a"] + 0.5 * rng.normal(size=96) > 0, "ill, very", "well")
    frame.to_csv(place, index=False)
    return place


def test_the_command_and_the_code_give_the_same_model(tmp_path: Path) -> None:
    here, out = table(tmp_path / "here.csv"), tmp_path / "model"
    model = headstart.fit(here, None, out=out, **SAID)
    again, rows = model.evidence["reproduce"], pd.read_csv(here)
    first = model.predict_proba(rows)
    for words in ("--budget 20.5s", "--seed 3", "--device cpu", "--no-reference", "--jobs 1", "--leave-out when"):
        assert words in again["command"]
    done = CliRunner().invoke(fit_command, shlex.split(again["command"])[2:])
    assert done.exit_code == 0, done.output
    twice = headstart.load(out)
    assert np.array_equal(first, twice.predict_proba(rows))
    assert twice.evidence["reproduce"]["command"] == again["command"]
    names: dict[str, Any] = {}
    exec(again["code"], names)
    assert np.array_equal(first, names["model"].predict_proba(rows))


@pytest.mark.parametrize("name", sorted(set(DEFAULTS) - {"data", "source", "progress", "also", "resume"}))
def test_nothing_that_was_said_is_missing_from_the_command(name: str) -> None:
    options = {one.name: one for one in fit_command.params if isinstance(one, click.Option)}
    value: Any = VALUES.get(name, True if DEFAULTS[name] is False else "7")
    read = Reading(**({name: value} if name in Reading.__dataclass_fields__ else {}))
    said = given_to_fit({**DEFAULTS, name: value}, DEFAULTS, read)
    found = reproduction("here.csv", "there.csv", said)
    assert name == "out" or f"{name}=" in found["code"]
    if name in options:
        flags = {*options[name].opts, *options[name].secondary_opts}
        assert flags & set(shlex.split(found["command"]))


def test_what_is_in_memory_has_code_and_no_command() -> None:
    frame = pd.DataFrame({"a": [1]})
    for name in ("unlabelled", "auxiliary", "candidates"):
        found = reproduction("here.csv", "there.csv", {name: [frame]})
        assert found["command"] == "" and f"{name}={name})" in found["code"]
    assert "plan=plan)" in reproduction("here.csv", None, {"plan": {"rows": 5, "prices": {"a": 1.0}}})["code"]


def test_paths_in_code_are_words() -> None:
    found = reproduction("here.csv", None, {"unlabelled": [Path("a.csv"), Path("b.csv")], "plan": Path("m")})
    assert found["code"].endswith("unlabelled=['a.csv', 'b.csv'], plan='m')")
