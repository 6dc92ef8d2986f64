"""Networks whose weights, gradients and optimiser state lie in shares over the processes that train them (FSDP)."""

from __future__ import annotations

import contextlib
import copy
import ctypes
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import torch
from torch import Tensor, nn

from headstart.nn.processes import mesh, rank, told_by_first

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

AnyModule = TypeVar("AnyModule", bound=nn.Module)
#: Number of the option of glibc's ``mallopt``: bytes from which a piece of memory is the system's own.
_MMAP_THRESHOLD = -3


def shard(root: nn.Module, blocks: Sequence[str], device: torch.device, left: Collection[nn.Parameter] = ()) -> None:
    """Leave each process its share of a network's parameters, in place (Zhao et al. 2023, by torch's ``fully_shard``).

    A block is whole only while it runs, forwards or backwards. The gradients that its parameters then have are the mean
    over the processes, and each process keeps those of its share. All processes must call ``root``, never one of its
    parts, and equally often.

    Parameters
    ----------
    root : torch.nn.Module
        Changed: it has other parameters, under the same names, each a ``DTensor`` of the shape of the old one.
    blocks : sequence of str
        Modules of it that are called, and whose parameters nothing else uses. Where two places share a parameter,
        the network is one block.
    device : torch.device
    left : collection of Parameter, optional
        Stay whole, and must not be trained.
    """
    from torch.distributed.fsdp import fully_shard

    for parameter in root.parameters():
        parameter.data = parameter.data.contiguous()  # what lies otherwise cannot be shared out
    among, ignored = mesh(device), set(left)
    more: dict[str, Any] = {"ignored_params": ignored} if ignored else {}  # which early versions of torch do not know
    tied = len(list(root.named_parameters(remove_duplicate=False))) > len(list(root.parameters()))
    inner_first = sorted([] if tied else blocks, key=lambda name: -name.count("."))
    for module in (*map(root.get_submodule, inner_first), root):
        if module is root or not ignored.issuperset(module.parameters()):
            fully_shard(module, mesh=among, reshard_after_forward=True, **more)


def give_back(*, from_now_on: bool = True) -> None:
    """Have the C library return to the system what it kept of what was freed, and what is freed from now on.

    glibc keeps it, and tensors of many sizes that come and go, as blocks do, leave holes there that nothing fits: a
    process then grows as large as if it held everything. Where the library is another, nothing is done.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        if from_now_on:
            library.mallopt(_MMAP_THRESHOLD, 1 << 20)
        library.malloc_trim(0)


def emptied(module: AnyModule) -> AnyModule:
    """A copy of a module whose parameters have no values, for `fill`; buffers are the module's own.

    Examples
    --------
    >>> layer = nn.Linear(3, 2)
    >>> empty = emptied(layer)
    >>> empty.weight.numel()
    0
    >>> fill(empty, layer)
    >>> empty(torch.zeros(1, 3)).equal(layer(torch.zeros(1, 3)))
    True
    """
    memo: dict[int, object] = {id(buffer): buffer for buffer in module.buffers()}
    for p in module.parameters():
        memo[id(p)] = nn.Parameter(torch.empty(0, dtype=p.dtype), requires_grad=p.requires_grad)
    return copy.deepcopy(module, memo)


def fill(empty: nn.Module, module: nn.Module) -> None:
    """Give an emptied copy the whole parameters of the module, on the CPU; to be called by all processes."""
    for (_, parameter), source in zip(empty.named_parameters(), module.parameters(), strict=True):
        parameter.data = whole(source)


def is_share(tensor: Tensor) -> TypeGuard[DTensor]:
    """Whether this process holds but its share of a tensor."""
    return hasattr(tensor, "full_tensor")


def own(tensor: Tensor) -> Tensor:
    """This process's share of a tensor, or the tensor where it is none; gradients flow."""
    return tensor.to_local() if is_share(tensor) else tensor


def whole(tensor: Tensor) -> Tensor:
    """A tensor on the CPU; of a share the whole, for which all processes must ask."""
    tensor = tensor.detach()
    return (tensor.full_tensor() if is_share(tensor) else tensor).cpu()


def spread(tensor: Tensor, like: Tensor) -> Tensor:
    """The first process's tensor in all of them: this one's share, or the whole, as ``like`` is; to be called by all.

    Parameters
    ----------
    tensor : Tensor
        In other processes than the first shape and type are all that is used.
    like : Tensor
        Of the same shape.
    """
    if not is_share(like):
        told: Tensor = told_by_first(tensor)
        return told.to(like.device)
    from torch.distributed.tensor import distribute_tensor

    x = tensor if rank() == 0 else torch.empty(tensor.shape, dtype=tensor.dtype)
    return distribute_tensor(x.to(like.device), like.device_mesh, like.placements)
