"""What is minimised where a network learns several tasks at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.errors import MissingExtra, ParameterError
from headstart.nn.losses.gradient_surgery import pcgrad, with_gradient
from headstart.nn.losses.several_tasks import TaskPart, several_losses
from headstart.nn.losses.uncertainty import uncertainty_weighted

WEIGHTINGS = ("equal", "uncertainty", "upgrad", "pcgrad")


class Objective(nn.Module):
    """Losses of several tasks as one number, weighed as it is asked.

    Parameters
    ----------
    parts : sequence of TaskPart
    weighting : {"equal", "uncertainty", "upgrad", "pcgrad"}
    weights : sequence of float, optional
        What the tasks' losses are multiplied by.
    seed : int, default=0
        Of the orders of "pcgrad".

    Raises
    ------
    ParameterError
        For another weighting.
    MissingExtra
        For "upgrad" without torchjd.
    """

    def __init__(
        self, parts: Sequence[TaskPart], weighting: str, weights: Sequence[float] | None = None, seed: int = 0
    ) -> None:
        super().__init__()
        if weighting not in WEIGHTINGS:
            words = ", ".join(map(repr, WEIGHTINGS))
            raise ParameterError(f"Expected weighting to be one of {words}, found {weighting!r}.")
        self.parts, self.weighting = tuple(parts), weighting
        self.weights = [1.0] * len(self.parts) if weights is None else [float(one) for one in weights]
        self.generator = torch.Generator().manual_seed(seed)
        self.log_variances = nn.Parameter(torch.zeros(len(self.parts))) if weighting == "uncertainty" else None
        self.upgrad = _upgrad() if weighting == "upgrad" else None

    def loss(self, outputs: Tensor, Y: Tensor, weight: Tensor, shared: Sequence[nn.Parameter]) -> Tensor:
        """One number for a batch; a task without a label in it takes no part.

        Parameters
        ----------
        outputs, Y : Tensor of shape (N, K)
        weight : Tensor of shape (N,)
        shared : sequence of Parameter
            What all tasks share and is trained.
        """
        found = several_losses(outputs, Y, weight, self.parts)
        if not found:
            return outputs.sum() * 0.0
        losses = [self.weights[t] * loss for t, loss in found]
        if self.log_variances is not None:
            chosen = torch.tensor([t for t, _ in found], device=outputs.device)
            numbers = torch.tensor([self.parts[t].task == "regression" for t, _ in found], device=outputs.device)
            return uncertainty_weighted(torch.stack(losses), self.log_variances[chosen], numbers)
        if self.weighting == "equal" or len(losses) == 1 or not shared:
            return torch.stack(losses).mean()
        return with_gradient(losses, shared, self._aggregated)

    def _aggregated(self, gradients: Tensor) -> Tensor:
        if self.upgrad is not None:
            found: Tensor = self.upgrad(gradients)
            return found
        n = len(gradients)
        orders = [torch.randperm(n, generator=self.generator).tolist() for _ in range(n)]
        return pcgrad(gradients, orders)

    def judged(self, outputs: Tensor, Y: Tensor, weight: Tensor) -> float:
        """Mean loss of the tasks on rows that are held out, without what is learned of their weights."""
        found = several_losses(outputs, Y, weight, self.parts)
        total = sum(self.weights[t] for t, _ in found)
        return float(sum(self.weights[t] * float(loss) for t, loss in found)) / max(total, 1e-12)


def _upgrad() -> nn.Module:
    try:
        from torchjd.aggregation import UPGrad
    except ImportError as error:
        raise MissingExtra("torchjd", "torchjd", "weighting='upgrad'") from error
    made: nn.Module = UPGrad()
    return made
