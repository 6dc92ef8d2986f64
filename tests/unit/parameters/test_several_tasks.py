"""Tasks that train one body together: mixed labels with gaps, one body, scores, saving, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import headstart
from headstart import MultiTaskClassifier, MultiTaskRegressor, TransferClassifier
from headstart.errors import DataError, ParameterError
from headstart.models.several_tasks import models_of


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
    models_of(fitted).save(tmp_path / "m")
    found = headstart.load(tmp_path / "m")
    said, before = found.predict(X), fitted.predict(X)
    assert said["light"].tolist() == before["light"].tolist() and said["tags"].tolist() == before["tags"].tolist()
    assert np.allclose(said["level"], before["level"], rtol=1e-4)
    again = TransferClassifier(str(tmp_path / "m" / "task-1"), head="linear").fit(X, np.arange(36) % 2)
    assert again.score(X, np.arange(36) % 2) > 0.9


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
        ({"train": "lora:4"}, Y, r"Expected train 'head', 'last:k' or 'all' for several tasks, found 'lora:4'"),
    ]
    for options, labels, words in cases:
        with pytest.raises((DataError, ParameterError), match=words):
            MultiTaskClassifier("starter:pictures", **options).fit(X, labels)
