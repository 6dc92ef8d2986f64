"""Merging batch norms into the convolutions before them: the same outputs, fewer steps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from headstart.networks.features import read_features
from headstart.networks.trace import twin

TOLERANCE = 1e-4


def fold_batch_norms(module: nn.Module, example: Tensor, output_layer: str | None = None) -> nn.Module:
    """Fold every batch norm that directly follows a convolution into it, for inference.

    With batch norm y = g (c - m) / s + b of a convolution c = W x + w, the folded convolution has the kernel g W / s
    and the shift g (w - m) / s + b. Pairs are found in a forward pass: the norm's input is the very tensor that the
    convolution returned. The result is compared with the original on the example.

    Parameters
    ----------
    module : nn.Module
        A network in evaluation mode; not changed.
    example : Tensor, (N, ...)
        An input.
    output_layer : str or None
        Where features are read for the comparison (`Chain.output_layer`).

    Returns
    -------
    nn.Module
        A folded twin; a plain twin where nothing can be folded or the features would move by more than 1e-4 of the
        largest.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4)).eval()
    >>> fold_batch_norms(net, torch.ones(1, 3, 8, 8))[1]
    Identity()
    """
    net = twin(module).eval()
    pairs = _pairs(net, example)
    if not pairs:
        return net
    for conv_name, norm_name in pairs:
        conv, norm = net.get_submodule(conv_name), net.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        _replace(net, conv_name, fuse_conv_bn_eval(conv, norm))
        _replace(net, norm_name, nn.Identity())
    plain = twin(module).eval()
    with torch.no_grad():
        expected = read_features(plain, output_layer, example)
        found = read_features(net, output_layer, example)
    agrees = (found - expected).abs().max() <= TOLERANCE * expected.abs().max().clamp(min=1e-12)
    return net if bool(agrees) else plain


def _pairs(net: nn.Module, example: Tensor) -> list[tuple[str, str]]:
    """Names of (convolution, batch norm) where the norm works on what the convolution returned, both called once."""
    made_by: dict[int, tuple[str, Tensor]] = {}
    counts: dict[str, int] = {}
    pairs: list[tuple[str, str]] = []

    def look(name: str, sub: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        counts[name] = counts.get(name, 0) + 1
        if isinstance(sub, nn.Conv2d):
            made_by[id(output)] = (name, output)
        elif args and id(args[0]) in made_by:
            pairs.append((made_by[id(args[0])][0], name))

    handles = []
    try:
        for name, sub in net.named_modules():
            plain_conv = type(sub) is nn.Conv2d
            if plain_conv or (type(sub) is nn.BatchNorm2d and sub.track_running_stats):
                handles.append(sub.register_forward_hook(lambda m, a, o, name=name: look(name, m, a, o)))
        with torch.no_grad():
            net(example)
    finally:
        for handle in handles:
            handle.remove()
    return [pair for pair in pairs if all(counts[name] == 1 for name in pair)]


def _replace(net: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(net.get_submodule(parent), child, new)
