"""The plan is made from prices; it holds what fits, and is repeated only for what it was made for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from headstart.errors import ParameterError
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.comparing.budget import RESERVE, Price
from headstart.guard.comparing.plan import Costs, Plan, given_plan, partial_plan, whole_plan, written_plan
from headstart.guard.comparing.planning import in_order, least_of

PRINTS = {"data": "d", "candidates": "c", "random_state": 0}


def costs(cheap: list[float], dear: list[float], mixed: bool = False, later: float = 0.0) -> Costs:
    prices = [Price(f"cheap {i}", seconds, seconds) for i, seconds in enumerate(cheap)]
    more = [Price(f"dear {i}", seconds, 1.2 * seconds) for i, seconds in enumerate(dear)]
    words = {price.name: price.name for price in (*prices, *more)}
    return Costs(prices, more, min(2, len(cheap)) or 1, mixed, words, later)


def test_the_whole_plan_holds_everything_and_takes_half_of_the_budget() -> None:
    # folds 2 x 5, repeats twice that, curves 4 x 5, one refit: 10 + 20 + 20 + 1 seconds
    plan = whole_plan(costs([1, 1], []), 5, 102.0)
    assert plan is not None and plan.whole
    assert (plan.run, plan.repeats, plan.curves) == (("cheap 0", "cheap 1"), 3, 5)
    assert whole_plan(costs([1, 1], []), 5, 101.9) is None
    assert whole_plan(costs([1, 1], [], mixed=True), 5, 103.9) is None  # a mixture fits both in the end
    assert whole_plan(costs([1, 1], [], later=3), 5, 107.9) is None


@given(
    some.lists(some.floats(0.01, 50), min_size=1, max_size=6),
    some.lists(some.floats(0.1, 200), max_size=4),
    some.booleans(),
    some.floats(1, 900),
    some.floats(0, 50),
)
def test_a_partial_plan_fits_unless_the_least_does_not(
    cheap: list[float], dear: list[float], mixed: bool, budget: float, spent: float
) -> None:
    given_costs = costs(cheap, dear, mixed)
    plan = partial_plan(given_costs, 5, budget, spent)
    each = {price.name: price for price in (*given_costs.cheap, *given_costs.dear)}
    taken = [each[name] for name in plan.run]
    assert list(plan.run[: given_costs.least]) == list(each)[: given_costs.least]
    assert set(plan.run) | {entry["name"] for entry in plan.left_out} == set(each)
    needed = spent + sum(price.folds(plan.n_splits) for price in taken) + given_costs.final(taken)
    if plan.run != tuple(each)[: given_costs.least]:
        assert needed <= budget * (1 - RESERVE) + 1e-6
    again = (plan.repeats - 1) * sum(p.folds(plan.n_splits) for p in taken if p in given_costs.cheap)
    assert again <= 0.15 * budget * 2 and (plan.repeats == 1 or needed + again <= budget * (1 - RESERVE) + 1e-6)
    assert Plan.of(plan.kept()) == plan and not plan.whole


def test_a_cheaper_one_may_fit_after_a_dear_one_did_not() -> None:
    plan = partial_plan(costs([1], [100, 1]), 5, 60.0, 0.0)
    assert plan.run == ("cheap 0", "dear 1") and plan.left_out[0]["name"] == "dear 0"
    assert "--budget" in plan.left_out[0]["words"]


def test_three_folds_where_only_they_let_the_least_in() -> None:
    assert partial_plan(costs([4, 4], []), 5, 45.0, 0.0).n_splits == 3
    assert partial_plan(costs([4, 4], []), 5, 90.0, 0.0).n_splits == 5


def test_the_floor_is_what_the_least_takes() -> None:
    plan = partial_plan(costs([1, 2, 99], [], later=7), 5, 200.0, 4.0)
    assert plan.floor == pytest.approx(4 + 5 * (1 + 2) + 2 + 7)


def test_what_is_borrowed_is_run_before_its_controls() -> None:
    def one(name: str, transfer: bool, dear: bool = False) -> Candidate:
        return Candidate(name, None, transfer, name, dear=dear)

    standard = [
        one("edges and colours", False),
        one("random features", False),
        one("head", True),
        one("linear head", True),
        one("from scratch", False, True),
        one("all layers", True, True),
        one("last block", True, True),
    ]
    names = [candidate.name for candidate in in_order(standard)]
    wanted = ["edges and colours", "head", "linear head", "random features", "all layers", "last block", "from scratch"]
    assert names == wanted and least_of(standard) == 2
    assert [c.name for c in in_order(standard, expected=False)][4:] == ["from scratch", "all layers", "last block"]
    assert least_of(standard[-2:]) == 1


def kept(**changes: Any) -> dict[str, Any]:
    plan = Plan(("a", "b"), 5, whole=False, floor=3.0)
    found = (
        written_plan(plan, ["a"], 2, {"a": 4}) | PRINTS | {"left_out": [{"name": "b", "seconds": 9.0, "words": "b"}]}
    )
    return {key: value for key, value in (found | changes).items() if value is not None}


def test_a_written_plan_is_read_again() -> None:
    plan = given_plan(kept(), PRINTS)
    assert plan.repeated and (plan.run, plan.repeats, plan.drawn) == (("a",), 2, {"a": 4})
    assert plan.left_out[0]["name"] == "b"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"version": 2}, {"run": None}, {"run": []}, {"run": [3]}, {"n_splits": 1}, {"repeats": 0}),
        *({"curves": {"a": "x"}}, {"left_out": ["b"]}, {"data": 7}, {"whole": "yes"}, {"floor": None}),
        {"repeats": 10**9},
    ],
)
def test_what_is_no_plan_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="Expected the plan of a model, version 1"):
        given_plan(kept(**wrong), PRINTS)
    with pytest.raises(ParameterError, match="found 'list'"):
        given_plan([], PRINTS)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data", "other", "same data, found one of another. Fit to the data"),
        ("candidates", "other", "same candidates, found one of another. Give the same source"),
        ("random_state", 3, "same seed, found one of another; it is of 3, not 0. Give the same seed"),
    ],
)
def test_a_plan_of_something_else_is_refused(key: str, value: Any, words: str) -> None:
    with pytest.raises(ParameterError) as error:
        given_plan(kept(**{key: value}), PRINTS)
    assert words in str(error.value)
