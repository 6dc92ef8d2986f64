"""Run candidates on the same folds, within the time that was given."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.data.sets.splits import folds
from headstart.guard.candidates.for_inputs import LAST_LAYERS, Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import Table, tabulate
from headstart.guard.comparing import budget as money
from headstart.guard.comparing.blend import BLEND, blended_outcome
from headstart.guard.comparing.curves import learning_curve
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import Outcome, Split, fold_numbers, out_of_fold
from headstart.guard.comparing.pricing import price_of
from headstart.guard.comparing.race import behind, leader, stopped_words

N_REPEATS = 3
_OVERRUN = 1.25
_FOR_REPEATS = 0.15
_FOR_CURVES = 0.08


@dataclass
class Comparison:
    """What came out of running the candidates.

    Parameters
    ----------
    outcomes : list of Outcome
        Of the candidates that were run, in order.
    left_out : list of dict
        ``name``, ``seconds`` and ``words`` of those that did not fit, or were stopped because they were behind.
    splits : list of list of (train, test)
        Folds of each repeat; those of the first are shared by all.
    curves : list of dict
        Learning curves of cheap candidates.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    splits: list[list[Split]] = field(default_factory=list)
    curves: list[dict[str, Any]] = field(default_factory=list)

    def table(self, material: Material) -> Table:
        """Results of all candidates on the same examples."""
        return tabulate(
            material.task,
            material.target,
            [outcome.predictions for outcome in self.outcomes],
            [fold_numbers(splits, len(material)) for splits in self.splits],
            [outcome.candidate.transfer for outcome in self.outcomes],
            material.groups,
            [outcome.candidate.dear for outcome in self.outcomes],
            next((c for c, outcome in enumerate(self.outcomes) if outcome.candidate.name == BLEND), None),
            metric=material.metric,
            weight=material.weight,
        )


def compare(
    material: Material,
    candidates: Sequence[Candidate],
    *,
    budget: float,
    n_splits: int,
    random_state: int,
    journal: Journal,
    expected: bool = True,
) -> Comparison:
    """Cheap candidates in repeated cross-validation, dear ones as the budget allows.

    Parameters
    ----------
    material : Material
    candidates : sequence of Candidate
    budget : float
        Seconds for everything, the final training included; a tenth is kept in reserve.
    n_splits : int
        Folds; three are used where only they let fine-tuning in.
    random_state : int
        Seed of the folds.
    journal : Journal
        Time spent, finished folds, decisions.
    expected : bool, default=True
        Whether transfer can be expected to help; if not, learning from scratch is tried first.
    """
    usable = budget * (1.0 - money.RESERVE)
    cheap = [candidate for candidate in candidates if not candidate.dear]
    dear = in_order([candidate for candidate in candidates if candidate.dear], expected)
    prices = {c.name: price_of(c, material, n_splits, usable, journal) for c in dear}
    if dear:
        allowance = usable - journal.elapsed()
        n_splits = journal.decide(
            f"folds within {budget:g}",
            lambda: money.splits_that_fit(prices[dear[0].name], n_splits, 0.85 * allowance),
        )
    result = Comparison()
    for repeat in range(N_REPEATS):
        seed = random_state + repeat
        found = folds(material.target, material.task, groups=material.groups, n_splits=n_splits, random_state=seed)
        result.splits.append(found)
    for candidate in cheap:
        _cheap(result, candidate, material, usable, budget, journal)
    _dear(result, dear, prices, material, usable, budget, journal)
    _repeats(result, material, usable, budget, journal)
    _curves(result, material, usable, budget, journal, random_state)
    if material.sources:
        _blend(result, material)
    return result


def _blend(result: Comparison, material: Material) -> None:
    """The mixture of all candidates as one more of them."""
    each = [fold_numbers(splits, len(material)) for splits in result.splits]
    outcome = blended_outcome(result.outcomes, material.task, material.target, each)
    if outcome is not None:
        result.outcomes.append(outcome)


