"""One pre-training run: the loop over an objective, and what is done with the weights at its end."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.progress import Progress
from headstart.parameters.examples import Batch, Examples, steps
from headstart.parameters.objectives import Objective
from headstart.parameters.recipe import Recipe
from headstart.training.device import bf16_is_sound
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.prefetch import ahead
from headstart.training.processes import averaging, rank, told_by_first, world_size

ROUND = 25_600  # examples between two measurements
CHECKPOINT_SECONDS = 20.0  # least time between two checkpoints


class Loss(nn.Module):
    """An objective as a module, so that the gradients of several processes can be averaged."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.modules_ = objective.modules
        self.objective = objective

    def forward(self, batch: Batch) -> Tensor:
        """Loss of this process's part of a batch."""
        return self.objective.loss(batch)


class Run:
    """An objective on examples by a recipe.

    Parameters
    ----------
    objective : Objective
        Settled on its device.
    examples : Examples
    recipe : Recipe
    progress : callable, optional
    """

    def __init__(
        self, objective: Objective, examples: Examples, recipe: Recipe, progress: Progress | None = None
    ) -> None:
        self.objective, self.examples, self.recipe, self.progress = objective, examples, recipe, progress
        self.rounds = max(1, math.ceil(examples.n / ROUND))
        if objective.bf16 and objective.device.type == "cpu":
            x = examples.batch(np.arange(min(2, examples.n)), 0).x
            network = objective.modules["network"].eval()
            objective.bf16 = bf16_is_sound(network, lambda: objective.run(x))

    @property
    def key(self) -> str:
        """What decides the run, as a hash."""
        what = (self.examples.key, self.recipe, self.objective.words, sorted(self.objective.settings.items()))
        return hashlib.sha256(repr(what).encode()).hexdigest()

    def train(self, checkpoint: Path) -> list[dict[str, float]]:
        """Train in rounds; one record a round."""
        recipe, objective = self.recipe, self.objective
        loss = averaging(Loss(objective), objective.device)
        groups = parameter_groups(
            objective.modules.parameters(),
            [],
            learning_rate=recipe.learning_rate,
            layer_decay=1.0,
            weight_decay=recipe.weight_decay,
        )
        settings = LoopSettings(
            epochs=recipe.epochs * self.rounds,
            steps_per_epoch=steps(self.examples.n // self.rounds, recipe.batch_size),
            warmup=0.05,
            clip=5.0,
            seed=recipe.seed,
            checkpoint=checkpoint,
            key=self.key,
            checkpoint_seconds=CHECKPOINT_SECONDS,
        )
        return train(
            objective.modules,
            make_optimizer("adamw", groups),
            lambda round_: ahead(self._batches(round_)),
            loss,
            settings,
            evaluate=self.measure,
            set_mode=self._train_mode,
            after_step=objective.after_step,
            progress=self.progress,
        )

    def finish(self, n_batches: int = 50) -> dict[str, float]:
        """Round the weights if they are stored so, take batch-norm statistics anew, and measure."""
        network = self.objective.modules["network"]
        if self.recipe.half:
            with torch.no_grad():
                for parameter in network.parameters():
                    parameter.copy_(parameter.half().float())
        norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over all batches
        if norms:
            network.train()
            endless = itertools.chain.from_iterable(self._batches(i) for i in itertools.count())
            with torch.no_grad():
                for done, batch in enumerate(itertools.islice(endless, n_batches)):
                    self.objective.run(batch.x)
                    if self.progress is not None:
                        self.progress("taking statistics", done + 1, n_batches)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        self.objective.modules.eval()
        with torch.no_grad():
            return self.measure()

    def measure(self) -> dict[str, float]:
        """What the objective measures on the held-out examples; the first process measures for all."""
        found = self.objective.measure(self.examples.held_out()) if rank() == 0 else None
        told: dict[str, float] = told_by_first(found)
        return told

    def _batches(self, round_: int) -> Iterator[Batch]:
        recipe = self.recipe
        part = (rank(), world_size())
        return self.examples.batches(round_, self.rounds, recipe.batch_size, recipe.seed, part)

    def _train_mode(self) -> None:
        self.objective.modules.train()
