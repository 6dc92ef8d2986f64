"""One task in many groups: unseen groups, groups that are made worse, sources as groups, saving, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import KFold, cross_val_score

from headstart import PartialPoolingClassifier, PartialPoolingRegressor, Source
from headstart.errors import DataError, ParameterError
from headstart.math.statistics.comparison import holm
from headstart.models.saving.tables import load_table_model, save_table_model
from headstart.multitask.partial_pooling import no_worse


def schools(groups: int = 25, each: int = 12, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(groups), each)
    X = rng.normal(size=(len(code), 3))
    start, slope = 3 * rng.normal(size=groups), 0.5 * rng.normal(size=groups)
    y = start[code] + (2 + slope[code]) * X[:, 0] + rng.normal(size=len(code))
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(school=[f"s{i}" for i in code])
    return frame, y


def test_it_beats_one_model_for_all_and_one_for_each() -> None:
    frame, y = schools()
    test = np.arange(len(y)) % 3 == 0
    model = PartialPoolingRegressor(group="school").fit(frame[~test], y[~test])
    score = model.score(frame[test], y[test])
    pooled = Ridge().fit(frame[~test].drop(columns="school"), y[~test])
    assert score > pooled.score(frame[test].drop(columns="school"), y[test]) + 0.2
    said = np.zeros(test.sum())
    for school in frame["school"].unique():
        own, asked = frame["school"][~test] == school, (frame["school"][test] == school).to_numpy()
        alone = Ridge().fit(frame[~test][own].drop(columns="school"), y[~test][own])
        said[asked] = alone.predict(frame[test][asked].drop(columns="school"))
    assert np.mean((said - y[test]) ** 2) > 1.1 * np.mean((model.predict(frame[test]) - y[test]) ** 2)


def test_cross_validation_works_as_it_is() -> None:
    frame, y = schools()
    assert (
        cross_val_score(
            PartialPoolingRegressor(group="school"), frame, y, cv=KFold(3, shuffle=True, random_state=0)
        ).mean()
        > 0.6
    )
    array = np.column_stack([frame["school"].factorize()[0], frame[["a", "b", "c"]]])
    named, placed = (PartialPoolingRegressor(group=g).fit(X, y) for g, X in (("school", frame), (0, array)))
    assert np.allclose(named.predict(frame), placed.predict(array))


@pytest.mark.parametrize("missing", ["somewhere else", None, float("nan"), ""])
def test_an_unseen_or_missing_group_gets_the_shared_model(missing: Any) -> None:
    frame, y = schools()
    model = PartialPoolingRegressor(group="school").fit(frame, y)
    new = frame.assign(school=pd.Series([missing] * len(frame), dtype=object))
    [one] = model.poolings_
    Z = (frame[["a", "b", "c"]] - model.shift_) / model.scale_
    assert np.allclose(model.predict(new), one.coef[0] + Z @ one.coef[1:])


def test_groups_that_are_made_worse_are_named() -> None:
    """One large group with another relation than all the others, which it is drawn towards."""
    rng = np.random.default_rng(1)
    code = np.r_[np.repeat(np.arange(40), 10), np.repeat(40, 60)]
    X = rng.normal(size=(len(code), 2))
    y = X[:, 0] * np.where(code == 40, -3.0, 1.0) + 0.2 * rng.normal(size=len(code))
    model = PartialPoolingRegressor(group=0).fit(np.column_stack([code, X]), y)
    assert model.worse_groups_ == [e["group"] for e in model.group_scores_ if e["worse"]]
    entry = next(e for e in model.group_scores_ if e["group"] == "40")
    assert entry["n"] == 60 and entry["pooled"] < entry["shared"]
    assert model.notes_[0].startswith("Pooling makes ")
    assert sum(e["pooled"] for e in model.group_scores_) < sum(e["alone"] for e in model.group_scores_)


def test_no_worse_is_a_one_sided_test() -> None:
    rng = np.random.default_rng(0)
    found = [no_worse(rng.normal(size=15)) < 0.05 for _ in range(2000)]
    assert 0.03 < np.mean(found) < 0.07
    assert no_worse(np.array([-1.0, -2.0])) == 1.0


def test_of_many_groups_none_is_named_by_chance() -> None:
    """A group's p-value counts how many there are: those that only chance makes worse stay unnamed."""
    rng = np.random.default_rng(0)
    p = np.array([no_worse(rng.normal(size=12)) for _ in range(140)])
    assert (p < 0.05).any() and (holm(p) >= 0.05).all()
    frame, y = schools()
    scores = PartialPoolingRegressor(group="school").fit(frame, y).group_scores_
    assert all(entry["worse"] == (entry["p_value"] < 0.05) for entry in scores)


