"""The same network with less work: batch norms and zero padding merged into convolutions, activations in place."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from headstart.networks.cutting.features import read_features
from headstart.networks.cutting.trace import smaller, twin
from headstart.nn.threads import alone

TOLERANCE = 1e-4
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.Hardswish, nn.Hardtanh, nn.Mish)


def simplify(module: nn.Module, example: Tensor, output_layer: str | None = None) -> nn.Module:
    """A twin for inference that gives the same features faster, for inputs of the example's size.

    - A batch norm y = g (c - m) / s + b that directly follows a convolution c = W x + w goes into it: its kernel
      becomes g W / s and its shift g (w - m) / s + b.
    - Zero padding before a convolution becomes the convolution's own; where it is wider on the right and below, as with
      TensorFlow's "same" padding, the kernel is widened by zeros on the left and above.
    - An activation works in place on what a convolution or its norm has just made.

    What may be changed is found in one forward pass; the features are compared with the original's.

    Parameters
    ----------
    module : nn.Module
        A network; not changed.
    example : Tensor, (N, ...)
        An input.
    output_layer : str or None
        Where features are read for the comparison (`Chain.output_layer`).

    Returns
    -------
    nn.Module
        In evaluation mode. A plain twin if the features would move by more than 1e-4 of the largest.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU()).eval()
    >>> list(simplify(net, torch.ones(1, 3, 8, 8)))[1:]
    [Identity(), ReLU(inplace=True)]
    """
    return alone(lambda: _simplified(module, example[:1], output_layer))


def _simplified(module: nn.Module, example: Tensor, output_layer: str | None) -> nn.Module:
    """A network that takes smaller pictures is looked at with them: what can be merged is the same."""
    small = smaller(example)
    if small is not example:
        try:
            return _merged(module, small, output_layer)
        except (RuntimeError, ValueError, IndexError):
            pass
    return _merged(module, example, output_layer)


def _merged(module: nn.Module, example: Tensor, output_layer: str | None) -> nn.Module:
    net = twin(module).eval()
    found = _look(net, example)
    if not found.any():
        return net
    with torch.no_grad():
        expected = read_features(net, output_layer, example)
    for conv_name, norm_name in found.norms:
        conv, norm = net.get_submodule(conv_name), net.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        _replace(net, conv_name, fuse_conv_bn_eval(conv, norm))
        _replace(net, norm_name, nn.Identity())
    for conv_name, pads in found.pads.items():
        _absorb(net, conv_name, pads)
    for name in found.padders:
        _without_padding(net, name)
    for name in found.activations:
        net.get_submodule(name).inplace = True  # type: ignore[assignment]
    try:
        with torch.no_grad():
            features = read_features(net, output_layer, example)
    except RuntimeError:
        return twin(module).eval()
    agrees = (features - expected).abs().max() <= TOLERANCE * expected.abs().max().clamp(min=1e-12)
    return net if bool(agrees) else twin(module).eval()


@dataclass
class _Found:
    """What can be merged: (convolution, norm), padding by convolution, modules that pad, activations."""

    norms: list[tuple[str, str]] = field(default_factory=list)
    pads: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    padders: list[str] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)

    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.norms or self.pads or self.activations)


def _look(net: nn.Module, example: Tensor) -> _Found:
    """Run the network once and see which module works on the very tensor that which other returned."""
    made_by: dict[int, tuple[str, Tensor]] = {}
    order: list[tuple[str, nn.Module, str | None, Any]] = []

    def look(name: str, sub: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        source = args[0] if args and isinstance(args[0], Tensor) else None
        maker = made_by.get(id(source), (None,))[0] if source is not None else None
        order.append((name, sub, maker, None if source is None else tuple(source.shape)))
        if isinstance(output, Tensor) and (source is None or output is not source):
            made_by[id(output)] = (name, output)

    handles = []
    try:
        for name, sub in net.named_modules():
            if not any(True for _ in sub.children()) or _pads_like_tensorflow(sub):
                handles.append(sub.register_forward_hook(lambda m, a, o, name=name: look(name, m, a, o)))
        with torch.no_grad():
            net(example)
    finally:
        for handle in handles:
            handle.remove()
    names = [name for name, *_ in order]
    return _sorted_out(net, [entry for entry in order if names.count(entry[0]) == 1])


def _sorted_out(net: nn.Module, calls: list[tuple[str, nn.Module, str | None, Any]]) -> _Found:
    """Of the calls of modules that run once, those that can be merged."""
    found = _Found()
    kinds = {name: sub for name, sub, _, _ in calls}
    for name, sub, maker, shape in calls:
        before = kinds.get(maker) if maker is not None else None
        if type(sub) is nn.BatchNorm2d and sub.track_running_stats and type(before) is nn.Conv2d:
            found.norms.append((str(maker), name))
        elif isinstance(sub, ACTIVATIONS) and type(before) in (nn.Conv2d, nn.BatchNorm2d):
            found.activations.append(name)
        elif type(sub) is nn.Conv2d and type(before) is nn.ZeroPad2d and _absorbable(sub, before.padding):
            found.pads[name] = tuple(before.padding)  # type: ignore[assignment]
            found.padders.append(str(maker))
        elif _pads_like_tensorflow(sub):
            conv = sub.get_submodule("convolution")
            pads = _same_padding(shape[-2:], conv)
            if _absorbable(conv, pads):
                found.pads[f"{name}.convolution"] = pads
                found.padders.append(name)
    return found


def _pads_like_tensorflow(sub: nn.Module) -> bool:
    """Whether this is one of transformers' MobileNet layers, which pad by hand before their convolution."""
    asked = getattr(getattr(sub, "config", None), "tf_padding", False)
    return bool(asked) and type(getattr(sub, "convolution", None)) is nn.Conv2d


