"""One pre-training run: the loop over an objective, and what is done with the weights at its end."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from headstart.nn.processes import averaging, rank, told_by_first, world_size
from headstart.pretraining.examples.examples import Batch, Examples, steps
from headstart.pretraining.objectives import Objective
from headstart.pretraining.recipe import Recipe
from headstart.pretraining.rounds import Plan, plan_for_epochs
from headstart.progress import Progress
from headstart.training.device import bf16_is_sound
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.prefetch import ahead

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
        self.plan = plan_for_epochs(examples.n, recipe.epochs)
        if objective.bf16 and objective.device.type == "cpu":
            x = examples.batch(np.arange(min(2, examples.n)), 0).x
            network = objective.modules["network"].eval()
            objective.bf16 = bf16_is_sound(network, lambda: objective.run(x))

    @property
    def steps(self) -> int:
        """Steps of a round."""
        return steps(self.examples.n // self.plan.rounds, self.recipe.batch_size)

    @property
    def key(self) -> str:
        """What decides the run, as a hash."""
        what = (self.examples.key, self.recipe, self.objective.words, sorted(self.objective.settings.items()))
        return hashlib.sha256(repr(what).encode()).hexdigest()

    def train(self, checkpoint: Path, plan: Plan) -> list[dict[str, float]]:
        """Train in rounds; one record a round."""
        recipe, objective, self.plan = self.recipe, self.objective, plan
        loss = averaging(Loss(objective), objective.device)
        groups = parameter_groups(
            objective.modules.parameters(),
            [],
            learning_rate=recipe.learning_rate,
            layer_decay=1.0,
            weight_decay=recipe.weight_decay,
        )
        settings = LoopSettings(
            epochs=plan.total,
            steps_per_epoch=self.steps,
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
            progress=None if self.progress is None else self._watched(self.progress),
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
        return self.examples.batches(round_, self.plan.rounds, recipe.batch_size, recipe.seed, part)

    def _watched(self, progress: Progress) -> Progress:
        """Tell how fast it goes as well, over the last half minute."""
        seen: deque[tuple[float, int]] = deque()

        def told(what: str, done: int, total: int) -> None:
            now = time.monotonic()
            seen.append((now, done))
            while len(seen) > 2 and now - seen[1][0] > 30:
                seen.popleft()
            since, before = seen[0]
            speed = (done - before) * self.recipe.batch_size / max(now - since, 1e-9)
            progress(f"training, {speed:,.0f} examples a second" if now - since > 1 else "training", done, total)

        return told

    def _train_mode(self) -> None:
        self.objective.modules.train()
