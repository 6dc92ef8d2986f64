"""A fold of many rows is priced on few of them."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.pooling import PooledClassifier
from headstart.guard.comparing.table_price import grown, table_fold
from headstart.source import Source

SEEN: list[int] = []


class Quadratic(ClassifierMixin, BaseEstimator):
    """Its processor time grows with the square of the rows."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Quadratic:
        SEEN.append(len(X))
        end = time.process_time() + 4e-7 * len(X) ** 2
        while time.process_time() < end:
            pass
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def material(n: int, m: int) -> Material:
    rng = np.random.default_rng(0)
    sources = (Source(rng.normal(size=(m, 2)), np.arange(m) % 2),) if m else ()
    return Material(rng.normal(size=(n, 2)), np.arange(n) % 2, "classification", sources=sources)


@pytest.mark.parametrize("borrows", [True, False])
def test_the_price_of_many_rows_comes_from_few(borrows: bool) -> None:
    given = material(100, 20_000) if borrows else material(25_000, 0)
    estimator = PooledClassifier(Quadratic(), source=list(given.sources)) if borrows else Quadratic()
    SEEN.clear()
    price = table_fold(Candidate("square", estimator, borrows, "square"), given, 5)
    assert max(SEEN) < 1300
    assert 4e-7 * 20_000**2 / 3 < price < 4e-7 * 20_000**2 * 3


def test_who_does_not_borrow_pays_for_the_target_alone() -> None:
    given = material(200, 50_000)
    assert table_fold(Candidate("square", Quadratic(), False, "square"), given, 5) < 1.0


def test_what_cannot_be_learned_from_few_rows_costs_nothing_yet() -> None:
    class Fussy(Quadratic):
        def fit(self, X: np.ndarray, y: np.ndarray) -> Quadratic:
            raise ValueError("too few rows")

    assert table_fold(Candidate("fussy", Fussy(), False, "fussy"), material(2000, 0), 5) == 0.0


def test_a_price_never_grows_slower_than_the_rows_nor_faster_than_their_square() -> None:
    assert grown([500, 1000], [1.0, 1.0], 10_000) == pytest.approx(10.0)
    assert grown([500, 1000], [0.1, 9.0], 10_000) == pytest.approx(900.0)
    assert grown([80], [0.5], 80) == 0.5
