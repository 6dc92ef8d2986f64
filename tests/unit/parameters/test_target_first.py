"""Tasks beside a target: what helps is learned with, what does not is refused, and judged rows are left out of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headstart import MultiTaskClassifier
from headstart.data.inputs.inputs import as_inputs
from headstart.data.sets.labels import ReadLabels
from headstart.parameters import several_tasks
from headstart.parameters.target_first import Gain, gain_of_others, of_rows
from headstart.parameters.task_columns import read_tasks


def drawn(n: int = 45) -> tuple[np.ndarray, pd.DataFrame]:
    """Pictures of some light; a target of classes that 15 of them have, numbers and coins that all have."""
    rng = np.random.default_rng(0)
    light = rng.uniform(0, 150, n)
    X = (rng.random((n, 8, 8)) * 60 + light[:, None, None]).astype(np.uint8)
    kind = pd.Series(np.where(light > 75, "light", "dark"), dtype=object).where(np.arange(n) < 15, None)
    return X, pd.DataFrame({"kind": kind, "light": light, "coin": rng.integers(2, size=n).astype(str)})


class Stated:
    """Says of every row what it was told to say of its true class."""

    classes_ = np.array(["dark", "light"])

    def __init__(self, right: float) -> None:
        self.right = right

    def predict_proba(self, inputs: Any) -> np.ndarray:
        light = np.array([np.asarray(inputs.items[i][0]).mean() > 105 for i in range(len(inputs))])
        return np.where(light[:, None] == np.array([False, True]), self.right, 1 - self.right)


def test_the_gain_is_that_of_losses_on_rows_that_no_task_has_seen() -> None:
    X, Y = drawn()
    inputs = as_inputs(X)
    read = read_tasks(Y, inputs.names, None, numbers_alone=False)
    seen: list[tuple[int, list[str], int]] = []

    def learn(some: Any, labels: Mapping[str, ReadLabels]) -> Mapping[str, Any]:
        assert all(len(one.kept) == len(some) and one.kept.sum() == len(one.y) for one in labels.values())
        seen.append((len(some), list(labels), len(labels["kind"].y)))
        return {"kind": Stated(0.9 if len(labels) > 1 else 0.6)}

    found = gain_of_others(learn, inputs, read, "kind")
    alone, beside = seen[::2], seen[1::2]
    assert sorted(n for n, _, _ in alone) == [9, 10, 11] and all(one == (one[0], ["kind"], one[0]) for one in alone)
    assert beside == [(n + 30, ["kind", "light", "coin"], n) for n, _, _ in alone]
    truth = np.array(["light", "dark"])[(X[:15].mean(axis=(1, 2)) <= 105).astype(int)] == Y["kind"][:15].to_numpy()
    expected = np.where(truth, np.log(0.9 / 0.6), np.log(0.1 / 0.4))
    assert found.gain == pytest.approx(expected.mean())
    assert found.error == pytest.approx(expected.std(ddof=1) / np.sqrt(15), abs=1e-12)
    same = gain_of_others(lambda some, labels: {"kind": Stated(0.7)}, inputs, read, "kind")
    assert (same.gain, same.error, same.helps) == (0.0, 0.0, False)


def test_labels_of_some_rows_keep_their_order() -> None:
    X, Y = drawn()
    one = read_tasks(Y, as_inputs(X).names, None, numbers_alone=False)["kind"]
    rows = np.array([40, 3, 20, 0])
    part = of_rows(one, rows)
    assert part.kept.tolist() == [False, True, False, True] and part.y.tolist() == [one.y[3], one.y[0]]


def test_a_coin_is_refused_and_the_target_learned_as_if_alone() -> None:
    X, Y = drawn()
    make: dict[str, Any] = {"epochs": 2, "random_state": 0}
    model = MultiTaskClassifier("starter:pictures", target="kind", **make).fit(X, Y[["kind", "coin"]])
    assert not model.gain_.helps and list(model.models_) == ["kind"]
    assert model.notes_[0].startswith("The other tasks are refused: ") and list(model.refused_) == ["coin"]
    assert Gain(0.0, 0.0, False).told("kind") == "The other tasks are refused: none of them can be of use to 'kind'."
    alone = MultiTaskClassifier("starter:pictures", **make).fit(X, Y[["kind"]])
    assert np.array_equal(model.predict_proba(X)[0], alone.predict_proba(X)[0])
    assert model.score(X[:15], Y[:15]) == pytest.approx((alone.predict(X)["kind"] == Y["kind"])[:15].mean())


def test_of_tasks_that_help_a_coin_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = drawn()
    monkeypatch.setattr(several_tasks, "gain_of_others", lambda *given: Gain(0.2, 0.01, True))
    make: dict[str, Any] = {"epochs": 2, "random_state": 0}
    model = MultiTaskClassifier("starter:pictures", target="kind", **make).fit(X, Y)
    assert list(model.refused_) == ["coin"] and list(model.models_) == ["kind", "light"]
    assert model.notes_[1] == "Left out: 'coin', as it has nothing to do with the target."
    without = MultiTaskClassifier("starter:pictures", **make).fit(X, Y[["kind", "light"]])
    assert np.array_equal(model.predict_proba(X)[0], without.predict_proba(X)[0])


def test_a_target_of_numbers_is_measured_too() -> None:
    X, Y = drawn()
    Y["twice"] = 2 * Y["light"]
    Y["light"] = Y["light"].where(np.arange(len(Y)) < 15)
    how: dict[str, Any] = {"target": "light", "epochs": 1, "random_state": 0}
    model = MultiTaskClassifier("starter:pictures", **how).fit(X, Y[["light", "twice", "coin"]])
    assert 0 < abs(model.gain_.gain) < 1 and "loss of 'light'" in model.notes_[0] and "coin" in model.refused_
