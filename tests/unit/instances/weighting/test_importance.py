"""Weightings as estimators, and learning from weighted source rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from headstart import (
    BBSE,
    KLIEP,
    RULSIF,
    ULSIF,
    BalancedWeighting,
    DiscriminatorRatio,
    ImportanceWeightedClassifier,
    ImportanceWeightedRegressor,
    KernelDensityRatio,
    KernelMeanMatching,
    MMDTargetShift,
    NearestNeighbourRatio,
    Source,
)
from headstart.errors import DataError, ParameterError, TransferWarning
from headstart.instances.weighting.base import Weighting
from headstart.instances.weighting.importance import WEIGHTINGS
from headstart.math.ratios.odds import effective_sample_size

RATIOS: dict[str, Weighting] = {
    "kmm": KernelMeanMatching(width=0.3, bound=20, random_state=0),
    "kliep": KLIEP(random_state=0),
    "ulsif": ULSIF(random_state=0),
    "rulsif": RULSIF(random_state=0),
    "cells": NearestNeighbourRatio(),
    "balls": NearestNeighbourRatio(n_neighbors=20),
    "discriminator": DiscriminatorRatio(random_state=0),
    "density": KernelDensityRatio(),
}
EVERY: dict[str, Weighting] = {
    **RATIOS,
    "mmd shift": MMDTargetShift(random_state=0),
    "bbse": BBSE(random_state=0),
    "soft bbse": BBSE(predictions="probabilities", random_state=0),
    "balanced": BalancedWeighting(gamma=0.7),
    "balanced rulsif": BalancedWeighting(weighting=RULSIF(random_state=0)),
}


def samples(n_source: int = 150, n_target: int = 120, d: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    y = np.arange(n_source) % 2
    source = rng.normal(size=(n_source, d)) + 1.5 * y[:, None]
    return source, rng.normal(1.2, 0.8, (n_target, d)), np.array(["ant", "bee"])[y]


@pytest.mark.parametrize("name", EVERY)
def test_every_weighting_keeps_the_promises_of_all(name: str) -> None:
    source, target, y = samples()
    for array in (source, target):
        array.flags.writeable = False
    weighting, before = EVERY[name], str(np.random.get_state())
    words = repr(weighting)
    first, again = (clone(weighting).fit(source, target, y) for _ in range(2))
    assert np.array_equal(first.weights_, again.weights_)
    assert first.weights_.shape == (150,) and (first.weights_ >= 0).all()
    assert first.weights_.mean() == pytest.approx(1)
    assert first.effective_sample_size_ == pytest.approx(effective_sample_size(first.weights_))
    assert str(np.random.get_state()) == before and repr(weighting) == words
    framed = clone(weighting).fit(pd.DataFrame(source), pd.DataFrame(target), pd.Series(y))
    assert np.allclose(framed.weights_, first.weights_)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in ("discriminator", "bbse", "soft bbse")])
def test_order_of_rows_and_columns_of_zeros_are_irrelevant(name: str) -> None:
    source, target, y = samples()
    order = np.random.default_rng(1).permutation(150)
    first = clone(EVERY[name]).fit(source, target, y).weights_
    moved = clone(EVERY[name]).fit(source[order], target[::-1], y[order]).weights_
    assert np.allclose(moved, first[order], atol=0.02 * first.max())


@pytest.mark.parametrize("name", EVERY)
def test_single_precision_and_sparse_rows_are_taken(name: str) -> None:
    source, target, y = samples()
    dense = clone(EVERY[name]).fit(source, target, y).weights_
    for kind in (np.float32, sparse.csr_matrix, sparse.csr_array):
        found = clone(EVERY[name]).fit(kind(source), kind(target), y).weights_
        assert (
            np.isfinite(found).all()
            and np.corrcoef(dense + 1e-9 * source[:, 0], found + 1e-9 * source[:, 0])[0, 1] > 0.95
        )


@pytest.mark.parametrize("name", RATIOS)
def test_rows_like_the_target_weigh_more(name: str) -> None:
    """The right way round: a peer's discriminator gives the inverse ratio."""
    rng = np.random.default_rng(0)
    source, target = rng.normal(0, 1, (1500, 1)), rng.normal(0.7, 0.8, (700, 1))
    truth = norm.pdf(source, 0.7, 0.8).ravel() / norm.pdf(source).ravel()
    found = clone(RATIOS[name]).fit(source, target).weights_
    assert np.corrcoef(found, truth)[0, 1] > {"cells": 0.35, "kmm": 0.3, "discriminator": 0.7}.get(name, 0.85)


