"""Cutting a network at a block: what lies behind, what must not move, and what is trained at which depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.networks.cutting.chain import Chain
from headstart.networks.cutting.features import read_features
from headstart.networks.cutting.stubs import Stubs, opened, stubbed, stubs_of
from headstart.networks.cutting.text_boundary import TextStubs, entered, marked
from headstart.networks.cutting.trace import Call, Trace, main_tensor, trace, twin


@dataclass(frozen=True, eq=False)
class Cut:
    """The boundary before the last k blocks of a network, as `find_cut` finds it; for all copies of the network.

    Attributes
    ----------
    stubs : Stubs or None
        To enter there; None when the boundary is the input itself.
    depth : dict of str to int
        Names of the parameters and buffers behind it, and how many blocks lie behind theirs.
    """

    stubs: Stubs | None
    depth: dict[str, int]


def find_cut(module: nn.Module, chain: Chain, k: int | None, example: Tensor | None = None) -> Cut:
    """Find what lies behind the boundary before the last k blocks, from one trace of a twin.

    Parameters
    ----------
    module, chain, k, example
        As in `Tail`; the network is not changed.
    """
    if k is not None and k < 0:
        raise ParameterError(f"Expected a number of blocks k >= 0, found {k}.", "Use 0 for the head alone.")
    net = twin(module).eval()
    x = _example(net, chain, example)
    record = trace(net, x)
    entering = k is not None and k < len(chain.blocks)
    stubs = stubs_of(net, record, chain.blocks[-(k or 0) - 1], x) if entering else None
    return Cut(stubs, {} if k == 0 else _moving(net, chain, k, x, record, stubs))


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
    cut : Cut, optional
        What `find_cut` found of the network, where it was asked already.

    Examples
    --------
    >>> from headstart.networks.cutting.chain import find_chain
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    >>> chain = find_chain(net, torch.zeros(1, 4))
    >>> tail, x = Tail(net, chain, 1), torch.ones(2, 4)
    >>> torch.equal(tail(net[:2](x)), body_forward(net, chain, x))
    True
    """

    def __init__(
        self, module: nn.Module, chain: Chain, k: int | None, example: Tensor | None = None, cut: Cut | None = None
    ) -> None:
        super().__init__()
        self.module = module
        self.chain = chain
        self.k = k
        cut = find_cut(module, chain, k, example) if cut is None else cut
        self.stubs = cut.stubs
        self._enter: Callable[[Tensor], Tensor] | None = None
        texts = chain.takes_tokens and self.stubs is not None and self.stubs.boundary.ndim == 3
        self.texts = TextStubs(chain.blocks[-(k or 0) - 1], chain.tokens) if texts else None
        self._cut = cut

    @property
    def trainable(self) -> list[nn.Parameter]:
        """Parameters that training may move, from the last block backwards."""
        return [p for group in by_depth(self.module, self._cut) for p in group]

    def forward(self, boundary: Tensor) -> Tensor:
        """Features, (N, n_features), from a batch of boundary activations, (N, ...); of texts with NaN for no token."""
        if self.texts is not None:
            with entered(self.module, self.texts, boundary) as x:
                return read_features(self.module, self.chain.output_layer, x)
        if self.stubs is None:
            return read_features(self.module, self.chain.output_layer, boundary)
        if self._enter is not None:
            return read_features(self.module, self.chain.output_layer, self._enter(boundary))
        with stubbed(self.module, self._stubs_on(boundary.device), boundary) as x:
            return read_features(self.module, self.chain.output_layer, x)

    @contextmanager
    def open(self, device: torch.device) -> Iterator[None]:
        """Stay at the boundary for the length of a with-block, in which the network can be entered nowhere else.

        A batch then costs no exchange of the forward methods. Of texts nothing changes: what they are entered with
        depends on their length.
        """
        if self.texts is not None or self.stubs is None:
            yield
            return
        with opened(self.module, self._stubs_on(device)) as self._enter:
            try:
                yield
            finally:
                self._enter = None

    def _stubs_on(self, device: torch.device) -> Stubs:
        assert self.stubs is not None
        if self.stubs.example.device != device:
            self.stubs = self.stubs.to(device)
        return self.stubs


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


def replay_agrees(
    module: nn.Module,
    chain: Chain,
    k: int | None,
    example: Tensor,
    tolerance: float = 1e-4,
    *,
    cut: Cut | None = None,
    stored: Tensor | None = None,
) -> bool:
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
    cut : Cut, optional
        What `find_cut` found, where it was asked already.
    stored : Tensor, (N, ...), optional
        Activations of the batch at the boundary, as they will be replayed; by default those of the forward pass.
    """
    net = twin(module).eval()
    try:
        tail = Tail(net, chain, k, example, cut)
        if tail.stubs is None:
            return True
        with torch.no_grad():
            if stored is None:
                found = main_tensor(trace(net, example).once(tail.stubs.block).output)
                assert found is not None
                stored = marked(found, example) if tail.texts is not None else found
            full, replayed = read_features(net, chain.output_layer, example), tail(stored)
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
    moving = set(find_cut(module, chain, k, example).depth)
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
    return [] if k == 0 else by_depth(module, find_cut(module, chain, k, example))


def by_depth(module: nn.Module, cut: Cut) -> list[list[nn.Parameter]]:
    """Parameters behind a boundary in groups, see `trainable_parameters`."""
    groups: dict[int, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if name in cut.depth:
            groups.setdefault(cut.depth[name], []).append(parameter)
    return [groups[i] for i in sorted(groups)]


def _example(module: nn.Module, chain: Chain, example: Tensor | None) -> Tensor:
    if chain.takes_tokens:
        device = next((p.device for p in module.parameters()), None)
        return torch.tensor([chain.tokens], device=device)
    if example is not None:
        return example[:1].detach()
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    noise = torch.randn(1, *chain.input_shape, generator=torch.Generator().manual_seed(72_939))
    return noise.to(like.device, like.dtype)


def _moving(
    net: nn.Module, chain: Chain, k: int | None, x: Tensor, record: Trace, stubs: Stubs | None
) -> dict[str, int]:
    """Names of parameters and buffers behind the boundary, with their depth (0 for the last block)."""
    ends = [record.once(block).end for block in chain.blocks]
    n_behind = max(1, len(ends) if k is None else min(k, len(ends)))
    start = 0 if k is None or k >= len(ends) else ends[-k - 1]
    reached = _reached(net, chain, x, stubs)
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


def _reached(net: nn.Module, chain: Chain, x: Tensor, stubs: Stubs | None) -> set[str]:
    """Names of the parameters that the features behind the boundary depend on; gradients tell."""
    names = [(name, p) for name, p in net.named_parameters(remove_duplicate=False) if p.requires_grad]
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
