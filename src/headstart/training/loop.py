"""The one loop over epochs. Methods hand it a loss; it hands back the best weights and what it saw."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.nn.processes import mean_of_all, meet, rank, told_by_first, wait_for_all
from headstart.nn.sharding import spread
from headstart.progress import Progress
from headstart.training.checkpoint import load_checkpoint, same_form, same_tensors, save_checkpoint, told_forms
from headstart.training.schedule import warmup_cosine

#: ``batches(epoch)`` gives the batches of an epoch, the same ones whenever it is asked.
Batches = Callable[[int], Iterable[Any]]


@dataclass(frozen=True)
class LoopSettings:
    """How long and how carefully to train.

    Parameters
    ----------
    epochs : int
        Passes over the data.
    steps_per_epoch : int
        Number of batches of an epoch, for the schedule.
    warmup : float, default=0.1
        Part of all steps in which the rate grows.
    clip : float, default=1.0
        Largest norm of the gradient; 0 switches clipping off.
    patience : int, default=0
        Epochs without a better ``evaluate`` after which to stop; 0 means never.
    seed : int, default=0
        Seed of dropout; the caller's generator is left alone.
    checkpoint : Path, optional
        File to continue from and to write after every ``checkpoint_every`` epochs.
    key : str, default=""
        What this run is, as a hash; a checkpoint with another key is ignored.
    checkpoint_seconds : float, default=2.0
        Least time between two checkpoints, so that they cost little.
    """

    epochs: int
    steps_per_epoch: int
    warmup: float = 0.1
    clip: float = 1.0
    patience: int = 0
    seed: int = 0
    checkpoint: Path | None = None
    key: str = ""
    checkpoint_seconds: float = 2.0


@dataclass
class RunState:
    """Where a run stands at the end of an epoch."""

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = math.inf
    best_epoch: int = -1
    best: dict[str, Tensor] = field(default_factory=dict)


def train(
    modules: nn.ModuleDict,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    loss: Callable[[Any], Tensor],
    settings: LoopSettings,
    *,
    evaluate: Callable[[], dict[str, float]] | None = None,
    set_mode: Callable[[], None] | None = None,
    after_step: Callable[[], None] | None = None,
    progress: Progress | None = None,
) -> list[dict[str, float]]:
    """Train what the optimiser holds, in place, and return one record an epoch.

    The rate of each group follows a warm-up and a cosine. All randomness comes from ``settings.seed`` and the
    number of the epoch, so a run that was killed and continues from its checkpoint ends with the same weights as
    one that was not. With ``evaluate`` the weights of the epoch with the lowest ``val_loss`` are restored.

    Parameters
    ----------
    modules : ModuleDict
        What is trained; parameters with ``requires_grad=False`` and buffers that do not change stay out of
        checkpoints.
    optimizer : torch.optim.Optimizer
        Groups with a ``base_lr``.
    batches : callable
        epoch -> iterable of batches.
    loss : callable
        batch -> scalar tensor.
    settings : LoopSettings
    evaluate : callable, optional
        Gives at least ``val_loss``; called after every epoch without gradients.
    set_mode : callable, optional
        Puts the modules into their training mode (which parts are frozen); called before every epoch.
    after_step : callable, optional
        Called after every step of the optimiser.
    progress : callable, optional

    Returns
    -------
    list of dict
        ``epoch``, ``train_loss``, ``seconds`` and what ``evaluate`` gave.
    """
    moving = _moving_tensors(modules)
    state = _restore(settings, moving, optimizer)
    wait_for_all()  # the first process may overwrite the checkpoint that the others read
    total = settings.epochs * settings.steps_per_epoch
    last_saved = time.monotonic()
    while state.epoch < settings.epochs and not _out_of_patience(state, settings.patience):
        started = time.monotonic()
        train_loss = _run_epoch(state.epoch, total, optimizer, batches, loss, settings, set_mode, after_step, progress)
        record = {"epoch": float(state.epoch + 1), "train_loss": train_loss, "seconds": time.monotonic() - started}
        if evaluate is not None:
            modules.eval()
            with torch.no_grad():
                record.update(told_by_first(evaluate()))  # so that all stop when one does
            if record["val_loss"] < state.best_loss:
                state.best_loss, state.best_epoch = record["val_loss"], state.epoch
                state.best = {name: tensor.detach().clone() for name, tensor in moving.items()}
        state.history.append(record)
        state.epoch += 1
        due = time.monotonic() - last_saved >= settings.checkpoint_seconds
        if settings.checkpoint is not None and told_by_first(due or state.epoch == settings.epochs):
            _save(settings, state, moving, optimizer)
            last_saved = time.monotonic()
    modules.eval()
    if state.best:
        with torch.no_grad():
            for name, tensor in moving.items():
                tensor.copy_(state.best[name])
    return state.history


def _run_epoch(
    epoch: int,
    total: int,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    loss: Callable[[Any], Tensor],
    settings: LoopSettings,
    set_mode: Callable[[], None] | None,
    after_step: Callable[[], None] | None,
    progress: Progress | None,
) -> float:
    if set_mode is not None:
        set_mode()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    warmup = max(1, round(settings.warmup * total))
    losses: list[Tensor] = []
    devices = sorted({p.device.index or 0 for p in parameters if p.device.type == "cuda"})
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(settings.seed * 100_003 + epoch + 1_000_003 * rank())
        for step, batch in enumerate(batches(epoch)):
            now = min(epoch * settings.steps_per_epoch + step, total - 1)
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * warmup_cosine(now, total, warmup)
            optimizer.zero_grad(set_to_none=True)
            value = loss(batch)
            value.backward()
            if settings.clip > 0:
                nn.utils.clip_grad_norm_(parameters, settings.clip)
            optimizer.step()
            if after_step is not None:
                after_step()
            losses.append(value.detach())
            meet()
            if progress is not None:
                progress(f"training, epoch {epoch + 1} of {settings.epochs}", now + 1, total)
    return mean_of_all(float(torch.stack(losses).mean()) if losses else math.nan)


def _moving_tensors(modules: nn.ModuleDict) -> dict[str, Tensor]:
    """Trainable parameters, and buffers (batch-norm statistics move when the caller trains them)."""
    moving = {name: p for name, p in modules.named_parameters() if p.requires_grad}
    return {**moving, **{f"buffer.{name}": b for name, b in modules.named_buffers()}}


def _out_of_patience(state: RunState, patience: int) -> bool:
    return patience > 0 and state.best_epoch >= 0 and state.epoch - 1 - state.best_epoch >= patience


def _save(settings: LoopSettings, state: RunState, moving: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
    assert settings.checkpoint is not None
    save_checkpoint(
        settings.checkpoint,
        {
            "key": settings.key,
            "epoch": state.epoch,
            "history": state.history,
            "best_loss": state.best_loss,
            "best_epoch": state.best_epoch,
            "best": state.best,
            "weights": moving,
            "optimizer": optimizer.state_dict(),
        },
    )


def _restore(settings: LoopSettings, moving: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> RunState:
    found = None
    if settings.checkpoint is not None:
        found = told_forms(load_checkpoint(settings.checkpoint, settings.key) if rank() == 0 else None)
    if found is None:
        return RunState()
    if not _fits(found, settings, moving, optimizer):
        raise ParameterError(
            f"Expected the state of this training in the checkpoint {settings.checkpoint}, found another's.",
            "Remove it, or give another place (checkpoint=, --out).",
        )
    with torch.no_grad():
        for name, tensor in moving.items():
            tensor.copy_(spread(found["weights"][name], tensor))
    _restore_optimizer(found["optimizer"]["state"], optimizer)
    best = {
        name: torch.empty_like(moving[name]).copy_(spread(part, moving[name])) for name, part in found["best"].items()
    }
    return RunState(found["epoch"], found["history"], found["best_loss"], found["best_epoch"], best)


def _restore_optimizer(found: dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
    """Moments laid out, and shared out, like their parameters, as a step in one sweep takes for granted."""
    own = optimizer.state_dict()["param_groups"]  # they follow from the settings, and may step otherwise than before
    held = [p for group in optimizer.param_groups for p in group["params"]]
    parameters = dict(zip([number for group in own for number in group["params"]], held, strict=True))
    state: dict[Any, dict[str, Any]] = {}
    for number, parts in found.items():
        like, state[number] = parameters[number], {}
        for name, part in parts.items():
            if isinstance(part, Tensor) and part.shape == like.shape:
                part = torch.empty_like(like, dtype=part.dtype).copy_(spread(part, like))
            elif isinstance(part, Tensor):
                part = spread(part, torch.empty(())).clone()
            state[number][name] = part
    optimizer.load_state_dict({"state": state, "param_groups": own})


def _fits(found: dict[str, Any], settings: LoopSettings, moving: dict[str, Tensor], optimizer: Any) -> bool:
    """Whether a state has all parts of this training's, each of its form."""
    own = optimizer.state_dict()["param_groups"]
    said = found.get("optimizer")
    if not isinstance(said, dict) or not same_form(said.get("param_groups"), own):
        return False
    shapes = {
        number: parameter.shape
        for group, held in zip(own, optimizer.param_groups, strict=True)
        for number, parameter in zip(group["params"], held["params"], strict=True)
    }
    state = said.get("state")
    steps = isinstance(state, dict) and all(
        number in shapes
        and isinstance(parts, dict)
        and all(
            part is None or (isinstance(part, Tensor) and part.shape in (shapes[number], ())) for part in parts.values()
        )
        for number, parts in state.items()
    )
    start = dataclasses.asdict(RunState())
    return (
        steps
        and same_tensors(found.get("weights"), moving)
        and (found.get("best") == {} or same_tensors(found.get("best"), moving))
        and all(same_form(found.get(name), start[name]) for name in ("epoch", "best_loss", "best_epoch"))
        and 0 <= found["epoch"] <= settings.epochs
        and isinstance(found.get("history"), list)
        and all(isinstance(record, dict) and "epoch" in record for record in found["history"])
    )
