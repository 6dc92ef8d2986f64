"""Transfer forests as estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from headstart.errors import ParameterError, SourceError
from headstart.parameters.tables.transfer_forest import TransferForestClassifier, TransferForestRegressor
from headstart.source import Source

SMALL = RandomForestClassifier(15, random_state=0)
NAMES = np.array(["no", "yes"])


def moved(n: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The same logic of two columns, moved."""
    X = np.random.default_rng(seed).normal(size=(n, 4))
    return X + shift, NAMES[((X[:, 0] > 0.3) ^ (X[:, 1] > -0.2)).astype(int)]


@pytest.mark.parametrize("algorithm", ["mix", "ser", "strut"])
def test_a_moved_source_helps(algorithm: str) -> None:
    (Xs, ys), (X, y), (new, y_new) = moved(600, 0, 0.7), moved(40, 1), moved(500, 2)
    model = TransferForestClassifier(SMALL, algorithm=algorithm, source=Source(Xs, ys), random_state=0).fit(X, y)
    alone = clone(SMALL).fit(X, y)
    assert model.score(new, y_new) > alone.score(new, y_new)
    shares = model.predict_proba(new)
    assert np.allclose(shares.sum(1), 1) and np.array_equal(model.classes_[shares.argmax(1)], model.predict(new))
    assert len(model.roots_) == (30 if algorithm == "mix" else 15)


def test_a_fitted_forest_is_a_source_and_stays_as_it_was() -> None:
    (Xs, ys), (X, y) = moved(300, 0), moved(20, 1)
    forest = ExtraTreesClassifier(10, random_state=0).fit(Xs, ys)
    before = forest.predict_proba(Xs)
    model = TransferForestClassifier(source=forest, random_state=0)
    twin = clone(model)
    assert twin.source is forest
    assert np.array_equal(model.fit(X, y).predict_proba(Xs), twin.fit(X, y).predict_proba(Xs))
    assert np.array_equal(forest.predict_proba(Xs), before)
    grid = {"source": [FrozenEstimator(forest), None], "estimator": [SMALL]}
    assert np.isfinite(GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y).best_score_)


def test_unreached_parts_keep_the_source_or_ask_above() -> None:
    Xs, ys = moved(600, 0)
    X, y = np.full((3, 4), 1.0), np.array(["yes"] * 3)
    kept, cut = (
        TransferForestClassifier(SMALL, algorithm="ser", unreached=way, source=Source(Xs, ys)).fit(X, y)
        for way in ("keep", "prune")
    )
    assert kept.score(Xs, ys) > 0.8 > cut.score(Xs, ys) and len(cut.feature_) < len(kept.feature_)


def test_classes_of_both_sides() -> None:
    (Xs, ys), (X, y) = moved(300, 0), moved(30, 1)
    y = y.astype(object)
    y[:4] = "maybe"
    model = TransferForestClassifier(SMALL, source=Source(Xs, ys), random_state=0).fit(X, y)
    assert model.classes_.tolist() == ["maybe", "no", "yes"] and "maybe" in model.predict(X)
    fitted = TransferForestClassifier(source=clone(SMALL).fit(Xs, ys), random_state=0).fit(X, y)
    assert np.array_equal(fitted.classes_, model.classes_)


@pytest.mark.parametrize("algorithm", ["mix", "ser", "strut"])
def test_numbers(algorithm: str) -> None:
    rng = np.random.default_rng(0)
    Xs, X, new = (rng.normal(size=(n, 3)) for n in (500, 30, 400))

    def truth(Z: np.ndarray) -> np.ndarray:
        return np.sin(2 * Z[:, 0]) + np.abs(Z[:, 1])

    forest = RandomForestRegressor(15, random_state=0)
    model = TransferForestRegressor(forest, algorithm=algorithm, source=Source(Xs, truth(Xs)), random_state=0)
    alone = clone(forest).fit(X, truth(X)).score(new, truth(new))
    assert model.fit(X, truth(X)).score(new, truth(new)) > alone


def test_without_a_source_it_is_the_forest() -> None:
    X, y = moved(60, 1)
    model = TransferForestClassifier(RandomForestClassifier(5), random_state=3).fit(X, y)
    assert np.array_equal(model.predict_proba(X), RandomForestClassifier(5, random_state=3).fit(X, y).predict_proba(X))


def test_refusals() -> None:
    (Xs, ys), (X, y) = moved(60, 0), moved(20, 1)
    for options, words in (
        ({"algorithm": "sre"}, "algorithm to be one of 'mix', 'ser', 'strut', found 'sre'"),
        ({"unreached": "drop"}, "unreached to be one of 'keep', 'prune'"),
        ({"estimator": LogisticRegression()}, "Expected a random forest of scikit-learn"),
    ):
        with pytest.raises(ParameterError, match=words):
            TransferForestClassifier(source=Source(Xs, ys), **options).fit(X, y)
    with pytest.raises(SourceError, match="Expected a fitted forest as source"):
        TransferForestClassifier(source=RandomForestClassifier()).fit(X, y)
    with pytest.raises(ParameterError, match="criterion='squared_error'"):
        TransferForestRegressor(RandomForestRegressor(criterion="absolute_error")).fit(X, X[:, 0])
