"""How many rounds a run has: as many epochs as asked for, or as many as fit into the time given."""

from __future__ import annotations

import copy
import logging
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from headstart.data.base.json_files import TEXT, record, whole
from headstart.data.base.sealed import read_note, write_note
from headstart.nn.processes import rank, told_by_first, wait_for_all, world_size
from headstart.pretraining.examples.examples import Examples, steps
from headstart.pretraining.objectives import Objective
from headstart.pretraining.recipe import Recipe
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.prefetch import ahead

ROUND = 25_600  # examples between two measurements
FEWEST = 4  # measurements in the time given
PART = 0.93  # of the time given that is for training; the rest is for measurements and the end
LONGEST = 10.0  # seconds for finding out how fast it goes
_NOTE = record({"key": TEXT, "rounds": whole(1, 10**9), "total": whole(1, 10**12)}, closed=True)
_LOG = logging.getLogger("headstart")


@dataclass(frozen=True)
class Plan:
    """Rounds of a run.

    Parameters
    ----------
    rounds : int
        Into which an epoch is divided.
    total : int
        In all.
    """

    rounds: int
    total: int

    @property
    def epochs(self) -> float:
        """Times each example is seen."""
        return self.total / self.rounds


def plan_for_epochs(n: int, epochs: int) -> Plan:
    """Rounds of about 25,000 examples.

    Examples
    --------
    >>> plan_for_epochs(60_000, 2)
    Plan(rounds=3, total=6)
    """
    rounds = max(1, math.ceil(n / ROUND))
    return Plan(rounds, rounds * epochs)


def plan_for_budget(n: int, seconds: float, per_second: float, batch_size: int) -> Plan:
    """As many examples as can be learned from in the time, in at least four rounds where there are enough.

    Parameters
    ----------
    n : int
        Examples of an epoch.
    seconds : float
        The time given.
    per_second : float
        Examples that are learned from in a second.
    batch_size : int
        A round has at least one batch.

    Examples
    --------
    >>> plan_for_budget(60_000, seconds=1800, per_second=500, batch_size=64)
    Plan(rounds=3, total=41)
    >>> plan_for_budget(60_000, seconds=60, per_second=500, batch_size=64)
    Plan(rounds=9, total=4)
    """
    seen = PART * seconds * per_second
    rounds = max(math.ceil(n / ROUND), math.ceil(FEWEST * n / max(seen, 1.0)))
    rounds = max(1, min(rounds, n // batch_size))
    return Plan(rounds, max(1, math.floor(seen * rounds / n)))


def chosen_plan(objective: Objective, examples: Examples, recipe: Recipe, key: str, note: Path, resume: bool) -> Plan:
    """The plan of a run; one made from a measured speed is noted, so that a resumed run keeps to it.

    Parameters
    ----------
    objective : Objective
        Settled; not changed.
    examples : Examples
    recipe : Recipe
    key : str
        What the run is; a note of another run is not used.
    note : Path
        Where it is noted.
    resume : bool

    Raises
    ------
    ParameterError
        If what stands at ``note`` is none of this version's. A damaged note, or one of another run, is said on the
        logger "headstart", and the speed is measured anew.
    """
    if recipe.budget is None:
        return plan_for_epochs(examples.n, recipe.epochs)
    known = read_note(note, _NOTE, "the speed is measured anew") if resume else None
    if known is not None:
        if known.pop("key") == key:
            return Plan(**known)
        _LOG.warning("The note %s is of other examples or settings: the speed is measured anew.", note)
    speed = told_by_first(measured_speed(objective, examples, recipe))
    plan = plan_for_budget(examples.n, recipe.budget, speed, recipe.batch_size)
    if rank() == 0:
        write_note(note, {"key": key, **asdict(plan)})
    wait_for_all()
    return plan


def measured_speed(objective: Objective, examples: Examples, recipe: Recipe) -> float:
    """Examples a second that all processes together learn from, from some steps of a copy of the objective.

    Parameters
    ----------
    objective : Objective
        Not changed.
    examples : Examples
    recipe : Recipe

    Returns
    -------
    float
    """
    assert recipe.budget is not None
    trial = copy.deepcopy(objective)
    groups = parameter_groups(
        trial.modules.parameters(), [], learning_rate=1e-6, layer_decay=1.0, weight_decay=recipe.weight_decay
    )
    optimizer = make_optimizer("adamw", groups)
    trial.modules.train()
    limit = min(LONGEST, 0.05 * recipe.budget)
    batches = ahead(examples.batches(0, 1, recipe.batch_size, recipe.seed, (rank(), world_size())))
    started, seen = 0.0, -1
    for batch in batches:
        trial.loss(batch).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        trial.after_step()
        seen += 1
        if seen == 0:
            started = time.monotonic()  # the first step prepares much
        elif told_by_first(time.monotonic() - started > limit) or seen == 2 * steps(examples.n, recipe.batch_size):
            break
    batches.close()  # type: ignore[attr-defined]
    if seen < 1:  # a single batch an epoch: its own time, with whatever it had to prepare
        return recipe.batch_size / limit
    return recipe.batch_size * seen / (time.monotonic() - started)
