"""A control is looked at on few examples before all; the repeats take what the first cross-validation chose."""

from __future__ import annotations

import logging
import time
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.deadline import OutOfTime
from headstart.guard.comparing.few_first import far_behind, few_of
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.guard.comparing.run import compare


class Counted(LogisticRegression):
    """Notes how many rows it is fitted to, and what it was told to choose."""

    known: Any = None
    seen: ClassVar[list[tuple[int, Any]]] = []
    choices_ = ("all columns", 1.0)

    def fit(self, X: Any, y: Any) -> Counted:
        Counted.seen.append((len(X), self.known))
        return super().fit(X, y)


class Slow(LogisticRegression):
    """Takes long."""

    def fit(self, X: Any, y: Any) -> Slow:
        time.sleep(30)
        return super().fit(X, y)


def material(n: int = 500, classes: int = 2) -> Material:
    y = np.arange(n) % classes
    return Material(np.random.default_rng(0).normal(size=(n, 3)) + 3 * y[:, None], y, "classification")


def control(estimator: Any) -> Candidate:
    return Candidate("random features", estimator, False, "a control")


def looked(estimator: Any, given: Material, **how: Any) -> str | None:
    rival = Outcome(Candidate("head", Counted(), False, "a head"), [])
    return far_behind(control(estimator), rival, given, Journal(None), **how)


class AtTimesWrong(LogisticRegression):
    """Says another class of a thirteenth of the examples."""

    def predict_proba(self, X: Any) -> np.ndarray:
        p = super().predict_proba(X)
        return np.where((X[:, :1] * 1e4 % 13 < 1), p[:, ::-1], p)


@pytest.mark.parametrize(("classes", "few"), [(2, 50), (15, 74)])
def test_what_is_far_behind_on_few_examples_is_said(classes: int, few: int) -> None:
    Counted.seen.clear()
    words = looked(DummyClassifier(), material(classes=classes))
    assert words is not None and f"behind a head on {few} of the examples, not run on all" in words
    assert all(n <= few for n, _ in Counted.seen)
    assert few_of(material(classes=60)) == 200


def test_what_half_of_them_do_not_settle_is_looked_at_on_all() -> None:
    words = looked(AtTimesWrong(), material())
    assert words is not None and "behind a head on 100 of the examples" in words


def test_what_keeps_up_is_run_and_not_looked_at_again() -> None:
    Counted.seen.clear()
    assert looked(LogisticRegression(), material()) is None
    assert len(Counted.seen) == 3 and all(n < 50 for n, _ in Counted.seen)


def test_too_few_of_every_class_is_no_look_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "headstart"):
        assert looked(DummyClassifier(), material(500, 250)) is None
    assert "No look at random features" in caplog.text


def test_a_look_ends_with_the_time() -> None:
    started = time.monotonic()
    with pytest.raises(OutOfTime):
        looked(Slow(), material(), left=lambda: 0.3)
    assert time.monotonic() - started < 20


def test_repeats_and_curves_take_what_the_first_folds_chose() -> None:
    Counted.seen.clear()
    given = material(60)
    candidates = [Candidate("head", Counted(), True, "a head")]
    found = compare(given, candidates, budget=600.0, n_splits=5, random_state=0, journal=Journal(None))
    assert len(found.outcomes[0].predictions) > 1
    told = [known for n, known in Counted.seen if n == 48]
    first = told.index(Counted.choices_)
    assert first >= 5 and set(told[:first]) == {None} and set(told[first:]) == {Counted.choices_}
