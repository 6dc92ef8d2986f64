"""Where to compute, and in which precision."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import ParameterError

if TYPE_CHECKING:  # torch is loaded where it is asked: rows of a table need none
    import torch
    from torch import nn


def pick_device(device: str) -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"`` into a torch device.

    Raises
    ------
    ParameterError
        If the device is unknown or not available on this machine.
    """
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        picked = torch.device(device)
    except RuntimeError as error:
        raise ParameterError(f"Expected device auto, cpu, cuda or mps, found {device!r}.") from error
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(picked.type, False):
        raise ParameterError(f"Device {device!r} was asked for, but this machine has none.", "Use device='auto'.")
    return picked


def free_memory(device: torch.device) -> float:
    """Bytes that this process may take: what is free of its graphics card, or of the machine, divided by the processes.

    Infinite where nothing tells.
    """
    if device.type == "cuda":
        import torch

        return float(torch.cuda.mem_get_info(device)[0])
    free = math.inf
    with contextlib.suppress(OSError):
        said = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = 1024.0 * int(said["MemAvailable"].split()[0])
    with contextlib.suppress(OSError, ValueError):  # a container's limit; "max" where it has none
        free = min(free, float(int(Path("/sys/fs/cgroup/memory.max").read_text())))
    return free / int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices natively (so that it saves time)."""
    import torch

    from headstart.networks.running.runtime import half_type

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type != "cpu":
        return False
    return half_type("cpu") is torch.bfloat16


def autocast(device: torch.device, enabled: bool) -> AbstractContextManager[object]:
    """A context in which matrix products run in bfloat16 (nothing where not enabled)."""
    if not enabled:
        return contextlib.nullcontext()
    import torch

    return torch.autocast(device.type, torch.bfloat16)


def bf16_is_sound(module: nn.Module, forward: Callable[[], object]) -> bool:
    """Whether a module's convolutions can be trained in bfloat16 on a CPU.

    Where a convolution's input is narrower than its stride, oneDNN (as in torch 2.13, on processors with AMX) gives
    gradients of its weights in bfloat16 that hold whatever was in memory, often NaN. It happens to the last stages of
    networks that are given smaller pictures than they were made for.

    Parameters
    ----------
    module : torch.nn.Module
    forward : callable
        Runs it on inputs of the size that it is to be trained with.
    """
    import torch
    from torch import nn

    narrow: list[nn.Module] = []

    def look(layer: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
        assert isinstance(layer, nn.Conv2d)
        if layer.kernel_size[-1] > 1 and args[0].shape[-1] < layer.stride[-1]:
            narrow.append(layer)

    handles = [m.register_forward_pre_hook(look) for m in module.modules() if isinstance(m, nn.Conv2d)]
    try:
        with torch.no_grad():
            forward()
    finally:
        for handle in handles:
            handle.remove()
    return not narrow
