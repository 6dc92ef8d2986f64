"""Adaptations that train a residual map in front of the solved head, with the one loop; each hands it a loss."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
import torch
from torch import nn

from headstart.contract.options import check_number
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.once import adapted_once
from headstart.features.adapted.problem import Problem
from headstart.features.adapted.solved import SourceOnly
from headstart.nn.layers.heads import load_linear, make_head
from headstart.nn.layers.residual_map import ResidualMap
from headstart.nn.threads import alone
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.two_domains import DomainLoss, TwoDomains

#: Stretches of the training; pseudo-labels are renewed at the start of each.
STRETCHES = 4
_WARMUP = 0.1


@dataclass(frozen=True)
class TrainedAdaptation(Adaptation, DomainLoss):
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

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("steps", self.steps, STRETCHES, whole=True)
        check_number("learning_rate", self.learning_rate, 0, open_low=True)
        check_number("batch_size", self.batch_size, 2, whole=True)

    @property
    def start(self) -> Adaptation:
        """What solves the head that training begins with."""
        return SourceOnly(standardise=self.standardise)

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
        """Train from the head that `start` solves on."""
        coef, intercept = adapted_once(self.start, problem)
        modules = self._modules(coef, intercept, problem.seed)
        alone(lambda: self._train(problem, modules))
        mapping = modules["map"]
        assert isinstance(mapping, ResidualMap)
        return modules, mapping

    def _modules(self, coef: np.ndarray, intercept: np.ndarray, seed: int) -> nn.ModuleDict:
        r, K = coef.shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = make_head(r, K)
            own = self.own_modules(coef, intercept, seed)
            modules = nn.ModuleDict({"map": ResidualMap(r), "head": head, **own})
        load_linear(head, coef, intercept)
        head.requires_grad_(self.trains_head)
        return modules

    def _train(self, problem: Problem, modules: nn.ModuleDict) -> None:
        least = -(-int(self.steps) // STRETCHES)
        steps = max(least, -(-len(problem.target) // int(self.batch_size)))
        training = TwoDomains(
            self,
            modules,
            torch.from_numpy(problem.source),
            torch.eye(problem.n_classes)[torch.from_numpy(problem.y)],
            torch.from_numpy(problem.weight.astype(np.float32)),
            torch.from_numpy(problem.target),
            torch.from_numpy(problem.known),
            batch_size=int(self.batch_size),
            steps=steps,
            stretches=STRETCHES,
            seed=problem.seed,
        )
        how = {"learning_rate": self.learning_rate, "layer_decay": 1.0, "weight_decay": 0.0}
        groups = parameter_groups(modules.parameters(), [], **how)
        settings = LoopSettings(STRETCHES, steps, warmup=_WARMUP, seed=problem.seed)
        train(modules, make_optimizer("adam", groups), training.batches, training.loss, settings)
