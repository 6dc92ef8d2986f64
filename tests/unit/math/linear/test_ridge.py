"""Ridge with exact leave-one-out errors, against refitting without each row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from headstart.math.linear.ridge import solve_ridge


@settings(max_examples=15)
@given(n=st.integers(6, 25), d=st.integers(1, 40), t=st.integers(1, 3), seed=st.integers(0, 99))
def test_leave_one_out_equals_refitting(n: int, d: int, t: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y, weight = rng.normal(size=(n, d)), rng.normal(size=(n, t)), rng.uniform(0.5, 2, n)
    s = solve_ridge(X, Y, sample_weight=weight, penalties=[0.3])
    root = np.sqrt(weight)[:, None]
    centred = root * (X - weight @ X / weight.sum())
    alpha = 0.3 * (centred**2).sum() / n
    for i in range(n):
        rest = np.delete(np.arange(n), i)
        peer = Ridge(alpha=alpha).fit(X[rest], Y[rest], sample_weight=weight[rest])
        assert np.allclose(np.ravel(peer.predict(X[i : i + 1])), s.out_of_fold[i], atol=1e-6)


def test_chosen_penalty_has_the_least_leave_one_out_error() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 60))
    Y = X[:, :1] + rng.normal(size=(30, 1))
    penalties = [1e-4, 1e-2, 1.0, 100.0]
    chosen = solve_ridge(X, Y, penalties=penalties)
    losses = [solve_ridge(X, Y, penalties=[p]).loss for p in penalties]
    assert chosen.penalty == penalties[int(np.argmin(losses))]
    assert chosen.loss == pytest.approx(min(losses))


def test_a_row_of_weight_zero_is_as_good_as_absent() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(12, 4)), rng.normal(size=(12, 1))
    weight = np.ones(12)
    weight[0] = 0
    spread = ((X[1:] - X[1:].mean(axis=0)) ** 2).sum()
    a = solve_ridge(X, Y, sample_weight=weight, penalties=[0.1])
    peer = Ridge(alpha=0.1 * spread / 12).fit(X[1:], Y[1:])
    assert np.allclose(a.coef, peer.coef_.reshape(4, 1), atol=1e-8)