def _same_padding(size: tuple[int, int], conv: nn.Module) -> tuple[int, int, int, int]:
    """TensorFlow's "same" padding (left, right, above, below) for an input of (height, width)."""
    assert isinstance(conv, nn.Conv2d)
    ends = []
    for length, stride, kernel in zip(size, conv.stride, conv.kernel_size, strict=True):
        total = max(kernel - (length % stride or stride), 0)
        ends.append((total // 2, total - total // 2))
    (above, below), (left, right) = ends
    return left, right, above, below


def _absorbable(conv: nn.Module, pads: Any) -> bool:
    """Whether a convolution can do this zero padding itself."""
    left, right, above, below = pads
    return (
        isinstance(conv, nn.Conv2d)
        and conv.padding == (0, 0)
        and conv.dilation == (1, 1)
        and conv.padding_mode == "zeros"
        and 0 <= left <= right
        and 0 <= above <= below
    )


def _absorb(net: nn.Module, name: str, pads: tuple[int, int, int, int]) -> None:
    left, right, above, below = pads
    old = net.get_submodule(name)
    assert isinstance(old, nn.Conv2d)
    new = copy.copy(old)
    new._parameters = dict(old._parameters)
    new.padding = (below, right)
    new.kernel_size = (old.kernel_size[0] + below - above, old.kernel_size[1] + right - left)
    wider = nn.functional.pad(old.weight.detach(), (right - left, 0, below - above, 0))
    new.weight = nn.Parameter(wider, requires_grad=False)
    _replace(net, name, new)


def _without_padding(net: nn.Module, name: str) -> None:
    """Take the padding out of the module that did it."""
    sub = net.get_submodule(name)
    if isinstance(sub, nn.ZeroPad2d):
        _replace(net, name, nn.Identity())
    else:
        config: Any = copy.copy(sub.config)
        config.tf_padding = False
        sub.config = config


def _replace(net: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(net.get_submodule(parent), child, new)
