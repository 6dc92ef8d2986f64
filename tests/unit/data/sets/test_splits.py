"""Splits: every row once, groups whole, classes in proportion and in every training part."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from headstart.data.sets.splits import folds, holdout, task_of, telling_folds
from headstart.errors import DataError, ParameterError


@st.composite
def rows(draw: st.DrawFn) -> tuple[np.ndarray, str, np.ndarray | None, int, int]:
    n = draw(st.integers(2, 80))
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    task = draw(st.sampled_from(["classification", "multilabel", "regression"]))
    if task == "classification":
        y = rng.choice([f"class {i}" for i in range(draw(st.integers(1, 6)))], n)
    elif task == "multilabel":
        y = (rng.random((n, 3)) < 0.3).astype(int)
    else:
        y = rng.normal(size=n) if draw(st.booleans()) else rng.normal(size=(n, 2))
    groups = rng.integers(0, draw(st.integers(2, n)), n) if draw(st.booleans()) else None
    if groups is not None and len(np.unique(groups)) < 2:
        groups[0] = n + 1
    return y, task, groups, draw(st.integers(2, 10)), seed


def groups_of_each_class(y: np.ndarray, task: str, groups: np.ndarray) -> dict[object, set]:
    members: dict[object, set] = defaultdict(set)
    for label, group in zip(y.tolist(), groups.tolist(), strict=True):
        for one in np.flatnonzero(label).tolist() if task == "multilabel" else [label]:
            members[one].add(group)
    return members


@settings(max_examples=200)
@given(rows())
def test_folds_are_whole_disjoint_and_keep_groups(case: tuple) -> None:
    y, task, groups, n_splits, seed = case
    units = np.arange(len(y)) if groups is None else groups
    found = folds(y, task, groups=groups, n_splits=n_splits, random_state=seed)
    assert 2 <= len(found) <= n_splits
    most = len(np.unique(units))
    if task == "classification":
        of_a_class = max(len(members) for members in groups_of_each_class(y, task, units).values())
        most = of_a_class if of_a_class > 1 else most
    assert len(found) == min(n_splits, most)
    assert sorted(np.concatenate([test for _, test in found]).tolist()) == list(range(len(y)))
    for train, test in found:
        assert len(train) and len(test)
        assert sorted(np.concatenate([train, test]).tolist()) == list(range(len(y)))
        assert not set(units[train]) & set(units[test])


@settings(max_examples=200)
@given(rows())
def test_a_class_of_several_rows_or_groups_is_in_every_training_part(case: tuple) -> None:
    y, task, groups, n_splits, seed = case
    if task != "classification":
        return
    units = np.arange(len(y)) if groups is None else groups
    several = {label for label, members in groups_of_each_class(y, task, units).items() if len(members) > 1}
    if groups is not None and n_splits == 2:
        return
    for train, _ in folds(y, task, groups=groups, n_splits=n_splits, random_state=seed):
        assert several <= set(y[train].tolist())


@settings(max_examples=100)
@given(rows())
def test_classes_are_in_proportion(case: tuple) -> None:
    y, task, _, n_splits, seed = case
    if task != "classification":
        return
    held = np.array(
        [
            [np.sum(y[test] == label) for label in np.unique(y)]
            for _, test in folds(y, task, n_splits=n_splits, random_state=seed)
        ]
    )
    assert (np.ptp(held, axis=0) <= 1).all() and np.ptp(held.sum(axis=1)) <= held.shape[1]
    counts = held.sum(axis=0)
    for size in set(counts[counts > 1].tolist()):
        assert (np.ptp(held[:, counts == size], axis=1) == 0).all()


@pytest.mark.parametrize("in_groups", [False, True])
@pytest.mark.parametrize("per_class", [2, 3, 6])
def test_of_few_labels_noise_is_told_at_chance(per_class: int, in_groups: bool) -> None:
    rng, right = np.random.default_rng(0), []
    y = np.repeat(np.arange(4), per_class)
    groups = None
    if in_groups:
        y, groups = np.repeat(y, 2), np.arange(8 * per_class) // 2
    for seed in range(60):
        X = rng.normal(size=(len(y), 20))
        for train, test in folds(y, "classification", groups=groups, n_splits=5, random_state=seed):
            answer = LogisticRegression(C=0.1).fit(X[train], y[train]).predict(X[test])
            right += (answer == y[test]).tolist()
    assert abs(np.mean(right) - 0.25) < 0.06  # where folds took two of one class and none of another: 0.03 to 0.19


@settings(max_examples=100)
@given(rows(), st.floats(0.05, 0.95))
def test_holdout_keeps_groups_and_leaves_every_class_to_learn_from(case: tuple, fraction: float) -> None:
    y, task, groups, _, seed = case
    train, aside = holdout(y, task, groups=groups, fraction=fraction, random_state=seed)
    assert len(train) and len(aside)
    assert sorted(np.concatenate([train, aside]).tolist()) == list(range(len(y)))
    if groups is not None:
        assert not set(groups[train]) & set(groups[aside])
    elif len(y) >= 40:
        assert abs(len(aside) / len(y) - fraction) < 0.08
    if groups is None and task == "classification" and fraction <= 0.5:
        counts = {label: int(np.sum(y == label)) for label in np.unique(y).tolist()}
        assert {label for label, count in counts.items() if count > 1} <= set(y[train].tolist())


def test_grouped_folds_of_patients_are_even() -> None:
    rng = np.random.default_rng(0)
    patient = rng.integers(0, 60, 600)
    sick = (patient % 3 == 0).astype(int)
    for _, test in folds(sick, "classification", groups=patient, n_splits=5):
        assert 80 < len(test) < 160
        assert abs(sick[test].mean() - sick.mean()) < 0.1


def test_targets_are_spread_over_the_folds() -> None:
    y = np.random.default_rng(1).exponential(size=50)
    means = [y[test].mean() for _, test in folds(y, "regression", n_splits=5)]
    assert max(means) - min(means) < 0.5 * y.std()


def test_rare_labels_are_spread_in_multilabel() -> None:
    y = np.zeros((100, 3), int)
    y[:50, 0] = 1
    y[:5, 1] = 1
    y[90:, 2] = 1
    for _, test in folds(y, "multilabel", n_splits=5):
        assert y[test, 1].sum() == 1
        assert y[test, 2].sum() == 2


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    y = np.repeat(["a", "b"], 20)
    one, same, other = (folds(y, "classification", random_state=seed)[0][1].tolist() for seed in (3, 3, 4))
    assert one == same != other
    assert [t.tolist() for t in holdout(y, "classification")] == [t.tolist() for t in holdout(y, "classification")]


def test_splitting_leaves_the_callers_arrays_and_random_numbers_alone() -> None:
    y, groups = np.repeat([0, 1], 10), np.arange(20) // 2
    before = np.random.get_state()[1].copy()
    folds(y, "classification", groups=groups)
    assert np.array_equal(np.random.get_state()[1], before)
    assert y.tolist() == [0] * 10 + [1] * 10
    assert groups.tolist() == (np.arange(20) // 2).tolist()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1], "classification"), "at least two rows to split, found 1"),
        (([1, 2], "magic"), "found 'magic'"),
    ],
)
def test_what_cannot_be_split_says_so(arguments: tuple, words: str) -> None:
    with pytest.raises((DataError, ParameterError), match=words):
        folds(*arguments)


def test_groups_that_cannot_be_split_say_so() -> None:
    with pytest.raises(DataError, match="at least two groups to split, found 1"):
        folds([1, 2, 1], "classification", groups=["p", "p", "p"])
    with pytest.raises(DataError, match="a group for each of 3 rows, found 2"):
        holdout([1, 2, 1], "classification", groups=["p", "q"])
    with pytest.raises(ParameterError, match="n_splits of at least 2"):
        folds([1, 2], "classification", n_splits=1)
    with pytest.raises(ParameterError, match="above 0 and below 1"):
        holdout([1, 2], "classification", fraction=1.0)


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b"], "classification"),
        (np.array(["a", "b"], dtype=object), "classification"),
        ([0, 1, 2], "classification"),
        (list(range(90)), "classification"),
        ([True, False], "classification"),
        ([0.0, 1.0, 2.0], "classification"),
        (np.arange(50.0), "regression"),
        ([0.5, 1.0], "regression"),
        (np.eye(3), "multilabel"),
        ([[1, 0], [0, 1]], "multilabel"),
        ([[], ["a"]], "multilabel"),
        ([{"a"}, {"b"}], "multilabel"),
        (np.random.default_rng(0).normal(size=(4, 2)), "regression"),
        (np.zeros((4, 1), int), "classification"),
    ],
)
def test_task_is_told_from_the_labels(y: object, task: str) -> None:
    assert task_of(y) == task


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([], "Expected labels, found none"),
        ([1, "a"], "mixture of int, str"),
        (np.array([[3, 4], [5, 6]]), "matrix of shape"),
        (np.zeros((2, 2, 2)), "found shape"),
    ],
)
def test_labels_that_are_no_task_say_so(y: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        task_of(y)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30), st.integers(2, 5), st.lists(st.integers(0, 4), max_size=4))
def test_folds_that_tell_hold_out_rows_of_classes_learned_from(
    labels: list[int], n_splits: int, more: list[int]
) -> None:
    y, lent = np.array(labels), np.array(more, dtype=int)
    every, held = np.concatenate([y, lent]), []
    for train, test in telling_folds(y, "classification", n_splits=n_splits, lent=lent):
        assert len(test) and set(every[test]) <= set(every[train]) and len(set(every[train])) > 1
        assert not set(train) & set(test) and set(range(len(y), len(every))) <= set(train) and test.max() < len(y)
        held += test.tolist()
    assert len(held) == len(set(held))
    often = {c for c in set(labels) if labels.count(c) > 1}
    if len(set(labels)) > 2:  # a class with two rows or more is learned from in every fold, and so is another
        assert often <= set(every[held])
