"""A head of another domain, adapted: every adaptation, what they share, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from headstart import AdaptedClassifier, Source
from headstart.errors import DataError, ParameterError
from headstart.features.adapted.names import ADAPTATIONS
from headstart.features.adapted.problem import common_coordinates, solved_head
from headstart.features.adapted.shot import SHOT
from headstart.math.alignment.label_propagation import smoothed_answers
from headstart.math.linear.discriminant import discriminant_by_em

TRAINED = [name for name, (module, _, _) in ADAPTATIONS.items() if module != "solved"]


def domains(seed: int = 0, n: int = 150, classes: int = 3, d: int = 12) -> tuple[Any, ...]:
    """A source, and a target whose classes all moved the same way by about half of their distance."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 2.0, (classes, d))
    y, t = np.arange(n) % classes, np.arange(n) % classes
    move = 0.5 * (centres[1] - centres[0]) + rng.normal(0, 0.5, d)
    return centres[y] + rng.normal(0, 0.7, (n, d)), y, centres[t] + move + rng.normal(0, 0.7, (n, d)), t


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_each_is_one_linear_map_and_does_no_harm_where_all_classes_move_alike(name: str) -> None:
    X, y, T, t = domains()
    source = Source(X, y)
    adapted = AdaptedClassifier(name, source=source).fit(T)
    scores = T @ adapted.coef_ + adapted.intercept_
    assert np.array_equal(adapted.predict(T), adapted.classes_[scores.argmax(axis=1)])
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(adapted.predict_proba(T), shares)
    alone = AdaptedClassifier("source only", source=source).fit(T)
    assert adapted.score(T, t) >= alone.score(T, t) - 0.04


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("z-score", 0.95),
        ("z-shot", 0.95),
        ("linear monge", 0.95),
        ("self-training", 0.95),
        ("discriminant", 0.95),
        ("monge-shot", 0.95),
        ("joined", 0.95),
        ("deepjdot", 0.93),
        ("shot", 0.85),
        ("mcc", 0.85),
        ("jan", 0.8),
    ],
)
def test_the_strong_ones_bring_back_what_the_move_cost(name: str, least: float) -> None:
    X, y, T, t = domains(3)
    source = Source(X, y)
    assert AdaptedClassifier("source only", source=source).fit(T).score(T, t) < 0.75
    assert AdaptedClassifier(name, source=source).fit(T).score(T, t) > least


def test_the_start_is_the_solved_head() -> None:
    """With a rate of almost nothing every trained adaptation answers as the head did before."""
    X, y, T, _ = domains(1)
    source = Source(X, y)
    before = AdaptedClassifier("source only", source=source).fit(T)
    after = AdaptedClassifier(SHOT(steps=4, learning_rate=1e-9), source=source).fit(T)
    assert np.allclose(before.coef_, after.coef_, atol=1e-5)
    assert np.allclose(before.predict_proba(T), after.predict_proba(T), atol=1e-4)


def test_joined_heads_are_half_the_mean_of_four_and_the_discriminant_found_from_their_smoothed_answers() -> None:
    X, y, T, _ = domains(2)
    T = T + np.random.default_rng(0).normal(0, 2, T.shape)  # answers differ
    source = Source(X, y)
    monge = AdaptedClassifier("linear monge", source=source).fit(T)
    parts = [monge, *(AdaptedClassifier(name, source=source).fit(T) for name in ("discriminant", "shot"))]
    parts.append(AdaptedClassifier(SHOT(carried=True), source=source).fit(T))
    half = [0.5 * np.mean([getattr(one, name) for one in parts], axis=0) for name in ("coef_", "intercept_")]
    told = smoothed_answers(T - T.mean(axis=0), np.mean([one.predict_proba(T) for one in parts], axis=0))
    sides = monge.aligned_sides(T)
    carried, placed = sides.sources[0].X, sides.target.X
    found = discriminant_by_em(
        np.concatenate([placed, carried]),
        np.concatenate([np.full(len(T), -1), y]),
        3,
        prior=np.concatenate([np.log(told + 1e-3), np.zeros((len(X), 3))]),
        weight=np.repeat([1.0, 0.4 * len(T) / len(X)], [len(T), len(X)]),
    )
    scores = T @ half[0] + half[1] + placed @ found.coef + found.intercept
    free = AdaptedClassifier("joined", source=source).fit(T)
    mine = T @ free.coef_ + free.intercept_
    assert np.allclose(mine - mine[:, :1], scores - scores[:, :1], rtol=1e-3, atol=1e-2)


