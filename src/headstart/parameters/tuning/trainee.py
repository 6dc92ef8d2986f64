"""A copy of a borrowed network with a new head, as it is trained: what moves, what it puts out, its loss."""

from __future__ import annotations

import copy
import dataclasses
import weakref
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from headstart.networks.cutting.cut import Cut, Tail, body_forward, by_depth, find_cut
from headstart.networks.network import Network
from headstart.networks.running.entry import Entry
from headstart.networks.running.pipeline import in_parts
from headstart.nn.channels_last import channels_last
from headstart.nn.layers.dropout import without_channels
from headstart.nn.layers.heads import load_linear, make_head
from headstart.nn.losses.pairs import pair_loss
from headstart.nn.losses.tasks import l2_sp, task_loss
from headstart.nn.processes import averaging, mean_of_all, rank, world_size
from headstart.nn.sharding import emptied, fill, give_back, shard
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.tuning.lora import add_lora, merge_lora
from headstart.parameters.tuning.objective import Objective
from headstart.training.batches import Batch
from headstart.training.device import autocast, bf16_is_sound, free_memory, has_bf16, pick_device

#: Of the memory that a process has, what training may hold whole; the rest is for activations. Where weights, gradients
#: and Adam's two moments take more, several processes hold each a share of them; 0 shares them always, as tests do.
PART = 0.5
#: Rows that are judged together.
TOGETHER = 64