def test_odds_are_corrected_for_the_sizes_of_the_samples() -> None:
    """Equal spreads and moved means: the log-ratio is linear, and known without any scale."""
    rng = np.random.default_rng(1)
    source, target = rng.normal(0, 1, (3000, 2)), rng.normal([0.8, 0], 1, (600, 2))
    truth = 0.8 * source[:, 0] - 0.32
    for weighting in (
        DiscriminatorRatio(random_state=0),
        DiscriminatorRatio(n_folds=None),
        DiscriminatorRatio(LinearSVC(), calibration="sigmoid", random_state=0),
    ):
        found = weighting.fit(source, target).log_ratio_
        assert np.abs(found - truth).mean() < 0.25  # without the correction it would be 1.6


def test_rows_are_judged_by_a_classifier_that_did_not_learn_them() -> None:
    source, target, _ = samples(400, 400)
    forest = RandomForestClassifier(10, max_depth=8, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TransferWarning)
        seen = DiscriminatorRatio(forest, n_folds=None).fit(source, target)
    unseen = DiscriminatorRatio(forest, calibration="sigmoid", random_state=0).fit(source, target)
    assert unseen.log_ratio_.mean() > seen.log_ratio_.mean() + 0.3


def test_the_default_judges_each_row_as_folds_of_single_rows_do() -> None:
    source, target, _ = samples(60, 50, 12)
    once = DiscriminatorRatio().fit(source, target).log_ratio_
    each = DiscriminatorRatio(n_folds=50, random_state=0).fit(source, target).log_ratio_
    seen = DiscriminatorRatio(n_folds=None).fit(source, target).log_ratio_
    assert np.abs(once - each).mean() < 0.3 * np.abs(seen - each).mean()
    columns = np.column_stack([source, np.full(60, 3e5)]), np.column_stack([target, np.full(50, 3e5)])
    assert np.allclose(DiscriminatorRatio().fit(*columns).log_ratio_, once, atol=1e-4)
    with pytest.raises(ParameterError, match="n_folds"):
        DiscriminatorRatio(n_folds="three").fit(source, target)


def test_shares_of_classes_are_found_and_used() -> None:
    rng = np.random.default_rng(2)
    y, hidden = rng.choice(["a", "b", "c"], 900), rng.choice(["a", "b", "c"], 900, p=[0.7, 0.2, 0.1])
    centre = {"a": 0.0, "b": 1.5, "c": 3.0}
    source, target = (rng.normal([[centre[k], -centre[k]] for k in labels]) for labels in (y, hidden))
    plain = LogisticRegression().fit(source, y).score(target, hidden)
    for weighting in (MMDTargetShift(random_state=0), BBSE(random_state=0), "bbse", "mmd-target-shift"):
        model = ImportanceWeightedClassifier(weighting=weighting, source=Source(source, y), random_state=0).fit(target)
        assert model.weighting_.priors_ == pytest.approx([0.7, 0.2, 0.1], abs=0.08)
        assert model.score(target, hidden) > plain + 0.01
        assert len(set(model.weights_.round(9))) == 3


def test_collapse_draws_a_warning_and_equal_weights_do_not() -> None:
    rng = np.random.default_rng(3)
    source, far = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) + 6
    with pytest.warns(TransferWarning, match=r"500 source rows count as much as [0-9.]+ equal ones"):
        KernelDensityRatio().fit(source, far)
    with pytest.warns(TransferWarning, match="collapsed"):
        ImportanceWeightedClassifier(weighting="kernel-density", source=Source(source, source[:, 0] > 0)).fit(far)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RULSIF(random_state=0).fit(source, rng.normal(size=(400, 2)))
        NearestNeighbourRatio().fit(source[:3], source[:3])


def test_classes_that_look_alike_draw_a_warning() -> None:
    rng = np.random.default_rng(4)
    half = rng.normal(size=(100, 2))
    with pytest.warns(TransferWarning, match="can hardly tell classes apart"):
        MMDTargetShift().fit(np.vstack([half, half + 1e-6]), half, np.repeat([0, 1], 100))


def test_512_columns() -> None:
    rng = np.random.default_rng(5)
    source, target = rng.normal(size=(300, 512)), rng.normal(0.05, 1, (250, 512))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TransferWarning)
        for weighting in RATIOS.values():
            assert np.isfinite(clone(weighting).fit(source, target).weights_).all()


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted with."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Recorder:
        self.classes_, self.given_ = np.unique(y), (X, y, sample_weight)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.repeat(self.classes_[:1], len(X))


