"""AlignedClassifier and AlignedRegressor in scikit-learn's machinery, with no metadata routing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart import CORAL, AlignedClassifier, AlignedRegressor, LinearMonge, Source, TransferComponentAnalysis
from headstart.errors import ParameterError, TransferWarning
from headstart.features.aligned import spoken


def stretched(n: int, seed: int, factor: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Two classes along the first column, drawn out and moved."""
    rng = np.random.default_rng(seed)
    y = np.repeat(["no", "yes"], n // 2)
    return (rng.normal(0, 1, (n, 3)) + 4.0 * (y == "yes")[:, None] * [1, 0, 0]) * factor + shift, y


X, Y = stretched(60, 0, 3.0, 20.0)
NEAR, FAR = Source(*stretched(80, 1, 1.0, 0.0), name="near"), Source(*stretched(80, 2, -1.0, 5.0), name="far")


def test_it_learns_without_a_label_of_the_target() -> None:
    adapted = AlignedClassifier(CORAL(), source=NEAR).fit(X)
    assert adapted.score(X, Y) > 0.9 > LogisticRegression().fit(NEAR.X, NEAR.y).score(X, Y)


def test_it_is_the_estimator_on_mapped_rows() -> None:
    adapted = AlignedClassifier(CORAL(), KNeighborsClassifier(3), source=NEAR).fit(X, Y)
    mapping = CORAL(source=NEAR).fit(X)
    rows = np.vstack([mapping.transform_source(), mapping.transform(X)])
    plain = KNeighborsClassifier(3).fit(rows, np.concatenate([NEAR.y, Y]))
    assert np.array_equal(adapted.predict_proba(X), plain.predict_proba(X))
    assert np.array_equal(adapted.mapping_.transform_source(), mapping.transform_source())
    assert not hasattr(adapted, "decision_function") and hasattr(AlignedClassifier(), "decision_function")


def test_without_a_source_it_is_the_estimator_exactly() -> None:
    for estimator in (LogisticRegression(C=0.1), KNeighborsClassifier(3)):
        alone = AlignedClassifier(CORAL(), estimator).fit(X, Y)
        assert np.array_equal(alone.predict_proba(X), clone(estimator).fit(X, Y).predict_proba(X))
    numbers = AlignedRegressor(CORAL(), Ridge(0.1)).fit(X, X[:, 0])
    assert np.array_equal(numbers.predict(X), Ridge(0.1).fit(X, X[:, 0]).predict(X))
    weighted = AlignedClassifier().fit(X, Y, sample_weight=np.arange(60.0))
    plain = LogisticRegression(max_iter=1000).fit(X, Y, np.arange(60.0))
    assert np.array_equal(weighted.predict_proba(X), plain.predict_proba(X))


def test_a_grid_chooses_the_source() -> None:
    rng = np.random.default_rng(0)
    odd = Source(NEAR.X, rng.permutation(NEAR.y), name="odd")
    grid = GridSearchCV(
        AlignedClassifier(CORAL()), {"source": [odd, NEAR, None], "mapping__regularisation": [0, 1]}, cv=3
    )
    assert grid.fit(X[::6], Y[::6]).best_params_["source"] is not odd
    assert not sklearn.get_config()["enable_metadata_routing"]


def test_cross_validation_pipelines_and_stacking_score_the_target() -> None:
    adapted = AlignedClassifier(CORAL(), source=[NEAR, FAR], preprocess=StandardScaler(), preprocess_scope="per-domain")
    assert cross_val_score(adapted, X, Y, cv=3).shape == (3,)
    assert cross_val_score(make_pipeline(StandardScaler(), adapted), X, Y, cv=3).min() > 0.5
    stack = StackingClassifier([("near", adapted), ("alone", AlignedClassifier())], cv=3)
    with pytest.warns(TransferWarning, match="as stacking and voting classifiers number them"):
        stack.fit(X, Y)
    assert stack.score(X, Y) > 0.9
    assert stack.predict(X).shape == (60,) and stack.named_estimators_["near"].source[0] is NEAR


def test_mappings_stand_in_pipelines_and_give_frames() -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    with pytest.warns(UserWarning, match="matched by position"):
        mapping = CORAL(source=NEAR).set_output(transform="pandas").fit(frame)
    assert list(mapping.transform(frame).columns) == ["a", "b", "c"] == mapping.get_feature_names_out().tolist()
    assert list(mapping.transform_source().columns) == ["a", "b", "c"] and len(mapping.transform_source()) == 80
    assert make_pipeline(CORAL(source=NEAR), LogisticRegression()).fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (3, "Expected a mapping such as CORAL(), or the name of one"),
        (CORAL(source=NEAR), "Expected source as an argument of AlignedClassifier, found it in its mapping"),
        (CORAL(regularisation=-1.0), "Expected regularisation to be a number of at least 0, found -1.0"),
        (CORAL(align_means="yes"), "Expected align_means to be one of True, False, found 'yes'"),
    ],
    ids=["no mapping", "two sources", "number", "option"],
)
def test_options_are_checked_at_fit(mapping: Any, words: str) -> None:
    with pytest.raises(ParameterError) as error:
        AlignedClassifier(mapping, source=FAR).fit(X, Y)
    assert words in str(error.value)
    with pytest.raises(ParameterError, match="Expected an estimator that takes sample_weight, found KNeighbors"):
        AlignedClassifier(CORAL(), KNeighborsClassifier(), source=FAR).fit(X, Y, sample_weight=np.ones(60))


def test_numbers_are_borrowed_too() -> None:
    rng = np.random.default_rng(0)
    summer = rng.normal(size=(100, 3))
    winter, slope = 3 * rng.normal(size=(90, 3)) + 20, np.array([1.0, -2.0, 0.5])
    truth = (winter - 20) / 3 @ slope
    adapted = AlignedRegressor(CORAL(), source=Source(summer, summer @ slope)).fit(winter)
    assert adapted.score(winter, truth) > 0.9


@pytest.mark.parametrize("said", ["coral", "CORAL", "Linear Monge", "linear_monge", "tca"])
def test_a_mapping_can_be_said_by_its_name(said: str) -> None:
    rng = np.random.default_rng(0)
    source = Source(rng.normal(size=(40, 3)), np.arange(40) % 2)
    target = rng.normal(size=(30, 3)) + 1
    whole = {"coral": CORAL, "linear monge": LinearMonge}.get(spoken(said), TransferComponentAnalysis)()
    wanted = AlignedClassifier(whole, source=source).fit(target).predict_proba(target)
    estimator = AlignedClassifier(said, source=source)
    assert estimator.get_params()["mapping"] == said
    assert np.array_equal(estimator.fit(target).predict_proba(target), wanted)


def test_a_mapping_that_is_none_is_refused_with_the_names() -> None:
    with pytest.raises(ParameterError, match=r"or the name of one \(.*coral.*linear monge.*\), found 'corel'"):
        AlignedClassifier("corel", source=Source(np.eye(2), [0, 1])).fit(np.eye(2))
