"""Training a copy of a borrowed network on the target: its last blocks or all of them, behind a new head."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import canvases
from headstart.errors import ParameterError
from headstart.networks.cutting.cut import replay_agrees
from headstart.networks.network import Network
from headstart.networks.running.cache import passing_cache
from headstart.networks.running.embed import boundary, embed
from headstart.networks.running.entry import Entry
from headstart.networks.running.runtime import to_tensor
from headstart.networks.running.told import together_with
from headstart.nn.losses.tasks import task_loss
from headstart.nn.processes import rank, team_size
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import Targets
from headstart.parameters.tuning.consistency import Teaching, Unlabelled
from headstart.parameters.tuning.objective import Objective
from headstart.parameters.tuning.trainee import TOGETHER, Trainee, cut_of
from headstart.parameters.tuning.windows import means, spread, spread_targets, telling_rows
from headstart.progress import Progress
from headstart.training.batches import Batch, canvas_batches, steps_per_epoch, stored_batches
from headstart.training.device import pick_device
from headstart.training.loop import Batches, LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups

#: Most steps of training on pairs: n examples give n (n - 1) / 2 pairs, and few of them are enough.
MOST_STEPS = 300


#: From features (n, d) of the frozen network to the head that training starts from.
Start = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray] | nn.Sequential]


@dataclass(frozen=True)
class Tuned:
    """A trained copy: network with the new weights, head, one record an epoch."""

    network: Network
    head: nn.Sequential
    history: list[dict[str, float]]


def tune(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    settings: TuningSettings,
    *,
    start: Start | None = None,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
    progress: Progress | None = None,
    objective: Objective | None = None,
    more: Unlabelled | None = None,
) -> Tuned:
    """Train the last blocks or all blocks of a copy of a network, starting from a head on its frozen features.

    The head is put on its optimum first and all layers are trained then (Kumar et al. 2022, LP-FT: a random head would
    first distort the features). Without augmentation the frozen part runs once an example and its output at the
    boundary is replayed; where replaying does not agree with the full forward pass, the full pass is used. Clips longer
    than the network's window are learned from window by window, and judged by the mean of their windows' outputs. The
    processes of a team (`headstart.nn.processes.team`) take each a part of every batch.

    Parameters
    ----------
    network : Network
        Not changed. A network with random weights is trained with moving batch norm.
    inputs : Pictures, Clips or Texts, n of them
    targets : Targets of n
    settings : TuningSettings
    start : callable, optional
        From features of the frozen network, (n, d), to the head that training starts from: (coef (d, K), intercept
        (K,)) or nn.Sequential. Asked where the network was trained before; without it the head is random.
    held_out : (train rows, validation rows), optional
        For stopping early; without it every row trains and the last epoch counts.
    progress : callable, optional
    objective : Objective, optional
        Of several tasks, whose columns ``targets`` holds, with NaN where a row has no label. Default: the loss of the
        targets' task.
    more : Unlabelled, optional
        Examples without labels that are learned from too (`headstart.parameters.tuning.consistency`), by one process.
    """
    if settings.blocks is not None and not network.chain.blocks:
        raise ParameterError(
            f"Expected a network that can be cut for train='last:{settings.blocks}', found {network.name}: "
            f"{network.chain.note}",
            "Use train='head' or train='all'.",
        )
    if team_size() == 1 or more is not None:
        return _tuned(network, inputs, targets, settings, start, held_out, progress, objective, more)
    if settings.blocks is not None and settings.stored and boundary_works(network, inputs, settings.blocks):
        given, _ = spread(inputs, network.preprocessing)  # the activations, for the others to find in the cache
        boundary(network, given, settings.blocks, device=str(pick_device(settings.device)), progress=progress)
    found: Tuned = together_with(network, _in_team, inputs, targets, settings, start, held_out, objective)[0]
    return found


def _in_team(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    settings: TuningSettings,
    start: Any,
    held_out: Any,
    objective: Any = None,
) -> Tuned | None:
    """One process's part of a training; the first keeps what all of them come to."""
    found = _tuned(network, inputs, targets, settings, start, held_out, None, objective)
    gc.collect()  # what was trained holds itself, in circles, where it lay in shares
    return found if rank() == 0 else None


