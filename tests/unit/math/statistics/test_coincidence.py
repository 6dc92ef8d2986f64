"""Equal rows by chance, against draws; what is beyond chance; names that say nothing, and rows that agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.math.statistics.coincidence import (
    beyond_chance,
    dealt_in_order,
    equal_by_chance,
    in_order,
    pairs_agree,
    unseen_by_chance,
)


@pytest.mark.parametrize("values", [50, 300, 3000])
def test_as_many_rows_are_equal_as_draws_have(values: int) -> None:
    rng = np.random.default_rng(0)
    told, met = [], []
    for _ in range(200):
        one, other = rng.integers(0, values, 60), rng.integers(0, values, 160)
        told.append(equal_by_chance(one, other))
        met.append(np.isin(one, other).sum())
    assert np.mean(told) == pytest.approx(np.mean(met), rel=0.05, abs=1.0)


def test_skewed_values_are_equal_no_more_often_than_told() -> None:
    rng = np.random.default_rng(0)
    share = 1.0 / np.arange(1, 400) ** 1.2
    draws = [(rng.choice(399, n, p=share / share.sum()) for n in (60, 160)) for _ in range(100)]
    pairs = [tuple(draw) for draw in draws]
    assert np.mean([equal_by_chance(a, b) for a, b in pairs]) > np.mean([np.isin(a, b).sum() for a, b in pairs])


def test_as_many_rows_are_new_as_draws_have() -> None:
    rng = np.random.default_rng(1)
    share = rng.dirichlet(np.full(500, 0.3))
    seen = [rng.choice(500, 200, p=share) for _ in range(100)]
    new = [rng.choice(500, 50, p=share) for _ in range(100)]
    told = np.mean([unseen_by_chance(s, 50) for s in seen])
    assert told == pytest.approx(np.mean([(~np.isin(n, s)).sum() for n, s in zip(new, seen, strict=True)]), rel=0.1)
    assert unseen_by_chance(np.tile(seen[0], 3), 50) == unseen_by_chance(seen[0], 50)


def test_chance_alone_is_seldom_beyond_itself() -> None:
    rng = np.random.default_rng(2)
    for expected in (0.05, 0.5, 3.0, 30.0):
        draws = rng.poisson(expected, 4000)
        assert np.mean([beyond_chance(float(found), expected) for found in draws]) < 0.005


def test_names_are_dealt_in_order_or_not() -> None:
    rng = np.random.default_rng(0)
    long = np.array(["".join(rng.choice(list("0123456789"), 400)) for _ in range(30)])
    hashes = np.array(["".join(rng.choice(list("0123456789abcdef"), 12)) for _ in range(200)])
    wells = np.array([f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13)])
    assert not dealt_in_order(long) and not dealt_in_order(hashes) and not dealt_in_order(rng.normal(size=200))
    assert not dealt_in_order(rng.permutation(10_000)[:300].astype(float)), "a few of many numbers"
    for names in (wells, np.arange(50) * 7.0 + 3, np.array([f"2024-03-{day:02}" for day in range(1, 32)])):
        assert dealt_in_order(names) and dealt_in_order(rng.permutation(names)[: len(names) // 2])
    assert in_order(np.array(["P10", "P9", "A1"])).tolist() == [2, 1, 0]
    assert len(in_order(long)) == 30


@settings(max_examples=30, derandomize=True)
@given(st.integers(0, 2**31), st.integers(20, 80), st.booleans())
def test_pairs_agree_where_they_are_of_one_thing_and_seldom_else(seed: int, k: int, trend: bool) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.normal(size=k)) if trend else rng.normal(size=k)
    other = np.sort(rng.normal(size=k)) if trend else rng.normal(size=k)
    words, more = rng.choice(["a", "b", "c"], (2, k))
    assert pairs_agree([(x, x + 0.01 * rng.normal(size=k)), (words, words)])
    assert not pairs_agree([(x, other), (words, more)])