def _cheap(
    result: Comparison, candidate: Candidate, material: Material, usable: float, budget: float, journal: Journal
) -> None:
    """The first repeat of a cheap candidate; where rows are borrowed, one that takes too long is given up and named.

    The first candidate, which borrows nothing, always runs to its end; a later one may take half of what is left.
    """
    splits = result.splits[0]
    name = _file_name(candidate, splits, 0)
    allowed = 0.5 * (usable - journal.elapsed())

    def may_go_on(spent: float, parts: Sequence[np.ndarray]) -> bool:
        def in_time() -> bool:
            return spent / len(parts) * (len(splits) + 1) <= allowed

        return bool(journal.decide(f"{candidate.name} goes on after {len(parts)} within {budget:g}", in_time))

    limited = bool(material.sources) and bool(result.outcomes)
    try:
        prediction, seconds = out_of_fold(
            candidate, material, splits, journal, name=name, may_go_on=may_go_on if limited else None
        )
    except (ValueError, np.linalg.LinAlgError) as error:
        if not limited:
            raise
        words = f"{candidate.words}: it cannot be used here ({str(error).splitlines()[0]})"
        result.left_out.append({"name": candidate.name, "seconds": 0.0, "words": words})
        return
    if prediction is None:
        _leave_out(result, candidate, seconds * (len(splits) + 1), budget, journal)
    else:
        result.outcomes.append(Outcome(candidate, [prediction], seconds))


def in_order(dear: Sequence[Candidate], expected: bool) -> list[Candidate]:
    """Dear candidates in the order of expected gain.

    Last layers of a detector, all layers, from scratch, then last blocks as they come; from scratch before all layers
    when no gain is to be expected.
    """
    first = (LAST_LAYERS, *(("all layers", "from scratch") if expected else ("from scratch", "all layers")))
    return sorted(dear, key=lambda candidate: first.index(candidate.name) if candidate.name in first else len(first))


def _file_name(candidate: Candidate, splits: Sequence[Split], repeat: int) -> str:
    plain = "".join(letter if letter.isalnum() else "-" for letter in candidate.name)
    return f"{plain}-{len(splits)}-folds-{repeat}"


def _dear(
    result: Comparison,
    dear: Sequence[Candidate],
    prices: dict[str, money.Price],
    material: Material,
    usable: float,
    budget: float,
    journal: Journal,
) -> None:
    """Run what fits, in order; give up what turns out to be too slow; say what was left out."""
    k = len(result.splits[0])
    refit = 0.0
    for candidate in dear:
        price = prices[candidate.name]
        needed = max(refit, price.refit)

        def fits(price: money.Price = price, needed: float = needed) -> bool:
            return bool(money.admit([dataclasses.replace(price, refit=needed)], k, left()))

        def left() -> float:
            return usable - journal.elapsed()

        if not journal.decide(f"{candidate.name} fits into {budget:g}", fits):
            _leave_out(result, candidate, price.folds(k) + needed, budget, journal)
            continue
        stopped: list[str] = []
        may_go_on = _watch(result, candidate, price, needed, material, usable, budget, journal, stopped)
        name = _file_name(candidate, result.splits[0], 0)
        prediction, seconds = out_of_fold(
            candidate, material, result.splits[0], journal, name=name, may_go_on=may_go_on
        )
        if prediction is None and stopped:
            result.left_out.append({"name": candidate.name, "seconds": seconds, "words": stopped[0]})
            continue
        if prediction is None:
            _leave_out(result, candidate, _OVERRUN * (price.folds(k) + needed), budget, journal)
            continue
        refit = needed
        result.outcomes.append(Outcome(candidate, [prediction], seconds))
        _step_back(result, candidate)


def _step_back(result: Comparison, candidate: Candidate) -> None:
    """Take out what a candidate stands in the place of, and say so."""
    for outcome in [o for o in result.outcomes if o.candidate.name == candidate.instead_of]:
        words = f"{outcome.candidate.words}: {candidate.words} takes its place, the budget allows it"
        result.left_out.append({"name": outcome.candidate.name, "seconds": outcome.seconds, "words": words})
    result.outcomes = [o for o in result.outcomes if o.candidate.name != candidate.instead_of]


