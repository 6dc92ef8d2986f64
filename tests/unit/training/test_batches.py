"""Batches of stored rows: the same from memory and from a file, of some rows, and on their way to a device."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from headstart.training.batches import onto, stored_batches

CPU = torch.device("cpu")


def test_some_rows_come_as_if_they_were_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(20, 5, 4, 3)).astype(np.float32).transpose(0, 3, 1, 2)
    file = np.memmap(tmp_path / "rows", np.float32, "w+", 0, (20, 5, 4, 3)).transpose(0, 3, 1, 2)
    file[:] = maps
    assert isinstance(file, np.memmap)
    chosen = np.array([17, 2, 3, 11, 0, 8, 19])
    Y, weight = rng.normal(size=(7, 2)), np.arange(1.0, 8)
    wanted, *others = (
        list(stored_batches(rows, Y, weight, 3, 1, CPU, chosen=places)(4))
        for rows, places in ((maps[chosen], None), (maps, chosen), (file, chosen))
    )
    assert sorted(float(w) for batch in wanted for w in batch.weight) == list(range(1, 8))
    for batches in others:
        for own, other in zip(wanted, batches, strict=True):
            assert torch.equal(own.x, other.x)
            assert torch.equal(own.Y, other.Y)
            assert torch.equal(own.weight, other.weight)


def test_batches_for_a_gpu_are_copied_from_pinned_memory_without_waiting() -> None:
    asked: list[Any] = []

    class Asked:
        def pin_memory(self) -> Asked:
            asked.append("pinned")
            return self

        def to(self, device: torch.device, non_blocking: bool = False) -> Asked:
            asked.append((device.type, non_blocking))
            return self

    onto(cast(Any, Asked()), torch.device("cuda"))
    assert asked == ["pinned", ("cuda", True)]
    x = torch.ones(2)
    assert onto(x, CPU) is x
