"""Tasks beside a target: what helps is kept, what does not is refused and named, and no label beside it leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score

from headstart import AuxiliaryTaskClassifier, AuxiliaryTaskRegressor, Source
from headstart.errors import ParameterError, SourceError
from headstart.models.saving.tables import load_table_model, save_table_model
from headstart.multitask.task_answers import OtherTask, helpful, row_keys

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 30))
SIZE = X[:, :15].sum(axis=1)
LARGE, SEX = np.where(SIZE > 1, "large", "small"), RNG.integers(3, size=500)
y = SIZE > 0


@pytest.mark.parametrize("rows", [slice(None), slice(200, None)])
def test_a_task_that_helps_is_kept_and_one_that_does_not_is_named(rows: slice) -> None:
    tasks = [Source(X[rows], SEX[rows], name="sex"), Source(X[rows], LARGE[rows], name="large")]
    model = AuxiliaryTaskClassifier(auxiliary=tasks).fit(X[:40], y[:40])
    assert model.refused_ == ["sex"] and len(model.helpers_) == 1
    alone = LogisticRegression(max_iter=1000).fit(X[:40], y[:40])
    assert model.score(X[40:], y[40:]) > alone.score(X[40:], y[40:]) + 0.05
    told = {entry["name"]: entry for entry in model.auxiliary_}
    assert told["large"]["gain"] > told["large"]["error"] > 0 and told["large"]["n"] == len(SEX[rows])
    assert any(words.startswith("sex is refused: the target's loss out of fold") for words in model.notes_)


def test_refused_tasks_leave_the_target_alone() -> None:
    alone, refused = LogisticRegression(max_iter=1000).fit(X[:60], y[:60]), 0
    for seed in range(10):
        shuffled = np.random.default_rng(seed).permutation(LARGE)
        model = AuxiliaryTaskClassifier(auxiliary=Source(X, shuffled, name="shuffled")).fit(X[:60], y[:60])
        if model.refused_ == ["shuffled"]:
            refused += 1
            assert np.array_equal(model.predict_proba(X), alone.predict_proba(X))
    assert refused >= 9


def test_labels_beside_the_target_that_new_rows_lack_do_not_leak() -> None:
    """An auxiliary label equal to the target's, on noise: rows that were seen must be answered as if they were new."""
    scores, kept = [], 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        noise, labels = rng.normal(size=(120, 10)), rng.integers(2, size=120)
        model = AuxiliaryTaskClassifier(auxiliary=Source(noise, labels, name="the same"))
        scores.append(cross_val_score(model, noise, labels, cv=5).mean())
        kept += len(model.fit(noise, labels).helpers_)
    assert np.mean(scores) < 0.56 and kept == 0


def test_helper_answers_its_own_rows_by_models_without_them() -> None:
    helper = OtherTask(Ridge(), X[:50], SIZE[:50], "regression").helper()
    assert helper is not None
    known = helper.answers(X[:50])[:, 0] / helper.scale + helper.shift
    assert not np.allclose(known, helper.model.predict(X[:50]))
    new = helper.answers(X[50:])[:, 0] / helper.scale + helper.shift
    assert np.allclose(new, helper.model.predict(X[50:]))
    assert len(np.unique(row_keys(X))) == 500


def test_of_useless_helpers_few_are_lucky() -> None:
    rng = np.random.default_rng(0)
    lucky = []
    for _ in range(200):
        noise = rng.normal(size=(11, 80))
        found = helpful(lambda taken, noise=noise: noise[0] + (noise[taken[0] + 1] if taken else 0), 10)
        lucky.append(len(found.kept))
    assert np.mean(np.array(lucky) > 0) < 0.12


def test_numbers_and_more_rows_of_the_target_task() -> None:
    tasks = [Source(X[100:], SIZE[100:] + RNG.normal(size=400), name="weight")]
    own = Source(X[60:90], SIZE[60:90])
    model = AuxiliaryTaskRegressor(auxiliary=tasks, source=own).fit(X[:20], SIZE[:20])
    assert model.refused_ == [] and model.score(X[90:], SIZE[90:]) > 0.97
    assert Ridge().fit(X[:20], SIZE[:20]).score(X[90:], SIZE[90:]) < 0.9


def test_columns_are_matched_by_name_and_order_of_tasks_is_irrelevant() -> None:
    frame = pd.DataFrame(X).rename(columns=str)
    tasks = [Source(frame[frame.columns[::-1]], LARGE, name="large"), Source(frame, SEX, name="sex")]
    one, other = (AuxiliaryTaskClassifier(auxiliary=t).fit(frame[:40], y[:40]) for t in (tasks, tasks[::-1]))
    plain = AuxiliaryTaskClassifier(auxiliary=Source(X, LARGE, name="large")).fit(X[:40], y[:40])
    assert np.allclose(one.predict_proba(frame), other.predict_proba(frame))
    assert np.allclose(one.predict_proba(frame), plain.predict_proba(X))


def test_weights_say_how_strongly_a_task_counts() -> None:
    task = Source(X, LARGE, name="large")
    strong, weak = (AuxiliaryTaskClassifier(auxiliary=task, weights=[w]).fit(X[:40], y[:40]) for w in (1.0, 0.05))
    assert strong.score(X[40:], y[40:]) > weak.score(X[40:], y[40:]) + 0.02


def test_it_is_saved_without_pickle_and_without_rows(tmp_path: Path) -> None:
    model = AuxiliaryTaskClassifier(auxiliary=[Source(X, LARGE, name="large")]).fit(X[:40], y[:40])
    save_table_model(model, None, tmp_path)
    found = load_table_model(tmp_path)[0]
    assert np.array_equal(found.predict_proba(X), model.predict_proba(X))
    assert repr(found.auxiliary) == "[Source('large', rows left out)]" and found.auxiliary_ == model.auxiliary_
    with pytest.raises(SourceError, match="set_params"):
        found.fit(X[:40], y[:40])


def test_refusals_say_what_to_do() -> None:
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"auxiliary": (X, LARGE)}, ParameterError, "Expected auxiliary= to be a Source.*ndarray.*Source\\(X1, y1"),
        ({"auxiliary": Source(X)}, SourceError, "Expected labels in the auxiliary task 'task 1', found rows alone"),
        ({"auxiliary": Source(X[:, :4], LARGE)}, SourceError, "Expected 30 columns in the auxiliary task"),
        ({"auxiliary": Source(X, np.eye(3)[SEX], name="many")}, SourceError, "Expected one label a row in .*'many'"),
        ({"auxiliary": Source(X, LARGE), "weights": [1, 2]}, ParameterError, "one for each of 1 auxiliary tasks"),
        ({"auxiliary": Source(X, LARGE), "weights": [0]}, ParameterError, "Expected weights above 0.*Leave out"),
    ]
    for options, error, words in cases:
        with pytest.raises(error, match=words):
            AuxiliaryTaskClassifier(**options).fit(X[:40], y[:40])
    constant = AuxiliaryTaskClassifier(auxiliary=Source(X, ["a"] * 500, name="one")).fit(X[:40], y[:40])
    assert constant.refused_ == ["one"] and constant.notes_ == ["one is refused: all its labels are a."]
    assert DummyClassifier().fit(X, y).score(X, y) < constant.score(X, y)
