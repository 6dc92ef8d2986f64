"""Features without any learned network: what is measured of which kind of input, computed once an input."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from headstart.data.base.reasons import BadInput
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.registry import simple_of
from headstart.progress import Progress

_CHUNK = 256
_LIMIT = 256 * 2**20
_kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
_lock = threading.Lock()


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
        keys = [(inputs.digest(i), seen) for i in range(len(inputs))]
    except BadInput:
        canvases(inputs, chosen)  # names all that cannot be read
        raise
    with _lock:
        rows = {key: _kept[key] for key in set(keys) if key in _kept}
    missing = [i for i, key in enumerate(keys) if key not in rows]
    for start in range(0, len(missing), _CHUNK):
        part = missing[start : start + _CHUNK]
        for i, row in zip(part, simple.describe(canvases(inputs[np.array(part)], chosen), chosen), strict=True):
            rows[keys[i]] = row
        if progress is not None:
            progress(simple.called, min(start + _CHUNK, len(missing)), len(missing))
    _keep({keys[i]: rows[keys[i]] for i in missing})
    ends = np.cumsum(list(simple.blocks.values()))
    table = np.stack([rows[key] for key in keys]) if keys else np.zeros((0, ends[-1]), dtype=np.float32)
    return dict(zip(simple.blocks, np.split(table, ends[:-1], axis=1), strict=True))


def side_by_side(found: dict[str, np.ndarray], *, by_column: bool) -> np.ndarray:
    """Blocks of features as one table, each scaled as a whole, or each of its columns by itself."""
    blocks = []
    for values in found.values():
        spread = values.std(axis=0) * np.sqrt(values.shape[1]) if by_column else values.std()
        blocks.append(values / np.maximum(spread, 1e-6))
    return np.concatenate(blocks, axis=1)


def _keep(rows: dict[tuple[str, str], np.ndarray]) -> None:
    with _lock:
        _kept.update(rows)
        total = sum(row.nbytes for row in _kept.values())
        while total > _LIMIT:
            total -= _kept.popitem(last=False)[1].nbytes
