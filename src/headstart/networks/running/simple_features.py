"""Features without any learned network: what is measured of which kind of input, computed once an input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from headstart.data.base.reasons import BadInput
from headstart.data.base.simple import SimpleFeatures
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.registry import simple_of
from headstart.networks.running.cache import default_cache, memory_cache
from headstart.progress import Progress

_CHUNK = 256


def simple_features(inputs: Any, preprocessing: Any = None, progress: Progress | None = None) -> dict[str, np.ndarray]:
    """Describe pictures, clips or texts without any learned network.

    Parameters
    ----------
    inputs : Pictures, Clips or Texts
        n of them.
    preprocessing : Preprocessing or SoundPreprocessing, optional
        Of a network whose resized pictures or resampled clips are shared, so that nothing is decoded twice. Default:
        64 x 64 pixels, or 16 kHz.
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    dict of str to array of float32
        For pictures ``edges`` (n, 1764), ``colours`` (n, 64) and ``thumbnail`` (n, 432); for clips ``timbre`` (n, 80)
        and ``course`` (n, 161); for texts ``words`` (n, 512).

    Raises
    ------
    BadInputs
        If any cannot be decoded; it lists all of them.

    Examples
    --------
    >>> from headstart.data.pictures.pictures import Pictures
    >>> found = simple_features(Pictures([np.zeros((30, 40, 3), dtype=np.uint8)]))
    >>> {name: values.shape for name, values in found.items()}
    {'edges': (1, 1764), 'colours': (1, 64), 'thumbnail': (1, 432)}
    """
    simple = simple_of(inputs.kind)
    chosen = simple.preprocessing if simple.own else preprocessing or simple.preprocessing
    try:
        seen = chosen.key()
        keys = [inputs.digest(i) for i in range(len(inputs))]
    except BadInput:
        canvases(inputs, chosen)  # names all that cannot be read
        raise
    width = sum(simple.blocks.values())

    def run(new: list[int]) -> tuple[list[int], Iterator[np.ndarray]]:
        return new, _described(inputs, new, chosen, simple, progress)

    cache = default_cache() if inputs.keep else memory_cache()
    table = cache.rows(f"1 simple {simple.name} {seen}", keys, width, run).columns(0, width)
    ends = np.cumsum(list(simple.blocks.values()))
    return dict(zip(simple.blocks, np.split(table, ends[:-1], axis=1), strict=True))


def _described(
    inputs: Any, new: list[int], preprocessing: Any, simple: SimpleFeatures, progress: Progress | None
) -> Iterator[np.ndarray]:
    for start in range(0, len(new), _CHUNK):
        part = new[start : start + _CHUNK]
        yield simple.describe(canvases(inputs[np.array(part)], preprocessing), preprocessing)
        if progress is not None:
            progress(simple.called, start + len(part), len(new))


def side_by_side(found: dict[str, np.ndarray], *, by_column: bool) -> np.ndarray:
    """Blocks of features as one table, each scaled as a whole, or each of its columns by itself."""
    blocks = []
    for values in found.values():
        spread = values.std(axis=0) * np.sqrt(values.shape[1]) if by_column else values.std()
        blocks.append(values / np.maximum(spread, 1e-6))
    return np.concatenate(blocks, axis=1)
