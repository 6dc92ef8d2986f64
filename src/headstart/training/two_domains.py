"""Training on the labelled rows of one domain and rows of another at once, by whatever loss brings them together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.nn.losses.tasks import task_loss

#: All rows without a copy of them, or numbers of some.
Rows = slice | Tensor


@dataclass(frozen=True, eq=False)
class Step:
    """What a loss sees in one step.

    Attributes
    ----------
    source : Tensor of shape (n, r)
        Rows of the source behind what is trained; where that is for the target alone, as they are.
    source_logits : Tensor of shape (n, K)
    Y : Tensor of shape (n, K)
        One-hot labels of the source rows.
    target : Tensor of shape (m, r)
        Rows of the target behind what is trained.
    logits : Tensor of shape (m, K)
    pseudo : Tensor of shape (m,)
        Pseudo-labels, where the loss makes some.
    progress : float
        Part of the training that is done, 0 to 1.
    modules : ModuleDict
        ``map``, ``head`` and the loss's own.
    """

    source: Tensor
    source_logits: Tensor
    Y: Tensor
    target: Tensor
    logits: Tensor
    pseudo: Tensor
    progress: float
    modules: nn.ModuleDict


class DomainLoss(ABC):
    """A loss of rows of two domains, whatever stands before the head: a residual map, or the last blocks of a network.

    Features come with a mean square of about 1.
    """

    #: Whether what is trained is for both domains and learns from the source's labels, or is for the target alone.
    learns_source: ClassVar[bool] = True
    #: Whether the head learns too: it was solved with the right penalty, and training it on undoes that.
    trains_head: ClassVar[bool] = False

    @abstractmethod
    def loss(self, step: Step) -> Tensor:
        """What is minimised besides the cross-entropy of rows with labels."""

    def own_modules(self, coef: np.ndarray, intercept: np.ndarray, seed: int) -> dict[str, nn.Module]:
        """Discriminators and further heads, beside a head (r, K), (K,) that was solved."""
        return {}

    def pseudo_labels(self, features: Tensor, logits: Tensor) -> Tensor:
        """Labels of all target rows for a stretch, (m,)."""
        return torch.full((len(features),), -1, device=features.device)

    def head_of(self, modules: nn.ModuleDict) -> tuple[Tensor, Tensor]:
        """Coefficients (r, K) and intercepts of the head that is handed over."""
        layer = linear_of(modules["head"])
        return layer.weight.detach().T, layer.bias.detach()


def linear_of(head: nn.Module) -> nn.Linear:
    """The one layer of a linear head."""
    assert isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear)
    return head[-1]


class TwoDomains:
    """Batches and the whole loss of such a training, for `headstart.training.loop.train`.

    Parameters
    ----------
    domain_loss : DomainLoss
    modules : ModuleDict
        ``map``, from rows to features; ``head``, and the loss's own.
    source : Tensor of shape (n, ...)
        What ``map`` takes; where it does not learn from the source, features.
    Y : Tensor of shape (n, K)
    weight : Tensor of shape (n,)
    target : Tensor of shape (m, ...)
    known : Tensor of shape (m,)
        Codes of the target's rows, -1 where there is no label.
    batch_size : int
        Rows of each domain in a step, at most.
    steps : int
        Of a stretch; pseudo-labels are renewed at the start of each.
    stretches : int
    seed : int
    """

    def __init__(
        self,
        domain_loss: DomainLoss,
        modules: nn.ModuleDict,
        source: Tensor,
        Y: Tensor,
        weight: Tensor,
        target: Tensor,
        known: Tensor,
        *,
        batch_size: int,
        steps: int,
        stretches: int,
        seed: int,
    ) -> None:
        self.domain_loss, self.modules = domain_loss, modules
        self.source, self.Y, self.weight, self.target, self.known = source, Y, weight, target, known
        self.batch_size, self.steps, self.stretches, self.seed = batch_size, steps, stretches, seed
        self.any_known = bool((known >= 0).any())
        self.pseudo = torch.full((len(target),), -1)
        self.done = 0

    def batches(self, epoch: int) -> Iterator[tuple[Rows, Rows]]:
        """Which rows of both domains each step of a stretch takes."""
        self.done = epoch * self.steps
        with torch.no_grad():
            features = torch.cat([self.modules["map"](part) for part in self.target.split(self.batch_size)])
            self.pseudo = self.domain_loss.pseudo_labels(features, self.modules["head"](features))
        rng = np.random.default_rng([self.seed, epoch])
        for _ in range(self.steps):
            yield self._some(rng, len(self.source)), self._some(rng, len(self.target))

    def _some(self, rng: np.random.Generator, n: int) -> Rows:
        few = n > self.batch_size
        return torch.from_numpy(np.sort(rng.choice(n, self.batch_size, replace=False))) if few else slice(None)

    def loss(self, rows: tuple[Rows, Rows]) -> Tensor:
        """Of a step: the two domains', and the cross-entropy of what has labels."""
        mapping, head = self.modules["map"], self.modules["head"]
        mine, theirs = rows
        source, target, learns = self.source[mine], mapping(self.target[theirs]), self.domain_loss.learns_source
        source = mapping(source) if learns else source
        logits, Y = head(target), self.Y[mine]
        progress = self.done / (self.stretches * self.steps)
        self.done += 1
        step = Step(source, head(source), Y, target, logits, self.pseudo[theirs], progress, self.modules)
        total = self.domain_loss.loss(step)
        if learns:
            total = total + task_loss(step.source_logits, Y, self.weight[mine], "classification")
        if self.any_known and bool(((known := self.known[theirs]) >= 0).any()):
            total = total + cross_entropy(logits, known, ignore_index=-1)
        return total
