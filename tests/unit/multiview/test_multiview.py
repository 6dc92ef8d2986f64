"""Estimators on several views: what is named, what is missing, what is chosen, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import GridSearchCV, cross_val_score

from headstart import CoTrainingClassifier, MultiViewCCA, MultiViewClassifier, MultiViewRegressor, Source
from headstart.data.reading.views import view_kind
from headstart.errors import BadInputs, DataError, ParameterError
from headstart.multiview.encoder import ViewEncoder


def pictures_with_columns(folder: Path, n: int = 40) -> tuple[pd.DataFrame, np.ndarray]:
    """A table of small pictures, dark or light by class, with columns that tell something too; some cells are empty."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    paths = []
    for i in range(n):
        value = np.clip(rng.normal(90 + 70 * y[i], 30, (24, 24)), 0, 255).astype(np.uint8)
        Image.fromarray(value).save(folder / f"{i}.png")
        paths.append(str(folder / f"{i}.png"))
    frame = pd.DataFrame({"photo": paths, "age": 40 + 20 * y + rng.normal(0, 5, n), "sex": np.where(y, "f", "m")})
    frame.loc[::7, "photo"] = None
    frame.loc[1::7, ["age", "sex"]] = None
    return frame, np.array(["dark", "light"])[y]


VIEWS: dict[str, Any] = {"picture": "photo", "lab": ["age", "sex"]}


def test_pictures_with_columns_in_a_frame_with_gaps(tmp_path: Path) -> None:
    frame, y = pictures_with_columns(tmp_path)
    for source in ("auto", None, {"picture": None}):
        model = MultiViewClassifier(VIEWS, source=source).fit(frame[:20], y[:20])
        assert model.score(frame[20:], y[20:]) > 0.9
        assert np.allclose(model.predict_proba(frame).sum(axis=1), 1)
    assert model.encoder_.input_types_ == {"picture": "image", "lab": "table"}


def test_scikit_learn_s_tools_take_views(tmp_path: Path) -> None:
    frame, y = pictures_with_columns(tmp_path)
    model = MultiViewClassifier(VIEWS, source=None)
    assert cross_val_score(model, frame, y, cv=2).mean() > 0.8
    found = GridSearchCV(model, {"fusion": ["product", "lab"]}, cv=2).fit(frame, y)
    assert set(found.cv_results_["param_fusion"]) == {"product", "lab"}


