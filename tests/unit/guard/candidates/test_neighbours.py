"""Rows beside other tasks and in groups: encoders, candidates, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headstart import SafeTransferClassifier, SafeTransferRegressor, Source
from headstart.errors import DataError, ParameterError
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.neighbours import AUXILIARY, POOLING, GroupedEncoder, pooling_candidates
from headstart.models.saving.tables import load_table_model, save_table_model


def shops(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(14), 12)
    X = rng.normal(size=(168, 2))
    y = 3 * rng.normal(size=14)[code] + X[:, 0] + rng.normal(size=168)
    frame = pd.DataFrame(X, columns=["price", "staff"]).assign(shop=[f"n{i}" for i in code], town=["a", "b"] * 84)
    return frame, y


def test_the_group_is_the_last_column_and_no_feature() -> None:
    frame, _ = shops()
    encoder = GroupedEncoder("shop").fit(frame)
    rows = encoder.transform(frame)
    assert encoder.get_feature_names_out().tolist() == ["price", "staff", "town=a", "town=b", "shop"]
    assert encoder.groups_[rows[:, -1].astype(int)].tolist() == frame["shop"].tolist()
    assert (encoder.transform(frame.assign(shop="elsewhere"))[:, -1] == -1).all()
    assert encoder.encode(frame.drop(columns="shop"))[:, -1].tolist() == [-1.0] * 168
    with pytest.raises(
        DataError, match=r"Expected two groups or more in the column 'shop', found 1.*--partial-pooling"
    ):
        GroupedEncoder("shop").fit(frame.assign(shop="one"))


@pytest.mark.parametrize("kind", [int, float, str, "float text"])
def test_a_whole_number_names_one_group_however_it_is_stored(kind: Any) -> None:
    """A gap in a column of whole numbers makes programs write 3.0 for 3."""
    frame, _ = shops()
    number = frame["shop"].str[1:].astype(int)
    stored = number.astype(float).astype(str) if kind == "float text" else number.astype(kind)
    encoder = GroupedEncoder("shop").fit(frame.assign(shop=number))
    rows = encoder.transform(frame.assign(shop=stored.astype(object).where(np.arange(168) != 5, None)))
    assert (rows[:, -1] == -1).nonzero()[0].tolist() == [5]


def test_groups_spelt_otherwise_are_the_same_and_unknown_ones_are_said() -> None:
    frame, _ = shops()
    encoder = GroupedEncoder("shop").fit(frame)
    np.testing.assert_array_equal(
        encoder.transform(frame.assign(shop=frame["shop"].str.upper())), encoder.transform(frame)
    )
    new = frame.assign(shop=["elsewhere", *frame["shop"][1:]], town=["c", *frame["town"][1:]])
    assert encoder.unknown(new) == [
        "Unknown in 'town': 'c', in 1 of 168 rows; learned were 'a', 'b'.",
        "Of no known 'shop': 1 of 168 rows; they get what all groups share.",
    ]


def test_partial_pooling_is_measured_beside_one_model_for_all_and_groups_as_columns() -> None:
    frame, y = shops()
    model = SafeTransferRegressor(partial_pooling="shop", n_splits=3).fit(frame, y)
    scores = {one["name"]: one["score"] for one in model.evidence_["candidates"]}
    assert {POOLING, "groups as columns", "target alone", "trees alone"} <= set(scores)
    assert scores[POOLING] > scores["target alone"] + 0.3
    groups = model.evidence_["pooling"]["groups"]
    assert {one["group"] for one in groups} == set(frame["shop"])
    gains = [one["alone"] - one["pooled"] for one in groups]
    assert gains == sorted(gains)
    assert np.isfinite(model.predict(frame.assign(shop=None))).all()


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_whatever_is_chosen_of_groups_can_be_saved(task: str, tmp_path: Path) -> None:
    frame, y = shops()
    rows = GroupedEncoder("shop").fit_transform(frame)
    labels = y if task == "regression" else (y > 0).astype(int)
    for i, one in enumerate(pooling_candidates(Material(rows, labels, task, None, None))):
        if one.name == "trees alone":
            continue  # saved by a test of their own
        model = one.estimator.fit(rows, labels)
        (tmp_path / str(i)).mkdir()
        save_table_model(model, None, tmp_path / str(i))
        assert np.array_equal(load_table_model(tmp_path / str(i))[0].predict(rows), model.predict(rows)), one.name


def test_tasks_beside_the_target_are_measured_and_named() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 20))
    size = X[:, :10].sum(axis=1)
    frame = pd.DataFrame(X).rename(columns=str)
    tasks = [Source(frame, size + rng.normal(size=400), name="size"), Source(frame, rng.permutation(size), name="luck")]
    model = SafeTransferClassifier(auxiliary=tasks, n_splits=3).fit(frame[:50], size[:50] > 0)
    said = model.evidence_["auxiliary"]
    assert said["refused"] == ["luck"] and said["loss"] == "log-loss"
    scores = {one["name"]: one["score"] for one in model.evidence_["candidates"]}
    assert scores[AUXILIARY] > scores["target alone"]
    assert model.score(frame[50:], size[50:] > 0) > 0.85


def test_what_does_not_go_together_is_refused() -> None:
    frame, y = shops()
    with pytest.raises(ParameterError, match="Expected no source beside partial pooling over 'shop', found one"):
        SafeTransferRegressor(Source(frame, y), partial_pooling="shop").fit(frame, y)
    with pytest.raises(ParameterError, match="found an array of numbers"):
        SafeTransferRegressor(partial_pooling="shop").fit(frame[["price", "staff"]].to_numpy(), y)
    with pytest.raises(ParameterError, match="Expected one label or number a row for other tasks, found several"):
        SafeTransferRegressor(auxiliary=[Source(frame, y)]).fit(frame, np.column_stack([y, y]))