def test_the_estimator_gets_weighted_source_rows_and_the_targets_labelled_ones() -> None:
    source, target, y = samples()
    own, labels = np.linspace(0.5, 2, 150), np.array(["bee", "cat"] * 5)
    model = ImportanceWeightedClassifier(
        Recorder(), RULSIF(random_state=0), source=Source(source, y, sample_weight=own), unlabelled=target[10:]
    ).fit(target[:10], labels, sample_weight=np.full(10, 3.0))
    alone = RULSIF(random_state=0).fit(source, target)
    X, answers, weight = model.estimator_.given_
    assert np.array_equal(X, np.vstack([source, target[:10]]))
    assert answers.tolist() == [*y, *labels] and model.classes_.tolist() == ["ant", "bee", "cat"]
    assert np.allclose(weight[:150], alone.weights_ * own) and np.allclose(weight[150:], 3.0)
    assert np.allclose(model.weights_, alone.weights_)
    assert model.effective_sample_size_ == pytest.approx(alone.effective_sample_size_)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_the_target_gets_the_share_it_was_promised(gamma: float) -> None:
    source, target, y = samples()
    labels = np.array(["ant", "bee"] * 10)
    model = ImportanceWeightedClassifier(Recorder(), BalancedWeighting(gamma=gamma), source=Source(source, y))
    weight = model.fit(target[:20], labels).estimator_.given_[2]
    assert weight[150:].sum() / weight.sum() == pytest.approx(gamma)
    assert weight.mean() == pytest.approx(1) and np.ptp(weight[:150]) < 1e-12
    assert model.fit(target).estimator_.given_[2].tolist() == [1.0] * 150


def test_the_whole_target_weight_is_the_target_alone() -> None:
    source, target, y = samples()
    labels = np.where(target[:, 0] + 0.3 * target[:, 1] > 1.5, "ant", "bee")
    model = ImportanceWeightedClassifier(
        LogisticRegression(C=1.0, tol=1e-10, max_iter=5000), BalancedWeighting(gamma=1.0), source=Source(source, y)
    ).fit(target, labels)
    n, total = len(target), len(target) + len(source)
    alone = LogisticRegression(C=total / n, tol=1e-10, max_iter=5000).fit(target, labels)
    assert np.allclose(model.predict_proba(target), alone.predict_proba(target), atol=1e-4)


def test_weights_help_a_rigid_model_under_covariate_shift() -> None:
    rng = np.random.default_rng(6)
    Xs, X = rng.normal(0, 1, (1000, 1)), rng.normal(1.2, 0.3, (1000, 1))
    ys, y = Xs[:, 0] ** 2, X[:, 0] ** 2
    plain = Ridge().fit(Xs, ys).score(X, y)
    for weighting in ("rulsif", "ulsif", "kliep", "kmm", "kernel-density", "discriminator", "nearest-neighbour"):
        model = ImportanceWeightedRegressor(weighting=weighting, source=Source(Xs, ys), random_state=0).fit(X)
        assert model.score(X, y) > plain + 0.5, weighting


def test_weights_come_in_the_order_of_the_sources_and_are_explained() -> None:
    source, target, y = samples()
    one, two = Source(source[:50], y[:50], name="one"), Source(source[50:], y[50:], name="two")
    first, second = (
        ImportanceWeightedClassifier(source=given, random_state=0).fit(target) for given in ([one, two], [two, one])
    )
    assert np.array_equal(first.weights_[:50], second.weights_[100:])
    assert np.allclose(first.weights_, RULSIF(random_state=0).fit(source, target).weights_)
    use = first.explain_source(3)
    assert use.effective_rows == pytest.approx(first.effective_sample_size_)
    assert {entry["class"] for entry in use.by_class} == {"ant", "bee"}


def test_without_weighting_rows_count_alike_and_without_a_source_it_is_the_estimator() -> None:
    source, target, y = samples()
    labels = y[: len(target)]
    pooled = ImportanceWeightedClassifier(weighting=None, source=Source(source, y)).fit(target)
    assert np.array_equal(
        pooled.predict_proba(target),
        LogisticRegression(max_iter=1000).fit(source, y, np.ones(150)).predict_proba(target),
    )
    alone = ImportanceWeightedClassifier().fit(target, labels)
    assert np.array_equal(
        alone.predict_proba(target), LogisticRegression(max_iter=1000).fit(target, labels).predict_proba(target)
    )
    assert alone.weighting_ is None and alone.weights_.shape == (0,)


