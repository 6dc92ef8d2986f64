"""The way back from the target's answers, against fitting anew; and that an outcome is found again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from headstart import AdaptedClassifier, Source
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.once import adapted_once, carried_back
from headstart.features.adapted.problem import Problem
from headstart.features.adapted.solved import GaussianTransport


def _domains(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(120) % 3
    middle = 4.0 * np.eye(3, 6)[y]
    return (
        middle + rng.normal(size=(120, 6)),
        y,
        (middle + rng.normal(size=(120, 6))) @ np.diag([1, 2, 1, 1, 1, 1]) + 1.5,
    )


def _problem(known: int = -1) -> Problem:
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(30, 4)).astype(np.float32), rng.normal(size=(20, 4)).astype(np.float32)
    labels = np.full(20, -1)
    labels[:1] = known
    return Problem(source, np.arange(30) % 2, np.ones(30), target, labels, np.eye(4, 2), np.zeros(2), 0.1, None, seed=0)


@pytest.mark.parametrize("name", ["source only", "z-score", "linear monge", "discriminant"])
def test_the_way_back_is_the_method_fitted_from_the_targets_answers_to_the_source(name: str) -> None:
    X, y, T = _domains(0)
    way = AdaptedClassifier(name, source=Source(X, y)).fit(T)
    said, truth = way.carried_back(T)
    slow = AdaptedClassifier(name, source=Source(T, way.predict(T))).fit(X).predict(X)
    assert np.array_equal(truth, y)
    assert (said == slow).mean() > 0.97  # the penalty is that of the way there, not chosen anew


def test_classes_that_no_answer_names_are_nobodys_on_the_way_back() -> None:
    X, y, T = _domains(1)
    way = AdaptedClassifier("source only", source=Source(X, y)).fit(T)
    few = T[way.predict(T) != 1]
    assert set(way.carried_back(few)[0]) == {0, 2}
    assert carried_back(GaussianTransport(), _problem(), np.ones(20, dtype=int)).tolist() == [1] * 30


def test_an_outcome_is_found_again_only_for_the_same_problem_and_options() -> None:
    first = adapted_once(GaussianTransport(), _problem())
    assert adapted_once(GaussianTransport(), _problem())[0] is first[0]
    assert adapted_once(GaussianTransport(regularisation=0.5), _problem())[0] is not first[0]
    assert adapted_once(GaussianTransport(), _problem(known=1))[0] is not first[0]


def test_an_adaptation_from_outside_is_asked_every_time() -> None:
    asked = []

    @dataclass(frozen=True)
    class Mine(Adaptation):
        def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
            asked.append(1)
            return problem.coef, problem.intercept

    for _ in range(2):
        adapted_once(Mine(), _problem())
    assert len(asked) == 2
