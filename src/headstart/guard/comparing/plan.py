"""What a comparison runs: made once, from prices alone, before anything is run; kept, and repeated when asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headstart.errors import ParameterError
from headstart.guard.comparing.budget import RESERVE, Price, left_out_words, splits_that_fit


@dataclass(frozen=True)
class Plan:
    """What is run, in order; plain JSON types.

    Parameters
    ----------
    run : tuple of str
        Names of candidates.
    n_splits : int
        Folds.
    repeats : int, default=3
        Cross-validations of each candidate that does not train in epochs.
    curves : int, default=0
        Folds of each learning curve.
    whole : bool, default=True
        Whether nothing was left out to save time.
    floor : float, default=0.0
        Seconds that the least takes: one candidate without transfer, one with it, and the final training.
    left_out : tuple of dict, default=()
        ``name``, ``seconds`` and ``words`` of candidates that do not fit.
    repeated : bool, default=False
        Whether it is the plan of an earlier run, for which the clock is not asked.
    seconds : dict, optional
        Price of the folds of each candidate, where not everything fits: how busy the machine is decides as well, and is
        known only when its turn comes.
    drawn : dict, optional
        Folds of each learning curve by the candidate's name, as an earlier run drew them.
    """

    run: tuple[str, ...]
    n_splits: int
    repeats: int = 3
    curves: int = 0
    whole: bool = True
    floor: float = 0.0
    left_out: tuple[dict[str, Any], ...] = ()
    repeated: bool = False
    seconds: dict[str, float] | None = None
    drawn: dict[str, int] | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Plan:
        """From what a journal kept."""
        return cls(**{**kept, "run": tuple(kept["run"]), "left_out": tuple(kept["left_out"])})

    def kept(self) -> dict[str, Any]:
        """For a journal."""
        found = dataclasses.asdict(self)
        return found | {"run": list(self.run), "left_out": list(self.left_out)}


#: Cross-validations of each candidate; of tables with rows to borrow, where a mixture is the model, one less.
N_REPEATS, MIXED_REPEATS = 3, 2
#: Whatever takes no more than this part of the budget is run whole, whatever the clock says.
WHOLE = 0.5
_FOR_REPEATS = 0.15
_FOR_CURVES = 0.08
_VERSION = 1


@dataclass(frozen=True)
class Costs:
    """Prices of all candidates, and what has to be paid besides.

    Parameters
    ----------
    cheap, dear : sequence of Price
        In the order in which they are run; the first ``least`` are run in any case.
    least : int
    mixed : bool
        Whether all cheap candidates may be fitted in the end, as parts of a mixture, or one candidate alone.
    later : float, default=0.0
        Seconds of what comes after the final training.
    words : mapping
        What each candidate does, by name.
    repeats : int, default=3
        Most cross-validations of each cheap candidate.
    """

    cheap: Sequence[Price]
    dear: Sequence[Price]
    least: int
    mixed: bool
    words: Mapping[str, str]
    later: float = 0.0
    repeats: int = N_REPEATS

    def final(self, taken: Sequence[Price]) -> float:
        """Seconds of the final training, if these were compared."""
        cheap = [price.refit for price in taken if price in self.cheap]
        dear = [price.refit for price in taken if price not in self.cheap]
        return max([sum(cheap) if self.mixed else max(cheap, default=0.0), *dear])

    def curves(self, n_splits: int) -> float:
        """Seconds of two learning curves over all folds at most: each size counts as much as it has of the rows."""
        return 4.0 * n_splits * max((price.fold for price in self.cheap), default=0.0)

    def again(self, n_splits: int) -> float:
        """Seconds of one more cross-validation of every cheap candidate."""
        return sum(price.folds(n_splits) - price.once for price in self.cheap)

    def everything(self, n_splits: int) -> float:
        """Seconds of the whole plan."""
        each = [*self.cheap, *self.dear]
        folds = sum(price.folds(n_splits) for price in each)
        more = (self.repeats - 1) * self.again(n_splits) + self.curves(n_splits)
        return folds + more + self.final(each) + self.later

    def floor(self, n_splits: int) -> float:
        """Seconds of the least."""
        least = [*self.cheap, *self.dear][: self.least]
        return sum(price.folds(n_splits) for price in least) + self.final(least) + self.later


def whole_plan(costs: Costs, n_splits: int, budget: float) -> Plan | None:
    """The plan that leaves nothing out, where it takes no more than half of the budget; no clock is asked.

    Examples
    --------
    >>> costs = Costs([Price("alone", 1, 1), Price("head", 1, 1)], [], 2, False, {})
    >>> whole_plan(costs, 5, 600.0).repeats, whole_plan(costs, 5, 60.0)
    (3, None)
    """
    if costs.everything(n_splits) > WHOLE * budget:
        return None
    run = tuple(price.name for price in (*costs.cheap, *costs.dear))
    return Plan(run, n_splits, costs.repeats, n_splits, True, costs.floor(n_splits))


def partial_plan(costs: Costs, n_splits: int, budget: float, spent: float) -> Plan:
    """What fits: the least in any case, then candidates in order, then repeats, then learning curves.

    Parameters
    ----------
    costs : Costs
    n_splits : int
        Folds asked for; three where only they let the most promising costly candidate, or the least, in.
    budget, spent : float
        Seconds for everything, and those that are gone.

    Examples
    --------
    >>> costs = Costs([Price("alone", 1, 1), Price("head", 1, 1)], [Price("all", 30, 40)], 2, False, {"all": "all"})
    >>> plan = partial_plan(costs, 5, 100.0, 0.0)
    >>> plan.run, plan.left_out[0]["words"]
    (('alone', 'head'), 'all: about 3.2 minutes; --budget 5m')
    """
    available = budget * (1.0 - RESERVE) - spent - costs.later
    if costs.dear:
        n_splits = splits_that_fit(costs.dear[0], n_splits, 0.85 * available)
    if costs.floor(n_splits) - costs.later > available:
        n_splits = min(3, n_splits)
    each = [*costs.cheap, *costs.dear]
    taken = each[: costs.least]
    gone = sum(price.folds(n_splits) for price in taken)
    for price in each[costs.least :]:
        needed = gone + price.folds(n_splits) + costs.final([*taken, price])
        if needed <= available:
            taken.append(price)
            gone += price.folds(n_splits)
    names = {price.name for price in taken}
    left_out = []
    for price in each:
        if price.name not in names:
            seconds = price.folds(n_splits) + costs.final([*taken, price])
            words = left_out_words(costs.words[price.name], seconds, spent + gone)
            left_out.append({"name": price.name, "seconds": seconds, "words": words})
    kept = dataclasses.replace(costs, cheap=[price for price in costs.cheap if price.name in names])
    left = available - gone - costs.final(taken)
    again = kept.again(n_splits)
    repeats = 1
    while repeats < costs.repeats and again * repeats <= _FOR_REPEATS * budget and again * repeats <= left:
        repeats += 1
    left -= again * (repeats - 1)
    allowed = min(left, _FOR_CURVES * budget)
    one = kept.curves(n_splits) / n_splits
    curves = n_splits if one * n_splits <= allowed else int(allowed / one)
    run = tuple(price.name for price in taken)
    floor = spent + costs.floor(n_splits)
    prices = {price.name: price.folds(n_splits) for price in taken}
    return Plan(run, n_splits, repeats, curves if curves > 1 else 0, False, floor, tuple(left_out), seconds=prices)


def given_plan(kept: Any, prints: Mapping[str, Any]) -> Plan:
    """A plan that an earlier run left in its evidence, for the same data, candidates and seed.

    Parameters
    ----------
    kept : dict
        ``evidence["plan"]`` of a model.
    prints : mapping
        What the plan has to agree with: ``data``, ``candidates``, ``random_state``.

    Raises
    ------
    ParameterError
        If it is none, or was made for something else.
    """
    if not _is_plan(kept):
        found = kept.get("version") if isinstance(kept, Mapping) else type(kept).__name__
        raise ParameterError(
            f"Expected the plan of a model, version {_VERSION}, found {found!r}.",
            "Give the folder of a model that this version fitted, or evidence['plan'] of it.",
        )
    for key, what, then in _AGREE:
        if kept[key] != prints[key]:
            found = f"; it is of {kept[key]!r}, not {prints[key]!r}" if key == "random_state" else ""
            raise ParameterError(f"Expected a plan made for the same {what}, found one of another{found}.", then)
    each = {k: kept[k] for k in ("n_splits", "repeats", "whole", "floor")}
    return Plan(tuple(kept["run"]), left_out=tuple(kept["left_out"]), repeated=True, drawn=kept["curves"], **each)


def written_plan(plan: Plan, run: Sequence[str], repeats: int, curves: Mapping[str, int]) -> dict[str, Any]:
    """What was run in the end, for the evidence: what `given_plan` reads."""
    return {
        "version": _VERSION,
        "whole": plan.whole,
        "run": list(run),
        "n_splits": plan.n_splits,
        "repeats": repeats,
        "curves": dict(curves),
        "floor": plan.floor,
    }


def _is_plan(kept: Any) -> bool:
    if not isinstance(kept, Mapping) or kept.get("version") != _VERSION or set(_KINDS) - set(kept):
        return False
    if not all(isinstance(kept[key], kind) for key, kind in _KINDS.items()):
        return False
    names = all(isinstance(name, str) for name in (*kept["run"], *kept["curves"]))
    left = all(isinstance(entry, Mapping) and {"name", "seconds", "words"} <= set(entry) for entry in kept["left_out"])
    counts = [kept["n_splits"] - 1, kept["repeats"], *kept["curves"].values()]
    good = all(isinstance(count, int) and 0 < count < 100 for count in counts)
    return bool(names and left and good and kept["run"])


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("data", "candidates"), str),
    **dict.fromkeys(("random_state", "n_splits", "repeats"), int),
    **dict.fromkeys(("run", "left_out"), list),
    "whole": bool,
    "floor": (int, float),
    "curves": dict,
}
_AGREE = (
    ("random_state", "seed", "Give the same seed, or leave the plan out."),
    ("data", "data", "Fit to the data that the model was fitted to, or leave the plan out."),
    ("candidates", "candidates", "Give the same source, candidates and options, or leave the plan out."),
)
