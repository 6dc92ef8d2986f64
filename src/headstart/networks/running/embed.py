"""Pictures, clips or texts through a frozen network: features for heads, activations where training begins."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.running.cache import FeatureCache, default_cache
from headstart.networks.running.entry import IN_MEMORY, Entry, array_for, common_length
from headstart.networks.running.features import Features
from headstart.networks.running.kept_rows import KeptRows
from headstart.networks.running.pipeline import (
    batches,
    digests,
    first_of_each,
    inputs_for,
    running_order,
    space_of,
    team_batches,
)
from headstart.networks.running.precision import must_be_exact
from headstart.networks.running.runners import Forward, asked_for, one_pass, runner_for, tried_on
from headstart.networks.running.runtime import Layout, layout_of
from headstart.nn.processes import team_size
from headstart.progress import Progress

#: Bytes of features up to which all of them are held in memory.
HELD = 64 << 20


class StoredFeatures(Features):
    """Features of many inputs: depths and grids are read when they are asked for, and not held.

    Parameters
    ----------
    rows : KeptRows
    layout : Layout
        What stands in their columns.
    """

    held = False
    rows: KeptRows
    layout: Layout

    def __init__(self, rows: KeptRows, layout: Layout) -> None:
        self.__dict__.update(rows=rows, layout=layout)

    @property
    def n_values(self) -> int:
        """Values of a row, all parts together."""
        return self.layout.n_values

    def __getitem__(self, index: Any) -> Features:
        return features_of(self.rows[index], self.layout)

    def __len__(self) -> int:
        return len(self.rows)

    @functools.cached_property
    def output(self) -> np.ndarray:
        """Input of the output layer; held, for every head needs it."""
        return self._part(0)

    @property
    def depths(self) -> tuple[np.ndarray, ...]:
        """Means over space of the blocks."""
        return tuple(map(self._part, range(1, 1 + len(self.layout.blocks))))

    @property
    def grids(self) -> tuple[np.ndarray, ...]:
        """Means over the cells of a grid."""
        return tuple(map(self._part, range(1 + len(self.layout.blocks), len(self.layout.widths))))

    def _part(self, number: int) -> np.ndarray:
        ends = np.cumsum([0, *self.layout.widths])
        return self.rows.columns(int(ends[number]), int(ends[number + 1]))


def features_of(rows: KeptRows, layout: Layout) -> Features:
    """Features in memory where they are few, and otherwise where they are kept."""
    if rows.nbytes > HELD:
        return StoredFeatures(rows, layout)
    parts = np.split(rows.columns(0, layout.n_values), np.cumsum(layout.widths)[:-1], axis=1)
    output, *others = map(np.ascontiguousarray, parts)
    blocks = len(layout.blocks)
    return Features(output, tuple(others[:blocks]), tuple(others[blocks:]))


def embed(
    network: Network,
    inputs: Any,
    *,
    device: str = "cpu",
    batch_size: int | None = None,
    progress: Progress | None = None,
    cache: FeatureCache | None = None,
    exact: bool = False,
) -> Features:
    """Run each picture, clip or text through the network once, ever.

    Those whose features are cached (by content, preprocessing and weights) are neither decoded nor computed. The others
    are decoded, run and pooled by one thread a processor. Where the processor has 16-bit arithmetic it is used, if on
    some of these inputs it makes no difference that a head could notice. A clip longer than the network's window is cut
    into windows that overlap by half, and its row is the mean of theirs. Texts are run by length, in batches of about
    as many tokens, so that little is computed for padding; a long one is cut as the preprocessing says.

    Parameters
    ----------
    network : Network
        Its module is not changed.
    inputs : Pictures or Clips, or what `as_inputs` takes
        n of them, of the kind that the network takes.
    device : str, default="cpu"
        "cpu" or "cuda".
    batch_size : int, optional
        Inputs in one forward pass; by default what fits the processor's caches.
    progress : callable, optional
        Called as ``progress("embedding pictures", done, n)``, or "embedding clips".
    cache : FeatureCache, optional
        By default the one that the process shares.
    exact : bool, default=False
        Only float32 arithmetic, as for predictions that must equal the network's own; not inside
        `headstart.networks.running.precision.as_fitted`.

    Returns
    -------
    Features
        Of n rows, in order.

    Raises
    ------
    BadPictures, BadClips
        If any cannot be decoded; it lists all of them.
    DataError
        If they are not of the kind that the network takes.
    """
    inputs = inputs_for(network, inputs)
    cache = default_cache() if cache is None else cache
    layout = layout_of(network.chain)
    exact = must_be_exact(exact) or one_pass(device)
    space = space_of(network, f"{'exact ' if exact else ''}features {layout.blocks} {layout.grids}")
    keys = digests(network, inputs)
    asked = (None, 0) if exact else asked_for(network, inputs)

    def run(new: list[int]) -> tuple[list[int], Iterable[np.ndarray]]:
        order = [new[i] for i in running_order(network, inputs[new])]
        return order, team_batches(network, inputs[order], _runner, (exact, *asked), device, batch_size, progress)

    return features_of(cache.rows(space, keys, layout.n_values, run), layout)


def _runner(network: Network, todo: Inputs, device: str, exact: bool, trial: Inputs | None, most: int) -> Forward:
    sample = None if trial is None else functools.partial(tried_on, network, trial, todo)
    return runner_for(network, device, exact, sample, most)


def _entry(network: Network, _: Inputs, device: str, block: str, length: int | None) -> Entry:
    return Entry(network, block, device, length)


def boundary(
    network: Network,
    inputs: Any,
    k: int,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
    cache: FeatureCache | None = None,
) -> np.ndarray:
    """Activations that enter the last k blocks, each picture or clip computed once, ever.

    They come from an unfolded float32 pass, so that training from them equals training with the full forward pass.
    Up to 1 GiB is given as an array in memory, more as a memory-mapped file. Of a clip longer than the network's window
    it is the loudest window's. Activations of texts are (n, T, channels) with NaN where a text has no token; T is a
    power of two or the network's window.

    Parameters
    ----------
    k : int
        Number of blocks behind the boundary, from 0 to one less than there are.
    network, inputs, device, progress, cache
        As in `embed`.

    Returns
    -------
    ndarray or memmap, (n, *shape), float32
        To be read only.

    Raises
    ------
    ParameterError
        If there is no boundary for this k.
    BadPictures, BadClips
        If any cannot be decoded; it lists all of them.
    """
    blocks = network.chain.blocks
    if not 0 <= k < len(blocks):
        raise ParameterError(
            f"Expected a number of trained blocks from 0 to {len(blocks) - 1} for {network.name}, found {k}. "
            f"{network.chain.note}".strip(),
            "To train every block, run the whole network instead.",
        )
    inputs = inputs_for(network, inputs)
    cache = default_cache() if cache is None else cache
    length = common_length(network, inputs)
    space = space_of(network, f"boundary {blocks[-k - 1]}{'' if length is None else f' {length}'}")
    keys = digests(network, inputs)
    whole = cache.mapped(space, keys)
    if whole is not None and whole.nbytes > IN_MEMORY:
        return whole
    known = cache.get(space, keys)
    new = first_of_each(keys, known)
    new = [new[i] for i in running_order(network, inputs[new])] if new else new
    entry = Entry(network, blocks[-k - 1], device, length) if new or not keys else None
    shape = next(iter(known.values())).shape if entry is None else entry.shape
    rows = array_for(len(keys), shape)
    place: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        place.setdefault(key, []).append(i)
        if key in known:
            rows[i] = known[key]
    if entry is not None and new:
        start = 0
        todo, how = inputs[new], (blocks[-k - 1], length)
        alone = team_size() == 1
        one = batches(network, todo, entry, device, None, progress, whole=False)
        for batch in one if alone else team_batches(network, todo, _entry, how, device, None, progress, whole=False):
            for i, row in zip(new[start : start + len(batch)], batch, strict=True):
                rows[place[keys[i]]] = row
            start += len(batch)
        cache.put(space, [keys[i] for i in new], (rows[new[i : i + 64]] for i in range(0, len(new), 64)), shape)
    return rows
