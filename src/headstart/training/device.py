"""Where to compute, and in which precision."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch

from headstart.errors import ParameterError
from headstart.networks.runtime import half_type


def pick_device(device: str) -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"`` into a torch device.

    Raises
    ------
    ParameterError
        If the device is unknown or not available on this machine.
    """
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


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices natively (so that it saves time)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type != "cpu":
        return False
    return half_type("cpu") is torch.bfloat16


def autocast(device: torch.device, enabled: bool) -> AbstractContextManager[object]:
    """A context in which matrix products run in bfloat16 (nothing where not enabled)."""
    if not enabled:
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
