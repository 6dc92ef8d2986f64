"""What comes out of running candidates, and what every step of it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headstart.guard.candidates.candidate import to_beat
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import Table, tabulate
from headstart.guard.comparing.blend import BLEND
from headstart.guard.comparing.crew import Crew
from headstart.guard.comparing.deadline import Deadline
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import Outcome, Split, fold_numbers
from headstart.guard.comparing.plan import Plan, written_plan


@dataclass
class Comparison:
    """What came out of running the candidates.

    Parameters
    ----------
    plan : Plan
        What was to be run.
    outcomes : list of Outcome
        Of the candidates that were run, in the order of the candidates.
    left_out : list of dict
        ``name``, ``seconds`` and ``words`` of those that did not fit, or were stopped because they were behind.
    splits : list of list of (train, test)
        Folds of each repeat; those of the first are shared by all.
    curves : list of dict
        Learning curves of cheap candidates.
    """

    plan: Plan
    outcomes: list[Outcome] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    splits: list[list[Split]] = field(default_factory=list)
    curves: list[dict[str, Any]] = field(default_factory=list)

    def written(self) -> dict[str, Any]:
        """The plan as it was carried out, which another run can repeat."""
        ran = [o.candidate.name for o in self.outcomes if o.candidate.name != BLEND]
        run = [name for name in self.plan.run if name in ran]
        curves = {curve["name"]: curve["n_splits"] for curve in self.curves}
        found = written_plan(self.plan, run, len(self.splits), curves)
        return found | {"left_out": self.left_out}

    def table(self, material: Material) -> Table:
        """Results of all candidates on the same examples."""
        table = tabulate(
            material.task,
            material.target,
            [outcome.predictions for outcome in self.outcomes],
            [fold_numbers(splits, len(material)) for splits in self.splits],
            [outcome.candidate.transfer for outcome in self.outcomes],
            material.groups,
            [outcome.candidate.handicap for outcome in self.outcomes],
            next((c for c, outcome in enumerate(self.outcomes) if outcome.candidate.name == BLEND), None),
            metric=material.metric,
            weight=material.weight,
            learning=material.learning,
        )
        return table.beating(to_beat([outcome.candidate for outcome in self.outcomes]))


@dataclass(frozen=True)
class Course:
    """What every step of a comparison is given."""

    material: Material
    journal: Journal
    deadline: Deadline
    plan: Plan
    crew: Crew
