"""Cutting a network at a block: what lies behind, what must not move, and what is trained at which depth."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.networks.cutting.chain import Chain
from headstart.networks.cutting.features import read_features
from headstart.networks.cutting.stubs import Stubs, record_stubs, stubbed
from headstart.networks.cutting.text_boundary import TextStubs, entered, marked
from headstart.networks.cutting.trace import Call, Trace, main_tensor, trace, twin


class Tail(nn.Module):
    """The last blocks of a network, fed with stored activations.

    The network's own forward pass runs, but everything before the boundary returns at once, so what sits between
    the blocks (reshapes, norms, pooling) needs no rebuilding. The network is used as it is: training the tail
    trains the network. It is a submodule here, so `train()`, `eval()` and `to()` reach it.

    Parameters
    ----------
    module : nn.Module
        The network; not the shared one of a `Network`, but a copy of the caller's own.
    chain : Chain
        Its blocks.
    k : int or None
        Number of blocks behind the boundary, from 0 (only the output layer, and the norm before it) to
        ``len(chain.blocks)`` or None (all of it: then the boundary is the input itself).
    example : Tensor, (N, ...), optional
        An input of the network; noise of the chain's input shape by default.

    Attributes
    ----------
    trainable : list of nn.Parameter
        Parameters that training may move, from the last block backwards.

    Examples
    --------
    >>> from headstart.networks.cutting.chain import find_chain
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    >>> chain = find_chain(net, torch.zeros(1, 4))
    >>> tail, x = Tail(net, chain, 1), torch.ones(2, 4)
    >>> torch.equal(tail(net[:2](x)), body_forward(net, chain, x))
    True
    """

    def __init__(self, module: nn.Module, chain: Chain, k: int | None, example: Tensor | None = None) -> None:
        super().__init__()
        self.module = module
        self.chain = chain
        self.k = k
        self.stubs = _stubs(module, chain, k, example)
        texts = chain.takes_tokens and self.stubs is not None and self.stubs.boundary.ndim == 3
        self.texts = TextStubs(chain.blocks[-(k or 0) - 1], chain.tokens) if texts else None
        self.trainable = [p for group in trainable_parameters(module, chain, k, example) for p in group]

    def forward(self, boundary: Tensor) -> Tensor:
        """Features, (N, n_features), from a batch of boundary activations, (N, ...); of texts with NaN for no token."""
        if self.texts is not None:
            with entered(self.module, self.texts, boundary) as x:
                return read_features(self.module, self.chain.output_layer, x)
        if self.stubs is None:
            return read_features(self.module, self.chain.output_layer, boundary)
        if self.stubs.example.device != boundary.device:
            self.stubs = self.stubs.to(boundary.device)
        with stubbed(self.module, self.stubs, boundary) as x:
            return read_features(self.module, self.chain.output_layer, x)


def body_forward(module: nn.Module, chain: Chain, x: Tensor) -> Tensor:
    """Features of the whole body, (N, n_features): the input of the output layer; gradients flow.

    Parameters
    ----------
    module : nn.Module
        The network. A hook is put on its output layer for the length of the call, so two threads must not
        share it.
    chain : Chain
        Its blocks and output layer. Without an output layer the pooled output is given.
    x : Tensor, (N, ...)
        Inputs.
    """
    return read_features(module, chain.output_layer, x)


def replay_agrees(module: nn.Module, chain: Chain, k: int | None, example: Tensor, tolerance: float = 1e-4) -> bool:
    """Whether features replayed from the boundary equal those of the full forward pass.

    Parameters
    ----------
    module : nn.Module
        The network; runs in evaluation mode as a twin and does not change.
    chain : Chain
        Its blocks.
    k : int or None
        Number of blocks behind the boundary.
    example : Tensor, (N, ...)
        A batch, best of real inputs.
    tolerance : float, default=1e-4
        Largest difference allowed, as a fraction of the largest feature.
    """
    net = twin(module).eval()
    try:
        stubs = _stubs(net, chain, k, example)
        if stubs is None:
            return True
        with torch.no_grad():
            record = trace(net, example)
            stored = main_tensor(record.once(stubs.block).output)
            full = read_features(net, chain.output_layer, example)
            assert stored is not None
            if chain.takes_tokens and stored.ndim == 3:
                way = entered(net, TextStubs(stubs.block, chain.tokens), marked(stored, example))
            else:
                way = stubbed(net, stubs, stored)
            with way as x:
                replayed = read_features(net, chain.output_layer, x)
    except (RuntimeError, TypeError, ValueError, LookupError, IndexError, AssertionError):
        return False
    if replayed.shape != full.shape:
        return False
    return bool((replayed - full).abs().max() <= tolerance * full.abs().max().clamp(min=1e-12))


def frozen_names(module: nn.Module, chain: Chain, k: int | None, example: Tensor | None = None) -> set[str]:
    """Names of the parameters and buffers that must not move by one bit when the last k blocks are trained.

    Parameters
    ----------
    module : nn.Module
        The network; not changed.
    chain : Chain
        Its blocks.
    k : int or None
        Number of blocks that are trained; 0 freezes all but the output layer, None nothing that is used.

    Returns
    -------
    set of str
        As in `named_parameters` and `named_buffers`. The output layer's are not among them.
    """
    moving = set(_moving(module, chain, k, example))
    head = f"{chain.output_layer}." if chain.output_layer is not None else None
    names = [name for name, _ in module.named_parameters(remove_duplicate=False)]
    names += [name for name, _ in module.named_buffers(remove_duplicate=False)]
    return {name for name in names if name not in moving and not (head and name.startswith(head))}


def trainable_parameters(
    module: nn.Module, chain: Chain, k: int | None, example: Tensor | None = None
) -> list[list[nn.Parameter]]:
    """Parameters of the last k blocks in groups, from the last block backwards, for layer-wise learning rates.

    What runs behind the last block (a final norm) is in the first group; the output layer is in none. Parameters
    that the features do not depend on are left out.

    Parameters
    ----------
    module : nn.Module
        The network whose parameters are returned; not changed.
    chain : Chain
        Its blocks.
    k : int or None
        Number of blocks, from 0 (no group) to ``len(chain.blocks)``, which also takes what lies before the first;
        None is all of it, also where the network cannot be cut.
    """
    depth = _moving(module, chain, k, example)
    groups: dict[int, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if name in depth:
            groups.setdefault(depth[name], []).append(parameter)
    return [groups[i] for i in sorted(groups)]


def _stubs(module: nn.Module, chain: Chain, k: int | None, example: Tensor | None) -> Stubs | None:
    """Stubs for the boundary before the last k blocks; None when that is the input itself."""
    if k is not None and k < 0:
        raise ParameterError(f"Expected a number of blocks k >= 0, found {k}.", "Use 0 for the head alone.")
    if k is None or k >= len(chain.blocks):
        return None
    return record_stubs(module, chain.blocks[-k - 1], _example(module, chain, example))


def _example(module: nn.Module, chain: Chain, example: Tensor | None) -> Tensor:
    if chain.takes_tokens:
        device = next((p.device for p in module.parameters()), None)
        return torch.tensor([chain.tokens], device=device)
    if example is not None:
        return example[:1].detach()
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    noise = torch.randn(1, *chain.input_shape, generator=torch.Generator().manual_seed(72_939))
    return noise.to(like.device, like.dtype)


def _moving(module: nn.Module, chain: Chain, k: int | None, example: Tensor | None) -> dict[str, int]:
    """Names of parameters and buffers behind the boundary, with their depth (0 for the last block)."""
    if k == 0:
        return {}
    net = twin(module).eval()
    x = _example(net, chain, example)
    record = trace(net, x)
    ends = [record.once(block).end for block in chain.blocks]
    n_behind = max(1, len(ends) if k is None else min(k, len(ends)))
    start = 0 if k is None or k >= len(ends) else ends[-k - 1]
    reached = _reached(net, chain, k, x)
    moving: dict[str, int] = {}
    for is_buffer, named in ((False, net.named_parameters), (True, net.named_buffers)):
        for name, _ in named(remove_duplicate=False):
            calls = _owner_calls(record, name)
            spans = any(call.start <= start < call.end for call in calls)
            before = any(call.end <= start for call in calls)
            if before or not calls or (is_buffer and spans and start) or not (is_buffer or name in reached):
                continue
            deepest = n_behind - 1
            moving[name] = deepest if spans else min(_depth(calls, ends), deepest)
    head = f"{chain.output_layer}."
    tied = _tied(net)
    return {
        name: depth
        for name, depth in moving.items()
        if not name.startswith(head) and all(other in moving for other in tied.get(name, ()))
    }


def _reached(net: nn.Module, chain: Chain, k: int | None, x: Tensor) -> set[str]:
    """Names of the parameters that the features behind the boundary depend on; gradients tell."""
    names = [(name, p) for name, p in net.named_parameters(remove_duplicate=False) if p.requires_grad]
    stubs = _stubs(net, chain, k, x)
    with torch.enable_grad():
        if stubs is None:
            features = read_features(net, chain.output_layer, x)
        else:
            with stubbed(net, stubs, stubs.boundary) as entry:
                features = read_features(net, chain.output_layer, entry)
        if not features.requires_grad:
            return set()
        gradients = torch.autograd.grad(features.sum(), [p for _, p in names], allow_unused=True)
    return {name for (name, _), gradient in zip(names, gradients, strict=True) if gradient is not None}


def _owner_calls(record: Trace, name: str) -> list[Call]:
    """Calls of the module that holds a parameter, or of the nearest module around it that is called at all."""
    owner = name
    while owner:
        owner = owner.rpartition(".")[0]
        calls = record.of(owner)
        if calls:
            return calls
    return []


def _depth(calls: list[Call], ends: list[int]) -> int:
    """How many blocks lie behind the one in which the earliest of these calls ends."""
    end = min(call.end for call in calls)
    return sum(end <= other for other in ends[:-1])


def _tied(net: nn.Module) -> dict[str, list[str]]:
    """For every parameter that has several names, all of them."""
    names: dict[int, list[str]] = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return {name: group for group in names.values() if len(group) > 1 for name in group}
