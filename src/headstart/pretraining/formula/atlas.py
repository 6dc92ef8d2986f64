"""Small drawings that pictures look up: kept once a device, sampled in batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

Atlas = Callable[[int, int], np.ndarray]  # of (n_classes, seed)


@lru_cache(maxsize=32)
def on_device(atlas: Atlas, n_classes: int, seed: int, device: torch.device) -> Tensor:
    """What ``atlas(n_classes, seed)`` gives, on a device; sent there once.

    Examples
    --------
    >>> on_device(lambda n_classes, seed: np.zeros((n_classes, 8, 8)), 3, 0, torch.device("cpu")).shape
    torch.Size([3, 8, 8])
    """
    return torch.from_numpy(atlas(n_classes, seed)).to(device)
