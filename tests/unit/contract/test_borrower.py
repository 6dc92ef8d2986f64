"""What every classical method gets from its base: names, labels, weights, preprocessing, refusals in words."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from headstart import (
    CORAL,
    AlignedClassifier,
    AlignedRegressor,
    RegularTransferClassifier,
    Source,
    TrAdaBoostClassifier,
)
from headstart.contract.domains import Domains
from headstart.errors import DataError, ParameterError, SourceError, TransferWarning

RNG = np.random.default_rng(0)
X, XS, MORE = RNG.normal(size=(20, 3)), RNG.normal(1, 3, (30, 3)), RNG.normal(size=(7, 3))
Y, YS = np.arange(20) % 2, np.arange(30) % 3
NAMES = ["a", "b", "c"]
FRAMES: list[Any] = [pd.DataFrame]
try:
    import polars

    FRAMES.append(polars.DataFrame)
except ImportError:
    pass


def frame(kind: Any, values: np.ndarray, names: list[str] = NAMES) -> Any:
    return kind({name: values[:, i] for i, name in enumerate(names)})


def domains(X: Any, y: Any = None, task: str | None = "classification", **arguments: Any) -> Domains:
    options = {key: arguments.pop(key) for key in ("sample_weight", "sparse") if key in arguments}
    method = AlignedRegressor(**arguments) if task == "regression" else AlignedClassifier(**arguments)
    return method._domains(X, y, task=task, need_target_labels=False, **options)


def refusal(*args: Any, **arguments: Any) -> str:
    with pytest.raises((SourceError, DataError, ParameterError)) as error:
        domains(*args, **arguments)
    return str(error.value)


def test_labels_become_codes_of_their_union() -> None:
    words = np.array(["dog", "ant", "cat"])
    found = domains(X, words[Y], source=Source(XS, words[YS].astype(object)), unlabelled=MORE)
    assert found.classes is not None and found.classes.tolist() == ["ant", "cat", "dog"]
    assert (found.classes[found.target.y] == words[Y]).all() and (found.classes[found.source.y] == words[YS]).all()
    assert found.target.y.dtype == np.int64 and found.target_rows.shape == (27, 3)
    assert np.shares_memory(found.source.X, XS) and np.shares_memory(found.target.X, X)


def test_the_order_of_sources_is_that_of_their_content() -> None:
    a, b, c = Source(XS[:10], YS[:10], "a"), Source(XS[10:15], YS[10:15], "b"), Source(XS[15:], YS[15:], "c")
    one, other = domains(X, Y, source=[a, b, c]), domains(X, Y, source=(c, a, b))
    assert np.array_equal(one.source.X, other.source.X) and np.array_equal(one.source.y, other.source.y)
    assert [len(part) for part in one.as_given(one.source.X)] == [10, 5, 15]
    assert np.array_equal(np.concatenate(one.as_given(one.source.X)), XS)
    assert np.array_equal(np.concatenate(other.as_given(other.source.X)), np.concatenate([XS[15:], XS[:10], XS[10:15]]))


def test_precision_is_the_finest_that_is_there() -> None:
    single = [values.astype(np.float32) for values in (X, XS, MORE)]
    assert domains(single[0], Y, source=Source(single[1], YS), unlabelled=single[2]).target.X.dtype == np.float32
    assert domains(single[0], Y, source=Source(XS, YS)).target.X.dtype == np.float64
    assert domains(single[0], Y, source=Source(np.arange(90).reshape(30, 3), YS)).source.X.dtype == np.float64


@pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__module__.split(".")[0])
@pytest.mark.parametrize("other", FRAMES, ids=lambda kind: kind.__module__.split(".")[0])
def test_columns_are_matched_by_name(kind: Any, other: Any) -> None:
    turned = Source(frame(other, XS[:, [2, 0, 1]], ["c", "a", "b"]), YS)
    found = domains(frame(kind, X), Y, source=turned, unlabelled=frame(other, MORE[:, ::-1], NAMES[::-1]))
    assert np.array_equal(found.source.X, XS) and np.array_equal(found.unlabelled, MORE)
    said = refusal(frame(kind, X), Y, source=Source(frame(other, XS, ["a", "x", "y"]), YS, "books"))
    assert "source 'books'" in said and "lacks ['b', 'c']" in said and "does not know its ['x', 'y']" in said


@pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__module__.split(".")[0])
def test_names_on_one_side_alone_are_matched_by_position_with_a_warning(kind: Any) -> None:
    with pytest.warns(TransferWarning, match="the source have names, those of the target have none"):
        assert np.array_equal(domains(X, Y, source=Source(frame(kind, XS), YS)).source.X, XS)
    with pytest.warns(TransferWarning, match="the target have names, those of the source have none"):
        assert np.array_equal(domains(frame(kind, X), Y, source=Source(XS, YS)).source.X, XS)


@pytest.mark.parametrize("scope", ["joint", "per-domain", "source"])
def test_preprocessing_sees_what_its_scope_says(scope: str) -> None:
    found = domains(X, Y, source=Source(XS, YS), unlabelled=MORE, preprocess=StandardScaler(), preprocess_scope=scope)
    target, everything = np.vstack([X, MORE]), np.vstack([X, MORE, XS])
    own = {"joint": everything, "per-domain": target, "source": XS}[scope]
    other = {"joint": everything, "per-domain": XS, "source": XS}[scope]
    assert np.allclose(found.target.X, (X - own.mean(axis=0)) / own.std(axis=0))
    assert np.allclose(found.unlabelled, (MORE - own.mean(axis=0)) / own.std(axis=0))
    assert np.allclose(found.source.X, (XS - other.mean(axis=0)) / other.std(axis=0))


@pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__module__.split(".")[0])
def test_text_and_gaps_are_for_preprocessing(kind: Any) -> None:
    def table(n: int, words: list[str]) -> Any:
        numbers = RNG.normal(size=n)
        numbers[1] = np.nan
        return kind({"n": numbers, "w": [words[i % len(words)] for i in range(n)]})

    target, source = table(20, ["x", "y"]), Source(table(30, ["y", "z"]), YS % 2)
    both = make_column_transformer((SimpleImputer(), ["n"]), (OneHotEncoder(sparse_output=False), ["w"]))
    model = AlignedClassifier(source=source, preprocess=both).fit(target, Y)
    assert model.estimator_.n_features_in_ == 4 and model.predict(target).shape == (20,)
    assert model.mapping_.transform_source().shape == (30, 4)
    assert "found text in the column 'w'" in refusal(target, Y, source=source)
    assert "there are as many columns" not in refusal(
        target, Y, source=Source(table(30, ["x", "y", "z"]), YS % 2), preprocess=both, preprocess_scope="per-domain"
    )


def test_a_step_of_an_outer_pipeline_that_left_the_source_alone_draws_a_warning() -> None:
    raw, source = 50 + 9 * X, Source(50 + 9 * XS, YS % 2, "books")
    for scaler, words in ((StandardScaler(), "mean 0 and variance 1"), (MinMaxScaler(), "a range from 0 to 1")):
        with pytest.warns(TransferWarning, match=f"columns have {words}, those of the source 'books' have not"):
            make_pipeline(scaler, AlignedClassifier(source=source)).fit(raw, Y)
        with warnings.catch_warnings():
            warnings.simplefilter("error", TransferWarning)
            AlignedClassifier(source=source, preprocess=scaler).fit(raw, Y)
            AlignedClassifier(source=Source(scaler.fit_transform(source.X), source.y)).fit(scaler.fit_transform(raw), Y)
            AlignedClassifier(source=source).fit(raw, Y)


def test_refusals_say_what_and_what_to_do() -> None:
    holes = XS.copy()
    holes[0, 0] = np.nan
    source = Source(XS, YS, "books")
    assert "Expected 2 columns in the source 'books', as in the target, found 3" in refusal(X[:, :2], Y, source=source)
    assert (
        "the source 'books' cannot be used: Input contains NaN".lower()
        in refusal(X, Y, source=Source(holes, YS, "books")).lower()
    )
    assert "Wrap the rows: Source(X, y)" in refusal(X, Y, source=(XS, YS))
    assert "Expected labels in the source, found rows alone" in refusal(X, Y, source=Source(XS))
    assert "labels of one kind, found 5 in the target and 'a' in the source" in refusal(
        X, Y + 5, source=Source(XS, np.array(["a", "b", "c"])[YS])
    )
    assert "labels of one kind" in refusal(X, Y + 1, source=Source(XS, np.array(["a", "b"])[YS % 2]))
    assert "label that the target and the source have in common, found [0, 1] and [5, 6, 7]" in refusal(
        X, Y, source=Source(XS, YS + 5)
    )
    assert "joint" in refusal(X, Y, source=source, preprocess_scope="both")
    assert "Expected a transformer with fit and transform" in refusal(X, Y, source=source, preprocess="scale")
    assert "requires y to be passed" in refusal(X)
    assert "sparse" in refusal(X, Y, source=Source(sparse.csr_matrix(XS), YS))
    assert "some are missing" in refusal(X, Y, source=Source(XS, [None, *["a"] * 29]))
    assert "contain NaN" in refusal(X, X[:, 0], task="regression", source=Source(XS, holes[:, 0]))
    assert "weights of 0 or more" in refusal(X, Y, source=Source(XS, YS, sample_weight=-np.ones(30)))
    assert "saved without them" in refusal(X, Y, source=source.without_rows())
    assert "Expected 3 columns in the unlabelled rows" in refusal(X, Y, source=source, unlabelled=MORE[:, :2])


def test_labels_that_an_ensemble_has_numbered_are_noticed() -> None:
    with pytest.warns(TransferWarning, match=r"are \['ant', 'bee'\]: they are taken as those numbers"):
        found = domains(X, Y, source=Source(XS, np.array(["bee", "ant"])[YS % 2]))
    assert found.classes.tolist() == [0, 1] and np.array_equal(found.source.y, 1 - YS % 2)
    with pytest.warns(TransferWarning, match=r"those of the source are \[-1, 1\]: they are taken as they are"):
        assert domains(X, Y, source=Source(XS, 2 * (YS % 2) - 1)).classes.tolist() == [-1, 0, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        domains(X, YS[:20], source=Source(XS, YS % 2))
        domains(X, Y, source=Source(XS, YS))


def test_sparse_rows_stay_sparse_where_they_are_welcome() -> None:
    source = Source(sparse.csr_matrix(XS), YS)
    found = domains(sparse.csc_matrix(X), Y, source=[source, Source(MORE, np.zeros(7))], sparse=True)
    assert found.target.X.format == "csr" and found.source.X.format == "csr" and found.source.X.shape == (37, 3)
    model = AlignedClassifier(CORAL(accept_sparse=True), source=source).fit(sparse.csr_matrix(X), Y)
    dense = AlignedClassifier(source=Source(XS, YS)).fit(X, Y)
    assert np.allclose(model.predict_proba(sparse.csr_matrix(X)), dense.predict_proba(X))


def test_weights_of_both_sides_reach_the_estimator() -> None:
    weights, others = RNG.uniform(0.5, 2, 20), RNG.integers(1, 3, 30).astype(float)
    source = Source(XS, YS, sample_weight=others)
    found = domains(X, Y, source=source, sample_weight=weights)
    assert np.array_equal(found.target.weights, weights) and np.array_equal(found.source.weights, others)
    model = AlignedClassifier(source=source).fit(X, Y, sample_weight=weights)
    rows = np.vstack([model.mapping_.transform_source(), X])
    plain = LogisticRegression(max_iter=1000).fit(rows, np.concatenate([YS, Y]), np.concatenate([others, weights]))
    assert np.allclose(model.predict_proba(X), plain.predict_proba(X))


def test_a_source_of_its_own_kind_goes_through_its_own_preprocessing() -> None:
    a, b = Source(XS[:15], YS[:15], "a"), Source(XS[15:], YS[15:], "b")
    mapping = CORAL(source=[a, b], preprocess=StandardScaler(), preprocess_scope="per-domain").fit(X)
    assert np.allclose(mapping.transform_source().shape, (30, 3))
    with pytest.raises(SourceError, match="found several sources, each with preprocessing of its own"):
        mapping.transform_source(XS)
    with pytest.raises(SourceError, match="Expected a source, found source=None"):
        CORAL().fit(X).transform_source()


def test_a_fold_that_lacks_a_class_gets_a_column_for_it() -> None:
    rng = np.random.default_rng(0)
    y = np.array(["x"] * 20 + ["y"] * 20 + ["z"] * 3)
    rows = rng.normal(size=(43, 2)) + np.array([0, 2, 5])[np.unique(y, return_inverse=True)[1]][:, None]
    for method in (
        TrAdaBoostClassifier(source=Source(rows + 0.1, y), random_state=0),
        AlignedClassifier(source=Source(rows + 0.1, y)),
        RegularTransferClassifier(source=Source(rows + 0.1, y)),
    ):
        with pytest.warns(TransferWarning, match="in sorted order"):
            found = cross_val_predict(method, rows, y, cv=KFold(5), method="predict_proba")
        assert found.shape == (43, 3) and found.sum(axis=1) == pytest.approx(1)
