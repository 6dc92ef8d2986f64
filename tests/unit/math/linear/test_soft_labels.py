"""Soft labels: sharpened, brought to class shares, and as weighted rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.math.linear.soft_labels import as_weighted_rows, brought_to, certainty


def drawn(seed: int, n: int = 40, K: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(K, 0.5), size=n), rng.dirichlet(np.full(K, 3.0))


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_the_mean_becomes_the_shares_and_odds_of_two_rows_stay(seed: int) -> None:
    p, shares = drawn(seed)
    q = brought_to(p, shares, 0.5)
    assert np.allclose(q.sum(axis=1), 1) and np.allclose(q.mean(axis=0), shares, atol=1e-6)
    sharp = np.log(np.maximum(p, 1e-12)) / 0.5
    odds = np.log(np.maximum(q, 1e-300)) - sharp  # one constant a class and one a row are all that is added
    moved = odds - odds[:, :1]
    clear = (q > 1e-9).all(axis=1)
    assert np.allclose(moved[clear], moved[clear][:1], atol=1e-6)


def test_without_shares_it_goes_half_the_way() -> None:
    p, _ = drawn(0)
    mean = p.mean(axis=0)
    by_hand = p / np.sqrt(mean * 4)
    by_hand /= by_hand.sum(axis=1, keepdims=True)
    assert np.allclose(brought_to(p, None), by_hand)
    equal = np.full(4, 0.25)
    assert np.abs(by_hand.mean(axis=0) - equal).sum() < np.abs(mean - equal).sum()


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), K=st.integers(2, 30))
def test_weighted_rows_stand_for_the_soft_labels(seed: int, K: int) -> None:
    p, _ = drawn(seed, K=K)
    rows, codes, weights = as_weighted_rows(p)
    again = np.zeros_like(p)
    again[rows, codes] = weights
    assert np.allclose(again.sum(axis=1), 1)
    assert np.array_equal(again.argmax(axis=1), p.argmax(axis=1))
    assert np.bincount(rows).max() <= 20
    assert np.array_equal(again > 0, (p >= 0.05) | (p == p.max(axis=1, keepdims=True)))


def test_certainty_falls_from_one_to_nought() -> None:
    found = certainty(np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4]))
    assert np.allclose(found, [1.0, 0.5, 0.0])
