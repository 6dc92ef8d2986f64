"""From the candidates to the plan: in which order they are run, what they cost, and what fits."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence

from headstart.guard.candidates.candidate import LAST_LAYERS, Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.budget import RESERVE, Price, spell
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.plan import MIXED_REPEATS, N_REPEATS, Costs, Plan, partial_plan, whole_plan
from headstart.guard.comparing.pricing import cheap_price, later_seconds, price_of, stated_price
from headstart.guard.comparing.race import MANY_ROWS

#: What only shows how much of a gain comes from the architecture; run after what is borrowed.
CONTROLS = ("random features", "from scratch")


def least_of(candidates: Sequence[Candidate]) -> int:
    """How many candidates are run in any case: one without transfer, and one with it where there is one."""
    return max(1, len({candidate.transfer for candidate in candidates if not candidate.dear}))


def in_order(candidates: Sequence[Candidate], expected: bool = True) -> list[Candidate]:
    """Candidates in the order in which they are run: what is borrowed before its controls, the cheap before the dear.

    The first without transfer and the first with it come first, then those that lead. Of those that train in epochs:
    last layers of a detector, all layers, then the others as they come, from scratch at the end; from scratch first
    when no gain is to be expected.
    """
    cheap = [candidate for candidate in candidates if not candidate.dear]
    first = [next((c for c in cheap if c.transfer == side), None) for side in (False, True)]
    lead = [candidate for candidate in first if candidate is not None]
    lead += [candidate for candidate in cheap if candidate.leads and candidate not in lead]
    rest = [candidate for candidate in cheap if candidate not in lead]
    order = (LAST_LAYERS, "all layers", "", CONTROLS[1]) if expected else (LAST_LAYERS, CONTROLS[1], "all layers", "")

    def place(candidate: Candidate) -> int:
        return order.index(candidate.name if candidate.name in order else "")

    dear = sorted((candidate for candidate in candidates if candidate.dear), key=place)
    return [*lead, *sorted(rest, key=lambda candidate: candidate.name in CONTROLS), *dear]


def planned(
    material: Material,
    ordered: Sequence[Candidate],
    budget: float,
    n_splits: int,
    journal: Journal,
    *,
    stated: bool,
    later: int,
) -> Plan:
    """The plan for candidates in their order: whole where that takes no more than half of the budget, else what fits.

    Parameters
    ----------
    material : Material
    ordered : sequence of Candidate
    budget : float
    n_splits : int
    journal : Journal
        Keeps measured prices, and knows the time that is spent.
    stated : bool
        Whether these are standard candidates: for tables their stated prices are tried before any is measured.
    later : int
        Examples to predict after the final training.
    """
    words = {candidate.name: candidate.words for candidate in ordered}
    cheap = [candidate for candidate in ordered if not candidate.dear]
    least = least_of(ordered)
    mixed = bool(material.sources)
    repeats = 1 if len(material) >= MANY_ROWS else MIXED_REPEATS if mixed else N_REPEATS
    if stated and material.numbers:
        prices = [stated_price(candidate, material, n_splits) for candidate in cheap]
        found = whole_plan(Costs(prices, (), least, mixed, words, repeats=repeats), n_splits, budget)
        if found is not None:
            return found
    usable = budget * (1.0 - RESERVE)
    dear = [price_of(c, material, n_splits, usable, journal) for c in ordered if c.dear]
    rows = later_seconds(material, later, journal)
    costs = Costs(_cheap_prices(cheap, material, n_splits, journal), dear, least, mixed, words, rows, repeats)
    whole = whole_plan(costs, n_splits, budget)
    if whole is not None:
        return whole
    spent = journal.elapsed()
    plan = partial_plan(costs, n_splits, budget, spent)
    return dataclasses.replace(plan, floor=spent + journal.slowness() * costs.floor(plan.n_splits))


def _cheap_prices(candidates: Sequence[Candidate], material: Material, n_splits: int, journal: Journal) -> list[Price]:
    """Their prices; features of one network are computed once for all candidates that use them."""
    prices, seen = [], set()
    for candidate in candidates:
        price = cheap_price(candidate, material, n_splits, journal)
        network = id(getattr(candidate.estimator, "source", None))
        if network in seen and getattr(candidate.estimator, "views", 1) == 1 and not material.numbers:
            price = Price(price.name, price.fold, price.refit, price.n_splits)
        seen.add(network)
        prices.append(price)
    return prices


def tell_floor(floor: float, budget: float) -> None:
    """Say where the budget is less than what the least takes."""
    if floor > budget:
        logging.getLogger("headstart").warning(
            f"A budget of {spell(budget)} is less than this takes: at least about {spell(floor)}."
        )
