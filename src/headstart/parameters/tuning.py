"""Training a copy of a borrowed network on the target: its last blocks or all of them, behind a new head."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.canvases import canvases
from headstart.data.progress import Progress
from headstart.data.rows import Inputs
from headstart.data.variants import AnyAugmentation
from headstart.errors import ParameterError
from headstart.networks.cut import Tail, body_forward, frozen_names, replay_agrees, trainable_parameters
from headstart.networks.embed import boundary
from headstart.networks.entry import Entry
from headstart.networks.network import Network
from headstart.networks.pipeline import in_parts
from headstart.networks.runtime import to_tensor
from headstart.nn.contrastive import pair_loss
from headstart.nn.heads import load_linear, make_head
from headstart.nn.losses import l2_sp, task_loss
from headstart.parameters.lora import add_lora, merge_lora
from headstart.parameters.targets import Targets
from headstart.parameters.windows import means, spread, spread_targets, telling_rows
from headstart.training.batches import Batch, canvas_batches, steps_per_epoch, stored_batches
from headstart.training.device import autocast, bf16_is_sound, has_bf16, pick_device
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups

#: Most steps of training on pairs: n examples give n (n - 1) / 2 pairs, and few of them are enough.
MOST_STEPS = 300


@dataclass(frozen=True)
class TuningSettings:
    """What of a network is trained, and how; the arguments of `TransferClassifier` with every default filled in.

    Parameters
    ----------
    blocks : int or None
        Number of last blocks that are trained; None trains all.
    widths : tuple of int
        Hidden layers of the new head; empty for a linear one.
    rank : int or None
        Of changes beside the projections of attention, which are trained alone (LoRA); None trains the weights.
    stored : bool
        Whether activations at the freeze boundary are computed once and kept (needs ``augmentation=None``).
    pairs : bool
        Whether the features are trained on the pairs of balanced batches (`pair_loss`), without a head and in at most
        `MOST_STEPS` steps, in the place of a head and the layers below it on labels.
    """

    blocks: int | None
    rank: int | None = None
    widths: tuple[int, ...] = ()
    dropout: float = 0.0
    optimizer: str = "adamw"
    epochs: int = 20
    learning_rate: float = 3e-4
    layer_decay: float = 1.0
    weight_decay: float = 1e-2
    l2_sp: float = 0.0
    augmentation: AnyAugmentation | None = None
    patience: int = 0
    batch_size: int = 32
    device: str = "cpu"
    seed: int = 0
    checkpoint: Path | None = None
    stored: bool = True
    pairs: bool = False


@dataclass(frozen=True)
class Tuned:
    """A trained copy: network with the new weights, head, one record an epoch."""

    network: Network
    head: nn.Sequential
    history: list[dict[str, float]]


class Trainee:
    """A private copy of a network's module with a new head, the parts that move set apart from those that do not.

    Parameters
    ----------
    network : Network
        Not changed.
    n_outputs : int
    settings : TuningSettings
    start : (coef, intercept), nn.Sequential or None
        A solved linear head or trained layers to start from; None starts from random weights.
    """

    def __init__(
        self,
        network: Network,
        n_outputs: int,
        settings: TuningSettings,
        start: tuple[np.ndarray, np.ndarray] | nn.Sequential | None = None,
    ) -> None:
        self.settings, self.network, self.chain = settings, network, network.chain
        self.device = pick_device(settings.device)
        self.module = channels_last(copy.deepcopy(network.module).to(self.device))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            head = make_head(self.chain.n_features, n_outputs, settings.widths, settings.dropout)
        head = nn.Sequential(nn.Identity()) if settings.pairs else head
        if isinstance(start, tuple) and not settings.widths and not settings.pairs:
            load_linear(head, *start)
        head = copy.deepcopy(start) if isinstance(start, nn.Sequential) else head
        self.head = head.to(self.device)
        if self.chain.output_layer is not None:
            self.module.set_submodule(self.chain.output_layer, nn.Identity())
        if settings.rank is not None:
            groups = [add_lora(self.module, settings.rank, settings.seed, network.name)]
            self.module.to(self.device)
        else:
            groups = trainable_parameters(self.module, self.chain, settings.blocks)
        moving = {id(p) for group in groups for p in group}
        for parameter in self.module.parameters():
            parameter.requires_grad_(id(parameter) in moving)
        self.layers = groups
        self.start = {name: p.detach().clone() for name, p in self.module.named_parameters() if p.requires_grad}
        self.tail = None if settings.blocks is None else Tail(self.module, self.chain, settings.blocks)
        self.entry: Entry | None = None
        self.bf16 = settings.blocks is None and has_bf16(self.device) and self._sound_in_bf16()

    def _sound_in_bf16(self) -> bool:
        example = self.network.example(1).to(self.device)
        return bf16_is_sound(self.module, lambda: body_forward(self.module, self.chain, example))

    def replay(self) -> None:
        """From now on run the frozen part apart, as `boundary` does, so that both ways see the same activations."""
        assert self.settings.blocks is not None
        self.entry = Entry(self.network, self.chain.blocks[-self.settings.blocks - 1], str(self.device))

    def set_mode(self) -> None:
        """Training mode: batch norm of a trained network stays in evaluation mode, that of a random one learns."""
        self.module.train(not self.network.trained)
        self.head.train()

    def outputs(self, x: Tensor, stored: bool) -> Tensor:
        """Logits (N, K) from boundary activations or from inputs."""
        if self.entry is not None and not stored:
            x, stored = torch.from_numpy(in_parts(self.entry.reached, x)).to(self.device), True
        with autocast(self.device, self.bf16 and not stored):
            features = self.tail(x) if stored and self.tail is not None else body_forward(self.module, self.chain, x)
        return self.head(features.float())

    def loss(self, task: str, stored: bool) -> Callable[[Batch], Tensor]:
        """The loss of a batch, with the pull towards the start where it was asked for."""

        def of(batch: Batch) -> Tensor:
            found = self.outputs(batch.x, stored)
            pairs = self.settings.pairs
            value = pair_loss(found, batch.Y, batch.weight) if pairs else task_loss(found, batch.Y, batch.weight, task)
            if self.settings.l2_sp > 0:
                value = value + l2_sp(self.module, self.start, self.settings.l2_sp)
            return value

        return of

    def finished(self) -> Network:
        """A network with the trained weights; a linear head takes the place of the old output layer."""
        self.module.eval()
        self.head.eval()
        if self.settings.rank is not None:
            merge_lora(self.module)
        module = channels_last(self.module.cpu(), undo=True)
        for parameter in module.parameters():
            parameter.requires_grad_(True)
        name = self.chain.output_layer
        if name is not None:
            old, linear = self.network.module.get_submodule(name), self.head.cpu()[-1]
            inside = isinstance(old, nn.Linear) and not self.settings.widths and isinstance(linear, nn.Linear)
            module.set_submodule(name, copy.deepcopy(linear) if inside else copy.deepcopy(old))
        network = dataclasses.replace(self.network, module=module, trained=True)
        network.__dict__["chain"] = self.chain
        return network


def tune(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    settings: TuningSettings,
    *,
    start: tuple[np.ndarray, np.ndarray] | nn.Sequential | None = None,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Train the last blocks or all blocks of a copy of a network, starting from a head on its frozen features.

    The head is put on its optimum first and all layers are trained then (Kumar et al. 2022, LP-FT: a random head would
    first distort the features). Without augmentation the frozen part runs once an example and its output at the
    boundary is replayed; where replaying does not agree with the full forward pass, the full pass is used. Clips longer
    than the network's window are learned from window by window, and judged by the mean of their windows' outputs.

    Parameters
    ----------
    network : Network
        Not changed. A network with random weights is trained with moving batch norm.
    inputs : Pictures, Clips or Texts, n of them
    targets : Targets of n
    settings : TuningSettings
    start : (coef (d, K), intercept (K,)) or nn.Sequential, optional
    held_out : (train rows, validation rows), optional
        For stopping early; without it every row trains and the last epoch counts.
    progress : callable, optional

    Returns
    -------
    Tuned
    """
    if settings.blocks is not None and not network.chain.blocks:
        raise ParameterError(
            f"Expected a network that can be cut for train='last:{settings.blocks}', found {network.name}: "
            f"{network.chain.note}",
            "Use train='head' or train='all'.",
        )
    trainee = Trainee(network, targets.Y.shape[1], settings, start)
    rows, held = (np.arange(len(targets)), None) if held_out is None else held_out
    works = _boundary_works(network, inputs, settings)
    stored = works and settings.stored and settings.augmentation is None
    if works and not stored:
        trainee.replay()
    settled = _loop_settings(network, inputs, targets, settings, rows)
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
    lengths = _lengths(network, inputs, rows)
    batches = _batches(trainee, kept, targets, rows, stored, lengths)
    modules = nn.ModuleDict({"module": trainee.module, "head": trainee.head})
    groups = parameter_groups(
        trainee.head.parameters(),
        trainee.layers,
        learning_rate=settings.learning_rate,
        layer_decay=settings.layer_decay,
        weight_decay=settings.weight_decay,
    )
    history = train(
        modules,
        make_optimizer(settings.optimizer, groups),
        batches,
        trainee.loss(targets.task, stored),
        settled,
        evaluate=None if held is None else _evaluation(trainee, kept, targets, held, owner, stored),
        set_mode=trainee.set_mode,
        progress=progress,
    )
    return Tuned(trainee.finished(), trainee.head, history)


