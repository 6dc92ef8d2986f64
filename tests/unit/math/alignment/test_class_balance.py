"""Rows that a classifier believes, in the shares that classes should have."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headstart.errors import ParameterError
from headstart.features.gradual import GradualSelfTrainingClassifier
from headstart.math.alignment.class_balance import surest_by_shares
from headstart.source import Source


def test_two_classes_take_the_two_ends_of_the_scores() -> None:
    scores = np.random.default_rng(0).normal(5, 1, 40)  # all predicted as the second class
    rows, codes = surest_by_shares(scores, np.array([0.25, 0.75]), 0.5)
    order = np.argsort(scores)
    assert set(rows[codes == 0]) == set(order[:5]) and set(rows[codes == 1]) == set(order[-15:])


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_every_class_gets_its_share_and_no_row_two_classes(share: float) -> None:
    scores = np.random.default_rng(1).normal(size=(90, 3)) + 3 * np.eye(3)[0]
    rows, codes = surest_by_shares(scores, np.array([0.5, 0.3, 0.2]), share)
    assert len(np.unique(rows)) == len(rows)
    assert np.bincount(codes).tolist() == [round(90 * share * s) for s in (0.5, 0.3, 0.2)]


def test_the_surest_row_of_a_class_is_never_passed_over() -> None:
    scores = np.eye(4)[np.arange(20) % 4] + np.linspace(0, 0.5, 20)[:, None] * np.eye(4)[np.arange(20) % 4]
    rows, codes = surest_by_shares(scores, np.full(4, 0.25), 0.4)
    assert np.array_equal(codes, rows % 4) and set(rows) == set(range(12, 20))


def test_shares_of_the_source_stop_a_lean_that_grows() -> None:
    """The target's scores are moved to one side: plain self-training ends with one class, shares undo it."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    directions = rng.normal(size=(2, 30))
    Xs = (2 * y - 1)[:, None] * directions[0] * 0.5 + rng.normal(size=(400, 30))
    Xt = (2 * y - 1)[:, None] * directions.mean(0) * 0.5 + rng.normal(size=(400, 30)) + 0.5 * directions[0]
    options = {"estimator": LogisticRegression(max_iter=1000), "source": Source(Xs, y)}
    plain = GradualSelfTrainingClassifier(**options).fit(Xt).score(Xt, y)
    shares = GradualSelfTrainingClassifier(class_shares="source", **options).fit(Xt).score(Xt, y)
    assert shares > plain + 0.1 and shares > 0.75


def test_a_mistyped_share_is_refused() -> None:
    with pytest.raises(ParameterError, match="'predicted', 'source'"):
        GradualSelfTrainingClassifier(class_shares="sauce", source=Source(np.eye(2), [0, 1])).fit(np.eye(2))
