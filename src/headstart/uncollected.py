"""Python's search for garbage waits while libraries and networks are loaded."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside: list[bool] = []


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage inside the block; also a decorator.

    Importing torch and transformers makes some million objects, none of them garbage. Python looks through all of them
    again and again as their number grows: a fifth of what the imports take. After the block the setting is what it was
    before, also where several threads are in such blocks.

    Examples
    --------
    >>> with uncollected():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    with _lock:
        _inside.append(gc.isenabled() if not _inside else _inside[0])
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            if _inside.pop() and not _inside:
                gc.enable()
