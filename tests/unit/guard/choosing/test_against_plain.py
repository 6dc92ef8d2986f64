"""The comparison with the plain ways: exact tests, weights whose scale does not matter, and few wrong verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.guard.choosing.against_plain import compared
from headstart.math.statistics.comparison import mcnemar_exact, sign_flip

PLAIN = ("alone",)


def test_without_weights_it_is_the_exact_test_and_r2() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=50)
    said = {"alone": rng.integers(2, size=50), "mapped": np.where(rng.random(50) < 0.9, truth, 1 - truth)}
    row = compared(said, truth, PLAIN, 0.05, numbers=False)[1]
    assert row["p_value"] == mcnemar_exact(said["mapped"] == truth, said["alone"] == truth)
    y = rng.normal(size=50)
    near = {"alone": np.full(50, y.mean()), "mapped": y + 0.1 * rng.normal(size=50)}
    first, second = compared(near, y, PLAIN, 0.05, numbers=True)
    assert first["score"] == pytest.approx(0.0) and second["accepted"]
    assert second["score"] == pytest.approx(1 - np.mean((near["mapped"] - y) ** 2) / np.var(y))


@pytest.mark.parametrize("numbers", [False, True])
def test_the_scale_of_weights_does_not_matter_and_equal_ones_are_none(numbers: bool) -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=60) if numbers else rng.integers(2, size=60)
    said = {name: truth + rng.normal(size=60) if numbers else rng.integers(2, size=60) for name in ("alone", "b")}
    weight = rng.uniform(0.2, 3.0, 60)
    one, other = (compared(said, truth, PLAIN, 0.05, numbers, scale * weight) for scale in (1.0, 8.0))
    assert one == other
    assert compared(said, truth, PLAIN, 0.05, numbers, np.full(60, 0.3)) == compared(said, truth, PLAIN, 0.05, numbers)


def test_whole_weights_score_as_repeated_rows() -> None:
    rng = np.random.default_rng(2)
    weight = rng.integers(1, 4, size=30)
    for numbers in (False, True):
        truth = rng.normal(size=30) if numbers else rng.integers(2, size=30)
        said = {name: truth + rng.normal(size=30) if numbers else rng.integers(2, size=30) for name in ("alone", "b")}
        weighted = compared(said, truth, PLAIN, 0.05, numbers, weight)
        repeated = compared({k: v.repeat(weight) for k, v in said.items()}, truth.repeat(weight), PLAIN, 0.05, numbers)
        for one, other in zip(weighted, repeated, strict=True):
            assert one["score"] == pytest.approx(other["score"]) and one["gain"] == pytest.approx(other["gain"])


def test_one_heavy_row_proves_nothing() -> None:
    truth = np.zeros(20, dtype=int)
    said = {"alone": np.r_[1, truth[1:]], "mapped": truth}
    row = compared(said, truth, PLAIN, 0.05, False, np.r_[1000.0, np.ones(19)])[1]
    assert row["gain"] > 0.9 and row["p_value"] == 1.0 and not row["accepted"]


def test_chance_is_accepted_as_rarely_as_the_level_says() -> None:
    rng = np.random.default_rng(3)
    taken = 0
    for _ in range(300):
        truth = rng.integers(2, size=30)
        said = {"alone": rng.integers(2, size=30), "mapped": rng.integers(2, size=30)}
        weight = rng.exponential(size=30) + 0.01
        differs = weight / weight.mean() * ((said["mapped"] == truth) * 1.0 - (said["alone"] == truth))
        row = compared(said, truth, PLAIN, 0.1, False, weight)[1]
        assert row["p_value"] == pytest.approx(sign_flip(differs))
        taken += row["accepted"]
    assert taken / 300 < 0.08  # one side of a two-sided test of level 0.1
