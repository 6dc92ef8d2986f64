"""Equal rows by chance, against draws; and what is beyond chance."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.statistics.coincidence import beyond_chance, equal_by_chance, unseen_by_chance


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