def test_searches_over_sources_weightings_and_their_options() -> None:
    source, target, y = samples()
    labels = np.where(target[:, 0] > 1.2, "ant", "bee")
    grid = [
        {"source": [None, Source(source, y)], "weighting": ["kmm", "balanced"]},
        {"source": [Source(source, y)], "weighting": [RULSIF()], "weighting__alpha": [0.1, 0.5]},
    ]
    search = GridSearchCV(ImportanceWeightedClassifier(random_state=0), grid, cv=2, error_score="raise")
    assert len(search.fit(target, labels).cv_results_["params"]) == 6


def test_options_are_checked_in_words() -> None:
    source, target, y = samples()
    given = Source(source, y)
    cases: list[tuple[Any, str]] = [
        (ImportanceWeightedClassifier(weighting="rulsiff", source=given), "'kmm'.*found 'rulsiff'"),
        (ImportanceWeightedClassifier(weighting=Ridge(), source=given), "a Weighting or None"),
        (ImportanceWeightedClassifier(weighting=KernelMeanMatching(bound=0.1, epsilon=0.2), source=given), "1 - eps"),
        (ImportanceWeightedClassifier(weighting=KernelMeanMatching(solver="qp"), source=given), "'exact', 'nystroem'"),
        (ImportanceWeightedClassifier(weighting=RULSIF(alpha=1.0), source=given), "alpha"),
        (ImportanceWeightedClassifier(weighting=BalancedWeighting(gamma=1.5), source=given), "gamma"),
        (ImportanceWeightedClassifier(weighting=BalancedWeighting(weighting="kmm"), source=given), "RULSIF"),
        (ImportanceWeightedClassifier(weighting=KernelDensityRatio(bandwidth="scot"), source=given), "scott"),
        (ImportanceWeightedClassifier(weighting=DiscriminatorRatio(calibration="platt"), source=given), "sigmoid"),
        (ImportanceWeightedClassifier(weighting=DiscriminatorRatio(LinearSVC()), source=given), "predict_proba"),
        (ImportanceWeightedClassifier(weighting=BBSE(predictions="soft"), source=given), "probabilities"),
        (ImportanceWeightedClassifier(KNeighborsClassifier(), source=given), "takes sample_weight"),
    ]
    for estimator, words in cases:
        with pytest.raises(ParameterError, match=words):
            estimator.fit(target)
    with pytest.raises(ParameterError, match="found 'rulsiff'"):
        ImportanceWeightedClassifier(weighting="rulsiff").fit(source, y)
    for weighting in ("bbse", MMDTargetShift(), BalancedWeighting(weighting=BBSE())):
        with pytest.raises(ParameterError, match="a weighting for numbers"):
            ImportanceWeightedRegressor(weighting=weighting, source=Source(source, source[:, 0])).fit(target)


def test_data_are_checked_in_words() -> None:
    source, target, y = samples()
    with pytest.raises(DataError, match="same columns on both sides, found 3 in the source and 2"):
        RULSIF().fit(source, target[:, :2])
    with pytest.raises(DataError, match="classes of the source's rows for BBSE"):
        BBSE().fit(source, target)
    with pytest.raises(DataError, match="one label for each of 150"):
        MMDTargetShift().fit(source, target, y[:9])
    with pytest.raises(DataError, match="other labels"):
        MMDTargetShift().fit(source, target, source[:, 0])
    with pytest.raises(ValueError, match="NaN"):
        RULSIF().fit(np.full((3, 2), np.nan), np.ones((3, 2)))


def test_every_short_name_stands_for_its_weighting() -> None:
    source, target, y = samples()
    for name, kind in WEIGHTINGS.items():
        model = ImportanceWeightedClassifier(weighting=name, source=Source(source, y), random_state=0).fit(target)
        assert type(model.weighting_) is kind and model.score(target, model.predict(target)) == 1.0


def test_small_and_odd_samples_do_no_harm() -> None:
    one, two = np.array([[1.0, 2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    for weighting in EVERY.values():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for source, target in ((one, one), (two, one), (one, two), (np.ones((5, 2)), np.ones((4, 2)))):
                found = clone(weighting).fit(source, target, np.arange(len(source)) % 2)
                assert np.isfinite(found.weights_).all() and found.weights_.mean() == pytest.approx(1)
