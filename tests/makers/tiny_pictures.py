"""A small network for pictures, and two kinds of pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from headstart.source import NetworkSource


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(12, 5),
        )  # fmt: skip


def source(**settings: object) -> NetworkSource:
    return NetworkSource(network(), size=32, name="tiny", **settings)  # type: ignore[arg-type]


def pictures(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Reddish and bluish noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.integers(0, 200, (n, 32, 32, 3))
    X[..., 0] += np.where(y == 0, 30, 0)[:, None, None]
    X[..., 2] += np.where(y == 1, 30, 0)[:, None, None]
    return X.astype(np.uint8), np.array(["red", "blue"])[y]
