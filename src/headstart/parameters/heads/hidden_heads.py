"""Several new layers in the place of one: small networks on frozen features of two depths, averaged."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from headstart.networks.running.features import Features
from headstart.nn.layers.heads import Standardise, make_head
from headstart.parameters.heads.deep_head import train_deep_head
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.solved import Part, feature_set
from headstart.parameters.heads.targets import Targets
from headstart.progress import Progress

HIDDEN = "hidden"
WIDTH, INPUT_DROPOUT, DROPOUT, BATCH = 512, 0.2, 0.5, 128
#: Steps of training that are aimed at, and fewest and most passes over the rows.
_STEPS, _EPOCHS = 1500, (12, 30)
RATE, DECAY = 1e-3, 0.05
_SETS = ("output", "grid")


@dataclass(frozen=True)
class HiddenHeads:
    """Networks with one hidden layer, one for each feature set; their logits are averaged.

    Attributes
    ----------
    names : tuple of str
        Feature set of each member, as in `feature_set`.
    members : tuple of nn.Sequential
        Each takes raw features; its first module standardises them.
    """

    task: str
    names: tuple[str, ...]
    members: tuple[nn.Sequential, ...]
    parts: tuple[Part, ...] = ()
    loss: float = float("nan")
    losses: dict[str, float] = field(default_factory=dict)

    @property
    def is_linear(self) -> bool:
        """Never."""
        return False

    def scores(self, features: Features) -> np.ndarray:
        """Logits of shape (n, K)."""
        with torch.no_grad():
            each = [
                member(torch.from_numpy(np.ascontiguousarray(feature_set(features, name), np.float32))).numpy()
                for name, member in zip(self.names, self.members, strict=True)
            ]
        return np.asarray(np.mean(each, axis=0, dtype=np.float64))


def train_hidden_heads(seen: Any, settings: TuningSettings, progress: Progress | None = None) -> HiddenHeads:
    """Train a network with a hidden layer of 512 on each feature set.

    Use it where there are several hundred rows or more; below that linear heads are safer. Columns are standardised;
    12 to 30 epochs (the more rows, the fewer), dropout of 0.2 before and 0.5 after the hidden layer, rates that fall
    to 0.

    Parameters
    ----------
    seen : object with ``features`` and ``targets`` of n rows
    settings : TuningSettings
        Device and seed count.
    """
    features, targets = seen.features, seen.targets
    how = dataclasses.replace(
        settings,
        widths=(WIDTH,),
        dropout=DROPOUT,
        epochs=int(np.clip(round(_STEPS * BATCH / max(len(targets), 1)), *_EPOCHS)),
        batch_size=BATCH,
        learning_rate=RATE,
        weight_decay=DECAY,
        patience=0,
    )
    names = tuple(name for name in _SETS if name == "output" or features.grids)
    members = []
    for name in names:
        x = feature_set(features, name).astype(np.float32)
        mean, spread = x.mean(axis=0), x.std(axis=0)
        spread = np.where(spread > 1e-6, spread, 1.0).astype(np.float32)
        head, _ = train_deep_head((x - mean) / spread, targets, how, input_dropout=INPUT_DROPOUT, progress=progress)
        members.append(_of_raw(head, mean, spread))
    return HiddenHeads(targets.task, names, tuple(members))


def _of_raw(head: nn.Sequential, mean: np.ndarray, spread: np.ndarray) -> nn.Sequential:
    """A head for standardised columns as one for raw features."""
    first = head[0]
    assert isinstance(first, Standardise)
    columns = torch.from_numpy(spread)
    whole = Standardise(torch.from_numpy(mean) + first.shift * columns, first.scale / columns)
    return nn.Sequential(whole, *list(head)[1:]).eval()


def hidden_arrays(head: HiddenHeads) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What a file keeps of the heads: arrays, and their description in plain JSON types."""
    arrays: dict[str, np.ndarray] = {}
    sizes = []
    for number, member in enumerate(head.members):
        arrays |= {f"{number}.{key}": value.detach().numpy() for key, value in member.state_dict().items()}
        linears = [layer for layer in member if isinstance(layer, nn.Linear)]
        sizes.append([linears[0].in_features, linears[0].out_features])
    return arrays, {"kind": HIDDEN, "names": list(head.names), "sizes": sizes}


def read_hidden(targets: Targets, described: dict[str, Any], arrays: dict[str, np.ndarray]) -> HiddenHeads:
    """What `hidden_arrays` gave."""
    members = []
    for number, (wide, hidden) in enumerate(described["sizes"]):
        zeros = torch.zeros(wide)
        member = nn.Sequential(
            Standardise(zeros, zeros.clone()), *make_head(wide, len(targets.shift), [hidden], DROPOUT)
        )
        start = f"{number}."
        own = {k.removeprefix(start): torch.from_numpy(v) for k, v in arrays.items() if k.startswith(start)}
        member.load_state_dict(own)
        members.append(member.eval())
    return HiddenHeads(targets.task, tuple(described["names"]), tuple(members))
