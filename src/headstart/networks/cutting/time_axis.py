"""Where time lies in what the blocks of a network for waves return."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from headstart.networks.cutting.trace import Call, Trace, main_tensor, trace

_CHANNELS_FIRST = (
    nn.Conv1d,
    nn.ConvTranspose1d,
    nn.BatchNorm1d,
    nn.InstanceNorm1d,
    nn.GroupNorm,
)


def time_last(net: nn.Module, record: Trace, x: Tensor, names: Iterable[str]) -> frozenset[str]:
    """Blocks whose output is (N, channels, time), as that of one-dimensional convolutions, not (N, time, channels).

    A wave half as long again makes one axis of a block's output longer: time. Where the network takes one length
    only, its last layer with weights tells.

    Parameters
    ----------
    net : nn.Module
        Evaluation mode.
    record : Trace
        Of ``net`` on ``x``.
    x : Tensor, (1, samples)
        A wave.
    names : iterable of str
        Blocks that run once.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv1d(1, 4, 8, 4), nn.ReLU())
    >>> wave = torch.zeros(1, 1, 64)
    >>> sorted(time_last(net, trace(net, wave), wave, ["0", "1"]))
    ['0', '1']
    """
    try:
        longer: Trace | None = trace(net, torch.cat([x, x[..., : x.shape[-1] // 2]], -1))
    except Exception:  # what a network raises that takes one length only is its own affair
        longer = None
    found = set()
    for name in names:
        call = record.once(name)
        shape = _shape(call)
        other = _shape(longer.once(name)) if longer is not None and len(longer.of(name)) == 1 else shape
        if len(shape) != 3:
            continue
        told = len(other) == 3 and shape != other
        if (shape[1] == other[1]) if told else _ends_channels_first(call):
            found.add(name)
    return frozenset(found)


def _shape(call: Call) -> tuple[int, ...]:
    tensor = main_tensor(call.output)
    return () if tensor is None else tuple(tensor.shape)


def _ends_channels_first(call: Call) -> bool:
    """Whether the last layer with weights inside a call is a one-dimensional convolution or its norm."""
    leaves = [c for c in _inside(call) if not c.children and any(True for _ in c.module.parameters(recurse=False))]
    return bool(leaves) and isinstance(max(leaves, key=lambda leaf: leaf.end).module, _CHANNELS_FIRST)


def _inside(call: Call) -> list[Call]:
    return [call, *(inner for child in call.children for inner in _inside(child))]
