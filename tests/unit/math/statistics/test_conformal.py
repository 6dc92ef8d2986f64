"""Sets hold the truth, and answers are right, as often as was asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from headstart.errors import ParameterError
from headstart.math.statistics.conformal import answer_threshold, prediction_sets, set_threshold


def drawn(rng: np.random.Generator, n: int, warm: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Overconfident probabilities of three classes, and the truth."""
    logits = 2.0 * rng.normal(size=(n, 3))
    truth = np.array([rng.choice(3, p=row) for row in softmax(logits, axis=1)])
    return softmax(logits / warm, axis=1), truth


@pytest.mark.parametrize("n", [19, 50, 200])
@pytest.mark.parametrize("error", [0.1, 0.3])
def test_sets_hold_the_truth_as_often_as_asked(n: int, error: float) -> None:
    rng, covered = np.random.default_rng(n), []
    for _ in range(200):
        p, y = drawn(rng, n)
        new, truth = drawn(rng, 50)
        sets = prediction_sets(new, set_threshold(p[np.arange(n), y], error))
        covered.append(sets[np.arange(50), truth].mean())
    assert np.mean(covered) > 1 - error - 0.02
    assert np.mean(covered) < 1 - error + 1 / n + 0.06


@pytest.mark.parametrize("n", [50, 200, 1000])
def test_answers_are_wrong_as_rarely_as_asked(n: int) -> None:
    rng, wrong, answered = np.random.default_rng(n), 0, 0
    for _ in range(200):
        p, y = drawn(rng, n)
        t = answer_threshold(p.max(axis=1), p.argmax(axis=1) == y, 0.1)
        new, truth = drawn(rng, 200)
        kept = new.max(axis=1) >= t
        wrong += int((new.argmax(axis=1) != truth)[kept].sum())
        answered += int(kept.sum())
    assert wrong <= 0.105 * answered
    assert answered > 0.1 * 200 * 200


def test_equally_sure_answers_are_answered_together() -> None:
    sure = np.repeat([0.9, 0.6], 50)
    right = np.repeat([True, False], 50)
    assert answer_threshold(sure, right, 0.05) == 0.9
    assert answer_threshold(sure, ~right, 0.05) == np.inf


@pytest.mark.parametrize(("n", "error", "words"), [(18, 0.1, "19 or more .* found 18"), (50, 0.01, "99 or more")])
def test_too_few_held_out_examples_are_refused(n: int, error: float, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        set_threshold(np.full(n, 0.9), error)
    with pytest.raises(ParameterError, match=words):
        answer_threshold(np.full(n, 0.9), np.ones(n, dtype=bool), error)


@pytest.mark.parametrize("error", [0.0, 1.0, -0.5])
def test_a_rate_that_is_none_is_refused(error: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        set_threshold(np.full(50, 0.9), error)
