"""From files to rows: each new picture, clip or text is decoded, cut and run once, in batches, by all processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from headstart.data.base.reasons import BadInput
from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import AnyPreprocessing, canvases, default_store, processors
from headstart.data.inputs.inputs import as_inputs, inputs_of
from headstart.data.inputs.store import CanvasStore
from headstart.errors import BadInputs, DataError
from headstart.networks.network import Network
from headstart.networks.running.told import together_with
from headstart.nn.processes import rank, team_size, world_size
from headstart.nn.threads import alone, in_workers
from headstart.progress import Progress

CHUNK_PIXELS = 8 * 224 * 224
CHUNK_SAMPLES = 16 * 16_000
CHUNK_TOKENS = 512


def inputs_for(network: Network, X: Any) -> Inputs:
    """Pictures, clips or texts, as the network takes them.

    Raises
    ------
    DataError
        If they are of another kind, or of none.
    """
    inputs, wanted = X if isinstance(X, Inputs) else as_inputs(X), network.takes
    if inputs.kind is wanted:
        return inputs
    if not len(inputs):
        return inputs_of(wanted, [])
    raise DataError(
        f"Expected {wanted.many} for the network {network.name}, found {inputs.kind.many}.",
        f"Give {wanted.many}, or take a network for {inputs.kind.many}, for instance {inputs.kind.named!r}.",
    )


def digests(network: Network, inputs: Inputs) -> list[str]:
    """Digest of each input's content.

    Raises
    ------
    BadInputs
        If a file cannot be read; it lists all that cannot be read or decoded.
    """
    found, bad = [], []
    for i in range(len(inputs)):
        try:
            found.append(inputs.digest(i))
        except BadInput as error:
            bad.append((inputs.names[i], error.reason))
    if bad:
        canvases(inputs, network.preprocessing)
        raise inputs.bad_inputs(bad)
    return found


def first_of_each(keys: Sequence[str], known: Mapping[str, np.ndarray]) -> list[int]:
    """Position of the first input of each content that is not known yet."""
    first: dict[str, int] = {}
    for i, key in enumerate(keys):
        if key not in known:
            first.setdefault(key, i)
    return list(first.values())


def running_order(network: Network, inputs: Inputs) -> np.ndarray:
    """In what order inputs are run: texts from the longest to the shortest, so that those of a batch are alike.

    Raises
    ------
    BadInputs
        If any cannot be decoded; it lists all of them.
    """
    if network.preprocessing.one_size:
        return np.arange(len(inputs))
    lengths = [len(canvas) for canvas in canvases(inputs, network.preprocessing)]
    return np.argsort(-np.array(lengths, np.int64), kind="stable")


def batches(
    network: Network,
    inputs: Inputs,
    run: Callable[[np.ndarray], np.ndarray],
    device: str,
    batch_size: int | None,
    progress: Progress | None,
    whole: bool = True,
) -> Iterator[np.ndarray]:
    """Decode, crop and run all inputs, several batches at a time; gives the results in order.

    Parameters
    ----------
    run : callable
        From a batch of arrays to a row each.
    whole : bool, default=True
        Of a clip or text of several windows: the mean over all of them, or one alone, the loudest or first.

    Raises
    ------
    BadInputs
        If any cannot be decoded; it lists all of them, also those that were not reached.
    """
    n_workers = torch.get_num_threads() if device == "cpu" else processors()
    preprocessing, done = network.preprocessing, 0
    parts = _parts_of(inputs, preprocessing, batch_size, n_workers)
    store = default_store()  # of this thread, for those that work

    def work(part: slice) -> np.ndarray:
        if whole and preprocessing.windowed:
            return _over_windows(preprocessing, inputs[part], run, batch_size, store)
        return run(arrays(network, inputs[part], store))

    try:
        for rows in in_workers(work, parts, n_workers):
            done += len(rows)
            if progress is not None:
                progress(f"embedding {inputs.kind.many}", done, len(inputs))
            yield rows
    except BadInputs:
        canvases(inputs, network.preprocessing)
        raise


def team_batches(
    network: Network,
    inputs: Inputs,
    pass_of: Callable[..., Callable[[np.ndarray], np.ndarray]],
    how: tuple[Any, ...],
    device: str,
    batch_size: int | None,
    progress: Progress | None,
    whole: bool = True,
) -> Iterator[np.ndarray]:
    """As `batches`, by all processes of a team, if there is one, each of which runs its share of the rows.

    Parameters
    ----------
    pass_of : callable
        ``pass_of(network, inputs, device, *how)`` gives the forward pass in each process: a function of a module.
    how : tuple
    """
    size = team_size()
    if size == 1:
        yield from batches(network, inputs, pass_of(network, inputs, device, *how), device, batch_size, progress, whole)
        return
    for start in range(0, len(inputs), _TOGETHER):
        part = inputs[start : start + _TOGETHER]
        parts = together_with(network, _share, part, pass_of, how, (device, batch_size, whole))
        rows = np.empty((len(part), *parts[0].shape[1:]), np.float32)
        for number, found in enumerate(parts):
            if found is not None:
                rows[number::size] = found
        if progress is not None:
            progress(f"embedding {inputs.kind.many}", start + len(part), len(inputs))
        yield rows


#: Inputs that a team runs before the rows are kept.
_TOGETHER = 1024


def _share(
    known: Network, inputs: Inputs, pass_of: Any, how: tuple[Any, ...], run: tuple[Any, ...]
) -> np.ndarray | None:
    """The rows of this process: every so many-th of the inputs; None where there are fewer inputs than processes."""
    device, batch_size, whole = run
    mine = inputs[np.arange(rank(), len(inputs), world_size())]
    if not len(mine):
        return None
    device = f"cuda:{torch.cuda.current_device()}" if torch.device(device).type == "cuda" else device
    found = batches(known, mine, pass_of(known, mine, device, *how), device, batch_size, None, whole)
    return np.concatenate(list(found))


def in_parts(run: Callable[[torch.Tensor], np.ndarray], batch: torch.Tensor) -> np.ndarray:
    """Rows of a batch (N, C, H, W), (N, samples) or (N, L), run in parts as `batches` would, to equal those exactly.

    Which kernel computes a convolution depends on the size of the batch and the number of threads; that changes the
    last digits.
    """
    size = _fitting(tuple(batch.shape[2:]) if batch.ndim > 2 else tuple(batch.shape[1:]))
    if batch.is_cuda or len(batch) <= size:
        return alone(lambda: run(batch))
    parts = [batch[part] for part in _parts(len(batch), size, torch.get_num_threads())]
    return np.concatenate(list(in_workers(run, parts)))


def arrays(network: Network, inputs: Inputs, store: CanvasStore | None = None) -> np.ndarray:
    """Inputs at the network's size: pictures (n, H, W, 3) in uint8, the loudest window of each clip (n, samples) in
    float32, the first of each text (n, L) in int32."""
    preprocessing = network.preprocessing
    found = canvases(inputs, preprocessing, store, threads=1)
    return preprocessing.stack([preprocessing.centre(canvas) for canvas in found])


def space_of(network: Network, what: str) -> str:
    """Name under which rows are cached: what they are, of which weights, after which preprocessing."""
    return f"1 {what} {network.digest} {network.preprocessing.key()}"


def _over_windows(
    preprocessing: AnyPreprocessing,
    inputs: Inputs,
    run: Callable[[np.ndarray], np.ndarray],
    size: int | None,
    store: CanvasStore,
) -> np.ndarray:
    """Mean row of each clip or text over its windows; those of several share a batch, and long ones take several."""
    windows = [preprocessing.windows(canvas) for canvas in canvases(inputs, preprocessing, store, threads=1)]
    size = size or rows_a_pass(preprocessing)
    counts = np.array([len(part) for part in windows])
    owner = np.repeat(np.arange(len(windows)), counts)
    total: np.ndarray | None = None
    for start in range(0, len(owner), size):
        clip = owner[start : start + size]
        first = np.concatenate([[0], np.cumsum(counts)])[clip]
        place = np.arange(start, start + len(clip)) - first
        rows = run(preprocessing.stack([windows[i][k] for i, k in zip(clip, place, strict=True)]))
        total = np.zeros((len(windows), *rows.shape[1:]), np.float64) if total is None else total
        np.add.at(total, clip, rows)
    assert total is not None
    return (total / counts.reshape(-1, *[1] * (total.ndim - 1))).astype(np.float32)


def rows_a_pass(preprocessing: AnyPreprocessing) -> int:
    """How many inputs of the largest size fit the processor's caches."""
    if preprocessing.one_size:
        return _fitting(preprocessing.size)
    return max(4, CHUNK_TOKENS // preprocessing.size[0])


def _fitting(size: tuple[int, ...]) -> int:
    """How many inputs of this size, (height, width) or (samples,), fit."""
    fitting = CHUNK_SAMPLES // size[0] if len(size) == 1 else CHUNK_PIXELS // (size[0] * size[1])
    return min(64, max(8, fitting))


def _parts_of(inputs: Inputs, preprocessing: AnyPreprocessing, batch_size: int | None, n_workers: int) -> list[slice]:
    """Batches of inputs; of texts, which come by length, as many as have about as many tokens together."""
    if batch_size is not None or preprocessing.one_size:
        return _parts(len(inputs), batch_size or rows_a_pass(preprocessing), n_workers)
    lengths = [len(canvas) for canvas in canvases(inputs, preprocessing, threads=1)]
    parts, start = [], 0
    for i, length in enumerate(lengths):
        longest = max(length, lengths[start])
        if i > start and (i + 1 - start) * longest > CHUNK_TOKENS:
            parts.append(slice(start, i))
            start = i
    return [*parts, slice(start, len(inputs))] if lengths else []


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
