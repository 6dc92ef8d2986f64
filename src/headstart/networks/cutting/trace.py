"""What a network does in one forward pass: which modules are called, in what order, and what they give."""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn


def twin(module: nn.Module) -> nn.Module:
    """Copy a network's structure, but share its numbers.

    The twin has its own module objects, so hooks, forward overrides and modes set on it never reach the
    original, and other threads can go on using that. Its parameters and buffers lie in the same memory.
    The twin's parameters ask for gradients, and gather them in tensors of their own.

    Parameters
    ----------
    module : nn.Module
        Any network; not changed.

    Returns
    -------
    nn.Module
        The same network, in the same modes.

    Examples
    --------
    >>> layer = nn.Linear(2, 1)
    >>> other = twin(layer).eval()
    >>> layer.training, other.weight.data_ptr() == layer.weight.data_ptr()
    (True, True)
    """
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        floating = parameter.is_floating_point() or parameter.is_complex()
        memo[id(parameter)] = nn.Parameter(parameter.detach(), requires_grad=floating)
    for buffer in module.buffers():
        memo[id(buffer)] = buffer.detach()
    plain = [sub for sub in module.modules() if _plainly_copied(type(sub))]
    for sub in plain:
        memo[id(sub)] = type(sub).__new__(type(sub))
    for sub in plain:
        held = sub.__getstate__()
        memo[id(sub)].__setstate__({name: _copied(value, memo) for name, value in held.items()})
    return copy.deepcopy(module, memo)


def _plainly_copied(kind: type) -> bool:
    """Whether objects of this class are copied by what they hold."""
    ours = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__getstate__ is nn.Module.__getstate__
    return ours and not hasattr(kind, "__deepcopy__")


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """As `copy.deepcopy`, which takes far longer over what is empty: of a module that is most."""
    return type(value)() if type(value) in (dict, OrderedDict, set) and not value else copy.deepcopy(value, memo)


def smaller(x: Tensor) -> Tensor:
    """A batch of smaller pictures on which a network behaves alike: the sides are the same modulo 64.

    So they are odd or even after the same number of halvings. Sides below 128 stay as they are.

    Examples
    --------
    >>> smaller(torch.zeros(1, 3, 224, 300)).shape, smaller(torch.zeros(1, 3, 96, 96)).shape
    (torch.Size([1, 3, 96, 108]), torch.Size([1, 3, 96, 96]))
    """
    if x.ndim != 4 or min(x.shape[2:]) < 128:
        return x
    height, width = (64 + side % 64 for side in x.shape[2:])
    return x[:, :, :height, :width].contiguous()


def main_tensor(output: Any) -> Tensor | None:
    """First floating tensor with at least two dimensions in what a module returned, or None."""
    if isinstance(output, Tensor):
        return output if output.is_floating_point() and output.ndim >= 2 else None
    values = list(output.values()) if isinstance(output, Mapping) else output
    if isinstance(values, (tuple, list)):
        for value in values:
            found = main_tensor(value)
            if found is not None:
                return found
    return None


def with_main_tensor(output: Any, tensor: Tensor) -> Any:
    """The same structure as `output`, with its main tensor replaced; `output` itself is left alone."""
    if isinstance(output, Tensor):
        return tensor
    if isinstance(output, Mapping):
        replaced = copy.copy(output)
        for key, value in output.items():
            if main_tensor(value) is not None:
                replaced[key] = with_main_tensor(value, tensor)  # type: ignore[index]
                break
        return replaced
    items = list(output)
    for i, value in enumerate(items):
        if main_tensor(value) is not None:
            items[i] = with_main_tensor(value, tensor)
            break
    return items if isinstance(output, list) else tuple(items)


class Reached(Exception):
    """Ends a forward pass at a module, and carries what that returned."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output


@dataclass(eq=False)
class Call:
    """One call of one module: its place in time and in the tree of calls, and what it returned."""

    name: str
    module: nn.Module
    parent: Call | None
    start: int
    end: int = -1
    output: Any = None
    children: list[Call] = field(default_factory=list)

    @property
    def weighted(self) -> bool:
        """Whether the module holds weights proper (matrices, kernels), not only scales and shifts."""
        return any(p.ndim >= 2 for p in self.module.parameters())

    def holds(self, other: Call | None) -> bool:
        """Whether `other` happened inside this call."""
        return other is not None and self.start < other.start and other.end < self.end

    @property
    def path(self) -> tuple[type, ...]:
        """Classes from the root down to this call: calls with the same path are siblings of a kind."""
        return (*(self.parent.path if self.parent else ()), type(self.module))


@dataclass(eq=False)
class Trace:
    """All calls of one forward pass, in order of their start; the first is the network itself."""

    calls: list[Call]
    result: Any

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each module ran."""
        return Counter(call.name for call in self.calls)

    def of(self, name: str) -> list[Call]:
        """Calls of the module with this name."""
        return [call for call in self.calls if call.name == name]

    def once(self, name: str) -> Call:
        """The only call of the module with this name; LookupError where it ran never or more than once."""
        found = self.of(name)
        if len(found) != 1:
            raise LookupError(f"Expected module {name!r} to run once in a forward pass, found {len(found)} calls.")
        return found[0]

    def before(self, call: Call) -> dict[str, Any]:
        """Outputs of the largest modules that end before `call` starts, by name; of those that run only once."""
        late = {other.name for other in self.calls if other.end >= call.start}
        found: dict[str, Any] = {}

        def gather(parent: Call) -> None:
            for child in parent.children:
                if child.start < call.start <= child.end:
                    gather(child)
                elif child.end < call.start and child.name not in late and self.counts[child.name] == 1:
                    found[child.name] = child.output

        gather(self.calls[0])
        return found


def trace(module: nn.Module, example: Tensor) -> Trace:
    """Run `module` on `example` and write down every call; hooks are put on `module` and taken off again."""
    calls: list[Call] = []
    running: list[Call] = []
    clock = [0]
    kept: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def keep(output: Any) -> Any:
        # A later layer may write into this tensor in place: remember what it holds now, once a version.
        tensor = main_tensor(output)
        if tensor is None:
            return output
        key = (id(tensor), tensor._version)
        if key not in kept:
            kept[key] = (tensor, tensor.clone())
        return with_main_tensor(output, kept[key][1])

    def tick() -> int:
        clock[0] += 1
        return clock[0]

    def enter(name: str, sub: nn.Module) -> None:
        call = Call(name, sub, running[-1] if running else None, tick())
        if running:
            running[-1].children.append(call)
        running.append(call)
        calls.append(call)

    def leave(output: Any) -> None:
        call = running.pop()
        call.end, call.output = tick(), keep(output)

    handles: list[Any] = []
    try:
        for name, sub in module.named_modules():
            handles.append(sub.register_forward_pre_hook(lambda m, _, name=name: enter(name, m)))
            handles.append(sub.register_forward_hook(lambda m, _, output: leave(output)))
        with torch.no_grad():
            result = module(example)
    finally:
        for handle in handles:
            handle.remove()
    return Trace(calls, result)


@contextmanager
def overridden(module: nn.Module, forwards: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Replace the `forward` of named submodules for the length of a with-block; put back whatever happens."""
    changed: list[tuple[nn.Module, bool, Any]] = []
    try:
        for name, forward in forwards.items():
            sub = module.get_submodule(name)
            changed.append((sub, "forward" in vars(sub), vars(sub).get("forward")))
            sub.forward = forward
        yield
    finally:
        for sub, had, before in reversed(changed):
            if had:
                sub.forward = before
            else:
                del sub.forward
