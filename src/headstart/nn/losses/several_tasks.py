"""Losses of several tasks on the outputs of one head, with gaps among the targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.nn.losses.tasks import task_loss


@dataclass(frozen=True)
class TaskPart:
    """Which columns of outputs and targets are a task's.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression"}
    start, stop : int
    """

    task: str
    start: int
    stop: int

    @property
    def unit(self) -> float:
        """The loss of guessing: of K equally likely classes log K, of each label log 2, of standardised numbers 1."""
        width = self.stop - self.start
        if self.task == "regression":
            return 1.0
        return math.log(max(width, 2)) if self.task == "classification" else width * math.log(2)


def several_losses(outputs: Tensor, Y: Tensor, weight: Tensor, parts: Sequence[TaskPart]) -> list[tuple[int, Tensor]]:
    """Weighted mean loss of each task over the rows that have its label, divided by the loss of guessing.

    So tasks of all kinds begin at about 1, and equal weights mean the same for each.

    Parameters
    ----------
    outputs : Tensor of shape (N, K)
    Y : Tensor of shape (N, K)
        As for `task_loss`, one task beside the other; NaN in all columns of a task where a row has no label.
    weight : Tensor of shape (N,)
    parts : sequence of TaskPart

    Returns
    -------
    list of (int, Tensor)
        Position and loss of the tasks that have a label in these rows.

    Examples
    --------
    >>> Y = torch.tensor([[1.0, 0.0, float("nan")], [float("nan"), float("nan"), 2.0]])
    >>> parts = [TaskPart("classification", 0, 2), TaskPart("regression", 2, 3)]
    >>> [(t, round(float(loss), 3)) for t, loss in several_losses(torch.zeros(2, 3), Y, torch.ones(2), parts)]
    [(0, 1.0), (1, 4.0)]
    """
    found = []
    for t, part in enumerate(parts):
        own = Y[:, part.start : part.stop]
        there = ~torch.isnan(own).any(dim=1)
        if bool(there.any()):
            loss = task_loss(outputs[there, part.start : part.stop], own[there], weight[there], part.task)
            found.append((t, loss / part.unit))
    return found
