"""The last blocks adapted to a target without labels, from activations at the boundary that are computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.data.base.rows import Inputs
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.running.embed import boundary
from headstart.nn.layers.heads import load_linear, make_head
from headstart.nn.layers.norm_statistics import reestimate
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import Targets
from headstart.parameters.tuning.trainee import Trainee, laid
from headstart.parameters.tuning.tuning import Tuned, boundary_works
from headstart.parameters.tuning.windows import means, spread, spread_targets
from headstart.progress import Progress
from headstart.training.batches import steps_per_epoch
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.two_domains import DomainLoss, TwoDomains

#: Rows of each domain in a step: what is told of shares of classes needs some of each.
TOGETHER = 64
#: Steps, at least.
STEPS = 100

#: From features of target (m, d) and source (n, d) to the head that training starts from: (d, K) and (K,).
DomainsStart = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class TwoSides:
    """Examples of both domains.

    Attributes
    ----------
    source : Inputs of n examples
    targets : Targets of n
    target : Inputs of m examples
    known : ndarray of shape (m,)
        Class codes of the target's, -1 where there is no label.
    """

    source: Inputs
    targets: Targets
    target: Inputs
    known: np.ndarray


def adapt_blocks(
    network: Network,
    sides: TwoSides,
    adaptation: Any,
    settings: TuningSettings,
    start: DomainsStart,
    progress: Progress | None = None,
) -> Tuned:
    """Adapt the last blocks of a copy of a network: their batch norm to each domain, their weights by a loss.

    Both domains run up to the boundary once. With ``standardise`` the batch-norm layers behind it get the source's
    statistics, of which the head is solved, and then for good the target's (Li et al. 2018, AdaBN). A loss of two
    domains trains the blocks on from there, with the one loop.

    Parameters
    ----------
    network : Network
        Not changed.
    sides : TwoSides
    adaptation : Adaptation
        A `DomainLoss`, or with ``standardise``, or both.
    settings : TuningSettings
    start : callable
    progress : callable, optional

    Raises
    ------
    ParameterError
        If there is nothing to train, no boundary, or no batch norm behind it.
    """
    trains, standardise = isinstance(adaptation, DomainLoss), bool(adaptation.standardise)
    blocks = settings.blocks
    if not trains and not standardise:
        raise ParameterError(
            f"Expected an adaptation that changes the last blocks, found {adaptation!r}, which changes the head alone.",
            "Take one that trains, such as 'shot' or 'mcc', or 'z-score', which estimates batch norm anew; or leave "
            "train out.",
        )
    if blocks is None or not settings.stored or not boundary_works(network, sides.target, blocks):
        raise ParameterError(
            "Expected train='last:k' with cache=True and a network that can be run from the block before the last k "
            f"on, found {network.name} with {'every block' if blocks is None else f'the last {blocks}'} in training.",
            "Leave train out: the head alone is adapted then.",
        )
    trainee = Trainee(network, sides.targets.Y.shape[1], settings)
    layers = _norms(trainee) if standardise else []
    if standardise and (not layers or (trains and adaptation.learns_source)):
        what = "no batch norm in them" if not layers else "a loss that learns from the source's labels too"
        raise ParameterError(
            f"Expected batch norm in the last {blocks} blocks, and a loss of the target's rows alone, for an "
            f"adaptation that standardises, found {what}.",
            "Use one without standardise, or more blocks.",
        )
    (source, mine), (target, theirs) = (spread(one, network.preprocessing) for one in (sides.source, sides.target))
    device = str(trainee.device)
    kept = [boundary(network, one, blocks, device=device, progress=progress) for one in (source, target)]
    if layers:
        reestimate(layers, lambda: trainee.features(kept[0]))
    seen = trainee.features(kept[0])
    if layers:
        reestimate(layers, lambda: trainee.features(kept[1]))
    others = trainee.features(kept[1])
    head = start(means(torch.from_numpy(others), theirs).numpy(), means(torch.from_numpy(seen), mine).numpy())
    if not trains:
        trainee.start_from(head)
        return Tuned(trainee.finished(), trainee.head, [])
    targets = spread_targets(sides.targets, mine) if len(mine) > len(sides.targets) else sides.targets
    unit = float(max(np.sqrt(np.square(seen, dtype=np.float64).mean()), 1e-12))
    rows = kept[0] if adaptation.learns_source else seen
    key = _key(network, sides, adaptation, settings)
    return _trained(trainee, adaptation, head, (rows, targets), (kept[1], sides.known[theirs]), unit, key, progress)


def _norms(trainee: Trainee) -> list[_BatchNorm]:
    """Batch-norm layers behind the boundary that keep statistics."""
    return [
        layer
        for name, layer in trainee.module.named_modules()
        if isinstance(layer, _BatchNorm) and f"{name}.running_mean" in trainee.cut.depth
    ]


class _Behind(nn.Module):
    """Features of activations at the boundary, divided by a number so that their mean square begins as 1."""

    def __init__(self, trainee: Trainee, unit: float) -> None:
        super().__init__()
        assert trainee.tail is not None
        self.tail, self.unit, self.device = trainee.tail, unit, trainee.device

    def forward(self, x: Tensor) -> Tensor:
        """(N, d)."""
        features: Tensor = self.tail(laid(x.to(self.device))).float()
        return features / self.unit


def _trained(
    trainee: Trainee,
    adaptation: Any,
    head: tuple[np.ndarray, np.ndarray],
    source: tuple[np.ndarray, Targets],
    target: tuple[np.ndarray, np.ndarray],
    unit: float,
    key: str,
    progress: Progress | None,
) -> Tuned:
    """Train the blocks of a trainee on rows of both domains, and fold what divides features into the head."""
    settings, device, (rows, targets), (others, known) = trainee.settings, trainee.device, source, target
    coef, intercept = head[0] * unit, head[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        layer, own = make_head(*coef.shape), adaptation.own_modules(coef, intercept, settings.seed)
    load_linear(layer, coef, intercept)
    layer.requires_grad_(adaptation.trains_head)
    modules = nn.ModuleDict({"map": _Behind(trainee, unit), "head": layer, **own}).to(device)
    loop = LoopSettings(
        settings.epochs,
        max(steps_per_epoch(len(others), TOGETHER), -(-STEPS // settings.epochs)),
        seed=settings.seed,
        checkpoint=settings.checkpoint,
        key=key,
    )
    training = TwoDomains(
        adaptation,
        modules,
        torch.from_numpy(rows) if adaptation.learns_source else torch.from_numpy(rows / np.float32(unit)).to(device),
        torch.from_numpy(targets.Y.astype(np.float32)).to(device),
        torch.from_numpy(targets.weight.astype(np.float32)).to(device),
        torch.from_numpy(others),
        torch.from_numpy(known).to(device),
        batch_size=TOGETHER,
        steps=loop.steps_per_epoch,
        stretches=loop.epochs,
        seed=loop.seed,
    )
    groups = parameter_groups(
        [p for name, part in modules.items() if name != "map" for p in part.parameters()],
        trainee.layers,
        learning_rate=settings.learning_rate,
        layer_decay=settings.layer_decay,
        weight_decay=settings.weight_decay,
    )
    assert trainee.tail is not None
    with trainee.tail.open(device):
        optimizer = make_optimizer(settings.optimizer, groups)
        history = train(
            modules, optimizer, training.batches, training.loss, loop, set_mode=trainee.set_mode, progress=progress
        )
    weight, bias = (part.double().cpu().numpy() for part in adaptation.head_of(modules))
    trainee.start_from((weight / unit, bias))
    return Tuned(trainee.finished(), trainee.head, history)


def _key(network: Network, sides: TwoSides, adaptation: Any, settings: TuningSettings) -> str:
    """What this training is, for its checkpoint; "" where it has none."""
    if settings.checkpoint is None:
        return ""
    state = replace(settings, checkpoint=None, device="")
    said = [network.digest, network.preprocessing.key(), repr(adaptation), repr(state), sides.known.tolist()]
    said += [
        sides.targets.Y.tobytes(),
        *(one.digest(i) for one in (sides.source, sides.target) for i in range(len(one))),
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()
