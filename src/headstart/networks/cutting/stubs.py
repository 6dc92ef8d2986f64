"""Running only what lies behind a boundary: everything before it returns at once what was recorded."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from headstart.networks.cutting.trace import Trace, main_tensor, overridden, trace, twin, with_main_tensor


@dataclass(frozen=True, eq=False)
class Stubs:
    """What is needed to enter a network at the output of one block.

    Attributes
    ----------
    block : str
        Name of the block whose output is the boundary.
    output : object
        What that block returned for the example; only its main tensor is exchanged.
    before : dict of str to object
        Outputs, for one example, of the largest modules that end before the block starts.
    example : Tensor, (1, ...)
        The input that goes with them.
    copies : bool
        The first layer behind the boundary writes into its input, so each batch is copied first.
    repeats : bool
        Something before the boundary writes in place, so the recorded outputs are copied and not only widened.
    narrow : bool
        What runs before the boundary, between the recorded modules, may run on the one example whatever the batch is:
        nothing behind the boundary asks it how many rows there are.
    """

    block: str
    output: Any
    before: dict[str, Any]
    example: Tensor
    copies: bool = False
    repeats: bool = False
    narrow: bool = False

    @property
    def boundary(self) -> Tensor:
        """The block's main tensor for the example, (1, ...)."""
        tensor = main_tensor(self.output)
        if tensor is None:
            raise TypeError(f"Expected block {self.block!r} to return a tensor, found {type(self.output).__name__}.")
        return tensor

    def to(self, device: torch.device) -> Stubs:
        """The same on another device."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device)

        before = {name: _map(output, move) for name, output in self.before.items()}
        return replace(self, output=_map(self.output, move), before=before, example=self.example.to(device))


def record_stubs(module: nn.Module, block: str, example: Tensor) -> Stubs:
    """Run the network once, in evaluation mode, and keep what is needed to enter it behind `block`.

    Parameters
    ----------
    module : nn.Module
        The network; neither it nor its modes and statistics change.
    block : str
        Name of a cut vertex (`Chain.blocks`).
    example : Tensor, (N, ...)
        An input; its first row is used.

    Raises
    ------
    LookupError
        If the block does not run exactly once.
    """
    net, x = twin(module).eval(), example[:1].detach()
    return stubs_of(net, trace(net, x), block, x)


def stubs_of(net: nn.Module, record: Trace, block: str, x: Tensor) -> Stubs:
    """The same from a trace of ``net``, a twin of the network in evaluation mode, on one input, (1, ...)."""
    call = record.once(block)
    return _probed(net, Stubs(block, call.output, record.before(call), x))


def _probed(net: nn.Module, stubs: Stubs) -> Stubs:
    """Find out, with two rows, whether anything behind or before the boundary works in place."""
    boundary = torch.cat([stubs.boundary, stubs.boundary])
    version = boundary._version
    try:
        with warnings.catch_warnings(), torch.no_grad(), stubbed(net, stubs, boundary) as x:
            warnings.filterwarnings("error", ".*expanded tensor", UserWarning)
            net(x)
    except (RuntimeError, UserWarning):
        stubs = replace(stubs, repeats=True)
        with torch.no_grad(), stubbed(net, stubs, boundary) as x:
            net(x)
    return replace(stubs, copies=boundary._version != version, narrow=_may_be_narrow(net, stubs))


def _may_be_narrow(net: nn.Module, stubs: Stubs) -> bool:
    """Whether two different rows give the same with one row before the boundary as with two; of tokens never.

    What stands in a text's rows (how long each is) is read again behind the boundary.
    """
    if not stubs.example.is_floating_point():
        return False
    one = stubs.boundary
    rows = torch.cat([one, one.roll(1, dims=-1)])
    with torch.no_grad(), stubbed(net, stubs, rows.clone()) as x:
        wide = main_tensor(net(x))
    try:
        with torch.no_grad(), stubbed(net, replace(stubs, narrow=True), rows.clone()) as x:
            narrow = main_tensor(net(x))
    except Exception:  # whatever somebody's own code does when its batch is not what it noted down
        return False
    return wide is not None and narrow is not None and wide.shape == narrow.shape and torch.equal(wide, narrow)


@contextmanager
def stubbed(module: nn.Module, stubs: Stubs, boundary: Tensor) -> Iterator[Tensor]:
    """Let the network start at a boundary, for the length of a with-block.

    Parameters
    ----------
    module : nn.Module
        The network; its submodules' forward methods are exchanged and put back, so no other thread may use it.
    stubs : Stubs
        From `record_stubs`.
    boundary : Tensor, (N, ...)
        What the block should return.

    Yields
    ------
    Tensor, (N, ...) or (1, ...)
        The input to call the network with; its values have no influence.
    """
    with opened(module, stubs) as enter:
        yield enter(boundary)


@contextmanager
def opened(module: nn.Module, stubs: Stubs) -> Iterator[Callable[[Tensor], Tensor]]:
    """Let the network start at one boundary after another, for the length of a with-block; see `stubbed`.

    Yields
    ------
    callable
        From the next batch's boundary to the input to call the network with.
    """
    entry = stubs.boundary

    def widen(tensor: Tensor) -> Tensor:
        if tensor.ndim == 0 or tensor.shape[0] != 1:
            return tensor
        wide = tensor if stubs.narrow else tensor.expand(len(entry), *tensor.shape[1:])
        return wide.clone() if stubs.repeats else wide

    def constant(output: Any) -> Callable[..., Any]:
        if stubs.narrow and not stubs.repeats:
            return lambda *args, **kwargs: output
        return lambda *args, **kwargs: _map(output, widen)

    def enter(boundary: Tensor) -> Tensor:
        nonlocal entry
        entry = boundary.clone() if stubs.copies else boundary
        return widen(stubs.example)

    forwards = {name: constant(output) for name, output in stubs.before.items()}
    forwards[stubs.block] = lambda *args, **kwargs: with_main_tensor(stubs.output, entry)
    with overridden(module, forwards):
        yield enter


def _map(output: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Apply `function` to every tensor in a nested output."""
    if isinstance(output, Tensor):
        return function(output)
    if isinstance(output, dict):
        replaced = output.copy() if type(output) is dict else type(output)(**output)
        for key, value in output.items():
            replaced[key] = _map(value, function)
        return replaced
    if isinstance(output, (tuple, list)):
        items = [_map(value, function) for value in output]
        return items if isinstance(output, list) else tuple(items)
    return output
