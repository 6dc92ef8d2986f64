"""Adaptations that train a residual map in front of the solved head, with the one loop; each hands it a loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from headstart.contract.options import check_number
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.problem import Problem
from headstart.nn.layers.heads import load_linear, make_head
from headstart.nn.layers.residual_map import ResidualMap
from headstart.nn.losses.tasks import task_loss
from headstart.nn.threads import alone
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups

#: Stretches of the training; pseudo-labels are renewed at the start of each.
STRETCHES = 4
_WARMUP = 0.1
#: All rows without a copy of them, or numbers of some.
Rows = slice | Tensor


@dataclass(frozen=True, eq=False)
class Step:
    """What a loss sees in one step.

    Attributes
    ----------
    source : Tensor of shape (n, r)
        Rows of the source behind the map; where the map is the target's alone, as they are.
    source_logits : Tensor of shape (n, K)
    Y : Tensor of shape (n, K)
        One-hot labels of the source rows.
    target : Tensor of shape (m, r)
        Rows of the target behind the map.
    logits : Tensor of shape (m, K)
    pseudo : Tensor of shape (m,)
        Pseudo-labels, where the adaptation makes some.
    progress : float
        Part of the training that is done, 0 to 1.
    modules : ModuleDict
        ``map``, ``head`` and the adaptation's own.
    """

    source: Tensor
    source_logits: Tensor
    Y: Tensor
    target: Tensor
    logits: Tensor
    pseudo: Tensor
    progress: float
    modules: nn.ModuleDict


@dataclass(frozen=True)
class TrainedAdaptation(Adaptation):
    """Trains the map z = x + A x, which begins as the identity, in front of the head that was solved on the source.

    Parameters
    ----------
    steps : int, default=100
        Steps of Adam, of all rows of both domains each, up to ``batch_size`` of each; more where the target's rows do
        not fit into a quarter of them.
    learning_rate : float, default=3e-3
        Above 0; it warms up for a tenth of the steps and falls to zero along a cosine.
    batch_size : int, default=2048
        Rows of each domain in a step, at most; 2 or more.
    """

    _: KW_ONLY
    steps: int = 100
    learning_rate: float = 3e-3
    batch_size: int = 2048

    #: Whether the map is for both domains and learns from the source's labels, or is for the target's rows alone.
    learns_source: ClassVar[bool] = True
    #: Whether the head learns too: it was solved with the right penalty, and training it on undoes that.
    trains_head: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("steps", self.steps, STRETCHES, whole=True)
        check_number("learning_rate", self.learning_rate, 0, open_low=True)
        check_number("batch_size", self.batch_size, 2, whole=True)

    @abstractmethod
    def loss(self, step: Step) -> Tensor:
        """What is minimised besides the cross-entropy of rows with labels."""

    def own_modules(self, problem: Problem) -> dict[str, nn.Module]:
        """Discriminators and further heads."""
        return {}

    def pseudo_labels(self, features: Tensor, logits: Tensor) -> Tensor:
        """Labels of all target rows for a stretch, (m,)."""
        return torch.full((len(features),), -1)

    def head_of(self, modules: nn.ModuleDict) -> tuple[Tensor, Tensor]:
        """Coefficients (r, K) and intercepts behind the map."""
        layer = _linear(modules["head"])
        return layer.weight.detach().T, layer.bias.detach()

    def adapted(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """Train, and fold map and head into one."""
        modules, mapping = self._trained(problem)
        coef, intercept = self.head_of(modules)
        return mapping.folded(coef).double().numpy(), intercept.double().numpy()

    def sides(self, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """Train, and move what the map is for."""
        _, mapping = self._trained(problem)
        with torch.no_grad():
            target = mapping(torch.from_numpy(problem.target)).numpy()
            return mapping(torch.from_numpy(problem.source)).numpy() if self.learns_source else problem.source, target

    def _trained(self, problem: Problem) -> tuple[nn.ModuleDict, ResidualMap]:
        modules = self._modules(problem)
        alone(lambda: _Training(self, problem, modules).run())
        mapping = modules["map"]
        assert isinstance(mapping, ResidualMap)
        return modules, mapping

    def _modules(self, problem: Problem) -> nn.ModuleDict:
        r, K = problem.coef.shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(problem.seed)
            head = make_head(r, K)
            modules = nn.ModuleDict({"map": ResidualMap(r), "head": head, **self.own_modules(problem)})
        load_linear(head, problem.coef, problem.intercept)
        head.requires_grad_(self.trains_head)
        return modules


class _Training:
    """Tensors, batches and the whole loss of one training."""

    def __init__(self, adaptation: TrainedAdaptation, problem: Problem, modules: nn.ModuleDict) -> None:
        self.adaptation, self.problem, self.modules = adaptation, problem, modules
        self.source, self.target = torch.from_numpy(problem.source), torch.from_numpy(problem.target)
        self.Y = torch.eye(problem.n_classes)[torch.from_numpy(problem.y)]
        self.weight = torch.from_numpy(problem.weight.astype(np.float32))
        self.known = torch.from_numpy(problem.known)
        self.any_known = bool((problem.known >= 0).any())
        self.pseudo = torch.full((len(self.target),), -1)
        self.done = 0
        least = -(-int(adaptation.steps) // STRETCHES)
        self.stretch = max(least, -(-len(self.target) // int(adaptation.batch_size)))

    def run(self) -> None:
        groups = parameter_groups(
            self.modules.parameters(),
            [],
            learning_rate=self.adaptation.learning_rate,
            layer_decay=1.0,
            weight_decay=0.0,
        )
        settings = LoopSettings(STRETCHES, self.stretch, warmup=_WARMUP, seed=self.problem.seed)
        train(self.modules, make_optimizer("adam", groups), self.batches, self.loss, settings)

    def batches(self, epoch: int) -> Iterator[tuple[Rows, Rows]]:
        with torch.no_grad():
            features = self.modules["map"](self.target)
            self.pseudo = self.adaptation.pseudo_labels(features, self.modules["head"](features))
        rng = np.random.default_rng([self.problem.seed, epoch])
        for _ in range(self.stretch):
            yield self._some(rng, len(self.source)), self._some(rng, len(self.target))

    def _some(self, rng: np.random.Generator, n: int) -> Rows:
        size = int(self.adaptation.batch_size)
        return slice(None) if n <= size else torch.from_numpy(np.sort(rng.choice(n, size, replace=False)))

    def loss(self, rows: tuple[Rows, Rows]) -> Tensor:
        mapping, head = self.modules["map"], self.modules["head"]
        mine, theirs = rows
        source, target = self.source[mine], mapping(self.target[theirs])
        source = mapping(source) if self.adaptation.learns_source else source
        logits, Y = head(target), self.Y[mine]
        progress = self.done / (STRETCHES * self.stretch)
        self.done += 1
        step = Step(source, head(source), Y, target, logits, self.pseudo[theirs], progress, self.modules)
        total = self.adaptation.loss(step)
        if self.adaptation.learns_source:
            total = total + task_loss(step.source_logits, Y, self.weight[mine], "classification")
        if self.any_known and bool(((known := self.known[theirs]) >= 0).any()):
            total = total + nn.functional.cross_entropy(logits, known, ignore_index=-1)
        return total


def _linear(head: nn.Module) -> nn.Linear:
    assert isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear)
    return head[-1]
