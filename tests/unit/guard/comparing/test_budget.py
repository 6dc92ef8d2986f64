"""What fits into a budget, and the words about what does not."""

from __future__ import annotations

import pytest

from headstart.cli.running.duration import Duration
from headstart.guard.comparing.budget import (
    RESERVE,
    Price,
    budget_that_admits,
    left_out_words,
    short,
    spell,
    splits_that_fit,
)


def test_fewer_folds_train_on_less() -> None:
    assert Price("all", 40, 50).folds(5) == 200
    assert Price("all", 40, 50).folds(3) == pytest.approx(40 * 5 / 6 * 3)


def test_what_is_computed_once_is_paid_once() -> None:
    price = Price("last", 10, 12, once=30)
    assert price.folds(5) == 80
    assert price.folds(3) == pytest.approx(30 + 10 * 5 / 6 * 3)


def test_three_folds_only_where_they_let_it_in() -> None:
    price = Price("all", 40, 50)
    assert splits_that_fit(price, 5, 250) == 5
    assert splits_that_fit(price, 5, 249) == 3
    assert splits_that_fit(price, 5, 149) == 5
    assert splits_that_fit(price, 2, 100) == 2


@pytest.mark.parametrize("seconds", [5, 59, 200, 1860, 5000, 90_000])
@pytest.mark.parametrize("spent", [1, 100])
def test_the_advised_budget_admits(seconds: float, spent: float) -> None:
    advised = budget_that_admits(seconds, spent)
    assert advised * (1 - RESERVE) - spent >= seconds
    assert Duration().convert(short(advised), None, None) == advised


def test_words() -> None:
    assert (
        left_out_words("fine-tuning all layers", 1860, 60) == "fine-tuning all layers: about 31 minutes; --budget 45m"
    )
    assert [spell(1), spell(0.2), spell(60 * 60 * 2.5)] == ["1 second", "1 second", "2.5 hours"]