def test_sources_are_groups_of_their_own() -> None:
    frame, y = schools(each=30)
    rows = frame[["a", "b", "c"]].to_numpy()
    codes = frame["school"].factorize()[0]
    target = np.flatnonzero(codes == 0)
    sources = [Source(rows[codes == g], y[codes == g], name=f"s{g}") for g in range(1, 25)]
    model = PartialPoolingRegressor(source=sources).fit(rows[target[:6]], y[target[:6]])
    assert len(model.groups_) == 25
    few, test = target[:6], target[6:]
    alone = LinearRegression().fit(rows[few], y[few])
    assert np.mean((model.predict(rows[test]) - y[test]) ** 2) < np.mean((alone.predict(rows[test]) - y[test]) ** 2)
    rest = frame.iloc[np.flatnonzero(codes > 0)]
    together = PartialPoolingRegressor(group="school", source=Source(rest, y[codes > 0])).fit(frame.iloc[few], y[few])
    assert np.allclose(together.predict(frame.iloc[test]), model.predict(rows[test]), atol=1e-4)


@pytest.mark.parametrize("estimator", [None, LogisticRegression(), RandomForestClassifier(20, random_state=0)])
@pytest.mark.parametrize("classes", [2, 3])
def test_classes(estimator: Any, classes: int) -> None:
    frame, y = schools(each=24)
    labels = np.array(["low", "mid", "top"])[-classes:][np.digitize(y, np.quantile(y, [0.5, 0.7][: classes - 1]))]
    test = np.arange(len(y)) % 3 == 0
    model = PartialPoolingClassifier(estimator, group="school").fit(frame[~test], labels[~test])
    p = model.predict_proba(frame[test])
    assert p.shape == (test.sum(), classes) and np.allclose(p.sum(axis=1), 1)
    plain = LogisticRegression().fit(frame[~test].drop(columns="school"), labels[~test])
    assert model.score(frame[test], labels[test]) > plain.score(frame[test].drop(columns="school"), labels[test]) + 0.05
    if not isinstance(estimator, RandomForestClassifier):
        assert model.decision_function(frame[test]).shape == ((test.sum(),) if classes == 2 else (test.sum(), 3))


def test_of_many_columns_slopes_deviate_in_some_directions() -> None:
    rng = np.random.default_rng(0)
    code = np.repeat(np.arange(12), 25)
    X = rng.normal(size=(300, 90))
    y = X[:, 0] + rng.normal(size=12)[code]
    model = PartialPoolingRegressor(group=0).fit(np.column_stack([code, X]), y)
    assert model.components_.shape == (90, 64) and model.score(np.column_stack([code, X]), y) > 0.9


@pytest.mark.parametrize("source", [False, True])
def test_it_is_saved_without_pickle(source: bool, tmp_path: Path) -> None:
    frame, y = schools(groups=6)
    X = frame[["a", "b", "c"]].to_numpy()
    borrowed = Source(X[30:], y[30:] > 0, name="there") if source else None
    rows = X if source else frame.assign(school=frame["school"].factorize()[0]).to_numpy()
    model = PartialPoolingClassifier(group=None if source else 3, source=borrowed).fit(rows[:30], y[:30] > 0)
    save_table_model(model, None, tmp_path)
    found = load_table_model(tmp_path)[0]
    assert np.array_equal(found.predict_proba(rows), model.predict_proba(rows))


def test_a_folder_of_before_covariances_is_read(tmp_path: Path) -> None:
    frame, y = schools(groups=6)
    rows = frame.assign(school=frame["school"].factorize()[0]).to_numpy()
    model = PartialPoolingRegressor(group=3).fit(rows, y)
    said = model.predict(rows)
    object.__delattr__(model.poolings_[0], "covariance")
    save_table_model(model, None, tmp_path)
    assert "covariance" not in (tmp_path / "table.json").read_text()
    found = load_table_model(tmp_path)[0]
    assert found.poolings_[0].covariance is None and np.array_equal(found.predict(rows), said)


def test_refusals_say_what_to_do() -> None:
    frame, y = schools(groups=3)
    with pytest.raises(DataError, match=r"a column 'scool' of groups in the target, found 'a', 'b', 'c'.*empty cell"):
        PartialPoolingRegressor(group="scool").fit(frame, y)
    with pytest.raises(DataError, match=r"Expected a frame with a column 'school'.*position of the column"):
        PartialPoolingRegressor(group="school").fit(frame[["a"]].to_numpy(), y)
    with pytest.raises(DataError, match="Expected a column 7 of groups in the target, found 4 columns"):
        PartialPoolingRegressor(group=7).fit(frame, y)
    with pytest.raises(ParameterError, match=r"Expected group to be a column's name or position, found 1\.5"):
        PartialPoolingRegressor(group=1.5).fit(frame, y)
    with pytest.raises(DataError, match="Expected two groups or more in 'school', found 1"):
        PartialPoolingRegressor(group="school").fit(frame[:12], y[:12])
    with pytest.raises(ParameterError, match="Expected an estimator with predict_proba, found RidgeClassifier"):
        PartialPoolingClassifier(RidgeClassifier(), group="school").fit(frame, y > 0)
    with pytest.raises(DataError, match="Expected two classes or more, found one class"):
        PartialPoolingClassifier(group="school").fit(frame, ["x"] * len(y))
