"""One body that several tasks train, with a linear head for each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from headstart.data.base.rows import Inputs
from headstart.networks.network import Network
from headstart.nn.losses.several_tasks import TaskPart
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import Targets
from headstart.parameters.tuning.first_head import first_head
from headstart.parameters.tuning.objective import Objective
from headstart.parameters.tuning.tuning import Tuned, tune
from headstart.progress import Progress


@dataclass(frozen=True, eq=False)
class TaskRows:
    """A task's targets and the rows that have them.

    Attributes
    ----------
    targets : Targets of k rows
    rows : ndarray of int, shape (k,)
        Their positions among all inputs.
    groups : ndarray of shape (k,) or None
        For the folds that its first head is chosen on.
    """

    targets: Targets
    rows: np.ndarray
    groups: np.ndarray | None = None


def tune_together(
    network: Network,
    inputs: Inputs,
    tasks: Mapping[str, TaskRows],
    settings: TuningSettings,
    *,
    weighting: str = "equal",
    weight: np.ndarray | None = None,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
    progress: Progress | None = None,
) -> tuple[Tuned, dict[str, nn.Sequential]]:
    """Train the last blocks or all blocks of a copy of a network by several tasks, each over the rows that have it.

    Parameters
    ----------
    network : Network
        Not changed.
    inputs : Inputs, n of them
        Each has a label of some task.
    tasks : mapping of str to TaskRows
    settings : TuningSettings
    weighting : str, default="equal"
        See `headstart.parameters.tuning.objective.Objective`.
    weight : ndarray of shape (n,), optional
        Of the rows. Default: all alike.
    held_out : (train rows, validation rows), optional
        For stopping early, by the tasks that have labels there.
    progress : callable, optional

    Returns
    -------
    Tuned
    heads : dict of str to nn.Sequential
        A linear one for each task.
    """
    ends = np.cumsum([0, *(one.targets.Y.shape[1] for one in tasks.values())]).tolist()
    Y = np.full((len(inputs), ends[-1]), np.nan)
    parts = []
    for one, start, stop in zip(tasks.values(), ends[:-1], ends[1:], strict=True):
        Y[one.rows, start:stop] = one.targets.Y
        parts.append(TaskPart(one.targets.task, start, stop))
    weights = np.ones(len(inputs)) if weight is None else weight
    whole = Targets("several", Y, weights, None, np.zeros(ends[-1]), np.ones(ends[-1]), False)
    linear = dataclasses.replace(settings, widths=())

    def start_head(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        solved = [first_head(features[one.rows], one.targets, linear, groups=one.groups) for one in tasks.values()]
        both = [head for head in solved if isinstance(head, tuple)]
        return np.hstack([head[0] for head in both]), np.concatenate([head[1] for head in both])

    objective = Objective(parts, weighting, seed=settings.seed)
    tuned = tune(
        network, inputs, whole, settings, objective=objective, start=start_head, held_out=held_out, progress=progress
    )
    heads = {name: nn.Sequential(_columns(tuned.head, part)).eval() for name, part in zip(tasks, parts, strict=True)}
    return tuned, heads


def _columns(head: nn.Sequential, part: TaskPart) -> nn.Linear:
    """A task's columns of a trained linear head."""
    whole = head.cpu()[-1]
    assert isinstance(whole, nn.Linear)
    own = nn.utils.skip_init(nn.Linear, whole.in_features, part.stop - part.start)  # draws no random numbers
    with torch.no_grad():
        own.weight.copy_(whole.weight[part.start : part.stop])
        own.bias.copy_(whole.bias[part.start : part.stop])
    return own
