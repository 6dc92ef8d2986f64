"""Batches whose order and augmentation follow from the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.data.canvases import AnyPreprocessing
from headstart.data.variants import AnyAugmentation, variant
from headstart.networks.runtime import to_tensor


@dataclass(frozen=True)
class Batch:
    """Inputs, targets (N, K) and row weights (N,) of one step, on the device."""

    x: Tensor
    Y: Tensor
    weight: Tensor


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Number of batches of nearly equal size that n rows are dealt into."""
    return max(1, round(n / batch_size))


def batch_rows(n: int, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Rows of each batch of an epoch: a fresh permutation, dealt into batches of nearly equal size.

    Examples
    --------
    >>> [len(rows) for rows in batch_rows(10, 4, seed=0, epoch=0)]
    [5, 5]
    """
    order = np.random.default_rng([seed, epoch]).permutation(n)
    return np.array_split(order, steps_per_epoch(n, batch_size))


def stored_batches(
    rows: np.ndarray, Y: np.ndarray, weight: np.ndarray, batch_size: int, seed: int, device: torch.device
) -> Callable[[int], Iterator[Batch]]:
    """Batches of numbers that are there already: features, or activations at a boundary (memory-mapped or not).

    Parameters
    ----------
    rows : ndarray of shape (n, ...)
    Y : ndarray of shape (n, K)
    weight : ndarray of shape (n,)
    """
    targets, weights = _to(Y, device), _to(weight, device)

    def batches(epoch: int) -> Iterator[Batch]:
        for index in batch_rows(len(rows), batch_size, seed, epoch):
            chosen = torch.from_numpy(index)
            yield Batch(_to(rows[np.sort(index)][_rank(index)], device), targets[chosen], weights[chosen])

    return batches


def canvas_batches(
    canvases: list[np.ndarray],
    preprocessing: AnyPreprocessing,
    Y: np.ndarray,
    weight: np.ndarray,
    *,
    batch_size: int,
    seed: int,
    device: torch.device,
    augmentation: AnyAugmentation | None,
) -> Callable[[int], Iterator[Batch]]:
    """Batches of pictures, clips or texts, augmented; the next one is made in a thread while the present one is used.

    Every one's augmentation has its own generator (seed, epoch, row), so it does not depend on its batch.
    """
    targets, weights = _to(Y, device), _to(weight, device)

    def make(epoch: int, index: np.ndarray) -> Batch:
        arrays = [
            variant(canvases[i], preprocessing, augmentation, np.random.default_rng([seed, epoch, int(i)]))
            for i in index
        ]
        chosen = torch.from_numpy(index)
        x = to_tensor(preprocessing.stack(arrays), preprocessing).to(device)
        return Batch(x, targets[chosen], weights[chosen])

    def batches(epoch: int) -> Iterator[Batch]:
        return ahead(make, [(epoch, index) for index in batch_rows(len(canvases), batch_size, seed, epoch)])

    return batches


def ahead(make: Callable[..., Batch], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Batch]:
    """Call ``make`` for each of the arguments in order, one call ahead of the reader, in a thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for argument in arguments:
            following = pool.submit(make, *argument)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()


def _rank(index: np.ndarray) -> np.ndarray:
    """Where each entry of ``index`` stands in its sorted order, so that a memory map is read in one sweep."""
    rank = np.empty_like(index)
    rank[np.argsort(index)] = np.arange(len(index))
    return rank


def _to(array: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)
