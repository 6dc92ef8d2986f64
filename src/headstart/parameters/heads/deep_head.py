"""Several new layers on frozen features, trained on the cache without running the network again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from headstart.nn.layers.heads import Standardise, make_head
from headstart.nn.losses.tasks import task_loss
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import Targets
from headstart.progress import Progress
from headstart.training.batches import Batch, steps_per_epoch, stored_batches
from headstart.training.device import pick_device
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups


def train_deep_head(
    features: np.ndarray,
    targets: Targets,
    settings: TuningSettings,
    *,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
    input_dropout: float = 0.0,
    watch: Callable[[nn.Sequential], dict[str, float]] | None = None,
    progress: Progress | None = None,
) -> tuple[nn.Sequential, list[dict[str, float]]]:
    """Train a head with hidden layers on features of shape (n, d).

    Parameters
    ----------
    features : ndarray of shape (n, d), float32
    targets : Targets of n rows
    settings : TuningSettings
        ``widths``, ``dropout`` and how to train.
    held_out : (train rows, validation rows), optional
        For stopping early.
    input_dropout : float in [0, 1), default=0.0
        Share of the standardised features that is left out at random while training.
    watch : callable, optional
        With ``held_out``: what else is written down after each epoch, of the head as it is then.

    Returns
    -------
    head : nn.Sequential
        Takes raw features; its first module standardises them.
    history : list of dict
    """
    device = pick_device(settings.device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        layers = make_head(features.shape[1], targets.Y.shape[1], settings.widths, settings.dropout)
    spread = max(float(features.std(axis=0).mean()), 1e-12)
    shift = torch.from_numpy(features.mean(axis=0).astype(np.float32))
    head = nn.Sequential(Standardise(shift, torch.full_like(shift, 1.0 / spread)), *layers).to(device)
    rows, held = (np.arange(len(targets)), None) if held_out is None else held_out
    groups = parameter_groups(
        head.parameters(),
        [],
        learning_rate=settings.learning_rate,
        layer_decay=1.0,
        weight_decay=settings.weight_decay,
    )

    def loss(batch: Batch) -> torch.Tensor:
        x = functional.dropout(head[0](batch.x), input_dropout)
        return task_loss(head[1:](x), batch.Y, batch.weight, targets.task)

    history = train(
        nn.ModuleDict({"head": head}),
        make_optimizer(settings.optimizer, groups),
        stored_batches(
            features[rows], targets.Y[rows], targets.weight[rows], settings.batch_size, settings.seed, device
        ),
        loss,
        LoopSettings(
            epochs=settings.epochs,
            steps_per_epoch=steps_per_epoch(len(rows), settings.batch_size),
            patience=settings.patience,
            seed=settings.seed,
        ),
        evaluate=None if held is None else _evaluation(head, features, targets, held, device, watch),
        set_mode=lambda: _learn(head),
        progress=progress,
    )
    return head.eval().cpu(), history


def _learn(head: nn.Module) -> None:
    head.train()


def _evaluation(
    head: nn.Sequential,
    features: np.ndarray,
    targets: Targets,
    held: np.ndarray,
    device: torch.device,
    watch: Callable[[nn.Sequential], dict[str, float]] | None,
) -> Callable[[], dict[str, float]]:
    x = torch.from_numpy(features[held]).to(device)
    part = targets.rows(held)
    Y, weight = (torch.from_numpy(a.astype(np.float32)).to(device) for a in (part.Y, part.weight))

    def evaluate() -> dict[str, float]:
        found = {"val_loss": float(task_loss(head(x), Y, weight, targets.task))}
        return found if watch is None else found | watch(head)

    return evaluate