def _watch(
    result: Comparison,
    candidate: Candidate,
    price: money.Price,
    needed: float,
    material: Material,
    usable: float,
    budget: float,
    journal: Journal,
    stopped: list[str],
) -> Callable[[float, Sequence[np.ndarray]], bool]:
    """Whether a dear candidate goes on after a fold: not when it is behind (said in ``stopped``), or too slow."""
    splits = result.splits[0]
    rivals = [outcome for outcome in result.outcomes if outcome.candidate.name != candidate.instead_of]
    rival = leader(rivals, candidate.transfer, material, splits)
    deadline = journal.elapsed() + _OVERRUN * price.folds(len(splits))

    def may_go_on(spent: float, parts: Sequence[np.ndarray]) -> bool:
        done, k = len(parts), len(splits)
        gap = (
            None
            if rival is None
            else behind(material.task, material.target, parts, rival.predictions[0], splits, metric=material.metric)
        )
        if rival is not None and gap is not None:
            stopped.append(
                stopped_words(candidate.words, gap, rival.candidate.name, done, k, material.task, material.metric)
            )
            return False

        def in_time() -> bool:
            each = max(spent - price.once, 0.0) / done
            end = journal.elapsed() + each * (k - done)
            return end <= deadline or end + needed <= usable

        return bool(journal.decide(f"{candidate.name} goes on after {done} within {budget:g}", in_time))

    return may_go_on


def _leave_out(result: Comparison, candidate: Candidate, seconds: float, budget: float, journal: Journal) -> None:
    spent = journal.decide(f"spent before {candidate.name} was left out of {budget:g}", journal.elapsed)
    words = money.left_out_words(candidate.words, seconds, spent)
    result.left_out.append({"name": candidate.name, "seconds": seconds, "words": words})


def _repeats(result: Comparison, material: Material, usable: float, budget: float, journal: Journal) -> None:
    """Further repeats of cheap candidates, all of them or none, while they take a small part of the time."""
    cheap = [outcome for outcome in result.outcomes if not outcome.candidate.dear]
    dearest = _dearest(result)
    for repeat in range(1, N_REPEATS):
        cost = sum(outcome.seconds for outcome in cheap) / repeat

        def fits(cost: float = cost, repeat: int = repeat) -> bool:
            left = usable - journal.elapsed() - 1.5 * dearest
            return cost * repeat <= _FOR_REPEATS * budget and cost <= left

        if not cheap or not journal.decide(f"repeat {repeat} within {budget:g}", fits):
            del result.splits[repeat:]
            return
        splits = result.splits[repeat]
        for outcome in cheap:
            name = _file_name(outcome.candidate, splits, repeat)
            prediction, seconds = out_of_fold(outcome.candidate, material, splits, journal, name=name)
            assert prediction is not None
            outcome.predictions.append(prediction)
            outcome.seconds += seconds


def _dearest(result: Comparison) -> float:
    """Seconds that the final training of a dear candidate will take at most, as its folds went."""
    k = len(result.splits[0])
    dear = [outcome for outcome in result.outcomes if outcome.candidate.dear]
    return max((o.seconds / k * o.candidate.final_rows * o.candidate.final_fits for o in dear), default=0.0)


def _curves(
    result: Comparison, material: Material, usable: float, budget: float, journal: Journal, random_state: int
) -> None:
    """Learning curves of the best cheap candidate of each side; none where nothing is borrowed."""
    if not any(outcome.candidate.transfer for outcome in result.outcomes):
        return
    table = result.table(material)
    cheap = np.array([not outcome.candidate.dear for outcome in result.outcomes])
    dearest = _dearest(result)
    for side in (True, False):
        here = np.flatnonzero(cheap & (table.transfer == side))
        if not here.size:
            continue
        candidate = result.outcomes[here[np.argmax(table.scores[:, here].mean(axis=0))]].candidate

        def draw(candidate: Candidate = candidate) -> dict[str, Any] | None:
            left = min(_FOR_CURVES * budget, usable - journal.elapsed() - 1.5 * dearest)
            if left <= 0:
                return None
            return learning_curve(candidate, material, result.splits[0], seconds=left, random_state=random_state)

        curve = journal.decide(f"curve of {candidate.name} within {budget:g}", draw)
        if curve is not None:
            result.curves.append(curve)