class Trainee:
    """A private copy of a network's module with a new head, the parts that move set apart from those that do not.

    Parameters
    ----------
    network : Network
        Not changed.
    n_outputs : int
    settings : TuningSettings
    """

    def __init__(self, network: Network, n_outputs: int, settings: TuningSettings) -> None:
        self.settings, self.network, self.chain = settings, network, network.chain
        self.device = pick_device(settings.device)
        self.module = channels_last(copy.deepcopy(network.module).to(self.device))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            head = make_head(self.chain.n_features, n_outputs, settings.widths, settings.dropout)
        self.head = (nn.Sequential(nn.Identity()) if settings.pairs else head).to(self.device)
        self.cut = cut_of(network, settings.blocks)
        if self.chain.output_layer is not None:
            self.module.set_submodule(self.chain.output_layer, nn.Identity())
        if settings.rank is not None:
            groups = [add_lora(self.module, settings.rank, settings.seed, network.name)]
            self.module.to(self.device)
        else:
            groups = by_depth(self.module, self.cut)
        moving = {id(p) for group in groups for p in group}
        for parameter in self.module.parameters():
            parameter.requires_grad_(id(parameter) in moving)
        self.layers = groups
        self.start = self._now() if settings.l2_sp > 0 else {}
        self.sharded: _Pass | None = None
        self._empty: tuple[nn.Module, nn.Sequential] | None = None
        self.tail = None if settings.blocks is None else Tail(self.module, self.chain, settings.blocks, cut=self.cut)
        self.entry: Entry | None = None
        k = self.settings.blocks or 0
        self.time_last = k < len(self.chain.blocks) and self.chain.blocks[-k - 1] in self.chain.time_last
        self.bf16 = not settings.pairs and has_bf16(self.device) and self._sound_in_bf16()

    def _sound_in_bf16(self) -> bool:
        example = self.network.example(1).to(self.device)
        return bf16_is_sound(self.module, lambda: body_forward(self.module, self.chain, example))

    def start_from(self, head: tuple[np.ndarray, np.ndarray] | nn.Sequential) -> None:
        """Take a solved linear head, or trained layers, in the place of random weights."""
        if isinstance(head, tuple):
            load_linear(self.head, *head)
        else:
            self.head = copy.deepcopy(head).to(self.device)

    def features(self, kept: np.ndarray) -> np.ndarray:
        """What the untrained tail makes of activations at the boundary, (n, n_features) in float32."""
        assert self.tail is not None
        self.module.eval()
        with torch.no_grad(), self.tail.open(self.device):
            parts = [torch.from_numpy(np.array(kept[i : i + TOGETHER])) for i in range(0, len(kept), TOGETHER)]
            return np.concatenate([self.tail(laid(x.to(self.device))).float().cpu().numpy() for x in parts])

    def replay(self) -> None:
        """From now on run the frozen part apart, as `boundary` does, so that both ways see the same activations."""
        assert self.settings.blocks is not None
        self.entry = Entry(self.network, self.chain.blocks[-self.settings.blocks - 1], str(self.device))

    def set_mode(self) -> None:
        """Training mode: batch norm of a trained network stays in evaluation mode, that of a random one learns."""
        self.module.train(not self.network.trained)
        self.head.train()

    def judged(self, x: Tensor, stored: bool) -> Tensor:
        """As `outputs`, between the steps of training; where weights lie in shares, by all processes."""
        found: Tensor = (self.outputs if self.sharded is None else self.sharded)(x, stored)
        return found

    def outputs(self, x: Tensor, stored: bool) -> Tensor:
        """Logits (N, K) from boundary activations or from inputs; a tail is judged in float32, as it predicts."""
        if self.entry is not None and not stored:
            x, stored = torch.from_numpy(in_parts(self.entry.reached, x)).to(self.device), True
        if self.head.training and stored and self.settings.channel_dropout > 0:
            x = without_channels(x, self.settings.channel_dropout, self.time_last)
        x = laid(x) if stored else x
        with autocast(self.device, self.bf16 and (self.head.training or self.tail is None)):
            features = self.tail(x) if stored and self.tail is not None else body_forward(self.module, self.chain, x)
        return self.head(features.float())

    def loss(self, task: str, stored: bool, objective: Objective | None = None) -> Callable[[Batch], Tensor]:
        """The loss of a batch, or what an objective of several tasks makes of it, with the pull towards the start.

        Several processes take each a part of the rows and average their gradients, which are then those of the whole
        batch. Where rows are not apart, as in pairs, several tasks and a batch norm that learns, each process takes all
        of them. Where one process has not the memory, what is trained lies in shares from now on.
        """
        whole = world_size() == 1 or self.settings.pairs or not self.network.trained or objective is not None
        apart = objective is None and (self.tail is None or self.tail.texts is None)  # nobody else asks for weights
        run = self._in_shares() if apart and self._too_large() else averaging(_Pass(self), self.device)

        def of(given: Batch) -> Tensor:
            batch = given if whole else _part(given)
            found = run(batch.x, stored)
            if objective is not None:
                shared = [p for p in self.module.parameters() if p.requires_grad]
                value = objective.loss(found, batch.Y, batch.weight, shared)
                return value + l2_sp(self.module, self.start, self.settings.l2_sp) if self.settings.l2_sp > 0 else value
            pairs = self.settings.pairs
            value = pair_loss(found, batch.Y, batch.weight) if pairs else task_loss(found, batch.Y, batch.weight, task)
            if not whole:
                value = value * batch.weight.sum() / given.weight.sum().clamp(min=1e-12) * world_size()
            if self.settings.l2_sp > 0:
                value = value + l2_sp(self.module, self.start, self.settings.l2_sp)
            return value

        return of

    def _now(self) -> dict[str, Tensor]:
        """Values of what moves, by name."""
        return {name: p.detach().clone() for name, p in self.module.named_parameters() if p.requires_grad}

    def _too_large(self) -> bool:
        """Whether any process lacks the memory to train alone; to be called by all."""
        sizes = [(4 if p.requires_grad else 1) * p.nbytes for p in self.module.parameters()]
        lacks = world_size() > 1 and sum(sizes) > PART * free_memory(self.device)
        return mean_of_all(float(lacks)) > 0

    def _in_shares(self) -> _Pass:
        """What is trained, left in shares with the processes; of a tail that runs alone the frozen part stays whole."""
        names = {id(p): name for name, p in self.module.named_parameters()}
        layers = [[names[id(p)] for p in group] for group in self.layers]
        self._empty = emptied(self.module), emptied(self.head)
        self.sharded = run = _Pass(self)
        frozen = [] if self.tail is None else [p for p in self.module.parameters() if not p.requires_grad]
        shard(run, [f"module.{block}" for block in self.chain.blocks], self.device, frozen)
        now = dict(self.module.named_parameters())
        self.layers = [[now[name] for name in group] for group in layers]
        self.start = self._now() if self.start else {}
        give_back()
        return run

    def _made_whole(self) -> None:
        """Take the trained weights of all processes; to be called by all."""
        if self.sharded is not None and self._empty is not None:
            for empty, shared in zip(self._empty, (self.module, self.head), strict=True):
                fill(empty, shared)
            (self.module, self.head), self.sharded, self.tail = self._empty, None, None

    def finished(self) -> Network:
        """A network with the trained weights; a linear head takes the place of the old output layer."""
        self._made_whole()
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


def laid(x: Tensor) -> Tensor:
    """A batch laid out as the weights are: of pictures with the channels last."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


_cuts: weakref.WeakKeyDictionary[Network, dict[int | None, Cut]] = weakref.WeakKeyDictionary()


def cut_of(network: Network, k: int | None) -> Cut:
    """What lies behind the boundary before the last k blocks of a network; found once a network."""
    cuts = _cuts.setdefault(network, {})
    if k not in cuts:
        cuts[k] = find_cut(network.module, network.chain, k)
    return cuts[k]


class _Pass(nn.Module):
    """A trainee's outputs as a module of what is trained, for what has to know its parameters."""

    def __init__(self, trainee: Trainee) -> None:
        super().__init__()
        self.module, self.head = trainee.module, trainee.head
        self.outputs = trainee.outputs

    def forward(self, x: Tensor, stored: bool) -> Tensor:
        """Logits (N, K)."""
        return self.outputs(x, stored)


def _part(batch: Batch) -> Batch:
    """This process's rows of a batch; where there are fewer rows than processes, one of no weight."""
    mine = torch.arange(rank(), len(batch.weight), world_size(), device=batch.weight.device)
    if len(mine):
        return Batch(batch.x[mine], batch.Y[mine], batch.weight[mine])
    return Batch(batch.x[:1], batch.Y[:1], torch.zeros_like(batch.weight[:1]))
