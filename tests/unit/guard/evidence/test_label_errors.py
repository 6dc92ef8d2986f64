"""Wrong labels are found among right ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from headstart.guard.evidence.label_errors import likely_wrong


@pytest.mark.parametrize("seed", range(3))
def test_most_of_the_listed_are_flipped_and_most_flipped_are_listed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(4), 100)
    X = rng.normal(size=(400, 10)) + 3.0 * np.eye(4, 10)[true]
    flipped = rng.choice(400, 20, replace=False)
    said = true.copy()
    said[flipped] = (true[flipped] + rng.integers(1, 4, 20)) % 4
    found = cross_val_predict(LogisticRegression(), X, said, cv=5, method="predict_proba")
    rows, suggested = likely_wrong(found, said)
    listed = rows[:20]
    assert np.isin(listed, flipped).mean() > 0.8
    hit = np.isin(rows, flipped)
    assert (suggested[hit] == true[rows[hit]]).mean() > 0.9


def test_a_class_answered_less_surely_has_a_lower_bar() -> None:
    logits = np.zeros((6, 2))
    logits[:3, 0], logits[3:, 1] = 4.0, 0.3  # class 1 is never surer than 57%
    p = softmax(logits, axis=1)
    said = np.array([0, 0, 0, 1, 1, 0])
    rows, suggested = likely_wrong(p, said)
    assert rows.tolist() == [5] and suggested.tolist() == [1]


def test_a_class_without_examples_is_never_suggested() -> None:
    p = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    assert 2 not in likely_wrong(p, np.array([0, 0, 1]))[1]