def _tuned(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    settings: TuningSettings,
    start: Start | None,
    held_out: tuple[np.ndarray, np.ndarray] | None,
    progress: Progress | None,
    objective: Objective | None = None,
    more: Unlabelled | None = None,
) -> Tuned:
    trainee = Trainee(network, targets.Y.shape[1], settings)
    rows, held = (np.arange(len(targets)), None) if held_out is None else held_out
    works = boundary_works(network, inputs, settings.blocks)
    _refuse_hidden_channels(network, settings, works)
    stored = works and settings.stored and settings.augmentation is None
    if works and not stored:
        trainee.replay()
    settled = _loop_settings(network, inputs, targets, settings, rows, more)
    kept: np.ndarray | list[np.ndarray]
    owner = np.arange(len(targets))
    if stored:
        assert settings.blocks is not None
        inputs, owner = spread(inputs, network.preprocessing)
        if len(owner) > len(targets):
            rows = np.flatnonzero(np.isin(owner, rows))
            held = None if held is None else np.flatnonzero(np.isin(owner, held))
            targets = spread_targets(targets, owner)
            settled = dataclasses.replace(settled, steps_per_epoch=steps_per_epoch(len(rows), settings.batch_size))
        kept = boundary(network, inputs, settings.blocks, device=str(pick_device(settings.device)), progress=progress)
    else:
        kept = canvases(inputs, network.preprocessing, progress=progress)
    if start is not None and network.trained and not settings.pairs:
        trainee.start_from(start(_first_features(trainee, inputs, kept, owner, stored, progress)))
    lengths = _lengths(network, inputs, rows)
    batches: Batches = _batches(trainee, kept, targets, rows, stored, lengths)
    loss: Callable[[Any], Tensor] = trainee.loss(targets.task, stored, objective)
    if more is not None:
        teaching = Teaching(trainee, more, stored)
        batches, steps = teaching.batches(batches, settled.epochs)
        settled, loss = dataclasses.replace(settled, steps_per_epoch=steps), teaching.loss(loss)
    modules = nn.ModuleDict({"module": trainee.module, "head": trainee.head})
    if more is not None:
        modules["teaching"] = teaching
    if objective is not None:
        modules["objective"] = objective.to(trainee.device)
    groups = parameter_groups(
        [p for name, part in modules.items() if name != "module" for p in part.parameters()],
        trainee.layers,
        learning_rate=settings.learning_rate,
        layer_decay=settings.layer_decay,
        weight_decay=settings.weight_decay,
    )
    with trainee.tail.open(trainee.device) if works and trainee.tail is not None else nullcontext():
        history = train(
            modules,
            make_optimizer(settings.optimizer, groups),
            batches,
            loss,
            settled,
            evaluate=None if held is None else _evaluation(trainee, kept, targets, held, owner, stored, objective),
            set_mode=trainee.set_mode,
            progress=progress,
        )
    return Tuned(trainee.finished(), trainee.head, history)


def epochs_for(settings: TuningSettings, n: int) -> int:
    """Epochs over n rows: as set, of training on pairs at most what `MOST_STEPS` steps allow."""
    most = MOST_STEPS // steps_per_epoch(n, settings.batch_size) if settings.pairs else settings.epochs
    return max(1, min(settings.epochs, most))


def boundary_works(network: Network, inputs: Inputs, blocks: int | None) -> bool:
    """Whether replaying from the boundary gives what the full forward pass gives, on one batch of the data."""
    if blocks is None or blocks >= len(network.chain.blocks):
        return False
    few = inputs[telling_rows(inputs, network.preprocessing)]
    arrays = [network.preprocessing.centre(c) for c in canvases(few, network.preprocessing)]
    example = to_tensor(network.preprocessing.stack(arrays), network.preprocessing)
    stored = torch.from_numpy(Entry(network, network.chain.blocks[-blocks - 1], "cpu").reached(example))
    return replay_agrees(network.module, network.chain, blocks, example, cut=cut_of(network, blocks), stored=stored)


def _first_features(
    trainee: Trainee,
    inputs: Inputs,
    kept: np.ndarray | list[np.ndarray],
    owner: np.ndarray,
    stored: bool,
    progress: Progress | None,
) -> np.ndarray:
    """Features (n, d) before training; of stored activations the tail makes them, so that nothing runs twice.

    Where the frozen part runs apart it is asked again, to give the same to the last digit.
    """
    network, device = trainee.network, str(trainee.device)
    if stored:
        assert isinstance(kept, np.ndarray)
        found = trainee.features(kept)
        return found if len(np.unique(owner)) == len(owner) else means(torch.from_numpy(found), owner).numpy()
    if trainee.entry is None or network.preprocessing.windowed:
        return embed(network, inputs, device=device, progress=progress).output
    blocks, cache = trainee.settings.blocks or 0, passing_cache()
    parts = (inputs[start : start + TOGETHER] for start in range(0, len(inputs), TOGETHER))
    return np.concatenate([trainee.features(boundary(network, p, blocks, device=device, cache=cache)) for p in parts])


def _refuse_hidden_channels(network: Network, settings: TuningSettings, works: bool) -> None:
    """Refuse to hide channels at a boundary that the network cannot be run from."""
    if settings.channel_dropout > 0 and settings.blocks is not None and not works:
        raise ParameterError(
            f"Expected a network that can be run from the block before the last {settings.blocks} on for "
            f"channel_dropout={settings.channel_dropout:g}, found {network.name}.",
            "Use channel_dropout=0, or train fewer blocks.",
        )


