"""Classifiers that learn from unlabelled rows: their baseline, class shares, foreign rows, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from headstart import (
    BalancedSelfTrainingClassifier,
    LabelPropagationClassifier,
    SemiSupervisedDiscriminantClassifier,
    Source,
)
from headstart.errors import ParameterError
from headstart.semisupervised.base import shares_told

METHODS = (BalancedSelfTrainingClassifier, LabelPropagationClassifier, SemiSupervisedDiscriminantClassifier)
NAMES = np.array(["ant", "bee", "cow"])


def features(shares: tuple[float, ...], n: int = 450, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows as a network puts them out: a common part, classes, and one direction of spread that is no class."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), p=shares, size=n)
    directions = np.random.default_rng(5).normal(size=(len(shares) + 2, 20))
    X = 3 * directions[-1] + directions[y] + rng.normal(size=(n, 1)) * directions[-2] * 0.7
    return X + rng.normal(0, 0.6, (n, 20)), y


def few(y: np.ndarray, per: int) -> np.ndarray:
    return np.concatenate([np.flatnonzero(y == k)[:per] for k in np.unique(y)])


def drawn(shares: tuple[float, ...], per: int = 2, seed: int = 0) -> tuple[np.ndarray, ...]:
    X, y = features(shares, seed=seed)
    rows = few(y, per)
    rest = np.setdiff1d(np.arange(len(y)), rows)
    return X[rows], y[rows], X[rest], y[rest]


@pytest.mark.parametrize("method", METHODS)
def test_without_unlabelled_rows_it_is_the_supervised_classifier_to_the_bit(method: Any) -> None:
    X, y, more, _ = drawn((1 / 3, 1 / 3, 1 / 3))
    alone = method().fit(X, NAMES[y])
    by_hand = make_pipeline(Normalizer(), LogisticRegression(C=10.0, max_iter=1000)).fit(X, NAMES[y])
    assert np.array_equal(alone.predict_proba(more), by_hand.predict_proba(more))
    assert np.array_equal(alone.predict(more), by_hand.predict(more))
    assert alone.notes_ == [] and np.allclose(alone.class_shares_, 1 / 3)
    joined = method(source=Source(X[3:], NAMES[y[3:]])).fit(X[:3], NAMES[y[:3]])
    assert np.allclose(joined.predict_proba(more), by_hand.predict_proba(more), atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_unlabelled_rows_help_where_classes_are_clusters(method: Any) -> None:
    gains = []
    for seed in range(4):
        X, y, more, answers = drawn((1 / 3, 1 / 3, 1 / 3), seed=seed)
        base = method().fit(X, y).score(more, answers)
        gains.append(method(unlabelled=more).fit(X, y).score(more, answers) - base)
    assert np.mean(gains) > 0.01 and min(gains) > -0.02


@pytest.mark.parametrize("method", METHODS)
def test_equal_labels_of_skewed_classes_do_no_harm_unless_they_are_said_to_be_shares(method: Any) -> None:
    X, y, more, answers = drawn((0.84, 0.08, 0.08), per=3)
    base = method().fit(X, y).score(more, answers)
    free, bound = (method(class_shares=how, unlabelled=more).fit(X, NAMES[y]) for how in ("estimate", "labels"))
    answers = NAMES[answers]
    assert free.score(more, answers) > base - 0.03
    assert bound.score(more, answers) <= free.score(more, answers)
    assert free.class_shares_[0] > 0.6
    assert free.notes_[0].startswith("Your labels 33/33/33, the unlabelled look like ")
    told = method(class_shares=[0.84, 0.08, 0.08], unlabelled=more).fit(X, NAMES[y])
    assert told.score(more, answers) > base - 0.03


@pytest.mark.parametrize("method", METHODS)
def test_a_foreign_class_among_the_unlabelled_does_little_harm(method: Any) -> None:
    X, y = features((0.25, 0.25, 0.25, 0.25), n=600)
    known = y < 3
    rows = np.setdiff1d(few(y, 5), np.flatnonzero(~known))
    rest = np.setdiff1d(np.arange(len(y)), rows)
    own, labels = X[rest][known[rest]], y[rest][known[rest]]
    base = method().fit(X[rows], y[rows]).score(own, labels)
    assert method(unlabelled=X[rest]).fit(X[rows], y[rows]).score(own, labels) > base - 0.03


@pytest.mark.parametrize("method", METHODS)
def test_neither_the_length_nor_the_order_of_the_rows_changes_the_answer(method: Any) -> None:
    X, y, more, _ = drawn((0.5, 0.3, 0.2))
    one = method(unlabelled=more).fit(X, y).predict_proba(more)
    stretched = more * np.random.default_rng(0).uniform(0.5, 2, (len(more), 1))
    assert np.allclose(method(unlabelled=stretched).fit(X * 3, y).predict_proba(more), one, atol=2e-3)
    assert np.allclose(method(unlabelled=more[::-1]).fit(X, y).predict_proba(more), one, atol=2e-3)


def test_bound_shares_come_out_as_they_were_given() -> None:
    X, y, more, _ = drawn((0.5, 0.3, 0.2))
    model = BalancedSelfTrainingClassifier(class_shares=[0.2, 0.2, 0.6], rounds=2, unlabelled=more).fit(X, y)
    assert np.allclose(model.class_shares_, [0.2, 0.2, 0.6], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ("label", r"Expected class_shares 'estimate', 'labels' or 3 shares above 0 that sum to 1, found 'label'"),
        ([0.5, 0.5], "or 3 shares"),
        ([0.5, 0.5, 0.0], "above 0"),
        ([0.5, 0.5, 0.5], "sum to 1"),
        (None, "found None"),
    ],
)
def test_odd_shares_are_refused(method: Any, shares: Any, words: str) -> None:
    X, y, more, _ = drawn((1 / 3, 1 / 3, 1 / 3))
    with pytest.raises(ParameterError, match=words):
        method(class_shares=shares, unlabelled=more).fit(X, y)


def test_options_outside_their_range_are_refused() -> None:
    X, y, more, _ = drawn((1 / 3, 1 / 3, 1 / 3))
    for method, words in (
        (SemiSupervisedDiscriminantClassifier(shrinkage=0.0), "Expected shrinkage to be a number above 0"),
        (SemiSupervisedDiscriminantClassifier(n_components=0), "Expected n_components to be a whole number"),
        (BalancedSelfTrainingClassifier(rounds=0), "Expected rounds to be a whole number of at least 1"),
        (BalancedSelfTrainingClassifier(temperature=0.0), "Expected temperature to be a number above 0"),
        (LabelPropagationClassifier(neighbours=0), "Expected neighbours to be a whole number of at least 1"),
        (LabelPropagationClassifier(reach=1.0), "Expected reach to be a number above 0 and below 1"),
    ):
        with pytest.raises(ParameterError, match=words):
            method.set_params(unlabelled=more).fit(X, y)


def test_an_estimator_that_cannot_say_how_sure_it_is_or_takes_no_weights_is_refused() -> None:
    X, y, more, _ = drawn((1 / 3, 1 / 3, 1 / 3))
    with pytest.raises(ParameterError, match="Expected an estimator with predict_proba, found Perceptron"):
        SemiSupervisedDiscriminantClassifier(Perceptron(), unlabelled=more).fit(X, y)
    with pytest.raises(ParameterError, match="takes sample_weight, found KNeighborsClassifier"):
        BalancedSelfTrainingClassifier(KNeighborsClassifier(1), unlabelled=more).fit(X, y)


def test_of_many_classes_those_that_differ_most_are_said() -> None:
    labels = np.full(10, 0.1)
    found = np.array([0.1, 0.3, 0.1, 0.02, 0.1, 0.1, 0.05, 0.04, 0.1, 0.09])
    assert shares_told(labels, found, np.arange(10)) == (
        "Your labels 10/10/10/10/10/10, the unlabelled look like 10/30/2/5/4/9 (% of 0/1/3/6/7/9, "
        "where they differ most)."
    )
