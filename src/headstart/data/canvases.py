"""Resized pictures, decoded once in several threads and kept."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from headstart.data.pictures import Pictures
from headstart.data.preprocessing import Preprocessing
from headstart.data.progress import Progress
from headstart.data.reasons import BadPicture
from headstart.data.store import CanvasStore
from headstart.errors import BadPictures

Visit = Callable[[int, np.ndarray], None]


def canvases(
    pictures: Pictures,
    preprocessing: Preprocessing,
    store: CanvasStore | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[np.ndarray]:
    """Decode and resize pictures, each at most once a process.

    Parameters
    ----------
    pictures : Pictures
        n pictures.
    preprocessing : Preprocessing
        Says how to resize.
    store : CanvasStore, optional
        Where canvases are kept. Default: one store a process.
    threads : int, optional
        How many decode at a time. Default: one a processor that this process may use.
    progress : callable, optional
        Called as ``progress("reading pictures", done, n)``.

    Returns
    -------
    list of n ndarray of shape (h, w, 3), uint8
        Read-only; the store shares them.

    Raises
    ------
    BadPictures
        If any cannot be decoded; it lists all of them, each with its reason.
    """
    found, bad = readable_canvases(pictures, preprocessing, store, threads, progress)
    if bad:
        raise BadPictures([(pictures.names[i], reason) for i, reason in bad])
    return [canvas for canvas in found if canvas is not None]


def readable_canvases(
    pictures: Pictures,
    preprocessing: Preprocessing,
    store: CanvasStore | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    visit: Visit | None = None,
) -> tuple[list[np.ndarray | None], list[tuple[int, str]]]:
    """Do as :func:`canvases` does, and hand back the broken pictures instead of raising.

    Parameters
    ----------
    visit : callable, optional
        Called in the decoding threads as ``visit(i, canvas)``.

    Returns
    -------
    canvases : list of ndarray or None
        None where a picture is broken.
    bad : list of (int, str)
        Position and reason of each broken picture.
    """
    store = default_store() if store is None else store
    key = preprocessing.canvas_key()
    bad: list[tuple[int, str]] = []

    def work(i: int) -> np.ndarray | None:
        try:
            canvas = _canvas(pictures, i, preprocessing, key, store)
        except BadPicture as error:
            bad.append((i, error.reason))
            return None
        if visit is not None:
            visit(i, canvas)
        return canvas

    found = _in_threads(work, len(pictures), threads or processors(), progress)
    return found, sorted(bad)


def processors() -> int:
    """Number of processors that this process may use, at most 32."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 32)


@functools.cache
def default_store() -> CanvasStore:
    """The store that this process shares."""
    return CanvasStore()


def _canvas(pictures: Pictures, i: int, preprocessing: Preprocessing, key: str, store: CanvasStore) -> np.ndarray:
    digest = pictures.known_digest(i)
    kept = None if digest is None else store.get(digest, key)
    if kept is not None:
        return kept
    rgb, digest = pictures.load(i, preprocessing.min_side)
    return store.put(digest, key, preprocessing.canvas(rgb))


def _in_threads(
    work: Callable[[int], np.ndarray | None], n: int, threads: int, progress: Progress | None
) -> list[np.ndarray | None]:
    found: list[np.ndarray | None] = []
    pool = ThreadPoolExecutor(max(1, min(threads, n))) if threads > 1 and n > 1 else None
    try:
        for result in map(work, range(n)) if pool is None else pool.map(work, range(n)):
            found.append(result)
            if progress is not None:
                progress("reading pictures", len(found), n)
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
    return found