def test_a_carried_start_is_the_transported_head() -> None:
    X, y, T, _ = domains(1)
    before = AdaptedClassifier("linear monge", source=Source(X, y)).fit(T)
    after = AdaptedClassifier(SHOT(steps=4, learning_rate=1e-9, carried=True), source=Source(X, y)).fit(T)
    assert np.allclose(before.predict_proba(T), after.predict_proba(T), atol=1e-4)


def test_the_discriminant_takes_labels_of_the_target_as_they_are() -> None:
    """A class that the transported head calls by another name keeps the name that the labels give it."""
    X, y, T, t = domains(4, classes=2)
    few, rest = np.arange(20), np.arange(20, len(T))
    source = Source(X[:10], 1 - y[:10])
    blind = AdaptedClassifier("discriminant", source=source, unlabelled=T[rest]).fit(T[few])
    told = AdaptedClassifier("discriminant", source=source, unlabelled=T[rest]).fit(T[few], t[few])
    assert blind.score(T[rest], t[rest]) < 0.1 and told.score(T[rest], t[rest]) > 0.9


def test_a_standardised_domain_is_folded_into_the_map() -> None:
    """Columns of the target may be stretched and moved as one likes: the answers of z-score stay."""
    X, y, T, _ = domains(2)
    stretch, move = np.linspace(0.1, 9, T.shape[1]), np.linspace(-5, 5, T.shape[1])
    plain = AdaptedClassifier("z-score", source=Source(X, y)).fit(T)
    other = AdaptedClassifier("z-score", source=Source(X, y)).fit(T * stretch + move)
    assert np.allclose(plain.predict_proba(T), other.predict_proba(T * stretch + move), atol=1e-3)


def test_labelled_rows_of_the_target_take_part() -> None:
    """Classes that were exchanged cannot be told without labels; a few labels tell it."""
    X, y, T, t = domains(4, classes=2)
    wrong = 1 - y
    few = np.arange(20)
    rest = np.arange(20, len(T))
    blind = AdaptedClassifier(source=Source(X[:40], wrong[:40]), unlabelled=T[rest]).fit(T[few])
    told = AdaptedClassifier(SHOT(steps=200), source=Source(X[:40], wrong[:40]), unlabelled=T[rest]).fit(T[few], t[few])
    assert blind.score(T[rest], t[rest]) < 0.5 < told.score(T[few], t[few])


def test_stated_classes_mend_what_missing_ones_do() -> None:
    rng = np.random.default_rng(5)
    centres = rng.normal(0, 1.0, (6, 12))
    y, t = np.arange(300) % 6, np.arange(100) % 2
    X, T = centres[y] + rng.normal(0, 0.7, (300, 12)), centres[t] + 0.2 + rng.normal(0, 0.7, (100, 12))
    source = Source(X, y)

    def right(name: str, classes: list[int] | None) -> float:
        return float(AdaptedClassifier(name, source=source, target_classes=classes).fit(T).score(T, t))

    assert right("shot", None) < right("source only", None) - 0.1
    assert right("shot", [0, 1]) >= right("source only", [0, 1]) > 0.9
    stated, few = AdaptedClassifier(source=source, target_classes=[0, 1]).fit(T), np.arange(100)
    assert stated.classes_.tolist() == [0, 1, 2, 3, 4, 5] and stated.estimator_.classes_.tolist() == [0, 1]
    shares = stated.predict_proba(T[few])
    assert shares.shape == (len(few), 6) and (shares[:, 2:] == 0).all()


def test_many_rows_go_in_batches() -> None:
    X, y, T, _ = domains(6, n=600)
    whole = AdaptedClassifier(SHOT(), source=Source(X, y)).fit(T)
    parts = AdaptedClassifier(SHOT(batch_size=128), source=Source(X, y)).fit(T)
    assert not np.array_equal(whole.coef_, parts.coef_)
    assert (whole.predict(T) == parts.predict(T)).mean() > 0.97


