"""Tasks that train one body together: mixed labels with gaps, one body, scores, saving, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

import headstart
from headstart import Model, MultiTaskClassifier, MultiTaskRegressor, TransferClassifier, TransferRegressor
from headstart.errors import DataError, ParameterError, SourceError
from headstart.models.saving.task_models import SeveralTasks
from headstart.networks.reading.loading import load_network
from headstart.networks.seal import seal


def drawn(n: int = 36) -> tuple[np.ndarray, pd.DataFrame]:
    """Light or dark, striped or not, how light: of everything some cells are gaps."""
    rng = np.random.default_rng(0)
    light, striped = np.arange(n) % 2, np.arange(n) // 2 % 2
    X = (rng.random((n, 16, 16)) * 60 + 150 * light[:, None, None]).astype(np.uint8)
    X[striped == 1, :, ::2] = 0
    tags = [[name for name, on in (("light", a), ("striped", b)) if on] for a, b in zip(light, striped, strict=True)]
    Y = pd.DataFrame({"light": np.where(light, "light", "dark"), "level": X.mean(axis=(1, 2)) / 10, "tags": tags})
    Y.loc[:5, "light"] = [None, "", "light", float("nan"), None, None]
    Y.loc[20:25, "level"] = None
    Y["tags"] = [None if i % 5 == 4 else tag for i, tag in enumerate(tags)]
    return X, Y


@pytest.fixture(scope="module")
def fitted() -> Any:
    X, Y = drawn()
    return MultiTaskClassifier("starter:pictures", epochs=3, random_state=0).fit(X, Y)


def test_classes_labels_and_numbers_with_gaps_learn_together(fitted: Any) -> None:
    X, Y = drawn()
    assert fitted.tasks_ == {"light": "classification", "level": "regression", "tags": "multilabel"}
    assert fitted.n_labels_ == {"light": 31, "level": 30, "tags": 29}
    said, shares = fitted.predict(X), fitted.predict_proba(X)
    assert said.columns.tolist() == ["light", "level", "tags"] and set(said["light"]) <= {"light", "dark"}
    assert [None if p is None else p.shape for p in shares] == [(36, 2), None, (36, 2)]
    assert fitted.score(X, Y) > 0.85 and set(map(type, said["tags"])) == {list}


def test_all_share_one_body_that_has_moved(fitted: Any) -> None:
    bodies = {id(model.network_) for model in fitted.models_.values()}
    assert bodies == {id(fitted.body_)}
    X, _ = drawn()
    start = TransferClassifier("starter:pictures", head="linear").fit(X, np.arange(36) % 2).network_
    before, after = start.module.state_dict(), fitted.body_.module.state_dict()
    moved = [name for name in before if name in after and before[name].shape == after[name].shape]
    changed = [name for name in moved if not np.array_equal(before[name].numpy(), after[name].numpy())]
    assert 0 < len(changed) < len(moved)


def test_the_score_ignores_gaps(fitted: Any) -> None:
    X, Y = drawn()
    only = Y["light"].isin(["light", "dark"]).to_numpy() & Y["level"].notna().to_numpy() & Y["tags"].notna().to_numpy()
    emptied = Y.copy()
    for name in Y.columns:
        emptied[name] = [cell if keep else None for cell, keep in zip(Y[name], only, strict=True)]
    assert fitted.score(X, emptied) == pytest.approx(fitted.score(X[only], Y[only]))


@pytest.mark.parametrize("weighting", ["uncertainty", "pcgrad"])
def test_other_weightings_learn_and_are_the_same_twice(weighting: str) -> None:
    X, Y = drawn(24)
    make = MultiTaskClassifier("starter:pictures", weighting=weighting, epochs=2, random_state=0)
    one, other = (clone(make).fit(X, Y).predict(X)["level"].to_numpy() for _ in range(2))
    assert np.array_equal(one, other) and np.isfinite(one).all()


def test_it_is_saved_loaded_and_a_source_for_the_next_transfer(fitted: Any, tmp_path: Path) -> None:
    X, _ = drawn()
    state = torch.get_rng_state()
    fitted.save(tmp_path / "m")
    assert torch.equal(state, torch.get_rng_state())
    found = headstart.load(tmp_path / "m")
    assert not [file for file in (tmp_path / "m").rglob("*") if file.suffix in (".pkl", ".joblib", ".bin", ".pt")]
    said, before = found.predict(X), fitted.predict(X)
    assert said["light"].tolist() == before["light"].tolist() and said["tags"].tolist() == before["tags"].tolist()
    assert np.allclose(said["level"], before["level"], rtol=1e-4)
    assert headstart.load(tmp_path / "m" / "task-2").task == "regression"
    features = [
        TransferClassifier(source, head="linear").fit(X, np.arange(36) % 2).embed(X)
        for source in (fitted.body_, tmp_path / "m", tmp_path / "m" / "task-1")
    ]
    assert all(np.allclose(one, features[0], atol=1e-5) for one in features[1:])
    assert load_network(tmp_path / "m").name == "m"


def test_a_folder_of_tasks_without_a_shared_body_is_no_network(tmp_path: Path) -> None:
    X, Y = drawn(12)
    models = {}
    for name in ("one", "other"):
        single = TransferRegressor("starter:pictures", train="head", head="linear").fit(X, Y["level"])
        models[name] = Model(single, {}, task="regression", classes=None, input_type="image")
    SeveralTasks(models, {}).save(tmp_path / "m")
    with pytest.raises(
        SourceError, match=r"models of several tasks, which share none.*task-1 \(one\), task-2 \(other\)"
    ):
        load_network(tmp_path / "m")


def test_what_is_not_fitted_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        MultiTaskClassifier("starter:pictures").save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_cross_validation_and_a_grid_over_sources_score_all_tasks() -> None:
    X, Y = drawn()
    level = Y[["level"]].assign(level=X.mean(axis=(1, 2)) / 10)
    level["dark"] = 30 - level["level"]
    model = MultiTaskRegressor("starter:pictures", train="head", network="starter:pictures", epochs=1, random_state=0)
    assert (cross_val_score(model, X, level, cv=2) > 0.8).all()
    grid = GridSearchCV(model, {"source": [None, "starter:pictures"]}, cv=2).fit(X, level)
    assert grid.best_params_ == {"source": "starter:pictures"}


def test_numbers_alone_and_heads_alone() -> None:
    X, Y = drawn()
    numbers = pd.DataFrame({"level": Y["level"], "dark": 30 - Y["level"]})
    model = MultiTaskRegressor("starter:pictures", train="head").fit(X, numbers)
    assert model.score(X, numbers) > 0.9 and model.history_ == []
    with pytest.raises(
        DataError, match=r"Expected numbers in every column, found others in 'light'.*MultiTaskClassifier"
    ):
        MultiTaskRegressor("starter:pictures").fit(X, Y[["light"]])


def test_refusals_say_what_to_do() -> None:
    X, Y = drawn(12)
    cases: list[tuple[dict[str, Any], Any, str]] = [
        ({}, Y.to_numpy(), r"Expected a frame with a column of labels for each task, found ndarray.*DataFrame"),
        ({}, Y[:5], "Expected labels for each of 12 inputs, found 5 rows"),
        ({}, Y.assign(light=None), "Expected labels in the column 'light', found gaps alone"),
        ({}, Y.assign(light="dark"), "Expected two classes or more in the column 'light', found one"),
        ({"tasks": {"weight": "regression"}}, Y, "Expected tasks as a dict of columns of Y.*columns are light, level"),
        ({"weighting": "best"}, Y, "Expected weighting to be one of 'equal'"),
        (
            {"target": "colour"},
            Y,
            "Expected the target among the columns of classes or numbers, found 'colour'.*light, level",
        ),
        ({"target": "tags"}, Y, "Expected the target among the columns of classes or numbers, found 'tags'"),
        ({"train": "lora:4"}, Y, r"Expected train 'head', 'last:k' or 'all' for several tasks, found 'lora:4'"),
    ]
    for options, labels, words in cases:
        with pytest.raises((DataError, ParameterError), match=words):
            MultiTaskClassifier("starter:pictures", **options).fit(X, labels)


@pytest.mark.parametrize(("key", "value"), [("body", "."), ("body", "../m"), ("tasks", [{"name": "a", "folder": "."}])])
def test_a_folder_that_leads_to_itself_or_out_is_refused(fitted: Any, tmp_path: Path, key: str, value: Any) -> None:
    manifest = json.loads((fitted.save(tmp_path / "m") / "headstart.json").read_text())
    (tmp_path / "m" / "headstart.json").write_text(json.dumps(manifest | {key: value}))
    seal(tmp_path / "m")
    for read in (headstart.load, load_network):
        with pytest.raises(SourceError, match=f"Expected the place of a file in the folder as {key}"):
            read(tmp_path / "m")
