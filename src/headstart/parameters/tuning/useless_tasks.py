"""Which tasks beside a target can be of no use to it, told before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.data.sets.splits import folds
from headstart.errors import DataError
from headstart.math.linear.ridge import solve_ridge
from headstart.math.linear.source_worth import clearly
from headstart.math.statistics.association import association
from headstart.networks.network import Network
from headstart.networks.running.embed import embed
from headstart.parameters.tuning.together import TaskRows
from headstart.progress import Progress
from headstart.training.device import pick_device

_SPLITS = 3
#: Rows of a task that say enough whether features tell it, and rows with both labels that say whether these are tied.
MOST, FEWEST = 1000, 12
_LEVEL = 0.05
NOISE = "features tell it no better than guessing"
APART = "it has nothing to do with the target"


def useless_tasks(
    network: Network,
    inputs: Inputs,
    target: TaskRows,
    tasks: Mapping[str, TaskRows],
    *,
    device: str = "auto",
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Tasks that would train a target's network to no good, and why.

    Two are. What a linear model of the frozen features tells no better than guessing on rows out of fold, as shuffled
    labels, is learned by heart. What is told, but of rows that have both labels says no more of the target's than
    chance (`association`), such as who speaks where the word is asked, draws the network away from the target. Both
    cost next to nothing beside a training. A task that has fewer than 12 rows with the target is given the benefit of
    the doubt in the second, and every task where the network's weights are random in the first.

    Parameters
    ----------
    network : Network
    inputs : Inputs
    target : TaskRows
    tasks : mapping of str to TaskRows
        The others.
    device : str, default="auto"
    seed : int, default=0
        Of folds and permutations, and of the 1,000 rows that are looked at where a task has more.
    progress : callable, optional

    Returns
    -------
    dict of str to str
        Why, by the names of those that are useless.
    """
    found = {name: APART for name, one in tasks.items() if _apart(target, one, seed)}
    rest = {name: one for name, one in tasks.items() if name not in found}
    if not network.trained or not rest:
        return found
    rng = np.random.default_rng(seed)
    chosen = {name: np.sort(rng.permutation(len(one.rows))[:MOST]) for name, one in rest.items()}
    rows = np.unique(np.concatenate([one.rows[chosen[name]] for name, one in rest.items()]))
    seen = embed(network, inputs[rows], device=str(pick_device(device)), progress=progress)
    for name, one in rest.items():
        part = chosen[name]
        X = seen.output[np.searchsorted(rows, one.rows[part])].astype(np.float64)
        if not _told(X, TaskRows(one.targets.rows(part), part, None if one.groups is None else one.groups[part]), seed):
            found[name] = NOISE
    return found


def _apart(target: TaskRows, other: TaskRows, seed: int) -> bool:
    """Whether rows with both labels are enough to show a tie, and show none."""
    _, mine, its = np.intersect1d(target.rows, other.rows, return_indices=True)
    if len(mine) < FEWEST:
        return False
    return association(target.targets.Y[mine], other.targets.Y[its], random_state=seed)[1] > _LEVEL


def _told(X: np.ndarray, one: TaskRows, seed: int) -> bool:
    """Whether ridge regression on a task's columns is below the squared error of their mean by more than chance."""
    Y = one.targets.Y
    try:
        splits = folds(one.targets.labels, one.targets.task, groups=one.groups, n_splits=_SPLITS, random_state=seed)
    except DataError:  # a single row or group
        return False
    lower = np.zeros(len(Y))
    for train, test in splits:
        solved = solve_ridge(X[train], Y[train])
        said = Y[train].mean(axis=0), X[test] @ solved.coef + solved.intercept
        lower[test] = np.subtract(*(((Y[test] - one) ** 2).sum(axis=1) for one in said))
    return clearly(lower, one.groups)[2]
