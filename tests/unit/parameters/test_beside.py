"""A target whose last blocks other tasks train too: gaps, what is held out, what is skipped, and what is saved."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import headstart
from headstart.data.inputs.inputs import as_inputs
from headstart.data.sets.labels import read_labels
from headstart.data.sets.other_tasks import OtherTasks
from headstart.parameters.beside import BesideClassifier, BesideRegressor

N = 24
HOW: dict[str, Any] = {"train": "last:1", "epochs": 2, "random_state": 0}


def drawn(own: int = 12) -> tuple[Any, np.ndarray, OtherTasks]:
    """Pictures of some light, of which the target has the first; their light, with gaps, and a coin."""
    rng = np.random.default_rng(0)
    light = rng.uniform(0, 150, N)
    X = as_inputs((rng.random((N, 8, 8)) * 60 + light[:, None, None]).astype(np.uint8))
    gaps = [None if i % 5 == 1 else float(value) for i, value in enumerate(light)]
    labels = {"light": read_labels(gaps, X.names), "coin": read_labels(list(rng.choice(["h", "t"], N)), X.names)}
    return X, light, OtherTasks(X, labels, np.arange(N) < own, np.full(N, ""))


def other_answers(others: OtherTasks, rows: np.ndarray) -> OtherTasks:
    """The same with other labels in some rows."""
    changed = {}
    for name, one in others.labels.items():
        y, there = one.y.copy(), np.isin(np.flatnonzero(one.kept), rows)
        y[there] = np.roll(one.y, 1)[there] if one.task == "classification" else one.y[there] + 50
        changed[name] = dataclasses.replace(one, y=y)
    return dataclasses.replace(others, labels=changed)


def said(others: OtherTasks, rows: np.ndarray, groups: Any = None) -> np.ndarray:
    X, light, _ = drawn()
    model = BesideClassifier("starter:pictures", beside=others, **HOW)
    return model.fit(X[rows], (light > 75)[rows].astype(int), groups=groups).predict_proba(X)


def test_no_task_sees_what_the_target_holds_out() -> None:
    _, _, others = drawn()
    learned, held = np.arange(8), np.arange(8, 12)
    first = said(others, learned)
    assert np.array_equal(said(other_answers(others, held), learned), first)
    assert not np.allclose(said(other_answers(others, learned), learned), first)
    assert not np.allclose(said(other_answers(others, np.arange(12, N)), learned), first)


def test_nor_what_is_of_a_group_that_is_held_out() -> None:
    _, _, others = drawn()
    grouped = dataclasses.replace(others, groups=np.array(["p", "q", "r", ""])[np.arange(N) % 4])
    learned = np.array([0, 1, 4, 5, 8, 9])
    first = said(grouped, learned, np.array(["p", "q"] * 3))
    beyond = np.arange(12, N)
    assert np.array_equal(
        said(other_answers(grouped, beyond[beyond % 4 == 2]), learned, np.array(["p", "q"] * 3)), first
    )
    assert not np.allclose(
        said(other_answers(grouped, beyond[beyond % 4 == 3]), learned, np.array(["p", "q"] * 3)), first
    )


def test_a_task_that_says_one_thing_where_it_is_learned_from_is_skipped() -> None:
    X, _, others = drawn()
    labels = {**others.labels, "late": read_labels(["a"] * 10 + ["b", "b"] + [None] * 12, X.names)}
    assert np.array_equal(said(dataclasses.replace(others, labels=labels), np.arange(8)), said(others, np.arange(8)))


def test_a_coin_is_left_out_and_what_features_tell_is_not() -> None:
    X, light, others = drawn()
    alone = dataclasses.replace(others, labels={"light": others.labels["light"]})
    models = [BesideClassifier("starter:pictures", beside=one, **HOW) for one in (others, alone)]
    said = [model.fit(X[:12], (light > 75)[:12].astype(int)).predict_proba(X) for model in models]
    assert (list(models[0].refused_), models[1].refused_) == (["coin"], {}) and np.array_equal(*said)


@pytest.mark.parametrize("early", [True, False])
def test_numbers_are_a_target_too_and_the_model_is_a_plain_one(early: bool, tmp_path: Path) -> None:
    X, light, others = drawn()
    tasks = dataclasses.replace(others, labels={"coin": others.labels["coin"]})
    model = BesideRegressor("starter:pictures", beside=tasks, early_stopping=early, **HOW).fit(X[:12], light[:12])
    assert ("val_loss" in model.history_[0]) == early
    model.save(tmp_path / "m")
    found = headstart.load(tmp_path / "m")
    assert np.allclose(found.predict(X), model.predict(X), atol=1e-3)
    assert (found.export(tmp_path / "out", to="transformers", inputs=X) / "config.json").is_file()
