"""What was learned from a source is kept for the same source, and for no other."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from headstart import Source, TransferForestClassifier
from headstart.contract.remembered import fit_on_source, forget, remembered

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), np.array(["a", "b"])[np.arange(40) % 2]


def test_equal_rows_are_fitted_once_and_others_anew() -> None:
    first = fit_on_source(LogisticRegression(random_state=0), X, Y)
    assert fit_on_source(LogisticRegression(random_state=0), X.copy(), Y.copy()) is first
    assert fit_on_source(LogisticRegression(C=2.0, random_state=0), X, Y) is not first
    assert fit_on_source(LogisticRegression(random_state=0), X[::-1], Y) is not first
    assert fit_on_source(LogisticRegression(random_state=0), X, Y[::-1]) is not first
    assert fit_on_source(LogisticRegression(random_state=0), X, Y, np.arange(40.0)) is not first
    assert fit_on_source(LogisticRegression(random_state=0), X.astype(np.float32), Y) is not first


@pytest.mark.parametrize(
    ("estimator", "kept"),
    [
        (DecisionTreeClassifier(), False),
        (LogisticRegression(), False),
        (DecisionTreeClassifier(random_state=0), True),
        (DecisionTreeClassifier(random_state=np.random.RandomState(0)), False),
        (make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=1)), False),
    ],
)
def test_chance_and_what_cannot_be_written_down_are_not_kept(estimator: object, kept: bool) -> None:
    assert (fit_on_source(estimator, X, Y) is fit_on_source(estimator, X, Y)) == kept


def test_only_a_few_results_are_kept() -> None:
    calls: list[int] = []
    for i in [*range(20), 19, 0]:
        remembered(f"number {i}", [], lambda i=i: calls.append(i))
    assert calls == [*range(20), 0]


def test_a_forest_of_a_remembered_source_is_the_forest() -> None:
    source = Source(X, Y)
    first = TransferForestClassifier(source=source, random_state=0).fit(X[:9], Y[:9])
    again = TransferForestClassifier(source=source, random_state=0).fit(X[:9], Y[:9])
    assert np.array_equal(first.predict_proba(X), again.predict_proba(X))


def test_a_full_shelf_pushes_out_the_oldest_of_its_own() -> None:
    made: list[int] = []

    def ask(i: int, shelf: str) -> None:
        remembered("one of a shelf", [np.array([i])], lambda: made.append(i), shelf=shelf, kept=2)

    ask(0, "first")
    for i in (1, 2, 3):
        ask(i, "second")
    ask(0, "first")
    ask(3, "second")
    assert made == [0, 1, 2, 3]
    ask(1, "second")
    assert made == [0, 1, 2, 3, 1]


def test_what_is_forgotten_is_made_anew() -> None:
    made: list[int] = []
    for _ in range(2):
        remembered("forgotten", [X], lambda: made.append(1), shelf="third")
    assert len(made) == 1
    forget()
    remembered("forgotten", [X], lambda: made.append(1), shelf="third")
    assert len(made) == 2
