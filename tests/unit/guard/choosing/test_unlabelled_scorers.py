"""Scorers without target labels: what each of them sees, inside scikit-learn's own searches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.svm import LinearSVC

from headstart import CORAL, AlignedClassifier, AlignedRegressor, Source
from headstart.errors import ParameterError, SourceError
from headstart.guard.choosing.unlabelled_scorers import (
    CircularValidation,
    DeepEmbeddedValidation,
    ImportanceWeightedValidation,
    PredictionEntropy,
    SoftNeighbourhoodDensity,
    discriminator_ratio,
)
from headstart.math.statistics.validation import deep_embedded_risk, importance_weighted_risk


def domains(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A source of three bundles, and a target that is stretched and moved."""
    rng = np.random.default_rng(seed)
    y = np.array(["ant", "bee", "fly"])[np.arange(120) % 3]
    X = rng.normal(size=(120, 2)) * 0.5 + np.array([[0, 0], [4, 0], [0, 4]])[np.arange(120) % 3]
    return X, y, X[rng.permutation(120)] * [3.0, 0.5] + 20.0


@pytest.mark.parametrize("scorer", [CircularValidation(), DeepEmbeddedValidation()], ids=["circular", "DEV"])
def test_a_grid_search_over_the_target_alone_prefers_the_mapping_that_fits(scorer: Any) -> None:
    X, y, target = domains()
    method = AlignedClassifier(CORAL(), source=Source(X, y))
    grid = {"mapping__regularisation": [0.0, 1e6]}
    search = GridSearchCV(method, grid, scoring=scorer, cv=2, error_score="raise").fit(target)
    assert search.best_params_ == {"mapping__regularisation": 0.0}


def test_importance_weighted_validation_is_the_weighted_share_of_held_out_errors() -> None:
    X, y, target = domains()
    method = AlignedClassifier(CORAL(), source=Source(X, y)).fit(target)
    scorer = ImportanceWeightedValidation()
    losses, weights = scorer._weighted_losses(method, target, mapped=False)
    assert np.isclose(scorer(method, target), 1 - importance_weighted_risk(losses, weights, normalised=True))
    losses, weights = DeepEmbeddedValidation()._weighted_losses(method, target, mapped=True)
    assert np.isclose(DeepEmbeddedValidation()(method, target), 1 - deep_embedded_risk(losses, weights))


def test_weighted_validation_sees_errors_where_the_target_is() -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(-2, 2, (400, 1))
    y = (np.abs(X[:, 0]) > 1).astype(int)
    target = rng.uniform(1.0, 2.0, (200, 1))
    method = AlignedClassifier(CORAL(), source=Source(X, y))
    plain = GaussianPlain(source=Source(X, y)).fit(target)
    assert ImportanceWeightedValidation()(plain, target) > 0.75
    assert clone(method).source is method.source


class GaussianPlain(AlignedClassifier):
    """Learns from the source's rows as they are."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        from sklearn.naive_bayes import GaussianNB

        self.model_ = GaussianNB().fit(self.source.X, self.source.y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self.model_.predict(X)


def test_numbers_are_scored_too() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 2))
    y = X @ [1.0, 2.0] + 3
    method = AlignedRegressor(CORAL(), source=Source(X, y)).fit(X * 2 + 1)
    assert CircularValidation()(method, X * 2 + 1) > 0.95
    assert -0.1 < ImportanceWeightedValidation()(method, X * 2 + 1) <= 0
    assert DeepEmbeddedValidation()(method, X * 2 + 1) <= 0.05


def test_the_ratio_is_that_of_two_gaussians_and_not_its_inverse() -> None:
    rng = np.random.default_rng(3)
    source, target = rng.normal(0, 1, (4000, 1)), rng.normal(0.5, 1, (3000, 1))
    truth = np.exp(0.5 * source[:, 0] - 0.125)
    assert np.corrcoef(discriminator_ratio(source, target), truth)[0, 1] > 0.99
    assert abs(discriminator_ratio(source, target).mean() - 1) < 0.05


def test_shapes_of_answers() -> None:
    X, y, target = domains()
    sure = AlignedClassifier(CORAL(regularisation=0.0), source=Source(X, y)).fit(target)
    lost = AlignedClassifier(CORAL(regularisation=0.0), source=Source(X, np.random.default_rng(0).permutation(y)))
    lost.fit(target)
    assert PredictionEntropy()(sure, target) > PredictionEntropy()(lost, target)
    assert SoftNeighbourhoodDensity()(sure, target) < SoftNeighbourhoodDensity()(lost, target), "blind to a collapse"
    machine = AlignedClassifier(CORAL(), LinearSVC(), source=Source(X, y)).fit(target)
    assert PredictionEntropy()(machine, target) < 0


def test_what_cannot_be_scored_is_refused_in_words() -> None:
    X, y, target = domains()
    with pytest.raises(SourceError, match=r"Expected a method with a labelled source.*source=None"):
        CircularValidation()(AlignedClassifier(CORAL()).fit(X, y), X)
    numbers = AlignedRegressor(CORAL(), source=Source(X, X[:, 0])).fit(target)
    with pytest.raises(ParameterError, match="predict_proba or decision_function, found AlignedRegressor"):
        PredictionEntropy()(numbers, target)
    with pytest.raises(ParameterError, match="Expected cv"):
        ImportanceWeightedValidation(cv=1)(AlignedClassifier(CORAL(), source=Source(X, y)).fit(target), target)


def test_several_sources_are_validated_together() -> None:
    X, y, target = domains()
    method = AlignedClassifier(CORAL(), source=[Source(X[:60], y[:60]), Source(X[60:], y[60:])]).fit(target)
    assert CircularValidation()(method, target) > 0.9
