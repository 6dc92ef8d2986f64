"""A network as a chain of blocks: where it can be cut so that everything behind depends on one tensor alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from headstart.networks.cutting.features import channels, read_features
from headstart.networks.cutting.time_axis import time_last
from headstart.networks.cutting.trace import (
    Call,
    Reached,
    Trace,
    main_tensor,
    overridden,
    smaller,
    trace,
    twin,
    with_main_tensor,
)
from headstart.nn.threads import alone

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Chain:
    """Blocks of a network in order of execution, and its output layer.

    Attributes
    ----------
    blocks : tuple of str
        Names of submodules. Each is a cut vertex: the output depends on the input only through what this
        module returns. A block reaches from the one before it up to and including the named module.
        Empty where there is no such place; then a network is trained whole or at its head only.
    output_layer : str or None
        The last `Linear` or 1x1 convolution, which turns features into outputs; None for a headless body.
    n_features : int
        Width of the output layer's input, or of the pooled output of a headless body.
    depth_features : tuple of int
        Channels of each block's output.
    input_shape : tuple of int
        Shape of one input, without the batch, with which the chain was found.
    note : str
        In words, what stands in the way of cutting; empty where nothing does.
    time_last : frozenset of str
        Of a network for waves, blocks whose output is (N, channels, time).
    tokens : tuple of int
        Of a network for texts, the row of tokens with which the chain was found; else empty.
    """

    blocks: tuple[str, ...]
    output_layer: str | None
    n_features: int
    depth_features: tuple[int, ...]
    input_shape: tuple[int, ...] = ()
    note: str = ""
    time_last: frozenset[str] = frozenset()
    tokens: tuple[int, ...] = ()

    @property
    def takes_tokens(self) -> bool:
        """Whether an input is a row of numbers of tokens, as of a text."""
        return bool(self.tokens)

    @property
    def takes_waves(self) -> bool:
        """Whether an input is a row of samples."""
        return len(self.input_shape) == 1 and not self.takes_tokens

    def __len__(self) -> int:
        return len(self.blocks)


def find_chain(module: nn.Module, example: Tensor) -> Chain:
    """Find the blocks at which a network can be cut, by trying.

    A submodule b is a cut vertex if, for two inputs x and x', f(x') with the output of b replaced by the one that b
    gives for x equals f(x), where f is the input of the output layer. Containers are opened as long as everything in
    them can be cut and the same holds for all containers of their kind: so residual blocks and transformer layers
    stay whole, while a plain row of convolutions is cut after each of them.

    Parameters
    ----------
    module : nn.Module
        Network with one tensor as input; neither changed nor put into another mode.
    example : Tensor, (N, ...)
        An input that the network takes; its first row is used.

    Returns
    -------
    Chain

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> chain = find_chain(net, torch.zeros(1, 4))
    >>> chain.blocks, chain.output_layer, chain.n_features
    (('1', '3'), '4', 8)
    """
    return alone(lambda: _find(module, example[:1].detach()))


def _find(module: nn.Module, x: Tensor) -> Chain:
    net = twin(module).eval()
    finder, n_features = _finder(net, x)
    if not finder.telling:
        finder, _ = _finder(_lively(net), x)
    points = finder.points()
    note = (
        "" if points else "No place was found where this network can be cut: only its head or all of it can be trained."
    )
    names = tuple(call.name for call in points)
    tokens = () if x.is_floating_point() else tuple(x[0].tolist())
    late = time_last(finder.net, finder.trace, x, names) if x.ndim == 2 and not tokens else frozenset()
    return Chain(
        blocks=names,
        output_layer=finder.head.name if finder.head else None,
        n_features=n_features,
        depth_features=tuple(channels(_main(call), call.name in late) for call in points),
        input_shape=tuple(x.shape[1:]),
        note=note,
        time_last=late,
        tokens=tokens,
    )


def _finder(net: nn.Module, x: Tensor) -> tuple[_Finder, int]:
    """A search on a smaller input where the network takes one (a chain does not depend on it), and n_features."""
    small = smaller(x)
    if small is x:
        finder = _Finder(net, x)
        return finder, int(finder.features.shape[1])
    try:
        finder = _Finder(net, small)
        with torch.no_grad():
            n_features = finder.features_of(x).shape[1]
        if finder.telling and n_features == finder.features.shape[1]:
            return finder, int(n_features)
    except (RuntimeError, ValueError, IndexError, TypeError):
        pass
    finder = _Finder(net, x)
    return finder, int(finder.features.shape[1])


def _lively(net: nn.Module) -> nn.Module:
    """The same architecture with weights at which the input matters: its blocks are the same (He et al. 2015)."""
    other = copy.deepcopy(net)
    generator = torch.Generator().manual_seed(0)
    for sub in other.modules():
        for parameter in sub.parameters(recurse=False):
            if parameter.ndim >= 2 and parameter.is_floating_point():
                scale = (2 / parameter[0].numel()) ** 0.5
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.data = (scale * noise).to(parameter)
        if isinstance(sub, nn.modules.batchnorm._BatchNorm):
            sub.reset_parameters()
    return other


def find_output_layer(record: Trace) -> Call | None:
    """The call that turned features into outputs: the last layer with weights, if it is linear; else None."""
    result = record.result
    if isinstance(result, Mapping) and "logits" not in result and main_tensor(result) is not None:
        return None
    output = result["logits"] if isinstance(result, Mapping) and "logits" in result else main_tensor(result)
    leaves = [c for c in record.calls if not c.children and any(True for _ in c.module.parameters(recurse=False))]
    if output is None or not leaves:
        return None
    last = max(leaves, key=lambda call: call.end)
    layer = last.module
    if len(record.of(last.name)) != 1 or (last.parent is None and not isinstance(layer, nn.Linear)):
        return None
    if isinstance(layer, nn.Linear):
        return last if output.shape[-1] == layer.out_features else None
    if isinstance(layer, nn.Conv2d) and set(layer.kernel_size) == {1} and layer.groups == 1:
        return last if output.ndim >= 2 and output.shape[1] == layer.out_channels else None
    return None


def _tensor_of(output: Any) -> Tensor:
    tensor = main_tensor(output)
    if tensor is None:
        raise TypeError(f"Expected a module that returns a tensor, found {type(output).__name__}.")
    return tensor


def _main(call: Call) -> Tensor:
    return _tensor_of(call.output)


class _Finder:
    """One search: two inputs, the calls for the first, and the answers found so far."""

    def __init__(self, net: nn.Module, x: Tensor) -> None:
        self.net = net
        self.x = x
        self.other = _another(x)
        self.trace = trace(net, x)
        self.other_trace = trace(net, self.other)
        self.root = self.trace.calls[0]
        self.head = find_output_layer(self.trace)
        with torch.no_grad():
            self.features = self.features_of(self.x)
            self.changed = self.features_of(self.other)
        self.spread = (self.changed - self.features).abs().max().item()
        self.known: dict[str, bool] = {}
        self.opened: dict[tuple[type, ...], bool] = {}

    def points(self) -> list[Call]:
        """Cut points in order; containers without a list in them are opened only where there is little else."""
        if not self.telling:
            return []
        self.strict = True
        found = self._inside(self.root)
        if len(found) < 3:
            self.strict = False
            self.opened.clear()
            found = self._inside(self.root)
        return found

    @property
    def telling(self) -> bool:
        """Whether the two inputs give features that differ; else nothing can be learned by exchanging them."""
        return self.spread > TOLERANCE * self.features.abs().max().item()

    def features_of(self, x: Tensor) -> Tensor:
        return read_features(self.net, self.head.name if self.head else None, x)

    def _is_cut(self, call: Call) -> bool:
        if call.name not in self.known:
            self.known[call.name] = self._try(call)
        return self.known[call.name]

    def _try(self, call: Call) -> bool:
        if call is self.root or self.trace.counts[call.name] != 1 or (self.head and call.end > self.head.start):
            return False
        tensor = main_tensor(call.output)
        if tensor is None or tensor.shape[0] != self.x.shape[0] or tensor.ndim not in (2, 3, 4):
            return False
        # What ran before the call saw the other input only, and so may return what it returned then.
        other = self.other_trace.once(call.name)
        forwards = {name: _constant(output) for name, output in self.other_trace.before(other).items()}
        forwards[call.name] = _constant(with_main_tensor(other.output, tensor))
        # A cut vertex further on speaks for everything behind it: no need to run on to the end.
        later = [found for found in self.trace.calls if found.start > call.end and self.known.get(found.name)]
        with torch.no_grad():
            if not later:
                with overridden(self.net, forwards):
                    return self._same(self.features_of(self.other), self.features, self.changed)
            goal = min(later, key=lambda found: found.start)
            forwards[goal.name] = _stopping(goal.module.forward)
            try:
                with overridden(self.net, forwards):
                    self.net(self.other)
            except Reached as reached:
                return self._same(_tensor_of(reached.output), _main(goal), _main(self.other_trace.once(goal.name)))
        return False

    @staticmethod
    def _same(found: Tensor, wanted: Tensor, other: Tensor) -> bool:
        """Whether what was found is what the first input gives, measured by how far the second is from that."""
        if found.shape != wanted.shape:
            return False
        return (found - wanted).abs().max().item() <= TOLERANCE * (other - wanted).abs().max().item()

    def _parts(self, call: Call) -> list[Call]:
        return [child for child in call.children if child.weighted and child is not self.head]

    def _opens(self, call: Call) -> bool:
        if self.strict and not _has_list(call.module):
            return False
        if call.path not in self.opened:
            kin = [other for other in self.trace.calls if other.path == call.path]
            kin = [other for other in kin if not self.strict or _has_list(other.module)]
            self.opened[call.path] = all(self._can_open(other, len(kin)) for other in kin)
        return self.opened[call.path]

    def _can_open(self, call: Call, n_kin: int) -> bool:
        parts = self._parts(call)
        if len(parts) == 1 == n_kin and parts[0].children:  # a shell around one module
            return self._opens(parts[0])
        if len(parts) < 2:
            return False
        if n_kin == 1:
            return sum(self._is_cut(part) or self._opens_inside(part) for part in reversed(parts)) >= 2
        return all(self._is_cut(part) for part in parts)

    def _opens_inside(self, call: Call) -> bool:
        """Whether a container that is no cut vertex itself, for it returns more than one tensor, has some in it."""
        return bool(call.children) and self._opens(call)

    def _ends_in_cut(self, call: Call) -> bool:
        """Whether the last part of an opened container is a cut vertex, or is opened and ends in one."""
        last = self._parts(call)[-1]
        return self._is_cut(last) or (self._opens_inside(last) and self._ends_in_cut(last))

    def _inside(self, call: Call) -> list[Call]:
        """Cut points among what `call` calls, the containers among them opened where that is right."""
        points: list[Call] = []
        for child in self._parts(call):
            if self.head and child.start > self.head.start:
                break
            if child.holds(self.head):
                points += self._inside(child)
            elif child.children and self._opens(child):
                points += self._inside(child)
                if not self._ends_in_cut(child) and self._is_cut(child):
                    points.append(child)
            elif self._is_cut(child):
                points.append(self._extended(child))
        return points

    def _extended(self, call: Call) -> Call:
        """A bare layer takes the norm, activation and pooling that follow it into its block."""
        if call.children or call.parent is None:
            return call
        last = call
        siblings = call.parent.children
        for sibling in siblings[siblings.index(call) + 1 :]:
            output, so_far = main_tensor(sibling.output), _main(last)
            if sibling.weighted or output is None or output.ndim != so_far.ndim:
                break
            if output.ndim == 4 and output[0, 0].numel() == 1 < so_far[0, 0].numel():
                break
            if not self._is_cut(sibling):
                break
            last = sibling
        return last


def _another(x: Tensor) -> Tensor:
    """Another input of the same shape: noise, or of tokens the first half, each of them twice, backwards."""
    if x.is_floating_point():
        return torch.randn(x.shape, generator=torch.Generator().manual_seed(72_939)).to(x)
    return x[:, torch.arange(x.shape[1]).flip(0) // 2]


def _stopping(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A forward that ends the whole pass with what it returned."""

    def stop(*args: Any, **kwargs: Any) -> Any:
        raise Reached(forward(*args, **kwargs))

    return stop


def _constant(output: Any) -> Callable[..., Any]:
    """A forward that returns a copy of what was recorded, so that layers working in place do no harm."""
    tensor = main_tensor(output)
    return lambda *args, **kwargs: output if tensor is None else with_main_tensor(output, tensor.clone())


def _has_list(module: nn.Module) -> bool:
    """Whether a `Sequential` or `ModuleList` with two or more layers of weights lies at or under this module."""
    for sub in module.modules():
        if isinstance(sub, (nn.Sequential, nn.ModuleList)):
            weighted = [child for child in sub.children() if any(p.ndim >= 2 for p in child.parameters())]
            if len(weighted) >= 2:
                return True
    return False
