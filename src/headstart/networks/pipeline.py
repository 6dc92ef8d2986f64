"""From files to rows: each new picture is decoded, cropped and run once, in batches, by all processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch

from headstart.data.canvases import canvases, processors
from headstart.data.pictures import Pictures
from headstart.data.progress import Progress
from headstart.data.reasons import BadPicture
from headstart.errors import BadPictures
from headstart.networks.network import Network
from headstart.networks.workers import alone, in_workers

CHUNK_PIXELS = 8 * 224 * 224


def digests(network: Network, pictures: Pictures) -> list[str]:
    """Digest of each picture's content.

    Raises
    ------
    BadPictures
        If a file cannot be read; it lists all that cannot be read or decoded.
    """
    found, bad = [], []
    for i in range(len(pictures)):
        try:
            found.append(pictures.digest(i))
        except BadPicture as error:
            bad.append((pictures.names[i], error.reason))
    if bad:
        canvases(pictures, network.preprocessing)
        raise BadPictures(bad)
    return found


def first_of_each(keys: Sequence[str], known: Mapping[str, np.ndarray]) -> list[int]:
    """Position of the first picture of each content that is not known yet."""
    first: dict[str, int] = {}
    for i, key in enumerate(keys):
        if key not in known:
            first.setdefault(key, i)
    return list(first.values())


def batches(
    network: Network,
    pictures: Pictures,
    run: Callable[[np.ndarray], np.ndarray],
    device: str,
    batch_size: int | None,
    progress: Progress | None,
) -> Iterator[np.ndarray]:
    """Decode, crop and run all pictures, several batches at a time; gives the results in order.

    Raises
    ------
    BadPictures
        If any cannot be decoded; it lists all of them, also those that were not reached.
    """
    n_workers = torch.get_num_threads() if device == "cpu" else processors()
    height, width = network.preprocessing.size
    size = min(64, max(8, CHUNK_PIXELS // (height * width))) if batch_size is None else batch_size
    done = 0
    try:
        for rows in in_workers(
            lambda part: run(pixels(network, pictures[part])), _parts(len(pictures), size, n_workers), n_workers
        ):
            done += len(rows)
            if progress is not None:
                progress("embedding pictures", done, len(pictures))
            yield rows
    except BadPictures:
        canvases(pictures, network.preprocessing)
        raise


def in_parts(run: Callable[[torch.Tensor], np.ndarray], batch: torch.Tensor) -> np.ndarray:
    """Rows of a batch (N, C, H, W), run in parts as `batches` would, so that they equal those to the last bit.

    Which kernel computes a convolution depends on the size of the batch and the number of threads; that changes the
    last digits.
    """
    size = min(64, max(8, CHUNK_PIXELS // (batch.shape[-1] * batch.shape[-2])))
    if batch.is_cuda or len(batch) <= size:
        return alone(lambda: run(batch))
    parts = [batch[part] for part in _parts(len(batch), size, torch.get_num_threads())]
    return np.concatenate(list(in_workers(run, parts)))


def pixels(network: Network, pictures: Pictures) -> np.ndarray:
    """Pictures at the network's input size, (n, H, W, 3) in uint8."""
    preprocessing = network.preprocessing
    return np.stack([preprocessing.centre(canvas) for canvas in canvases(pictures, preprocessing, threads=1)])


def sample(network: Network, pictures: Pictures, chosen: np.ndarray) -> np.ndarray:
    """Some of the pictures at the network's input size."""
    try:
        return pixels(network, pictures[chosen])
    except BadPictures:
        canvases(pictures, network.preprocessing)
        raise


def space_of(network: Network, what: str) -> str:
    """Name under which rows are cached: what they are, of which weights, after which preprocessing."""
    return f"1 {what} {network.digest} {network.preprocessing.key()}"


def _parts(n: int, size: int, n_workers: int) -> list[slice]:
    """Batches of `size`, smaller ones towards the end so that all workers end together.

    Examples
    --------
    >>> [part.stop - part.start for part in _parts(40, 8, 2)]
    [8, 8, 6, 5, 4, 3, 2, 2, 2]
    """
    parts, start = [], 0
    while start < n:
        length = min(size, max(2, -(-(n - start) // (2 * n_workers))), n - start)
        parts.append(slice(start, start + length))
        start += length
    return parts
