"""How long work tells that it goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` from the thread that asked for the work."""


_PATIENCE = 2.0


@contextmanager
def reporter(progress: Progress | None = None, *, quiet: bool = False) -> Iterator[Progress | None]:
    """Give work something to tell its progress to.

    Parameters
    ----------
    progress : callable, optional
        The caller's own ``progress(what, done, total)``; used as it is.
    quiet : bool, default=False
        Draw nothing.

    Yields
    ------
    callable or None
        The caller's own; bars on standard error when that is a terminal; otherwise None.
    """
    if progress is not None or quiet or not sys.stderr.isatty():
        yield progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _drawn_on(bars)


def _drawn_on(bars: Any) -> Progress:
    since: dict[str, float] = {}
    shown: dict[str, Any] = {}

    def update(what: str, done: int, total: int) -> None:
        key = what.split(",")[0]  # what follows a comma may change as work goes on
        started = since.setdefault(key, time.monotonic())
        if key not in shown and time.monotonic() - started >= _PATIENCE and done < total:
            shown[key] = bars.add_task(what, total=total, completed=done)
        if key in shown:
            bars.update(shown[key], description=what, completed=done, total=total)
        if done >= total:
            since.pop(key, None)
            if key in shown:
                bars.remove_task(shown.pop(key))

    return update
