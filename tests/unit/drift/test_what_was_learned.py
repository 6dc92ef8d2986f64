"""Examples that a model learned from say nothing of new ones; answers that all became one class may all be wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import headstart
from headstart.errors import DataError
from headstart.models.model import Model


def patients(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, pressure = rng.normal(50, 12, n).round(1), rng.normal(120, 15, n).round(1)
    risk = 0.06 * (age - 50) + 0.08 * (pressure - 120) + rng.normal(0, 0.5, n)
    return pd.DataFrame({"age": age, "pressure": pressure, "y": np.where(risk > 0, "ill", "well")})


@pytest.fixture(scope="module")
def model() -> Model:
    return headstart.fit(patients(150, 0), None, label="y", budget=10)


def test_rows_that_were_learned_from_are_left_out_of_a_check(model: Model) -> None:
    old, new = patients(150, 0), patients(100, 1)
    mixed = pd.concat([old[:120], new], ignore_index=True)
    found, plain = (headstart.check(model, rows, labels="y") for rows in (mixed, new))
    assert found.numbers["n"] == 100 and found.numbers["accuracy"] == plain.numbers["accuracy"]
    assert any("120 rows are among what the model learned from" in words for words in found.words)
    assert headstart.check(model, mixed.drop(columns="y")).numbers["n"] == 100


def test_where_all_were_learned_from_that_is_said_and_labels_are_refused(model: Model) -> None:
    found = headstart.check(model, patients(150, 0).drop(columns="y"))
    assert found.verdict == "valid" and "The model learned from all 150 rows" in " ".join(found.words)
    with pytest.raises(DataError, match="that the model did not learn from, found all 150 among what it learned from"):
        headstart.check(model, patients(150, 0), labels="y")


def test_answers_that_became_one_class_may_be_wrong_as_often_as_the_shares_tell(model: Model) -> None:
    new = patients(200, 2)
    other_unit = new.assign(pressure=new["pressure"] / 7.5)  # kPa for mmHg
    found = headstart.check(model, other_unit.drop(columns="y"))
    right = headstart.check(model, other_unit, labels="y").numbers["accuracy"]
    low, high = found.numbers["interval"]
    assert found.verdict != "valid" and right < 0.65 and low - 0.1 < right < high
    assert "If its classes are as common as before, at most" in " ".join(found.words)
    assert "pressure lower (100% beyond all learned from: another unit?)" in " ".join(found.words)
    assert "as common as before" not in " ".join(headstart.check(model, new.drop(columns="y")).words)