def epochs_for(settings: TuningSettings, n: int) -> int:
    """Epochs over n rows: as set, of training on pairs at most what `MOST_STEPS` steps allow."""
    most = MOST_STEPS // steps_per_epoch(n, settings.batch_size) if settings.pairs else settings.epochs
    return max(1, min(settings.epochs, most))


def channels_last(module: nn.Module, undo: bool = False) -> nn.Module:
    """Lay out the weights of 2-d convolutions with the channels last, in place; or back as they were."""
    layout = torch.contiguous_format if undo else torch.channels_last
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)
    return module


def frozen_tensors(network: Network, blocks: int | None) -> set[str]:
    """Names of what training the last ``blocks`` blocks must leave as it is, to the last bit."""
    return frozen_names(network.module, network.chain, blocks)


def _boundary_works(network: Network, inputs: Inputs, settings: TuningSettings) -> bool:
    """Whether replaying from the boundary gives what the full forward pass gives, on one batch of the data."""
    if settings.blocks is None or settings.blocks >= len(network.chain.blocks):
        return False
    few = inputs[telling_rows(inputs, network.preprocessing)]
    arrays = [network.preprocessing.centre(c) for c in canvases(few, network.preprocessing)]
    example = to_tensor(network.preprocessing.stack(arrays), network.preprocessing)
    return replay_agrees(network.module, network.chain, settings.blocks, example)


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
        chosen = kept if len(rows) == len(kept) else kept[rows]
        sizes = (settings.batch_size, settings.seed, trainee.device)
        return stored_batches(chosen, Y, weight, *sizes, codes=codes, lengths=lengths)
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
        pairs = [(trainee.outputs(x.to(trainee.device), stored).float().cpu(), of) for x, of in batches()]
        outputs = means(torch.cat([found for found, _ in pairs]), np.concatenate([of for _, of in pairs]))
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
    network: Network, inputs: Inputs, targets: Targets, settings: TuningSettings, rows: np.ndarray
) -> LoopSettings:
    key = ""
    if settings.checkpoint is not None:
        state = dataclasses.asdict(dataclasses.replace(settings, checkpoint=None, device=""))
        text = repr([network.digest, network.preprocessing.key(), targets.Y.tobytes(), state, rows.tolist()])
        digests = [inputs.digest(i) for i in range(len(inputs))]
        key = hashlib.sha256((text + "".join(digests)).encode()).hexdigest()
    return LoopSettings(
        epochs=epochs_for(settings, len(rows)),
        steps_per_epoch=steps_per_epoch(len(rows), settings.batch_size),
        patience=settings.patience,
        seed=settings.seed,
        checkpoint=settings.checkpoint,
        key=key,
    )