def _batches(
    trainee: Trainee,
    kept: np.ndarray | list[np.ndarray],
    targets: Targets,
    rows: np.ndarray,
    stored: bool,
    lengths: np.ndarray | None,
) -> Callable[[int], Iterator[Batch]]:
    settings, Y, weight = trainee.settings, targets.Y[rows], targets.weight[rows]
    codes = Y.argmax(axis=1) if settings.pairs and targets.task == "classification" else None
    if stored:
        assert isinstance(kept, np.ndarray)
        sizes = (settings.batch_size, settings.seed, trainee.device)
        return stored_batches(kept, Y, weight, *sizes, codes=codes, lengths=lengths, chosen=rows)
    return canvas_batches(
        [kept[i] for i in rows],
        trainee.network.preprocessing,
        Y,
        weight,
        batch_size=settings.batch_size,
        seed=settings.seed,
        device=trainee.device,
        augmentation=settings.augmentation,
        codes=codes,
        lengths=lengths,
    )


def _lengths(network: Network, inputs: Inputs, rows: np.ndarray) -> np.ndarray | None:
    """Numbers of tokens of some of the texts; None for other kinds of input."""
    if network.preprocessing.one_size:
        return None
    return np.array([len(canvas) for canvas in canvases(inputs, network.preprocessing)])[rows]


def _evaluation(
    trainee: Trainee,
    kept: np.ndarray | list[np.ndarray],
    targets: Targets,
    held: np.ndarray,
    owner: np.ndarray,
    stored: bool,
    objective: Objective | None,
) -> Callable[[], dict[str, float]]:
    """Loss and score on held-out rows, as the model will see them: unchanged, the windows of a clip together."""
    preprocessing = trainee.network.preprocessing
    first = held[np.unique(owner[held], return_index=True)[1]]
    Y = torch.from_numpy(targets.Y[first].astype(np.float32))
    whole = np.bincount(owner[held], targets.weight[held])[owner[first]]
    weight = torch.from_numpy(whole.astype(np.float32))

    def batches() -> Iterator[tuple[Tensor, np.ndarray]]:
        for start in range(0, len(held), 64):
            index = held[start : start + 64]
            if stored:
                yield torch.from_numpy(np.ascontiguousarray(kept[index])), owner[index]
                continue
            arrays = [preprocessing.windows(kept[i]) for i in index]
            owners = np.repeat(owner[index], [len(part) for part in arrays])
            x = to_tensor(preprocessing.stack([window for part in arrays for window in part]), preprocessing)
            for k in range(0, len(x), 64):
                yield x[k : k + 64], owners[k : k + 64]

    def evaluate() -> dict[str, float]:
        pairs = [(trainee.judged(x.to(trainee.device), stored).float().cpu(), of) for x, of in batches()]
        outputs = means(torch.cat([found for found, _ in pairs]), np.concatenate([of for _, of in pairs]))
        if objective is not None:
            loss = objective.judged(outputs, Y, weight)
            return {"val_loss": loss, "val_score": -loss}
        loss = float(task_loss(outputs, Y, weight, targets.task))
        return {"val_loss": loss, "val_score": _score(outputs, Y, targets.task) / len(first)}

    return evaluate


def _score(outputs: Tensor, Y: Tensor, task: str) -> float:
    """Number of rows that are right; for numbers the negative sum of squared errors."""
    if task == "classification":
        return float((outputs.argmax(1) == Y.argmax(1)).sum())
    if task == "multilabel":
        return float(((outputs > 0) == (Y > 0.5)).all(dim=1).sum())
    return -float(((outputs - Y) ** 2).mean(dim=1).sum())


def _loop_settings(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    settings: TuningSettings,
    rows: np.ndarray,
    more: Unlabelled | None,
) -> LoopSettings:
    key = ""
    if settings.checkpoint is not None:
        state = dataclasses.asdict(dataclasses.replace(settings, checkpoint=None, device=""))
        text = repr([network.digest, network.preprocessing.key(), targets.Y.tobytes(), state, rows.tolist()])
        digests = [
            part.digest(i) for part in (inputs, *(() if more is None else (more.inputs,))) for i in range(len(part))
        ]
        key = hashlib.sha256((text + "".join(digests)).encode()).hexdigest()
    return LoopSettings(
        epochs=epochs_for(settings, len(rows)),
        steps_per_epoch=steps_per_epoch(len(rows), settings.batch_size),
        patience=settings.patience,
        seed=settings.seed,
        checkpoint=settings.checkpoint,
        key=key,
    )