def test_weights_of_the_source_count_as_repetitions() -> None:
    X, y, T, _ = domains(7)
    weight = 1.0 + (np.arange(len(X)) % 3 == 0)
    rows = np.repeat(np.arange(len(X)), weight.astype(int))
    estimator = LogisticRegression(C=1.0, max_iter=2000, tol=1e-8)
    weighted = AdaptedClassifier("source only", estimator, source=Source(X, y, sample_weight=weight)).fit(T)
    repeated = AdaptedClassifier("source only", estimator, source=Source(X[rows], y[rows])).fit(T)
    assert np.array_equal(weighted.predict(T), repeated.predict(T))


def test_components_are_those_of_both_domains() -> None:
    """By rows or by columns, whichever is fewer, the same axes are found."""
    from headstart.features.adapted.components import common_components

    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(9, 5)), rng.normal(size=(7, 5)) * [3, 1, 1, 1, 1]
    zero, one = np.zeros(5), np.ones(5)
    by_columns = common_components([(A, zero, one, None), (B, zero, one, None)], 3)
    expected = np.linalg.eigh(A.T @ A / 9 + B.T @ B / 7)[1][:, ::-1][:, :3]
    assert np.allclose(np.abs(by_columns), np.abs(expected))
    wide, zeros = np.zeros((2, 40)), np.zeros(40)
    wide[:, :5] = B[:2]
    few = common_components(
        [(np.pad(A, ((0, 0), (0, 35))), zeros, np.ones(40), None), (wide, zeros, np.ones(40), None)], 3
    )
    assert np.allclose(few.T @ few, np.eye(3), atol=1e-8) and np.allclose(few[5:], 0, atol=1e-8)


def test_several_sources_are_standardised_each_by_itself() -> None:
    from headstart.contract.domains import Side

    X, y, T, _ = domains(8)
    sides = [Side(X, y, None, "a"), Side(X * 7 + 3, y, None, "b")]
    places, _ = common_coordinates(sides, T, 5, True)
    assert np.allclose(places[0](sides[0].X), places[1](sides[1].X), atol=1e-3)


def test_a_binary_head_of_scikit_learn_becomes_two_columns() -> None:
    X, y, _, _ = domains(9, classes=2)
    coef, intercept, _ = solved_head(LogisticRegression(), X, y, np.ones(len(X)), 2)
    scores = X @ coef + intercept
    assert np.allclose(scores[:, 1] - scores[:, 0], LogisticRegression().fit(X, y).decision_function(X))


def test_refusals_say_what_to_do() -> None:
    X, y, T, t = domains()
    source = Source(X, y)
    with pytest.raises(
        ParameterError, match=r"Expected adaptation to be one of 'source only', .* or an object such as"
    ):
        AdaptedClassifier("shoot", source=source).fit(T)
    with pytest.raises(
        ParameterError, match=r"Expected target_classes to be two or more of \[0, 1, 2\], found \[7, 8\]"
    ):
        AdaptedClassifier(source=source, target_classes=[7, 8]).fit(T)
    with pytest.raises(ParameterError, match=r"every label of the target, found \[2\] among the labels. Add them"):
        AdaptedClassifier(source=source, target_classes=[0, 1]).fit(T, t)
    with pytest.raises(
        ParameterError, match="Expected a linear classifier with coef_ and intercept_, found KNeighbors"
    ):
        AdaptedClassifier(estimator=KNeighborsClassifier(), source=source).fit(T)
    with pytest.raises(DataError, match="Expected two classes or more in source and target together, found 1"):
        AdaptedClassifier(source=Source(X[y == 0], y[y == 0])).fit(T)
    with pytest.raises(ParameterError, match="Expected steps to be a whole number of at least 4, found 0"):
        SHOT(steps=0)


def test_solved_adaptations_load_no_torch() -> None:
    code = (
        "import sys, numpy as np; from headstart import AdaptedClassifier, Source\n"
        "X = np.random.default_rng(0).normal(size=(40, 3)); y = np.arange(40) % 2\n"
        "AdaptedClassifier('z-score', source=Source(X + y[:, None], y)).fit(X).predict(X)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