def test_a_missing_view_is_no_zero(tmp_path: Path) -> None:
    """A row with one view is answered by what goes with it, not by a black picture."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = np.column_stack([y + rng.normal(0, 0.2, 200), y + rng.normal(0, 0.2, 200)]) + 100
    model = MultiViewClassifier({"a": [0], "b": [1]}).fit(X, y)
    gaps = np.array([[100.0, np.nan], [101.0, np.nan], [np.nan, 100.0], [np.nan, 101.0]])
    assert model.predict(gaps).tolist() == [0, 1, 0, 1]


def test_rows_without_labels_are_taken_as_frames_arrays_and_sources() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=300)
    X = 2.0 * y[:, None] + rng.normal(0, 0.8, (300, 4))
    few = np.r_[np.flatnonzero(y == 0)[:3], np.flatnonzero(y == 1)[:3]]
    views = {"a": [0, 1], "b": [2, 3]}
    plain = MultiViewClassifier(views, fusion="discriminant", unlabelled=X).fit(X[few], y[few])
    other = MultiViewClassifier(views, fusion="discriminant", unlabelled=Source(X)).fit(X[few], y[few])
    assert plain.score(X, y) > 0.95 and np.array_equal(plain.predict_proba(X), other.predict_proba(X))
    assert MultiViewClassifier(views, unlabelled=X).fit(X[few], y[few]).losses_.keys() >= {
        "product",
        "discriminant",
        "a",
    }


def test_a_view_of_noise_costs_nothing() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    good, noise = np.eye(3)[y] + rng.normal(0, 0.4, (600, 3)), rng.normal(size=(600, 80))
    X, views = np.hstack([good, noise]), {"good": slice(0, 3), "noise": slice(3, 83)}
    both = MultiViewClassifier(views).fit(X[:30], y[:30]).score(X[30:], y[30:])
    alone = MultiViewClassifier({"good": slice(0, 3)}).fit(X[:30], y[:30]).score(X[30:], y[30:])
    assert both > alone - 0.03


def test_auto_takes_a_single_view_where_the_others_harm() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    good = 3.0 * y[:, None] + rng.normal(0, 0.5, (120, 2))
    lying = np.where(rng.random((120, 1)) < 0.5, 1, -1) * 3.0 * y[:, None] + rng.normal(0, 2.0, (120, 40))
    model = MultiViewClassifier({"good": [0, 1], "lying": slice(2, 42)}).fit(np.hstack([good, lying]), y)
    assert model.losses_["good"] <= model.losses_["lying"]
    assert (
        MultiViewClassifier({"good": [0, 1], "lying": slice(2, 42)}, fusion="best view")
        .fit(np.hstack([good, lying]), y)
        .fusion_
        == "good"
    )


def test_a_handful_of_labels_chooses_no_single_view() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = np.hstack([3.0 * y[:, None] + rng.normal(0, 0.5, (200, 2)), rng.normal(size=(200, 60))])
    views = {"good": [0, 1], "noise": slice(2, 62)}
    few, many = (MultiViewClassifier(views).fit(X[:n], y[:n]) for n in (20, 200))
    assert few.fusion_ == "product" and few.losses_["good"] < few.losses_["product"]
    assert many.score(X, y) > 0.97


def test_numbers_from_views() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 6))
    y = X[:, 0] + X[:, 3] + 0.1 * rng.normal(size=150)
    views = {"a": slice(0, 3), "b": slice(3, 6)}
    scores = {
        way: MultiViewRegressor(views, fusion=way).fit(X[:100], y[:100]).score(X[100:], y[100:])
        for way in ("a", "joint")
    }
    assert scores["joint"] > 0.95 > 0.7 > scores["a"]
    assert MultiViewRegressor(views).fit(X[:100], y[:100]).fusion_ == "joint"


def test_shared_scores_of_rows_with_gaps() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(200, 1))
    X = np.hstack([shared + 0.3 * rng.normal(size=(200, 3)) for _ in range(3)])
    views = {"a": slice(0, 3), "b": slice(3, 6), "c": slice(6, 9)}
    X[::4, :3] = np.nan
    cca = MultiViewCCA(views, n_components=2).fit(X)
    assert cca.correlations_[0] > 0.8 and abs(cca.correlations_[1]) < 0.35
    assert abs(np.corrcoef(cca.transform(X)[:, 0], shared[:, 0])[0, 1]) > 0.95
    with pytest.raises(ParameterError, match="Expected two views or more to correlate, found one"):
        MultiViewCCA({"a": slice(0, 3)}).fit(X[1::4])


def test_co_training_refuses_what_it_cannot_measure() -> None:
    with pytest.raises(ParameterError, match="Expected fusion 'product', 'joint' or the name of a view, found 'auto'"):
        CoTrainingClassifier({"a": [0], "b": [1]}, fusion="auto").fit(np.eye(4)[:, :2], [0, 1, 0, 1])


X, Y = np.arange(24.0).reshape(6, 4), np.arange(6) % 2


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ({"a": [0, 9]}, "Expected the column 9 of the view 'a' in the table, found the columns 0, 1, 2, 3"),
        ({"a": [0, 1], "b": [1, 2]}, "Expected each column in one view, found 1 in 'a' and 'b'"),
        ({"a": [0, 0]}, "Expected each column once in the view 'a', found 0 twice"),
        ({"a": []}, "Expected a column or more in the view 'a', found none in"),
        ({"a": slice(7, 9)}, "Expected a column or more in the view 'a', found none in slice"),
        (["a"], "Expected views as a dict of names to columns, found"),
        ({}, "Expected views as a dict of names to columns, found"),
        ({"auto": [0]}, "Expected another name for the view 'auto', which is a way to join views"),
    ],
)
def test_views_that_are_refused(views: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        MultiViewClassifier(views).fit(X, Y)


def test_other_words_of_refusals(tmp_path: Path) -> None:
    views = {"a": [0, 1], "b": [2, 3]}
    with pytest.raises(ParameterError, match=r"Expected fusion 'auto', .*'a', 'b', found 'sum'"):
        MultiViewClassifier(views, fusion="sum").fit(X, Y)
    with pytest.raises(ParameterError, match="Expected classes, and unlabelled= rows, for the fusion 'discriminant'"):
        MultiViewClassifier(views, fusion="discriminant").fit(X, Y)
    with pytest.raises(ParameterError, match="Expected a source for the views a, b, found one for 'picture'"):
        MultiViewClassifier(views, source={"picture": "starter:pictures"}).fit(X, Y)
    with pytest.raises(
        ParameterError, match="Expected source as a dict of views to networks, found 'starter:pictures'"
    ):
        MultiViewClassifier(views, source="starter:pictures").fit(X, Y)
    with pytest.raises(ParameterError, match="Expected 4 columns in the rows without labels, as in X, found 3"):
        MultiViewClassifier(views, unlabelled=X[:, :3]).fit(X, Y)
    empty = X.copy()
    empty[[1, 4]] = np.nan
    with pytest.raises(DataError, match="Expected one view or more in every row, found none of a, b in rows 2, 5"):
        MultiViewClassifier(views).fit(X, Y).predict(empty)
    frame = pd.DataFrame({"photo": ["a.png", "b.wav"], "more": ["c.png", "d.png"], "none": [None, ""]})
    with pytest.raises(
        DataError, match="Expected files of one kind in the column 'photo' of the view 'v', found clips and"
    ):
        view_kind(frame, ["photo"], "v")
    with pytest.raises(DataError, match="Expected one column of files in the view 'v', found 'more' beside 'n'"):
        view_kind(frame.assign(n=[1, 2]), ["more", "n"], "v")
    with pytest.raises(DataError, match="Expected values in the column 'none' of the view 'v', found none in 2 rows"):
        view_kind(frame, ["none"], "v")


def test_names_of_columns_are_found_but_for_capitals_and_near_ones_are_told(tmp_path: Path) -> None:
    frame, y = pictures_with_columns(tmp_path)
    assert ViewEncoder({"lab": [" AGE"]}).fit(frame).columns_ == {"lab": ["age"]}
    with pytest.raises(ParameterError, match="Did you mean 'photo'"):
        MultiViewClassifier({"picture": "foto"}).fit(frame, y)
    model = MultiViewClassifier(VIEWS, source=None).fit(frame, y)
    with pytest.raises(DataError, match="Expected the column 'sex' of the view 'lab', as in fit, found 'photo', 'age'"):
        model.encoder_.transform(frame[["photo", "age"]])


def test_broken_files_are_named(tmp_path: Path) -> None:
    frame, y = pictures_with_columns(tmp_path)
    (tmp_path / "2.png").write_bytes(b"no picture")
    with pytest.raises(BadInputs, match=r"2\.png"):
        MultiViewClassifier(VIEWS).fit(frame, y)


def test_named_views_find_their_columns_among_others_in_any_order(tmp_path: Path) -> None:
    frame, y = pictures_with_columns(tmp_path)
    model = MultiViewClassifier(VIEWS, source=None).fit(frame.assign(label=y, ward=1), y)
    expected = model.predict_proba(frame.assign(label=y, ward=1))
    for other in (frame, frame[["sex", "photo", "age"]], frame.assign(more="x")):
        assert np.array_equal(model.predict_proba(other), expected)
    with pytest.raises(DataError, match="Expected the column 'sex' of the view 'lab', as in fit"):
        model.predict(frame.drop(columns="sex"))
    frame = frame.dropna()
    every = MultiViewClassifier().fit(
        frame[["age", "sex"]], y[frame.index]
    )  # one view of all columns: they are all learned from
    with pytest.raises(ValueError, match="feature names"):
        every.predict(frame[["sex", "age"]])


def test_shared_scores_have_names_and_may_be_a_frame() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 4)), columns=list("abcd"))
    cca = MultiViewCCA({"left": ["a", "b"], "right": ["c", "d"]}, n_components=2).set_output(transform="pandas")
    found = cca.fit(frame).transform(frame)
    assert list(found.columns) == list(cca.get_feature_names_out()) == ["multiviewcca0", "multiviewcca1"]
