"""Batches whose order and augmentation follow from the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.data.inputs.variants import AnyAugmentation, variant
from headstart.networks.running.runtime import to_tensor
from headstart.training.prefetch import ahead


@dataclass(frozen=True)
class Batch:
    """Inputs, targets (N, K) and row weights (N,) of one step, on the device."""

    x: Tensor
    Y: Tensor
    weight: Tensor


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Number of batches of nearly equal size that n rows are dealt into."""
    return max(1, round(n / batch_size))


#: Batches whose rows are sorted by length together.
_SORTED_TOGETHER = 8


def batch_rows(n: int, batch_size: int, seed: int, epoch: int, lengths: np.ndarray | None = None) -> list[np.ndarray]:
    """Rows of each batch of an epoch: a fresh permutation, dealt into batches of nearly equal size.

    Parameters
    ----------
    lengths : ndarray of int, shape (n,), optional
        With these each eight batches that follow each other are sorted by length before they are dealt, and all come
        in an order at random: the rows of a batch are then about as long, and little is computed for padding.

    Examples
    --------
    >>> [len(rows) for rows in batch_rows(10, 4, seed=0, epoch=0)]
    [5, 5]
    >>> sorted(rows.tolist() for rows in batch_rows(4, 2, seed=0, epoch=0, lengths=np.array([9, 3, 9, 3])))
    [[0, 2], [1, 3]]
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(n)
    n_batches = steps_per_epoch(n, batch_size)
    if lengths is None:
        return np.array_split(order, n_batches)
    groups = np.array_split(order, -(-n_batches // _SORTED_TOGETHER))
    alike = np.concatenate([group[np.argsort(-lengths[group], kind="stable")] for group in groups])
    dealt = np.array_split(alike, n_batches)
    return [np.sort(dealt[i]) for i in rng.permutation(n_batches)]


def balanced_rows(codes: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Rows of each batch of an epoch, equally many of each class and at least two where a class has two.

    Where a batch cannot hold two rows of every class, each batch is of other classes. Rows of a class are drawn without
    repetition within a batch and anew for the next, so rare classes come as often as the others. There are as many
    batches as `batch_rows` gives.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Class of each row.
    batch_size : int >= 1

    Examples
    --------
    >>> codes = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    >>> [np.bincount(codes[rows]).tolist() for rows in balanced_rows(codes, 4, seed=0, epoch=0)]
    [[2, 2], [2, 2]]
    """
    generator = np.random.default_rng([seed, epoch])
    classes = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    together = min(len(classes), max(2, batch_size // 2))
    each = max(2, batch_size // together)
    found = []
    for _ in range(steps_per_epoch(len(codes), batch_size)):
        chosen = [classes[c] for c in generator.choice(len(classes), together, replace=False)]
        found.append(np.concatenate([generator.choice(rows, min(each, len(rows)), replace=False) for rows in chosen]))
    return found


def _dealt(
    n: int, codes: np.ndarray | None, batch_size: int, seed: int, epoch: int, lengths: np.ndarray | None = None
) -> list[np.ndarray]:
    """Rows of each batch: of all classes alike where classes are given, else of about one length where those are."""
    if codes is None:
        return batch_rows(n, batch_size, seed, epoch, lengths)
    return balanced_rows(codes, batch_size, seed, epoch)


def stored_batches(
    rows: np.ndarray,
    Y: np.ndarray,
    weight: np.ndarray,
    batch_size: int,
    seed: int,
    device: torch.device,
    codes: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    chosen: np.ndarray | None = None,
) -> Callable[[int], Iterator[Batch]]:
    """Batches of numbers that are there already: features, or activations at a boundary (memory-mapped or not).

    Parameters
    ----------
    rows : ndarray of shape (m, ...)
    Y : ndarray of shape (n, K)
    weight : ndarray of shape (n,)
    codes : ndarray of int, shape (n,), optional
        Classes that every batch holds alike, see `balanced_rows`.
    lengths : ndarray of int, shape (n,), optional
        Of texts, whose batches are of about one length each, see `batch_rows`.
    chosen : ndarray of int, shape (n,), optional
        Which of the rows they are; by default all m.
    """
    targets, weights = _to(Y, device), _to(weight, device)
    held = None if isinstance(rows, np.memmap) else torch.from_numpy(np.asarray(rows, np.float32))

    def make(index: np.ndarray) -> Batch:
        own, place = torch.from_numpy(index), index if chosen is None else chosen[index]
        if held is None:  # read from the disk in one sweep
            x = torch.from_numpy(np.asarray(rows[np.sort(place)], np.float32))[torch.from_numpy(_rank(place))]
        else:
            x = held[torch.from_numpy(place)]
        return Batch(onto(x, device), targets[own.to(device)], weights[own.to(device)])

    def batches(epoch: int) -> Iterator[Batch]:
        made = map(make, _dealt(len(Y), codes, batch_size, seed, epoch, lengths))
        return made if held is not None and device.type == "cpu" else ahead(made)

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
    codes: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
) -> Callable[[int], Iterator[Batch]]:
    """Batches of pictures, clips or texts, augmented; the next one is made in a thread while the present one is used.

    Every one's augmentation has its own generator (seed, epoch, row), so it does not depend on its batch. Texts of
    about one length share a batch.
    """
    targets, weights = _to(Y, device), _to(weight, device)

    def make(epoch: int, index: np.ndarray) -> Batch:
        arrays = [
            variant(canvases[i], preprocessing, augmentation, np.random.default_rng([seed, epoch, int(i)]))
            for i in index
        ]
        own = torch.from_numpy(index).to(device)
        x = onto(to_tensor(preprocessing.stack(arrays), preprocessing), device)
        return Batch(x, targets[own], weights[own])

    def batches(epoch: int) -> Iterator[Batch]:
        dealt = _dealt(len(canvases), codes, batch_size, seed, epoch, lengths)
        return ahead(make(epoch, index) for index in dealt)

    return batches


def onto(x: Tensor, device: torch.device) -> Tensor:
    """A batch on the device; to a GPU from pinned memory, so that the copy overlaps with the step before."""
    if device.type == "cuda":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)


def _rank(index: np.ndarray) -> np.ndarray:
    """Where each entry of ``index`` stands in its sorted order, so that a memory map is read in one sweep."""
    rank = np.empty_like(index)
    rank[np.argsort(index)] = np.arange(len(index))
    return rank


def _to(array: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)
