"""A target whose last blocks other tasks train too, each with a head of its own that is not kept."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from headstart.contract.estimator_class import estimator_class
from headstart.data.inputs.inputs import joined
from headstart.data.sets.other_tasks import OtherTasks
from headstart.networks.window import fitted
from headstart.parameters.heads.fitted import Fitted
from headstart.parameters.heads.targets import task_targets
from headstart.parameters.on_inputs import Given, held_rows
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.parameters.tuning.plan import network_for, settings_for
from headstart.parameters.tuning.together import TaskRows, tune_together
from headstart.parameters.tuning.useless_tasks import useless_tasks
from headstart.progress import Progress

_TARGET = ""


def fit_beside(
    estimator: Any, given: Given, others: OtherTasks, progress: Progress | None
) -> tuple[Fitted, dict[str, str]]:
    """Train the last blocks or all layers by the target and by other tasks, with equal weights.

    Of the other tasks all is learned from but what the target holds out (`OtherTasks.places`). Where it stops early,
    rows of the target are held out from all tasks, and its loss alone tells. Tasks that can be of no use to it are
    left out (`useless_tasks`).

    Parameters
    ----------
    estimator : TransferClassifier or TransferRegressor
        With ``train`` of blocks and a linear head.
    given : Given
        The target.
    others : OtherTasks
    progress : callable or None

    Returns
    -------
    Fitted
    refused : dict of str to str
        Tasks that were not learned with, and why.
    """
    n, targets = len(given.inputs), given.targets
    place = others.places(given.inputs, given.groups)
    held = held_rows(estimator, targets, given.groups)
    tasks, refused = dict[str, TaskRows](), dict[str, str]()
    for name, one in others.labels.items():
        rows = place[one.kept]
        there = (rows >= 0) & ~np.isin(rows, [] if held is None else held[1])
        y = one.y[there]
        if len(y) and (one.task == "regression" or len(np.unique(y, axis=0)) > 1):
            tasks[name] = TaskRows(task_targets(y, one.task), rows[there])
        else:
            refused[name] = "it says the same of all that is learned from"
    below = np.flatnonzero(place >= n)
    inputs = joined([given.inputs, others.inputs[below]])
    weight = np.concatenate([targets.weight, np.ones(len(below))])
    if held is not None:
        held = np.concatenate([held[0], np.arange(n, n + len(below))]), held[1]
    network = fitted(network_for(estimator, inputs.input_type), given.own)
    settings = settings_for(estimator, input_type=inputs.input_type)
    how: dict[str, Any] = {"device": estimator.device, "seed": settings.seed, "progress": progress}
    own = TaskRows(targets, np.arange(n), given.groups)
    refused |= useless_tasks(network, inputs, own, tasks, **how)
    tasks = {_TARGET: own, **{name: one for name, one in tasks.items() if name not in refused}}
    how = {"weight": weight, "held_out": held, "progress": progress}
    tuned, heads = tune_together(network, inputs, tasks, settings, **how)
    return Fitted(targets, tuned.network, None, heads[_TARGET], tuned.history), refused


@estimator_class
class BesideClassifier(TransferClassifier):
    """`TransferClassifier`, whose blocks the labels of other tasks train too.

    Parameters
    ----------
    beside : OtherTasks
        Of the examples of the target, and of others.

    Attributes
    ----------
    refused_ : dict of str to str
        Tasks that were not learned with, and why.

    Examples
    --------
    >>> from headstart.data.inputs.inputs import as_inputs
    >>> from headstart.data.sets.labels import read_labels
    >>> light = np.random.default_rng(0).integers(0, 200, 12)
    >>> X = as_inputs(np.repeat(light, 64).reshape(12, 8, 8).astype(np.uint8))
    >>> own, labels = np.arange(12) < 6, {"light": read_labels(light / 200.0, X.names)}
    >>> others = OtherTasks(X, labels, own, np.full(12, ""))
    >>> model = BesideClassifier("starter:pictures", train="last:1", epochs=1, beside=others)
    >>> model.fit(X[:6], ["a", "b"] * 3).predict_proba(X[6:]).shape
    (6, 2)
    """

    _: KW_ONLY
    beside: Any = None

    def _fit_inputs(self, given: Given, progress: Progress | None) -> Fitted:
        self.class_shares_ = None
        fitted_, self.refused_ = fit_beside(self, given, self.beside, progress)
        return fitted_


@estimator_class
class BesideRegressor(TransferRegressor):
    """`TransferRegressor`, whose blocks the labels of other tasks train too; see `BesideClassifier`."""

    _: KW_ONLY
    beside: Any = None

    def _fit_inputs(self, given: Given, progress: Progress | None) -> Fitted:
        fitted_, self.refused_ = fit_beside(self, given, self.beside, progress)
        return fitted_
