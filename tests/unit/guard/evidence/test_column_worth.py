"""What a column is worth: what is lost out of fold where its values are exchanged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression

import headstart
from headstart.data.sets.splits import folds
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.evidence.column_worth import EXCHANGES, column_worth
from headstart.report.write import render


def made(n: int = 120, groups: np.ndarray | None = None) -> tuple[Material, list[tuple[np.ndarray, np.ndarray]]]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    y = np.array(["no", "yes"])[(X[:, 0] + X[:, 1] + 0.3 * rng.normal(size=n) > 0).astype(int)]
    return Material(X, y, "classification", groups), folds(
        y, "classification", groups=groups, n_splits=3, random_state=0
    )


LINEAR = Candidate("linear", LogisticRegression(), False, "linear")


def test_it_is_what_scikit_learn_says_of_held_out_rows() -> None:
    material, splits = made()
    found = column_worth(material, LINEAR, splits, list("abcd"), random_state=0)
    assert found is not None and (found["n"], found["n_folds"], found["exchanges"]) == (120, 3, EXCHANGES)
    lost = {row["column"]: row["lost"] for row in found["rows"]}
    expected = np.zeros(4)
    for train, test in splits:
        model = LogisticRegression().fit(material.rows[train], material.y[train])
        said = permutation_importance(model, material.rows[test], material.y[test], n_repeats=60, random_state=1)
        expected += said.importances_mean * len(test) / 120
    assert [lost[name] for name in "abcd"] == pytest.approx(expected, abs=0.06)
    assert {row["column"] for row in found["rows"][:2]} == {"a", "b"}
    rows = {row["column"]: row for row in found["rows"]}
    assert rows["a"]["low"] > 0 and rows["c"]["low"] < 0.02
    assert found == column_worth(material, LINEAR, splits, list("abcd"), random_state=0)


def test_columns_of_one_origin_move_together() -> None:
    rng = np.random.default_rng(0)
    code = np.arange(90) % 3
    y = code * 5.0
    hot = np.eye(3)[code]
    material = Material(np.column_stack([hot, rng.normal(size=90)]), y, "regression")
    parts = folds(y, "regression", n_splits=3, random_state=0)
    way = Candidate("linear", LinearRegression(), False, "linear")
    found = column_worth(material, way, parts, ["kind"] * 3 + ["noise"], random_state=0)
    assert found is not None and found["metric"] == "r2"
    assert [row["column"] for row in found["rows"]] == ["kind", "noise"]
    assert found["rows"][0]["lost"] == pytest.approx(2.0, abs=0.5), "twice the variance: another row's value"
    assert found["rows"][1]["lost"] == pytest.approx(0.0, abs=1e-9)


def test_groups_widen_the_interval() -> None:
    groups = np.arange(120) // 10
    material, splits = made(groups=groups)
    alone = Material(material.rows, material.y, "classification")
    wide = column_worth(material, LINEAR, splits, list("abcd"), random_state=0)
    narrow = column_worth(alone, LINEAR, splits, list("abcd"), random_state=0)
    assert wide is not None and narrow is not None
    assert sum(row["high"] - row["low"] for row in wide["rows"]) != sum(
        row["high"] - row["low"] for row in narrow["rows"]
    )


def test_the_clock_and_an_earlier_plan_decide_how_many_folds_there_are() -> None:
    material, splits = made()
    assert column_worth(material, LINEAR, splits, list("abcd"), random_state=0, price=9.0, left=5.0) is None
    some = column_worth(material, LINEAR, splits, list("abcd"), random_state=0, price=9.0, left=0.0, folds=2)
    assert some is not None and some["n_folds"] == 2 and some["n"] < 120
    assert column_worth(material, LINEAR, splits, list("abcd"), random_state=0, folds=0) is None
    assert column_worth(material, LINEAR, splits, ["a"] * 4, random_state=0) is None


def test_a_fit_of_a_table_says_it_on_its_page() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"age": rng.normal(50, 9, 80), "sex": rng.choice(["f", "m"], 80), "noise": rng.normal(size=80)}
    )
    table.loc[:4, "age"] = None
    table["ill"] = np.where(table["age"].fillna(50) > 50, "yes", "no")
    model = headstart.fit(table, None, label="ill", budget=40)
    found = model.evidence["columns"]
    assert found["rows"][0]["column"] == "age" and found["rows"][0]["low"] > 0.1
    assert {row["column"] for row in found["rows"]} == {"age", "sex", "noise"}
    html = render(model.evidence)
    assert "What the columns are worth" in html and "<b>age</b>" in html
    again = headstart.fit(table, None, label="ill", budget=40, plan=model.evidence["plan"])
    assert again.evidence["columns"] == found
