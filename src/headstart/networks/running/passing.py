"""What is predicted once and may never come again: nothing of it is held when the answer is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from headstart.data.inputs.canvases import own_store
from headstart.networks.running.cache import few_rows


@contextmanager
def passing(files: bool = True) -> Iterator[None]:
    """Forget canvases at the end of the block, and hold few rows of features in memory.

    A process that answers for days takes no more memory than one that answers once. Also a decorator.

    Parameters
    ----------
    files : bool, default=True
        Whether features go to the files of the cache, so that the same input is not computed again. False where inputs
        are somebody else's.

    Examples
    --------
    >>> from headstart.networks.running.cache import default_cache
    >>> with passing(files=False):
    ...     default_cache().folder is None, default_cache().memory_bytes
    (True, 4194304)
    """
    with own_store(), few_rows(files):
        yield
