"""Run candidates on the same folds, within the time that was given."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from headstart.data.sets.splits import folds
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import Table
from headstart.guard.comparing import budget as money
from headstart.guard.comparing.blend import LEAST, blended_outcome, first_weights
from headstart.guard.comparing.comparison import Comparison, Course
from headstart.guard.comparing.contenders import contenders, near_best
from headstart.guard.comparing.crew import Ahead
from headstart.guard.comparing.curves import learning_curve
from headstart.guard.comparing.deadline import Deadline, OutOfTime
from headstart.guard.comparing.few_first import far_behind, few_of
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import (
    Outcome,
    choices_of,
    crew_for,
    file_name,
    fold_numbers,
    fold_tasks,
    held_out,
    out_of_fold,
)
from headstart.guard.comparing.plan import Plan
from headstart.guard.comparing.planning import CONTROLS, in_order, least_of, planned, tell_floor
from headstart.guard.comparing.race import MANY_ROWS, behind, front, leader, outclassed, stopped_words


def compare(
    material: Material,
    candidates: Sequence[Candidate],
    *,
    budget: float,
    n_splits: int,
    random_state: int,
    journal: Journal,
    expected: bool = True,
    stated: bool = False,
    later: int = 0,
    plan: Plan | None = None,
    n_jobs: int | None = 1,
) -> Comparison:
    """Run what the plan holds, in its order; the clock is asked only whether the budget is over.

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
    stated : bool, default=False
        Whether these are the standard candidates, whose prices for tables are known without measuring.
    later : int, default=0
        Examples to predict after everything is fitted.
    plan : Plan, optional
        Of an earlier run. Default: one is made.
    n_jobs : int or None, default=1
        How many folds are computed at once, see `headstart.guard.comparing.crew.Crew`. What is run, and what comes of
        it, does not depend on it.
    """
    if plan is None:
        order = in_order(candidates, expected)

        def made() -> dict[str, Any]:
            return planned(material, order, budget, n_splits, journal, stated=stated, later=later).kept()

        plan = Plan.of(journal.decide(f"plan within {budget:g}", made))
        tell_floor(plan.floor, budget)
    result = Comparison(plan=plan, left_out=list(plan.left_out))
    for repeat in range(plan.repeats):
        seed = random_state + repeat
        found = folds(material.target, material.task, groups=material.groups, n_splits=plan.n_splits, random_state=seed)
        result.splits.append(found)
    with crew_for(material, [one for one in candidates if one.name in plan.run], n_jobs, journal) as crew:
        course = Course(material, journal, Deadline(journal, budget, open_end=plan.repeated), plan, crew)
        _run(result, course, candidates, random_state)
    if material.sources:
        _blend(result, material)
    return result


def _run(result: Comparison, course: Course, candidates: Sequence[Candidate], random_state: int) -> None:
    """Go through the plan: the first cross-validation of each candidate, more of those that matter, curves."""
    known = {candidate.name: candidate for candidate in candidates}
    least = least_of(candidates)
    with _under_way(result, course, [known[name] for name in course.plan.run], range(1)) as ahead:
        for place, name in enumerate(course.plan.run):
            _first(result, known[name], course, ahead, in_any_case=place < least)
    result.outcomes.sort(key=lambda outcome: list(known).index(outcome.candidate.name))
    first = result.table(course.material)
    _repeats(result, course, first)
    _curves(result, course, first, random_state)


def _under_way(
    result: Comparison, course: Course, candidates: Sequence[Candidate], repeats: Iterable[int], **how: bool
) -> Ahead:
    """The folds of candidates, begun in the order in which they are asked for; those that are kept are left out."""
    tasks: dict[Hashable, tuple[Any, ...]] = {}
    for repeat in repeats:
        for candidate in candidates:
            splits = result.splits[repeat]
            like = file_name(candidate, result.splits[0], 0) if repeat else ""
            tasks |= fold_tasks(candidate, splits, course.journal, file_name(candidate, splits, repeat), like)
    ahead = course.crew.ahead(held_out, tasks, **how)
    ahead.skip([key for key in tasks if course.journal.has(str(key))])
    return ahead


def _blend(result: Comparison, material: Material) -> None:
    """The mixture of all candidates as one more of them."""
    each = [fold_numbers(splits, len(material)) for splits in result.splits]
    outcome = blended_outcome(result.outcomes, material.task, material.target, each)
    if outcome is not None:
        result.outcomes.append(outcome)


def _first(result: Comparison, candidate: Candidate, course: Course, ahead: Ahead, *, in_any_case: bool) -> None:
    """The first cross-validation of a candidate, unless it is behind, cannot be used, or time is over.

    Of pictures, clips and texts the parent does the first fold, which leaves features in the cache for the others.
    """
    if not course.material.numbers:
        with _under_way(result, course, [candidate], range(1), first_here=True) as own:
            _measured(result, candidate, course, own, in_any_case=in_any_case)
        return
    try:
        _measured(result, candidate, course, ahead, in_any_case=in_any_case)
    finally:
        name = file_name(candidate, result.splits[0], 0)
        ahead.skip(list(fold_tasks(candidate, result.splits[0], course.journal, name)))


def _measured(result: Comparison, candidate: Candidate, course: Course, ahead: Ahead, *, in_any_case: bool) -> None:
    material, deadline = course.material, course.deadline
    splits, keep = result.splits[0], _final_seconds(result, material)
    if deadline.dropped(candidate.name) or not (in_any_case or _fits(candidate, course, keep)):
        _drop(result, candidate, course)
        return
    if not in_any_case and _given_up(result, candidate, course, keep):
        return
    stopped: list[str] = []
    may_go_on = None if in_any_case else _watch(result, candidate, course, keep, stopped)
    name = file_name(candidate, splits, 0)
    left = None if in_any_case else lambda: deadline.left(keep)
    if material.progress is not None:
        material.progress(candidate.words, 0, len(splits))
    try:
        prediction, seconds = out_of_fold(
            candidate, material, splits, course.journal, name=name, ahead=ahead, may_go_on=may_go_on, left=left
        )
    except OutOfTime:
        deadline.drop(candidate.name)
        _drop(result, candidate, course)
        return
    except (ValueError, np.linalg.LinAlgError) as error:
        if (in_any_case and not result.outcomes) or not material.sources:
            raise
        words = f"{candidate.words}: it cannot be used here ({str(error).splitlines()[0]})"
        result.left_out.append({"name": candidate.name, "seconds": 0.0, "words": words})
        return
    if prediction is not None:
        result.outcomes.append(Outcome(candidate, [prediction], seconds))
        _step_back(result, candidate)
    elif stopped:
        seconds = seconds if candidate.dear else 0.0  # what a table's plan says does not depend on the clock
        result.left_out.append({"name": candidate.name, "seconds": seconds, "words": stopped[0]})
    else:
        _drop(result, candidate, course)


def _given_up(result: Comparison, candidate: Candidate, course: Course, keep: float) -> bool:
    """Whether a control is far behind on a few examples, or time is over while they are looked at; why is said."""
    material, rivals = course.material, result.outcomes
    if candidate.name != CONTROLS[0] or len(material) < 2 * few_of(material) or course.plan.repeated:
        return False
    rival = leader(rivals, candidate.transfer, material, result.splits[0])
    if rival is None:
        return False
    try:
        words = far_behind(candidate, rival, material, course.journal, left=lambda: course.deadline.left(keep))
    except OutOfTime:
        course.deadline.drop(candidate.name)
        _drop(result, candidate, course)
        return True
    if words is not None:
        result.left_out.append({"name": candidate.name, "seconds": 0.0, "words": words})
    return words is not None


def _fits(candidate: Candidate, course: Course, keep: float) -> bool:
    """Whether a candidate may begin: where not everything fits, only if it ends in time on so busy a machine."""
    price = (course.plan.seconds or {}).get(candidate.name, 0.0)
    return course.deadline.allows(f"{candidate.name} begins", price * course.journal.slowness(), keep)


def _drop(result: Comparison, candidate: Candidate, course: Course) -> None:
    """Say that a candidate was dropped, though it was in the plan: the machine was too busy for it."""
    journal, budget = course.journal, course.deadline.budget
    price = (course.plan.seconds or {}).get(candidate.name, budget)

    def said() -> list[float]:
        return [price * journal.slowness(), journal.elapsed()]

    seconds, spent = journal.decide(f"time when {candidate.name} was dropped from {budget:g}", said)
    words = f"{money.left_out_words(candidate.words, seconds, spent)} (this machine was busy)"
    result.left_out.append({"name": candidate.name, "seconds": seconds, "words": words})


def _step_back(result: Comparison, candidate: Candidate) -> None:
    """Take out what a candidate stands in the place of, and say so."""
    for outcome in [o for o in result.outcomes if o.candidate.name == candidate.instead_of]:
        words = f"{outcome.candidate.words}: {candidate.words} takes its place, the budget allows it"
        result.left_out.append({"name": outcome.candidate.name, "seconds": outcome.seconds, "words": words})
    result.outcomes = [o for o in result.outcomes if o.candidate.name != candidate.instead_of]


def _watch(
    result: Comparison, candidate: Candidate, course: Course, keep: float, stopped: list[str]
) -> Callable[[float, Sequence[np.ndarray]], bool]:
    """Whether a candidate goes on after a fold: not when it is behind (said in ``stopped``), or will not end in time.

    Raced are candidates that train in epochs, see `behind`, and of tables with many rows all, see `outclassed`; of
    those of a plan that is repeated it is known that they end.
    """
    material, splits, rival = course.material, result.splits[0], None
    rivals = [outcome for outcome in result.outcomes if outcome.candidate.name != candidate.instead_of]
    if candidate.dear and not course.plan.repeated:
        rival = leader(rivals, candidate.transfer, material, splits)
    elif material.sources and len(material) >= MANY_ROWS and not course.plan.repeated:
        rival = front(rivals, candidate.transfer, material)

    def told(rival: Outcome, parts: Sequence[np.ndarray]) -> tuple[float, str | None] | None:
        if not candidate.dear:
            return outclassed(material, parts, rival.predictions[0], splits)
        gap = behind(material.task, material.target, parts, rival.predictions[0], splits, metric=material.metric)
        return None if gap is None else (gap, None)

    def may_go_on(spent: float, parts: Sequence[np.ndarray]) -> bool:
        done, k = len(parts), len(splits)
        found = None if rival is None else told(rival, parts)
        if rival is not None and found is not None:
            gap, metric = found[0], found[1] or material.metric
            stopped.append(stopped_words(candidate.words, gap, rival.candidate.words, done, k, material.task, metric))
            return False
        rest = spent / (done + 1) * (k - done)  # the first fold may have computed what is computed once
        return course.deadline.allows(f"{candidate.name} goes on after {done}", rest, keep)

    return may_go_on


def _repeats(result: Comparison, course: Course, first: Table) -> None:
    """Further cross-validations of the cheap candidates that could still be taken, each of all of those or of none."""
    keep = _final_seconds(result, course.material)
    if course.plan.repeats > 1:
        _mark(result, course.material, first)
    cheap = [outcome for outcome in result.outcomes if not (outcome.candidate.dear or outcome.out)]
    repeats = range(1, course.plan.repeats)
    with _under_way(result, course, [outcome.candidate for outcome in cheap], repeats) as ahead:
        for repeat in repeats:
            found = _repeat(result, course, cheap, repeat, keep, ahead)
            if not cheap or len(found) < len(cheap):
                del result.splits[repeat:]
                return
            for outcome, (prediction, seconds) in zip(cheap, found, strict=True):
                outcome.predictions.append(prediction)
                outcome.seconds += seconds


def _mark(result: Comparison, material: Material, first: Table) -> None:
    """Mark the cheap candidates that the first cross-validation has put out of the running."""
    outcomes = result.outcomes
    weights = first_weights(outcomes, material.task, material.target) if material.sources else None
    kept = contenders(first, weights, LEAST)
    for outcome, stays in zip(outcomes, kept, strict=True):
        outcome.out = not (stays or outcome.candidate.dear)


def _repeat(
    result: Comparison, course: Course, cheap: Sequence[Outcome], repeat: int, keep: float, ahead: Ahead
) -> list[tuple[np.ndarray, float]]:
    """Predictions of one more cross-validation and their seconds; fewer than there are candidates when time is over."""
    what, deadline, splits = f"repeat {repeat}", course.deadline, result.splits[repeat]
    rest = sum(outcome.seconds for outcome in cheap) / repeat
    if deadline.dropped(what) or not deadline.allows(what, rest, keep):
        return []
    found = []
    how: dict[str, Any] = {"ahead": ahead, "left": lambda: deadline.left(keep)}
    for outcome in cheap:
        name = file_name(outcome.candidate, splits, repeat)
        try:
            prediction, seconds = out_of_fold(
                outcome.candidate, course.material, splits, course.journal, name=name, **how
            )
        except OutOfTime:
            deadline.drop(what)
            return []
        assert prediction is not None
        found.append((prediction, seconds))
    return found


def _final_seconds(result: Comparison, material: Material) -> float:
    """Seconds that the final training will take at most, as the folds went."""
    if not result.outcomes:
        return 0.0
    k, repeats = len(result.splits[0]), [len(outcome.predictions) for outcome in result.outcomes]
    each = [
        outcome.seconds / n / (k - 1) * outcome.candidate.final_rows * outcome.candidate.final_fits
        for outcome, n in zip(result.outcomes, repeats, strict=True)
    ]
    return sum(each) if material.sources else max(each)


def _curves(result: Comparison, course: Course, first: Table, random_state: int) -> None:
    """A learning curve on each side, of the first cheap candidate that is within noise of the best of them.

    None where nothing is borrowed. A curve takes about half as many fits as the folds of its candidate took.
    """
    material, plan = course.material, course.plan
    if not any(outcome.candidate.transfer for outcome in result.outcomes) or not (plan.curves or plan.drawn):
        return
    near = near_best(first, np.array([not outcome.candidate.dear for outcome in result.outcomes]))
    keep = _final_seconds(result, material)
    for side in (True, False):
        here = np.flatnonzero(near & (first.transfer == side))
        if not here.size:
            continue
        outcome = result.outcomes[here[0]]
        candidate = outcome.candidate
        n_folds = plan.curves if plan.drawn is None else plan.drawn.get(candidate.name, 0)

        def draw(outcome: Outcome = outcome, n_folds: int = n_folds) -> dict[str, Any] | None:
            fits = len(outcome.predictions) * plan.n_splits // 2
            how: dict[str, Any] = {"n_folds": n_folds, "fits": fits, "deadline": course.deadline, "keep": keep}
            how |= {"crew": course.crew, "whole": outcome.predictions[0], "random_state": random_state}
            first = file_name(outcome.candidate, result.splits[0], 0)
            how["known"] = [choices_of(course.journal, first, f) for f in range(len(result.splits[0]))]
            return learning_curve(outcome.candidate, material, result.splits[0], **how)

        if n_folds < 2 and plan.n_splits > 1:
            continue
        curve = course.journal.decide(f"curve of {candidate.name} within {course.deadline.budget:g}", draw)
        if curve is not None:
            result.curves.append(curve)
