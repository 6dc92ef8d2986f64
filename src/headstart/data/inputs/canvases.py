"""Resized pictures, resampled clips and texts in tokens, decoded once in several threads and kept."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import numpy as np

from headstart.data.base.reasons import BadInput
from headstart.data.base.rows import Inputs
from headstart.data.inputs.store import CanvasStore
from headstart.errors import DataError
from headstart.progress import Progress

AnyPreprocessing: TypeAlias = Any
"""The form in which a kind's networks take inputs: what the `preprocessing` of its registry entry makes."""
Seen: TypeAlias = Any
"""What inputs can be looked at through: a preprocessing, or a form without a network, as `PlainText`."""
Visit = Callable[[int, np.ndarray], None]
#: Inputs that wait for a thread.
_AT_ONCE = 4096


def canvases(
    inputs: Inputs,
    preprocessing: Seen,
    store: CanvasStore | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[np.ndarray]:
    """Decode and resize pictures, resample clips, or turn texts into tokens, each at most once a process.

    Parameters
    ----------
    inputs : Pictures, Clips or Texts
        n of them.
    preprocessing : Preprocessing, SoundPreprocessing or TextPreprocessing
        Says how to resize, resample or tokenise.
    store : CanvasStore, optional
        Where canvases are kept. Default: `default_store`.
    threads : int, optional
        How many decode at a time. Default: one a processor that this process may use.
    progress : callable, optional
        Called as ``progress("reading pictures", done, n)``, or "reading clips", "reading texts".

    Returns
    -------
    list of n ndarray
        Of pictures (h, w, 3) in uint8, of clips (T,) in float32, of texts (T,) in int32. Read-only; the store
        shares them.

    Raises
    ------
    BadPictures, BadClips, BadTexts
        If any cannot be decoded; it lists all of them, each with its reason.
    """
    found, bad = readable_canvases(inputs, preprocessing, store, threads, progress)
    if bad:
        raise inputs.bad_inputs([(inputs.names[i], reason) for i, reason in bad])
    return [canvas for canvas in found if canvas is not None]


def readable_canvases(
    inputs: Inputs,
    preprocessing: Seen,
    store: CanvasStore | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[list[np.ndarray | None], list[tuple[int, str]]]:
    """Do as :func:`canvases` does, and hand back the broken inputs instead of raising.

    Returns
    -------
    canvases : list of ndarray or None
        None where an input is broken.
    bad : list of (int, str)
        Position and reason of each broken input.
    """
    found: list[np.ndarray | None] = [None] * len(inputs)

    def see(i: int, canvas: np.ndarray) -> None:
        found[i] = canvas

    return found, look_through(inputs, preprocessing, see, store, threads, progress)


def readable(inputs: Inputs, preprocessing: Seen) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Positions of the inputs that can be decoded, and names of the others with the reasons.

    Raises
    ------
    DataError
        If none can.
    """
    bad = look_through(inputs, preprocessing, lambda i, canvas: None)
    broken = [(inputs.names[i], reason) for i, reason in bad]
    if broken and len(broken) == len(inputs):
        name, reason = broken[0]
        raise DataError(f"Expected readable {inputs.kind.many}, found none: {name}: {reason}.", "Give other files.")
    return np.setdiff1d(np.arange(len(inputs)), [i for i, _ in bad]), broken


def look_through(
    inputs: Inputs,
    preprocessing: Seen,
    visit: Visit,
    store: CanvasStore | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[tuple[int, str]]:
    """Decode as :func:`canvases` does and look at each canvas; none is held, however many there are.

    Parameters
    ----------
    visit : callable
        Called in the decoding threads as ``visit(i, canvas)``.

    Returns
    -------
    list of (int, str)
        Position and reason of each broken input.
    """
    store = default_store() if store is None else store
    key, inputs = preprocessing.canvas_key(), inputs.seen_by(preprocessing)
    bad: list[tuple[int, str]] = []

    def work(i: int) -> None:
        try:
            canvas = _canvas(inputs, i, preprocessing, key, store)
        except BadInput as error:
            bad.append((i, error.reason))
        else:
            visit(i, canvas)

    def told(done: int) -> None:
        if progress is not None:
            progress(f"reading {inputs.kind.many}", done, len(inputs))

    _in_threads(work, len(inputs), threads or processors(), told)
    return sorted(bad)


def processors() -> int:
    """Number of processors that this process may use, at most 32."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 32)


def default_store() -> CanvasStore:
    """The store that this process shares; inside `own_store` that one."""
    own = _OWN.get()
    return _shared() if own is None else own  # a store without canvases is false


@contextmanager
def own_store() -> Iterator[CanvasStore]:
    """A store for what will not come again, forgotten at the end; inside another one that one goes on.

    It counts in the thread that enters it: work for others takes the store along.

    Examples
    --------
    >>> with own_store() as store, own_store() as inner:
    ...     default_store() is store is inner
    True
    """
    outer = _OWN.get()
    if outer is not None:
        yield outer
        return
    store = CanvasStore()
    token = _OWN.set(store)
    try:
        yield store
    finally:
        _OWN.reset(token)
        store.clear()


_OWN: ContextVar[CanvasStore | None] = ContextVar("own store of canvases", default=None)


@functools.cache
def _shared() -> CanvasStore:
    return CanvasStore()


def _canvas(inputs: Inputs, i: int, preprocessing: Seen, key: str, store: CanvasStore) -> np.ndarray:
    digest = inputs.known_digest(i)
    kept = None if digest is None else store.get(digest, key)
    if kept is not None:
        return kept
    decoded, digest = inputs.load(i, preprocessing.enough)
    canvas = preprocessing.canvas(decoded)
    return store.put(digest, key, canvas) if inputs.keep else canvas


def _in_threads(work: Callable[[int], None], n: int, threads: int, told: Callable[[int], None]) -> None:
    pool = ThreadPoolExecutor(max(1, min(threads, n))) if threads > 1 and n > 1 else None
    done = 0
    try:
        for start in range(0, n, _AT_ONCE):  # a pool keeps something for each that waits
            part = range(start, min(n, start + _AT_ONCE))
            for _ in map(work, part) if pool is None else pool.map(work, part):
                done += 1
                told(done)
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


class Canvases(Sequence[np.ndarray]):
    """The canvases of some inputs, each brought when it is asked for.

    Parameters
    ----------
    inputs : Inputs
    preprocessing : Preprocessing, SoundPreprocessing or TextPreprocessing
    rows : array of int
        Which of the inputs.
    """

    def __init__(self, inputs: Inputs, preprocessing: Seen, rows: np.ndarray) -> None:
        self.inputs, self.preprocessing, self.rows = inputs, preprocessing, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        chosen = self.rows[place]
        if isinstance(place, slice | np.ndarray):
            return Canvases(self.inputs, self.preprocessing, chosen)
        return canvases(self.inputs[np.array([chosen])], self.preprocessing, threads=1)[0]
