"""Several processes that train one network: who is who, what they add up, and who may write."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from headstart.nn.steps import STEP


def rank() -> int:
    """Number of this process, from 0; 0 where there is but one, and for the first of a `team` between its steps."""
    return dist.get_rank() if _joint() else 0


def world_size() -> int:
    """How many processes train together; 1 for the first of a `team` between its steps."""
    return dist.get_world_size() if _joint() else 1


def _joint() -> bool:
    return dist.is_available() and dist.is_initialized() and (STEP.under_way or not _TEAM)


@contextlib.contextmanager
def processes() -> Iterator[bool]:
    """Join the processes that ``torchrun`` started, for the length of the block.

    Yields
    ------
    bool
        Whether this process is the first, the only one that prints and writes. True where there is but one, and
        where the caller has joined them already.
    """
    started_here = int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ and not dist.is_initialized()
    if started_here:
        backend = "gloo"
        if torch.cuda.is_available():
            backend = "nccl"
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        _join(backend)
    try:
        yield rank() == 0
    finally:
        if started_here:
            # What holds the group holds its threads, and one that is at work while Python ends aborts the program.
            gc.collect()
            for mesh in _MESHES:  # which torch keeps for ever, in what it remembers of shared tensors
                getattr(mesh, "_pg_registry", {}).clear()
            _MESHES.clear()
            dist.destroy_process_group()


@contextlib.contextmanager
def team() -> Iterator[bool]:
    """Join the processes that ``torchrun`` started as helpers of the first, for the length of the block.

    The first goes through the block; the others do in it what it asks of them by `together`, and end with it.

    Yields
    ------
    bool
        Whether this process is the first.
    """
    with processes() as first:
        if world_size() == 1:
            yield True
            return
        if not first:
            while (asked := told_by_first(None)) is not None:
                _step(*asked)
            yield False
            return
        _TEAM.append(world_size())
        try:
            yield True
        finally:
            _TEAM.pop()
            if not STEP.under_way:  # else the others wait elsewhere, and end as this process does
                told_by_first(None)  # and no longer leads


_TEAM: list[int] = []


def team_size() -> int:
    """How many processes wait for what the first asks, itself among them; 1 where there is no team."""
    return _TEAM[-1] if _TEAM and not STEP.under_way else 1


def together(work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call ``work(*arguments)`` in every process of a team; what each gave, in order of their numbers.

    Parameters
    ----------
    work : callable
        A function of a module. It may use what the processes add up, if all of them do.
    *arguments
        Are sent to the others.

    Raises
    ------
    Exception
        The first that any process raised.
    BaseException
        What was `postponed` meanwhile.
    """
    if team_size() == 1:
        return [work(*arguments)]
    STEP.under_way = True
    told_by_first((work, arguments))
    found = _step(work, arguments)
    waiting, STEP.waiting = STEP.waiting, None
    if waiting is not None:
        raise waiting
    for well, result in found:
        if not well:
            raise result
    return [result for _, result in found]


def _step(work: Callable[..., Any], arguments: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """One process's part; the first learns of all."""
    STEP.under_way = True
    mine: tuple[bool, Any]
    try:
        mine = True, work(*arguments)
    except (Exception, Met) as error:
        mine = not isinstance(error, Exception), error if isinstance(error, Exception) else None
    found: list[Any] | None = [None] * world_size() if rank() == 0 else None
    dist.gather_object(None if rank() == 0 else mine, found)  # what is here already, a network maybe, is not packed
    STEP.under_way = False
    return [mine, *found[1:]] if found else []


class Met(BaseException):
    """Every process gives up the step: the first was told to."""


def meet() -> None:
    """Give up a step of a team in all processes, if the first was told something that waits; to be called by all."""
    if STEP.under_way and told_by_first(STEP.waiting is not None):
        raise Met


_joined = itertools.count()
_MESHES: list[Any] = []


def mesh(device: torch.device) -> Any:
    """All processes in a row, as torch's ``DeviceMesh``; let go of when the processes part."""
    from torch.distributed.device_mesh import init_device_mesh

    _MESHES.append(init_device_mesh(device.type, (world_size(),)))
    return _MESHES[-1]


def _join(backend: str) -> None:
    """Join under a name that no earlier block had: addresses that an ended group left in the store lead nowhere."""
    import_module("torch.distributed.nn.functional")  # its defaults keep, with its threads, a group that is there then
    week = timedelta(days=7)  # the first process may work long while the others wait
    store, number, size = next(iter(dist.rendezvous("env://", timeout=week)))
    named = dist.PrefixStore(f"headstart {next(_joined)}", store)
    dist.init_process_group(backend, store=named, rank=number, world_size=size, timeout=week)


def all_rows(rows: Tensor) -> Tensor:
    """The rows of all processes, (n, ...), in order of their numbers; gradients flow back to where they came from.

    Every process must give as many rows. The rows themselves where there is but one process.

    Examples
    --------
    >>> all_rows(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    if world_size() == 1:
        return rows
    from torch.distributed.nn.functional import all_gather

    return torch.cat(list(all_gather(rows)))


def told_by_first(value: Any) -> Any:
    """What the first process says, a plain Python object, in every process."""
    if world_size() == 1:
        return value
    said = [value]
    dist.broadcast_object_list(said, src=0)
    return said[0]


def values_of_first(parameters: Iterable[nn.Parameter]) -> None:
    """Give parameters the first process's values, on the CPU, one after the other; to be called by all, with as many.

    Those of the others may have any shape.
    """
    device, parameters = "cuda" if dist.get_backend() == "nccl" else "cpu", list(parameters)
    shapes = told_by_first([parameter.shape for parameter in parameters])
    for parameter, shape in zip(parameters, shapes, strict=True):
        x = parameter.detach().contiguous() if rank() == 0 else torch.empty(shape, dtype=parameter.dtype)
        x = x.to(device)
        dist.broadcast(x, src=0)
        if rank() > 0:
            parameter.data = x.cpu()


def wait_for_all() -> None:
    """Go on when every process has come here."""
    told_by_first(None)


def mean_of_all(value: float) -> float:
    """The mean of a number over the processes."""
    if world_size() == 1:
        return value
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    total = torch.tensor(value, dtype=torch.float64, device=device)
    dist.all_reduce(total)
    return float(total) / world_size()


def averaging(module: nn.Module, device: torch.device) -> nn.Module:
    """The module, its gradients averaged over the processes in every backward pass; itself where there is but one."""
    if world_size() == 1:
        return module
    devices = [torch.cuda.current_device()] if device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(module, device_ids=devices, broadcast_buffers=False)
